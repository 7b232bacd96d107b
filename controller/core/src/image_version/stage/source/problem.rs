//! What is said of a machine that can't be captured.

use azimage_crds::{CONSENT_TAG, CONSENT_VALUE};
use azimage_names::VirtualMachineId;

use crate::message::{messages, phrases};

messages! {
    /// Why a machine can't be captured.
    pub(in crate::image_version) enum Problem {
        Missing { id: VirtualMachineId } => SourceReady / SourceNotFound:
            "spec.source.virtualMachine.resourceId: {id} doesn't exist. See that the id is right; if the machine was \
             deleted, make a new ImageVersion from another one",
        ScaleSet { scale_set: String } => SourceReady / SourceUnsupported:
            "The machine belongs to the scale set {scale_set}, which may start it again: use a machine outside of \
             scale sets",
        EphemeralDisk => SourceReady / SourceUnsupported:
            "The machine's OS disk is ephemeral, and a gallery image can't be made from one: use a machine with a \
             managed disk",
        UnmanagedDisk => SourceReady / SourceUnsupported:
            "The machine's OS disk isn't a managed disk: convert it first",
        Confidential => SourceReady / SourceUnsupported:
            "The machine's security type is ConfidentialVM, and azimage can't give Azure the encryption that its image \
             needs in each region: use a machine with the security type Standard or TrustedLaunch, and an image \
             definition for it",
        OwnDiagnostics { account: String } => SourceReady / SourceUnsupported:
            "The machine's boot diagnostics go to the storage account {account}, where azimage can't read the serial \
             console log that proves the seal: set them to storage that Azure manages (az vm boot-diagnostics enable \
             without --storage)",
        System { system: String } => SourceReady / SourceUnsupported:
            "The machine runs {system}, and only Linux and Windows guests can be sealed: use such a machine, or \
             generalize this one by other means and say so in a new object with \
             spec.source.virtualMachine.guest.prepare: AlreadyGeneralized",
        Extensions => SourceReady / SourceUnsupported:
            "The machine's osProfile.allowExtensionOperations is false, so nothing can be run in its guest to seal it: \
             set it to true (az vm update --set osProfile.allowExtensionOperations=true), or generalize this machine by \
             other means and say so in a new object with spec.source.virtualMachine.guest.prepare: AlreadyGeneralized",
        AcceleratedSystem => SourceReady / SourceUnsupported:
            "The machine's OS disk is write-accelerated, and Azure makes no snapshot of such an OS disk: switch its write accelerator \
             off, or use another machine",
        Accelerated { lun: u8 } => SourceReady / RestorePointUnavailable:
            "The machine's data disk on LUN {lun} is write-accelerated, and of such a machine Azure makes no restore point that has \
             all disks as they are at one moment: switch its write accelerator off, or accept a snapshot of each disk by itself, one \
             after the other, with spec.source.virtualMachine.clone.consistency: PerDisk in a new object",
        Generalized => SourceReady / AlreadyGeneralized:
            "The machine is generalized already, so its copy would be provisioned anew: say so with \
             spec.source.virtualMachine.capture: InPlace and guest.prepare: AlreadyGeneralized in a new object",
        Claimed { claim: String } => SourceReady / SourceClaimed:
            "The machine is claimed by {claim} (cluster/namespace/name/uid in its tag azimage-owner): wait for that \
             object, or remove the tag if that object is gone",
        NoRoomForTags { count: usize, needed: usize } => SourceReady / SourceUnsupported:
            "The machine has {count} tags, and Azure gives a resource at most 50: the claim and the proof of the seal need \
             {needed} more, so remove some",
        NoConsent => SourceReady / ConsentMissing:
            "The machine doesn't consent to being generalized, after which it can never start again: set its tag \
             {CONSENT_TAG} to {CONSENT_VALUE}",
    }
}

phrases! {
    /// Whether a seal goes on in the guest of a machine that can't be captured.
    pub(in crate::image_version) enum SealGoesOn ["at the end"] {
        No => "",
        Yes => ". A seal was begun in its guest and can't be stopped: the machine powers itself off when it is done",
    }
}
