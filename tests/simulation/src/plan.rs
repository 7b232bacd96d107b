//! What a run is, as data: the same plan gives the same history.

use std::time::Duration;

use azimage_simulator::{
    DomainFault,
    scenario::{Shortage, Unknowns},
};
use serde::{Deserialize, Serialize};

use crate::{
    broken_objects::BrokenObject,
    fault_rates::FaultRates,
    oddities::{OddMachine, Oddity},
};

/// A run: what there is at the start, and what happens when. All other randomness comes from the seed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Plan {
    /// Decides ids, jitter, the order within an instant, and Azure's durations.
    pub seed: u64,
    /// What exists at the beginning.
    pub world: World,
    /// Rates of random faults at calls. The faults that were injected are recorded, so that a plan with these alone repeats
    /// the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault_rates: Option<FaultRates>,
    /// Scheduled faults and crashes, each at one call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<ScheduledFault>,
    /// Events by the clock.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
}

/// A version that is made of a copy of its machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CopiedMachine {
    /// The number of the version.
    pub of: u8,
    /// How many data disks the machine has.
    #[serde(default, skip_serializing_if = "is_none")]
    pub data_disks: u8,
    /// Whether each of several disks is copied by itself, instead of all at one moment.
    #[serde(default, skip_serializing_if = "is_false")]
    pub per_disk: bool,
    /// Whether the machine is stopped.
    #[serde(default, skip_serializing_if = "is_false")]
    pub stopped: bool,
    /// Sizes for the copy, if not the machine's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sizes: Vec<String>,
    /// For how many minutes a copy is kept that can't be captured, if not as long as by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_minutes: Option<u32>,
}

/// A size of which there are no machines to be had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SoldOut {
    /// The size.
    pub size: String,
    /// How Azure says so.
    pub code: Shortage,
    /// For so many seconds from the beginning, or for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
}

/// A version whose image definition has an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PromotedVersion {
    /// Which version.
    pub of: u8,
    /// Minutes for which a version that passed waits.
    #[serde(default)]
    pub soak_minutes: u32,
    /// The object has another version pinned, which doesn't exist.
    #[serde(default, skip_serializing_if = "is_false")]
    pub another_pinned: bool,
}

/// A second version of an image definition, with a higher number, made from the first one and always proven.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Successor {
    /// The number of the version that it is made from.
    pub of: u8,
    /// Whether a check of its object fails on every machine that is made from it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub bad: bool,
}

/// From the number of a version to that of its successor.
pub const SUCCESSOR: u8 = 100;

/// What an image definition's object says of latest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Latest {
    /// The newest version that passed, at once.
    Newest,
    /// The first version is pinned.
    First,
    /// Its successor is pinned.
    Successor,
    /// None is.
    None,
}

/// What exists at the beginning.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact by itself")]
pub struct World {
    /// Processes of the controller; from two on they elect a leader.
    pub replicas: u8,
    /// Image versions, each of a machine of its own: `web-0` of `builder-0` and so on.
    pub versions: u8,
    /// Regions that a target each asks for.
    pub targets: Vec<String>,
    /// Whether the versions are deleted in Azure with their objects.
    #[serde(default)]
    pub delete: bool,
    /// Whether every second version is made from the version before it, and not from a machine.
    #[serde(default)]
    pub derived: bool,
    /// Whether the objects act with the identity of their namespace's `ServiceAccount`. The controller's own identity then serves
    /// no namespace.
    #[serde(default)]
    pub identity: bool,
    /// Whether versions of the same names exist in Azure before, made by others.
    #[serde(default, skip_serializing_if = "is_false")]
    pub taken: bool,
    /// Seconds that a process needs to end after it lost its lease.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linger_seconds: Option<u32>,
    /// Seconds for which the lease is left alone, if not as long as by default; the other times of the election are as
    /// much longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_seconds: Option<u32>,
    /// Seconds that a copy to another region takes, if not as long as usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy_seconds: Option<u32>,
    /// Broken objects beside the versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken_objects: Vec<BrokenObject>,
    /// Unusual machines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub odd: Vec<OddMachine>,
    /// Versions that are made of copies of their machines, which don't consent to anything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clones: Vec<CopiedMachine>,
    /// Whether a snapshot of the OS disk is kept of machines that are captured themselves.
    #[serde(default, skip_serializing_if = "is_false")]
    pub keeps: bool,
    /// Versions that are proven by machines made from them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proves: Vec<u8>,
    /// Whether machines that are captured themselves are deleted afterwards, with what belongs to them.
    #[serde(default, skip_serializing_if = "is_false")]
    pub deletes_sources: bool,
    /// Versions whose image definitions have objects that promote them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub promotes: Vec<PromotedVersion>,
    /// Second versions of image definitions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub successors: Vec<Successor>,
    /// Sizes of which there are no machines to be had.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sold_out: Vec<SoldOut>,
    /// What Azure shows when a guest's agent is gone, and of a machine that is deallocated.
    #[serde(default, skip_serializing_if = "is_default")]
    pub unknowns: Unknowns,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_default(unknowns: &Unknowns) -> bool {
    *unknowns == Unknowns::default()
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_none(number: &u8) -> bool {
    *number == 0
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(it: &bool) -> bool {
    !it
}

impl World {
    /// The numbers of all versions.
    pub fn numbers(&self) -> impl Iterator<Item = u8> {
        (0..self.versions).chain(self.successors().map(|successor| successor.of + SUCCESSOR))
    }

    /// The second versions; a smaller world may have lost the first ones of some.
    pub fn successors(&self) -> impl Iterator<Item = &Successor> {
        self.successors.iter().filter(|successor| successor.of < self.versions)
    }

    /// The numbers of the versions of the same image definition, the first one first.
    pub fn line(&self, number: u8) -> impl Iterator<Item = u8> {
        let first = number % SUCCESSOR;
        self.numbers().filter(move |other| other % SUCCESSOR == first)
    }

    /// The number of the version that this one is made from, if it is made from one.
    pub fn source_version(&self, number: u8) -> Option<u8> {
        if number >= SUCCESSOR {
            Some(number - SUCCESSOR)
        } else {
            (self.derived && number % 2 == 1).then(|| number - 1)
        }
    }

    /// Whether there is a resource group for temporary machines.
    pub fn has_workspace(&self) -> bool {
        !self.clones.is_empty() || !self.proves.is_empty() || !self.successors.is_empty()
    }

    /// Whether a version is proven by machines that are made from it.
    pub fn is_proven(&self, number: u8) -> bool {
        (number >= SUCCESSOR || self.proves.contains(&number)) && !self.is_windows(number)
    }

    /// Whether a version can't pass its validation.
    pub fn is_bad(&self, number: u8) -> bool {
        let is_bad = |successor: &Successor| successor.of + SUCCESSOR == number && successor.bad;
        self.is_proven(number) && self.successors().any(is_bad)
    }

    /// What is said of latest for a version, if anything is.
    pub fn promotion_of(&self, number: u8) -> Option<&PromotedVersion> {
        self.promotes.iter().find(|promoted| promoted.of == number % SUCCESSOR)
    }

    /// How the machine of a version is copied, if it is.
    pub fn clone_of(&self, number: u8) -> Option<&CopiedMachine> {
        self.clones.iter().find(|clone| clone.of == number && self.source_version(number).is_none())
    }

    /// Whether the machine of a version is deleted when that is made.
    pub(crate) fn deletes_source(&self, number: u8) -> bool {
        self.deletes_sources && self.clone_of(number).is_none() && self.source_version(number).is_none()
    }

    /// What is unusual about the machine of a version.
    pub(crate) fn oddities(&self, number: u8) -> impl Iterator<Item = Oddity> {
        self.odd.iter().filter(move |odd| odd.of == number).map(|odd| odd.oddity)
    }

    /// Whether the machine of a version runs Windows.
    pub(crate) fn is_windows(&self, number: u8) -> bool {
        let mut machine = number;
        while let Some(source) = self.source_version(machine) {
            machine = source;
        }
        self.oddities(machine).any(|oddity| matches!(oddity, Oddity::Windows | Oddity::SilentWindows))
    }
}

/// One call, which is the same in every run of a plan.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallSite {
    /// The process that calls, from 0.
    pub replica: u8,
    /// What is called, such as `azure POST virtualMachines/builder-0/generalize`, or which part of the process is polled,
    /// such as `poll imageversion/web-0`, the passes over this object.
    pub call: String,
    /// Which of the equal calls or polls of this process, from 1. A process that is started anew counts on.
    pub nth: u32,
}

/// A fault at one call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScheduledFault {
    /// At which call.
    #[serde(flatten)]
    pub site: CallSite,
    /// What.
    pub fault: Fault,
}

/// What goes wrong at a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Fault {
    /// It takes so many seconds.
    Slow(u32),
    /// It never arrives, and the client times out.
    RequestLost,
    /// It takes effect, and the answer gets lost.
    AnswerLost,
    /// The client times out, and it takes effect so many seconds later.
    Late(u32),
    /// It arrives twice; the client gets the second answer.
    Duplicate,
    /// No connection.
    Refused,
    /// It gets this status and has no effect.
    Answer(u16),
    /// A read shows what the same read showed before.
    Stale,
    /// A read shows Succeeded for a resource that is being updated.
    SaysSucceeded,
    /// A read shows a state that no release knows for a resource that is being updated.
    SaysUnknown,
    /// The process is killed before the request is sent.
    CrashBefore,
    /// The process is killed while the request is in flight; the request arrives.
    CrashWithin,
    /// The process is killed when the request took effect.
    CrashAfter,
    /// The process is dropped where this poll of it ended, at an await point.
    CrashAtPoll,
    /// The stream of a watch ends before this event.
    Cut,
}

impl Fault {
    /// The fault without its number, for figures.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Slow(_) => "slow",
            Self::RequestLost => "requestLost",
            Self::AnswerLost => "answerLost",
            Self::Late(_) => "late",
            Self::Duplicate => "duplicate",
            Self::Refused => "refused",
            Self::Answer(404) => "eventual404",
            Self::Answer(409) => "conflict",
            Self::Answer(410) => "gone",
            Self::Answer(429) => "throttled",
            Self::Answer(_) => "serverError",
            Self::Stale => "stale",
            Self::SaysSucceeded => "saysSucceeded",
            Self::SaysUnknown => "saysUnknown",
            Self::CrashBefore => "crashBefore",
            Self::CrashWithin => "crashWithin",
            Self::CrashAfter => "crashAfter",
            Self::CrashAtPoll => "crashAtPoll",
            Self::Cut => "cut",
        }
    }

    /// Whether it crashes the process.
    pub fn crashes(self) -> bool {
        matches!(self, Self::CrashBefore | Self::CrashWithin | Self::CrashAfter | Self::CrashAtPoll)
    }
}

/// Something that happens by the clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Event {
    /// Seconds after the beginning.
    pub at: u64,
    /// What.
    #[serde(rename = "do")]
    pub action: Action,
}

/// What an event does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Action {
    /// The calls of a process pause.
    Pause {
        /// Which.
        replica: u8,
        /// For so many seconds.
        seconds: u64,
    },
    /// A process reaches neither Azure nor the API server.
    Partition {
        /// Which.
        replica: u8,
        /// For so many seconds.
        seconds: u64,
    },
    /// Azure can't be reached.
    AzureAway {
        /// For so many seconds.
        seconds: u64,
    },
    /// The API server can't be reached.
    KubernetesAway {
        /// For so many seconds.
        seconds: u64,
    },
    /// The clock of a process jumps; a negative number is back.
    ClockJump {
        /// Which.
        replica: u8,
        /// So far.
        seconds: i64,
    },
    /// All watches end, and older changes are compacted away.
    ForgetChanges,
    /// A process receives the events of its watches late; the watches stay open.
    WatchesStall {
        /// Which.
        replica: u8,
        /// For so many seconds.
        seconds: u64,
    },
    /// A process gets no answers about the lease.
    LeaseHangs {
        /// Which.
        replica: u8,
        /// For so many seconds.
        seconds: u64,
    },
    /// A fault inside Azure.
    AzureFails {
        /// How.
        fault: DomainFault,
        /// For so many seconds, or for ever.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seconds: Option<u64>,
    },
    /// A process is killed.
    Kill {
        /// Which.
        replica: u8,
    },
    /// Somebody starts a machine.
    StartMachine(u8),
    /// Somebody stops a machine, which is not deallocated by that.
    StopMachine(u8),
    /// Somebody marks a machine as generalized.
    GeneralizeMachine(u8),
    /// Somebody deletes a machine.
    DeleteMachine(u8),
    /// Somebody removes all tags of a machine.
    RetagMachine(u8),
    /// Somebody adds a tag to a machine.
    TagMachine(u8),
    /// Somebody claims a machine for an object of another cluster.
    ClaimMachine(u8),
    /// Somebody breaks the guest of a machine, so that all its scripts fail.
    BreakGuest(u8),
    /// Somebody starts the copy of a machine.
    StartCopy(u8),
    /// Somebody stops the copy of a machine.
    StopCopy(u8),
    /// Somebody marks the copy of a machine as generalized.
    GeneralizeCopy(u8),
    /// Somebody deletes the copy of a machine.
    DeleteCopy(u8),
    /// Somebody removes all tags of the copy of a machine.
    RetagCopy(u8),
    /// Somebody deletes the snapshot of a machine's system, or the restore point of all its disks.
    DeleteSnapshot(u8),
    /// Somebody deletes the copied disk of a machine's system, which Azure does only while no machine holds it.
    DeleteCopiedDisk(u8),
    /// Somebody takes all rules from the security group of a copy.
    OpenNetwork(u8),
    /// Somebody makes a disk with the name of the copied one of a machine's system, if there is none.
    TakeName(u8),
    /// Somebody attaches the data disk of a machine that is gone to another one.
    AttachDisk(u8),
    /// Somebody makes another data disk of that name, once the machine is gone.
    ReplaceDisk(u8),
    /// Somebody makes another machine of that name, once the machine is gone.
    MakeMachine(u8),
    /// Somebody asks the object of a version to try again.
    AskAgain(u8),
    /// Somebody replaces the tags of a version in Azure by others.
    DisownVersion(u8),
    /// Somebody adds a region to a version in Azure.
    AddRegion(u8, String),
    /// Somebody changes what the object of a version's image definition says of latest.
    SetLatest(u8, Latest),
    /// Somebody includes a version in latest in Azure, in all its regions.
    Include(u8),
    /// Somebody deletes a version in Azure.
    DeleteVersion(u8),
    /// Somebody deletes the image definition of a version, which Azure does only while there is no version of it.
    DeleteDefinition(u8),
    /// Somebody deletes the gallery, which Azure does only while there is no image definition in it.
    DeleteGallery,
    /// Somebody deletes the namespace with all that is in it.
    DeleteNamespace,
    /// Somebody asks for a region by a target of its own.
    AddTarget(String),
    /// Somebody suspends the object of a version.
    Suspend(u8),
    /// Somebody lets it go on.
    Resume(u8),
    /// Somebody deletes the object of a version.
    DeleteObject(u8),
    /// Somebody removes its finalizers.
    RemoveFinalizers(u8),
    /// Somebody deletes a target.
    DeleteTarget(u8),
    /// Somebody forbids changes in Azure.
    Forbid {
        /// By what.
        by: Ban,
        /// For so many seconds.
        seconds: u64,
    },
}

/// What forbids changes in Azure, whoever asks for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Ban {
    /// A lock that makes a machine read-only.
    MachineLock(u8),
    /// A lock that makes the gallery read-only, with all that is in it.
    GalleryLock,
    /// A lock that makes the workspace read-only, with all that is in it.
    WorkspaceLock,
    /// A lock that forbids to delete anything in the workspace.
    WorkspaceKept,
    /// A lock that forbids to delete the data disk of a machine.
    DiskKept(u8),
    /// A policy that denies image versions without a tag, which none of azimage's has.
    TagPolicy,
}

impl Action {
    /// The name of the action without its object, for figures; for a fault of Azure's, the name of the fault.
    pub fn name(&self) -> String {
        let text = match self {
            Self::AzureFails { fault, .. } => format!("{fault:?}"),
            action => format!("{action:?}"),
        };
        text.split([' ', '(']).next().unwrap_or_default().to_owned()
    }

    /// Whether an operator does it.
    pub fn is_by_operator(&self) -> bool {
        !matches!(
            self,
            Self::Pause { .. }
                | Self::Partition { .. }
                | Self::AzureAway { .. }
                | Self::KubernetesAway { .. }
                | Self::ClockJump { .. }
                | Self::ForgetChanges
                | Self::WatchesStall { .. }
                | Self::LeaseHangs { .. }
                | Self::AzureFails { .. }
                | Self::Kill { .. }
        )
    }
}

impl Event {
    /// When it is over; its start if it has no duration.
    pub fn end(&self) -> Duration {
        let lasts = match &self.action {
            Action::Pause { seconds, .. }
            | Action::Partition { seconds, .. }
            | Action::AzureAway { seconds }
            | Action::KubernetesAway { seconds }
            | Action::WatchesStall { seconds, .. }
            | Action::LeaseHangs { seconds, .. }
            | Action::Forbid { seconds, .. }
            | Action::AzureFails { seconds: Some(seconds), .. } => *seconds,
            _ => 0,
        };
        Duration::from_secs(self.at + lasts)
    }
}

impl Plan {
    /// The plan as YAML.
    ///
    /// # Errors
    /// It can't be written as YAML.
    pub fn to_yaml(&self) -> Result<String, serde_saphyr::ser::Error> {
        serde_saphyr::to_string(self)
    }

    /// A plan from YAML.
    ///
    /// # Errors
    /// The text is no plan; the message says where.
    pub fn parse(text: &str) -> Result<Self, serde_saphyr::Error> {
        serde_saphyr::from_str(text)
    }

    /// When the last random fault and the last event are over.
    pub fn faults_end(&self) -> Duration {
        let fault_rates = self.fault_rates.map_or(0, |fault_rates| fault_rates.seconds);
        let events = self.events.iter().map(Event::end).max().unwrap_or_default();
        Duration::from_secs(fault_rates).max(events)
    }
}
