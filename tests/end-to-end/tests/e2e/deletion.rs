//! What becomes of things in Azure when objects go.

use azimage_end_to_end::{Kind, Test, classes, manifests, manifests::with};
use serde_json::{Value, json};

fn deleting(object: Value) -> Value {
    with(object, "/spec/deletionPolicy", "Delete".into())
}

/// A Ready copy of another version: no machine is needed for what comes after.
async fn ready_copy(test: &Test, otherwise: impl Fn(Value) -> Value) {
    let source = test.azure.golden().await;
    test.apply(&otherwise(manifests::copy(&test.azure, "web", "1.4.0", &source))).await;
    test.ready(Kind::Version, "web").await;
}

#[tokio::test]
async fn retain_leaves_the_version_even_when_azure_cannot_be_reached() {
    let test = Test::new("retain").await;
    let controller = test.start();
    ready_copy(&test, |object| object).await;
    test.terminate(controller).await;
    let before = test.azure.state(&test.azure.version("1.4.0")).await;
    std::fs::write(test.secret_file(), "wrong").unwrap();
    let controller = test.start();
    test.delete(Kind::Version, "web").await;
    test.gone(Kind::Version, "web").await;
    assert_eq!(test.azure.state(&test.azure.version("1.4.0")).await, before);
    assert_eq!(classes(&test.azure.writes().await), ["PUT galleries/images/versions"]);
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn delete_deletes_the_version_once_and_believes_that_it_is_gone_after_several_answers() {
    let test = Test::new("delete").await;
    let controller = test.start();
    ready_copy(&test, deleting).await;
    test.delete(Kind::Version, "web").await;
    test.gone(Kind::Version, "web").await;
    assert_eq!(test.azure.state(&test.azure.version("1.4.0")).await, None);
    let writes = classes(&test.azure.writes().await);
    assert_eq!(writes, ["PUT galleries/images/versions", "DELETE galleries/images/versions"]);
    let journal = test.azure.journal().await;
    let reads = journal.iter().rev().take_while(|entry| !entry.write);
    let gone = reads.filter(|entry| entry.path.ends_with("/versions/1.4.0") && entry.status == Some(404)).count();
    assert!(gone >= 3, "one 404 proves nothing, and there were {gone}");
    assert!(test.azure.state(&test.azure.version_of("golden", "3.0.0")).await.is_some(), "the source stays");
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn deletion_survives_kill_9_after_each_of_its_writes() {
    // After the request to Azure; and after the finalizer is gone there is nothing left to survive.
    let test = Test::new("delete-restart").await;
    let controller = test.start();
    ready_copy(&test, deleting).await;
    let fault = test
        .azure
        .fault(&json!({
            "match": {"subscription": test.azure.subscription, "method": "DELETE", "succeeds": true},
            "times": 1, "effect": "Applied", "then": "Hang",
        }))
        .await;
    test.delete(Kind::Version, "web").await;
    test.until("the deletion is asked for", || async { test.azure.fired(fault).await == 1 }).await;
    test.kill(controller);
    test.azure.end_fault(fault).await;
    let controller = test.start();
    test.gone(Kind::Version, "web").await;
    let writes = classes(&test.azure.writes().await);
    assert_eq!(writes, ["PUT galleries/images/versions", "DELETE galleries/images/versions"]);
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn deletion_while_the_guest_is_being_sealed_waits_for_its_end_and_lets_go_of_the_machine() {
    let test = Test::new("delete-early").await;
    let controller = test.start();
    // The claim and the seal are the object's own, and go with it also where the version is retained.
    let objects = [("deletes", "1.4.0"), ("retains", "1.5.0")];
    for (name, version) in objects {
        test.azure.add_machine(name, &json!({"seal": "Hangs"})).await;
        let object = manifests::image_version(&test.azure, name, version, name);
        test.apply(&if name == "deletes" { deleting(object) } else { object }).await;
    }
    for (name, _) in objects {
        test.wait(Kind::Version, name, "sealing", |object| {
            object.condition("GuestPrepared").is_some_and(|condition| condition.reason == "Sealing")
                && object.at("/status/operation/name") == "Seal"
        })
        .await;
        let claimed = test.azure.state(&test.azure.machine(name)).await.unwrap();
        assert!(claimed["tags"]["azimage-owner"].as_str().unwrap().contains(&test.namespace), "{claimed:#}");
        test.delete(Kind::Version, name).await;
        // Whoever claimed the machine now would have it sealed and turned off under his hands.
        test.wait(Kind::Version, name, "waits for the seal", |object| {
            object.condition("Ready").is_some_and(|ready| ready.message.contains("Waiting for the seal"))
        })
        .await;
    }
    for (name, version) in objects {
        test.azure.change_machine(name, &json!({"powerState": "stopped"})).await;
        test.gone(Kind::Version, name).await;
        let machine = test.azure.state(&test.azure.machine(name)).await.unwrap();
        assert_eq!(machine["generalized"], false);
        let tags = json!({"azimage-generalize": "allowed", "team": "web"});
        assert_eq!(machine["tags"], tags, "the claim is taken back");
        assert_eq!(test.azure.state(&test.azure.version(version)).await, None);
    }
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn deletion_while_the_version_is_being_made_leaves_no_version() {
    let test = Test::new("delete-midway").await;
    let stuck = json!({"azure": "RegionStuck", "resource": test.azure.version("1.4.0"), "region": "westeurope"});
    let fault = test.azure.fault(&stuck).await;
    let controller = test.start();
    test.apply(&deleting(manifests::image_version(&test.azure, "web", "1.4.0", "builder"))).await;
    test.wait(Kind::Version, "web", "publishing", |object| object.at("/status/operation/name") == "Publish").await;
    test.delete(Kind::Version, "web").await;
    test.wait(Kind::Version, "web", "being deleted", |object| {
        object.condition("Ready").is_some_and(|ready| ready.reason == "Deleting")
            || object.condition("Reconciling").is_some_and(|condition| condition.reason == "ProgressingWithRetry")
    })
    .await;
    test.azure.end_fault(fault).await;
    test.gone(Kind::Version, "web").await;
    assert_eq!(test.azure.state(&test.azure.version("1.4.0")).await, None);
    let writes = classes(&test.azure.writes().await);
    let count = |class: &str| writes.iter().filter(|write| *write == class).count();
    assert_eq!(count("PUT galleries/images/versions"), 1, "{writes:?}");
    assert_eq!(count("DELETE galleries/images/versions"), 1, "{writes:?}");
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn a_version_that_somebody_deletes_is_missed_and_never_made_again() {
    let test = Test::new("missing").await;
    let controller = test.start();
    ready_copy(&test, |object| object).await;
    test.azure.request("DELETE", &test.azure.version("1.4.0"), None).await;
    let (_, message) = test.stalled(Kind::Version, "web", "VersionMissing").await.stalled().unwrap();
    assert!(message.contains("another version number"), "{message}");
    // Not even when a reconcile is asked for, nor by a new process.
    test.request(Kind::Version, "web").await;
    let asked = |object: &azimage_end_to_end::Object| {
        let handled = object.at("/status/lastHandledReconcileAt");
        handled == object.at("/metadata/annotations/azimage.dev~1reconcile-requested-at") && !handled.is_null()
    };
    assert!(test.wait(Kind::Version, "web", "asked", asked).await.is_stalled("VersionMissing"));
    test.kill(controller);
    let controller = test.start();
    let seen = test.azure.journal().await.last().unwrap().seq;
    let reads = || async { test.azure.journal().await.iter().filter(|entry| entry.seq > seen).count() };
    test.until("the new process has looked several times", || async { reads().await >= 6 }).await;
    assert!(test.history.last("ImageVersion", "web").unwrap().is_stalled("VersionMissing"));
    let own: Vec<_> = test.azure.writes().await.into_iter().filter(|entry| entry.method == "PUT").collect();
    assert_eq!(classes(&own), ["PUT galleries/images/versions"]);
    test.delete(Kind::Version, "web").await;
    test.gone(Kind::Version, "web").await;
    test.finish(Some(controller)).await;
}
