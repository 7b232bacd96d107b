//! The requests that change something in Azure: all there are. Each is complete, so that carrying it out leaves no choice open.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use azimage_names::{
    DiskId, DiskOrSnapshotId, DiskRestorePointId, ImageVersionId, InterfaceId, ManagedImageId, Region,
    RestorePointCollectionId, RestorePointId, RunCommandId, SecurityGroupId, SnapshotId, SubnetId, VirtualMachineId,
};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{MarketplacePlan, facts::SecurityRule};
use crate::{belonging::BelongingId, temporary::TemporaryId};

/// A request, by what it does to what.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Change a machine's tags, if its etag is still this one.
    PatchMachine(MachineRequest),
    /// Make a run command, which begins at once.
    PutRunCommand(Box<RunCommandRequest>),
    /// Delete a run command.
    DeleteRunCommand(RunCommandId),
    /// Make a snapshot of a disk.
    PutSnapshot(Box<SnapshotRequest>),
    /// Make a collection for restore points of a machine.
    PutRestorePoints(Box<RestorePointsRequest>),
    /// Make a crash-consistent restore point of the machine of its collection.
    PutRestorePoint(RestorePointId),
    /// Make a disk from a snapshot, or from a restore point.
    PutDisk(Box<DiskRequest>),
    /// Make a network security group, or give it these rules.
    PutSecurityGroup(Box<SecurityGroupRequest>),
    /// Make a network interface, or make it so.
    PutInterface(Box<InterfaceRequest>),
    /// Make a machine from disks.
    PutMachine(Box<NewMachineRequest>),
    /// Delete a temporary resource.
    DeleteTemporary(TemporaryId),
    /// Delete a machine that was captured itself, or something that belonged to it.
    DeleteBelonging(Box<DeletionRequest>),
    /// Deallocate a machine.
    Deallocate(VirtualMachineId),
    /// Mark a machine as generalized, for ever.
    Generalize(VirtualMachineId),
    /// Create or change a gallery image version.
    PutVersion(Box<VersionRequest>),
    /// Delete a gallery image version.
    DeleteVersion(ImageVersionId),
}

/// The deletion of a machine that was captured itself, or of something that belonged to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletionRequest {
    /// What is deleted.
    pub id: BelongingId,
    /// The version that was made of it.
    pub version: ImageVersionId,
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

/// A run command that is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunCommandRequest {
    /// The run command.
    pub id: RunCommandId,
    /// The machine's region.
    pub location: Region,
    /// How long the script itself may take, in seconds.
    pub timeout_seconds: i32,
    /// Whether Azure's operation ends when the script has begun, so that none hangs if the agent dies meanwhile.
    pub asynchronous: bool,
    /// Its tags, among them the attempt's nonce.
    pub tags: BTreeMap<String, String>,
    /// The script.
    pub script: String,
}

/// What a version is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceId {
    /// A generalized virtual machine.
    VirtualMachine(VirtualMachineId),
    /// Another version.
    ImageVersion(ImageVersionId),
    /// A managed image.
    ManagedImage(ManagedImageId),
    /// Disks or snapshots.
    Disks {
        /// The one with the operating system.
        os_disk: DiskOrSnapshotId,
        /// Those with data, by logical unit number.
        data_disks: BTreeMap<u8, DiskOrSnapshotId>,
    },
}

impl SourceId {
    /// Disks with data that it names.
    pub(super) fn data_disks(&self) -> BTreeMap<u8, String> {
        match self {
            Self::Disks { data_disks, .. } => data_disks.iter().map(|(lun, id)| (*lun, id.to_string())).collect(),
            Self::VirtualMachine(_) | Self::ImageVersion(_) | Self::ManagedImage(_) => BTreeMap::new(),
        }
    }
}

/// Of several disks the one with the operating system.
impl fmt::Display for SourceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::VirtualMachine(id) => id.fmt(formatter),
            Self::ImageVersion(id) => id.fmt(formatter),
            Self::ManagedImage(id) => id.fmt(formatter),
            Self::Disks { os_disk, .. } => os_disk.fmt(formatter),
        }
    }
}

/// A write of a gallery image version, whole.
#[expect(clippy::struct_excessive_bools, reason = "they are members of Azure's own")]
#[derive(Clone, Debug, PartialEq)]
pub struct VersionRequest {
    /// The version.
    pub id: ImageVersionId,
    /// Its home region, the source's.
    pub location: Region,
    /// Its tags, whole.
    pub tags: BTreeMap<String, String>,
    /// What it is made from, of a version that is to be made. Of one that exists Azure would only judge anew the rights on it.
    pub source: Option<SourceId>,
    /// Its target regions, whole, the home region first.
    pub targets: Vec<TargetRegionRequest>,
    /// Replicas of a region that gives none.
    pub default_replicas: i32,
    /// Kept out of latest, in regions that say nothing of it.
    pub exclude_from_latest: bool,
    /// Regions may be taken from it: in the request that does, and in no other.
    pub allow_deletion_of_regions: bool,
    /// End of life.
    pub end_of_life: Option<Timestamp>,
    /// The end of life has come, and isn't named again: Azure may refuse a date that has passed.
    pub keeps_end_of_life: bool,
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

/// A snapshot that is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotRequest {
    /// The snapshot.
    pub id: SnapshotId,
    /// The disk's region.
    pub location: Region,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// The disk that it is of.
    pub source: DiskId,
}

/// A collection that is made for restore points of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestorePointsRequest {
    /// The collection.
    pub id: RestorePointCollectionId,
    /// The machine's region.
    pub location: Region,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// The machine.
    pub source: VirtualMachineId,
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
pub struct DiskRequest {
    /// The disk.
    pub id: DiskId,
    /// The region of what it is made from.
    pub location: Region,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// What it is made from.
    pub source: DiskOrigin,
    /// Its storage, such as `Premium_LRS`.
    pub storage: String,
}

/// A network security group that is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityGroupRequest {
    /// The group.
    pub id: SecurityGroupId,
    /// Its region.
    pub location: Region,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Its rules, whole.
    pub rules: Vec<SecurityRule>,
}

/// A network interface that is made. It has no public address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceRequest {
    /// The interface.
    pub id: InterfaceId,
    /// The subnet's region.
    pub location: Region,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// The subnet.
    pub subnet: SubnetId,
    /// The security group that closes it.
    pub security_group: SecurityGroupId,
}

/// A machine that is made. It has neither identity nor extensions nor data for its start; its serial console is recorded on
/// storage that Azure manages, and disks and interface are deleted with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMachineRequest {
    /// The machine.
    pub id: VirtualMachineId,
    /// Its region.
    pub location: Region,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Its size, such as `Standard_D2s_v5`.
    pub size: String,
    /// `Linux` or `Windows`.
    pub os_type: String,
    /// What it is made from.
    pub made_from: MadeFrom,
    /// Its network interface.
    pub interface: InterfaceId,
    /// The security group of the interface.
    pub security_group: SecurityGroupId,
    /// `TrustedLaunch`, with what it is started with, or nothing for `Standard`.
    pub trusted_launch: Option<TrustedLaunch>,
    /// `SCSI` or `NVMe`, if the machine that it copies says so.
    pub disk_controller: Option<String>,
    /// The Marketplace plan of the machine that it copies.
    pub plan: Option<MarketplacePlan>,
}

/// What a machine is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MadeFrom {
    /// Disks with a system on them, which is started as it is.
    Disks {
        /// The disk that the system is on.
        os_disk: DiskId,
        /// Data disks by logical unit number.
        data_disks: BTreeMap<u8, DiskId>,
    },
    /// A gallery image version, whose system is provisioned.
    Version(FromVersion),
}

/// What a machine gets that is made from a gallery image version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FromVersion {
    /// The version.
    pub id: ImageVersionId,
    /// The logical unit numbers of its data disks: those that aren't named would outlive the machine.
    pub data_disks: BTreeSet<u8>,
    /// How large its OS disk is, in GiB; as the version's, if nothing is given.
    pub os_disk_gib: Option<i64>,
    /// What the machine is called inside.
    pub computer_name: String,
    /// The account that it gets. Nobody can log in with it: it has no password, and its key is one of which nobody has the private half.
    pub administrator: String,
    /// That key, in the form of `authorized_keys`.
    pub key: String,
}

/// What a Trusted Launch machine is started with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrustedLaunch {
    /// Secure boot.
    pub secure_boot: bool,
    /// The virtual trusted platform module.
    pub vtpm: bool,
}
