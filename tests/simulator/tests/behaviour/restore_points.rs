//! Restore points: all disks of a machine as they are at one moment.

use serde_json::{Value, json};

use crate::{
    azure::{Azure, id},
    copies::{self, compute, compute_id},
};

const MACHINE: &str = "
subscriptions:
- id: 11111111-1111-4111-8111-111111111111
  resourceGroups:
  - name: images
    virtualMachines: [{name: rich, osDiskSizeGb: 64, dataDisks: [{lun: 3}]}]
";

const POINT: &str = "restorePointCollections/moments/restorePoints/now";

fn collection(machine: &str) -> Value {
    json!({"location": "westeurope", "tags": {"a": "b"}, "properties": {"source": {"id": id(&format!("virtualMachines/{machine}"))}}})
}

fn crash_consistent() -> Value {
    json!({"properties": {"consistencyMode": "CrashConsistent"}})
}

/// With a collection and, some time later, a restore point in it.
fn taken() -> Azure {
    let mut azure = copies::azure(MACHINE);
    let made = azure.put(&compute("restorePointCollections/moments"), &collection("rich"));
    assert_eq!((made.status, &made.body["properties"]["provisioningState"]), (201, &json!("Succeeded")));
    let begun = azure.put(&compute(POINT), &crash_consistent());
    assert_eq!((begun.status, &begun.body["properties"]["provisioningState"]), (201, &json!("Creating")));
    azure.wait(5);
    assert_eq!(azure.operation(&begun)["status"], "Succeeded");
    azure
}

fn held(azure: &mut Azure) -> Vec<String> {
    let expanded = format!("{}&$expand=restorePoints", compute("restorePointCollections/moments"));
    let points = azure.get(&expanded).body["properties"]["restorePoints"].clone();
    assert_eq!(
        (points.as_array().unwrap().len(), &points[0]["properties"]["provisioningState"]),
        (1, &json!("Succeeded"))
    );
    let profile = &points[0]["properties"]["sourceMetadata"]["storageProfile"];
    assert_eq!((&profile["dataDisks"][0]["lun"], &profile["osDisk"]["diskSizeGB"]), (&json!(3), &json!(64)));
    [&profile["osDisk"], &profile["dataDisks"][0]]
        .map(|disk| disk["diskRestorePoint"]["id"].as_str().unwrap().to_owned())
        .to_vec()
}

#[test]
fn a_restore_point_holds_each_disk_and_disks_are_made_from_it() {
    let mut azure = taken();
    let plain = azure.get(&compute("restorePointCollections/moments")).body;
    assert_eq!(plain["properties"].get("restorePoints"), None, "only who asks is told");
    let held = held(&mut azure);
    for (name, of) in [("os", &held[0]), ("data", &held[1])] {
        let body = json!({"location": "westeurope", "properties": {"creationData": {"createOption": "Restore", "sourceResourceId": of}}});
        assert_eq!(azure.put(&compute(&format!("disks/{name}")), &body).status, 202);
    }
    azure.wait(4);
    let disk = azure.get(&compute("disks/os")).body;
    assert_eq!((&disk["properties"]["osType"], &disk["properties"]["diskSizeGB"]), (&json!("Linux"), &json!(64)));
    let source = format!("{}?api-version=2025-01-02", held[1]);
    assert!(azure.get(&source).body["properties"]["sourceResourceId"].as_str().unwrap().contains("/disks/"));
}

#[test]
fn a_restore_point_is_made_once_and_goes_with_its_collection() {
    let mut azure = taken();
    let again = azure.put(&compute(POINT), &crash_consistent());
    assert_eq!((again.status, &again.body["error"]["code"]), (409, &json!("OperationNotAllowed")));
    let other = azure.put(&compute("restorePointCollections/moments"), &collection("builder"));
    assert_eq!(other.status, 409, "the machine of a collection never changes");
    assert_eq!(azure.delete(&compute("restorePointCollections/moments")).status, 202);
    azure.wait(5);
    for gone in ["restorePointCollections/moments", POINT] {
        assert_eq!(azure.get(&compute(gone)).status, 404, "{gone}");
    }
    assert_eq!(azure.delete(&compute("restorePointCollections/moments")).status, 204);
}

#[test]
fn one_restore_point_of_a_machine_is_made_at_a_time() {
    let mut azure = copies::azure(MACHINE);
    azure.put(&compute("restorePointCollections/moments"), &collection("rich"));
    assert_eq!(azure.put(&compute(POINT), &crash_consistent()).status, 201);
    let second = azure.put(&compute("restorePointCollections/moments/restorePoints/then"), &crash_consistent());
    assert_eq!((second.status, &second.body["error"]["code"]), (409, &json!("VMRestorePointClientError")));
    let nowhere = azure.put(&compute("restorePointCollections/none/restorePoints/now"), &crash_consistent());
    assert_eq!(nowhere.status, 404);
    let early = json!({"location": "westeurope", "properties": {"creationData": {
        "createOption": "Restore", "sourceResourceId": compute_id(&format!("{POINT}/diskRestorePoints/none")),
    }}});
    assert_eq!(azure.put(&compute("disks/early"), &early).status, 404);
}
