//! What is said of the snapshot that is kept.

use super::super::super::words::Detail;
use crate::message::{messages, phrases};

messages! {
    /// What goes on.
    pub(in crate::image_version) enum Words {
        Making => GuestPrepared / KeepingDisk:
            "Making a snapshot of the machine's OS disk before anything is changed in its guest",
        Again { detail: Detail } => GuestPrepared / KeepingDisk:
            "Azure failed to make the snapshot of the machine's OS disk{detail}; making it again",
        Renewing => GuestPrepared / KeepingDisk:
            "The snapshot of the machine's OS disk expired before the seal began; deleting it before another one is made",
        Recalling => CleanedUp / CleaningUp:
            "Looking for the snapshot of the machine's OS disk, of which the status doesn't tell",
        Kept => CleanedUp / Succeeded:
            "Nothing is left but the snapshot of the OS disk as it was before the seal, from which the machine can be had back: \
             see status.temporary for it and for when it is deleted",
    }
}

messages! {
    /// Why the machine isn't sealed.
    pub(in crate::image_version) enum Failed {
        Taken { id: String } => GuestPrepared / NameTaken:
            "{id} exists and its tag azimage-owner doesn't name this object, so it is left as it is and no snapshot of the \
             machine's OS disk can be made. The machine's guest is as it was: delete or rename that snapshot",
        Snapshot { detail: Detail } => GuestPrepared / SnapshotFailed:
            "Azure failed to make the snapshot of the machine's OS disk, again and again{detail}. The machine's guest is as it was; \
             set the annotation azimage.dev/reconcile-requested-at to try again, or \
             spec.source.virtualMachine.inPlace.keepDiskSnapshotFor to 0s in a new object",
    }
}

phrases! {
    /// What a person has to know when the object goes.
    pub(in crate::image_version) enum Parting ["an event when the object goes"] {
        Kept { id: String, until: jiff::Timestamp } =>
            "The snapshot {id} of the machine's OS disk as it was before the seal is kept until {until}. azimage deletes it then if it \
             still looks through its resource group: for other objects, or as azure.workspaces names it",
    }
}
