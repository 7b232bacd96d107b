//! Image versions, as they are written. Read-only fields do not exist here, so they cannot be sent.

use std::collections::BTreeMap;

use azimage_names::{
    Region, VirtualMachineId,
    values::{ReplicationMode, StorageAccountType},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Tags;
use crate::arm::json::null_as_default;

/// A request to create or update an image version as a whole.
#[derive(Clone, Debug, PartialEq)]
pub struct ImageVersionBody {
    /// Home region: that of the source, and one of the target regions.
    pub location: Region,
    /// Tags.
    pub tags: Tags,
    /// What the version is made from. Never changes, and an update may leave it out (recorded).
    pub source: Option<ImageSource>,
    /// All regions the version shall be in.
    pub target_regions: Vec<TargetRegion>,
    /// All edge zones the version shall be in.
    pub target_extended_locations: Vec<ExtendedLocationTarget>,
    /// Replicas in regions that do not say how many.
    pub replica_count: Option<u32>,
    /// Whether no region offers the version as `latest`.
    pub exclude_from_latest: bool,
    /// End of life.
    pub end_of_life: Option<Timestamp>,
    /// Storage in regions that do not say which. Never changes.
    pub storage_account_type: Option<StorageAccountType>,
    /// How the version is stored. Never changes.
    pub replication_mode: Option<ReplicationMode>,
    /// What the version is protected against.
    pub safety: SafetyProfile,
}

/// What an image version is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageSource {
    /// A generalized virtual machine. Azure checks the right to write it (Azure documentation, "Azure Compute
    /// Gallery": linked access).
    VirtualMachine(VirtualMachineId),
    /// Resource id of a managed image or another image version.
    Resource(String),
    /// Id of an image version of a community gallery.
    CommunityGalleryImage(String),
    /// Managed disks or snapshots. Azure checks the right to write each (Azure documentation, "Azure Compute Gallery": linked
    /// access).
    Disks {
        /// Resource id of the one with the operating system.
        os_disk: String,
        /// Resource ids of those with data, by logical unit number.
        data_disks: BTreeMap<u8, String>,
    },
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WireSource {
    #[serde(skip_serializing_if = "Option::is_none")]
    virtual_machine_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    community_gallery_image_id: Option<String>,
}

impl WireSource {
    pub(super) fn typed(self) -> Option<ImageSource> {
        if let Some(id) = self.virtual_machine_id {
            return VirtualMachineId::parse(&id).ok().map(ImageSource::VirtualMachine);
        }
        // Older tools put the id of a virtual machine here. It stays where it was, since it is written back.
        self.id.map(ImageSource::Resource).or(self.community_gallery_image_id.map(ImageSource::CommunityGalleryImage))
    }

    fn of(source: &ImageSource) -> Self {
        match source {
            ImageSource::VirtualMachine(id) => Self { virtual_machine_id: Some(id.to_string()), ..Self::default() },
            ImageSource::Resource(id) => Self { id: Some(id.clone()), ..Self::default() },
            ImageSource::CommunityGalleryImage(id) => {
                Self { community_gallery_image_id: Some(id.clone()), ..Self::default() }
            }
            ImageSource::Disks { .. } => Self::default(),
        }
    }
}

/// A region an image version shall be in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetRegion {
    /// The region.
    pub name: Region,
    /// Replicas; Azure fills in 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regional_replica_count: Option<u32>,
    /// Storage of the replicas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_account_type: Option<StorageAccountType>,
    /// Whether this region does not offer the version as `latest`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclude_from_latest: Option<bool>,
    /// Keys of the customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encryption: Option<RegionEncryption>,
    /// Further replicas on other storage.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub additional_replica_sets: Vec<AdditionalReplicaSet>,
}

impl TargetRegion {
    /// This region with nothing said about it.
    pub fn new(name: Region) -> Self {
        Self {
            name,
            regional_replica_count: None,
            storage_account_type: None,
            exclude_from_latest: None,
            encryption: None,
            additional_replica_sets: Vec::new(),
        }
    }
}

/// Further replicas on other storage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdditionalReplicaSet {
    /// Storage of the replicas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_account_type: Option<StorageAccountType>,
    /// Replicas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub regional_replica_count: Option<u32>,
}

/// Encryption of the replicas in one region with keys of the customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegionEncryption {
    /// Of the OS disk image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os_disk_image: Option<OsDiskEncryption>,
    /// Of the data disk images.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub data_disk_images: Vec<DataDiskEncryption>,
}

/// Encryption of the OS disk image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OsDiskEncryption {
    /// Resource id of the disk encryption set, in the same region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk_encryption_set_id: Option<String>,
    /// For confidential virtual machines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_profile: Option<OsDiskSecurityProfile>,
}

/// Encryption of the OS disk image of confidential virtual machines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OsDiskSecurityProfile {
    /// What is encrypted and by whose key, for example `EncryptedWithPmk`.
    #[serde(rename = "confidentialVMEncryptionType", skip_serializing_if = "Option::is_none")]
    pub confidential_vm_encryption_type: Option<String>,
    /// Resource id of the disk encryption set.
    #[serde(rename = "secureVMDiskEncryptionSetId", skip_serializing_if = "Option::is_none")]
    pub secure_vm_disk_encryption_set_id: Option<String>,
}

/// Encryption of a data disk image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DataDiskEncryption {
    /// Logical unit number.
    pub lun: i32,
    /// Resource id of the disk encryption set, in the same region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk_encryption_set_id: Option<String>,
}

/// An edge zone an image version shall be in. Kept so that an update does not lose it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExtendedLocationTarget {
    /// The region the zone belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_location: Option<ExtendedLocation>,
    /// Replicas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extended_location_replica_count: Option<u32>,
    /// Storage of the replicas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_account_type: Option<StorageAccountType>,
    /// Keys of the customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encryption: Option<RegionEncryption>,
}

/// Name of an edge zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtendedLocation {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its kind, `EdgeZone`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// What an image version is protected against.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SafetyProfile {
    /// Whether an update may take it out of regions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_deletion_of_replicated_locations: Option<bool>,
    /// Whether it cannot be deleted before its end of life.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block_deletion_before_end_of_life: Option<bool>,
}

#[derive(Serialize)]
struct Wire<'a> {
    location: &'a Region,
    tags: &'a Tags,
    properties: Properties<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(clippy::struct_field_names, reason = "Azure's names")]
struct Properties<'a> {
    storage_profile: StorageProfile,
    publishing_profile: PublishingProfile<'a>,
    safety_profile: &'a SafetyProfile,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct StorageProfile {
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<WireSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    os_disk_image: Option<DiskImage>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    data_disk_images: Vec<DiskImage>,
}

/// A disk of a version, and what it is made from.
#[derive(Serialize)]
struct DiskImage {
    #[serde(skip_serializing_if = "Option::is_none")]
    lun: Option<u8>,
    source: DiskImageSource,
}

#[derive(Serialize)]
struct DiskImageSource {
    id: String,
}

impl StorageProfile {
    fn of(source: &ImageSource) -> Self {
        let image = |lun, id: &String| DiskImage { lun, source: DiskImageSource { id: id.clone() } };
        match source {
            ImageSource::Disks { os_disk, data_disks } => Self {
                source: None,
                os_disk_image: Some(image(None, os_disk)),
                data_disk_images: data_disks.iter().map(|(lun, id)| image(Some(*lun), id)).collect(),
            },
            other => Self { source: Some(WireSource::of(other)), ..Self::default() },
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PublishingProfile<'a> {
    target_regions: &'a [TargetRegion],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    target_extended_locations: &'a [ExtendedLocationTarget],
    #[serde(skip_serializing_if = "Option::is_none")]
    replica_count: Option<u32>,
    exclude_from_latest: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_of_life_date: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    storage_account_type: Option<&'a StorageAccountType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replication_mode: Option<&'a ReplicationMode>,
}

impl Serialize for ImageVersionBody {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let publishing_profile = PublishingProfile {
            target_regions: &self.target_regions,
            target_extended_locations: &self.target_extended_locations,
            replica_count: self.replica_count,
            exclude_from_latest: self.exclude_from_latest,
            end_of_life_date: self.end_of_life,
            storage_account_type: self.storage_account_type.as_ref(),
            replication_mode: self.replication_mode.as_ref(),
        };
        let storage_profile = self.source.as_ref().map(StorageProfile::of).unwrap_or_default();
        let properties = Properties { storage_profile, publishing_profile, safety_profile: &self.safety };
        Wire { location: &self.location, tags: &self.tags, properties }.serialize(serializer)
    }
}
