//! What targets say of versions that don't get on, to somebody who can't read versions; and deletions that end.

use azimage_end_to_end::{Kind, Object, Test, manifests, manifests::with};
use serde_json::{Value, json};

/// The source of copies, and a copy of it that isn't there yet.
async fn copy(test: &Test, name: &str, version: &str) -> Value {
    test.azure.add_definition(json!({"name": "golden", "versions": [{"name": "3.0.0"}]})).await;
    manifests::copy(&test.azure, name, version, &test.azure.version_of("golden", "3.0.0"))
}

/// Until a target waits for a person; its message.
async fn held(test: &Test, name: &str, words: &[&str]) -> Object {
    let says = |object: &Object| {
        object
            .stalled()
            .is_some_and(|(reason, said)| reason == "VersionStalled" && words.iter().all(|part| said.contains(part)))
    };
    let object = test.wait(Kind::Target, name, &format!("stalled with {words:?}"), says).await;
    assert_eq!(object.condition("Available").unwrap().status, "False");
    assert!(object.condition("Reconciling").is_none());
    println!("{name}: {}", object.stalled().unwrap().1);
    object
}

/// The region of a version in Azure.
async fn replicas(test: &Test, version: &str, region: &str) -> Option<u64> {
    let version = test.azure.state(&test.azure.version(version)).await?;
    let targets = version["publishing"]["targets"].as_array()?.clone();
    let normal = |target: &Value| target["name"].as_str().unwrap_or_default().to_lowercase().replace(' ', "");
    targets.iter().find(|target| normal(target) == region)?["replicas"].as_u64()
}

#[tokio::test]
async fn a_target_says_what_holds_its_versions_up_and_is_ready_when_they_go_on() {
    let test = Test::alone("held").await;
    let group = format!("/subscriptions/{}/resourceGroups/images", test.azure.subscription);
    let policy = json!({
        "name": "only-there", "scope": group, "resourceTypes": ["Microsoft.Compute/galleries/images/versions"],
        "allowedLocations": ["antarctica"],
    });
    let web = copy(&test, "web", "1.4.0").await;
    test.azure.post("/scenario", &json!({"policies": [policy]})).await;
    let mut controller = test.start();
    test.apply(&manifests::target("north", "northeurope")).await;
    test.apply(&web).await;
    held(&test, "north", &["web", "RequestRefused", "only-there"]).await;
    test.azure.post("/scenario", &json!({"policies": []})).await;
    test.ready(Kind::Target, "north").await;

    // One that is suspended before it is complete in a region; where it is complete it stays so.
    test.change(Kind::Version, "web", &json!({"spec": {"suspend": true}})).await;
    test.apply(&manifests::target("east", "eastus2")).await;
    held(&test, "east", &["web", "suspended"]).await;
    test.change(Kind::Version, "web", &json!({"spec": {"suspend": false}})).await;
    test.ready(Kind::Target, "east").await;

    // A region that fails for good.
    let id = test.azure.version("1.4.0");
    let fails = json!({"azure": "RegionFails", "resource": id, "region": "japaneast", "detail": "No room in Japan East.", "sticky": true});
    let fault = test.azure.fault(&fails).await;
    test.apply(&manifests::target("japan", "japaneast")).await;
    held(&test, "japan", &["web", "ReplicationFailed", "No room in Japan East."]).await;
    let north = test.ready(Kind::Target, "north").await;
    assert!(north.condition("Stalled").is_none(), "where it is complete");
    test.azure.end_fault(fault).await;
    test.request(Kind::Version, "web").await;
    test.ready(Kind::Target, "japan").await;
    assert!(controller.runs());
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn a_target_is_ready_only_when_its_replicas_are_there() {
    let test = Test::alone("replicas").await;
    let web = copy(&test, "web", "1.4.0").await;
    let controller = test.start();
    test.apply(&manifests::target("north", "northeurope")).await;
    test.apply(&web).await;
    test.ready(Kind::Target, "north").await;
    let group = format!("/subscriptions/{}/resourceGroups/images", test.azure.subscription);
    test.azure.post("/scenario", &json!({"locks": [{"scope": group, "level": "ReadOnly"}]})).await;
    test.change(Kind::Target, "north", &json!({"spec": {"replicas": 7}})).await;
    held(&test, "north", &["web", "ScopeLocked"]).await;
    test.azure.post("/scenario", &json!({"locks": []})).await;
    test.ready(Kind::Target, "north").await;
    assert_eq!(replicas(&test, "1.4.0", "northeurope").await, Some(7));
    let ready_too_soon = |object: &Object| {
        object.name() == "north"
            && object.at("/metadata/generation") == 2
            && object.is_ready()
            && object.at("/status/versions/0/state") != "Completed"
    };
    assert!(!test.history.all().iter().any(ready_too_soon));
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn a_target_of_a_version_that_lost_its_owner_goes_and_says_where_its_replicas_stay() {
    let test = Test::new("disowned").await;
    let web = copy(&test, "web", "1.4.0").await;
    let controller = test.start();
    test.apply(&manifests::target("north", "northeurope")).await;
    test.apply(&web).await;
    test.ready(Kind::Target, "north").await;
    let id = test.azure.version("1.4.0");
    let mut body = test.azure.request("GET", &id, None).await;
    body["tags"] = json!({});
    test.azure.request("PUT", &id, Some(&body)).await;
    test.request(Kind::Version, "web").await;
    test.stalled(Kind::Version, "web", "VersionExists").await;
    held(&test, "north", &["web", "VersionExists"]).await;
    let writes = test.azure.writes().await.len();
    test.delete(Kind::Target, "north").await;
    test.gone(Kind::Target, "north").await;
    assert_eq!(replicas(&test, "1.4.0", "northeurope").await, Some(1), "azimage may not take it away");
    assert_eq!(test.azure.writes().await.len(), writes);
    let events = test.events().await;
    let told = events.iter().find(|event| event.note.as_deref().is_some_and(|note| note.contains("stay")));
    let told = told.expect("an event says that the replicas stay");
    assert_eq!((told.type_.as_deref(), told.reason.as_deref()), (Some("Warning"), Some("Deleting")));
    assert!(told.note.as_deref().unwrap().contains("web in northeurope"), "{:?}", told.note);
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn a_request_of_any_length_is_handled_once() {
    let test = Test::new("long-request").await;
    let web = copy(&test, "web", "1.4.0").await;
    let controller = test.start();
    test.apply(&manifests::target("north", "northeurope")).await;
    test.apply(&web).await;
    test.ready(Kind::Target, "north").await;
    let long = |end: &str| format!("{}{end}", "x".repeat(257));
    for (kind, name) in [(Kind::Version, "web"), (Kind::Target, "north")] {
        let mut handled = Vec::new();
        for value in [long("1"), long("2")] {
            let change = json!({"metadata": {"annotations": {azimage_crds::RECONCILE_REQUESTED_AT: value}}});
            test.change(kind, name, &change).await;
            let before = handled.last().cloned();
            let object = test.wait(kind, name, "handled", |object| {
                let is = object.at("/status/lastHandledReconcileAt");
                object.is_ready() && is.is_string() && Some(is) != before.as_ref()
            });
            handled.push(object.await.at("/status/lastHandledReconcileAt").clone());
        }
    }
    test.finish(Some(controller)).await;
}

/// Lets the definition of image versions know a value that this release doesn't know, as that of a later release would.
async fn upgrade_definition(test: &Test) {
    let value = "Archive";
    let path = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/deletionPolicy/enum/-";
    let patch = json!([{"op": "add", "path": path, "value": value}]).to_string();
    test.kubectl(&["patch", "customresourcedefinition", "imageversions.azimage.dev", "--type=json", "-p", &patch])
        .await;
    // The API server takes the definition over in its own time.
    let probe = with(copy(test, "probe", "9.9.9").await, "/spec/suspend", true.into());
    test.apply(&probe).await;
    let change = json!({"spec": {"deletionPolicy": value}});
    test.until("the API server knows the value", || async { test.try_change(Kind::Version, "probe", &change).await })
        .await;
}

#[tokio::test]
async fn an_object_of_a_later_release_says_so_until_it_can_be_read_again_however_often() {
    let test = Test::new("rollback").await;
    let web = copy(&test, "web", "1.4.0").await;
    let mut controller = test.start();
    test.apply(&manifests::target("north", "northeurope")).await;
    test.apply(&web).await;
    test.ready(Kind::Target, "north").await;
    upgrade_definition(&test).await;
    let writes = test.azure.writes().await.len();
    for _ in 0..2 {
        test.change(Kind::Version, "web", &json!({"spec": {"deletionPolicy": "Archive"}})).await;
        let object = test.stalled(Kind::Version, "web", "InvalidSpec").await;
        assert!(object.condition("Reconciling").is_none());
        assert_eq!(object.condition("Published").unwrap().status, "True", "what is known of Azure stays");
        assert_eq!(object.regions().len(), 2);
        test.change(Kind::Version, "web", &json!({"spec": {"deletionPolicy": "Retain"}})).await;
        let object = test.ready(Kind::Version, "web").await;
        assert!(object.condition("Stalled").is_none(), "{:?}", object.conditions());
    }
    // One that can't be read holds nobody else up, and its targets aren't let go without it.
    test.change(Kind::Version, "web", &json!({"spec": {"deletionPolicy": "Archive"}})).await;
    test.stalled(Kind::Version, "web", "InvalidSpec").await;
    test.delete(Kind::Target, "north").await;
    held(&test, "north", &["web", "InvalidSpec", "Retain"]).await;
    test.change(Kind::Version, "web", &json!({"spec": {"deletionPolicy": "Retain"}})).await;
    test.gone(Kind::Target, "north").await;
    assert_eq!(replicas(&test, "1.4.0", "northeurope").await, None, "it was removed once the version could be read");
    assert_eq!(test.azure.writes().await.len(), writes + 1);
    assert!(controller.runs());
    test.finish(Some(controller)).await;
}
