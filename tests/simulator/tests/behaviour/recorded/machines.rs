//! Virtual machines: how they are made, read and changed.

use http::Method;
use serde_json::{Value, json};

use super::{BLANK, Row, replay};
use crate::azure::{Answer, Azure, id, machine, machine_body};

pub(super) const SCENARIO: &str =
    "subscriptions: [{id: 11111111-1111-4111-8111-111111111111, resourceGroups: [{name: images, virtualMachines: [
  {name: wide, powerState: deallocated, dataDisks: [{lun: 2, sizeGb: 8}]}, {name: rich, dataDisks: [{lun: 2, sizeGb: 8}]},
  {name: watched, bootDiagnostics: true},
  {name: stored, bootDiagnosticsStorage: 'https://mine.blob.core.windows.net/'}]}]}]";

fn marketplace() -> Value {
    let mut body = machine_body("new", "");
    body["properties"]["storageProfile"]["imageReference"] =
        json!({"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server", "version": "latest"});
    body
}

fn made(azure: &mut Azure) -> Answer {
    let answer = azure.put(&machine("new", ""), &marketplace());
    azure.wait(120);
    answer
}

fn view(azure: &mut Azure, name: &str) -> Answer {
    azure.get(&machine(name, "/instanceView"))
}

fn patched(azure: &mut Azure, body: &Value) -> Answer {
    azure.call(Method::PATCH, &machine("builder", ""), body)
}

const NET: &str = ".NET ManageVirtualMachineTest, 2019-12";
const CREATED: &str = "azure-cli test_vm_create_state_modifications, 2025-03";
const GENERALIZED: &str = "azure-cli test_vm_generalize, 2025-04";
const DIAGNOSTICS: &str = "azure-cli test_vm_boot_diagnostics, 2025-04";
const ATTACHED: &str = "azure-cli test_vm_disk_attach_detach, 2025-03";

const ROWS: &[Row] = &[
    Row {
        request: "PUT a new machine",
        source: "162 of 173 creations, .NET 2017 to 2020",
        ask: made,
        status: 201,
        headers: "A R=10 E",
        has: &["/etag", "/properties/vmId", "/properties/timeCreated"],
        is: &[("/properties/provisioningState", "Creating")],
        ..BLANK
    },
    Row {
        request: "GET a machine, what Azure adds to its OS profile",
        source: CREATED,
        ask: |azure| {
            made(azure);
            azure.get(&machine("new", ""))
        },
        headers: "E",
        has: &["/properties/osProfile/secrets", "/properties/osProfile/linuxConfiguration/patchSettings"],
        lacks: &["/properties/storageProfile/diskControllerType"],
        is: &[
            ("/properties/osProfile/allowExtensionOperations", "true"),
            ("/properties/osProfile/requireGuestProvisionSignal", "true"),
            ("/properties/osProfile/linuxConfiguration/provisionVMAgent", "true"),
        ],
        ..BLANK
    },
    Row {
        request: "PUT a new machine with a data disk, its values in lower case",
        source: "azure-cli, 2023 to 2025: Empty and Standard_LRS come back so",
        ask: |azure| {
            let mut body = marketplace();
            body["properties"]["storageProfile"]["dataDisks"] = json!([
                {"lun": 0, "createOption": "empty", "diskSizeGB": 4, "managedDisk": {"storageAccountType": "standard_lrs"}}]);
            azure.put(&machine("new", ""), &body)
        },
        status: 201,
        headers: "A R? E",
        is: &[
            ("/properties/storageProfile/dataDisks/0/createOption", "Empty"),
            ("/properties/storageProfile/dataDisks/0/managedDisk/storageAccountType", "Standard_LRS"),
        ],
        ..BLANK
    },
    Row {
        request: "GET a running machine",
        source: ATTACHED,
        ask: |azure| azure.get(&machine("rich", "")),
        headers: "E",
        has: &[
            "/etag",
            "/properties/storageProfile/osDisk/diskSizeGB",
            "/properties/storageProfile/dataDisks/0/diskSizeGB",
            "/properties/storageProfile/dataDisks/0/managedDisk/storageAccountType",
        ],
        lacks: &["/properties/instanceView", "/properties/storageProfile/diskControllerType"],
        ..BLANK
    },
    Row {
        request: "GET a deallocated machine",
        source: "36 of 37 reads after a deallocation, azure-cli 2025",
        ask: |azure| azure.get(&machine("wide", "")),
        headers: "E",
        has: &["/properties/storageProfile/dataDisks/0/managedDisk/id"],
        lacks: &[
            "/properties/storageProfile/osDisk/diskSizeGB",
            "/properties/storageProfile/osDisk/managedDisk/storageAccountType",
            "/properties/storageProfile/dataDisks/0/diskSizeGB",
            "/properties/storageProfile/dataDisks/0/managedDisk/storageAccountType",
        ],
        ..BLANK
    },
    Row {
        request: "GET a machine that was started again",
        source: "31 of 31 reads after a start, azure-cli 2025",
        ask: |azure| {
            azure.post(&machine("wide", "/start"));
            azure.wait(60);
            azure.get(&machine("wide", ""))
        },
        headers: "E",
        has: &[
            "/properties/storageProfile/osDisk/diskSizeGB",
            "/properties/storageProfile/dataDisks/0/managedDisk/storageAccountType",
        ],
        ..BLANK
    },
    Row {
        request: "GET a machine with its instance view",
        source: GENERALIZED,
        ask: |azure| azure.get(&format!("{}&$expand=instanceView", machine("builder", ""))),
        has: &["/etag", "/properties/instanceView/statuses", "/properties/instanceView/vmAgent"],
        ..BLANK
    },
    Row {
        request: "GET the instance view of a generalized machine",
        source: "15 of 15, api-versions of 2017 to 2020",
        ask: |azure| view(azure, "sealed"),
        has: &["/statuses/1/time"],
        lacks: &["/statuses/0/time", "/statuses/2/time", "/vmAgent"],
        is: &[
            ("/statuses/0/code", "OSState/generalized"),
            ("/statuses/1/code", "ProvisioningState/succeeded"),
            ("/statuses/2/code", "PowerState/deallocated"),
        ],
        ..BLANK
    },
    Row {
        request: "GET the instance view of a machine with a data disk",
        source: ATTACHED,
        ask: |azure| view(azure, "rich"),
        has: &["/disks/0/statuses/0/time", "/disks/1/statuses/0/time"],
        is: &[("/disks/1/name", "rich_disk2")],
        ..BLANK
    },
    Row {
        request: "GET the instance view of a machine whose agent is not ready",
        source: CREATED,
        ask: |azure| {
            azure.post(&machine("wide", "/start"));
            azure.wait(35);
            view(azure, "wide")
        },
        lacks: &["/vmAgent/extensionHandlers", "/computerName", "/osName"],
        is: &[("/vmAgent/statuses/0/displayStatus", "Not Ready"), ("/statuses/1/code", "PowerState/running")],
        ..BLANK
    },
    Row {
        request: "GET the instance view of a machine that the platform stopped",
        source: NET,
        ask: |azure| {
            azure.post(&machine("builder", "/powerOff"));
            azure.wait(600);
            view(azure, "builder")
        },
        is: &[("/vmAgent/statuses/0/displayStatus", "Ready"), ("/statuses/1/code", "PowerState/stopped")],
        ..BLANK
    },
    Row {
        request: "GET the instance view without boot diagnostics",
        source: DIAGNOSTICS,
        ask: |azure| view(azure, "builder"),
        lacks: &["/bootDiagnostics"],
        ..BLANK
    },
    Row {
        request: "GET the instance view with boot diagnostics in an account of one's own",
        source: DIAGNOSTICS,
        ask: |azure| view(azure, "stored"),
        has: &["/bootDiagnostics/consoleScreenshotBlobUri", "/bootDiagnostics/serialConsoleLogBlobUri"],
        ..BLANK
    },
    Row {
        request: "PATCH the tags of a machine",
        source: "41 of 41 changes",
        ask: |azure| patched(azure, &json!({"tags": {"a": "b"}})),
        headers: "A E",
        has: &["/etag"],
        is: &[("/tags/a", "b"), ("/properties/provisioningState", "Updating")],
        ..BLANK
    },
    Row {
        request: "PATCH boot diagnostics off where they were in an account",
        source: "4 of 4, azure-cli test_vm_boot_diagnostics",
        ask: |azure| {
            let off = json!({"properties": {"diagnosticsProfile": {"bootDiagnostics": {"enabled": false}}}});
            azure.call(Method::PATCH, &machine("stored", ""), &off)
        },
        headers: "A E",
        has: &["/properties/diagnosticsProfile/bootDiagnostics/storageUri"],
        ..BLANK
    },
    Row {
        request: "PUT of another image",
        source: "the code, always with its target, in all recordings",
        ask: |azure| {
            made(azure);
            let mut other = marketplace();
            other["properties"]["storageProfile"]["imageReference"]["offer"] = json!("debian");
            azure.put(&machine("new", ""), &other)
        },
        status: 409,
        has: &["/error/target"],
        is: &[("/error/code", "PropertyChangeNotAllowed")],
        ..BLANK
    },
    Row {
        request: "GET a machine from an image that was never deprovisioned",
        source: "10 of 10, four azure-cli recordings, 2023 and 2025",
        ask: from_an_image_that_was_never_deprovisioned,
        headers: "E",
        is: &[("/properties/provisioningState", "Succeeded")],
        ..BLANK
    },
    Row {
        request: "DELETE a machine",
        source: NET,
        ask: |azure| azure.delete(&machine("builder", "")),
        status: 202,
        headers: "A L R=10",
        ..BLANK
    },
];

fn from_an_image_that_was_never_deprovisioned(azure: &mut Azure) -> Answer {
    azure.post(&machine("builder", "/deallocate"));
    azure.wait(60);
    azure.post(&machine("builder", "/generalize"));
    super::version_writes::created(azure, &crate::azure::body("builder", &["westeurope"]));
    let image = id("galleries/corp/images/web/versions/1.0.0");
    azure.put(&machine("new", ""), &machine_body("new", &image));
    azure.wait(120);
    azure.get(&machine("new", ""))
}

#[test]
fn machines_answer_as_recorded() {
    replay(SCENARIO, ROWS);
}
