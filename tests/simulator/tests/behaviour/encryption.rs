//! Disk encryption sets of target regions.

use serde_json::{Value, json};

use crate::azure::{Azure, SUBSCRIPTION, body, id, version};

const OTHER: &str = "33333333-3333-4333-8333-333333333333";

fn azure() -> Azure {
    Azure::with(&format!(
        "subscriptions:
- id: {SUBSCRIPTION}
  resourceGroups:
  - name: images
    virtualMachines:
    - {{name: wide, powerState: deallocated, generalized: true, deprovisioned: true, dataDisks: [{{lun: 2, sizeGb: 8}}]}}
    diskEncryptionSets: [{{name: west}}, {{name: north, location: North Europe}}]
- id: {OTHER}
  resourceGroups: [{{name: images, diskEncryptionSets: [{{name: west}}]}}]"
    ))
}

fn set(name: &str) -> String {
    id(&format!("diskEncryptionSets/{name}"))
}

fn encrypted(west: &Value, north: &Value) -> Value {
    let mut wanted = body("wide", &["westeurope", "northeurope"]);
    let regions = &mut wanted["properties"]["publishingProfile"]["targetRegions"];
    regions[0]["encryption"] = west.clone();
    regions[1]["encryption"] = north.clone();
    wanted
}

fn system(id: &str) -> Value {
    json!({"osDiskImage": {"diskEncryptionSetId": id}})
}

fn with_data(id: &str, lun: u64) -> Value {
    json!({"osDiskImage": {"diskEncryptionSetId": id}, "dataDiskImages": [{"lun": lun, "diskEncryptionSetId": id}]})
}

#[test]
fn a_disk_encryption_set_lies_in_its_target_region_and_in_the_gallerys_subscription() {
    let (west, north) = (set("west"), set("north"));
    let foreign = west.replace(SUBSCRIPTION, OTHER);
    for (name, first, second, text) in [
        ("all fit", system(&west), system(&north), None),
        ("a data disk, too", with_data(&west, 2), with_data(&north.to_uppercase(), 2), None),
        ("not there", system(&west), system(&set("nobody")), Some("was not found")),
        ("of another region", system(&west), system(&west), Some("in target region 'northeurope' was not found")),
        ("of another subscription", system(&foreign), system(&north), Some("must be in the same subscription")),
        (
            "of another kind",
            system(&id("disks/x")),
            system(&north),
            Some("not the resource id of a disk encryption set"),
        ),
        ("a LUN the source lacks", with_data(&west, 3), with_data(&north, 3), Some("for LUN 3 in target region")),
        (
            "a data disk in one region",
            with_data(&west, 2),
            system(&north),
            Some("disk 'DataDisk with LUN 2' in target region"),
        ),
    ] {
        let mut azure = azure();
        let answer = azure.put(&version("1.0.0"), &encrypted(&first, &second));
        match text {
            None => assert_eq!(answer.status, 201, "{name}: {answer:?}"),
            Some(text) => {
                assert_eq!((answer.status, answer.code()), (400, "InvalidParameter"), "{name}");
                assert!(answer.message().contains(text), "{name}: {}", answer.message());
            }
        }
    }
}

#[test]
fn a_region_that_is_added_later_is_checked_as_well() {
    let mut azure = azure();
    let mut first = encrypted(&system(&set("west")), &Value::Null);
    first["properties"]["publishingProfile"]["targetRegions"].as_array_mut().unwrap().truncate(1);
    assert_eq!(azure.put(&version("1.0.0"), &first).status, 201);
    azure.wait(2000);
    let wrong = azure.put(&version("1.0.0"), &encrypted(&system(&set("west")), &system(&set("west"))));
    assert!(wrong.message().contains("was not found"), "{wrong:?}");
    let right = azure.put(&version("1.0.0"), &encrypted(&system(&set("west")), &system(&set("north"))));
    assert_eq!(right.status, 200, "{right:?}");
}

#[test]
fn a_disk_encryption_set_is_made_used_and_deleted_when_nothing_uses_it() {
    let mut azure = azure();
    let url = format!("{}?api-version=2025-01-02", set("own"));
    let wanted = json!({"location": "westeurope", "identity": {"type": "SystemAssigned"},
        "properties": {"activeKey": {"keyUrl": "https://vault.example/keys/k/1"}}});
    let made = azure.put(&url, &wanted);
    assert_eq!((made.status, &made.body["properties"]["provisioningState"]), (202, &json!("Updating")));
    assert!(made.header("azure-asyncoperation").unwrap().contains("/DiskOperations/"));
    azure.wait(4);
    assert_eq!(azure.operation(&made)["properties"]["output"]["name"], "own");
    assert!(azure.get(&url).body["identity"]["principalId"].is_string());
    assert_eq!(azure.put(&url, &json!({"location": "westeurope", "properties": {}})).code(), "InvalidParameter");
    let mut wanted = body("wide", &["westeurope"]);
    wanted["properties"]["publishingProfile"]["targetRegions"][0]["encryption"] = system(&set("own"));
    assert_eq!(azure.put(&version("1.0.0"), &wanted).status, 201);
    let refused = azure.delete(&url);
    assert_eq!((refused.status, refused.code()), (409, "OperationNotAllowed"), "{refused:?}");
    azure.delete(&version("1.0.0"));
    azure.wait(101);
    assert_eq!(azure.get(&version("1.0.0")).status, 404);
    assert_eq!(azure.delete(&url).status, 202);
    azure.wait(4);
    assert_eq!(azure.get(&url).code(), "ResourceNotFound");
    let list = azure.get(&format!("{}?api-version=2025-01-02", id("diskEncryptionSets"))).body;
    assert_eq!(list["value"].as_array().unwrap().len(), 2);
}
