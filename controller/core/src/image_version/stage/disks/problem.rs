//! What is said of disks that no image can be made from.

use azimage_names::DiskId;

use super::LARGEST_DISK_GIB;
use crate::message::messages;

messages! {
    /// Why a machine can't be captured with such a disk.
    pub(in crate::image_version) enum DiskProblem {
        Storage { disk: DiskId, storage: String } => SourceReady / SourceUnsupported:
            "The disk {disk} of the machine has the storage type {storage}, from which a gallery image can't be made: \
             detach it, or use a machine without such a disk",
        Size { disk: DiskId, size: i64 } => SourceReady / SourceUnsupported:
            "The disk {disk} of the machine has {size} GiB, and a gallery image takes at most {LARGEST_DISK_GIB}: \
             detach it, or use a machine with a smaller one",
        Shared { disk: DiskId } => SourceReady / SourceUnsupported:
            "The disk {disk} of the machine is shared with other machines, which may write to it while it is copied: detach it, \
             or use a machine without such a disk",
        CustomerKey { disk: DiskId, key: String } => SourceReady / SourceUnsupported:
            "The disk {disk} of the machine is encrypted under a key of your own ({key}), and azimage can't give Azure \
             the keys under which the image is kept in each region: use a machine whose disks are encrypted under the \
             platform's key",
        Guest { disk: DiskId } => SourceReady / SourceUnsupported:
            "The disk {disk} of the machine is encrypted inside of the guest (Azure Disk Encryption), and a gallery \
             image can't be made from it: use a machine without it",
        Confidential { disk: DiskId, kind: String } => SourceReady / SourceUnsupported:
            "The disk {disk} of the machine is a confidential machine's ({kind}), and azimage can't give Azure the \
             encryption that its image needs in each region: use a machine with the security type Standard or \
             TrustedLaunch, and an image definition for it",
    }
}
