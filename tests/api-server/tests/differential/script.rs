//! Requests that a seed decides.

use super::built_in;
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

impl std::fmt::Display for Step {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let body = self.body.as_ref().map(Value::to_string).unwrap_or_default();
        write!(formatter, "{} {} {body}", self.method, self.path)
    }
}

/// The collections of a namespace that scripts use.
pub fn collections(namespace: &str) -> [String; 3] {
    [
        format!("/apis/azimage.dev/v1alpha1/namespaces/{namespace}/imageversions"),
        format!("/apis/azimage.dev/v1alpha1/namespaces/{namespace}/replicationtargets"),
        format!("/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"),
    ]
}

pub const JSON: &str = "application/json";
pub const MERGE: &str = "application/merge-patch+json";
pub const APPLY: &str = "application/apply-patch+yaml";

pub fn generate(seed: u64) -> Vec<Step> {
    let mut random = StdRng::seed_from_u64(seed);
    let collections = collections("$ns");
    let count = random.random_range(12..30);
    (0..count).map(|_| step(&mut random, &collections)).collect()
}

pub fn pick<T: Clone>(random: &mut StdRng, items: &[T]) -> T {
    items.choose(random).unwrap().clone()
}

fn step(random: &mut StdRng, collections: &[String; 3]) -> Step {
    match random.random_range(0..12) {
        0 => return read(random, collections),
        1 => return built_in::step(random),
        _ => {}
    }
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
            let body = match random.random_range(0..6) {
                2 => Some(json!({"preconditions": {"resourceVersion": "$rv"}})),
                3 => Some(
                    json!({"preconditions": {"resourceVersion": "$old", "uid": "$uid"}, "propagationPolicy": "Background"}),
                ),
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

/// Queries of lists, and of watches, which are read to their end.
const QUERIES: [&str; 44] = [
    "limit=1",
    "limit=1&continue=$next",
    "continue=$next",
    "continue=$next&resourceVersion=$latest",
    "continue=garbage",
    "resourceVersion=$latest",
    "resourceVersion=$latest&limit=1",
    "resourceVersion=$latest&resourceVersionMatch=NotOlderThan",
    "resourceVersion=$latest&resourceVersionMatch=NotOlderThan&labelSelector=team%3Dblue",
    "resourceVersion=$rv&resourceVersionMatch=Exact",
    "resourceVersion=$start&resourceVersionMatch=Exact",
    "resourceVersion=$old&resourceVersionMatch=Exact&limit=1",
    "resourceVersion=0&resourceVersionMatch=Exact",
    "resourceVersionMatch=NotOlderThan",
    "resourceVersion=$latest&resourceVersionMatch=Newest",
    "resourceVersion=99999999999",
    "resourceVersion=99999999999&resourceVersionMatch=Exact",
    "resourceVersion=many",
    "labelSelector=team+in+(red",
    "labelSelector=team+notin+(red),!from",
    "labelSelector=team",
    "fieldSelector=spec.unknown%3Da",
    "fieldSelector=metadata.name!%3Da",
    "fieldSelector=spec.suspend%3Dfalse",
    "sendInitialEvents=true",
    "watch=true&resourceVersion=$start",
    "watch=true&resourceVersion=$rv",
    "watch=true&resourceVersion=$old",
    "watch=true&resourceVersion=$latest&allowWatchBookmarks=true",
    "watch=true&resourceVersion=$old&fieldSelector=metadata.name%3Da",
    "watch=true&resourceVersion=$start&labelSelector=team%3Dred",
    "watch=true",
    "watch=true&labelSelector=team%3Dblue",
    "watch=true&resourceVersion=1",
    "watch=true&resourceVersion=many",
    "watch=true&resourceVersion=99999999999",
    "watch=true&resourceVersion=$latest&resourceVersionMatch=NotOlderThan",
    "watch=true&sendInitialEvents=true",
    "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan",
    "watch=true&sendInitialEvents=true&resourceVersionMatch=Exact&resourceVersion=$latest",
    "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true",
    "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&resourceVersion=$latest",
    "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&labelSelector=team%3Dblue",
    "watch=true&sendInitialEvents=false&resourceVersionMatch=NotOlderThan&resourceVersion=$start",
];

/// A list or a watch of a certain time, to its end.
fn read(random: &mut StdRng, collections: &[String; 3]) -> Step {
    let query = pick(random, &QUERIES);
    let mut collection = pick(random, collections);
    // Of the built-in kinds the real server remembers changes from its very start.
    if query == "watch=true&resourceVersion=1" {
        collection.clone_from(&collections[0]);
    }
    query_step(&collection, query)
}

/// Every query once, over two objects of which one changes: scripts of their own, as each watch takes a second.
pub fn queries() -> Vec<Vec<Step>> {
    let mut random = StdRng::seed_from_u64(0);
    let collection = &collections("$ns")[1];
    let make = |random: &mut StdRng, name: &str, team: &str| {
        let mut body = object(random, 2, name);
        body = json!({"apiVersion": api(1).0, "kind": api(1).1, "metadata": {"name": name, "labels": {"team": team}},
            "spec": {"region": "westeurope", "imageVersionName": body["metadata"]["name"]}});
        Step { method: "POST", path: collection.clone(), content: JSON, body: Some(body) }
    };
    let chunks = QUERIES.chunks(5).map(|queries| {
        let change = |team: &str| Step {
            method: "PATCH",
            path: format!("{collection}/a?fieldManager=first"),
            content: MERGE,
            body: Some(json!({"metadata": {"labels": {"team": team}}})),
        };
        let mut steps =
            vec![make(&mut random, "a", "red"), make(&mut random, "b", "blue"), change("blue"), change("red")];
        let page = Step { method: "GET", path: format!("{collection}?limit=1"), content: JSON, body: None };
        steps.push(page);
        steps.extend(queries.iter().map(|query| query_step(collection, query)));
        steps
    });
    chunks.collect()
}

/// Writes to an object that mean another one, and are wrong in other ways too.
pub fn strangers() -> Vec<Step> {
    let stranger = "11111111-2222-3333-4444-555555555555";
    let collection = &collections("$ns")[1];
    let target = |uid: Option<&str>, replicas: i64| {
        let mut body = json!({"apiVersion": api(1).0, "kind": api(1).1, "metadata": {"name": "a"},
            "spec": {"region": "westeurope", "imageVersionName": "a", "replicas": replicas}});
        if let Some(uid) = uid {
            body["metadata"]["uid"] = json!(uid);
        }
        body
    };
    let make = Step { method: "POST", path: collection.clone(), content: JSON, body: Some(target(None, 1)) };
    let patch = |content, query: &str, body| {
        let path = format!("{collection}/a?fieldManager=first{query}");
        Step { method: "PATCH", path, content, body: Some(body) }
    };
    let merged = |patched: Value| {
        let mut body = json!({"metadata": {"uid": stranger}});
        body.as_object_mut().unwrap().extend(patched.as_object().unwrap().clone());
        patch(MERGE, "", body)
    };
    vec![
        make,
        merged(json!({})),
        merged(json!({"spec": {"replicas": 0}})),
        merged(json!({"spec": {"replicas": "many"}})),
        merged(json!({"spec": {"region": "northeurope"}})),
        merged(json!({"metadata": {"uid": stranger, "labels": {"team": "-"}}})),
        merged(json!({"metadata": {"uid": stranger, "resourceVersion": "$old"}, "spec": {"replicas": 0}})),
        patch(APPLY, "&force=true", target(Some(stranger), 0)),
        patch(APPLY, "&force=true", target(Some(stranger), 2)),
        Step { method: "GET", path: format!("{collection}/a"), content: JSON, body: None },
    ]
}

/// A namespace that goes away while an object holds it, and one that never does.
pub fn ending() -> Vec<Step> {
    let namespace = "/api/v1/namespaces/$ns-ends";
    let collection = &collections("$ns-ends")[1];
    let target = |name: &str| {
        json!({"apiVersion": api(1).0, "kind": api(1).1,
            "metadata": {"name": name, "finalizers": ["azimage.dev/one"]},
            "spec": {"region": "westeurope", "imageVersionName": "a"}})
    };
    let step = |method, path: String, body| Step { method, path, content: JSON, body };
    let apply = |name: &str| Step {
        method: "PATCH",
        path: format!("{collection}/{name}?fieldManager=first"),
        content: APPLY,
        body: Some(target(name)),
    };
    vec![
        step("POST", "/api/v1/namespaces".to_owned(), Some(json!({"metadata": {"name": "$namespace-ends"}}))),
        step("POST", collection.clone(), Some(target("a"))),
        step("DELETE", namespace.to_owned(), None),
        step("GET", namespace.to_owned(), None),
        step("POST", collection.clone(), Some(target("b"))),
        apply("c"),
        step("DELETE", namespace.to_owned(), None),
        step("DELETE", "/api/v1/namespaces/default".to_owned(), None),
        step("DELETE", "/api/v1/namespaces/$ns-never".to_owned(), None),
        step("POST", collections("$ns-never")[1].clone(), Some(target("a"))),
    ]
}

fn query_step(collection: &str, query: &str) -> Step {
    let limit = if query.contains("watch=true") { "&timeoutSeconds=1" } else { "" };
    Step { method: "GET", path: format!("{collection}?{query}{limit}"), content: JSON, body: None }
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
                    json!({"spec": {"version": "1.0.1"}}),
                    json!({"spec": {"publish": {"defaultReplicas": 7}}}),
                    json!({"spec": {"definition": "!", "source": {"imageVersion": {"resourceId": "x"}}}}),
                    json!({"spec": {"suspend": null}}),
                    json!({"spec": {"publish": {"tags": {"b": "2"}}}}),
                ],
            ),
            1 => pick(
                random,
                &[
                    json!({"spec": {"replicas": 2}}),
                    json!({"spec": {"region": "northeurope"}}),
                    json!({"spec": {"region": "West Europe"}}),
                    json!({"spec": {"imageSelector": {"matchLabels": {"a": "b"}}}}),
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
