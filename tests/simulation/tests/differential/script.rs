//! Requests that a seed decides.

use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};

/// A request. In its body `$uid`, `$rv` and `$old` stand for the uid, the last and the first resource version that were
/// seen of the object.
#[derive(Clone, Debug)]
pub struct Step {
    pub method: &'static str,
    pub path: String,
    pub content: &'static str,
    pub body: Option<Value>,
}

/// The collections of a namespace that scripts use.
pub fn collections(namespace: &str) -> [String; 3] {
    [
        format!("/apis/azimage.dev/v1alpha1/namespaces/{namespace}/imageversions"),
        format!("/apis/azimage.dev/v1alpha1/namespaces/{namespace}/replicationtargets"),
        format!("/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"),
    ]
}

const JSON: &str = "application/json";
const MERGE: &str = "application/merge-patch+json";
const APPLY: &str = "application/apply-patch+yaml";

pub fn generate(seed: u64, namespace: &str) -> Vec<Step> {
    let mut random = StdRng::seed_from_u64(seed);
    let collections = collections(namespace);
    let count = random.random_range(12..30);
    (0..count).map(|_| step(&mut random, &collections)).collect()
}

fn pick<T: Clone>(random: &mut StdRng, items: &[T]) -> T {
    items.choose(random).unwrap().clone()
}

fn step(random: &mut StdRng, collections: &[String; 3]) -> Step {
    let kind = pick(random, &[0, 0, 0, 1, 2]);
    let name = pick(random, &["a", "a", "a", "b"]);
    let collection = &collections[kind];
    let path = format!("{collection}/{name}");
    let manager = pick(random, &["first", "second"]);
    let force = random.random_bool(0.5);
    match random.random_range(0..20) {
        0..=3 => Step {
            method: "POST",
            path: format!("{collection}?fieldManager=maker"),
            content: JSON,
            body: Some(object(random, kind, name)),
        },
        4..=5 => {
            let mut body = object(random, kind, name);
            match random.random_range(0..4) {
                0 => {}
                1 => body["metadata"]["resourceVersion"] = json!("$old"),
                _ => body["metadata"]["resourceVersion"] = json!("$rv"),
            }
            if random.random_bool(0.3) {
                body["metadata"]["uid"] =
                    pick(random, &[json!("$uid"), json!("$uid"), json!("11111111-2222-3333-4444-555555555555")]);
            }
            Step { method: "PUT", path: format!("{path}?fieldManager={manager}"), content: JSON, body: Some(body) }
        }
        6..=9 => {
            let body = merge_patch(random, kind);
            Step { method: "PATCH", path: format!("{path}?fieldManager={manager}"), content: MERGE, body: Some(body) }
        }
        10..=11 => {
            let mut body = object(random, kind, name);
            if random.random_bool(0.2) {
                body["metadata"]["uid"] = json!("$uid");
            }
            let path = format!("{path}?fieldManager={manager}&force={force}");
            Step { method: "PATCH", path, content: APPLY, body: Some(body) }
        }
        12..=15 if kind != 2 => {
            let mut body = status(random, kind, name);
            match random.random_range(0..8) {
                0 => body["metadata"]["uid"] = json!("11111111-2222-3333-4444-555555555555"),
                1 => body["metadata"]["resourceVersion"] = json!("$old"),
                2..=4 => body["metadata"]["uid"] = json!("$uid"),
                _ => {}
            }
            let path = format!("{path}/status?fieldManager={manager}&force={force}");
            Step { method: "PATCH", path, content: APPLY, body: Some(body) }
        }
        16 if kind != 2 => {
            let body = json!({"status": {"progress": pick(random, &["1/2", "2/2"])}, "spec": {"replicas": 9},
                "metadata": {"labels": {"from": "status"}}});
            Step {
                method: "PATCH",
                path: format!("{path}/status?fieldManager={manager}"),
                content: MERGE,
                body: Some(body),
            }
        }
        17 => {
            let body = match random.random_range(0..4) {
                0 => Some(json!({"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": "$uid"}})),
                1 => Some(json!({"kind": "DeleteOptions", "apiVersion": "v1",
                    "preconditions": {"uid": "11111111-2222-3333-4444-555555555555"}})),
                _ => None,
            };
            Step { method: "DELETE", path, content: JSON, body }
        }
        18 => Step { method: "GET", path, content: JSON, body: None },
        _ => {
            let query = pick(
                random,
                &[
                    "",
                    "?labelSelector=team%3Dblue",
                    "?labelSelector=team!%3Dblue",
                    "?limit=1",
                    "?fieldSelector=metadata.name%3Da",
                    "?labelSelector=team+in+(red,blue)",
                    "?fieldSelector=spec.other%3Da",
                ],
            );
            Step { method: "GET", path: format!("{collection}{query}"), content: JSON, body: None }
        }
    }
}

fn api(kind: usize) -> (&'static str, &'static str) {
    [
        ("azimage.dev/v1alpha1", "ImageVersion"),
        ("azimage.dev/v1alpha1", "ReplicationTarget"),
        ("coordination.k8s.io/v1", "Lease"),
    ][kind]
}

fn metadata(random: &mut StdRng, name: &str) -> Value {
    let mut metadata = json!({"name": name});
    if random.random_bool(0.4) {
        metadata["labels"] = json!({"team": pick(random, &["red", "blue"])});
    }
    if random.random_bool(0.2) {
        metadata["annotations"] = json!({"note": pick(random, &["x", "y"])});
    }
    if random.random_bool(0.3) {
        metadata["finalizers"] =
            pick(random, &[json!(["azimage.dev/one"]), json!(["azimage.dev/one", "azimage.dev/two"])]);
    }
    metadata
}

fn object(random: &mut StdRng, kind: usize, name: &str) -> Value {
    let metadata = metadata(random, name);
    let mut spec = match kind {
        0 => json!({
            "gallery": {"subscriptionId": "00000000-0000-0000-0000-000000000001", "resourceGroup": "images", "name": "corp"},
            "definition": "ubuntu", "version": "1.0.0",
            "source": {"virtualMachine": {"capture": "InPlace", "resourceId":
                "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/images/providers/Microsoft.Compute/virtualMachines/vm"}},
        }),
        1 => json!({"region": "westeurope", "imageVersionName": "a"}),
        _ => json!({"holderIdentity": pick(random, &["one", "two"]), "leaseDurationSeconds": 15}),
    };
    match (kind, random.random_range(0..8)) {
        (0, 0) => spec["suspend"] = json!(true),
        (0, 1) => spec["publish"] = json!({"defaultReplicas": 3, "tags": {"a": "1"}}),
        (0, 2) => spec["deletionPolicy"] = json!("Delete"),
        (0, 3) => spec["unknown"] = json!(1),
        (1, 0) => spec["replicas"] = json!(4),
        (1, 1) => spec["storageAccountType"] = Value::Null,
        (2, 0) => spec["renewTime"] = json!("2026-11-01T10:00:00.500000Z"),
        (2, 1) => spec["leaseTransitions"] = json!(2),
        _ => {}
    }
    let (api_version, kind_name) = api(kind);
    let mut object = json!({"apiVersion": api_version, "kind": kind_name, "metadata": metadata, "spec": spec});
    if kind != 2 {
        // One in ten is invalid.
        match random.random_range(0..30) {
            0 => object["spec"]["deletionPolicy"] = json!("Perhaps"),
            1 => {
                object["spec"].as_object_mut().unwrap().remove(["version", "region"][kind]);
            }
            2 if kind == 1 => object["spec"]["replicas"] = json!(101),
            3 if kind == 1 => object["spec"]["replicas"] = json!("many"),
            4 if kind == 0 => object["spec"]["publish"] = json!({"defaultReplicas": 0}),
            5 => object["status"] = json!({"progress": "ignored"}),
            _ => {}
        }
    }
    object
}

fn merge_patch(random: &mut StdRng, kind: usize) -> Value {
    let mut patch = match random.random_range(0..8) {
        0 => json!({"metadata": {"finalizers": []}}),
        1 => json!({"metadata": {"finalizers": ["azimage.dev/one"]}}),
        2 => json!({"metadata": {"finalizers": ["azimage.dev/two", "azimage.dev/one"]}}),
        3 => json!({"metadata": {"labels": {"team": pick(random, &[json!("red"), json!("blue"), Value::Null])}}}),
        4 => json!({"metadata": {"annotations": {"note": "z"}}, "status": {"progress": "ignored"}}),
        5 => json!({"metadata": {"labels": null}}),
        _ => match kind {
            0 => pick(
                random,
                &[
                    json!({"spec": {"suspend": true}}),
                    json!({"spec": {"suspend": null}}),
                    json!({"spec": {"publish": {"tags": {"b": "2"}}}}),
                ],
            ),
            1 => pick(
                random,
                &[
                    json!({"spec": {"replicas": 2}}),
                    json!({"spec": {"replicas": null}}),
                    json!({"spec": {"replicas": 0}}),
                ],
            ),
            _ => pick(
                random,
                &[
                    json!({"spec": {"holderIdentity": "three"}}),
                    json!({"spec": {"holderIdentity": null}}),
                    json!({"spec": {"renewTime": "2026-11-01T11:00:00.000001Z"}}),
                ],
            ),
        },
    };
    if random.random_bool(0.4) {
        patch["metadata"]["resourceVersion"] = pick(random, &[json!("$rv"), json!("$rv"), json!("$old")]);
    }
    if random.random_bool(0.2) {
        patch["metadata"]["uid"] =
            pick(random, &[json!("$uid"), json!("$uid"), json!("11111111-2222-3333-4444-555555555555")]);
    }
    patch
}

fn condition(random: &mut StdRng, kind: &str) -> Value {
    json!({"type": kind, "status": pick(random, &["True", "False"]), "reason": pick(random, &["One", "Two"]),
        "message": "", "lastTransitionTime": "2026-11-01T00:00:00Z"})
}

fn status(random: &mut StdRng, kind: usize, name: &str) -> Value {
    let mut conditions = Vec::new();
    for kind in ["Ready", "Reconciling", "Stalled"] {
        if random.random_bool(0.5) {
            conditions.push(condition(random, kind));
        }
    }
    if random.random_bool(0.3) {
        conditions.reverse();
    }
    let mut status = json!({"conditions": conditions});
    if random.random_bool(0.5) {
        status["observedGeneration"] = json!(random.random_range(1..3));
    }
    if random.random_bool(0.3) {
        status["progress"] = pick(random, &[json!("1/2"), json!("2/2"), Value::Null]);
    }
    if kind == 0 && random.random_bool(0.4) {
        status["operation"] = json!({"name": "publish", "startedAt": "2026-11-01T00:00:00Z"});
    }
    if kind == 0 && random.random_bool(0.4) {
        let regions = ["westeurope", "northeurope"].into_iter().filter(|_| random.random_bool(0.6));
        let regions: Vec<Value> =
            regions.map(|name| json!({"name": name, "state": "Pending", "requestedBy": ["home"]})).collect();
        status["regions"] = json!(regions);
    }
    if random.random_bool(0.05) {
        status["conditions"] = json!([{"type": "Ready", "status": "Maybe"}]);
    }
    if random.random_bool(0.03) {
        status["invented"] = json!(true);
    }
    let (api_version, kind_name) = api(kind);
    json!({"apiVersion": api_version, "kind": kind_name, "metadata": {"name": name}, "status": status})
}
