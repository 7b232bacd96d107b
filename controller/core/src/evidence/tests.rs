//! What the document has, and what its digest covers.

use serde_json::json;

use super::*;

fn version(status: &Value) -> ImageVersion {
    let gallery = json!({
        "subscriptionId": "00000000-0000-0000-0000-000000000001", "resourceGroup": "images", "name": "corp",
    });
    serde_json::from_value(json!({
        "apiVersion": "azimage.dev/v1alpha1", "kind": "ImageVersion",
        "metadata": {"name": "web-1.4.0", "namespace": "images", "uid": "u-1"},
        "spec": {
            "gallery": gallery, "definition": "web", "version": "1.4.0",
            "source": {"imageVersion": {"resourceId": "x"}},
        },
        "status": status,
    }))
    .unwrap()
}

fn definition() -> ImageDefinition {
    let entry = |version: &str, action: &str, user: &str| json!({"version": version, "action": action, "time": "2026-05-01T00:00:00Z", "policy": "Pinned", "user": user, "regions": []});
    let gallery = json!({
        "subscriptionId": "00000000-0000-0000-0000-000000000001", "resourceGroup": "images", "name": "corp",
    });
    serde_json::from_value(json!({
        "apiVersion": "azimage.dev/v1alpha1", "kind": "ImageDefinition",
        "metadata": {"name": "web", "namespace": "images", "uid": "d", "generation": 1},
        "spec": {"gallery": gallery, "management": "Observe", "latest": {"policy": "Pinned", "pinned": "1.4.0"}},
        "status": {
            "conditions": [],
            "history": [entry("1.4.0", "Promoted", "ada"), entry("1.3.9", "Promoted", "bob")],
            "override": {"version": "1.3.9", "reason": "r", "since": "2026-05-01T00:00:00Z"},
        },
    }))
    .unwrap()
}

fn status() -> Value {
    let step =
        |name: &str| json!({"name": name, "startedAt": "2026-05-01T00:00:00Z", "attempts": 2, "correlationId": "c-1"});
    json!({
        "conditions": [], "resourceId": "x", "latest": "1/1 regions",
        "source": {"location": "westeurope", "virtualMachineUid": "vm-1"},
        "provenance": {"steps": 1, "ancestors": [{"kind": "VirtualMachine", "id": "/m", "uid": "vm-1"}]},
        "guest": {"hygiene": {"total": 1, "enforced": 0, "allowed": 1}},
        "steps": [step("CreateSnapshot"), step("Seal"), step("Publish"), step("RunChecks"), step("Update")],
        "validation": {
            "outcome": "Passed", "region": "westeurope", "startedAt": "2026-05-01T00:00:00Z", "attempts": 1,
            "finishedAt": "2026-05-01T01:00:00Z",
            "machines": [{"name": "1", "checks": [{"name": "Identity", "passed": true}]}],
        },
    })
}

fn evidence(status: &Value) -> Evidence {
    of(&version(status), Some(&[&definition()])).unwrap()
}

#[test]
fn the_document_has_what_is_settled_what_is_so_now_and_who_approved_it() {
    let found = evidence(&status());
    assert_eq!(
        (found.api_version.as_str(), found.kind.as_str()),
        ("evidence.azimage.dev/v1alpha1", "ImageVersionEvidence")
    );
    assert!(found.record.version.resource_id.ends_with("/galleries/corp/images/web/versions/1.4.0"));
    let steps: Vec<&str> = found.record.steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!((steps, found.now.steps.len()), (vec!["CreateSnapshot", "Seal", "Publish"], 5));
    assert_eq!(found.record.validation.unwrap().machines[0].checks[0].name, "Identity");
    let definition = found.definition.unwrap();
    assert_eq!(definition.history.iter().filter_map(|it| it.user.as_deref()).collect::<Vec<_>>(), ["ada"]);
    assert_eq!((definition.overriding, found.notes), (None, vec![]), "the override is for another version");
    let untold = of(&version(&status()), None).unwrap();
    assert!(untold.definition.is_none() && untold.notes[0].contains("can't be listed"), "{:?}", untold.notes);
    let bare = of(&version(&Value::Null), Some(&[])).unwrap();
    assert!(bare.definition.is_none() && bare.record.steps.is_empty() && bare.notes[1].contains("nobody promotes"));
    assert!(bare.digest.is_none() && bare.notes[0].contains("no such gallery image version yet"), "{:?}", bare.notes);
}

#[test]
fn the_digest_changes_with_what_is_settled_and_with_nothing_else() {
    let digest = |pointer: &str, value: Value| {
        let mut status = status();
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        status.pointer_mut(parent).unwrap()[field] = value;
        evidence(&status).digest
    };
    let plain = evidence(&status()).digest;
    for (pointer, value) in [
        ("/latest", json!("2/2 regions")),
        ("/provenance/ancestors/0/withdrawn", json!("RolledBack")),
        ("/steps/4/correlationId", json!("c-2")),
        ("/steps/0/attempts", json!(3)),
        ("/sizeGiB", json!(30)),
        ("/validation/attempts", json!(2)),
    ] {
        if pointer.contains("/ancestors/0/") {
            let mut status = status();
            status["provenance"]["ancestors"][0]["withdrawn"] = value;
            assert_eq!(evidence(&status).digest, plain, "{pointer}");
        } else if pointer.contains("/steps/") {
            let mut status = status();
            *status.pointer_mut(pointer).unwrap() = value;
            assert_eq!(evidence(&status).digest, plain, "{pointer}");
        } else {
            assert_eq!(digest(pointer, value), plain, "{pointer}");
        }
    }
    for (pointer, value) in [
        ("/source/virtualMachineUid", json!("vm-2")),
        ("/provenance/steps", json!(2)),
        ("/guest/scriptOutput", json!("other")),
        ("/validation/outcome", json!("Failed")),
        ("/validation/finishedAt", json!("2026-05-01T02:00:00Z")),
    ] {
        assert_ne!(digest(pointer, value), plain, "{pointer}");
    }
    let mut other = version(&status());
    other.metadata.uid = Some("u-2".into());
    assert_ne!(of(&other, None).unwrap().digest, plain, "another object");
    let owner = Owner { cluster: "c".into(), namespace: "images".into(), name: "web-1.4.0".into(), uid: "u-1".into() };
    let object = version(&status());
    let id = image_version::id_of(&object).unwrap();
    assert_eq!(Some(digest_of(&id, &owner, object.status.as_ref().unwrap())), plain, "the tag has the same");
}

#[test]
fn canonical_json_is_in_the_order_of_names_and_has_no_white_space() {
    let text = canonical(json!({"b": [1, "ä\n", null, {}], "a": {"d": true, "c": []}, "B": "x"}));
    assert_eq!(text, r#"{"B":"x","a":{"c":[],"d":true},"b":[1,"ä\n",null,{}]}"#);
}

#[test]
fn the_document_is_as_its_schema_says() {
    let schema = azimage_crds::evidence_schema();
    let document = serde_json::to_value(evidence(&status())).unwrap();
    let known = |schema: &Value, name: &str| schema["properties"].get(name).is_some();
    for name in document.as_object().unwrap().keys() {
        assert!(known(&schema, name), "{name}");
    }
    for name in document["record"].as_object().unwrap().keys() {
        assert!(known(&schema["$defs"]["EvidenceRecord"], name), "record.{name}");
    }
    assert!(!schema.to_string().contains("x-kubernetes"), "it is for everybody");
    let required: Vec<&str> = schema["required"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(required, ["apiVersion", "kind", "record", "now"]);
    let back: Evidence = serde_json::from_value(document).unwrap();
    assert_eq!(back, evidence(&status()), "who reads it gets all of it");
}
