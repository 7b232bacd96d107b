use http::Method;
use serde_json::json;

use crate::azure::{Azure, disk, id, machine};

fn empty(size: u64) -> serde_json::Value {
    json!({"location": "westeurope", "sku": {"name": "Premium_LRS"},
           "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": size}})
}

#[test]
fn a_disk_is_made_grown_and_deleted_in_long_running_operations() {
    let mut azure = Azure::new();
    let created = azure.put(&disk("one"), &empty(10));
    assert_eq!((created.status, &created.body["properties"]["provisioningState"]), (202, &json!("Updating")));
    let location = created.header("location").unwrap();
    assert!(
        location.contains("/locations/westeurope/DiskOperations/") && location.contains("monitor=true"),
        "{location}"
    );
    assert_eq!(created.header("retry-after").as_deref(), Some("2"));
    assert_eq!(azure.put(&disk("one"), &empty(20)).code(), "Conflict");
    azure.wait(4);
    let done = azure.operation(&created);
    assert_eq!(done["status"], "Succeeded");
    assert_eq!(done["properties"]["output"]["name"], "one");
    assert_eq!(azure.get(&location).body["properties"]["diskState"], "Unattached");
    let got = azure.get(&disk("one")).body;
    assert_eq!(
        (&got["sku"]["tier"], &got["properties"]["diskSizeBytes"]),
        (&json!("Premium"), &json!(10_737_418_240_u64))
    );

    let grown = azure.call(Method::PATCH, &disk("one"), &json!({"properties": {"diskSizeGB": 20}, "tags": {"a": "b"}}));
    assert_eq!((grown.status, &grown.body["tags"]["a"]), (202, &json!("b")));
    azure.wait(4);
    let shrunk = azure.call(Method::PATCH, &disk("one"), &json!({"properties": {"diskSizeGB": 5}}));
    assert_eq!((shrunk.status, shrunk.code()), (400, "InvalidParameter"));
    let deleted = azure.delete(&disk("one"));
    assert_eq!(deleted.status, 202);
    azure.wait(4);
    assert_eq!(azure.operation(&deleted)["status"], "Succeeded");
    assert_eq!(azure.get(&disk("one")).code(), "NotFound", "the provider's own just after");
    azure.wait(60);
    assert_eq!(azure.get(&disk("one")).code(), "ResourceNotFound");
    assert_eq!(azure.delete(&disk("one")).status, 204);
}

#[test]
fn the_disks_of_a_machine_are_resources_that_it_holds() {
    let mut azure = Azure::with(
        "subscriptions: [{id: 11111111-1111-4111-8111-111111111111, resourceGroups: [{name: images, virtualMachines: [
          {name: rich, dataDisks: [{lun: 3, sizeGb: 64}], diskEncryption: true, securityType: TrustedLaunch, architecture: Arm64}]}]}]",
    );
    let os = azure.get(&disk("rich_OsDisk_1")).body;
    assert_eq!(
        (&os["managedBy"], &os["properties"]["diskState"]),
        (&json!(id("virtualMachines/rich")), &json!("Attached"))
    );
    assert_eq!(os["properties"]["supportedCapabilities"]["architecture"], "Arm64");
    assert_eq!(os["properties"]["encryptionSettingsCollection"]["enabled"], true);
    assert_eq!(os["properties"]["securityProfile"]["securityType"], "TrustedLaunch");
    assert_eq!(azure.get(&disk("rich_disk3")).body["properties"]["diskSizeGB"], 64);
    let refused = azure.delete(&disk("rich_disk3"));
    assert_eq!((refused.status, refused.code()), (409, "OperationNotAllowed"));
    assert!(refused.message().contains("is attached to VM"), "{}", refused.message());
    azure.post(&machine("rich", "/deallocate"));
    azure.wait(46);
    assert_eq!(azure.get(&disk("rich_OsDisk_1")).body["properties"]["diskState"], "Reserved");
    azure.delete(&machine("rich", ""));
    azure.wait(31);
    let left = azure.get(&disk("rich_OsDisk_1")).body;
    assert_eq!((left.get("managedBy"), &left["properties"]["diskState"]), (None, &json!("Unattached")));
    assert_eq!(azure.delete(&disk("rich_disk3")).status, 202);
}

#[test]
fn a_snapshot_copies_a_disk_and_becomes_a_disk_again() {
    let mut azure = Azure::new();
    let snapshot = format!("{}?api-version=2025-01-02", id("snapshots/before"));
    let body = |source: &str| json!({"location": "westeurope", "properties": {"creationData": {"createOption": "Copy", "sourceResourceId": id(source)}}});
    let created = azure.put(&snapshot, &body("disks/builder_OsDisk_1"));
    assert_eq!(created.status, 202, "{created:?}");
    assert_eq!(azure.put(&disk("none"), &body("disks/nothing")).status, 404);
    azure.wait(4);
    assert_eq!(azure.get(&snapshot).body["properties"]["osType"], "Linux");
    assert_eq!(azure.put(&disk("copy"), &body("snapshots/before")).status, 202);
    azure.wait(4);
    let before = azure.truth("builder")["guest"]["hostKeys"].clone();
    let truth = azure.simulator.state(&id("disks/copy")).unwrap();
    assert_eq!(truth["contents"]["hostKeys"], before, "the system is copied as it was");
    let moved = azure.put(&disk("copy"), &body("disks/sealed_OsDisk_1"));
    assert_eq!((moved.status, moved.code()), (409, "PropertyChangeNotAllowed"));
    for (list, expected) in [("snapshots", 1), ("disks", 3)] {
        let page = azure.get(&format!("{}?api-version=2025-01-02", id(list)));
        assert_eq!(page.body["value"].as_array().unwrap().len(), expected, "{list}");
    }
    let mut elsewhere = body("snapshots/before");
    elsewhere["location"] = json!("northeurope");
    assert_eq!(azure.put(&disk("far"), &elsewhere).code(), "InvalidParameter");
}
