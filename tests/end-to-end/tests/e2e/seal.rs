//! Seals that end badly: never generalized, told in words, tried again only when a person asks.

use azimage_end_to_end::{Kind, Test, classes, manifests, manifests::with};
use serde_json::json;

const CLAIM: &str = "PATCH virtualMachines";
const COMMAND: &str = "PUT virtualMachines/runCommands";
const REMOVE: &str = "DELETE virtualMachines/runCommands";

#[tokio::test]
async fn a_script_that_fails_is_told_with_its_exit_code_and_tried_again_when_asked() {
    let test = Test::new("seal-fails").await;
    test.azure.add_machine("broken", &json!({"scriptFails": {"exitCode": 7, "times": 1}})).await;
    let controller = test.start();
    test.apply(&manifests::image_version(&test.azure, "web", "1.4.0", "broken")).await;
    let object = test.stalled(Kind::Version, "web", "SealFailed").await;
    let (_, message) = object.stalled().unwrap();
    assert!(message.contains("exit code 7") && message.contains("nothing was removed"), "{message}");
    assert!(message.contains("azimage.dev/reconcile-requested-at"), "{message}");
    let state = test.azure.state(&test.azure.machine("broken")).await.unwrap();
    assert_eq!((&state["generalized"], &state["power"]), (&json!(false), &json!("running")));
    let first = state["tags"]["azimage-seal"].clone();
    // Attempts are told apart by their whole second, and at this pace the first one took half of one. In Azure a run command
    // takes longer.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    test.request(Kind::Version, "web").await;
    test.ready(Kind::Version, "web").await;
    let expected = [
        CLAIM,
        COMMAND,
        // Another try is another claim, with another nonce, and the last one's run command goes first.
        CLAIM,
        REMOVE,
        COMMAND,
        REMOVE,
        CLAIM,
        "POST virtualMachines/deallocate",
        "POST virtualMachines/generalize",
        "PUT galleries/images/versions",
    ];
    assert_eq!(classes(&test.azure.writes().await), expected);
    let state = test.azure.state(&test.azure.machine("broken")).await.unwrap();
    assert_ne!(state["tags"]["azimage-seal"], first);
    test.finish(Some(controller)).await;
}

/// A guest of which something is the matter, the reason for which its object stalls, and what the message names.
const REFUSED: [(&str, &str, &str, &str); 7] = [
    ("no-agent", r#"{"missing": ["waagent"]}"#, "GuestUnsupported", "waagent"),
    ("no-systemd", r#"{"systemd": 0}"#, "GuestUnsupported", "systemd"),
    (
        "no-account",
        r#"{"files": {"/var/lib/waagent/ovf-env.xml": null, "/etc/sudoers.d/90-cloud-init-users": null}}"#,
        "GuestUnsupported",
        "ovf-env.xml",
    ),
    ("read-only", r#"{"readOnly": ["/var"]}"#, "SealFailed", "/var"),
    ("full", r#"{"full": ["/etc"]}"#, "SealFailed", "/etc"),
    (
        "private-key",
        r#"{"files": {"/opt/app/tls.key": {"text": "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n", "mode": "0600"}}}"#,
        "HygieneFailed",
        "/opt/app/tls.key",
    ),
    ("script", "{}", "ScriptFailed", "exit code 3"),
];

#[tokio::test]
async fn a_guest_that_cannot_be_sealed_loses_nothing_and_the_object_says_why() {
    let test = Test::new("seal-refused").await;
    let controller = test.start();
    for (index, (name, guest, ..)) in REFUSED.iter().enumerate() {
        let guest: serde_json::Value = serde_json::from_str(guest).unwrap();
        test.azure.add_machine(name, &json!({"guest": guest})).await;
        let object = manifests::image_version(&test.azure, name, &format!("1.0.{index}"), name);
        let script = json!({"script": "echo Password=hunter2; exit 3"});
        let object = if *name == "script" { with(object, "/spec/source/virtualMachine/guest", script) } else { object };
        test.apply(&object).await;
    }
    for (name, _, reason, said) in &REFUSED {
        let object = test.stalled(Kind::Version, name, reason).await;
        let (_, message) = object.stalled().unwrap();
        assert!(message.contains(said) || object.at("/status/guest").to_string().contains(said), "{name}: {message}");
        let state = test.azure.state(&test.azure.machine(name)).await.unwrap();
        assert_eq!((&state["generalized"], &state["power"]), (&json!(false), &json!("running")), "{name}");
        assert_eq!(state["guest"]["deprovisioned"], false, "{name}");
    }
    let found = test.wait(Kind::Version, "private-key", "tells what was found", |_| true).await;
    assert_eq!(found.at("/status/guest/hygiene/enforced"), 1);
    assert_eq!(found.at("/status/guest/hygiene/findings/0/path"), "/opt/app/tls.key");
    let script = test.wait(Kind::Version, "script", "tells what the script said", |_| true).await;
    assert_eq!(script.at("/status/guest/scriptExitCode"), 3);
    assert_eq!(script.at("/status/guest/scriptOutput"), "Password=***");
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn what_an_object_allows_may_stay_and_what_its_script_leaves_is_kept() {
    let test = Test::new("seal-allows").await;
    let key = "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n";
    test.azure.add_machine("kept", &json!({"guest": {"files": {"/opt/app/tls.key": key}}})).await;
    let controller = test.start();
    let guest = json!({
        "allow": [{"path": "/opt/app/*", "reason": "made anew at each start"}],
        "script": "echo 212 of 214 > \"$AZIMAGE_EVIDENCE\"",
    });
    let object = manifests::image_version(&test.azure, "web", "1.4.0", "kept");
    test.apply(&with(object, "/spec/source/virtualMachine/guest", guest)).await;
    let object = test.ready(Kind::Version, "web").await;
    assert_eq!(object.at("/status/guest/hygiene/allowed"), 1, "{}", object.0);
    assert_eq!(object.at("/status/guest/evidence"), "212 of 214");
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn a_seal_that_fails_on_its_way_is_told_in_the_guests_words_and_the_machine_works_again() {
    let test = Test::new("seal-gives-up").await;
    let ways = [
        // Nothing was removed.
        ("unchanged", json!({"failing": {"cloud-init clean": 3}}), "cloud-init"),
        // The account is gone, and comes back with the restart.
        ("restarting", json!({"failing": {"truncate -s 0 /etc/machine-id": 1}}), "machine-id"),
    ];
    let controller = test.start();
    for (index, (name, guest, _)) in ways.iter().enumerate() {
        test.azure.add_machine(name, &json!({"guest": guest})).await;
        test.apply(&manifests::image_version(&test.azure, name, &format!("1.0.{index}"), name)).await;
    }
    for (name, _, step) in &ways {
        let (_, message) = test.stalled(Kind::Version, name, "SealFailed").await.stalled().unwrap();
        assert!(message.contains(&format!("step {step}")), "{message}");
        let ready = || async {
            let state = test.azure.state(&test.azure.machine(name)).await.unwrap();
            state["power"] == "running"
                && state["guest"]["deprovisioned"] == false
                && state["guest"]["agent"] == "Ready"
        };
        test.until("the machine works again", ready).await;
        test.azure.change_machine(name, &json!({"guest": {}})).await;
        test.request(Kind::Version, name).await;
        test.ready(Kind::Version, name).await;
    }
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn a_machine_that_does_not_power_itself_off_in_time_is_never_generalized() {
    let test = Test::new("seal-late").await;
    let controller = test.start();
    for (index, seal) in ["Hangs", "NeverPowersOff"].iter().enumerate() {
        let name = seal.to_lowercase();
        test.azure.add_machine(&name, &json!({"seal": seal})).await;
        test.apply(&manifests::image_version(&test.azure, &name, &format!("1.0.{index}"), &name)).await;
    }
    for name in ["hangs", "neverpowersoff"] {
        let removed = || async { classes(&of(&test, name).await) == [CLAIM, COMMAND, REMOVE] };
        test.until("the run command is removed", removed).await;
        let sealing = |object: &azimage_end_to_end::Object| object.at("/status/operation/name") == "Seal";
        test.wait(Kind::Version, name, "waits for the guest", sealing).await;
        begun_long_ago(&test, name, name).await;
        let (_, message) = test.stalled(Kind::Version, name, "SealTimedOut").await.stalled().unwrap();
        assert!(message.contains("spec.source.virtualMachine.guest.timeout"), "{message}");
        let state = test.azure.state(&test.azure.machine(name)).await.unwrap();
        assert_eq!((&state["generalized"], &state["power"]), (&json!(false), &json!("running")), "{name}");
        assert_eq!(classes(&of(&test, name).await), [CLAIM, COMMAND, REMOVE], "{name}");
    }
    test.finish(Some(controller)).await;
}

/// The writes to a machine.
async fn of(test: &Test, name: &str) -> Vec<azimage_end_to_end::JournalEntry> {
    let part = format!("/virtualMachines/{name}");
    test.azure.writes().await.into_iter().filter(|entry| entry.path.contains(&part)).collect()
}

/// The seal was begun years ago, as far as the object and the machine know: azimage's clock runs as always.
async fn begun_long_ago(test: &Test, name: &str, machine: &str) {
    let object = test.wait(Kind::Version, name, "is as it was", |_| true).await;
    let uid = object.at("/metadata/uid").as_str().unwrap().to_owned();
    // A whole second of 2020, by which the nonce tells when its attempt was claimed.
    let mut tags = test.azure.state(&test.azure.machine(machine)).await.unwrap()["tags"].clone();
    tags["azimage-seal"] = format!("1577836800-{uid}").into();
    test.azure.change_machine(machine, &json!({"tags": tags})).await;
    let steps = object.at("/status/steps").as_array().unwrap().clone();
    let past: Vec<_> = (0..steps.len())
        .map(|at| json!({"op": "replace", "path": format!("/status/steps/{at}/startedAt"), "value": "2020-01-01T00:00:00Z"}))
        .collect();
    let patch = json!(past).to_string();
    test.kubectl(&["patch", "imageversion", name, "--subresource=status", "--type=json", "-p", &patch]).await;
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
    test.until("the run command is removed", || async { classes(&test.azure.writes().await).contains(&REMOVE.into()) })
        .await;
    test.azure.change_machine("builder-2", &json!({"powerState": "stopped"})).await;
    let waits = |object: &azimage_end_to_end::Object| {
        object.condition("Ready").is_some_and(|ready| ready.message.contains("serial console log"))
    };
    test.wait(Kind::Version, "web", "waits for the console", waits).await;
    begun_long_ago(&test, "web", "builder-2").await;
    let (_, message) = test.stalled(Kind::Version, "web", "GuestPreparationUnknown").await.stalled().unwrap();
    assert!(message.contains("serial console") && message.contains("not generalized"), "{message}");
    let state = test.azure.state(&test.azure.machine("builder-2")).await.unwrap();
    assert_eq!((&state["generalized"], &state["power"]), (&json!(false), &json!("stopped")));
    assert_eq!(classes(&test.azure.writes().await), [CLAIM, COMMAND, REMOVE]);
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
