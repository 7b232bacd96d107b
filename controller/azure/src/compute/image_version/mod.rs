//! Image versions, as they are read.

use azimage_names::{
    ImageDefinitionId, ImageVersionId, Region, VersionNumber,
    values::{ProvisioningState, ReplicationMode, ReplicationState, StorageAccountType},
};
use http::Method;
use jiff::Timestamp;
use serde::Deserialize;

use super::{
    ExtendedLocationTarget, GALLERIES, ImageSource, ImageVersionBody, SafetyProfile, Tags, TargetRegion,
    image_version_body::WireSource,
};
use crate::{
    Pages,
    arm::call::Call,
    arm::client::{Accepted, Client},
    arm::error::Error,
    arm::json::{null_as_default, optional_timestamp, timestamp},
    arm::operation::percent,
};

/// A gallery image version.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Wire")]
pub struct ImageVersion {
    /// Its number.
    pub version: VersionNumber,
    /// Its home region, in which its source was.
    pub location: Region,
    /// Tags.
    pub tags: Tags,
    /// State of its last write; absent counts as Succeeded. Succeeded says nothing about single regions.
    pub provisioning_state: Option<ProvisioningState>,
    /// What it was made from; `None` for a kind of source that this crate does not write.
    pub source: Option<ImageSource>,
    /// All regions it shall be in.
    pub target_regions: Vec<TargetRegion>,
    /// Edge zones it shall be in.
    pub target_extended_locations: Vec<ExtendedLocationTarget>,
    /// Replicas in regions that do not say how many.
    pub replica_count: Option<u32>,
    /// Whether no region offers it as `latest`.
    pub exclude_from_latest: bool,
    /// When Azure answered, on its own clock; a list doesn't say.
    pub read_at: Option<Timestamp>,
    /// When it was published.
    pub published: Option<Timestamp>,
    /// When it reaches its end of life. Information only, unless the safety profile blocks deletion before.
    pub end_of_life: Option<Timestamp>,
    /// Storage in regions that do not say which.
    pub storage_account_type: Option<StorageAccountType>,
    /// How it is stored.
    pub replication_mode: ReplicationMode,
    /// What it is protected against.
    pub safety: SafetyProfile,
    /// Per-region truth. Absent in lists.
    pub replication: Option<ReplicationStatus>,
    /// Size of the OS disk image in GiB; known once it is published.
    pub os_disk_size_gib: Option<u32>,
    /// Sizes of the data disk images in GiB.
    pub data_disk_sizes_gib: Vec<u32>,
    /// Logical unit numbers of the data disk images.
    pub data_disk_luns: Vec<i64>,
}

/// How far replication is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplicationStatus {
    /// Over all regions.
    pub aggregated_state: Option<ReplicationState>,
    /// Region by region. A region may be missing for a while after it was asked for.
    #[serde(default, deserialize_with = "null_as_default")]
    pub summary: Vec<RegionalReplication>,
}

impl ReplicationStatus {
    /// What it says about one region.
    pub fn region(&self, region: &Region) -> Option<&RegionalReplication> {
        self.summary.iter().find(|entry| entry.region == *region)
    }
}

/// How far replication is in one region.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "WireRegional")]
pub struct RegionalReplication {
    /// The region.
    pub region: Region,
    /// Its state.
    pub state: ReplicationState,
    /// Progress from 0 to 100.
    pub progress: u8,
    /// What Azure says about it; empty when all is well.
    pub details: String,
}

#[derive(Deserialize)]
struct WireRegional {
    region: Region,
    state: Option<ReplicationState>,
    progress: Option<f64>,
    #[serde(default, deserialize_with = "null_as_default")]
    details: String,
}

impl From<WireRegional> for RegionalReplication {
    fn from(wire: WireRegional) -> Self {
        Self {
            region: wire.region,
            state: wire.state.unwrap_or(ReplicationState::Unknown),
            progress: wire.progress.map_or(0, percent),
            details: wire.details,
        }
    }
}

#[derive(Deserialize)]
struct Wire {
    name: VersionNumber,
    location: Region,
    #[serde(default, deserialize_with = "null_as_default")]
    tags: Tags,
    #[serde(default, deserialize_with = "null_as_default")]
    properties: Properties,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    provisioning_state: Option<ProvisioningState>,
    #[serde(default, deserialize_with = "null_as_default")]
    publishing_profile: PublishingProfile,
    #[serde(default, deserialize_with = "null_as_default")]
    storage_profile: StorageProfile,
    #[serde(default, deserialize_with = "null_as_default")]
    safety_profile: SafetyProfile,
    replication_status: Option<ReplicationStatus>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PublishingProfile {
    #[serde(default, deserialize_with = "null_as_default")]
    target_regions: Vec<TargetRegion>,
    #[serde(default, deserialize_with = "null_as_default")]
    target_extended_locations: Vec<ExtendedLocationTarget>,
    replica_count: Option<u32>,
    exclude_from_latest: Option<bool>,
    #[serde(default, deserialize_with = "optional_timestamp")]
    published_date: Option<Timestamp>,
    end_of_life_date: Option<String>,
    storage_account_type: Option<StorageAccountType>,
    replication_mode: Option<ReplicationMode>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StorageProfile {
    source: Option<WireSource>,
    os_disk_image: Option<DiskImage>,
    #[serde(default, deserialize_with = "null_as_default")]
    data_disk_images: Vec<DiskImage>,
}

#[derive(Deserialize)]
struct DiskImage {
    lun: Option<i64>,
    #[serde(rename = "sizeInGB")]
    size_in_gb: Option<u32>,
    #[serde(default, deserialize_with = "null_as_default")]
    source: DiskImageSource,
}

#[derive(Default, Deserialize)]
struct DiskImageSource {
    id: Option<String>,
}

impl DiskImage {
    /// What it was made from, where that was given by name.
    fn made_from(&self) -> Option<String> {
        self.source.id.clone().filter(|id| !id.is_empty())
    }
}

impl StorageProfile {
    /// What the version was made from: the whole of it, or each of its disks.
    fn made_from(&self) -> Option<ImageSource> {
        if let Some(source) = self.source.clone().and_then(WireSource::typed) {
            return Some(source);
        }
        let os_disk = self.os_disk_image.as_ref()?.made_from()?;
        let data_disks =
            self.data_disk_images.iter().filter_map(|image| Some((u8::try_from(image.lun?).ok()?, image.made_from()?)));
        Some(ImageSource::Disks { os_disk, data_disks: data_disks.collect() })
    }
}

impl TryFrom<Wire> for ImageVersion {
    type Error = String;

    fn try_from(Wire { name, location, tags, properties }: Wire) -> Result<Self, String> {
        let Properties { provisioning_state, publishing_profile: publishing, storage_profile, .. } = properties;
        // A date that is misread would be written back changed, so an unknown format is an error here.
        let end_of_life = publishing
            .end_of_life_date
            .map(|text| timestamp(&text).ok_or("endOfLifeDate is not a time"))
            .transpose()?;
        Ok(Self {
            version: name,
            location,
            tags,
            provisioning_state,
            source: storage_profile.made_from(),
            target_regions: publishing.target_regions,
            target_extended_locations: publishing.target_extended_locations,
            replica_count: publishing.replica_count,
            exclude_from_latest: publishing.exclude_from_latest.unwrap_or(false),
            read_at: None,
            published: publishing.published_date,
            end_of_life,
            storage_account_type: publishing.storage_account_type,
            replication_mode: publishing.replication_mode.unwrap_or_default(),
            safety: properties.safety_profile,
            replication: properties.replication_status,
            data_disk_luns: storage_profile.data_disk_images.iter().filter_map(|image| image.lun).collect(),
            os_disk_size_gib: storage_profile.os_disk_image.and_then(|image| image.size_in_gb),
            data_disk_sizes_gib: storage_profile
                .data_disk_images
                .into_iter()
                .filter_map(|image| image.size_in_gb)
                .collect(),
        })
    }
}

impl ImageVersion {
    /// The request that would leave the version as it is: the start of every update, which Azure takes as a whole.
    /// `None` if the source is of a kind that this crate does not write.
    pub fn body(&self) -> Option<ImageVersionBody> {
        Some(ImageVersionBody {
            location: self.location.clone(),
            tags: self.tags.clone(),
            source: Some(self.source.clone()?),
            target_regions: self.target_regions.clone(),
            target_extended_locations: self.target_extended_locations.clone(),
            replica_count: self.replica_count,
            exclude_from_latest: self.exclude_from_latest,
            end_of_life: self.end_of_life,
            storage_account_type: self.storage_account_type.clone(),
            replication_mode: Some(self.replication_mode.clone()),
            safety: self.safety.clone(),
        })
    }
}

impl Client {
    /// Reads an image version with its replication status (Azure REST: Gallery Image Versions - Get).
    pub async fn image_version(&self, call: &Call, id: &ImageVersionId) -> Result<ImageVersion, Error> {
        let (version, read_at) = self.get_dated(call, id, "$expand=ReplicationStatus", GALLERIES).await?;
        Ok(ImageVersion { read_at, ..version })
    }

    /// Lists the versions of an image definition, without replication status (Azure REST: Gallery Image Versions -
    /// List By Gallery Image), from where `pages` ends. After an error, it holds those read so far.
    pub async fn image_versions_on(
        &self,
        call: &Call,
        id: &ImageDefinitionId,
        pages: &mut Pages<ImageVersion>,
    ) -> Result<(), Error> {
        self.list_on(call, &format!("{id}/versions"), GALLERIES, pages).await
    }

    /// Creates an image version or updates it as a whole (Azure REST: Gallery Image Versions - Create Or Update). A
    /// target region that is left out loses its replicas. There is no precondition: callers keep to one writer.
    pub async fn put_image_version(
        &self,
        call: &Call,
        id: &ImageVersionId,
        body: &ImageVersionBody,
    ) -> Result<Accepted, Error> {
        self.write(call, Method::PUT, &id.to_string(), GALLERIES, Some(body), None).await
    }

    /// Deletes an image version in all regions (Azure REST: Gallery Image Versions - Delete).
    pub async fn delete_image_version(&self, call: &Call, id: &ImageVersionId) -> Result<Accepted, Error> {
        self.write(call, Method::DELETE, &id.to_string(), GALLERIES, None::<&()>, None).await
    }
}

#[cfg(test)]
mod tests;
