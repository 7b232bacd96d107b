//! What has still to be read.

use azimage_crds::{Deletion, Prepare};

use super::{
    Absent, BootDiagnostics, Memory, Observed, OsType, Power, Reading, SourceSpec, Step, Validated,
    VirtualMachineObserved, deletion::may_hold_a_machine, sealing::Attempt, tags,
};
use crate::Failure;

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

/// What has to be read next for a decision, or nothing. At rest this is the list, which all versions of a definition
/// share, and nothing else as long as it shows what was last seen.
pub fn next_read(validated: &Validated, memory: &Memory<'_>, observed: &Observed) -> Option<Read> {
    if validated.suspended && !validated.deleting {
        return None;
    }
    if validated.deleting {
        return deletion_read(validated, memory, observed);
    }
    match &observed.version {
        Reading::NotRead => {
            return match (&observed.seen, &observed.listed) {
                (Some(_), Reading::NotRead) => Some(Read::List),
                // A list that can't be had otherwise, such as for an entry that can't be understood, is done without.
                (Some(_), Reading::Failed(Failure::Throttled)) => None,
                (Some(_), _) if observed.still_at_rest().is_some() => None,
                _ => Some(Read::Version),
            };
        }
        // It was just made, and Azure doesn't show it yet: the plan needs no more to wait.
        Reading::Missing(_) if memory.may_show_late() => return None,
        Reading::Missing(Absent::Resource) if !memory.was_published() => {}
        Reading::Missing(_) if observed.definition == Reading::NotRead => return Some(Read::Definition),
        Reading::Missing(Absent::Parent) if !memory.was_published() => {}
        _ => return None,
    }
    match observed.definition {
        Reading::NotRead => return Some(Read::Definition),
        Reading::Found(_) => {}
        _ => return None,
    }
    match &validated.source {
        SourceSpec::ImageVersion { .. } => {
            matches!(observed.source_version, Reading::NotRead).then_some(Read::SourceVersion)
        }
        SourceSpec::VirtualMachine { prepare, .. } => match &observed.virtual_machine {
            Reading::NotRead => Some(Read::VirtualMachine),
            Reading::Found(machine)
                if *prepare == Prepare::Deprovision && validated.owns_tag(&machine.tags) && !machine.generalized =>
            {
                seal_read(validated, memory, observed, machine)
            }
            _ => None,
        },
    }
}

/// What has to be read of a machine of ours that is being sealed, or is sealed and not generalized yet.
fn seal_read(
    validated: &Validated,
    memory: &Memory<'_>,
    observed: &Observed,
    machine: &VirtualMachineObserved,
) -> Option<Read> {
    let off = matches!(machine.power, Power::Stopped | Power::Deallocating | Power::Deallocated);
    let is_heard = observed.console == Reading::NotRead && machine.boot_diagnostics != BootDiagnostics::Off;
    if tags::sealed(machine) {
        let decides = matches!(machine.power, Power::Stopped | Power::Deallocated);
        return (decides && is_heard).then_some(Read::Console);
    }
    let command = match &observed.seal {
        Reading::NotRead => return Some(Read::Seal),
        Reading::Found(command) => Some(command),
        Reading::Missing(_) => None,
        Reading::Failed(_) => return None,
    };
    let attempt = Attempt::of(validated, memory, machine, command)?;
    // A guest that runs has nothing to say before its run command has ended. But before that is made, somebody has to see
    // that it can be heard.
    let speaks = off || command.is_none() || attempt.is_scheduled() || machine.os_type == OsType::Windows;
    (is_heard && speaks).then_some(Read::Console)
}

fn deletion_read(validated: &Validated, memory: &Memory<'_>, observed: &Observed) -> Option<Read> {
    if validated.deletion == Deletion::Retain {
        return may_hold_a_machine(memory.status).then(|| claimed_read(validated, observed)).flatten();
    }
    match &observed.version {
        Reading::NotRead => Some(Read::Version),
        // Nothing was published: the claim on the source is to be let go.
        Reading::Missing(_) => claimed_read(validated, observed),
        _ => None,
    }
}

/// What has to be read before the claim on a source is let go.
fn claimed_read(validated: &Validated, observed: &Observed) -> Option<Read> {
    match (&validated.source, &observed.virtual_machine) {
        (SourceSpec::VirtualMachine { .. }, Reading::NotRead) => Some(Read::VirtualMachine),
        (SourceSpec::VirtualMachine { prepare: Prepare::Deprovision, .. }, Reading::Found(machine)) => {
            let holds = validated.owns_tag(&machine.tags) && !machine.generalized && !tags::sealed(machine);
            (holds && observed.seal == Reading::NotRead).then_some(Read::Seal)
        }
        _ => None,
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
}
