//! What is said of disks and snapshots as the source.

use azimage_names::{DiskOrSnapshotId, Region, values::DiskState};

use super::{super::super::Provisioning, LARGEST_DISK_GIB};
use crate::message::messages;

messages! {
    /// Why a disk isn't ready to be a source.
    pub(in crate::image_version) enum Words {
        Missing { id: DiskOrSnapshotId } => SourceReady / SourceNotFound:
            "spec.source.disks: {id} doesn't exist; create it, or make a new ImageVersion from another source",
        Failed { id: DiskOrSnapshotId, state: Provisioning } => SourceReady / SourceFailed:
            "spec.source.disks: Azure says {state} of {id}; create it again, or make a new ImageVersion from another source",
        Busy { id: DiskOrSnapshotId, state: String } => SourceReady / SourceBusy:
            "Azure says {state} of {id}; waiting until nobody works on it",
        Incomplete { id: DiskOrSnapshotId } => SourceReady / SourceBusy:
            "The data of {id} isn't all there yet; waiting for Azure to finish",
        Attached { id: DiskOrSnapshotId, machine: String } => SourceReady / SourceUnsupported:
            "spec.source.disks: {id} is attached to {machine}, which may write to it while it is copied: detach it, or make a \
             snapshot of it (az snapshot create) and a new ImageVersion from that",
        InUse { id: DiskOrSnapshotId, state: DiskState } => SourceReady / SourceUnsupported:
            "spec.source.disks: the diskState of {id} is {state}, so a machine has it and may write to it while it is copied: \
             detach it, or make a snapshot of it (az snapshot create) and a new ImageVersion from that",
    }
}

messages! {
    /// Why an image can't be made from such a disk.
    pub(in crate::image_version) enum Unfit {
        NoSystem { disk: DiskOrSnapshotId } => SourceReady / SourceUnsupported:
            "spec.source.disks.osDisk: Azure tells no operating system (osType) of {disk}: set it (az disk update --set \
             osType=Linux), or make a new ImageVersion from the disk with the system",
        OtherRegion { disk: DiskOrSnapshotId, region: Region, home: Region } => SourceReady / SourceUnsupported:
            "spec.source.disks: {disk} is in {region}, and the disk with the operating system in {home}: copy it there, and make \
             a new ImageVersion from disks of one region",
        Storage { disk: DiskOrSnapshotId, storage: String } => SourceReady / SourceUnsupported:
            "spec.source.disks: {disk} has the storage type {storage}, from which a gallery image can't be made: use another \
             disk in a new object",
        Size { disk: DiskOrSnapshotId, size: i64 } => SourceReady / SourceUnsupported:
            "spec.source.disks: {disk} has {size} GiB, and a gallery image takes at most {LARGEST_DISK_GIB}: use a smaller one in \
             a new object",
        CustomerKey { disk: DiskOrSnapshotId, key: String } => SourceReady / SourceUnsupported:
            "spec.source.disks: {disk} is encrypted under a key of your own ({key}), and azimage can't give Azure the keys under \
             which the image is kept in each region: use a disk that is encrypted under the platform's key in a new object",
        Guest { disk: DiskOrSnapshotId } => SourceReady / SourceUnsupported:
            "spec.source.disks: {disk} is encrypted inside of the guest (Azure Disk Encryption), and a gallery image can't be \
             made from it: use a disk without it in a new object",
        Confidential { disk: DiskOrSnapshotId, kind: String } => SourceReady / SourceUnsupported:
            "spec.source.disks: {disk} is a confidential machine's ({kind}), and azimage can't give Azure the encryption that its \
             image needs in each region: use a disk of a machine with the security type Standard or TrustedLaunch in a new object",
    }
}
