//! Image versions: how they are read and deleted. Their writes: [`super::version_writes`].

use serde_json::json;

use super::{BLANK, Row, replay, version_writes::created};
use crate::azure::{Answer, Azure, GALLERIES, body, id, version, with_status};

/// A version that was deleted in a gallery which keeps what is deleted.
fn deleted_softly(azure: &mut Azure) {
    let gallery = format!("{}?api-version={GALLERIES}", id("galleries/corp"));
    let policy = json!({"location": "westeurope", "properties": {"softDeletePolicy": {"isSoftDeleteEnabled": true}}});
    azure.put(&gallery, &policy);
    azure.wait(1);
    created(azure, &body("sealed", &["westeurope"]));
    azure.delete(&version("1.0.0"));
    azure.wait(120);
}

fn revived(azure: &mut Azure) -> Answer {
    deleted_softly(azure);
    azure.put(&version("1.0.0"), &json!({"location": "westeurope", "tags": {}}))
}

const E2E: &str = "azure-cli test_gallery_e2e, 2025-04";
const SOFT: &str = "azure-cli test_gallery_soft_delete, 2025-03";

const ROWS: &[Row] = &[
    Row {
        request: "GET a version made from a machine",
        source: E2E,
        ask: |azure| {
            created(azure, &body("sealed", &["westeurope"]));
            azure.get(&version("1.0.0"))
        },
        has: &[
            "/properties/storageProfile/osDiskImage/sizeInGB",
            "/properties/publishingProfile/publishedDate",
            "/properties/validationsProfile",
        ],
        lacks: &[
            "/properties/replicationStatus",
            "/properties/publishingProfile/targetRegions/0/excludeFromLatest",
            "/properties/safetyProfile/blockDeletionBeforeEndOfLife",
            "/properties/publishingProfile/endOfLifeDate",
            "/properties/publishingProfile/targetExtendedLocations",
        ],
        is: &[
            ("/properties/provisioningState", "Succeeded"),
            ("/properties/safetyProfile/allowDeletionOfReplicatedLocations", "false"),
            ("/properties/publishingProfile/targetRegions/0/name", "West Europe"),
            ("/location", "westeurope"),
        ],
        ..BLANK
    },
    Row {
        request: "GET a version of a machine with a data disk",
        source: "azure-cli test_specialized_image, 2025-03",
        ask: |azure| {
            created(azure, &body("wide", &["westeurope"]));
            azure.get(&version("1.0.0"))
        },
        has: &["/properties/storageProfile/dataDiskImages/0/sizeInGB"],
        lacks: &["/properties/storageProfile/dataDiskImages/0/source"],
        ..BLANK
    },
    Row {
        request: "GET a version with its replication status",
        source: ".NET CanCreateUpdateGetDeleteGalleryImageVersion, 2020-05",
        ask: |azure| {
            created(azure, &body("sealed", &["westeurope"]));
            azure.get(&with_status(&version("1.0.0")))
        },
        lacks: &["/properties/replicationStatus/summary/0/details"],
        is: &[
            ("/properties/replicationStatus/summary/0/region", "westeurope"),
            ("/properties/replicationStatus/summary/0/state", "Completed"),
            ("/properties/replicationStatus/summary/0/progress", "100"),
        ],
        ..BLANK
    },
    Row {
        request: "GET versions as a list",
        source: E2E,
        ask: |azure| {
            created(azure, &body("sealed", &["westeurope"]));
            azure.get(&version("").replace("/versions/?", "/versions?"))
        },
        has: &["/value/0/properties/publishingProfile/publishedDate", "/value/0/tags"],
        lacks: &["/value/0/properties/replicationStatus"],
        ..BLANK
    },
    Row {
        request: "DELETE a version",
        source: ".NET CanCreateUpdateGetDeleteGalleryImageVersion, 2020-05",
        ask: |azure| {
            created(azure, &body("sealed", &["westeurope"]));
            azure.delete(&version("1.0.0"))
        },
        status: 202,
        headers: "A L",
        ..BLANK
    },
    Row {
        request: "GET a version right after its deletion",
        source: E2E,
        ask: |azure| {
            created(azure, &body("sealed", &["westeurope"]));
            azure.delete(&version("1.0.0"));
            azure.wait(101);
            azure.get(&version("1.0.0"))
        },
        status: 404,
        is: &[("/error/code", "NotFound")],
        ..BLANK
    },
    Row {
        request: "PUT of location and tags on a version that was deleted softly",
        source: SOFT,
        ask: revived,
        headers: "A",
        has: &["/properties/storageProfile/source/virtualMachineId"],
        is: &[
            ("/properties/provisioningState", "Updating"),
            ("/properties/publishingProfile/publishedDate", "2026-01-01T00:00:01.000000+00:00"),
        ],
        ..BLANK
    },
    Row {
        request: "GET a version 150 s after it was brought back",
        source: SOFT,
        ask: |azure| {
            revived(azure);
            azure.wait(151);
            azure.get(&version("1.0.0"))
        },
        is: &[("/properties/provisioningState", "Succeeded")],
        ..BLANK
    },
    Row {
        request: "GET the versions that a gallery keeps",
        source: SOFT,
        ask: |azure| {
            deleted_softly(azure);
            let kept = id("galleries/corp/softDeletedArtifactTypes/Images/artifacts/web/versions");
            azure.get(&format!("{kept}?api-version={GALLERIES}"))
        },
        has: &["/value/0/properties/resourceArmId", "/value/0/properties/softDeletedTime"],
        is: &[("/value/0/properties/softDeletedArtifactType", "Images")],
        ..BLANK
    },
];

#[test]
fn versions_are_read_and_deleted_as_recorded() {
    replay(super::version_writes::SCENARIO, ROWS);
}
