//! Of a machine that is captured itself a snapshot of the OS disk is kept, as it was before its guest was touched: until it
//! expires, with or without its object.

use azimage_end_to_end::{Kind, Object, Test, classes, manifests, manifests::with};
use futures::{StreamExt, stream};
use serde_json::{Value, json};

/// The writes that bring one version of a machine into its home region, in their order.
const WRITES: [&str; 8] = [
    "PATCH virtualMachines",
    "PUT snapshots",
    "PUT virtualMachines/runCommands",
    "DELETE virtualMachines/runCommands",
    "PATCH virtualMachines",
    "POST virtualMachines/deallocate",
    "POST virtualMachines/generalize",
    "PUT galleries/images/versions",
];

const EXPIRED: &str = "2020-01-01T00:00:00Z";

/// Lives that run at the same time: they mostly wait.
const AT_A_TIME: usize = 4;

/// An image version that keeps a snapshot, as it does by default.
fn keeping(test: &Test) -> Value {
    let mut object = manifests::image_version(&test.azure, "web", "1.4.0", "builder");
    object["spec"]["source"]["virtualMachine"].as_object_mut().unwrap().remove("inPlace");
    object
}

/// What the object tells of its snapshot: the id, and when it is deleted.
fn told(object: &Object) -> (String, String) {
    let all = object.at("/status/temporary").as_array().cloned().unwrap_or_default();
    let [kept] = &all[..] else { panic!("{all:?}") };
    (kept["resourceId"].as_str().unwrap().to_owned(), kept["expiresAt"].as_str().unwrap().to_owned())
}

/// The version is there, and the snapshot, of the disk as it was before the seal.
async fn all_is_true(test: &Test) -> String {
    let object = test.ready(Kind::Version, "web").await;
    assert_eq!(object.condition("CleanedUp").unwrap().reason, "Succeeded");
    let (id, expires) = told(&object);
    assert!(id.contains("/resourceGroups/images/") && id.ends_with("-os-snapshot"), "{id}");
    let snapshot = test.azure.request("GET", &id, None).await;
    let tags = &snapshot["tags"];
    assert_eq!((&tags["azimage-purpose"], &tags["azimage-expires-at"]), (&json!("kept-disk"), &json!(expires)));
    let properties = &snapshot["properties"];
    assert_eq!((&properties["incremental"], &properties["networkAccessPolicy"]), (&json!(true), &json!("DenyAll")));
    let source = properties["creationData"]["sourceResourceId"].as_str().unwrap();
    assert!(source.ends_with("/disks/builder_OsDisk_1"), "{source}");
    id
}

async fn is_there(test: &Test, id: &str) -> bool {
    test.azure.state(id).await.is_some()
}

async fn retag(test: &Test, id: &str, name: &str, value: &str) {
    let mut tags = test.azure.request("GET", id, None).await["tags"].clone();
    tags[name] = json!(value);
    test.azure.request("PATCH", id, Some(&json!({"tags": tags}))).await;
}

#[tokio::test]
async fn a_snapshot_from_before_the_seal_is_kept_until_it_expires() {
    let test = Test::new("kept").await;
    let controller = test.start();
    test.apply(&keeping(&test)).await;
    let id = all_is_true(&test).await;
    assert_eq!(classes(&test.azure.writes().await), WRITES);
    println!("{}", test.kubectl(&["get", "azv", "web", "--output=jsonpath={.status.temporary}"]).await);
    // Time goes by, in Azure and in the status.
    retag(&test, &id, "azimage-expires-at", EXPIRED).await;
    test.overwrite_status(Kind::Version, "web", |status| status["temporary"][0]["expiresAt"] = EXPIRED.into()).await;
    test.request(Kind::Version, "web").await;
    test.until("the snapshot is deleted", || async { !is_there(&test, &id).await }).await;
    let gone = |object: &Object| object.at("/status/temporary") == &Value::Null;
    let object = test.wait(Kind::Version, "web", "told that it is gone", gone).await;
    assert!(object.is_ready());
    test.finish(Some(controller)).await;
}

/// Kills azimage after its n-th write to Azure was carried out and before it hears of it.
async fn after_azure_write(number: usize) {
    let test = Test::new("restart-kept").await;
    let fault = test.azure.hang_after_write(number).await;
    test.apply(&keeping(&test)).await;
    let first = test.start();
    test.until(&format!("write {number} to Azure is done"), || async { test.azure.fired(fault).await == 1 }).await;
    test.kill(first);
    test.azure.end_fault(fault).await;
    let second = test.start();
    all_is_true(&test).await;
    assert_eq!(classes(&test.azure.writes().await), WRITES, "killed after write {number}");
    test.finish(Some(second)).await;
}

#[tokio::test]
async fn killed_after_each_write_it_keeps_one_snapshot_from_before_the_seal() {
    let lives = stream::iter(1..=WRITES.len()).map(after_azure_write);
    lives.buffer_unordered(AT_A_TIME).collect::<Vec<_>>().await;
}

#[tokio::test]
async fn it_outlives_its_object_and_goes_when_it_expired() {
    let test = Test::new("kept-longer").await;
    let group = format!("/subscriptions/{}/resourceGroups/images", test.azure.subscription);
    let controller = test.start_with(&[("workspaces", &group)]);
    test.apply(&keeping(&test)).await;
    let id = all_is_true(&test).await;
    test.delete(Kind::Version, "web").await;
    test.gone(Kind::Version, "web").await;
    assert!(is_there(&test, &id).await);
    let events = test.kubectl(&["events", "--for=imageversion/web"]).await;
    assert!(events.contains("is kept until"), "{events}");
    retag(&test, &id, "azimage-expires-at", EXPIRED).await;
    test.until("the snapshot is deleted", || async { !is_there(&test, &id).await }).await;
    let machine = test.azure.state(&test.azure.machine("builder")).await;
    assert!(machine.is_some(), "nothing else is deleted with it");
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn a_right_or_a_lock_that_would_refuse_it_is_told_before_the_claim() {
    let test = Test::alone("kept-refused").await;
    test.azure.allow_without(&["Microsoft.Compute/snapshots/delete"]).await;
    let controller = test.start();
    test.apply(&keeping(&test)).await;
    let (_, message) = test.stalled(Kind::Version, "web", "AccessDenied").await.stalled().unwrap();
    assert!(
        message.contains("Microsoft.Compute/snapshots/delete") && message.contains("keepDiskSnapshotFor"),
        "{message}"
    );
    test.azure.allow_without(&[]).await;
    let scope = format!("/subscriptions/{}/resourceGroups/images", test.azure.subscription);
    let lock = |level| json!({"locks": [{"scope": scope, "name": "keep", "level": level}]});
    test.azure.post("/scenario", &lock("CanNotDelete")).await;
    test.request(Kind::Version, "web").await;
    let (_, message) = test.stalled(Kind::Version, "web", "ScopeLocked").await.stalled().unwrap();
    assert!(message.contains("The lock keep on") && message.contains("keepDiskSnapshotFor"), "{message}");
    assert_eq!(classes(&test.azure.writes().await), Vec::<String>::new());
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn with_a_workspace_it_lies_there() {
    let test = Test::new("kept-elsewhere").await;
    test.azure.add_workspace().await;
    let subnets = json!([{"region": "West Europe", "resourceId": test.azure.subnet()}]);
    let tags = json!({"cost-center": "42"});
    let workspace = json!({"resourceGroup": "image-work", "subnets": subnets, "tags": tags});
    let controller = test.start();
    test.apply(&with(keeping(&test), "/spec/workspace", workspace)).await;
    let (id, _) = told(&test.ready(Kind::Version, "web").await);
    assert!(id.contains("/resourceGroups/image-work/"), "{id}");
    assert_eq!(test.azure.request("GET", &id, None).await["tags"]["cost-center"], "42");
    test.finish(Some(controller)).await;
}
