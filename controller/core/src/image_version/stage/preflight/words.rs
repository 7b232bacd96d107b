//! What is said of what Azure would refuse.

use azimage_names::ImageVersionId;
use jiff::Timestamp;

use super::super::super::Scope;
use crate::message::messages;

messages! {
    /// What Azure would refuse, or do otherwise, later.
    pub(in crate::image_version) enum Foreseen {
        Kept { id: ImageVersionId } => Published / VersionExists:
            "spec.version: {id} was deleted, and its gallery still keeps it (soft delete): making a version under its \
             number would bring the old one back. Choose another version number in a new object, or delete the kept \
             version for good",
        EndOfLifePassed { date: Timestamp } => Published / InvalidSpec:
            "spec.publish.endOfLifeDate: {date} has passed, and Azure makes no version whose life has ended: set a later \
             date, or leave it out",
        VersionDenied { action: &'static str, scope: Scope } => Compatible / AccessDenied:
            "Azure would refuse to make the gallery image version, so the machine isn't touched: grant the action \
             {action} on {scope} to the Azure identity that this object acts as: that of its spec.serviceAccountName, \
             or the controller's own if it names none",
        MachineDenied { action: &'static str, scope: Scope } => SourceReady / AccessDenied:
            "Azure would refuse to go on in the middle of the capture, so the machine isn't touched: grant the action \
             {action} on {scope} to the Azure identity that this object acts as: that of its spec.serviceAccountName, \
             or the controller's own if it names none",
        VersionLocked { lock: String, scope: String } => Compatible / ScopeLocked:
            "The lock {lock} on {scope} is ReadOnly, so Azure would refuse to make the gallery image version \
             (ScopeLocked), and the machine isn't touched: delete the lock, or use another gallery in a new object",
        WorkspaceDenied { action: &'static str, scope: Scope } => GuestPrepared / AccessDenied:
            "Azure would refuse to make the copy of the machine, or to delete it, so nothing is made: grant the action \
             {action} on {scope} to the Azure identity that this object acts as: that of its spec.serviceAccountName, \
             or the controller's own if it names none",
        WorkspaceLocked { lock: String, scope: String } => GuestPrepared / ScopeLocked:
            "The lock {lock} on {scope} would keep the copy of the machine from being made or deleted (ScopeLocked), so nothing \
             is made: delete the lock, or use another spec.workspace in a new object",
        KeepDenied { action: &'static str, scope: Scope } => SourceReady / AccessDenied:
            "Azure would refuse to make the snapshot of the machine's OS disk, or to delete it when it expired, so the machine isn't \
             touched: grant the action {action} on {scope} to the Azure identity that this object acts as: that of its \
             spec.serviceAccountName, or the controller's own if it names none; or set \
             spec.source.virtualMachine.inPlace.keepDiskSnapshotFor to 0s in a new object",
        KeepLocked { lock: String, scope: String } => SourceReady / ScopeLocked:
            "The lock {lock} on {scope} would keep the snapshot of the machine's OS disk from being made, or from being deleted when \
             it expired (ScopeLocked), so the machine isn't touched: delete the lock, name another resource group in \
             spec.workspace of a new object, or set spec.source.virtualMachine.inPlace.keepDiskSnapshotFor to 0s in it",
        DeletionDenied { action: &'static str, scope: Scope } => SourceReady / AccessDenied:
            "Azure would refuse to delete the machine, or what belongs to it, when the version is made, so the machine isn't touched: \
             grant the action {action} on {scope} to the Azure identity that this object acts as: that of its \
             spec.serviceAccountName, or the controller's own if it names none; or set \
             spec.source.virtualMachine.inPlace.sourceCleanup to Keep in a new object",
        DeletionLocked { lock: String, scope: String } => SourceReady / ScopeLocked:
            "The lock {lock} on {scope} would keep the machine, or what belongs to it, from being deleted when the version is made \
             (ScopeLocked), so the machine isn't touched: delete the lock, or set \
             spec.source.virtualMachine.inPlace.sourceCleanup to Keep in a new object",
        MachineLocked { lock: String, scope: String } => SourceReady / ScopeLocked:
            "The lock {lock} on {scope} is ReadOnly, so Azure would refuse to change the machine (ScopeLocked): delete \
             the lock, or use another machine in a new object",
    }
}
