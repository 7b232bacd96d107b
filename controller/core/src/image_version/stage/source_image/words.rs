//! What is said of a managed image as the source.

use azimage_names::ManagedImageId;

use super::{super::super::Provisioning, LARGEST_DISK_GIB};
use crate::message::messages;

messages! {
    /// What keeps a managed image from being a source.
    pub(in crate::image_version) enum Words {
        Missing { id: ManagedImageId } => SourceReady / SourceNotFound:
            "spec.source.managedImage.resourceId: {id} doesn't exist; create it, or make a new ImageVersion from another source",
        Failed { id: ManagedImageId, state: Provisioning } => SourceReady / SourceFailed:
            "spec.source.managedImage.resourceId: Azure says {state} of {id}; create it again, or make a new ImageVersion from \
             another source",
        Busy { id: ManagedImageId, state: Provisioning } => SourceReady / SourceBusy:
            "Azure says {state} of the managed image {id}; waiting until it is Succeeded",
        NotGeneralized { state: String } => SourceReady / SourceUnsupported:
            "The managed image's osState is {state}, and versions are made from Generalized ones alone: make an image of a \
             generalized machine, and a new ImageVersion from that",
        NoSystem => SourceReady / SourceUnsupported:
            "Azure tells no operating system (osType) of the managed image, so nothing shows that it fits the image definition: \
             use another image",
        Storage { storage: String } => SourceReady / SourceUnsupported:
            "A disk of the managed image has the storage type {storage}, from which a gallery image can't be made: use an image \
             without such a disk",
        Size { size: i64 } => SourceReady / SourceUnsupported:
            "A disk of the managed image has {size} GiB, and a gallery image takes at most {LARGEST_DISK_GIB}: use an image \
             with a smaller one",
        CustomerKey { key: String } => SourceReady / SourceUnsupported:
            "A disk of the managed image is encrypted under a key of your own ({key}), and azimage can't give Azure the keys \
             under which the image is kept in each region: use an image whose disks are encrypted under the platform's key",
    }
}
