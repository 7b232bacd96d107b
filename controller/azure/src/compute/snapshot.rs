//! Snapshots of disks.

use azimage_names::{DiskId, Region, SnapshotId};
use http::Method;
use serde::Serialize;
use serde_json::json;

use super::{DISKS, Disk, Tags};
use crate::{
    arm::call::Call,
    arm::client::{Accepted, Client},
    arm::error::Error,
};

/// A snapshot that is made of a disk. It is incremental: it shares with others of the disk what didn't change (Azure
/// documentation, "Create an incremental snapshot for managed disks").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotBody {
    /// The disk's region.
    pub location: Region,
    /// Tags.
    pub tags: Tags,
    /// The disk.
    pub disk: DiskId,
}

impl Serialize for SnapshotBody {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { location, tags, disk } = self;
        json!({
            "location": location,
            "tags": tags,
            "sku": {"name": "Standard_LRS"},
            "properties": {
                "incremental": true,
                "creationData": {"createOption": "Copy", "sourceResourceId": disk},
                "networkAccessPolicy": "DenyAll",
                "publicNetworkAccess": "Disabled",
            },
        })
        .serialize(serializer)
    }
}

impl Client {
    /// Reads a snapshot, which tells the same as a disk (Azure REST: Snapshots - Get).
    pub async fn snapshot(&self, call: &Call, id: &SnapshotId) -> Result<Disk, Error> {
        self.get(call, id, "", DISKS).await
    }

    /// Makes a snapshot (Azure REST: Snapshots - Create Or Update).
    pub async fn put_snapshot(&self, call: &Call, id: &SnapshotId, body: &SnapshotBody) -> Result<Accepted, Error> {
        self.write(call, Method::PUT, &id.to_string(), DISKS, Some(body), None).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_incremental_and_cannot_be_downloaded() {
        let disk =
            "/subscriptions/0a1b2c3d-0000-0000-0000-00000000abcd/resourceGroups/r/providers/Microsoft.Compute/disks/d";
        let body =
            SnapshotBody { location: "westeurope".parse().unwrap(), tags: Tags::new(), disk: disk.parse().unwrap() };
        let expected = json!({
            "location": "westeurope", "tags": {}, "sku": {"name": "Standard_LRS"},
            "properties": {
                "incremental": true, "networkAccessPolicy": "DenyAll", "publicNetworkAccess": "Disabled",
                "creationData": {"createOption": "Copy", "sourceResourceId": disk},
            },
        });
        assert_eq!(serde_json::to_value(&body).unwrap(), expected);
    }
}
