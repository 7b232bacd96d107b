//! Sources other than machines: managed images, disks and snapshots, versions elsewhere.

use azimage_end_to_end::{Kind, Test, classes, manifests, manifests::with};
use futures::{StreamExt, stream};
use serde_json::{Value, json};

/// What a version of another source than a machine takes: one write.
const WRITES: [&str; 1] = ["PUT galleries/images/versions"];

/// Applies objects, each with the reason for which it has to stall and what its message has to name, and sees that nothing was
/// written for them.
async fn refused(test: &Test, cases: &[(Value, &str, &[&str])]) {
    for (object, ..) in cases {
        test.apply(object).await;
    }
    for (object, reason, parts) in cases {
        let name = object["metadata"]["name"].as_str().unwrap();
        let (_, message) = test.stalled(Kind::Version, name, reason).await.stalled().unwrap();
        for part in *parts {
            assert!(message.contains(part), "{name}: '{part}' is not in: {message}");
        }
        println!("{name}: {reason} - {message}");
    }
}

#[tokio::test]
async fn a_managed_image_becomes_a_version() {
    let test = Test::new("managed-image").await;
    test.azure
        .add_to_group(json!({"images": [
            {"name": "golden", "sizeGb": 40, "dataDisks": [{"lun": 0, "sizeGb": 64}]},
            {"name": "windows", "osType": "Windows"},
            {"name": "old", "hyperVGeneration": "V1"},
            {"name": "large", "sizeGb": 4096},
        ]}))
        .await;
    test.azure.add_definition(json!({"name": "for-arm", "architecture": "Arm64"})).await;
    let image = |name: &str, version: &str, image: &str| manifests::from_image(&test.azure, name, version, image);
    let controller = test.start();
    refused(
        &test,
        &[
            (
                image("missing", "1.0.0", "nowhere"),
                "SourceNotFound",
                &["spec.source.managedImage.resourceId", "nowhere"],
            ),
            (image("windows", "1.0.1", "windows"), "OsTypeMismatch", &["spec.definition", "Windows"]),
            (image("old", "1.0.2", "old"), "GenerationMismatch", &["spec.definition", "V1"]),
            (image("large", "1.0.3", "large"), "SourceUnsupported", &["4096"]),
            (
                with(image("arm", "1.0.4", "golden"), "/spec/definition", "for-arm".into()),
                "ArchitectureMismatch",
                &["Arm64", "x64"],
            ),
        ],
    )
    .await;
    assert_eq!(classes(&test.azure.writes().await), Vec::<String>::new());
    test.apply(&image("golden", "1.4.0", "golden")).await;
    let object = test.ready(Kind::Version, "golden").await;
    for condition in ["GuestPrepared", "Generalized"] {
        assert_eq!(object.condition(condition).unwrap().reason, "NotNeeded", "{condition}");
    }
    assert_eq!(classes(&test.azure.writes().await), WRITES);
    let made = test.azure.request("GET", &test.azure.version("1.4.0"), None).await;
    assert_eq!(made["properties"]["storageProfile"]["source"]["id"], test.azure.compute("images/golden"));
    assert_eq!(test.azure.undescribed().await, Vec::<String>::new());
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn disks_and_snapshots_become_a_version() {
    let test = Test::new("disks").await;
    test.azure
        .add_to_group(json!({
            "disks": [
                {"name": "data"},
                {"name": "os", "osType": "Linux", "sizeGb": 30},
                {"name": "arm", "osType": "Linux", "architecture": "Arm64"},
                {"name": "away", "location": "northeurope"},
                {"name": "ultra", "storageAccountType": "UltraSSD_LRS"},
            ],
            "snapshots": [{"name": "os", "osType": "Linux", "sizeGb": 30}, {"name": "data"}],
        }))
        .await;
    let disks = |name: &str, version: &str, disks: &[&str]| manifests::from_disks(&test.azure, name, version, disks);
    let controller = test.start();
    refused(
        &test,
        &[
            (disks("missing", "1.0.0", &["disks/nowhere"]), "SourceNotFound", &["spec.source.disks", "nowhere"]),
            // The disk of the running machine `builder`.
            (disks("attached", "1.0.1", &["disks/builder_OsDisk_1"]), "SourceUnsupported", &["detach", "snapshot"]),
            (disks("no-system", "1.0.2", &["snapshots/data"]), "SourceUnsupported", &["osType", "/snapshots/data"]),
            (disks("arm", "1.0.3", &["disks/arm"]), "ArchitectureMismatch", &["Arm64", "x64"]),
            (disks("away", "1.0.4", &["disks/os", "disks/away"]), "SourceUnsupported", &["northeurope", "westeurope"]),
            (disks("ultra", "1.0.5", &["disks/os", "disks/ultra"]), "SourceUnsupported", &["UltraSSD_LRS"]),
        ],
    )
    .await;
    assert_eq!(classes(&test.azure.writes().await), Vec::<String>::new());
    test.apply(&disks("web", "1.4.0", &["snapshots/os", "disks/data"])).await;
    test.ready(Kind::Version, "web").await;
    assert_eq!(classes(&test.azure.writes().await), WRITES);
    let made = test.azure.request("GET", &test.azure.version("1.4.0"), None).await;
    let profile = &made["properties"]["storageProfile"];
    assert_eq!(profile["osDiskImage"]["source"]["id"], test.azure.compute("snapshots/os"));
    assert_eq!(profile["dataDiskImages"][0]["source"]["id"], test.azure.compute("disks/data"));
    // A target is one more write, which names no source.
    test.apply(&manifests::target_by_name("north", "northeurope", "web")).await;
    test.ready(Kind::Target, "north").await;
    test.apply(&disks("plain", "1.5.0", &["disks/os"])).await;
    test.ready(Kind::Version, "plain").await;
    assert_eq!(test.azure.undescribed().await, Vec::<String>::new());
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn a_version_of_another_gallery_and_subscription_is_copied_once_also_by_who_is_killed() {
    let test = Test::new("elsewhere").await;
    let fault = test.azure.hang_after_write(1).await;
    let (first, rest) = test.azure.subscription.split_at(1);
    let other = format!("{}{rest}", if first == "a" { "b" } else { "a" });
    let group = format!("/subscriptions/{other}/resourceGroups/shared");
    let definition = json!({"name": "ubuntu", "versions": [{"name": "2.0.0", "regions": ["westeurope"]}]});
    let galleries = json!([{"name": "base", "definitions": [definition]}]);
    let shared = json!({"name": "shared", "location": "northeurope", "galleries": galleries});
    test.azure.post("/scenario", &json!({"subscriptions": [{"id": other, "resourceGroups": [shared]}]})).await;
    let source = format!("{group}/providers/Microsoft.Compute/galleries/base/images/ubuntu/versions/2.0.0");
    test.apply(&manifests::copy(&test.azure, "copy", "1.4.0", &source)).await;
    let controller = test.start();
    let (_, message) = test.stalled(Kind::Version, "copy", "AccessDenied").await.stalled().unwrap();
    let action = "Microsoft.Compute/galleries/images/versions/read";
    assert!(message.contains(action) && message.contains(&group), "{message}");
    // One role, on the group of the source alone.
    test.azure.allow_in("source", &group).await;
    test.request(Kind::Version, "copy").await;
    test.until("the version is asked for", || async { test.azure.fired(fault).await == 1 }).await;
    test.kill(controller);
    test.azure.end_fault(fault).await;
    let controller = test.start();
    test.ready(Kind::Version, "copy").await;
    let made = test.azure.request("GET", &test.azure.version("1.4.0"), None).await;
    assert_eq!(made["location"], "northeurope", "the home region is that of the source");
    assert_eq!(classes(&test.azure.writes().await), WRITES);
    test.finish(Some(controller)).await;
}

/// What else than a machine a version is made from.
#[derive(Clone, Copy, Debug)]
enum Source {
    Image,
    Disks,
    Version,
}

impl Source {
    fn object(self, test: &Test) -> Value {
        match self {
            Self::Image => manifests::from_image(&test.azure, "web", "1.4.0", "golden"),
            Self::Disks => manifests::from_disks(&test.azure, "web", "1.4.0", &["snapshots/os", "disks/data"]),
            Self::Version => manifests::copy(&test.azure, "web", "1.4.0", &test.azure.version("1.0.0")),
        }
    }
}

/// The writes of a version that is wanted in another region, too.
const WIDE: [&str; 2] = ["PUT galleries/images/versions"; 2];

/// Kills azimage after its n-th write to Azure was carried out and before it hears of it.
async fn killed_after((source, number): (Source, usize)) {
    let test = Test::new("restart-source").await;
    let base = json!({"name": "ubuntu-base", "versions": [{"name": "1.0.0", "regions": ["westeurope"]}]});
    test.azure
        .add_to_group(json!({
            "images": [{"name": "golden"}], "disks": [{"name": "data"}], "snapshots": [{"name": "os", "osType": "Linux"}],
        }))
        .await;
    test.azure.add_definition(base).await;
    let mut object = source.object(&test);
    if let Some(copied) = object.pointer_mut("/spec/source/imageVersion/resourceId") {
        *copied = copied.as_str().unwrap().replace("/images/ubuntu-web/", "/images/ubuntu-base/").into();
    }
    let fault = test.azure.hang_after_write(number).await;
    test.apply(&object).await;
    let first = test.start();
    if number > 1 {
        test.ready(Kind::Version, "web").await;
    }
    test.apply(&manifests::target_by_name("north", "northeurope", "web")).await;
    test.until(&format!("write {number} to Azure is done"), || async { test.azure.fired(fault).await == 1 }).await;
    test.kill(first);
    test.azure.end_fault(fault).await;
    let second = test.start();
    test.ready(Kind::Target, "north").await;
    test.ready(Kind::Version, "web").await;
    let writes = classes(&test.azure.writes().await);
    // The target may be there before the version is written.
    assert!(
        writes == WIDE || number == 1 && writes == WIDE[..1],
        "{source:?}, killed after write {number}: {writes:?}"
    );
    test.finish(Some(second)).await;
}

#[tokio::test]
async fn killed_after_each_write_a_version_of_another_source_is_made_once() {
    let sources = [Source::Image, Source::Disks, Source::Version];
    let lives = sources.into_iter().flat_map(|source| (1..=WIDE.len()).map(move |number| (source, number)));
    stream::iter(lives).map(killed_after).buffer_unordered(3).collect::<Vec<_>>().await;
}
