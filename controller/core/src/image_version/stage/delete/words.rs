//! What is said while an object is deleted.

use azimage_names::{Region, VirtualMachineId};

use super::super::super::{Power, words::Detail};
use crate::message::{messages, phrases};

messages! {
    /// What a deletion does, or waits for.
    pub(in crate::image_version) enum Words {
        NotOurs => Ready / Deleting:
            "The gallery image version of that name doesn't belong to this object, so it is kept",
        VersionBeingDeleted => Ready / Deleting:
            "Azure is deleting the gallery image version",
        Blocked => Ready / DeletionBlocked:
            "Azure doesn't delete the gallery image version before the end of its life \
             (safetyProfile.blockDeletionBeforeEndOfLife): wait until then, turn that off in Azure, or set \
             spec.deletionPolicy to Retain",
        InUse { region: Region, users: String } => Ready / DeletionBlocked:
            "The gallery image version stays, as scale sets in {region} are made from it and make no further machines without it: \
             {users}. Give them another version or delete them, or set spec.deletionPolicy to Retain",
        DeletingVersion => Ready / Deleting:
            "Deleting the gallery image version",
        DeletionFailed { detail: Detail } => Ready / DeletionBlocked:
            "Azure failed to delete the gallery image version{detail}. It is tried again, with growing pauses; set \
             spec.deletionPolicy to Retain to keep the version",
        DeletionWithoutEffect => Ready / DeletionBlocked:
            "Azure accepted the deletion of the gallery image version, and the version is still there. It is tried again, \
             with growing pauses; set spec.deletionPolicy to Retain to keep the version",
        Confirming => Ready / Deleting:
            "Confirming that the gallery image version is gone",
        Retained => Ready / Deleting:
            "The gallery image version is retained",
        Gone => Ready / Deleting:
            "The gallery image version is gone",
        WaitingForSeal => Ready / Deleting:
            "Waiting for the seal that is under way in the guest to end: a deletion doesn't stop it",
        CommandBeingRemoved => Ready / Deleting:
            "Waiting for Azure to remove the run command of the seal",
        RemovingCommand => Ready / Deleting:
            "Removing the run command of the seal",
        Releasing => Ready / Deleting:
            "Releasing the claim on the source",
        NoEtag => Ready / Deleting:
            "The claim on the source can't be released, as Azure gives the source no etag",
    }
}

phrases! {
    /// What a person has to know when the object goes.
    pub(in crate::image_version) enum Parting ["an event with the reason Deleting"] {
        StaysLatest { regions: String } =>
            "The version stays latest in {regions}, where its number is the highest, and nobody takes it out any more: exclude it in \
             Azure, or make an object for it again (adoption: IfIdentical)",
        LeftSealed { id: VirtualMachineId, power: Power } =>
            "{id} is {power}, and its guest is sealed or may be: a start provisions it again, with the account of its \
             osProfile",
    }
}
