//! What was read of Azure, without judgement.

use std::{collections::BTreeMap, sync::Arc};

use azimage_names::Region;
pub use azimage_names::values::{
    BootDiagnostics, ExecutionState as Execution, OsType, PowerState as Power, ProvisioningState as Provisioning,
    ReplicationState as RegionReplication,
};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{
    Failure,
    guest::{console::SealFailure, output::Printed},
};

/// Something to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::EnumIter)]
pub enum Read {
    /// The gallery image version with its replication status.
    Version,
    /// The gallery image version as the list of its definition shows it.
    List,
    /// The image definition.
    Definition,
    /// The source virtual machine with its instance view.
    VirtualMachine,
    /// The source gallery image version and its definition.
    SourceVersion,
    /// The seal's run command with its instance view.
    Seal,
    /// The source virtual machine's serial console log.
    Console,
}

/// The outcome of one read.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Reading<T> {
    /// It wasn't asked for.
    #[default]
    NotRead,
    /// It exists.
    Found(T),
    /// Azure says that it doesn't exist. One such answer proves nothing.
    Missing(Absent),
    /// Azure didn't say.
    Failed(Failure),
}

/// What exactly Azure says doesn't exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// The resource itself.
    Resource,
    /// Something that the resource lies in.
    Parent,
}

/// All that was read in a pass.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    /// The gallery image version.
    pub version: Reading<VersionObserved>,
    /// The image definition.
    pub definition: Reading<DefinitionObserved>,
    /// The source, when it is a virtual machine.
    pub virtual_machine: Reading<VirtualMachineObserved>,
    /// The source, when it is a gallery image version.
    pub source_version: Reading<SourceVersionObserved>,
    /// The run command that seals the guest.
    pub seal: Reading<SealObserved>,
    /// What the serial console log of the source says of this very seal.
    pub console: Reading<ConsoleObserved>,
    /// The version as it was last read by itself, if nothing was left to be done then.
    pub seen: Option<Arc<VersionObserved>>,
    /// Its entry in the list of the definition's versions, which says nothing of single regions' copies.
    pub listed: Reading<Arc<VersionObserved>>,
}

impl Observed {
    /// Forgets a reading, so that it is read again.
    pub fn forget(&mut self, read: Read) {
        match read {
            Read::Version => self.version = Reading::NotRead,
            Read::List => self.listed = Reading::NotRead,
            Read::Definition => self.definition = Reading::NotRead,
            Read::VirtualMachine => {
                self.virtual_machine = Reading::NotRead;
                // A log that was read before the machine doesn't show what happened in between.
                self.console = Reading::NotRead;
            }
            Read::SourceVersion => self.source_version = Reading::NotRead,
            Read::Seal => self.seal = Reading::NotRead,
            Read::Console => self.console = Reading::NotRead,
        }
    }

    /// Whether Azure answered what was asked, be it that it doesn't exist.
    pub fn is_answered(&self, read: Read) -> bool {
        fn answered<T>(reading: &Reading<T>) -> bool {
            matches!(reading, Reading::Found(_) | Reading::Missing(_))
        }
        match read {
            Read::Version => answered(&self.version),
            Read::List => answered(&self.listed),
            Read::Definition => answered(&self.definition),
            Read::VirtualMachine => answered(&self.virtual_machine),
            Read::SourceVersion => answered(&self.source_version),
            Read::Seal => answered(&self.seal),
            Read::Console => answered(&self.console),
        }
    }

    /// When the source machine was read, by Azure's own clock.
    pub fn azure_now(&self) -> Option<Timestamp> {
        match &self.virtual_machine {
            Reading::Found(machine) => machine.read_at,
            _ => None,
        }
    }

    /// What is known of a version of which the list shows what was last seen. Everything else calls for a read of the
    /// version: an entry that differs, and also a missing one, which proves nothing.
    pub fn still_at_rest(&self) -> Option<&VersionObserved> {
        match (&self.seen, &self.listed) {
            (Some(seen), Reading::Found(entry)) if seen.is_listed_as(entry) => Some(seen),
            _ => None,
        }
    }
}

/// A marketplace plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarketplacePlan {
    /// `plan.name`.
    pub name: String,
    /// `plan.publisher`.
    pub publisher: String,
    /// `plan.product`.
    pub product: String,
}

/// A source virtual machine.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::struct_excessive_bools, reason = "four independent facts of Azure, not a state")]
pub struct VirtualMachineObserved {
    /// `properties.vmId`: a new machine of the same name has another.
    pub uid: String,
    /// Its region.
    pub location: Region,
    /// For conditional writes.
    pub etag: Option<String>,
    /// Its tags, whole.
    pub tags: BTreeMap<String, String>,
    /// Operating system of the disk.
    pub os_type: OsType,
    /// `V1` or `V2`; absent when Azure doesn't say.
    pub generation: Option<String>,
    /// Absent means Standard.
    pub security_type: Option<String>,
    /// `SCSI` or `NVMe`.
    pub disk_controller: Option<String>,
    /// The disk lives on the host and is lost when the machine stops.
    pub ephemeral_os_disk: bool,
    /// The disk is a blob, not a managed disk.
    pub unmanaged_os_disk: bool,
    /// Storage types of its disks, as far as Azure tells them.
    pub disk_storage: Vec<String>,
    /// Size of the largest disk in GiB.
    pub largest_disk_gib: Option<i64>,
    /// The scale set that the machine belongs to.
    pub scale_set: Option<String>,
    /// Marketplace plan.
    pub plan: Option<MarketplacePlan>,
    /// State of the last change to the resource.
    pub provisioning: Provisioning,
    /// Power state.
    pub power: Power,
    /// Whether the instance view says `OSState/generalized`: the only place where it shows.
    pub generalized: bool,
    /// Whether the guest agent reports.
    pub agent_ready: bool,
    /// What Azure says of the agent.
    pub agent_message: Option<String>,
    /// Where its serial console is recorded.
    pub boot_diagnostics: BootDiagnostics,
    /// When it was read, by Azure's own clock, which is also the guest's. Ours may differ from it.
    pub read_at: Option<Timestamp>,
    /// When Azure last changed it, by the same clock: the time of the instance view's status `ProvisioningState/…`.
    pub changed_at: Option<Timestamp>,
}

/// What a serial console log says of one attempt at a seal.
#[derive(Clone, Debug, PartialEq, Eq, strum::EnumIter)]
pub enum ConsoleObserved {
    /// There is nothing in it.
    Empty,
    /// The guest hasn't said that it is sealed, or the log doesn't show it yet.
    NoMark,
    /// It has, and it wasn't started since.
    Sealed,
    /// It has, and it was started since.
    StartedSince,
    /// It has said that it couldn't go on.
    Failed(SealFailure),
}

/// A definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionObserved {
    /// Operating system.
    pub os_type: OsType,
    /// Whether it is for specialized images.
    pub specialized: bool,
    /// `V1` or `V2`.
    pub generation: Option<String>,
    /// The feature `SecurityType`.
    pub security_type: Option<String>,
    /// The feature `DiskControllerTypes`, such as `SCSI, NVMe`.
    pub disk_controllers: Option<String>,
    /// Purchase plan.
    pub plan: Option<MarketplacePlan>,
}

/// A source gallery image version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceVersionObserved {
    /// Its region.
    pub location: Region,
    /// State of the last operation.
    pub provisioning: Provisioning,
    /// How it stands with the copy in its own region, if Azure says so.
    pub home: Option<RegionReplication>,
    /// Its definition.
    pub definition: DefinitionObserved,
}

/// The seal's run command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealObserved {
    /// State of the last change to the resource.
    pub provisioning: Provisioning,
    /// How far the script is.
    pub execution: Execution,
    /// The script's exit code.
    pub exit_code: Option<i64>,
    /// What it printed.
    pub printed: Printed,
    /// What it said of the seal itself, in the words of the console: on Windows it waits for the seal's end.
    pub said: ConsoleObserved,
    /// When the script was started, on Azure's clock.
    pub started: Option<Timestamp>,
    /// When it ended, on Azure's clock.
    pub ended: Option<Timestamp>,
    /// The attempt that it belongs to; none if its tag is gone.
    pub nonce: Option<String>,
}

impl VirtualMachineObserved {
    /// Whether Azure works on the machine.
    pub fn is_being_changed(&self) -> bool {
        matches!(self.provisioning, Provisioning::Creating | Provisioning::Updating | Provisioning::Deleting)
    }
}

impl SealObserved {
    /// Whether the script ended well. It only starts the unit that seals the guest.
    pub fn is_started(&self) -> bool {
        self.execution == Execution::Succeeded && self.exit_code.unwrap_or(0) == 0
    }
}

/// A gallery image version.
#[derive(Clone, Debug, PartialEq)]
pub struct VersionObserved {
    /// Its home region.
    pub location: Region,
    /// Its tags, whole.
    pub tags: BTreeMap<String, String>,
    /// State of the last operation.
    pub provisioning: Provisioning,
    /// Resource id of the source, when Azure tells it.
    pub source: Option<String>,
    /// Its target regions, in Azure's order.
    pub targets: Vec<TargetRegionObserved>,
    /// Replicas of a region that gives none.
    pub default_replicas: i32,
    /// Kept out of latest everywhere.
    pub exclude_from_latest: bool,
    /// End of life.
    pub end_of_life: Option<Timestamp>,
    /// Storage of a region that gives none.
    pub storage_account_type: String,
    /// `Full` or `Shallow`.
    pub replication_mode: String,
    /// Whether regions may be taken away.
    pub allow_deletion_of_regions: bool,
    /// Whether it can't be deleted before the end of its life.
    pub block_deletion: bool,
    /// How it stands with each region.
    pub replication: BTreeMap<Region, RegionObserved>,
    /// Size in GiB.
    pub size_gib: Option<i64>,
    /// Members of the resource that this release doesn't know, kept so that a write doesn't lose them.
    pub preserved: Map<String, Value>,
}

impl VersionObserved {
    /// Whether a list's entry shows this very state. A list has no replication status.
    pub fn is_listed_as(&self, entry: &Self) -> bool {
        let bare = |version: &Self| Self { replication: BTreeMap::new(), ..version.clone() };
        bare(self) == bare(entry)
    }
}

/// A target region of a version.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetRegionObserved {
    /// The region.
    pub region: Region,
    /// Its replicas.
    pub replicas: Option<i32>,
    /// Its storage.
    pub storage_account_type: Option<String>,
    /// Kept out of latest in this region.
    pub exclude_from_latest: bool,
    /// Members that this release doesn't know, kept so that a write doesn't lose them.
    pub preserved: Map<String, Value>,
}

/// What Azure says of a region's copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegionObserved {
    /// Its state.
    pub state: RegionReplication,
    /// 0 to 100.
    pub progress: i32,
    /// Azure's text, empty when all is well.
    pub details: String,
}
