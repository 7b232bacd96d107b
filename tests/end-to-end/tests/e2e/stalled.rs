//! Inputs on which only a person can help: Stalled, with a stable reason, in words, and nothing is touched.

use azimage_end_to_end::{Kind, Test, classes, manifests, manifests::with};
use serde_json::{Value, json};

/// A bad input.
struct Case {
    name: &'static str,
    /// The machine, as far as it differs from a running Linux machine that consents; none is made for `null`.
    machine: Value,
    /// What the object has otherwise.
    change: (&'static str, Value),
    reason: &'static str,
    message: &'static [&'static str],
}

const NOTHING: (&str, Value) = ("/metadata/labels", Value::Null);

#[allow(clippy::too_many_lines, reason = "a table")]
fn cases() -> Vec<Case> {
    let case = |name, machine: Value, reason, message| Case { name, machine, change: NOTHING, reason, message };
    let prepared = ("/spec/source/virtualMachine/guest", json!({"prepare": "AlreadyGeneralized"}));
    vec![
        case("missing", Value::Null, "SourceNotFound", &["spec.source.virtualMachine.resourceId", "doesn't exist"]),
        case(
            "windows",
            json!({"osType": "Windows"}),
            "OsTypeMismatch",
            &["spec.definition", "is for Linux", "Windows"],
        ),
        case(
            "generation-1",
            json!({"hyperVGeneration": "V1"}),
            "GenerationMismatch",
            &["spec.definition", "Hyper-V generation V2", "V1"],
        ),
        Case {
            change: ("/spec/definition", "for-windows".into()),
            ..case("other-os", json!({}), "OsTypeMismatch", &["spec.definition", "Windows", "Linux"])
        },
        Case {
            change: ("/spec/definition", "specialized".into()),
            ..case("specialized", json!({}), "DefinitionSpecialized", &["spec.definition", "specialized"])
        },
        Case {
            change: ("/spec/definition", "no-such".into()),
            ..case("no-definition", json!({}), "DefinitionNotFound", &["spec.definition", "no-such"])
        },
        Case {
            change: ("/spec/gallery/name", "noSuchGallery".into()),
            ..case("no-gallery", json!({}), "GalleryNotFound", &["spec.gallery", "noSuchGallery"])
        },
        Case {
            change: ("/spec/gallery/resourceGroup", "no-such-group".into()),
            ..case("no-group", json!({}), "GalleryNotFound", &["spec.gallery", "no-such-group"])
        },
        case("no-consent", json!({"tags": {}}), "ConsentMissing", &["azimage-generalize", "allowed"]),
        case(
            "half-consent",
            json!({"tags": {"azimage-generalize": "yes"}}),
            "ConsentMissing",
            &["azimage-generalize", "allowed"],
        ),
        case(
            "generalized",
            json!({"generalized": true, "powerState": "deallocated", "deprovisioned": true}),
            "AlreadyGeneralized",
            &["spec.source.virtualMachine.guest.prepare", "AlreadyGeneralized"],
        ),
        Case {
            change: prepared,
            ..case("runs", json!({}), "SourceRunning", &["spec.source.virtualMachine.guest.prepare", "runs"])
        },
        case(
            "stopped",
            json!({"powerState": "stopped"}),
            "GuestPreparationUnknown",
            &["stopped", "spec.source.virtualMachine.guest.prepare"],
        ),
        case(
            "deallocated",
            json!({"powerState": "deallocated"}),
            "GuestPreparationUnknown",
            &["deallocated", "spec.source.virtualMachine.guest.prepare"],
        ),
        case(
            "claimed",
            json!({"tags": {"azimage-generalize": "allowed", "azimage-owner": "other/ns/web/uid-1"}}),
            "SourceClaimed",
            &["other/ns/web/uid-1", "azimage-owner"],
        ),
        case("ephemeral", json!({"ephemeralOsDisk": true}), "SourceUnsupported", &["ephemeral"]),
        case("trusted", json!({"securityType": "TrustedLaunch"}), "SecurityTypeMismatch", &["TrustedLaunch"]),
        Case {
            change: ("/spec/version", "9.0.0".into()),
            ..case("foreign-version", json!({}), "VersionExists", &["spec.version", "exists already"])
        },
        Case {
            change: ("/spec/version", "9.0.1".into()),
            ..case("others-version", json!({}), "VersionExists", &["spec.version", "other/ns/web/uid-1"])
        },
    ]
}

#[tokio::test]
async fn bad_input_stalls_with_a_reason_and_nothing_is_touched() {
    let test = Test::new("stalled").await;
    let azure = &test.azure;
    let owned = json!({"name": "9.0.1", "tags": {"azimage-owner": "other/ns/web/uid-1"}});
    azure
        .add_to_group(json!({"galleries": [{"name": "corpGallery", "definitions": [
            {"name": "for-windows", "osType": "Windows"},
            {"name": "specialized", "osState": "Specialized"},
            // One that exists already is not made again.
            {"name": "ubuntu-web", "versions": [{"name": "9.0.0"}, owned]},
        ]}]}))
        .await;
    let cases = cases();
    for (index, case) in cases.iter().enumerate() {
        if !case.machine.is_null() {
            azure.add_machine(case.name, &case.machine).await;
        }
        let object = manifests::image_version(azure, case.name, &format!("1.0.{index}"), case.name);
        test.apply(&with(object, case.change.0, case.change.1.clone())).await;
    }
    let controller = test.start();
    for case in &cases {
        let object = test.stalled(Kind::Version, case.name, case.reason).await;
        let (_, message) = object.stalled().unwrap();
        for part in case.message {
            assert!(message.contains(part), "{}: '{part}' is not in: {message}", case.name);
        }
        assert_eq!(object.condition("Ready").unwrap().reason, case.reason);
        println!("{}: {} - {message}", case.name, case.reason);
    }
    let warned = test.events().await;
    assert!(warned.iter().any(|event| {
        event.reason.as_deref() == Some("ConsentMissing") && event.type_.as_deref() == Some("Warning")
    }));
    let writes: Vec<_> = azure.journal().await.into_iter().filter(|entry| entry.write).collect();
    assert_eq!(classes(&writes), Vec::<String>::new(), "nothing is touched");
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn consent_given_later_heals_when_a_reconcile_is_asked_for() {
    let test = Test::new("consent").await;
    test.azure.add_machine("shy", &json!({"tags": {"team": "web"}})).await;
    // No resync comes in time.
    let controller = test.start_with(&[("resync-interval", "1h")]);
    test.apply(&manifests::image_version(&test.azure, "web", "1.4.0", "shy")).await;
    test.stalled(Kind::Version, "web", "ConsentMissing").await;
    test.azure.change_machine("shy", &json!({"tags": {"team": "web", "azimage-generalize": "allowed"}})).await;
    test.request(Kind::Version, "web").await;
    let object = test.ready(Kind::Version, "web").await;
    assert_eq!(
        object.at("/status/lastHandledReconcileAt"),
        object.at("/metadata/annotations/azimage.dev~1reconcile-requested-at")
    );
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn two_objects_for_one_version_or_one_machine_stall_the_younger_one() {
    let test = Test::new("conflict").await;
    test.apply(&manifests::image_version(&test.azure, "older", "1.4.0", "builder")).await;
    // Ages are told in whole seconds.
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    test.azure.add_machine("second", &json!({})).await;
    test.apply(&manifests::image_version(&test.azure, "same-version", "1.4.0", "second")).await;
    test.apply(&manifests::image_version(&test.azure, "same-machine", "1.5.0", "builder")).await;
    let controller = test.start();
    for (name, field) in [("same-version", "spec.version"), ("same-machine", "spec.source.virtualMachine")] {
        let (_, message) = test.stalled(Kind::Version, name, "Conflict").await.stalled().unwrap();
        assert!(message.contains(field) && message.contains("older"), "{message}");
    }
    test.ready(Kind::Version, "older").await;
    assert_eq!(test.azure.state(&test.azure.version("1.5.0")).await, None);
    assert_eq!(test.azure.state(&test.azure.machine("second")).await.unwrap()["generalized"], false);
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn a_namespace_that_the_identity_does_not_serve_is_told_so_and_azure_hears_nothing() {
    let test = Test::new("unserved").await;
    let controller = test.start_with(&[("identity-namespaces", "somewhere-else")]);
    test.apply(&manifests::image_version(&test.azure, "web", "1.4.0", "builder")).await;
    let (_, message) = test.stalled(Kind::Version, "web", "IdentityNotAllowed").await.stalled().unwrap();
    assert!(message.contains("--identity-namespaces") && message.contains(&test.namespace), "{message}");
    assert!(test.azure.journal().await.is_empty());
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn a_version_of_ours_that_was_made_from_something_else_is_never_replaced() {
    let test = Test::new("differs").await;
    // Suspended until the version is there, as its owner's tag holds the object's uid.
    let object = manifests::image_version(&test.azure, "web", "1.4.0", "builder");
    test.apply(&with(object, "/spec/suspend", true.into())).await;
    let object = test.wait(Kind::Version, "web", "there", |_| true).await;
    let system = test.kubectl(&["get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}"]).await;
    let owner = format!("{system}/{}/web/{}", test.namespace, object.at("/metadata/uid").as_str().unwrap());
    let version = json!({
        "name": "1.4.0",
        "tags": {"azimage-owner": owner},
        "virtualMachineId": test.azure.machine("another"),
    });
    test.azure.add_definition(json!({"name": "ubuntu-web", "versions": [version]})).await;
    let controller = test.start();
    test.change(Kind::Version, "web", &json!({"spec": {"suspend": false}})).await;
    let (_, message) = test.stalled(Kind::Version, "web", "VersionDiffers").await.stalled().unwrap();
    assert!(message.contains("spec.source") && message.contains("virtualMachines/another"), "{message}");
    assert_eq!(classes(&test.azure.writes().await), Vec::<String>::new());
    test.finish(Some(controller)).await;
}
