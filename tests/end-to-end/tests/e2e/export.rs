//! A `ConfigMap` says what is latest: it follows a promotion and a rollback, and one of somebody else stays as it is.

use azimage_end_to_end::{Kind, Object, Test, manifests};
use serde_json::{Value, json};

use crate::{
    definitions::identical,
    promotion::{latest, passes, patch},
};

/// A `ConfigMap`, or nothing.
async fn map(test: &Test, name: &str) -> Value {
    let list: Value = serde_json::from_str(&test.kubectl(&["get", "configmaps", "-o", "json"]).await).unwrap();
    let found = list["items"].as_array().unwrap().iter().find(|it| it["metadata"]["name"] == name);
    found.cloned().unwrap_or_default()
}

/// Waits until a `ConfigMap` says that this version is latest.
async fn says(test: &Test, name: &str, version: &str) -> Value {
    let is = || async move { map(test, name).await["data"]["IMAGE_VERSION"] == version };
    test.until(&format!("{name} says {version}"), is).await;
    map(test, name).await
}

fn exported(reason: &str) -> impl Fn(&Object) -> bool {
    move |object| object.condition("Exported").is_some_and(|it| it.reason == reason)
}

#[tokio::test]
async fn a_config_map_follows_what_is_latest_and_a_foreign_one_stays() {
    let test = Test::new("export").await;
    let source = test.azure.golden().await;
    let controller = test.start_with(&[("resync-interval", "2s"), ("poll-interval", "500ms")]);
    test.kubectl(&["create", "configmap", "web-newest", "--from-literal=IMAGE_VERSION=theirs"]).await;
    let foreign = map(&test, "web-newest").await;
    let definition = json!({
        "apiVersion": "azimage.dev/v1alpha1", "kind": "ImageDefinition", "metadata": {"name": "ubuntu-web"},
        "spec": {
            "gallery": {"subscriptionId": test.azure.subscription, "resourceGroup": "images", "name": "corpGallery"},
            "management": "Observe", "latest": {"policy": "Newest"}, "export": {"configMapName": "web-latest"},
        },
    });
    test.apply(&definition).await;
    for (name, version) in [("old", "1.3.9"), ("new", "1.4.0")] {
        test.apply(&manifests::copy(&test.azure, name, version, &source)).await;
    }
    tokio::join!(test.ready(Kind::Version, "old"), test.ready(Kind::Version, "new"));
    test.wait(Kind::Definition, "ubuntu-web", "nothing latest", exported("NothingLatest")).await;
    assert_eq!(map(&test, "web-latest").await, Value::Null);

    // It follows a promotion, and another one.
    passes(&test, "old").await;
    let first = says(&test, "web-latest", "1.3.9").await;
    assert_eq!(first["metadata"]["ownerReferences"][0]["name"], "ubuntu-web");
    passes(&test, "new").await;
    let second = says(&test, "web-latest", "1.4.0").await;
    let data = &second["data"];
    assert_eq!(data["IMAGE_VERSION_westeurope"], "1.4.0");
    assert!(data["IMAGE_ID"].as_str().unwrap().ends_with("/versions/1.4.0"), "{data}");
    assert_ne!(data["IMAGE_SHA256"], first["data"]["IMAGE_SHA256"]);

    // So does a reference, for whoever may read the object.
    let program = &test.environment.programs.azimage;
    let refer = |extra: &[&str]| {
        let mut command = std::process::Command::new(program);
        command.args(["reference", "ubuntu-web", "-n", &test.namespace, "-o", "bicep"]).args(extra);
        command.env("KUBECONFIG", test.kubeconfig()).env("NO_PROXY", "127.0.0.1").output().unwrap()
    };
    let printed = String::from_utf8(refer(&["--region", "West Europe"]).stdout).unwrap();
    assert!(printed.contains(data["IMAGE_ID"].as_str().unwrap()), "{printed}");
    assert_eq!(refer(&["--region", "northeurope"]).status.code(), Some(3));

    // Nothing is written while nothing changes.
    let seen = test.ready(Kind::Definition, "ubuntu-web").await.at("/metadata/resourceVersion").clone();
    test.request(Kind::Definition, "ubuntu-web").await;
    let handled = |object: &Object| object.at("/metadata/resourceVersion") != &seen && object.is_ready();
    test.wait(Kind::Definition, "ubuntu-web", "another pass", handled).await;
    assert_eq!(map(&test, "web-latest").await, second);

    // Somebody deletes it, and it comes back; a rollback is in it, also while Azure refuses what the object says of the definition itself.
    test.kubectl(&["delete", "configmap", "web-latest"]).await;
    says(&test, "web-latest", "1.4.0").await;
    test.azure.allow_without(&["Microsoft.Compute/galleries/images/write"]).await;
    let adopting = identical(&test, "ubuntu-web").await["spec"]["properties"].take();
    patch(&test, &json!({"spec": {"management": "Ensure", "adoption": "IfIdentical", "properties": adopting}})).await;
    test.stalled(Kind::Definition, "ubuntu-web", "AccessDenied").await;
    patch(&test, &json!({"spec": {"latest": {"policy": "Pinned", "pinned": "1.3.9"}}})).await;
    let rolled_back = says(&test, "web-latest", "1.3.9").await;
    assert_eq!(rolled_back["data"]["IMAGE_SHA256"], first["data"]["IMAGE_SHA256"]);
    latest(&test, "1.3.9", 1).await;
    test.stalled(Kind::Definition, "ubuntu-web", "AccessDenied").await;
    test.azure.allow_without(&[]).await;
    test.ready(Kind::Definition, "ubuntu-web").await;

    // Another name, which somebody else has: theirs stays as it is, and our old one goes.
    patch(&test, &json!({"spec": {"export": {"configMapName": "web-newest"}}})).await;
    test.stalled(Kind::Definition, "ubuntu-web", "ConfigMapExists").await;
    test.until("the old one is gone", || async { map(&test, "web-latest").await.is_null() }).await;
    assert_eq!(map(&test, "web-newest").await, foreign);
    test.kubectl(&["delete", "configmap", "web-newest"]).await;
    says(&test, "web-newest", "1.3.9").await;
    // One for which the chart grants no right is told.
    patch(&test, &json!({"spec": {"export": {"configMapName": "web-other"}}})).await;
    let object = test.stalled(Kind::Definition, "ubuntu-web", "ExportRefused").await;
    let (_, message) = object.stalled().unwrap();
    assert!(message.contains("export.configMapNames"), "{message}");
    patch(&test, &json!({"spec": {"export": {"configMapName": "web-latest"}}})).await;
    says(&test, "web-latest", "1.3.9").await;

    // Nothing is latest any more, so nothing says so.
    patch(&test, &json!({"spec": {"latest": {"policy": "None", "pinned": null, "emptyRegions": "Allow"}}})).await;
    test.wait(Kind::Definition, "ubuntu-web", "nothing latest", exported("NothingLatest")).await;
    test.until("it is gone", || async { map(&test, "web-latest").await.is_null() }).await;
    patch(&test, &json!({"spec": {"export": null}})).await;
    let none = |object: &Object| object.condition("Exported").is_none() && object.at("/status/configMaps").is_null();
    test.wait(Kind::Definition, "ubuntu-web", "no export", none).await;
    test.finish(Some(controller)).await;
}
