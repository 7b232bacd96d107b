//! What is said of the machine that is deleted, and of what belonged to it.

use azimage_names::VirtualMachineId;

use crate::message::{messages, phrases};

messages! {
    /// What becomes of the machine.
    pub(in crate::image_version) enum Words {
        Waiting => CleanedUp / WaitingForEarlierStep:
            "The machine is deleted (sourceCleanup: Delete) when the version is complete in its home region, and proven if that is asked for",
        Looking => CleanedUp / CleaningUp:
            "Making sure what belongs to the machine before it is deleted (sourceCleanup: Delete)",
        Deleting => CleanedUp / CleaningUp:
            "Deleting the machine and what belonged to it alone (status.sourceCleanup)",
        Gone => CleanedUp / Succeeded:
            "The machine and what belonged to it alone are deleted",
        Stuck { id: String, why: String } => CleanedUp / CleanUpFailed:
            "Something that belonged to the machine can't be deleted and goes on costing; it is tried again every ten minutes. {id}: {why}",
        Unread { id: String, why: String } => CleanedUp / CleanUpFailed:
            "The machine isn't deleted (sourceCleanup: Delete), as something of it can't be read; it is tried again. {id}: {why}",
    }
}

messages! {
    /// What stays, for good.
    pub(in crate::image_version) enum Kept {
        Gone { id: VirtualMachineId } => CleanedUp / SourceKept:
            "{id} isn't there, and status.sourceCleanup doesn't say what belonged to it, so nothing is deleted: delete what is left \
             of its network interfaces, disks and public addresses yourself",
        Unknown { id: VirtualMachineId } => CleanedUp / SourceKept:
            "{id} is kept with all that belongs to it: the status doesn't say which machine was captured \
             (status.source.virtualMachineUid). Delete it yourself if it is the one",
        Another { id: VirtualMachineId } => CleanedUp / SourceKept:
            "{id} is kept with all that belongs to it: it isn't the machine that was captured \
             (status.source.virtualMachineUid), but another one of its name",
        Foreign { id: VirtualMachineId } => CleanedUp / SourceKept:
            "{id} is kept with all that belongs to it: its tag azimage-owner doesn't name this object",
        NotGeneralized { id: VirtualMachineId } => CleanedUp / SourceKept:
            "{id} is kept with all that belongs to it: Azure doesn't say that it is generalized",
        Remain { id: String, why: String, count: usize } => CleanedUp / SourceKept:
            "Of the machine and what belonged to it {count} stay, as they aren't surely its own (status.sourceCleanup): delete them \
             yourself if nobody needs them. {id}: {why}",
    }
}

phrases! {
    /// Why something stays.
    pub(in crate::image_version) enum Why ["in `status.sourceCleanup`, and at the end"] {
        NotOurs => "its tag azimage-owner doesn't name this object any more",
        UsedBy { other: String } => "{other} uses it",
        UsedByNewMachine { other: String } => "{other} uses it, a new machine of the name of the one that is gone",
        TakenOff => "somebody took it off the machine after it was written down",
        Shared => "it is a shared disk, which several machines may use at a time",
        NoUniqueId => "Azure doesn't tell its unique id, so it can't be told from another one of its name",
        MachineStays { id: String } => "{id} stays",
    }
}

phrases! {
    /// What a person has to know when the object goes.
    pub(in crate::image_version) enum Parting ["an event when the object goes"] {
        Left { first: String, count: usize } =>
            "Of the machine that was captured and what belonged to it {count} aren't deleted yet, and stay as this object goes: {first} \
             and what status.sourceCleanup names after it. Delete them yourself",
    }
}
