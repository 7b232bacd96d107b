//! What was read of Azure, without judgement, each thing by its id.
//!
//! Azure may let fewer requests pass at a time than one pass needs. If each pass began anew it would never get to its end,
//! however long it waited. So the readings of a pass that had to stop midway are kept for the next one.

mod activity;
mod belonging;
mod console;
mod definition;
mod disk;
mod gallery;
mod governance;
mod machine;
mod managed_image;
mod namespace;
mod operation;
mod readings;
mod run_command;
mod scale_set;
mod temporary;
#[cfg(test)]
mod tests;
mod version;

use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};

use azimage_crds::StepFailure;
pub use azimage_names::values::{
    BootDiagnostics, DiskState, ExecutionState as Execution, OsType, PowerState as Power,
    ProvisioningState as Provisioning, ReplicationState as RegionReplication,
};
use azimage_names::{
    DiskId, DiskOrSnapshotId, GalleryId, ImageDefinitionId, ImageVersionId, ManagedImageId, Region, ResourceGroup,
    RunCommandId, SnapshotId, SubnetId, SubscriptionId, VersionNumber, VirtualMachineId,
};

use jiff::Timestamp;

use super::Validated;
use strum::IntoEnumIterator as _;

use crate::{
    belonging::BelongingId,
    temporary::{TemporaryId, Twin},
};

pub use activity::ActivityOf;
pub use belonging::Belonging;
pub use console::{Console, ConsoleEnd};
pub use definition::{Definition, MarketplacePlan};
pub use disk::{AttachedDisk, Disk, Encryption};
pub use gallery::Gallery;
pub use governance::{Lock, Permission, Permissions};
pub use machine::Machine;
pub use managed_image::ManagedImage;
pub use namespace::Namespace;
pub use operation::{Operation, OperationOf, bounded};
use readings::Fade;
pub use readings::{Reading, Readings};
pub use run_command::RunCommand;
pub use scale_set::ScaleSet;
pub use temporary::{Network, RestorePoint, SecurityRule, Temporary};
pub use version::{RegionCopy, TargetRegion, Version};

/// How long a reading of an earlier pass is good for.
pub const GOOD_FOR: Duration = Duration::from_secs(600);

/// Something to be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Read {
    /// A gallery image version with its replication status.
    Version(ImageVersionId),
    /// A gallery image version as the list of its definition shows it.
    ListedVersion(ImageVersionId),
    /// An image definition.
    Definition(ImageDefinitionId),
    /// A virtual machine with its instance view.
    Machine(VirtualMachineId),
    /// A run command with its instance view.
    RunCommand(RunCommandId),
    /// What the serial console log of a machine says of a seal.
    Console(SealOf),
    /// The end of the serial console log of a machine, for people.
    ConsoleEnd(VirtualMachineId),
    /// How an operation stands that this process began.
    Operation(OperationOf),
    /// A managed disk.
    Disk(DiskId),
    /// A snapshot.
    Snapshot(SnapshotId),
    /// A managed image.
    ManagedImage(ManagedImageId),
    /// A temporary resource, other than a machine.
    Temporary(TemporaryId),
    /// Something that belongs to a machine, other than the machine.
    Belonging(BelongingId),
    /// A gallery.
    Gallery(GalleryId),
    /// The deleted versions of an image definition that its gallery keeps.
    SoftDeleted(ImageDefinitionId),
    /// What the object's identity may do on something.
    Permissions(Scope),
    /// The locks on something, and on what it lies in.
    Locks(Scope),
    /// The regions that a subscription has.
    Regions(SubscriptionId),
    /// How a write ended that another process sent, as the activity log has it.
    Activity(ActivityOf),
    /// The scale sets that name a version.
    ScaleSets(ImageVersionId),
    /// The object's namespace: the only thing that Kubernetes is asked for, not Azure. Missing, if the right to read it is.
    Namespace(String),
}

/// What is to be written, and may be forbidden.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Versions of an image definition.
    Definition(ImageDefinitionId),
    /// A virtual machine.
    Machine(VirtualMachineId),
    /// Temporary resources in a resource group.
    Workspace(ResourceGroup),
    /// Network interfaces in a subnet.
    Subnet(SubnetId),
    /// Something that belongs to a machine.
    Belonging(BelongingId),
}

impl Read {
    /// The reading that tells whether a temporary resource is there.
    pub fn of_temporary(id: &TemporaryId) -> Self {
        match id {
            TemporaryId::Machine(id) => Self::Machine(id.clone()),
            other => Self::Temporary(other.clone()),
        }
    }

    /// The reading that tells how it stands with something that belongs to a machine.
    pub fn of_belonging(id: &BelongingId) -> Self {
        match id {
            BelongingId::Machine(id) => Self::Machine(id.clone()),
            other => Self::Belonging(other.clone()),
        }
    }

    /// The reading of a disk's data.
    pub fn of_disk(id: &DiskOrSnapshotId) -> Self {
        match id {
            DiskOrSnapshotId::Disk(id) => Self::Disk(id.clone()),
            DiskOrSnapshotId::Snapshot(id) => Self::Snapshot(id.clone()),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Definition(id) => write!(formatter, "{id}"),
            Self::Machine(id) => write!(formatter, "{id}"),
            Self::Workspace(group) => write!(formatter, "{group}"),
            Self::Subnet(id) => write!(formatter, "{id}"),
            Self::Belonging(id) => write!(formatter, "{id}"),
        }
    }
}

/// An attempt at a seal, by its machine and nonce. Without a nonce the log says nothing of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SealOf {
    /// The machine.
    pub machine: VirtualMachineId,
    /// The nonce in its tags.
    pub nonce: Option<String>,
}

/// What exactly Azure says doesn't exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// The resource itself.
    Resource,
    /// Something that the resource lies in.
    Parent,
}

/// What readings are of: with another spec, another identity or another request for a reconcile they say nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// The version that the object is about.
    pub id: Option<ImageVersionId>,
    /// With whose rights Azure is read.
    pub principal: Option<String>,
    /// The object's generation.
    pub generation: Option<i64>,
    /// Whether it is being deleted.
    pub deleting: bool,
    /// The last request for a reconcile.
    pub requested: Option<String>,
}

/// All that was read for an object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    question: Question,
    /// Gallery image versions, each read by itself.
    pub versions: Readings<ImageVersionId, Version>,
    /// Gallery image versions as lists show them, which say nothing of single regions' copies.
    pub listed: Readings<ImageVersionId, Arc<Version>>,
    /// Image definitions.
    pub definitions: Readings<ImageDefinitionId, Definition>,
    /// Virtual machines.
    pub machines: Readings<VirtualMachineId, Machine>,
    /// Run commands.
    pub run_commands: Readings<RunCommandId, RunCommand>,
    /// Serial console logs.
    pub consoles: Readings<SealOf, Console>,
    /// The ends of serial console logs.
    pub console_ends: Readings<VirtualMachineId, ConsoleEnd>,
    /// Operations.
    pub operations: Readings<OperationOf, Operation>,
    /// Managed disks.
    pub disks: Readings<DiskId, Disk>,
    /// Snapshots.
    pub snapshots: Readings<SnapshotId, Disk>,
    /// Managed images.
    pub managed_images: Readings<ManagedImageId, ManagedImage>,
    /// Temporary resources, other than machines.
    pub temporaries: Readings<TemporaryId, Temporary>,
    /// What belongs to machines.
    pub belongings: Readings<BelongingId, Belonging>,
    /// Galleries.
    pub galleries: Readings<GalleryId, Gallery>,
    /// Numbers of deleted versions that are kept.
    pub soft_deleted: Readings<ImageDefinitionId, BTreeSet<VersionNumber>>,
    /// What the object's identity may do.
    pub permissions: Readings<Scope, Permissions>,
    /// Locks.
    pub locks: Readings<Scope, Vec<Lock>>,
    /// The regions that subscriptions have.
    pub regions: Readings<SubscriptionId, BTreeSet<Region>>,
    /// Why writes failed after Azure had accepted them, if the activity log says so.
    pub activities: Readings<ActivityOf, Option<StepFailure>>,
    /// The scale sets that name versions.
    pub scale_sets: Readings<ImageVersionId, Vec<ScaleSet>>,
    /// Namespaces of Kubernetes.
    pub namespaces: Readings<String, Namespace>,
    /// The object's version as it was last read by itself, if nothing was left to be done then.
    pub at_rest: Option<Arc<Version>>,
}

impl Facts {
    /// What is still good of them for a pass that begins now and asks this.
    #[must_use]
    pub(super) fn resumed(self, question: Question, now: Duration) -> Self {
        if self.question != question {
            return Self { question, ..Self::default() };
        }
        let mut facts = self;
        for readings in facts.own_readings() {
            readings.age(now, GOOD_FOR);
        }
        facts
    }

    /// What the next pass may go on from: the answers, without what wasn't answered, and without lists, which are kept for
    /// all objects together.
    #[must_use]
    pub(super) fn for_another_pass(self) -> Self {
        let mut facts = Self { listed: Readings::default(), at_rest: None, ..self };
        for readings in facts.own_readings() {
            readings.forget_unanswered();
        }
        facts
    }

    /// All readings but those of lists. Named one by one: what wouldn't age would count as read by the pass that goes on from it.
    fn own_readings(&mut self) -> [&mut dyn Fade; 20] {
        let Self {
            question: _,
            versions,
            listed: _,
            definitions,
            machines,
            run_commands,
            consoles,
            console_ends,
            operations,
            disks,
            snapshots,
            managed_images,
            temporaries,
            belongings,
            galleries,
            soft_deleted,
            permissions,
            locks,
            regions,
            activities,
            scale_sets,
            namespaces,
            at_rest: _,
        } = self;
        [
            versions,
            definitions,
            machines,
            run_commands,
            consoles,
            console_ends,
            operations,
            disks,
            snapshots,
            managed_images,
            temporaries,
            belongings,
            galleries,
            soft_deleted,
            permissions,
            locks,
            regions,
            activities,
            scale_sets,
            namespaces,
        ]
    }

    /// What the readings are of.
    pub(super) fn question(&self) -> &Question {
        &self.question
    }

    /// Whether this very pass has read it.
    pub fn is_fresh(&self, read: &Read) -> bool {
        match read {
            Read::Version(id) => self.versions.is_fresh(id),
            Read::ListedVersion(id) => self.listed.is_fresh(id),
            Read::Definition(id) => self.definitions.is_fresh(id),
            Read::Machine(id) => self.machines.is_fresh(id),
            Read::RunCommand(id) => self.run_commands.is_fresh(id),
            Read::Console(of) => self.consoles.is_fresh(of),
            Read::ConsoleEnd(id) => self.console_ends.is_fresh(id),
            Read::Operation(of) => self.operations.is_fresh(of),
            Read::Disk(id) => self.disks.is_fresh(id),
            Read::Snapshot(id) => self.snapshots.is_fresh(id),
            Read::ManagedImage(id) => self.managed_images.is_fresh(id),
            Read::Temporary(id) => self.temporaries.is_fresh(id),
            Read::Belonging(id) => self.belongings.is_fresh(id),
            Read::Gallery(id) => self.galleries.is_fresh(id),
            Read::SoftDeleted(id) => self.soft_deleted.is_fresh(id),
            Read::Permissions(scope) => self.permissions.is_fresh(scope),
            Read::Locks(scope) => self.locks.is_fresh(scope),
            Read::Regions(id) => self.regions.is_fresh(id),
            Read::Activity(of) => self.activities.is_fresh(of),
            Read::ScaleSets(id) => self.scale_sets.is_fresh(id),
            Read::Namespace(name) => self.namespaces.is_fresh(name),
        }
    }

    /// Forgets a reading, so that it is made again.
    pub fn forget(&mut self, read: &Read) {
        match read {
            Read::Version(id) => self.versions.forget(id),
            Read::ListedVersion(id) => self.listed.forget(id),
            Read::Definition(id) => self.definitions.forget(id),
            Read::Machine(id) => {
                self.machines.forget(id);
                // A log that was read before the machine doesn't show what happened in between.
                self.consoles.forget_those(|of| of.machine == *id);
            }
            Read::RunCommand(id) => self.run_commands.forget(id),
            Read::Console(of) => self.consoles.forget(of),
            Read::ConsoleEnd(id) => self.console_ends.forget(id),
            Read::Operation(of) => self.operations.forget(of),
            Read::Disk(id) => self.disks.forget(id),
            Read::Snapshot(id) => self.snapshots.forget(id),
            Read::ManagedImage(id) => self.managed_images.forget(id),
            Read::Temporary(id) => self.temporaries.forget(id),
            Read::Belonging(id) => self.belongings.forget(id),
            Read::Gallery(id) => self.galleries.forget(id),
            Read::SoftDeleted(id) => self.soft_deleted.forget(id),
            Read::Permissions(scope) => self.permissions.forget(scope),
            Read::Locks(scope) => self.locks.forget(scope),
            Read::Regions(id) => self.regions.forget(id),
            Read::Activity(of) => self.activities.forget(of),
            Read::ScaleSets(id) => self.scale_sets.forget(id),
            Read::Namespace(name) => self.namespaces.forget(name),
        }
    }

    /// When a machine of the object's was last read, by Azure's own clock: the one that is captured, or later one that proves the
    /// version.
    pub fn azure_now(&self, validated: &Validated) -> Option<Timestamp> {
        let spec = validated.validation.as_deref();
        let twins = Twin::iter().filter_map(|twin| Some(spec?.machine(twin)));
        let read = |id: &VirtualMachineId| self.machines.found(id).and_then(|machine| machine.read_at);
        validated.source.captured().into_iter().chain(twins).filter_map(read).max()
    }

    /// What is known of a version of which the list shows what was last seen. Everything else calls for a read of the
    /// version: an entry that differs, and also a missing one, which proves nothing.
    pub fn still_at_rest(&self, id: &ImageVersionId) -> Option<&Version> {
        match (&self.at_rest, self.listed.found(id)) {
            (Some(seen), Some(entry)) if seen.is_listed_as(entry) => Some(seen),
            _ => None,
        }
    }
}

impl fmt::Display for Read {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(id) => write!(formatter, "{id}"),
            Self::ListedVersion(id) => write!(formatter, "{id} in the list of its definition"),
            Self::Definition(id) => write!(formatter, "{id}"),
            Self::Machine(id) => write!(formatter, "{id}"),
            Self::RunCommand(id) => write!(formatter, "{id}"),
            Self::Console(of) => write!(formatter, "the serial console log of {}", of.machine),
            Self::ConsoleEnd(id) => write!(formatter, "the serial console log of {id}"),
            Self::Operation(of) => write!(formatter, "the operation of the step {}", of.step.name),
            Self::Disk(id) => write!(formatter, "{id}"),
            Self::Snapshot(id) => write!(formatter, "{id}"),
            Self::ManagedImage(id) => write!(formatter, "{id}"),
            Self::Temporary(id) => write!(formatter, "{id}"),
            Self::Belonging(id) => write!(formatter, "{id}"),
            Self::Gallery(id) => write!(formatter, "{id}"),
            Self::SoftDeleted(id) => write!(formatter, "the deleted versions of {id}"),
            Self::Permissions(scope) => write!(formatter, "the rights on {scope}"),
            Self::Locks(scope) => write!(formatter, "the locks on {scope}"),
            Self::Regions(id) => write!(formatter, "the regions of the subscription {id}"),
            Self::Activity(of) => write!(formatter, "the activity log of the step {}", of.step.name),
            Self::ScaleSets(id) => write!(formatter, "the scale sets that use {id}"),
            Self::Namespace(name) => write!(formatter, "the namespace {name}"),
        }
    }
}
