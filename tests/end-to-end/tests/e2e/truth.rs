//! What targets say of versions that don't get on, to somebody who can't read versions; and deletions that end.

use azimage_end_to_end::{Kind, Object, Test, manifests, manifests::with};
use k8s_openapi::api::events::v1::Event;
use serde_json::{Value, json};

/// The source of copies, and a copy of it that isn't there yet.
async fn copy(test: &Test, name: &str, version: &str) -> Value {
    manifests::copy(&test.azure, name, version, &test.azure.golden().await)
}

/// Until a target waits for a person.
async fn held(test: &Test, name: &str, words: &[&str]) -> Object {
    let says = |object: &Object| {
        object
            .stalled()
            .is_some_and(|(reason, said)| reason == "VersionStalled" && words.iter().all(|part| said.contains(part)))
    };
    let object = test.wait(Kind::Target, name, &format!("stalled with {words:?}"), says).await;
    assert_eq!(object.condition("Available").unwrap().status, "False");
    assert!(object.condition("Reconciling").is_none());
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
    held(&test, "north", &["web", "DisallowedByPolicy", "only-there"]).await;
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
    let place = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/deletionPolicy/enum/-";
    let patch = json!([{"op": "add", "path": place, "value": value}]).to_string();
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

/// Waits until so many events of a reason, a kind and a type are there.
async fn told(test: &Test, (reason, kind, type_): (&str, &str, &str), count: usize) {
    let is_it = |event: &Event| {
        let regarding = event.regarding.as_ref().and_then(|regarding| regarding.kind.as_deref());
        event.reason.as_deref() == Some(reason) && regarding == Some(kind) && event.type_.as_deref() == Some(type_)
    };
    let as_often = || async { test.events().await.iter().filter(|event| is_it(event)).count() == count };
    test.until(&format!("{reason} of {kind} was told, {count} in all"), as_often).await;
}

#[tokio::test]
async fn replicas_that_go_by_a_slip_stay_when_it_is_put_back_also_across_a_restart() {
    let test = Test::new("slip").await;
    let web = copy(&test, "web", "1.4.0").await;
    let controller = test.start();
    let north = with(manifests::target("north", "northeurope"), "/spec/replicas", 2.into());
    test.apply(&north).await;
    test.apply(&web).await;
    test.ready(Kind::Target, "north").await;
    let writes = test.azure.writes().await.len();
    // A label, and then a selector.
    let label = |tier: &str| json!({"metadata": {"labels": {"tier": tier}}});
    let selector = |tier: &str| json!({"spec": {"imageSelector": {"matchLabels": {"tier": tier}}}});
    let slips = [
        (Kind::Version, "web", label("dev"), label("prod")),
        (Kind::Target, "north", selector("prdo"), selector("prod")),
    ];
    let mut controller = controller;
    for (count, (kind, name, slip, back)) in (1..).zip(slips) {
        test.change(kind, name, &slip).await;
        let announced = |object: &Object| object.at("/status/regions/0/leaving/0/target") == "north";
        let object = test.wait(Kind::Version, "web", "announced", announced).await;
        let after = object.at("/status/regions/0/leaving/0/after").as_str().unwrap().to_owned();
        let says = |object: &Object| object.condition("Ready").is_some_and(|ready| ready.message.contains(&after));
        test.wait(Kind::Version, "web", "told", says).await;
        let target = test.wait(Kind::Target, "north", "told", says).await;
        assert_eq!(
            (target.at("/status/progress"), target.at("/status/versions/0/removeAfter")),
            (&json!("0/0"), &json!(after))
        );
        // An event comes after the status that it tells of, and a process that ends in between tells it to nobody.
        told(&test, ("RemovalPending", "ImageVersion", "Warning"), count).await;
        told(&test, ("RemovalPending", "ReplicationTarget", "Warning"), count).await;
        test.kill(controller);
        controller = test.start();
        test.request(Kind::Version, "web").await;
        let handled = |object: &Object| object.at("/status/lastHandledReconcileAt").is_string();
        let object = test.wait(Kind::Version, "web", "seen by the next process", handled).await;
        assert_eq!(object.at("/status/regions/0/leaving/0/after"), &json!(after), "the pause begins once");
        test.change(kind, name, &back).await;
        let back = |object: &Object| object.is_ready() && object.at("/status/regions/0/leaving").is_null();
        test.wait(Kind::Version, "web", "as before", back).await;
        test.wait(Kind::Target, "north", "as before", |object| object.at("/status/progress") == "1/1").await;
    }
    assert_eq!(test.azure.writes().await.len(), writes, "nothing was written for it");
    assert_eq!(replicas(&test, "1.4.0", "northeurope").await, Some(2));
    told(&test, ("RemovalCancelled", "ImageVersion", "Normal"), 2).await;
    // A deletion is told what it removes.
    test.delete(Kind::Target, "north").await;
    test.gone(Kind::Target, "north").await;
    let events = test.events().await;
    let told = events
        .iter()
        .filter_map(|event| event.note.as_deref())
        .any(|note| note.contains("its replicas of web in northeurope are removed"));
    assert!(told, "{events:?}");
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn a_selector_is_one_value_of_one_owner() {
    let test = Test::new("atomic").await;
    test.apply(&manifests::target("north", "northeurope")).await;
    let theirs = json!({
        "apiVersion": "azimage.dev/v1alpha1", "kind": "ReplicationTarget", "metadata": {"name": "north"},
        "spec": {"region": "northeurope", "imageSelector": {"matchLabels": {"app": "web"}}},
    });
    let refused = test.try_apply_as("somebody-else", &theirs).await.unwrap_err();
    assert!(refused.contains("conflict") && refused.contains("imageSelector"), "{refused}");
    let labels = |object: &Object| *object.at("/spec/imageSelector/matchLabels") == json!({"tier": "prod"});
    test.wait(Kind::Target, "north", "as it was applied", labels).await;
    test.finish(None).await;
}

#[tokio::test]
async fn a_suspended_object_says_so_from_the_beginning_and_until_it_goes_on() {
    let test = Test::new("suspended").await;
    let web = with(copy(&test, "web", "1.4.0").await, "/spec/suspend", true.into());
    let controller = test.start();
    test.apply(&web).await;
    let object = test.stalled(Kind::Version, "web", "Suspended").await;
    assert_eq!(
        object.condition("Ready").map(|ready| (ready.status, ready.reason)),
        Some(("False".into(), "Suspended".into()))
    );
    assert!(object.condition("Reconciling").is_none());
    assert!(test.azure.journal().await.is_empty());
    test.change(Kind::Version, "web", &json!({"spec": {"suspend": false}})).await;
    test.ready(Kind::Version, "web").await;
    test.change(Kind::Version, "web", &json!({"spec": {"suspend": true}})).await;
    let says = |object: &Object| {
        object.is_ready() && object.condition("Ready").is_some_and(|ready| ready.reason == "Suspended")
    };
    test.wait(Kind::Version, "web", "ready and suspended", says).await;
    // What is asked for now isn't done.
    test.change(Kind::Version, "web", &json!({"spec": {"publish": {"tags": {"team": "web"}}}})).await;
    test.stalled(Kind::Version, "web", "Suspended").await;
    test.change(Kind::Version, "web", &json!({"spec": {"suspend": false}})).await;
    test.ready(Kind::Version, "web").await;
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn a_conflict_is_with_one_that_can_act_and_ends_with_it() {
    let test = Test::new("conflict-ends").await;
    // One that can't act, as its definition doesn't exist, holds up nobody.
    let stuck =
        with(manifests::image_version(&test.azure, "stuck", "1.0.0", "builder"), "/spec/definition", "no-such".into());
    // No resync comes in time.
    let controller = test.start_with(&[("resync-interval", "1h")]);
    test.apply(&stuck).await;
    test.stalled(Kind::Version, "stuck", "DefinitionNotFound").await;
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    test.apply(&manifests::image_version(&test.azure, "first", "1.1.0", "builder")).await;
    test.ready(Kind::Version, "first").await;
    test.apply(&manifests::image_version(&test.azure, "second", "1.2.0", "builder")).await;
    let (_, message) = test.stalled(Kind::Version, "second", "Conflict").await.stalled().unwrap();
    assert!(message.contains("ImageVersion first"), "{message}");
    test.delete(Kind::Version, "first").await;
    test.gone(Kind::Version, "first").await;
    let goes_on = |object: &Object| object.stalled().is_none_or(|(reason, _)| reason != "Conflict");
    test.wait(Kind::Version, "second", "out of its conflict", goes_on).await;
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn a_version_that_was_left_is_taken_over_on_purpose_and_by_one_write() {
    let test = Test::new("adoption").await;
    let web = copy(&test, "web", "1.4.0").await;
    let controller = test.start();
    test.apply(&manifests::target("north", "northeurope")).await;
    test.apply(&web).await;
    test.ready(Kind::Target, "north").await;
    test.delete(Kind::Version, "web").await;
    test.gone(Kind::Version, "web").await;
    test.delete(Kind::Target, "north").await;
    test.gone(Kind::Target, "north").await;
    // Applied again it is somebody else's, and the message names the way to take it over.
    test.apply(&web).await;
    let (_, message) = test.stalled(Kind::Version, "web", "VersionExists").await.stalled().unwrap();
    assert!(message.contains("spec.adoption"), "{message}");
    let writes = test.azure.writes().await.len();
    test.change(Kind::Version, "web", &json!({"spec": {"adoption": "IfIdentical"}})).await;
    let object = test.ready(Kind::Version, "web").await;
    let made = test.azure.writes().await.split_off(writes);
    assert_eq!(made.len(), 1, "{made:?}");
    let id = test.azure.version("1.4.0");
    let tags = test.azure.state(&id).await.unwrap()["tags"].clone();
    assert!(tags["azimage-owner"].as_str().unwrap().ends_with(object.at("/metadata/uid").as_str().unwrap()), "{tags}");
    assert_eq!(replicas(&test, "1.4.0", "northeurope").await, Some(1), "regions stay");
    assert!(object.at("/status/adoptedFrom").as_str().unwrap().contains("/web/"));
    test.until("it is told", || async {
        test.events().await.iter().any(|event| event.reason.as_deref() == Some("Adopted"))
    })
    .await;
    // Its regions are nobody's until a target asks for them, and then they are that one's.
    test.apply(&manifests::target("north", "northeurope")).await;
    test.ready(Kind::Target, "north").await;
    test.delete(Kind::Target, "north").await;
    test.gone(Kind::Target, "north").await;
    assert_eq!(replicas(&test, "1.4.0", "northeurope").await, None);
    // What another cluster takes over isn't taken back.
    test.ready(Kind::Version, "web").await;
    let mut body = test.azure.request("GET", &id, None).await;
    body["tags"]["azimage-owner"] = "another-cluster/images/web/00000000-0000-0000-0000-000000000001".into();
    test.azure.request("PUT", &id, Some(&body)).await;
    test.request(Kind::Version, "web").await;
    let (_, message) = test.stalled(Kind::Version, "web", "VersionExists").await.stalled().unwrap();
    assert!(message.contains("another-cluster") && message.contains("isn't taken back"), "{message}");
    test.finish(Some(controller)).await;
}
