//! What has still to be read.

use super::{Absent, Memory, Observed, Reading, SourceSpec, Validated};

/// Something to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Read {
    /// The gallery image version with its replication status.
    Version,
    /// The image definition.
    Definition,
    /// The source virtual machine with its instance view.
    VirtualMachine,
    /// The source gallery image version and its definition.
    SourceVersion,
    /// The seal's run command with its instance view.
    Seal,
}

/// What has to be read next for a decision, or nothing. At rest this is one read.
pub fn next_read(validated: &Validated, memory: &Memory<'_>, observed: &Observed) -> Option<Read> {
    if validated.suspended && !validated.deleting {
        return None;
    }
    if validated.deleting {
        return deletion_read(validated, observed);
    }
    match &observed.version {
        Reading::NotRead => return Some(Read::Version),
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
        SourceSpec::VirtualMachine { .. } => match &observed.virtual_machine {
            Reading::NotRead => Some(Read::VirtualMachine),
            Reading::Found(machine) => {
                let ours = validated.owns_tag(&machine.tags);
                (ours && !machine.generalized && observed.seal == Reading::NotRead).then_some(Read::Seal)
            }
            _ => None,
        },
    }
}

fn deletion_read(validated: &Validated, observed: &Observed) -> Option<Read> {
    if validated.deletion == azimage_crds::Deletion::Retain {
        return None;
    }
    match &observed.version {
        Reading::NotRead => Some(Read::Version),
        // Nothing was published: the claim on the source is to be let go.
        Reading::Missing(_)
            if matches!(validated.source, SourceSpec::VirtualMachine { .. })
                && observed.virtual_machine == Reading::NotRead =>
        {
            Some(Read::VirtualMachine)
        }
        _ => None,
    }
}
