//! Disks, snapshots, managed images, and disks that come and go.

use http::Method;
use serde_json::json;

use super::{BLANK, Row, machines::SCENARIO, replay};
use crate::azure::{Answer, Azure, MACHINES, disk, id, machine};

fn put_empty(azure: &mut Azure) -> Answer {
    let body = json!({"location": "westeurope", "sku": {"name": "standard_lrs"},
        "properties": {"creationData": {"createOption": "empty"}, "diskSizeGB": 4}});
    azure.put(&disk("new"), &body)
}

fn image() -> String {
    format!("{}?api-version={MACHINES}", id("images/new"))
}

fn put_image(azure: &mut Azure) -> Answer {
    let body = json!({"location": "westeurope", "properties": {
        "sourceVirtualMachine": {"id": id("virtualMachines/sealed")}, "hyperVGeneration": "V2"}});
    azure.put(&image(), &body)
}

const CREATED: &str = ".NET CanOperateOnEmptyManagedDisk, 2019-11";
const CAPTURED: &str = ".NET CanCreateImageByCapturingVM, 2019-12";

const ROWS: &[Row] = &[
    Row {
        request: "PUT a new disk",
        source: "46 of 49, .NET 2017 to 2020",
        ask: put_empty,
        status: 202,
        headers: "A L R=2",
        lacks: &["/properties/timeCreated", "/properties/uniqueId", "/properties/diskState"],
        is: &[("/properties/provisioningState", "Updating"), ("/properties/diskSizeGB", "4")],
        ..BLANK
    },
    Row {
        request: "PUT a new disk encryption set",
        source: "azure-cli test_disk_encryption_set, 2025-04",
        ask: |azure| {
            let key = json!({"keyUrl": "https://keys.vault.simulator.invalid/keys/key/1"});
            let body = json!({"location": "westeurope", "identity": {"type": "SystemAssigned"}, "properties": {"activeKey": key}});
            azure.put(&disk("x").replace("disks/x", "diskEncryptionSets/new"), &body)
        },
        status: 202,
        headers: "A L R?",
        lacks: &["/properties/previousKeys"],
        is: &[("/properties/provisioningState", "Updating")],
        ..BLANK
    },
    Row {
        request: "GET a new disk, its values sent in lower case",
        source: CREATED,
        ask: |azure| {
            put_empty(azure);
            azure.wait(10);
            azure.get(&disk("new"))
        },
        has: &["/properties/uniqueId", "/properties/timeCreated"],
        lacks: &["/managedBy"],
        is: &[
            ("/properties/creationData/createOption", "Empty"),
            ("/sku/name", "Standard_LRS"),
            ("/properties/diskState", "Unattached"),
        ],
        ..BLANK
    },
    Row {
        request: "PUT a new snapshot",
        source: "5 of 7, .NET 2017 to 2020",
        ask: |azure| {
            let copy = json!({"createOption": "Copy", "sourceResourceId": id("disks/sealed_OsDisk_1")});
            let path = disk("x").replace("disks/x", "snapshots/new");
            azure.put(&path, &json!({"location": "westeurope", "properties": {"creationData": copy}}))
        },
        status: 202,
        headers: "A L R=2",
        is: &[("/properties/provisioningState", "Updating")],
        ..BLANK
    },
    Row {
        request: "PUT a new managed image",
        source: CAPTURED,
        ask: put_image,
        status: 201,
        headers: "A",
        is: &[("/properties/provisioningState", "Creating")],
        ..BLANK
    },
    Row {
        request: "GET a managed image",
        source: CAPTURED,
        ask: |azure| {
            put_image(azure);
            azure.wait(30);
            azure.get(&image())
        },
        lacks: &["/properties/storageProfile/zoneResilient"],
        is: &[("/properties/provisioningState", "Succeeded")],
        ..BLANK
    },
    Row {
        request: "DELETE a managed image",
        source: CAPTURED,
        ask: |azure| {
            put_image(azure);
            azure.wait(30);
            azure.delete(&image())
        },
        status: 202,
        headers: "A L",
        ..BLANK
    },
    Row {
        request: "POST attachDetachDataDisks",
        source: "azure-cli test_vm_disk_attach_detach_api, 2025-03",
        ask: |azure| {
            put_empty(azure);
            azure.wait(10);
            let body = json!({"dataDisksToAttach": [{"diskId": id("disks/new")}]});
            azure.call(Method::POST, &machine("builder", "/attachDetachDataDisks"), &body)
        },
        headers: "A R? E",
        has: &["/osDisk", "/dataDisks/0/managedDisk/id"],
        ..BLANK
    },
];

#[test]
fn disks_and_images_answer_as_recorded() {
    replay(SCENARIO, ROWS);
}
