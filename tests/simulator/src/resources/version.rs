//! Image versions.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::image::ImageDisk;
use crate::{arm::error::ArmError, guest::disk::Contents};

/// An image version.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImageVersion {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) subscription: String,
    /// Home region, compact.
    pub(crate) location: String,
    pub(crate) tags: BTreeMap<String, String>,
    /// `storageProfile.source` as given.
    pub(crate) source: Value,
    /// Source machine by its key, where it is one.
    pub(crate) machine: Option<String>,
    pub(crate) disk_size_gb: u64,
    /// What the machines made from it start with.
    pub(crate) contents: Contents,
    pub(crate) data_disks: Vec<ImageDisk>,
    /// `storageProfile.osDiskImage.source` as given.
    pub(crate) disk_source: Value,
    /// `storageProfile.dataDiskImages[].source` as given, by LUN.
    pub(crate) data_sources: BTreeMap<u64, Value>,
    pub(crate) publishing: Publishing,
    pub(crate) regions: Vec<Region>,
    pub(crate) allow_deletion_of_replicated_locations: bool,
    pub(crate) block_deletion_before_end_of_life: Option<bool>,
    /// `securityProfile` as given.
    pub(crate) security_profile: Value,
    pub(crate) provisioning_state: &'static str,
    pub(crate) published: Timestamp,
    pub(crate) operation: Uuid,
    /// The running write lasts at least until then.
    pub(crate) writing_until: Timestamp,
    /// Why it can't be made, such as a source that doesn't fit: its first operation finds out, and each one after it ends alike.
    #[serde(skip)]
    pub(crate) misfit: Option<ArmError>,
    /// The source was touched while it was being copied.
    #[serde(skip)]
    pub(crate) broken: Option<ArmError>,
    /// The home copy failed: the version can only be deleted.
    pub(crate) stillborn: bool,
}

impl ImageVersion {
    pub(crate) fn writing(&self) -> bool {
        matches!(self.provisioning_state, "Creating" | "Updating")
    }
}

/// One region of a version.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Region {
    /// Compact.
    pub(crate) name: String,
    /// How often copying was begun.
    pub(crate) attempt: u32,
    pub(crate) state: RegionState,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) enum RegionState {
    /// Copying; `started` may lie ahead where the home copy comes first.
    Replicating {
        started: Timestamp,
        ends: Timestamp,
        /// Does not get beyond this percentage.
        stuck: Option<u8>,
        /// Will fail again whatever the faults say now, because only removing the region helps.
        doomed: Option<String>,
    },
    Completed,
    Failed {
        detail: String,
        progress: u8,
        /// Only removing the region and adding it again helps.
        sticky: bool,
    },
    Unknown,
}

/// One region that is asked for.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Target {
    /// Compact.
    pub(crate) name: String,
    pub(crate) replicas: u64,
    pub(crate) storage: String,
    /// Absent: as the version says.
    pub(crate) exclude_from_latest: Option<bool>,
    /// `encryption` as given.
    pub(crate) encryption: Value,
    /// More replicas of the region, on other storage.
    pub(crate) additional: Vec<ReplicaSet>,
}

/// One entry of `additionalReplicaSets`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReplicaSet {
    pub(crate) storage: String,
    pub(crate) replicas: u64,
}

/// The whole profile.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Publishing {
    pub(crate) targets: Vec<Target>,
    /// `targetExtendedLocations` as given: kept, and nothing is copied to them.
    pub(crate) extended: Value,
    pub(crate) replicas: u64,
    pub(crate) storage: String,
    pub(crate) exclude_from_latest: bool,
    pub(crate) end_of_life: Option<Timestamp>,
    pub(crate) shallow: bool,
    /// The caller named a replication mode, so it is shown.
    pub(crate) mode_given: bool,
}

/// A version that can be restored.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct SoftDeleted {
    pub(crate) version: ImageVersion,
    pub(crate) at: jiff::Timestamp,
    /// When it is gone for good.
    pub(crate) until: jiff::Timestamp,
}
