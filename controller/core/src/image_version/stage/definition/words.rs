//! What is said of an image definition that doesn't exist.

use azimage_names::ImageDefinitionId;

use crate::message::messages;

messages! {
    /// What doesn't exist.
    pub(in crate::image_version) enum Missing {
        Gallery { definition: ImageDefinitionId } => Compatible / GalleryNotFound:
            "spec.gallery: the gallery or its resource group doesn't exist ({definition}); create it, or delete \
             this object and apply it again with the right name",
        Definition { definition: ImageDefinitionId } => Compatible / DefinitionNotFound:
            "spec.definition: the image definition doesn't exist in the gallery ({definition}); create it, or \
             delete this object and apply it again with the right name",
    }
}
