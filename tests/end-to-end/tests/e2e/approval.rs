//! Who builds doesn't promote, what became latest is told with who did it, also a version that failed, and versions are made from approved
//! sources alone.

use std::path::Path;

use azimage_end_to_end::{Kind, Object, Test, manifests};
use serde_json::{Value, json};

const BUILDER: [&str; 2] = ["--as=bob", "--as-group=image-builders"];
const MANAGER: [&str; 2] = ["--as=ada", "--as-group=image-release-managers"];
const STAMP: &str = "azimage.dev/latest-changed-by";

/// Changes the image definition as somebody; what the API server says.
async fn patch_as(test: &Test, who: [&str; 2], change: &Value) -> Result<(), String> {
    let change = change.to_string();
    let patch = ["-n", &test.namespace, "patch", "azid", "ubuntu-web", "--type", "merge", "-p", &change];
    let output = test.environment.cluster.kubectl(&[&patch[..], &who].concat()).await.unwrap();
    output.ok().map(drop).map_err(|error| error.to_string())
}

/// Who changed what is to be latest, as the object says.
async fn stamp(test: &Test) -> String {
    let object: Value =
        serde_json::from_str(&test.kubectl(&["get", "azid", "ubuntu-web", "-o", "json"]).await).unwrap();
    object["metadata"]["annotations"][STAMP].as_str().unwrap_or_default().to_owned()
}

/// The admission policy of the chart, for this namespace alone: others don't wait until the API server knows the definitions well enough.
async fn add_policy(test: &Test) {
    let chart = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../charts/azimage");
    let template = ["-s", "templates/admission-policy.yaml", "--set", "admissionPolicy.enabled=true"];
    let arguments = [&["template", "azimage", chart.to_str().unwrap()][..], &template].concat();
    let policy = test.environment.cluster.helm(&arguments).await.unwrap().ok().unwrap();
    let selector = format!(
        "  matchResources: {{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {}}}}}}}\n",
        test.namespace
    );
    let policy = format!("{}\n{selector}", policy.trim_end());
    test.environment.cluster.kubectl_with_input(&["apply", "-f", "-"], &policy).await.unwrap().ok().unwrap();
}

/// What the validation of a version came to.
async fn comes_to(test: &Test, name: &str, outcome: &str) {
    let at = "2026-01-01T00:00:00Z";
    let validation =
        json!({"outcome": outcome, "region": "westeurope", "startedAt": at, "finishedAt": at, "attempts": 1});
    test.overwrite_status(Kind::Version, name, |status| status["validation"] = validation).await;
}

async fn is_latest(test: &Test, version: &str) -> Object {
    let is = |object: &Object| object.at("/status/latest/version") == version;
    test.wait(Kind::Definition, "ubuntu-web", &format!("latest {version}"), is).await
}

#[tokio::test]
async fn a_release_manager_promotes_and_overrides_and_the_history_names_who_did() {
    let test = Test::new("approval").await;
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/release-manager.yaml");
    let roles = std::fs::read_to_string(example).unwrap();
    let roles = roles.replace("namespace: images", &format!("namespace: {}", test.namespace));
    test.environment.cluster.kubectl_with_input(&["apply", "-f", "-"], &roles).await.unwrap().ok().unwrap();
    let definition = json!({
        "apiVersion": "azimage.dev/v1alpha1", "kind": "ImageDefinition", "metadata": {"name": "ubuntu-web"},
        "spec": {
            "gallery": {"subscriptionId": test.azure.subscription, "resourceGroup": "images", "name": "corpGallery"},
            "management": "Observe", "latest": {"policy": "None"},
        },
    });
    test.apply(&definition).await;
    add_policy(&test).await;
    let source = test.azure.golden().await;
    let controller = test.start_with(&[("believe-latest-changed-by", "true")]);
    for (name, version) in [("old", "1.3.9"), ("bad", "1.4.0")] {
        test.apply(&manifests::copy(&test.azure, name, version, &source)).await;
    }
    for (name, outcome) in [("old", "Passed"), ("bad", "Failed")] {
        test.ready(Kind::Version, name).await;
        comes_to(&test, name, outcome).await;
    }

    // Who builds can't promote.
    let pin = |version: &str| json!({"spec": {"latest": {"policy": "Pinned", "pinned": version}}});
    let refused = patch_as(&test, BUILDER, &pin("1.3.9")).await.unwrap_err();
    assert!(refused.contains("cannot patch resource \"imagedefinitions\""), "{refused}");
    let own = ["-n", &test.namespace, "label", "azv", "old", "seen=yes"];
    test.environment.cluster.kubectl(&[&own[..], &BUILDER].concat()).await.unwrap().ok().unwrap();
    let refused = ["-n", &test.namespace, "label", "azv", "old", "seen=no", "--overwrite"];
    let refused = test.environment.cluster.kubectl(&[&refused[..], &MANAGER].concat()).await.unwrap();
    assert!(refused.ok().is_err(), "who promotes doesn't build");

    // Who promotes can, and is told whatever else they write there. A policy that is just made counts after a moment.
    let mut hours = 0;
    test.until("the rights and the policy count", || {
        hours += 1;
        let change = json!({"spec": {"latest": {"soak": format!("{hours}h")}}});
        let test = &test;
        async move { patch_as(test, MANAGER, &change).await.is_ok() && stamp(test).await == "ada" }
    })
    .await;
    let mut change = pin("1.3.9");
    change["metadata"] = json!({"annotations": {STAMP: "eve", "azimage.dev/reason": "CHG-4711"}});
    patch_as(&test, MANAGER, &change).await.unwrap();
    let object = is_latest(&test, "1.3.9").await;
    assert_eq!(stamp(&test).await, "ada");
    let entry = object.at("/status/history/0");
    assert_eq!(
        (&entry["action"], &entry["user"], &entry["reason"]),
        (&json!("Promoted"), &json!("ada"), &json!("CHG-4711"))
    );
    assert_eq!((&entry["manager"], &entry["regions"]), (&json!("kubectl-patch"), &json!(["westeurope"])));
    let forged = json!({"metadata": {"annotations": {STAMP: "eve"}}});
    patch_as(&test, MANAGER, &forged).await.unwrap();
    assert_eq!(stamp(&test).await, "ada", "who changed nothing of it isn't told, nor whom they name");

    // One that failed can't be pinned but by an override, which stands in the history.
    patch_as(&test, MANAGER, &pin("1.4.0")).await.unwrap();
    let stalled = test.stalled(Kind::Definition, "ubuntu-web", "PinnedUnusable").await;
    assert_eq!(stalled.at("/status/latest/version"), "1.3.9");
    let word = json!({"spec": {"latest": {"override": {"version": "1.4.0", "reason": "CVE fix, tried by hand"}}}});
    patch_as(&test, MANAGER, &word).await.unwrap();
    let object = is_latest(&test, "1.4.0").await;
    let history = object.at("/status/history").as_array().unwrap();
    let of =
        |action: &str| history.iter().find(|entry| entry["action"] == action && entry["version"] == "1.4.0").unwrap();
    assert_eq!((&of("Overridden")["user"], &of("Promoted")["user"]), (&json!("ada"), &json!("ada")));
    assert_eq!(of("Overridden")["reason"], "CVE fix, tried by hand");
    let told = |object: &Object| object.condition("Promoted").is_some_and(|it| it.message.contains("override"));
    test.wait(Kind::Version, "bad", "latest by the override", told).await;

    // Without it the version goes, and the old one is latest again.
    patch_as(&test, MANAGER, &json!({"spec": {"latest": {"pinned": "1.3.9", "override": null}}})).await.unwrap();
    let object = is_latest(&test, "1.3.9").await;
    assert_eq!(object.at("/status/history/0/action"), "RolledBack");
    let entries = object.at("/status/history").as_array().unwrap();
    assert!(entries.iter().any(|entry| entry["action"] == "Overridden"));
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn a_machine_that_is_not_approved_is_left_alone_until_it_is() {
    let test = Test::new("sources").await;
    test.azure.add_machine("vetted", &json!({})).await;
    let images = |sku: &str| json!({"virtualMachines": {"imageReferences": [{"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": sku}]}});
    let mut definition = manifests::definition(&test.azure, "ubuntu-web", "ubuntu-web");
    definition["spec"]["management"] = "Observe".into();
    definition["spec"].as_object_mut().unwrap().remove("properties");
    definition["spec"]["sources"] = images("minimal");
    test.apply(&definition).await;
    test.apply(&manifests::image_version(&test.azure, "web", "1.4.0", "vetted")).await;
    let controller = test.start();
    let stalled = test.stalled(Kind::Version, "web", "SourceNotApproved").await;
    let message = stalled.condition("SourceReady").unwrap().message;
    for part in [
        "spec.sources.virtualMachines.imageReferences of the ImageDefinition ubuntu-web",
        "canonical:ubuntu-24_04-lts:minimal",
        "Canonical:ubuntu-24_04-lts:server:",
    ] {
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(stalled.at("/status/source/imageReference/sku"), "server");
    assert!(test.azure.writes().await.is_empty(), "nothing was written to Azure");
    test.change(Kind::Definition, "ubuntu-web", &json!({"spec": {"sources": images("server")}})).await;
    let goes_on = |object: &Object| object.condition("SourceReady").is_some_and(|it| it.status == "True");
    test.wait(Kind::Version, "web", "claimed", goes_on).await;
    test.finish(Some(controller)).await;
}
