//! What is said while a copy of the machine is made.

use azimage_names::{Region, SubnetId};

use super::super::super::words::Detail;
use crate::message::{messages, phrases};

messages! {
    /// What goes on.
    pub(in crate::image_version) enum Words {
        SourceChanging => SourceReady / SourceBusy:
            "The machine is being changed; it is copied when Azure has finished",
        Snapshots => GuestPrepared / Cloning:
            "Making a copy of the machine: snapshots of its disks",
        RestorePoint => GuestPrepared / Cloning:
            "Making a copy of the machine: a restore point, which has all its disks as they are at one moment",
        RestorePointFailed { detail: Detail } => GuestPrepared / Cloning:
            "Azure failed to make a restore point of the machine{detail}. What was made is deleted, and another one is made",
        RestorePointLost => GuestPrepared / Cloning:
            "Somebody deleted the restore point of the machine while disks were made from it. What was made is deleted, and another \
             one is made",
        Left => GuestPrepared / Cloning:
            "The workspace has parts of an earlier copy of which the status doesn't tell; they are deleted before a copy is made",
        Disks => GuestPrepared / Cloning:
            "Making a copy of the machine: its disks",
        Network => GuestPrepared / Cloning:
            "Making a copy of the machine: its network, which lets nothing in or out",
        Machine => GuestPrepared / Cloning:
            "Making a copy of the machine: a virtual machine from the disks",
        NotClosed => GuestPrepared / Cloning:
            "Somebody opened the network of the copy before it was there; closing it",
        Starting => GuestPrepared / Cloning:
            "The copy of the machine starts behind a closed network; waiting for its guest agent",
        NotShown => GuestPrepared / Cloning:
            "Azure doesn't show the copy of the machine any more; reading it again",
        WorkspaceNotShown => GuestPrepared / Cloning:
            "Azure doesn't show a part of the workspace; reading it again",
        PartFailed { part: &'static str, detail: Detail } => GuestPrepared / Cloning:
            "Azure failed to make the {part} of the copy{detail}; making it again",
        Unheard { size: String } => GuestPrepared / Cloning:
            "Azure failed to make the copy of the machine with the size {size}, and nobody was told why. What was made is \
             deleted, and it is tried again",
        NoCapacity { size: String, detail: Detail } => GuestPrepared / CapacityUnavailable:
            "Azure has no machine of the size {size} for the copy{detail}. What was made is deleted, and another size is tried",
    }
}

messages! {
    /// What the workspace lacks.
    pub(in crate::image_version) enum Workspace {
        NoSubnet { region: Region } => GuestPrepared / WorkspaceNotReady:
            "spec.workspace.subnets: there is none in {region}, where the machine is; add one in a new object",
        GroupMissing { group: String } => GuestPrepared / WorkspaceNotReady:
            "spec.workspace.resourceGroup: {group} doesn't exist, or the identity that this object acts as sees nothing of it; \
             create it, or name another one in a new object",
        SubnetMissing { subnet: SubnetId, region: Region } => GuestPrepared / WorkspaceNotReady:
            "spec.workspace.subnets: {subnet} for {region} doesn't exist; create it, or name another one in a new object",
    }
}

messages! {
    /// Why the copy can't be captured.
    pub(in crate::image_version) enum Failed {
        Taken { id: String } => GuestPrepared / NameTaken:
            "{id} exists and its tag azimage-owner doesn't name this object, so it is left as it is and no copy can be made: \
             delete or rename it, or use another spec.workspace.resourceGroup in a new object",
        UnitsOfWindows => GuestPrepared / SourceUnsupported:
            "spec.source.virtualMachine.clone.maskUnits names units of systemd, which Windows doesn't have: leave it out in a \
             new object",
        Part { part: &'static str, detail: Detail } => GuestPrepared / CloneFailed:
            "Azure failed to make the {part} of the copy, again and again{detail}. The machine itself is as it was; set the \
             annotation azimage.dev/reconcile-requested-at to try again",
        PartForGood { part: &'static str, detail: Detail } => GuestPrepared / CloneFailed:
            "Azure failed to make the {part} of the copy, and another attempt would fail as well{detail}. The machine itself is as \
             it was; change what Azure's words name, and set the annotation azimage.dev/reconcile-requested-at to try again",
        Snapshots { detail: Detail } => GuestPrepared / QuotaExceeded:
            "A disk of the machine has as many snapshots as Azure allows{detail}. The machine itself is as it was; delete some of \
             them, and set the annotation azimage.dev/reconcile-requested-at to try again",
        Replaced => SourceReady / CloneFailed:
            "Another machine has taken the name of the one of which a copy was being made (another vmId), so the copy isn't \
             finished: it would be of both. Set the annotation azimage.dev/reconcile-requested-at to make one of the machine that \
             is there now",
        RestorePoint { detail: Detail } => GuestPrepared / RestorePointUnavailable:
            "Azure failed to make a restore point of the machine{detail}. Without one no copy of all its disks can be had as they \
             are at one moment. The machine itself is as it was; set the annotation azimage.dev/reconcile-requested-at to try \
             again, or accept a snapshot of each disk by itself, one after the other, with \
             spec.source.virtualMachine.clone.consistency: PerDisk in a new object",
        Machine { detail: Detail } => GuestPrepared / CloneFailed:
            "Azure failed to make the copy of the machine{detail}. The machine itself is as it was; set the annotation \
             azimage.dev/reconcile-requested-at to try again",
        NoAgent { minutes: i64 } => GuestPrepared / CloneFailed:
            "The guest agent of the copy didn't report within {minutes} minutes: see the copy's boot diagnostics, and check \
             that the machine starts by itself without a network. The machine itself is as it was; set the annotation \
             azimage.dev/reconcile-requested-at to try again",
        TurnedOff => GuestPrepared / CloneFailed:
            "The copy of the machine was turned off before it was sealed. The machine itself is as it was; set the annotation \
             azimage.dev/reconcile-requested-at to try again",
        Generalized => GuestPrepared / CloneFailed:
            "Somebody generalized the copy of the machine before it was sealed. The machine itself is as it was; set the \
             annotation azimage.dev/reconcile-requested-at to try again",
        Outlived { hours: u64, last: String } => GuestPrepared / CloneFailed:
            "No version came of the copy of the machine within {hours} hours, so it is deleted. The machine itself is as it was; set the \
             annotation azimage.dev/reconcile-requested-at to try again with another copy. It was told last: {last}",
        Gone => GuestPrepared / CloneFailed:
            "Somebody deleted the copy of the machine before a version was made from it. The machine itself is as it was; set \
             the annotation azimage.dev/reconcile-requested-at to try again",
    }
}

phrases! {
    /// Why the disks of a copy may not be of one moment.
    pub(in crate::image_version) enum Apart ["status.source.copy.detail"] {
        ByCaching { disks: String } =>
            "Azure promises no common moment for disks with ReadWrite host caching, whose last writes may be missing: {disks}",
        BySize { size: String } =>
            "Azure promises no common moment for the data disks of a machine of the size {size}",
        ByBoth { disks: String, size: String } =>
            "Azure promises no common moment for the data disks of a machine of the size {size}, nor for disks with ReadWrite host \
             caching, whose last writes may be missing: {disks}",
        OneAfterTheOther => "Each disk is of a moment of its own, as clone.consistency is PerDisk",
    }
}
