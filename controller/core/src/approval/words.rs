//! What is said of a source that isn't approved.

use crate::message::{Phrases, messages, phrases};

messages! {
    /// Why a source isn't approved.
    pub(crate) enum NotApproved {
        Because { definition: String, rule: Rule, allowed: String, is: String } => SourceReady / SourceNotApproved:
            "spec.source: {rule} of the ImageDefinition {definition} allows {allowed}, and the source is {is}; make a new ImageVersion from a \
             source that it allows, or have whoever may change the ImageDefinition allow this one",
    }
}

phrases! {
    /// The rule that a source doesn't keep.
    pub(crate) enum Rule ["<rule>"] {
        Kinds => "spec.sources",
        MachineGroups => "spec.sources.virtualMachines.resourceGroups",
        MachineTags => "spec.sources.virtualMachines.tags",
        ImageReferences => "spec.sources.virtualMachines.imageReferences",
        Definitions => "spec.sources.imageVersions.definitions",
        Validated => "spec.sources.imageVersions.validated",
        ManagedImageGroups => "spec.sources.managedImages.resourceGroups",
        DiskGroups => "spec.sources.disks.resourceGroups",
    }
}

pub(crate) fn phrases() -> Vec<Phrases> {
    vec![Rule::phrases()]
}
