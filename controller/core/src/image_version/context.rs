//! What a stage decides by: the object, what is remembered, and what was read. Whatever wasn't read stops the walk.

use azimage_crds::Prepare;
use azimage_names::{RunCommandId, VirtualMachineId};

use super::{
    Absent, ConsoleObserved, DefinitionObserved, GuestSpec, Memory, Observed, Read, Reading, SealObserved, SourceSpec,
    SourceVersionObserved, Validated, VersionObserved, VirtualMachineObserved, report::Stop,
};
use crate::Failure;

/// What a stage decides by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cx<'a> {
    pub(super) validated: &'a Validated,
    pub(super) memory: &'a Memory<'a>,
    pub(super) observed: &'a Observed,
}

/// What Azure said of something.
#[derive(Debug, PartialEq)]
pub(super) enum Answer<'a, T> {
    Found(&'a T),
    Missing(Absent),
    Failed(&'a Failure),
}

/// What Azure said of something, where a failure stops the walk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Presence<'a, T> {
    Found(&'a T),
    Missing(Absent),
}

fn answer<T>(reading: &Reading<T>, read: Read) -> Result<Answer<'_, T>, Stop> {
    match reading {
        Reading::NotRead => Err(Stop::Read(read)),
        Reading::Found(found) => Ok(Answer::Found(found)),
        Reading::Missing(absent) => Ok(Answer::Missing(*absent)),
        Reading::Failed(failure) => Ok(Answer::Failed(failure)),
    }
}

impl<T> Clone for Answer<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Answer<'_, T> {}

impl<'a, T> Answer<'a, T> {
    /// The answer, if Azure gave one; `doing` completes "Could not …".
    pub(super) fn or_stop(self, doing: &'static str) -> Result<Presence<'a, T>, Stop> {
        match self {
            Self::Found(found) => Ok(Presence::Found(found)),
            Self::Missing(absent) => Ok(Presence::Missing(absent)),
            Self::Failed(failure) => Err(Stop::Failed(failure.clone(), doing)),
        }
    }
}

/// A virtual machine as the source, with what the object says of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'a> {
    pub(super) id: &'a VirtualMachineId,
    pub(super) prepare: Prepare,
    pub(super) seal: &'a RunCommandId,
    pub(super) guest: &'a GuestSpec,
}

impl<'a> Cx<'a> {
    /// The version, if it exists: as it was read, or as the list shows that it still is.
    pub(super) fn version(&self) -> Result<Option<&'a VersionObserved>, Stop> {
        let observed = self.observed;
        match &observed.version {
            Reading::Found(version) => Ok(Some(version)),
            Reading::Missing(_) => Ok(None),
            Reading::Failed(failure) => Err(Stop::Failed(failure.clone(), "read the gallery image version")),
            Reading::NotRead => match (&observed.seen, &observed.listed) {
                (Some(_), Reading::NotRead) => Err(Stop::Read(Read::List)),
                // A list that can't be had otherwise, such as for an entry that can't be understood, is done without.
                (Some(_), Reading::Failed(failure @ Failure::Throttled)) => {
                    Err(Stop::Failed(failure.clone(), "list the gallery image versions"))
                }
                _ => observed.still_at_rest().map(Some).ok_or(Stop::Read(Read::Version)),
            },
        }
    }

    /// The version as it was read by itself, not as a list shows it.
    pub(super) fn version_alone(&self) -> Result<Presence<'a, VersionObserved>, Stop> {
        answer(&self.observed.version, Read::Version)?.or_stop("read the gallery image version before deleting it")
    }

    /// The image definition.
    pub(super) fn definition(&self) -> Result<Presence<'a, DefinitionObserved>, Stop> {
        answer(&self.observed.definition, Read::Definition)?.or_stop("read the image definition")
    }

    /// The source, when it is a gallery image version.
    pub(super) fn source_version(&self) -> Result<Presence<'a, SourceVersionObserved>, Stop> {
        answer(&self.observed.source_version, Read::SourceVersion)?.or_stop("read the source version")
    }

    /// What the object says of its source, when that is a virtual machine.
    pub(super) fn source(&self) -> Option<Source<'a>> {
        match &self.validated.source {
            SourceSpec::VirtualMachine { id, prepare, guest, seal } => {
                Some(Source { id, prepare: *prepare, seal, guest })
            }
            SourceSpec::ImageVersion { .. } => None,
        }
    }

    /// The source, when it is a virtual machine.
    pub(super) fn machine(&self) -> Result<Answer<'a, VirtualMachineObserved>, Stop> {
        answer(&self.observed.virtual_machine, Read::VirtualMachine)
    }

    /// The source machine, of which an earlier stage has seen that it exists.
    pub(super) fn source_machine(&self) -> Result<(Source<'a>, &'a VirtualMachineObserved), Stop> {
        match (self.source(), self.machine()?.or_stop("read the source virtual machine")?) {
            (Some(source), Presence::Found(machine)) => Ok((source, machine)),
            _ => Err(Stop::unseen("the source virtual machine")),
        }
    }

    /// The image definition, of which an earlier stage has seen that it exists.
    pub(super) fn definition_found(&self) -> Result<&'a DefinitionObserved, Stop> {
        match self.definition()? {
            Presence::Found(definition) => Ok(definition),
            Presence::Missing(_) => Err(Stop::unseen("the image definition")),
        }
    }

    /// The source version, of which an earlier stage has seen that it exists.
    pub(super) fn source_version_found(&self) -> Result<&'a SourceVersionObserved, Stop> {
        match self.source_version()? {
            Presence::Found(version) => Ok(version),
            Presence::Missing(_) => Err(Stop::unseen("the source version")),
        }
    }

    /// The run command that seals the guest.
    pub(super) fn run_command(&self) -> Result<Answer<'a, SealObserved>, Stop> {
        answer(&self.observed.seal, Read::Seal)
    }

    /// What the serial console log of the source says of this very seal.
    pub(super) fn console(&self) -> Result<Answer<'a, ConsoleObserved>, Stop> {
        answer(&self.observed.console, Read::Console)
    }
}
