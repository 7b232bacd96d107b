//! What is said of an image definition.

use azimage_names::{GalleryId, ImageDefinitionId, Region};

use crate::message::{Phrases, TRY_AGAIN, messages, phrases};

messages! {
    /// Why an object can't be worked on as it is; the text begins with the field at fault.
    pub(crate) enum Invalid {
        Field { field: String, problem: String } => Ready / InvalidSpec:
            "{field}: {problem}",
        NoProperties => Ready / InvalidSpec:
            "spec.properties: an image definition is made of them; set them, or set spec.management to Observe",
        SameDefinition { other: String, id: ImageDefinitionId } => Ready / Conflict:
            "spec.name: the ImageDefinition {other} (namespace/name) already stands for {id}; delete one of the two objects: the other \
             one then goes on by itself, with spec.adoption: IfIdentical if {id} carries the tag of the one that is gone",
    }
}

messages! {
    /// How it stands with an image definition.
    pub(crate) enum Words {
        Suspended => DefinitionReady / Suspended:
            "spec.suspend is true, so nothing is done; set it to false to go on",
        Kept { hints: Hints } => DefinitionReady / Succeeded:
            "The image definition is as this object says{hints}",
        Seen { hints: Hints } => DefinitionReady / Succeeded:
            "The image definition exists, and is as this object says; it is only looked at{hints}",
        MakingSure => DefinitionReady / Progressing:
            "Confirming that there is no image definition of this name: Azure may be slow to show one",
        NotShownYet => DefinitionReady / Progressing:
            "Azure accepted the image definition and doesn't show it yet",
        Creating { location: Region } => DefinitionReady / Progressing:
            "Creating the image definition in {location}",
        Changing { changes: String } => DefinitionReady / Progressing:
            "Changing the image definition: {changes}",
        Adopting { former: String } => DefinitionReady / Adopted:
            "Taking the image definition over from {former}",
        UnderWay { state: String } => DefinitionReady / Progressing:
            "Azure says {state} of the image definition; waiting for the end of that",
        BeingDeleted => DefinitionReady / Deleting:
            "The image definition is being deleted, and not by this object",
        Again { changes: String } => DefinitionReady / ChangeReverted:
            "Azure accepted a change and didn't keep it: {changes}. It is written again",
    }
}

messages! {
    /// What Azure doesn't show. One such answer proves nothing.
    pub(crate) enum NotShown {
        Definition { id: ImageDefinitionId } => DefinitionReady / DefinitionNotFound:
            "Azure doesn't show the image definition {id}; reading it again",
        Gallery { id: GalleryId } => DefinitionReady / GalleryNotFound:
            "Azure doesn't show the gallery {id}; reading it again",
    }
}

messages! {
    /// What only a person can change.
    pub(crate) enum Wrong {
        NoGallery { id: GalleryId } => DefinitionReady / GalleryNotFound:
            "spec.gallery: the gallery {id} doesn't exist; make it, or make an object that names another one",
        NoDefinition { id: ImageDefinitionId } => DefinitionReady / DefinitionNotFound:
            "spec.name: the image definition {id} doesn't exist, and with spec.management: Observe it isn't made; make it in Azure, or \
             set spec.management to Ensure",
        Foreign { id: ImageDefinitionId } => DefinitionReady / DefinitionExists:
            "spec.name: {id} exists already, and it wasn't made by azimage; set spec.management to Observe to leave it as it is, \
             spec.adoption to IfIdentical to take it over, or use another name in a new object",
        Owned { id: ImageDefinitionId, owner: String } => DefinitionReady / DefinitionExists:
            "spec.name: {id} exists already, and it belongs to {owner} (cluster/namespace/name/uid); set spec.management to Observe to \
             leave it as it is, or, if that owner is gone, spec.adoption to IfIdentical to take it over",
        OwnerLives { id: ImageDefinitionId, owner: String } => DefinitionReady / DefinitionExists:
            "spec.adoption: {id} belongs to {owner} (cluster/namespace/name/uid) of this very cluster, which lives, or is of a \
             namespace that isn't looked into; delete that object, and make this one in its namespace",
        Lost { id: ImageDefinitionId, owner: String } => DefinitionReady / DefinitionExists:
            "spec.name: {id} was this object's, and its tag azimage-owner says {owner} now; it isn't taken back, so that two \
             owners don't fight over it. Delete one of the two objects; to take it over again, delete this one and make it anew with \
             spec.adoption: IfIdentical",
        AdoptionFails { id: ImageDefinitionId, state: String } => DefinitionReady / DefinitionExists:
            "spec.adoption: Azure says {state} of {id}, and only a complete image definition is taken over; have whoever made it \
             complete it, or use another name in a new object",
        Differs { differences: String } => DefinitionReady / DefinitionDiffers:
            "{differences}. Azure can't change that of an image definition, nor does azimage make it anew: set the fields to what \
             Azure has, or make an object for an image definition of another name",
        Otherwise { differences: String } => DefinitionReady / DefinitionDiffers:
            "{differences}. With spec.management: Observe it isn't changed: change it in Azure, or set the fields to what Azure has",
        Reverted { changes: String } => DefinitionReady / ChangeReverted:
            "Azure accepts a change and doesn't keep it: {changes}. A policy undoes it, or somebody. Make them leave it, or take it out of \
             spec.properties; then {TRY_AGAIN}",
        Failed => DefinitionReady / DefinitionFailed:
            "Azure accepts the image definition and then fails to make or change it; its Activity Log says why. Remove the cause: then \
             {TRY_AGAIN}",
        SeenFailed => DefinitionReady / DefinitionFailed:
            "Azure failed to make or change the image definition; have whoever keeps it complete it",
    }
}

phrases! {
    /// A difference between an image definition and the object that says what it is.
    pub(crate) enum Difference ["<differences>"] {
        Of { field: String, wanted: String, is: String } => "{field} is {wanted} in this object and {is} in Azure",
    }
}

phrases! {
    /// A change that is written.
    pub(crate) enum Changed ["<changes>"] {
        Of { what: String, wanted: String, is: String } => "{what} from {is} to {wanted}",
    }
}

phrases! {
    /// Machine sizes that an image definition leaves out.
    pub(crate) enum Hints ["<hints>"] {
        None => "",
        Of { hints: String } => "; newer machine sizes can't use it, or not with all that they have: {hints}",
    }
}

phrases! {
    /// Why newer machine sizes can't use it, or not with all that they have.
    pub(crate) enum Hint ["<hints>"] {
        GenerationOne => "it is of generation 1",
        NoTrustedLaunch => "it has no Trusted Launch",
        ScsiAlone => "its disks have SCSI alone",
    }
}

phrases! {
    /// What was taken over.
    pub(crate) enum Adoption ["an event of an image definition"] {
        Done { former: String } => "The image definition is this object's now; before, it was that of {former}",
    }
}

pub(crate) fn phrases() -> Vec<Phrases> {
    vec![Difference::phrases(), Changed::phrases(), Hints::phrases(), Hint::phrases(), Adoption::phrases()]
}

/// Several parts of a message.
pub(super) fn joined(parts: &[impl ToString]) -> String {
    parts.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
