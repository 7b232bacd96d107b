//! `ConfigMap`s that are applied where nothing may be there, and to what is there.

use serde_json::{Value, json};

use super::script::{APPLY, JSON, Step};

pub fn script() -> Vec<Step> {
    let collection = "/api/v1/namespaces/$ns/configmaps";
    let apply = |manager: &str, version: &str, data: Value| {
        let mut body = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "data": data,
            "metadata": {
                "name": "a", "labels": {"team": "red"},
                "ownerReferences": [
                    {"apiVersion": "azimage.dev/v1alpha1", "kind": "ImageDefinition", "name": "web", "uid": "u", "controller": true},
                ],
            },
        });
        if !version.is_empty() {
            body["metadata"]["resourceVersion"] = json!(version);
        }
        let path = format!("{collection}/a?fieldManager={manager}&force=true");
        Step { method: "PATCH", path, content: APPLY, body: Some(body) }
    };
    let step = |method, path: String, body: Option<Value>| Step { method, path, content: JSON, body };
    let one = || format!("{collection}/a");
    let foreign = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"THEIRS": "1"}});
    vec![
        step("POST", collection.to_owned(), Some(foreign)),
        // A version that nothing has: what is there stays.
        apply("first", "1", json!({"A": "1"})),
        step("GET", one(), None),
        step("DELETE", one(), None),
        // Nothing is there, so it is made.
        apply("first", "1", json!({"A": "1", "B": "1"})),
        apply("first", "1", json!({"A": "2"})),
        apply("second", "", json!({"THEIRS": "1"})),
        // What isn't applied any more goes, and what others applied stays.
        apply("first", "", json!({"A": "2"})),
        step("GET", one(), None),
        step("DELETE", one(), Some(json!({"preconditions": {"resourceVersion": "1"}}))),
        step("DELETE", one(), None),
        step("GET", one(), None),
    ]
}
