//! Managed disks.

use azimage_names::{
    DiskId, DiskRestorePointId, Region, SnapshotId,
    values::{Architecture, DiskState, HyperVGeneration, OsType, ProvisioningState},
};
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{DISKS, Plan, Tags};
use crate::{
    arm::call::Call,
    arm::client::{Accepted, Client},
    arm::error::Error,
    arm::json::null_as_default,
    arm::operation::percent,
};

/// A managed disk or a snapshot, with what decides whether an image can be made from it. Other than the machine that it is attached to, it
/// tells this while the machine is deallocated too.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct Disk {
    /// Its region.
    pub location: Region,
    /// State of the last operation.
    pub provisioning_state: Option<ProvisioningState>,
    /// What it is used for.
    pub state: Option<DiskState>,
    /// Resource ids of the machines that have it.
    pub managed_by: Vec<String>,
    /// How much of its data is there, where Azure copies it after the creation: 0 to 100.
    pub completion_percent: Option<u8>,
    /// Operating system on it; a disk with data has none.
    pub os_type: Option<OsType>,
    /// Marketplace plan of the system on it.
    pub purchase_plan: Option<Plan>,
    /// Its storage, for example `Premium_LRS`.
    pub storage: Option<String>,
    /// Size in GiB.
    pub size_gib: Option<u32>,
    /// Architecture of the system on it. Azure leaves it out of disks without a system, and of old ones.
    pub architecture: Option<Architecture>,
    /// Hardware generation of the system on it.
    pub hyper_v_generation: Option<HyperVGeneration>,
    /// Whose key encrypts it, for example `EncryptionAtRestWithPlatformKey`.
    pub encryption: Option<String>,
    /// Resource id of the disk encryption set, for disks under a key of the customer.
    pub disk_encryption_set: Option<String>,
    /// How many machines may have it at a time; absent means one.
    pub max_shares: Option<u32>,
    /// Encrypted inside of the guest (Azure Disk Encryption).
    pub encrypted_by_guest: bool,
    /// Security type, for example `TrustedLaunch` or `ConfidentialVM_DiskEncryptedWithPlatformKey`.
    pub security_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    location: Region,
    managed_by: Option<String>,
    #[serde(default, deserialize_with = "null_as_default")]
    managed_by_extended: Vec<String>,
    #[serde(default, deserialize_with = "null_as_default")]
    sku: Sku,
    #[serde(default, deserialize_with = "null_as_default")]
    properties: Properties,
}

#[derive(Default, Deserialize)]
struct Sku {
    name: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    #[serde(rename = "diskSizeGB")]
    disk_size_gb: Option<u32>,
    provisioning_state: Option<ProvisioningState>,
    disk_state: Option<DiskState>,
    completion_percent: Option<f64>,
    os_type: Option<OsType>,
    purchase_plan: Option<Plan>,
    hyper_v_generation: Option<HyperVGeneration>,
    max_shares: Option<u32>,
    #[serde(default, deserialize_with = "null_as_default")]
    supported_capabilities: SupportedCapabilities,
    #[serde(default, deserialize_with = "null_as_default")]
    encryption: Encryption,
    #[serde(default, deserialize_with = "null_as_default")]
    encryption_settings_collection: EncryptionSettings,
    #[serde(default, deserialize_with = "null_as_default")]
    security_profile: SecurityProfile,
}

#[derive(Default, Deserialize)]
struct SupportedCapabilities {
    architecture: Option<Architecture>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Encryption {
    #[serde(rename = "type")]
    kind: Option<String>,
    disk_encryption_set_id: Option<String>,
}

#[derive(Default, Deserialize)]
struct EncryptionSettings {
    enabled: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SecurityProfile {
    security_type: Option<String>,
}

impl From<Wire> for Disk {
    fn from(Wire { location, managed_by, managed_by_extended, sku, properties }: Wire) -> Self {
        let said = |text: Option<String>| text.filter(|text| !text.is_empty());
        Self {
            location,
            provisioning_state: properties.provisioning_state,
            state: properties.disk_state,
            managed_by: said(managed_by).into_iter().chain(managed_by_extended).collect(),
            completion_percent: properties.completion_percent.map(percent),
            os_type: properties.os_type,
            purchase_plan: properties.purchase_plan,
            storage: said(sku.name),
            size_gib: properties.disk_size_gb,
            architecture: properties.supported_capabilities.architecture,
            hyper_v_generation: properties.hyper_v_generation,
            encryption: said(properties.encryption.kind),
            disk_encryption_set: said(properties.encryption.disk_encryption_set_id),
            max_shares: properties.max_shares,
            encrypted_by_guest: properties.encryption_settings_collection.enabled.unwrap_or(false),
            security_type: said(properties.security_profile.security_type),
        }
    }
}

/// What a disk is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiskOrigin {
    /// A snapshot.
    Snapshot(SnapshotId),
    /// What a restore point holds of a disk.
    RestorePoint(DiskRestorePointId),
}

/// A disk that is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskBody {
    /// The region of what it is made from.
    pub location: Region,
    /// Tags.
    pub tags: Tags,
    /// Its storage, for example `Premium_LRS`.
    pub storage: String,
    /// What it is made from.
    pub origin: DiskOrigin,
}

impl Serialize for DiskBody {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { location, tags, storage, origin } = self;
        let (option, source) = match origin {
            DiskOrigin::Snapshot(id) => ("Copy", id.to_string()),
            DiskOrigin::RestorePoint(id) => ("Restore", id.to_string()),
        };
        json!({
            "location": location,
            "tags": tags,
            "sku": {"name": storage},
            "properties": {"creationData": {"createOption": option, "sourceResourceId": source}},
        })
        .serialize(serializer)
    }
}

impl Client {
    /// Makes a disk (Azure REST: Disks - Create Or Update).
    pub async fn put_disk(&self, call: &Call, id: &DiskId, body: &DiskBody) -> Result<Accepted, Error> {
        self.write(call, Method::PUT, &id.to_string(), DISKS, Some(body), None).await
    }

    /// Reads a managed disk (Azure REST: Disks - Get).
    pub async fn disk(&self, call: &Call, id: &DiskId) -> Result<Disk, Error> {
        self.get(call, id, "", DISKS).await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn read(value: &Value) -> Disk {
        serde_json::from_value(value.clone()).unwrap()
    }

    #[test]
    fn a_disk_is_read_whole() {
        let disk = read(&json!({
            "name": "builder_OsDisk_1", "location": "westeurope", "sku": {"name": "Premium_LRS", "tier": "Premium"},
            "managedBy": "/machine", "managedByExtended": ["/other"],
            "properties": {
                "provisioningState": "Succeeded", "diskState": "ActiveSAS", "completionPercent": 99.9,
                "purchasePlan": {"name": "p", "publisher": "c", "product": "o"},
                "diskSizeGB": 30, "hyperVGeneration": "V2", "osType": "Linux",
                "supportedCapabilities": {"architecture": "Arm64", "acceleratedNetwork": true},
                "encryption": {"type": "EncryptionAtRestWithCustomerKey", "diskEncryptionSetId": "/set"},
                "maxShares": 2,
                "encryptionSettingsCollection": {"enabled": true, "encryptionSettingsVersion": "1.1"},
                "securityProfile": {"securityType": "ConfidentialVM_NonPersistedTPM"},
            },
        }));
        let expected = Disk {
            location: "westeurope".parse().unwrap(),
            provisioning_state: Some(ProvisioningState::Succeeded),
            state: Some(DiskState::ActiveSas),
            managed_by: vec!["/machine".into(), "/other".into()],
            completion_percent: Some(99),
            os_type: Some(OsType::Linux),
            purchase_plan: Some(Plan {
                name: Some("p".into()),
                publisher: Some("c".into()),
                product: Some("o".into()),
            }),
            storage: Some("Premium_LRS".into()),
            size_gib: Some(30),
            architecture: Some(Architecture::Arm64),
            hyper_v_generation: Some(HyperVGeneration::V2),
            encryption: Some("EncryptionAtRestWithCustomerKey".into()),
            disk_encryption_set: Some("/set".into()),
            max_shares: Some(2),
            encrypted_by_guest: true,
            security_type: Some("ConfidentialVM_NonPersistedTPM".into()),
        };
        assert_eq!(disk, expected);
    }

    #[test]
    fn what_is_absent_or_unknown_is_no_error() {
        let bare = read(&json!({"location": "westeurope"}));
        assert_eq!((bare.architecture.clone(), bare.storage.clone(), bare.encrypted_by_guest), (None, None, false));
        let empty = json!({"location": "West Europe", "sku": null, "managedBy": "", "managedByExtended": null, "properties": {
            "purchasePlan": null, "completionPercent": null,
            "supportedCapabilities": null, "encryption": {"diskEncryptionSetId": ""}, "securityProfile": {},
            "encryptionSettingsCollection": null, "diskSizeGB": null}});
        assert_eq!(read(&empty), bare);
        let new = read(
            &json!({"location": "westeurope", "properties": {"supportedCapabilities": {"architecture": "RiscV"}}}),
        );
        assert_eq!(new.architecture, Some(Architecture::Other("RiscV".into())));
    }

    #[test]
    fn a_disk_is_made_from_a_snapshot_or_a_restore_point() {
        let group = "/subscriptions/0a1b2c3d-0000-0000-0000-00000000abcd/resourceGroups/w/providers/Microsoft.Compute";
        let (snapshot, point) = (
            format!("{group}/snapshots/s"),
            format!("{group}/restorePointCollections/c/restorePoints/p/diskRestorePoints/os_1"),
        );
        for (origin, option, source) in [
            (DiskOrigin::Snapshot(snapshot.parse().unwrap()), "Copy", snapshot),
            (DiskOrigin::RestorePoint(point.parse().unwrap()), "Restore", point),
        ] {
            let body = DiskBody {
                location: "westeurope".parse().unwrap(),
                tags: [("a".to_owned(), "b".to_owned())].into(),
                storage: "Premium_LRS".into(),
                origin,
            };
            let expected = json!({
                "location": "westeurope", "tags": {"a": "b"}, "sku": {"name": "Premium_LRS"},
                "properties": {"creationData": {"createOption": option, "sourceResourceId": source}},
            });
            assert_eq!(serde_json::to_value(&body).unwrap(), expected);
        }
    }
}
