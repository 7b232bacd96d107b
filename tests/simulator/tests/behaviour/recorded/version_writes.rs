//! Image versions: how they are made and changed.

use serde_json::{Value, json};

use super::{BLANK, Row, replay};
use crate::azure::{Answer, Azure, body, id, version};

pub(super) const SCENARIO: &str = "subscriptions: [{id: 11111111-1111-4111-8111-111111111111, resourceGroups: [{name: images,
  diskEncryptionSets: [{name: set}],
  virtualMachines: [{name: wide, powerState: deallocated, generalized: true, deprovisioned: true, dataDisks: [{lun: 2, sizeGb: 8}]}]}]}]";

/// Makes a version and waits for it.
pub(super) fn created(azure: &mut Azure, body: &Value) {
    let made = azure.put(&version("1.0.0"), body);
    assert_eq!(made.status, 201, "{made:?}");
    azure.wait(3000);
}

fn from_disk() -> Value {
    json!({"location": "westeurope", "tags": {},
        "properties": {"storageProfile": {"osDiskImage": {"source": {"id": id("disks/sealed_OsDisk_1")}}}}})
}

/// With this in its publishing profile.
fn published_with(name: &str, value: &Value) -> Value {
    let mut wanted = body("sealed", &["westeurope"]);
    wanted["properties"]["publishingProfile"][name] = value.clone();
    wanted
}

fn edge() -> Value {
    published_with(
        "targetExtendedLocations",
        &json!([{"name": "West US", "extendedLocation": {"name": "losangeles", "type": "EdgeZone"},
            "extendedLocationReplicaCount": 1, "storageAccountType": "Standard_LRS"}]),
    )
}

fn encrypted() -> Value {
    let set = json!({"osDiskImage": {"diskEncryptionSetId": id("diskEncryptionSets/set")}});
    published_with("targetRegions", &json!([{"name": "westeurope", "encryption": set}]))
}

/// What was read, written back as it is.
fn written_back(azure: &mut Azure, made: &Value) -> Answer {
    created(azure, made);
    let read = azure.get(&version("1.0.0")).body;
    azure.put(&version("1.0.0"), &read)
}

const E2E: &str = "azure-cli test_gallery_e2e, 2025-04";
const SOURCES: &str = "azure-cli test_image_version_create_for_diff_source, 2025-04";
const EDGE: &str = "azure-cli test_image_version_with_target_extended_locations, 2023-05";
const REMOVAL: &str = "azure-cli test_create_image_version_with_allow_replicated_location_deletion, 2025-04";

const ROWS: &[Row] = &[
    Row {
        request: "PUT a new version from a machine",
        source: E2E,
        ask: |azure| azure.put(&version("1.0.0"), &body("sealed", &["westeurope", "northeurope"])),
        status: 201,
        headers: "A",
        has: &["/properties/publishingProfile/publishedDate", "/properties/validationsProfile"],
        lacks: &["/properties/storageProfile/osDiskImage", "/properties/storageProfile/dataDiskImages"],
        is: &[
            ("/properties/provisioningState", "Creating"),
            ("/properties/publishingProfile/targetRegions/1/name", "North Europe"),
            ("/properties/publishingProfile/targetRegions/1/regionalReplicaCount", "1"),
        ],
    },
    Row {
        request: "PUT a new version from a machine with a data disk",
        source: "33 of 33 creations from images and machines",
        ask: |azure| azure.put(&version("1.0.0"), &body("wide", &["westeurope"])),
        status: 201,
        headers: "A",
        lacks: &["/properties/storageProfile/osDiskImage", "/properties/storageProfile/dataDiskImages"],
        ..BLANK
    },
    Row {
        request: "PUT a new version from a disk",
        source: SOURCES,
        ask: |azure| azure.put(&version("1.0.0"), &from_disk()),
        status: 201,
        headers: "A",
        has: &["/properties/storageProfile/osDiskImage/source/id"],
        lacks: &["/properties/storageProfile/osDiskImage/sizeInGB", "/properties/storageProfile/source"],
        ..BLANK
    },
    Row {
        request: "GET a version from a disk",
        source: SOURCES,
        ask: |azure| {
            created(azure, &from_disk());
            azure.get(&version("1.0.0"))
        },
        has: &["/properties/storageProfile/osDiskImage/sizeInGB"],
        lacks: &["/properties/storageProfile/source", "/properties/storageProfile/dataDiskImages"],
        ..BLANK
    },
    Row {
        request: "PUT a new version that says nothing of removals",
        source: "47 of 47 creations, api-versions 2022-03-03 and 2024-03-03",
        ask: |azure| azure.put(&version("1.0.0"), &body("sealed", &["westeurope"])),
        status: 201,
        headers: "A",
        lacks: &["/properties/safetyProfile/blockDeletionBeforeEndOfLife"],
        is: &[("/properties/safetyProfile/allowDeletionOfReplicatedLocations", "false")],
        ..BLANK
    },
    Row {
        request: "PUT a new version whose regions may be removed",
        source: REMOVAL,
        ask: |azure| {
            let mut wanted = body("sealed", &["westeurope"]);
            wanted["properties"]["safetyProfile"] = json!({"allowDeletionOfReplicatedLocations": true});
            azure.put(&version("1.0.0"), &wanted)
        },
        status: 201,
        headers: "A",
        is: &[("/properties/safetyProfile/allowDeletionOfReplicatedLocations", "true")],
        ..BLANK
    },
    Row {
        request: "PUT of more regions without a source",
        source: "14 of 14 updates that leave the source out",
        ask: |azure| {
            created(azure, &body("sealed", &["westeurope"]));
            let mut more = body("sealed", &["westeurope", "northeurope"]);
            more["properties"]["storageProfile"] = json!({});
            azure.put(&version("1.0.0"), &more)
        },
        headers: "A",
        has: &["/properties/storageProfile/source/virtualMachineId", "/properties/storageProfile/osDiskImage/sizeInGB"],
        lacks: &["/properties/validationsProfile"],
        is: &[
            ("/properties/provisioningState", "Updating"),
            ("/properties/publishingProfile/publishedDate", "2026-01-01T00:00:00.000000+00:00"),
        ],
        ..BLANK
    },
    Row {
        request: "PUT with an end of life",
        source: "azure-cli test_image_version_end_of_life_date, 2025-03",
        ask: |azure| azure.put(&version("1.0.0"), &published_with("endOfLifeDate", &json!("2030-08-02T00:00:00Z"))),
        status: 201,
        headers: "A",
        is: &[("/properties/publishingProfile/endOfLifeDate", "2030-08-02T00:00:00+00:00")],
        ..BLANK
    },
    Row {
        request: "PUT with a replication mode",
        source: "azure-cli test_replication_mode, 2025-03",
        ask: |azure| azure.put(&version("1.0.0"), &published_with("replicationMode", &json!("Shallow"))),
        status: 201,
        headers: "A",
        is: &[("/properties/publishingProfile/replicationMode", "Shallow")],
        ..BLANK
    },
    Row {
        request: "PUT with a kind of storage in lower case",
        source: E2E,
        ask: |azure| azure.put(&version("1.0.0"), &published_with("storageAccountType", &json!("standard_lrs"))),
        status: 201,
        headers: "A",
        is: &[
            ("/properties/publishingProfile/storageAccountType", "Standard_LRS"),
            ("/properties/publishingProfile/targetRegions/0/storageAccountType", "Standard_LRS"),
        ],
        ..BLANK
    },
    Row {
        request: "PUT with an edge zone",
        source: EDGE,
        ask: |azure| azure.put(&version("1.0.0"), &edge()),
        status: 201,
        headers: "A",
        is: &[("/properties/publishingProfile/targetExtendedLocations/0/extendedLocation/name", "losangeles")],
        ..BLANK
    },
    Row {
        request: "PUT of what was read, with an edge zone",
        source: EDGE,
        ask: |azure| written_back(azure, &edge()),
        headers: "A",
        is: &[("/properties/publishingProfile/targetExtendedLocations/0/extendedLocation/type", "EdgeZone")],
        ..BLANK
    },
    Row {
        request: "PUT with a disk encryption set",
        source: "azure-cli test_create_image_version_with_region_cvm_encryption, 2025-08",
        ask: |azure| azure.put(&version("1.0.0"), &encrypted()),
        status: 201,
        headers: "A",
        has: &["/properties/publishingProfile/targetRegions/0/encryption/osDiskImage/securityProfile"],
        ..BLANK
    },
    Row {
        request: "PUT of what was read, with a disk encryption set",
        source: "azure-cli test_create_image_version_with_region_cvm_encryption, 2025-08",
        ask: |azure| written_back(azure, &encrypted()),
        headers: "A",
        is: &[("/properties/provisioningState", "Updating")],
        ..BLANK
    },
    Row {
        request: "PUT of what never changes",
        source: "the code, always with its target, in all recordings",
        ask: |azure| {
            created(azure, &body("sealed", &["westeurope"]));
            azure.put(&version("1.0.0"), &body("wide", &["westeurope"]))
        },
        status: 409,
        has: &["/error/target"],
        is: &[("/error/code", "PropertyChangeNotAllowed")],
        ..BLANK
    },
    Row {
        request: "PUT whose source is absent",
        source: "the code, in all recordings",
        ask: |azure| azure.put(&version("1.0.0"), &body("nobody", &["westeurope"])),
        status: 404,
        is: &[("/error/code", "NotFound")],
        ..BLANK
    },
];

#[test]
fn versions_are_written_as_recorded() {
    replay(SCENARIO, ROWS);
}
