//! What a pass says that isn't the word of one stage.

use azimage_crds::{RegionStatus, StepFailure};
use azimage_names::{
    DiskOrSnapshotId, ImageDefinitionId, ImageVersionId, ManagedImageId, Region, VersionNumber, VirtualMachineId,
};

use super::stage::replicate::words::Stay;
use crate::message::{messages, phrases};

messages! {
    /// What is so.
    pub(super) enum Done {
        MachineExists => SourceReady / Succeeded: "The machine exists",
        MachineIsClaimed => SourceReady / Succeeded: "The machine exists, consents and is claimed",
        SourceVersionExists => SourceReady / Succeeded: "The source version exists",
        ManagedImageExists => SourceReady / Succeeded: "The managed image exists, and is of a generalized system",
        DisksExist => SourceReady / Succeeded: "The source disks exist, and no machine has them",
        MachineIsCloned => SourceReady / Succeeded: "The machine was copied, and the copy is captured",
        Fits => Compatible / Succeeded: "The source fits the image definition",
        Sealed => GuestPrepared / Succeeded: "The guest was sealed",
        Generalized => Generalized / Succeeded: "Azure marks the machine as generalized",
        MadeFromIt => SourceReady | Compatible | GuestPrepared | Generalized / Succeeded:
            "The version was made from it",
        NotNeeded => GuestPrepared | Generalized | CleanedUp / NotNeeded: "The source needs no such step",
        Home { home: Region } => Published / Succeeded:
            "The version is complete in its home region {home}",
        Region => Replicated / Succeeded: "The region is complete",
        Regions { count: usize } => Replicated / Succeeded: "All {count} regions are complete",
        Published { version: VersionNumber, regions: String, stay: Stay } => Ready / Succeeded:
            "{version} is published. {regions}{stay}",
    }
}

messages! {
    /// What goes on before the stages, or between them.
    pub(super) enum Words {
        Suspended => Ready / Suspended:
            "spec.suspend is true, so nothing is done; set it to false to go on",
        SuspendedWithCopy => Ready / Suspended:
            "spec.suspend is true, so nothing is done, and what was made for a copy of the machine stays and costs (status.temporary): \
             a copy that runs goes on running. Set it to false to go on, or delete this object to have it deleted",
        SuspendedComplete => Ready / Suspended:
            "spec.suspend is true, so nothing is looked at or done; all was as asked for when it was suspended",
        Begins => Ready / Progressing: "Reading the object and Azure",
        NamespaceGoes => Ready / Deleting:
            "The namespace of this object is being deleted, and the object with it, so nothing is begun that can't be taken back",
        NotShownYet => Published / Publishing:
            "Azure accepted the gallery image version and doesn't show it yet",
        MakingSure => Ready / Progressing:
            "Confirming that the version number is free: Azure may be slow to show a version",
    }
}

messages! {
    /// What Azure doesn't show. One such answer proves nothing.
    pub(super) enum NotShown {
        Machine { id: VirtualMachineId } => Ready / SourceNotFound:
            "Azure doesn't show the virtual machine {id}; reading it again",
        SourceVersion { id: ImageVersionId } => Ready / SourceNotFound:
            "Azure doesn't show the source version {id}; reading it again",
        ManagedImage { id: ManagedImageId } => Ready / SourceNotFound:
            "Azure doesn't show the managed image {id}; reading it again",
        SourceDisk { id: DiskOrSnapshotId } => Ready / SourceNotFound:
            "Azure doesn't show the source disk {id}; reading it again",
        Gallery { definition: ImageDefinitionId } => Ready / GalleryNotFound:
            "Azure doesn't show the gallery of the image definition {definition}; reading it again",
        Definition { definition: ImageDefinitionId } => Ready / DefinitionNotFound:
            "Azure doesn't show the image definition {definition}; reading it again",
        Version => Ready / VersionMissing:
            "Azure doesn't show the gallery image version any more; reading it again",
    }
}

phrases! {
    /// What Azure says of an operation or a region that failed.
    pub(super) enum Detail ["<detail>"] {
        Unknown => ", and this process doesn't know why: Azure's activity log tells it, under the id in status.steps",
        Operation { code: String, message: String } => ": {code}: {message}",
        Said { words: String } => ": {words}",
    }
}

impl Detail {
    /// What is known of why something failed: from the operation, else from the region.
    pub(super) fn of(failure: Option<StepFailure>, region: Option<&RegionStatus>) -> Self {
        let failure = failure.filter(|failure| !failure.code.is_empty() || !failure.message.is_empty());
        match (failure, region.and_then(|region| region.detail.clone())) {
            (Some(StepFailure { code, message }), _) => {
                Self::Operation { code, message: message.trim_end_matches(['.', ' ']).to_owned() }
            }
            (None, Some(words)) => Self::Said { words },
            (None, None) => Self::Unknown,
        }
    }
}
