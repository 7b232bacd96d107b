//! Requests for Events, `ServiceAccount`s and their tokens.

use rand::{Rng, rngs::StdRng};
use serde_json::{Value, json};

use super::script::{APPLY, JSON, MERGE, Step, pick};

pub fn step(random: &mut StdRng) -> Step {
    if random.random_bool(0.4) { event(random) } else { account(random) }
}

fn account(random: &mut StdRng) -> Step {
    let collection = "/api/v1/namespaces/$ns/serviceaccounts";
    let path = format!("{collection}/a");
    let metadata = pick(
        random,
        &[
            json!({"name": "a"}),
            json!({"name": "a", "annotations": {"azure.workload.identity/client-id": "one"}}),
            json!({"name": "a", "labels": {"team": "red"}, "finalizers": ["azimage.dev/one"]}),
        ],
    );
    let body = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata});
    match random.random_range(0..8) {
        0..=2 => Step { method: "POST", path: collection.to_owned(), content: JSON, body: Some(body) },
        3 => Step { method: "PATCH", path: format!("{path}?fieldManager=first"), content: APPLY, body: Some(body) },
        4 => {
            let body =
                json!({"metadata": {"annotations": {"azure.workload.identity/client-id": "two"}, "finalizers": null}});
            Step { method: "PATCH", path: format!("{path}?fieldManager=second"), content: MERGE, body: Some(body) }
        }
        5 => Step { method: pick(random, &["GET", "DELETE"]), path, content: JSON, body: None },
        _ => {
            let spec = pick(
                random,
                &[
                    json!({"audiences": ["api://AzureADTokenExchange"], "expirationSeconds": 600}),
                    json!({"audiences": ["one", "two"]}),
                    json!({"audiences": []}),
                    json!({"audiences": ["one"], "expirationSeconds": 599}),
                    json!({"audiences": ["one"], "expirationSeconds": 4_294_967_297_i64}),
                ],
            );
            let body = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec});
            Step { method: "POST", path: format!("{path}/token"), content: JSON, body: Some(body) }
        }
    }
}

fn event(random: &mut StdRng) -> Step {
    let collection = "/apis/events.k8s.io/v1/namespaces/$ns/events";
    let mut body = json!({
        "apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": "a"},
        "eventTime": "2026-11-01T10:00:00.000001Z", "type": "Normal", "action": "Publish", "reason": "Published",
        "note": "done", "reportingController": "azimage.dev/controller", "reportingInstance": "azimage-0",
        "regarding": {"apiVersion": "azimage.dev/v1alpha1", "kind": "ImageVersion", "name": "a", "namespace": "$namespace"},
    });
    let series = json!({"count": 2, "lastObservedTime": "2026-11-01T11:00:00.000001Z"});
    match random.random_range(0..16) {
        0 => body["type"] = json!("Strange"),
        1 => body["note"] = json!("x".repeat(1025)),
        2 => body["action"] = json!(""),
        3 => body["reason"] = json!("y".repeat(129)),
        4 => body["eventTime"] = Value::Null,
        5 => body["regarding"]["namespace"] = json!("elsewhere"),
        6 => body["reportingController"] = json!("not qualified"),
        7 => body["series"] = series.clone(),
        8 => body["series"] = json!({"count": 1, "lastObservedTime": "2026-11-01T11:00:00.000001Z"}),
        9 => body["reportingInstance"] = json!(""),
        _ => {}
    }
    match random.random_range(0..6) {
        0..=2 => Step { method: "POST", path: collection.to_owned(), content: JSON, body: Some(body) },
        3 => Step { method: "GET", path: format!("{collection}/a"), content: JSON, body: None },
        _ => {
            let patch = pick(
                random,
                &[
                    json!({"series": series}),
                    json!({"series": {"count": 3}}),
                    json!({"note": "other"}),
                    json!({"reason": "Other"}),
                    json!({"type": "Warning"}),
                    json!({"metadata": {"labels": {"team": "red"}}}),
                ],
            );
            let one = format!("{collection}/a?fieldManager=first");
            Step { method: "PATCH", path: one, content: MERGE, body: Some(patch) }
        }
    }
}
