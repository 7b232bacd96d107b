//! What Azure would refuse when the machine is generalized already: Stalled before anything is written.

use azimage_end_to_end::{Kind, Test, classes, manifests, manifests::with};
use serde_json::{Value, json};

use crate::happy_path::WRITES;

/// A source that doesn't go.
struct Case {
    name: &'static str,
    /// The machine, as far as it differs from a running Linux machine that consents.
    machine: Value,
    definition: &'static str,
    reason: &'static str,
    message: &'static [&'static str],
}

fn cases() -> Vec<Case> {
    let case = |name, machine, reason, message| Case { name, machine, definition: "ubuntu-web", reason, message };
    let arm = json!({"architecture": "Arm64", "vmSize": "Standard_D2ps_v5"});
    let old = json!({"architecture": "Arm64", "vmSize": "Standard_D2ps_v5", "oldDisk": true});
    let ultra = json!({"dataDisks": [{"lun": 0, "sizeGb": 64, "storageAccountType": "UltraSSD_LRS"}]});
    vec![
        case("arm", arm, "ArchitectureMismatch", &["spec.definition", "Arm64", "x64"]),
        case("old-arm", old, "ArchitectureMismatch", &["spec.definition", "Arm64", "x64"]),
        Case { definition: "for-arm", ..case("x64", json!({}), "ArchitectureMismatch", &["Arm64", "x64"]) },
        Case {
            definition: "confidential",
            ..case("secret", json!({"securityType": "ConfidentialVM"}), "SourceUnsupported", &["ConfidentialVM"])
        },
        case("guest-keys", json!({"diskEncryption": true}), "SourceUnsupported", &["/disks/guest-keys_OsDisk_1"]),
        case("own-keys", json!({"diskEncryptionSet": "/set"}), "SourceUnsupported", &["own-keys_OsDisk_1", "/set"]),
        case("ultra", ultra, "SourceUnsupported", &["/disks/ultra_disk0", "UltraSSD_LRS"]),
        case("large", json!({"osDiskSizeGb": 4096}), "SourceUnsupported", &["/disks/large_OsDisk_1", "4096"]),
        case(
            "closed",
            json!({"allowExtensionOperations": false}),
            "SourceUnsupported",
            &["osProfile.allowExtensionOperations"],
        ),
    ]
}

async fn definitions(test: &Test) {
    test.azure
        .add_definition(json!({"name": "for-arm", "architecture": "Arm64", "versions": [{"name": "3.0.0"}]}))
        .await;
    let features = json!([{"name": "SecurityType", "value": "ConfidentialVM"}]);
    let confidential = json!({"name": "confidential", "features": features, "versions": [{"name": "3.0.0"}]});
    test.azure.add_definition(confidential).await;
}

async fn nothing_is_written(test: &Test) {
    let writes: Vec<_> = test.azure.journal().await.into_iter().filter(|entry| entry.write).collect();
    assert_eq!(classes(&writes), Vec::<String>::new());
}

#[tokio::test]
async fn a_source_that_no_image_can_be_made_from_is_told_before_anything_is_written() {
    let test = Test::new("preflight").await;
    definitions(&test).await;
    let cases = cases();
    for (index, case) in cases.iter().enumerate() {
        test.azure.add_machine(case.name, &case.machine).await;
        let object = manifests::image_version(&test.azure, case.name, &format!("1.0.{index}"), case.name);
        test.apply(&with(object, "/spec/definition", case.definition.into())).await;
    }
    // A deallocated machine's model shows neither size nor storage of its disks.
    let sealed = json!({
        "osDiskSizeGb": 4096, "generalized": true, "powerState": "deallocated", "deprovisioned": true,
    });
    test.azure.add_machine("sealed", &sealed).await;
    let object = manifests::image_version(&test.azure, "sealed", "2.0.0", "sealed");
    let prepared = json!({"prepare": "AlreadyGeneralized"});
    test.apply(&with(object, "/spec/source/virtualMachine/guest", prepared)).await;
    let copies =
        [("copy-of-arm", "for-arm", "ArchitectureMismatch"), ("copy-of-secret", "confidential", "SourceUnsupported")];
    for (index, (name, definition, _)) in copies.iter().enumerate() {
        let source = test.azure.version_of(definition, "3.0.0");
        test.apply(&manifests::copy(&test.azure, name, &format!("2.1.{index}"), &source)).await;
    }
    let controller = test.start();
    for case in &cases {
        let (_, message) = test.stalled(Kind::Version, case.name, case.reason).await.stalled().unwrap();
        for part in case.message {
            assert!(message.contains(part), "{}: '{part}' is not in: {message}", case.name);
        }
        println!("{}: {} - {message}", case.name, case.reason);
    }
    let (_, message) = test.stalled(Kind::Version, "sealed", "SourceUnsupported").await.stalled().unwrap();
    assert!(message.contains("/disks/sealed_OsDisk_1"), "{message}");
    for (name, _, reason) in copies {
        test.stalled(Kind::Version, name, reason).await;
    }
    nothing_is_written(&test).await;
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn an_old_disk_whose_machines_size_tells_the_architecture_is_captured() {
    let test = Test::new("old-disk").await;
    test.azure.add_machine("old", &json!({"oldDisk": true})).await;
    let controller = test.start();
    test.apply(&manifests::image_version(&test.azure, "web", "1.4.0", "old")).await;
    test.ready(Kind::Version, "web").await;
    assert_eq!(classes(&test.azure.writes().await), WRITES[..7]);
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn a_lock_on_the_gallery_is_named_before_the_machine_is_touched() {
    let test = Test::alone("gallery-lock").await;
    let version = test.azure.version("1.4.0");
    let gallery = version.split("/images/").next().unwrap();
    let lock = |level| json!({"locks": [{"scope": gallery, "name": "audit", "level": level}]});
    let controller = test.start();
    test.azure.post("/scenario", &lock("ReadOnly")).await;
    test.apply(&manifests::image_version(&test.azure, "web", "1.4.0", "builder")).await;
    let object = test.stalled(Kind::Version, "web", "ScopeLocked").await;
    let (_, message) = object.stalled().unwrap();
    assert!(message.contains("audit") && message.contains(gallery), "{message}");
    assert_eq!(object.condition("Compatible").unwrap().reason, "ScopeLocked");
    nothing_is_written(&test).await;
    test.azure.post("/scenario", &lock("CanNotDelete")).await;
    test.ready(Kind::Version, "web").await;
    test.azure.post("/scenario", &json!({"locks": []})).await;
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn a_number_that_the_gallery_keeps_is_taken_until_it_is_deleted_for_good() {
    let test = Test::new("soft-delete").await;
    let kept = json!({"name": "web", "softDeleted": [{"name": "1.4.0"}], "versions": [{"name": "1.0.0"}]});
    test.azure.add_to_group(json!({"galleries": [{"name": "kept", "softDelete": true, "definitions": [kept]}]})).await;
    let source = test.azure.version("9.0.0");
    test.azure.add_definition(json!({"name": "ubuntu-web", "versions": [{"name": "9.0.0"}]})).await;
    let into =
        |object: Value| with(with(object, "/spec/gallery/name", "kept".into()), "/spec/definition", "web".into());
    test.apply(&into(manifests::image_version(&test.azure, "capture", "1.4.0", "builder"))).await;
    let controller = test.start_with(&[("resync-interval", "3s")]);
    // Which right that takes is said by Azure alone, so the printed roles don't have it.
    let (_, message) = test.stalled(Kind::Version, "capture", "AccessDenied").await.stalled().unwrap();
    assert!(message.to_lowercase().contains("galleries/softdeletedartifacttypes/artifacts/versions/read"), "{message}");
    let scope = format!("/subscriptions/{}", test.azure.subscription);
    let roles = json!([{"scope": scope, "actions": ["Microsoft.Compute/galleries/*"]}]);
    let client = json!({"id": test.azure.client, "secret": test.azure.secret, "roles": roles});
    test.azure.post("/scenario", &json!({"clients": [client]})).await;
    let (_, message) = test.stalled(Kind::Version, "capture", "VersionExists").await.stalled().unwrap();
    assert!(message.contains("spec.version") && message.contains("soft delete"), "{message}");
    nothing_is_written(&test).await;
    // Another number is free.
    test.apply(&into(manifests::copy(&test.azure, "copy", "1.5.0", &source))).await;
    test.ready(Kind::Version, "copy").await;
    let version = source.replace(
        "/corpGallery/images/ubuntu-web/versions/9.0.0",
        "/kept/softDeletedArtifactTypes/Images/artifacts/web/versions/1.4.0",
    );
    test.azure.request("DELETE", &version, None).await;
    test.ready(Kind::Version, "capture").await;
    test.finish(Some(controller)).await;
}
