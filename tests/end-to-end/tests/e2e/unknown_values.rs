//! Values and fields that Azure may have tomorrow: waited for in words, nothing is written meanwhile, and all is well
//! when Azure says what is known again.

use azimage_end_to_end::{JournalEntry, Kind, Object, Test, classes, manifests};
use serde_json::{Value, json};

/// An object waits for this reason, and says so with these words.
fn waits(object: &Object, reason: &str, words: &str) -> bool {
    object.condition("Reconciling").is_some_and(|condition| condition.status == "True")
        && object.condition("Ready").is_some_and(|ready| ready.reason == reason && ready.message.contains(words))
}

/// From now on the answers to reads of a path, and nothing else of them, have these values.
async fn edited(test: &Test, path: &str, values: Value) -> u64 {
    let matching = json!({"method": "GET", "path": path, "subscription": test.azure.subscription});
    test.azure.fault(&json!({"match": matching, "then": {"edit": values}})).await
}

async fn written(test: &Test, end: &str) -> Vec<String> {
    let about = |entry: &JournalEntry| entry.path.contains(end);
    classes(&test.azure.writes().await.into_iter().filter(about).collect::<Vec<_>>())
}

/// Waits until the edited answer was read once more after the words were there.
async fn again(test: &Test, fault: u64, name: &str) {
    let before = test.azure.fired(fault).await;
    test.request(Kind::Version, name).await;
    test.until("it was read again", || async { test.azure.fired(fault).await > before + 1 }).await;
}

#[tokio::test]
async fn an_unknown_state_of_a_machine_is_waited_for_and_nothing_is_written() {
    let test = Test::new("unknown-machine").await;
    let power = |code: &str| json!([{"code": "ProvisioningState/succeeded"}, {"code": code}]);
    let cases = [
        ("provisioning", json!({"/properties/provisioningState": "Levitating"}), "Levitating"),
        ("power", json!({"/properties/instanceView/statuses": power("PowerState/hovering")}), "power state is unknown"),
    ];
    let mut faults = Vec::new();
    for (index, (name, values, _)) in cases.iter().enumerate() {
        test.azure.add_machine(name, &json!({})).await;
        faults.push(edited(&test, &format!("/virtualMachines/{name}$"), values.clone()).await);
        test.apply(&manifests::image_version(&test.azure, name, &format!("1.0.{index}"), name)).await;
    }
    let mut controller = test.start();
    for ((name, _, words), fault) in cases.iter().zip(&faults) {
        let told = test.wait(Kind::Version, name, words, |object| waits(object, "SourceBusy", words)).await;
        println!("{name}: {}", told.condition("Ready").unwrap().message);
        again(&test, *fault, name).await;
    }
    assert!(test.azure.journal().await.iter().all(|entry| !entry.write), "nothing is written meanwhile");
    for fault in faults {
        test.azure.end_fault(fault).await;
    }
    for (name, _, _) in &cases {
        test.ready(Kind::Version, name).await;
    }
    assert!(controller.runs());
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn an_unknown_state_of_a_version_is_waited_for_and_nothing_is_written() {
    let test = Test::new("unknown-version").await;
    let source = test.azure.golden().await;
    let replication = "/properties/replicationStatus";
    let region = json!({format!("{replication}/aggregatedState"): "Thawing", format!("{replication}/summary/*/state"): "Thawing"});
    let cases = [
        ("state", json!({"/properties/provisioningState": "Levitating"}), "Replicating", "Azure says Levitating"),
        ("region", region, "Publishing", "westeurope"),
    ];
    let mut faults = Vec::new();
    for (index, (name, values, ..)) in cases.iter().enumerate() {
        faults.push(edited(&test, &format!("/versions/2\\.0\\.{index}$"), values.clone()).await);
        test.apply(&manifests::copy(&test.azure, name, &format!("2.0.{index}"), &source)).await;
    }
    let mut controller = test.start();
    for (index, (name, _, reason, words)) in cases.iter().enumerate() {
        // Also long after Azure is done: what is read then has the unknown value and nothing else to wait for.
        let version = test.azure.version(&format!("2.0.{index}"));
        test.until("Azure is done", || async {
            test.azure.state(&version).await.is_some_and(|version| version.to_string().contains("Succeeded"))
        })
        .await;
        again(&test, faults[index], name).await;
        let told = test.wait(Kind::Version, name, words, |object| waits(object, reason, words)).await;
        println!("{name}: {}", told.condition("Ready").unwrap().message);
        assert_eq!(
            written(&test, &format!("/versions/2.0.{index}")).await,
            ["PUT galleries/images/versions"],
            "{name}"
        );
    }
    for fault in faults {
        test.azure.end_fault(fault).await;
    }
    for (index, (name, ..)) in cases.iter().enumerate() {
        test.ready(Kind::Version, name).await;
        assert_eq!(
            written(&test, &format!("/versions/2.0.{index}")).await,
            ["PUT galleries/images/versions"],
            "{name}"
        );
    }
    assert!(controller.runs());
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn unknown_fields_are_passed_over() {
    let test = Test::new("unknown-fields").await;
    let new = json!({"of": [1, {"tomorrow": null}]});
    let mut fields = json!({});
    for place in [
        "",
        "/properties",
        "/value/*",
        "/value/*/properties",
        "/properties/*",
        "/properties/replicationStatus/summary/*",
    ] {
        fields[format!("{place}/aFieldOfTomorrow")] = new.clone();
    }
    let matching = json!({"subscription": test.azure.subscription});
    let fault = test.azure.fault(&json!({"match": matching, "then": {"edit": fields}})).await;
    let controller = test.start();
    test.apply(&manifests::image_version(&test.azure, "web", "1.0.0", "builder")).await;
    test.ready(Kind::Version, "web").await;
    assert_eq!(classes(&test.azure.writes().await), crate::happy_path::WRITES[..7]);
    assert!(test.azure.fired(fault).await > 0);
    // Nothing of it is written back, and nothing more is written at rest.
    test.request(Kind::Version, "web").await;
    test.until("it was looked at again", || async {
        test.history.all().iter().any(|object| {
            let requested = &object.0["metadata"]["annotations"][azimage_crds::RECONCILE_REQUESTED_AT];
            requested.is_string() && *requested == object.0["status"]["lastHandledReconcileAt"]
        })
    })
    .await;
    assert_eq!(test.azure.writes().await.len(), 7);
    assert!(!serde_json::to_string(&test.azure.sent().await).unwrap().contains("aFieldOfTomorrow"));
    test.finish(Some(controller)).await;
}
