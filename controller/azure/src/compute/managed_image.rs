//! Managed images.

use azimage_names::{
    ManagedImageId, Region,
    values::{HyperVGeneration, OsState, OsType, ProvisioningState},
};
use serde::Deserialize;

use super::VIRTUAL_MACHINES;
use crate::{arm::call::Call, arm::client::Client, arm::error::Error, arm::json::null_as_default};

/// A managed image, with what decides whether a version can be made from it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct ManagedImage {
    /// Its region.
    pub location: Region,
    /// State of the last operation.
    pub provisioning_state: Option<ProvisioningState>,
    /// Hardware generation of the system on it. Azure takes V1 where none was given (Azure REST: Images, `hyperVGeneration`).
    pub hyper_v_generation: Option<HyperVGeneration>,
    /// Operating system.
    pub os_type: Option<OsType>,
    /// Whether the system is generalized.
    pub os_state: Option<OsState>,
    /// Its disks, that with the operating system first.
    pub disks: Vec<ImageDisk>,
}

/// A disk of a managed image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageDisk {
    /// Size in GiB.
    pub size_gib: Option<u32>,
    /// Its storage, for example `Standard_LRS`.
    pub storage: Option<String>,
    /// Resource id of the disk encryption set, for disks under a key of the customer.
    pub disk_encryption_set: Option<String>,
}

#[derive(Deserialize)]
struct Wire {
    location: Region,
    #[serde(default, deserialize_with = "null_as_default")]
    properties: Properties,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    provisioning_state: Option<ProvisioningState>,
    hyper_v_generation: Option<HyperVGeneration>,
    #[serde(default, deserialize_with = "null_as_default")]
    storage_profile: StorageProfile,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StorageProfile {
    #[serde(default, deserialize_with = "null_as_default")]
    os_disk: WireDisk,
    #[serde(default, deserialize_with = "null_as_default")]
    data_disks: Vec<WireDisk>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireDisk {
    os_type: Option<OsType>,
    os_state: Option<OsState>,
    #[serde(rename = "diskSizeGB")]
    disk_size_gb: Option<u32>,
    storage_account_type: Option<String>,
    #[serde(default, deserialize_with = "null_as_default")]
    disk_encryption_set: Reference,
}

#[derive(Default, Deserialize)]
struct Reference {
    id: Option<String>,
}

impl From<Wire> for ManagedImage {
    fn from(Wire { location, properties }: Wire) -> Self {
        let StorageProfile { mut os_disk, data_disks } = properties.storage_profile;
        let said = |text: Option<String>| text.filter(|text| !text.is_empty());
        Self {
            location,
            provisioning_state: properties.provisioning_state,
            hyper_v_generation: properties.hyper_v_generation,
            os_type: os_disk.os_type.take(),
            os_state: os_disk.os_state.take(),
            disks: std::iter::once(os_disk)
                .chain(data_disks)
                .map(|disk| ImageDisk {
                    size_gib: disk.disk_size_gb,
                    storage: said(disk.storage_account_type),
                    disk_encryption_set: said(disk.disk_encryption_set.id),
                })
                .collect(),
        }
    }
}

impl Client {
    /// Reads a managed image (Azure REST: Images - Get).
    pub async fn managed_image(&self, call: &Call, id: &ManagedImageId) -> Result<ManagedImage, Error> {
        self.get(call, id, "", VIRTUAL_MACHINES).await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(value: &Value) -> ManagedImage {
        serde_json::from_value(value.clone()).unwrap()
    }

    #[test]
    fn an_image_is_read_whole() {
        let image = read(&json!({
            "name": "golden", "location": "West Europe",
            "properties": {
                "provisioningState": "Succeeded", "hyperVGeneration": "V2",
                "sourceVirtualMachine": {"id": "/subscriptions/s/…/virtualMachines/builder"},
                "storageProfile": {
                    "osDisk": {"osType": "Linux", "osState": "Generalized", "diskSizeGB": 30, "caching": "ReadWrite",
                        "storageAccountType": "Standard_LRS", "diskEncryptionSet": {"id": "/set"}},
                    "dataDisks": [{"lun": 1, "diskSizeGB": 64, "storageAccountType": "Premium_LRS"}],
                    "zoneResilient": false,
                },
            },
        }));
        let disk = |size, storage: &str, set: Option<&str>| ImageDisk {
            size_gib: Some(size),
            storage: Some(storage.to_owned()),
            disk_encryption_set: set.map(str::to_owned),
        };
        let expected = ManagedImage {
            location: "westeurope".parse().unwrap(),
            provisioning_state: Some(ProvisioningState::Succeeded),
            hyper_v_generation: Some(HyperVGeneration::V2),
            os_type: Some(OsType::Linux),
            os_state: Some(OsState::Generalized),
            disks: vec![disk(30, "Standard_LRS", Some("/set")), disk(64, "Premium_LRS", None)],
        };
        assert_eq!(image, expected);
    }

    #[test]
    fn what_is_absent_or_unknown_is_no_error() {
        let bare = read(&json!({"location": "westeurope"}));
        assert_eq!((bare.os_type.clone(), bare.os_state.clone(), bare.disks.len()), (None, None, 1));
        let empty = json!({"location": "westeurope", "properties": {"storageProfile": {
            "osDisk": {"diskEncryptionSet": null, "storageAccountType": ""}, "dataDisks": null}}});
        assert_eq!(read(&empty), bare);
        let new = read(&json!({"location": "westeurope", "properties": {"storageProfile": {
            "osDisk": {"osState": "Levitating"}}}}));
        assert_eq!(new.os_state, Some(OsState::Other("Levitating".into())));
    }
}
