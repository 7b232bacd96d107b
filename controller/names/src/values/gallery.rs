//! What is said of image definitions and image versions.

use super::open_enum::open_enum;

open_enum! {
    /// What an image definition expects of its versions.
    OsState {
        /// Versions without identity, made into new machines by provisioning.
        Generalized = "Generalized",
        /// Versions that are exact copies of a machine.
        Specialized = "Specialized",
    }
}

open_enum! {
    /// The feature `SecurityType` of an image definition. The `Supported` ones are plain disks that may also be used
    /// with that protection; the others can only be used with it.
    ImageSecurityType {
        /// No special protection.
        Standard = "Standard",
        /// Usable as Standard or Trusted Launch. Refuses virtual machines as a source.
        TrustedLaunchSupported = "TrustedLaunchSupported",
        /// Only for Trusted Launch.
        TrustedLaunch = "TrustedLaunch",
        /// Usable as Standard or Confidential VM.
        ConfidentialVmSupported = "ConfidentialVmSupported",
        /// Only for Confidential VM.
        ConfidentialVm = "ConfidentialVM",
        /// Usable as any of the three.
        TrustedLaunchAndConfidentialVmSupported = "TrustedLaunchAndConfidentialVmSupported",
    }
}

open_enum! {
    /// Kind of storage that holds replicas. An absent one means `Standard_LRS` (Azure REST: Gallery Image Versions).
    #[derive(Default)]
    StorageAccountType {
        /// Locally redundant.
        #[default]
        StandardLrs = "Standard_LRS",
        /// Redundant over zones.
        StandardZrs = "Standard_ZRS",
        /// Locally redundant, fast.
        PremiumLrs = "Premium_LRS",
        /// Locally redundant, fast, second version.
        PremiumV2Lrs = "PremiumV2_LRS",
        /// Locally redundant SSD, in edge zones only.
        StandardSsdLrs = "StandardSSD_LRS",
    }
}

open_enum! {
    /// How a version is stored in its regions. An absent one means Full.
    #[derive(Default)]
    ReplicationMode {
        /// A full copy.
        #[default]
        Full = "Full",
        /// No copy: quick, for tests in one region.
        Shallow = "Shallow",
    }
}

open_enum! {
    /// State of the replication, in one region or over all.
    ReplicationState {
        /// Not known.
        Unknown = "Unknown",
        /// Being copied (one region).
        Replicating = "Replicating",
        /// Being copied (over all regions).
        InProgress = "InProgress",
        /// All replicas are there.
        Completed = "Completed",
        /// Given up.
        Failed = "Failed",
    }
}
