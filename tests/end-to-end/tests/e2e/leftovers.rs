//! What is left of copies whose objects went without azimage: deleted when it expired, and nothing else with it.

use azimage_end_to_end::{Kind, Test, classes, manifests};
use serde_json::{Value, json};

const EXPIRED: &str = "2020-01-01T00:00:00Z";

/// Kills azimage in the middle of a copy, and lets its object go without it. What it has made is left.
async fn leave(test: &Test) -> Vec<String> {
    test.azure.add_workspace().await;
    test.azure.add_machine("kept", &json!({"tags": {"team": "web"}})).await;
    test.apply(&manifests::clone(&test.azure, "web", "1.4.0", "kept")).await;
    let controller = test.start();
    let made = || async { classes(&test.azure.writes().await).iter().any(|write| write == "PATCH virtualMachines") };
    test.until("the copy is made", made).await;
    test.kill(controller);
    test.kubectl(&["patch", "imageversion", "web", "--type=merge", "--patch={\"metadata\":{\"finalizers\":null}}"])
        .await;
    test.delete(Kind::Version, "web").await;
    test.gone(Kind::Version, "web").await;
    let left = test.azure.workspace().await;
    assert_eq!(left.len(), 5, "{left:?}");
    left
}

async fn tags(test: &Test, id: &str) -> Value {
    test.azure.request("GET", id, None).await["tags"].clone()
}

/// Somebody, or time, changes a tag.
async fn retag(test: &Test, id: &str, name: &str, value: &str) {
    let mut tags = tags(test, id).await;
    tags[name] = json!(value);
    test.azure.request("PATCH", id, Some(&json!({"tags": tags}))).await;
}

fn workspace(test: &Test) -> String {
    format!("/subscriptions/{}/resourceGroups/image-work", test.azure.subscription)
}

fn deletions(writes: &[String]) -> Vec<&str> {
    writes.iter().filter(|write| write.starts_with("DELETE")).map(String::as_str).collect()
}

#[tokio::test]
async fn what_is_left_of_an_object_that_is_gone_is_deleted_once_it_expired() {
    let test = Test::new("leftovers").await;
    let left = leave(&test).await;
    let controller = test.start_with(&[("workspaces", &workspace(&test))]);
    let looks = || async {
        test.azure.sent().await.iter().filter(|entry| entry.path.ends_with("/image-work/resources")).count() > 2
    };
    test.until("azimage looked several times", looks).await;
    assert_eq!(test.azure.workspace().await, left, "nothing has expired");
    for id in &left {
        retag(&test, id, "azimage-expires-at", EXPIRED).await;
    }
    test.until("nothing is left", || async { test.azure.workspace().await.is_empty() }).await;
    let writes = classes(&test.azure.writes().await);
    let order = deletions(&writes);
    let at = |what: &str| order.iter().position(|write| *write == format!("DELETE {what}"));
    // Disk and interface go with their machine.
    assert_eq!(order.len(), 3, "{order:?}");
    assert!(at("virtualMachines") < at("networkSecurityGroups") && at("snapshots").is_some(), "{order:?}");
    let told = test.kubectl(&["events", "--for=imageversion/web"]).await;
    assert_eq!(told.matches("LeftoverDeleted").count(), 3, "{told}");
    println!("{told}");
    test.finish(Some(controller)).await;
}

#[tokio::test]
async fn nothing_else_is_deleted_with_it() {
    let test = Test::new("leftovers-of-others").await;
    let left = leave(&test).await;
    for id in &left {
        retag(&test, id, "azimage-expires-at", EXPIRED).await;
    }
    let of = |part: &str| left.iter().find(|id| id.ends_with(part)).unwrap().clone();
    let (snapshot, machine) = (of("-os-snapshot"), of("-machine"));
    // Another cluster's, by its tag.
    let owner = tags(&test, &snapshot).await["azimage-owner"].as_str().unwrap().to_owned();
    let (_, rest) = owner.split_once('/').unwrap();
    retag(&test, &snapshot, "azimage-owner", &format!("another-cluster/{rest}")).await;
    // One of a purpose that this release doesn't know.
    retag(&test, &machine, "azimage-purpose", "of-tomorrow").await;
    // Somebody's own, with the tags of a leftover.
    let disk = format!("{}/providers/Microsoft.Compute/disks/backup", workspace(&test));
    let body = json!({
        "location": "westeurope", "sku": {"name": "StandardSSD_LRS"}, "tags": tags(&test, &of("-os-disk")).await,
        "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 4},
    });
    test.azure.request("PUT", &disk, Some(&body)).await;
    let before = test.azure.workspace().await;
    assert_eq!(before.len(), 6);
    // The workspace is that of an object that lives, and waits.
    let mut living = manifests::clone(&test.azure, "other", "1.5.0", "kept");
    living["spec"]["suspend"] = json!(true);
    test.apply(&living).await;
    let controller = test.start();
    let looks = || async {
        test.azure.sent().await.iter().filter(|entry| entry.path.ends_with("/image-work/resources")).count() > 4
    };
    test.until("azimage looked several times", looks).await;
    assert_eq!(deletions(&classes(&test.azure.writes().await)), Vec::<&str>::new());
    assert_eq!(test.azure.workspace().await, before, "the machine holds disk, interface and security group");
    test.finish(Some(controller)).await;
}
