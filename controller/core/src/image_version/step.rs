//! The writes to Azure: all there are.

use std::collections::BTreeMap;

use azimage_names::{ImageVersionId, Region, RunCommandId, VirtualMachineId};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::Read;

/// One write to Azure, complete: carrying it out leaves no choice open.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Write our claim into the machine's tags and have its serial console recorded, if its etag is still this one.
    ClaimSource(MachineRequest),
    /// Start the preparation of the guest, which ends with its seal.
    Seal {
        /// The run command to be made.
        id: RunCommandId,
        /// The machine's region.
        location: Region,
        /// How long the script itself may take, in seconds.
        timeout_seconds: i32,
        /// Whether Azure's operation ends when the script has begun, so that none hangs if the agent dies meanwhile.
        asynchronous: bool,
        /// Its tags, among them the attempt's nonce.
        tags: BTreeMap<String, String>,
        /// The script.
        script: String,
    },
    /// Remove the run command of a seal: it has done its work, or belongs to an earlier attempt.
    ForgetSeal(RunCommandId),
    /// Record in the machine's tags that the seal was proven.
    MarkSealed(MachineRequest),
    /// Take our claim from the machine's tags.
    ReleaseSource(MachineRequest),
    /// Deallocate the machine.
    Deallocate(VirtualMachineId),
    /// Mark the machine as generalized, for ever.
    Generalize(VirtualMachineId),
    /// Create the gallery image version.
    Publish(Box<VersionRequest>),
    /// Change the gallery image version's regions or settings.
    Update(Box<VersionRequest>),
    /// Write the gallery image version again, or without a failed region, to repair regions.
    Repair(Box<VersionRequest>),
    /// Delete the gallery image version.
    Delete(ImageVersionId),
}

/// A conditional write of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineRequest {
    /// The machine.
    pub id: VirtualMachineId,
    /// Its tags, whole: Azure replaces all of them.
    pub tags: BTreeMap<String, String>,
    /// Switch boot diagnostics on; else they stay as they are.
    pub switch_boot_diagnostics_on: bool,
    /// The etag that the machine must still have.
    pub etag: String,
}

/// A write of a gallery image version, whole.
#[derive(Clone, Debug, PartialEq)]
pub struct VersionRequest {
    /// The version.
    pub id: ImageVersionId,
    /// Its home region, the source's.
    pub location: Region,
    /// Its tags, whole.
    pub tags: BTreeMap<String, String>,
    /// What it is made from.
    pub source: super::SourceSpec,
    /// Its target regions, whole, the home region first.
    pub targets: Vec<TargetRegionRequest>,
    /// Replicas of a region that gives none.
    pub default_replicas: i32,
    /// End of life.
    pub end_of_life: Option<Timestamp>,
    /// Storage of a region that gives none.
    pub storage_account_type: &'static str,
    /// `Full` or `Shallow`.
    pub replication_mode: &'static str,
    /// Whether it can't be deleted before the end of its life.
    pub block_deletion: bool,
    /// Members that this release doesn't know, as they were read.
    pub preserved: Map<String, Value>,
}

/// A target region in a [`VersionRequest`].
#[derive(Clone, Debug, PartialEq)]
pub struct TargetRegionRequest {
    /// The region.
    pub region: Region,
    /// Its replicas.
    pub replicas: Option<i32>,
    /// Its storage.
    pub storage_account_type: Option<String>,
    /// Kept out of latest in this region.
    pub exclude_from_latest: bool,
    /// Members that this release doesn't know, as they were read.
    pub preserved: Map<String, Value>,
}

/// The name of a step, as it stands in `status.steps`.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    strum::Display,
    strum::EnumString,
    strum::EnumIter,
    strum::IntoStaticStr,
)]
#[allow(missing_docs, reason = "they are those of Step")]
pub enum StepName {
    ClaimSource,
    Seal,
    ForgetSeal,
    MarkSealed,
    ReleaseSource,
    Deallocate,
    Generalize,
    Publish,
    Update,
    Repair,
    Delete,
}

impl Step {
    /// The step's name.
    pub fn name(&self) -> StepName {
        match self {
            Self::ClaimSource(_) => StepName::ClaimSource,
            Self::Seal { .. } => StepName::Seal,
            Self::ForgetSeal(_) => StepName::ForgetSeal,
            Self::MarkSealed(_) => StepName::MarkSealed,
            Self::ReleaseSource(_) => StepName::ReleaseSource,
            Self::Deallocate(_) => StepName::Deallocate,
            Self::Generalize(_) => StepName::Generalize,
            Self::Publish(_) => StepName::Publish,
            Self::Update(_) => StepName::Update,
            Self::Repair(_) => StepName::Repair,
            Self::Delete(_) => StepName::Delete,
        }
    }
}

impl StepName {
    /// Completes "Could not …".
    pub fn doing(self) -> &'static str {
        match self {
            Self::ClaimSource => "claim the source virtual machine",
            Self::Seal => "start the seal in the guest",
            Self::ForgetSeal => "remove the run command of the seal",
            Self::MarkSealed => "record the seal on the source virtual machine",
            Self::ReleaseSource => "release the source virtual machine",
            Self::Deallocate => "deallocate the source virtual machine",
            Self::Generalize => "generalize the source virtual machine",
            Self::Publish => "create the gallery image version",
            Self::Update => "update the gallery image version",
            Self::Repair => "repair the gallery image version",
            Self::Delete => "delete the gallery image version",
        }
    }

    /// Whether the version must exist in Azure once this step is finished.
    pub(super) fn proves_existence(self) -> bool {
        matches!(self, Self::Publish | Self::Update | Self::Repair)
    }

    /// How long Azure may take to show the effect of the step, in seconds. Until then it is not begun again.
    pub(super) fn grace_seconds(self) -> i64 {
        match self {
            // A version may answer 404 for minutes after it was accepted (seen by Terraform's azurerm provider).
            Self::Publish => 300,
            Self::Seal => 180,
            _ => 60,
        }
    }

    /// For how long the step may be carried out under the record that announces it, in seconds; then it is announced anew. By
    /// the time of these records it is judged whether anybody else changed the machine since, so they must not be older
    /// than the write.
    pub fn announced_seconds(self) -> Option<i64> {
        matches!(self, Self::MarkSealed | Self::Deallocate).then_some(45)
    }

    /// How long the step's operation usually takes at most, in seconds. Longer is reported, nothing is given up.
    pub(super) fn expected_seconds(self) -> i64 {
        match self {
            Self::Publish | Self::Update | Self::Repair => 6 * 3600,
            Self::Deallocate | Self::Delete => 1800,
            _ => 600,
        }
    }
}

impl Step {
    /// What the step changes. It is carried out only on a reading of this of the same pass; whatever else the pass rests
    /// on may have been read by earlier ones that had to stop midway.
    pub fn subject(&self) -> Read {
        match self {
            Self::Publish(_) | Self::Update(_) | Self::Repair(_) | Self::Delete(_) => Read::Version,
            Self::ClaimSource(_)
            | Self::Seal { .. }
            | Self::MarkSealed(_)
            | Self::ReleaseSource(_)
            | Self::Deallocate(_)
            | Self::Generalize(_) => Read::VirtualMachine,
            Self::ForgetSeal(_) => Read::Seal,
        }
    }
}
