//! Seals that end badly: never generalized, told in words, tried again only when a person asks.

use azimage_end_to_end::{Kind, Test, classes, manifests, manifests::with};
use serde_json::json;

/// A version whose guest has ten seconds, of real time as azimage's clock isn't sped up.
fn hurried(test: &Test, name: &str, version: &str) -> serde_json::Value {
    let object = manifests::image_version(&test.azure, name, version, name);
    with(object, "/spec/source/virtualMachine/guest", json!({"timeout": "10s"}))
}

#[tokio::test]
async fn a_script_that_fails_is_told_with_its_exit_code_and_tried_again_when_asked() {
    let test = Test::new("seal-fails").await;
    test.azure.add_machine("broken", &json!({"scriptFails": {"exitCode": 12, "times": 1}})).await;
    let controller = test.start();
    test.apply(&manifests::image_version(&test.azure, "web", "1.4.0", "broken")).await;
    let object = test.stalled(Kind::Version, "web", "SealFailed").await;
    let (_, message) = object.stalled().unwrap();
    assert!(message.contains("exit code 12") && message.contains("it printed"), "{message}");
    assert!(message.contains("azimage.dev/reconcile-requested-at"), "{message}");
    let state = test.azure.state(&test.azure.machine("broken")).await.unwrap();
    assert_eq!((&state["generalized"], &state["power"]), (&json!(false), &json!("running")));
    test.request(Kind::Version, "web").await;
    test.ready(Kind::Version, "web").await;
    let expected = [
        "PATCH virtualMachines",
        "PUT virtualMachines/runCommands",
        "DELETE virtualMachines/runCommands",
        "PUT virtualMachines/runCommands",
        "PATCH virtualMachines",
        "POST virtualMachines/deallocate",
        "POST virtualMachines/generalize",
        "PUT galleries/images/versions",
    ];
    assert_eq!(classes(&test.azure.writes().await), expected);
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn a_machine_that_does_not_power_itself_off_in_time_is_never_generalized() {
    let test = Test::new("seal-late").await;
    let ways = [("fails", "Fails"), ("hangs", "Hangs"), ("runs-on", "NeverPowersOff")];
    let controller = test.start();
    for (index, (name, seal)) in ways.iter().enumerate() {
        test.azure.add_machine(name, &json!({"seal": seal})).await;
        test.apply(&hurried(&test, name, &format!("1.0.{index}"))).await;
    }
    for (name, _) in ways {
        let (_, message) = test.stalled(Kind::Version, name, "SealTimedOut").await.stalled().unwrap();
        assert!(message.contains("spec.source.virtualMachine.guest.timeout"), "{message}");
    }
    // A guest that powers itself off and starts again, or a person who asks once more: only a seal that works counts.
    test.azure.change_machine("fails", &json!({"seal": "Succeeds"})).await;
    test.request(Kind::Version, "fails").await;
    test.ready(Kind::Version, "fails").await;
    for name in ["hangs", "runs-on"] {
        assert!(test.history.last("ImageVersion", name).unwrap().is_stalled("SealTimedOut"));
        let state = test.azure.state(&test.azure.machine(name)).await.unwrap();
        assert_eq!((&state["generalized"], &state["power"]), (&json!(false), &json!("running")), "{name}");
    }
    let writes = test.azure.writes().await;
    let of = |name: &str| {
        let part = format!("/virtualMachines/{name}");
        let own: Vec<_> = writes.iter().filter(|entry| entry.path.contains(&part)).cloned().collect();
        classes(&own)
    };
    assert_eq!(of("hangs"), ["PATCH virtualMachines", "PUT virtualMachines/runCommands"]);
    assert_eq!(of("runs-on"), ["PATCH virtualMachines", "PUT virtualMachines/runCommands"]);
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn a_claimed_machine_that_somebody_else_stops_before_its_seal_is_never_generalized() {
    for power in ["stopped", "deallocated"] {
        let test = Test::new("stopped").await;
        // The seal never reaches Azure.
        let fault = test
            .azure
            .fault(&json!({
                "match": {"subscription": test.azure.subscription, "method": "PUT", "path": "/runCommands/"},
                "then": "Hang",
            }))
            .await;
        let first = test.start();
        test.apply(&manifests::image_version(&test.azure, "web", "1.4.0", "builder")).await;
        test.until("the seal is asked for", || async { test.azure.fired(fault).await == 1 }).await;
        test.kill(first);
        test.azure.change_machine("builder", &json!({"powerState": power})).await;
        test.azure.end_fault(fault).await;
        let second = test.start();
        let (_, message) = test.stalled(Kind::Version, "web", "GuestPreparationUnknown").await.stalled().unwrap();
        assert!(message.contains(power), "{message}");
        assert_eq!(classes(&test.azure.writes().await), ["PATCH virtualMachines"], "only the claim");
        test.finish(Some(second)).await;
    }
}

#[tokio::test]
async fn a_machine_that_somebody_stops_in_the_middle_of_its_seal_is_never_generalized() {
    let test = Test::new("seal-stopped").await;
    // The unit has begun, and takes longer than anybody waits.
    test.azure.add_machine("builder-2", &json!({"seal": "Hangs"})).await;
    let controller = test.start();
    test.apply(&manifests::image_version(&test.azure, "web", "1.4.0", "builder-2")).await;
    let succeeded = || async {
        let writes = test.azure.writes().await;
        let Some(command) = writes.iter().find(|entry| entry.path.contains("/runCommands/")) else { return false };
        test.azure.state(&command.path).await.is_some_and(|state| state["execution"]["state"] == "Succeeded")
    };
    test.until("the seal's run command has succeeded", succeeded).await;
    test.azure.change_machine("builder-2", &json!({"powerState": "stopped"})).await;
    let waits = |object: &azimage_end_to_end::Object| {
        object.condition("Ready").is_some_and(|ready| ready.message.contains("serial console log"))
    };
    test.wait(Kind::Version, "web", "waits for the console", waits).await;
    // An hour later, as far as the object knows.
    let steps = test.wait(Kind::Version, "web", "is as it was", |_| true).await.at("/status/steps").clone();
    let at = steps.as_array().unwrap().iter().position(|step| step["name"] == "Seal").unwrap();
    let past =
        json!([{"op": "replace", "path": format!("/status/steps/{at}/startedAt"), "value": "2020-01-01T00:00:00Z"}]);
    let patch = past.to_string();
    test.kubectl(&["patch", "imageversion", "web", "--subresource=status", "--type=json", "-p", &patch]).await;
    let (_, message) = test.stalled(Kind::Version, "web", "GuestPreparationUnknown").await.stalled().unwrap();
    assert!(message.contains("serial console") && message.contains("not generalized"), "{message}");
    let state = test.azure.state(&test.azure.machine("builder-2")).await.unwrap();
    assert_eq!((&state["generalized"], &state["power"]), (&json!(false), &json!("stopped")));
    assert_eq!(classes(&test.azure.writes().await), ["PATCH virtualMachines", "PUT virtualMachines/runCommands"]);
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn the_claim_has_the_console_recorded_and_one_that_goes_elsewhere_is_refused() {
    let test = Test::new("seal-console").await;
    let account = "https://mine.blob.core.windows.net/";
    test.azure.add_machine("elsewhere", &json!({"bootDiagnosticsStorage": account})).await;
    test.azure.add_machine("off", &json!({})).await;
    let controller = test.start();
    test.apply(&manifests::image_version(&test.azure, "elsewhere", "1.0.0", "elsewhere")).await;
    test.apply(&manifests::image_version(&test.azure, "off", "1.0.1", "off")).await;
    let (_, message) = test.stalled(Kind::Version, "elsewhere", "SourceUnsupported").await.stalled().unwrap();
    assert!(message.contains(account) && message.contains("az vm boot-diagnostics enable"), "{message}");
    test.ready(Kind::Version, "off").await;
    let recorded = test.azure.state(&test.azure.machine("off")).await.unwrap();
    assert_eq!(recorded["properties"]["diagnosticsProfile"], json!({"bootDiagnostics": {"enabled": true}}));
    let writes = test.azure.writes().await;
    assert!(!writes.iter().any(|entry| entry.path.contains("/virtualMachines/elsewhere")), "nothing is done to it");
    // Somebody follows the advice.
    test.azure.change_machine("elsewhere", &json!({"bootDiagnostics": true})).await;
    test.request(Kind::Version, "elsewhere").await;
    test.ready(Kind::Version, "elsewhere").await;
    test.finish(Some(controller)).await;
}
