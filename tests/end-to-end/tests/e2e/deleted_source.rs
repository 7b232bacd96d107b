//! A machine that is captured itself is deleted when its version is there, with what belonged to it and nothing else uses.

use azimage_end_to_end::{Kind, Object, Test, classes, manifests, manifests::with};
use futures::{StreamExt, stream};
use serde_json::{Value, json};

/// The writes that make the version, and then delete the machine and what belonged to it, in their order.
const WRITES: [&str; 12] = [
    "PATCH virtualMachines",
    "PUT virtualMachines/runCommands",
    "DELETE virtualMachines/runCommands",
    "PATCH virtualMachines",
    "POST virtualMachines/deallocate",
    "POST virtualMachines/generalize",
    "PUT galleries/images/versions",
    "DELETE virtualMachines",
    "DELETE networkInterfaces",
    "DELETE disks",
    "DELETE disks",
    "DELETE publicIPAddresses",
];

/// After how many writes the process is killed: each deletion.
const KILLED_AFTER: [usize; 5] = [8, 9, 10, 11, 12];

/// An object that has its machine deleted.
fn deleting(test: &Test) -> Value {
    let object = manifests::image_version(&test.azure, "web", "1.4.0", "throwaway");
    with(object, "/spec/source/virtualMachine/inPlace/sourceCleanup", "Delete".into())
}

/// A machine with a data disk and an interface that has a public address, and beside it an interface and a disk of others.
async fn add_machine(test: &Test) {
    let group = format!("/subscriptions/{}/resourceGroups/images/providers/Microsoft.Network", test.azure.subscription);
    let subnet = format!("{group}/virtualNetworks/lab/subnets/default");
    test.azure
        .add_to_group(json!({
            "virtualNetworks": [{"name": "lab", "subnets": [{"name": "default"}]}],
            "publicAddresses": [{"name": "throwaway-ip"}],
            "networkInterfaces": [
                {"name": "throwaway-nic", "subnet": subnet, "publicAddress": format!("{group}/publicIPAddresses/throwaway-ip")},
                {"name": "other-nic", "subnet": subnet},
            ],
            "disks": [{"name": "other-disk"}],
        }))
        .await;
    let interface = format!("{group}/networkInterfaces/throwaway-nic");
    test.azure.add_machine("throwaway", &json!({"dataDisks": [{"lun": 0}], "networkInterfaces": [interface]})).await;
}

/// The machine and what belonged to it.
fn belongings(test: &Test) -> Vec<String> {
    let group = format!("/subscriptions/{}/resourceGroups/images/providers", test.azure.subscription);
    ["Microsoft.Network/networkInterfaces/throwaway-nic", "Microsoft.Network/publicIPAddresses/throwaway-ip"]
        .map(|path| format!("{group}/{path}"))
        .into_iter()
        .chain(
            ["virtualMachines/throwaway", "disks/throwaway_OsDisk_1", "disks/throwaway_disk0"]
                .map(|path| test.azure.compute(path)),
        )
        .collect()
}

async fn are_gone(test: &Test) -> bool {
    for id in belongings(test) {
        if test.azure.state(&id).await.is_some() {
            return false;
        }
    }
    true
}

/// How it stands with each part, as the object tells it.
fn states(object: &Object) -> Vec<(String, String)> {
    let known = object.at("/status/sourceCleanup").as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    known.iter().map(|known| (text(&known["part"]), text(&known["state"]))).collect()
}

/// Kills azimage after its n-th write to Azure was carried out and before it hears of it.
async fn killed_after(number: usize) {
    let test = Test::new("deleted-source").await;
    add_machine(&test).await;
    let fault = test.azure.hang_after_write(number).await;
    test.apply(&deleting(&test)).await;
    let first = test.start();
    test.until(&format!("write {number} to Azure is done"), || async { test.azure.fired(fault).await == 1 }).await;
    test.kill(first);
    let object = test.wait(Kind::Version, "web", "there", |_| true).await;
    assert_eq!(states(&object).len(), 5, "all is written down before the first deletion");
    test.azure.end_fault(fault).await;
    let second = test.start();
    let object = test.ready(Kind::Version, "web").await;
    assert!(are_gone(&test).await);
    assert_eq!(object.condition("CleanedUp").unwrap().reason, "Succeeded");
    let parts = ["machine", "interface0", "os-disk", "lun0-disk", "address0"];
    assert_eq!(states(&object), parts.map(|part| (part.to_owned(), "Deleted".to_owned())));
    assert_eq!(classes(&test.azure.writes().await), WRITES, "killed after write {number}");
    for other in ["disks/other-disk", "virtualMachines/builder", "disks/builder_OsDisk_1"] {
        assert!(test.azure.state(&test.azure.compute(other)).await.is_some(), "{other} is gone");
    }
    test.finish(Some(second)).await;
}

#[tokio::test]
async fn killed_between_two_deletions_it_goes_on_and_deletes_nothing_else() {
    stream::iter(KILLED_AFTER).map(killed_after).buffer_unordered(KILLED_AFTER.len()).collect::<Vec<_>>().await;
}

#[tokio::test]
async fn a_right_or_a_lock_that_would_refuse_it_is_told_before_the_claim_and_a_later_lock_holds_up_nothing() {
    let test = Test::alone("deleted-source-refused").await;
    add_machine(&test).await;
    test.azure.allow_without(&["Microsoft.Network/publicIPAddresses/delete"]).await;
    let controller = test.start();
    test.apply(&deleting(&test)).await;
    let (_, message) = test.stalled(Kind::Version, "web", "AccessDenied").await.stalled().unwrap();
    assert!(message.contains("publicIPAddresses/delete on ") && message.contains("sourceCleanup to Keep"), "{message}");
    test.azure.allow_without(&[]).await;
    let disk = test.azure.compute("disks/throwaway_disk0");
    let lock = |level: &str| json!({"locks": [{"scope": disk, "name": "keep", "level": level}]});
    test.azure.post("/scenario", &lock("CanNotDelete")).await;
    test.request(Kind::Version, "web").await;
    let (_, message) = test.stalled(Kind::Version, "web", "ScopeLocked").await.stalled().unwrap();
    assert!(message.contains("The lock keep on") && message.contains("sourceCleanup to Keep"), "{message}");
    assert_eq!(classes(&test.azure.writes().await), Vec::<String>::new());
    test.azure.post("/scenario", &json!({"locks": []})).await;
    test.request(Kind::Version, "web").await;
    test.wait(Kind::Version, "web", "sealing", |object| object.at("/status/steps").to_string().contains("Seal")).await;
    test.azure.post("/scenario", &lock("CanNotDelete")).await;
    let object = test.ready(Kind::Version, "web").await;
    let cleaned = object.condition("CleanedUp").unwrap();
    assert_eq!((cleaned.status.as_str(), cleaned.reason.as_str()), ("False", "CleanUpFailed"), "{}", cleaned.message);
    assert!(cleaned.message.contains("disks/throwaway_disk0: ScopeLocked"), "{}", cleaned.message);
    assert!(test.azure.state(&disk).await.is_some());
    test.finish(Some(controller)).await;
}
