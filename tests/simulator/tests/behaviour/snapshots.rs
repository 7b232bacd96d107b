use azimage_simulator::{MachineChange, Scenario};
use serde_json::json;

use crate::{
    azure::{disk, id},
    copies::{self, compute, compute_id, copy_disk, copy_of, truth},
};

#[test]
fn a_snapshot_tells_what_its_source_is() {
    let mut azure = copies::azure(
        "subscriptions: [{id: 11111111-1111-4111-8111-111111111111, resourceGroups: [{name: images, virtualMachines: [
          {name: rich, securityType: TrustedLaunch, architecture: Arm64, osDiskSizeGb: 64, plan: {name: a, publisher: b, product: c}}]}]}]",
    );
    let made = azure.put(&compute("snapshots/one"), &copy_of(&id("disks/rich_OsDisk_1")));
    assert_eq!((made.status, &made.body["properties"]["provisioningState"]), (202, &json!("Updating")));
    assert_eq!(made.header("retry-after").as_deref(), Some("2"));
    assert!(made.header("location").unwrap().contains("/DiskOperations/"));
    azure.wait(4);
    assert_eq!(azure.operation(&made)["status"], "Succeeded");
    let source = azure.get(&disk("rich_OsDisk_1")).body;
    let snapshot = azure.get(&compute("snapshots/one")).body;
    assert_eq!(
        (&snapshot["sku"]["name"], &snapshot["type"]),
        (&json!("Standard_LRS"), &json!("Microsoft.Compute/snapshots"))
    );
    let properties = &snapshot["properties"];
    for (field, value) in [
        ("osType", json!("Linux")),
        ("hyperVGeneration", json!("V2")),
        ("diskSizeGB", json!(64)),
        ("incremental", json!(false)),
        ("diskState", json!("Unattached")),
        ("provisioningState", json!("Succeeded")),
        ("securityProfile", json!({"securityType": "TrustedLaunch"})),
        ("purchasePlan", json!({"name": "a", "publisher": "b", "product": "c"})),
    ] {
        assert_eq!(properties[field], value, "{field}");
    }
    assert_eq!(properties["supportedCapabilities"]["architecture"], "Arm64");
    assert_eq!(properties["creationData"]["sourceUniqueId"], source["properties"]["uniqueId"]);
    for present in ["uniqueId", "timeCreated", "encryption", "diskSizeBytes"] {
        assert!(!properties[present].is_null(), "{present}");
    }
    assert!(properties.get("completionPercent").is_none(), "only incremental ones tell");
    let list = azure.get("/subscriptions/11111111-1111-4111-8111-111111111111/providers/Microsoft.Compute/snapshots?api-version=2025-01-02");
    assert_eq!(list.body["value"].as_array().unwrap().len(), 1);
    let tagged = azure.call(http::Method::PATCH, &compute("snapshots/one"), &json!({"tags": {"a": "b"}}));
    assert_eq!((tagged.status, &tagged.body["tags"]), (202, &json!({"a": "b"})));
    azure.wait(4);
    assert_eq!(azure.delete(&compute("snapshots/one")).status, 202);
    azure.wait(4);
    assert_eq!(azure.get(&compute("snapshots/one")).status, 404);
    assert_eq!(azure.delete(&compute("snapshots/one")).status, 204);
}

#[test]
fn a_snapshot_of_a_running_system_keeps_what_was_there_at_that_moment() {
    let mut azure = copies::azure("");
    azure.put(&compute("snapshots/one"), &copy_of(&id("disks/builder_OsDisk_1")));
    let change: MachineChange = serde_json::from_value(json!({"guest": {"files": {"/srv/later": "later"}}})).unwrap();
    azure.simulator.change_machine(&id("virtualMachines/builder"), change).unwrap();
    azure.wait(4);
    let before = azure.simulator.guest_files(&id("virtualMachines/builder")).unwrap();
    assert_eq!(before["/srv/later"], "later");
    azure.put(&compute("disks/one"), &copy_of(&compute_id("snapshots/one")));
    azure.wait(4);
    let copied = truth(&mut azure, "disks/one");
    let builder = azure.truth("builder");
    assert_eq!(copied["contents"]["machineId"], builder["guest"]["machineId"]);
    assert_eq!(copied["contents"]["hostKeys"], builder["guest"]["hostKeys"]);
    let files = azure.simulator.guest_files(&compute_id("disks/one")).unwrap();
    assert!(!files.contains_key("/srv/later") && !files.contains_key("/run/utmp"));
    assert_eq!(files["/etc/machine-id"], before["/etc/machine-id"]);
}

#[test]
fn what_a_snapshot_cannot_be_made_of_is_refused() {
    let mut azure = copies::azure("");
    let missing = azure.put(&compute("snapshots/one"), &copy_of(&id("disks/none")));
    assert_eq!((missing.status, missing.code()), (404, "NotFound"));
    let mut elsewhere = copy_of(&id("disks/builder_OsDisk_1"));
    elsewhere["location"] = json!("northeurope");
    assert_eq!(azure.put(&compute("snapshots/one"), &elsewhere).code(), "InvalidParameter");
    let mut odd = copy_of(&id("disks/builder_OsDisk_1"));
    odd["sku"] = json!({"name": "StandardSSD_LRS"});
    assert_eq!(azure.put(&compute("snapshots/one"), &odd).code(), "InvalidParameter");
    let empty =
        json!({"location": "westeurope", "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 4}});
    assert_eq!(azure.put(&compute("snapshots/one"), &empty).code(), "InvalidParameter");
    assert_eq!(azure.put(&compute("snapshots/one"), &copy_of(&id("disks/builder_OsDisk_1"))).status, 202);
    let early = azure.put(&compute("disks/one"), &copy_of(&compute_id("snapshots/one")));
    assert_eq!((early.status, early.code()), (409, "Conflict"), "it isn't there yet");
    azure.wait(4);
    let other = azure.put(&compute("snapshots/one"), &copy_of(&id("disks/sealed_OsDisk_1")));
    assert_eq!((other.status, other.code()), (409, "PropertyChangeNotAllowed"));
    let mut incremental = copy_of(&id("disks/builder_OsDisk_1"));
    incremental["properties"]["incremental"] = json!(true);
    assert_eq!(azure.put(&compute("snapshots/one"), &incremental).code(), "PropertyChangeNotAllowed");
    assert_eq!(azure.put(&compute("snapshots/one"), &copy_of(&id("disks/builder_OsDisk_1"))).status, 202);
}

#[test]
fn disks_that_are_copied_later_have_incremental_snapshots_only() {
    let mut azure = copies::azure(
        "subscriptions: [{id: 11111111-1111-4111-8111-111111111111, resourceGroups: [{name: images, disks: [
          {name: fast, storageAccountType: PremiumV2_LRS}]}]}]",
    );
    let mut body = copy_of(&id("disks/fast"));
    let refused = azure.put(&compute("snapshots/one"), &body);
    assert_eq!((refused.status, refused.code()), (409, "OperationNotAllowed"));
    body["properties"]["incremental"] = json!(true);
    assert_eq!(azure.put(&compute("snapshots/one"), &body).status, 202);
    azure.wait(150);
    let percent = |body: &serde_json::Value| body["properties"]["completionPercent"].as_f64().unwrap();
    let half = azure.get(&compute("snapshots/one")).body;
    assert_eq!(half["properties"]["provisioningState"], "Succeeded");
    assert!((49.0..51.0).contains(&percent(&half)), "{half}");
    let early = azure.put(&compute("disks/one"), &copy_of(&compute_id("snapshots/one")));
    assert_eq!((early.status, early.code()), (409, "OperationNotAllowed"));
    azure.wait(151);
    assert!(percent(&azure.get(&compute("snapshots/one")).body) > 99.0);
    assert_eq!(azure.put(&compute("disks/one"), &copy_of(&compute_id("snapshots/one"))).status, 202);
    azure.put(&compute("snapshots/two"), &body);
    let family = |name: &str, azure: &mut crate::azure::Azure| {
        azure.get(&compute(&format!("snapshots/{name}"))).body["properties"]["incrementalSnapshotFamilyId"].clone()
    };
    assert_eq!(family("one", &mut azure), family("two", &mut azure));
}

#[test]
fn a_disk_of_a_snapshot_is_as_large_as_its_source_and_outlives_it() {
    let mut azure = copies::azure("");
    azure.simulator.add(&Scenario::default()).unwrap();
    copy_disk(&mut azure, "builder_OsDisk_1", "copy");
    let mut small = copy_of(&compute_id("snapshots/copy"));
    small["properties"]["diskSizeGB"] = json!(8);
    assert_eq!(azure.put(&compute("disks/small"), &small).code(), "InvalidParameter");
    assert_eq!(azure.delete(&compute("snapshots/copy")).status, 202);
    azure.wait(4);
    let copied = azure.get(&compute("disks/copy")).body;
    assert_eq!((&copied["properties"]["diskSizeGB"], &copied["properties"]["osType"]), (&json!(30), &json!("Linux")));
    assert_eq!(copied["tags"], json!({"purpose": "copy"}));
}
