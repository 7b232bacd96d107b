//! Restore points of machines, and the collections that they lie in.

use std::collections::BTreeMap;

use azimage_names::{
    DiskRestorePointId, Region, RestorePointCollectionId, RestorePointId, VirtualMachineId, values::ProvisioningState,
};
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Tags, VIRTUAL_MACHINES};
use crate::{
    arm::call::Call,
    arm::client::{Accepted, Client},
    arm::error::Error,
    arm::json::null_as_default,
};

/// A restore point, as its collection shows it when it is expanded.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct RestorePoint {
    /// Its name in its collection.
    pub name: String,
    /// State of its creation; absent counts as Succeeded.
    pub provisioning_state: Option<ProvisioningState>,
    /// What it holds of the OS disk.
    pub os_disk: Option<DiskRestorePointId>,
    /// What it holds of the data disks, by logical unit number, where Azure tells it.
    pub data_disks: BTreeMap<u8, Option<DiskRestorePointId>>,
    /// The size of all these disks in GiB.
    pub size_gib: u32,
}

#[derive(Deserialize)]
struct Wire {
    #[serde(default, deserialize_with = "null_as_default")]
    name: String,
    #[serde(default, deserialize_with = "null_as_default")]
    properties: Properties,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    provisioning_state: Option<ProvisioningState>,
    #[serde(default, deserialize_with = "null_as_default")]
    source_metadata: SourceMetadata,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SourceMetadata {
    #[serde(default, deserialize_with = "null_as_default")]
    storage_profile: StorageProfile,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StorageProfile {
    #[serde(default, deserialize_with = "null_as_default")]
    os_disk: Disk,
    #[serde(default, deserialize_with = "null_as_default")]
    data_disks: Vec<Disk>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "these are Azure's names")]
struct Disk {
    lun: Option<u8>,
    #[serde(rename = "diskSizeGB")]
    disk_size_gb: Option<u32>,
    disk_restore_point: Option<Reference>,
}

#[derive(Deserialize)]
struct Reference {
    id: Option<String>,
}

impl Disk {
    fn restore_point(&self) -> Option<DiskRestorePointId> {
        self.disk_restore_point.as_ref()?.id.as_ref()?.parse().ok()
    }
}

impl From<Wire> for RestorePoint {
    fn from(Wire { name, properties }: Wire) -> Self {
        let StorageProfile { os_disk, data_disks } = properties.source_metadata.storage_profile;
        let sizes = data_disks.iter().chain([&os_disk]).filter_map(|disk| disk.disk_size_gb);
        Self {
            name,
            provisioning_state: properties.provisioning_state,
            os_disk: os_disk.restore_point(),
            size_gib: sizes.fold(0, u32::saturating_add),
            data_disks: data_disks.iter().filter_map(|disk| Some((disk.lun?, disk.restore_point()))).collect(),
        }
    }
}

/// A collection that is made for restore points of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestorePointCollectionBody {
    /// The machine's region.
    pub location: Region,
    /// Tags.
    pub tags: Tags,
    /// The machine.
    pub machine: VirtualMachineId,
}

impl Serialize for RestorePointCollectionBody {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { location, tags, machine } = self;
        json!({"location": location, "tags": tags, "properties": {"source": {"id": machine.to_string()}}})
            .serialize(serializer)
    }
}

impl Client {
    /// Makes a collection (Azure REST: Restore Point Collections - Create Or Update). Of one that exists only tags are changed.
    pub async fn put_restore_point_collection(
        &self,
        call: &Call,
        id: &RestorePointCollectionId,
        body: &RestorePointCollectionBody,
    ) -> Result<Accepted, Error> {
        self.write(call, Method::PUT, &id.to_string(), VIRTUAL_MACHINES, Some(body), None).await
    }

    /// Makes a crash-consistent restore point (Azure REST: Restore Points - Create). Without the mode Azure would make an
    /// application-consistent one, and install an extension on the machine for that ("Troubleshoot restore point failures").
    pub async fn put_restore_point(&self, call: &Call, id: &RestorePointId) -> Result<Accepted, Error> {
        let body = json!({"properties": {"consistencyMode": "CrashConsistent"}});
        self.write(call, Method::PUT, &id.to_string(), VIRTUAL_MACHINES, Some(&body), None).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DISKS: &str = "/subscriptions/0a1b2c3d-0000-0000-0000-00000000abcd/resourceGroups/w/providers/Microsoft.Compute/restorePointCollections/c/restorePoints/all/diskRestorePoints";

    #[test]
    fn a_restore_point_tells_what_it_holds_of_each_disk() {
        let point: RestorePoint = serde_json::from_value(json!({
            "name": "all", "id": "/point",
            "properties": {
                "provisioningState": "Creating", "consistencyMode": "CrashConsistent",
                "sourceMetadata": {"vmId": "x", "storageProfile": {
                    "osDisk": {"name": "os", "diskSizeGB": 30, "diskRestorePoint": {"id": format!("{DISKS}/os_1")}},
                    "dataDisks": [
                        {"lun": 3, "diskSizeGB": 64, "diskRestorePoint": {"id": format!("{DISKS}/data_1")}},
                        {"lun": 4, "diskRestorePoint": {"id": null}},
                        {"lun": 5, "diskRestorePoint": null},
                    ],
                }},
            },
        }))
        .unwrap();
        let id = |name: &str| format!("{DISKS}/{name}").parse::<DiskRestorePointId>().unwrap();
        let expected = RestorePoint {
            name: "all".into(),
            provisioning_state: Some(ProvisioningState::Creating),
            os_disk: Some(id("os_1")),
            data_disks: [(3, Some(id("data_1"))), (4, None), (5, None)].into(),
            size_gib: 94,
        };
        assert_eq!(point, expected);
        let bare: RestorePoint = serde_json::from_value(json!({"properties": {"sourceMetadata": null}})).unwrap();
        assert_eq!((bare.os_disk, bare.data_disks.len(), bare.size_gib), (None, 0, 0));
    }

    #[test]
    fn a_collection_names_its_machine() {
        let machine = "/subscriptions/0a1b2c3d-0000-0000-0000-00000000abcd/resourceGroups/r/providers/Microsoft.Compute/virtualMachines/vm";
        let body = RestorePointCollectionBody {
            location: "westeurope".parse().unwrap(),
            tags: Tags::new(),
            machine: machine.parse().unwrap(),
        };
        let expected = json!({"location": "westeurope", "tags": {}, "properties": {"source": {"id": machine}}});
        assert_eq!(serde_json::to_value(&body).unwrap(), expected);
    }
}
