//! Enumerations of Microsoft.Compute. All are open: Azure adds values without a new api-version.

use crate::arm::json::open_enum;

open_enum! {
    /// The provisioning state of a resource.
    ProvisioningState {
        /// The first write runs.
        Creating = "Creating",
        /// A later write runs.
        Updating = "Updating",
        /// The last write failed.
        Failed = "Failed",
        /// The last write ended well.
        Succeeded = "Succeeded",
        /// The resource is being deleted.
        Deleting = "Deleting",
        /// The platform moves the resource.
        Migrating = "Migrating",
        /// The last write was cancelled.
        Canceled = "Canceled",
    }
}

impl ProvisioningState {
    /// Whether no operation runs: Succeeded, Failed and Canceled are final, all else is "still running" (Azure
    /// documentation, "Asynchronous operations").
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Canceled)
    }
}

open_enum! {
    /// Whether a virtual machine runs, as the platform sees it.
    PowerState {
        /// On the way to running.
        Starting = "starting",
        /// Running.
        Running = "running",
        /// On the way to stopped.
        Stopping = "stopping",
        /// Off, but still placed on a host. A guest that shuts itself down gets here and no further.
        Stopped = "stopped",
        /// On the way to deallocated.
        Deallocating = "deallocating",
        /// Off, and the host is given back.
        Deallocated = "deallocated",
        /// The platform does not know.
        Unknown = "unknown",
    }
}

open_enum! {
    /// Operating system of a disk.
    OsType {
        /// Linux.
        Linux = "Linux",
        /// Windows.
        Windows = "Windows",
    }
}

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
    /// Virtual hardware generation.
    HyperVGeneration {
        /// Generation 1, BIOS.
        V1 = "V1",
        /// Generation 2, UEFI.
        V2 = "V2",
    }
}

open_enum! {
    /// Processor architecture.
    Architecture {
        /// x86-64.
        X64 = "x64",
        /// 64-bit Arm.
        Arm64 = "Arm64",
    }
}

open_enum! {
    /// Security type of a virtual machine. Up to api-version 2025-11-01 an absent one means Standard.
    SecurityType {
        /// No special protection.
        Standard = "Standard",
        /// Secure boot and virtual TPM.
        TrustedLaunch = "TrustedLaunch",
        /// Memory encrypted against the host.
        ConfidentialVm = "ConfidentialVM",
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
    /// How disks are attached.
    DiskController {
        /// SCSI.
        Scsi = "SCSI",
        /// `NVMe`.
        Nvme = "NVMe",
    }
}

open_enum! {
    /// Price class of a virtual machine.
    Priority {
        /// Regular price, never evicted.
        Regular = "Regular",
        /// Old name of Spot.
        Low = "Low",
        /// Can be evicted at any time.
        Spot = "Spot",
    }
}

open_enum! {
    /// Where a managed run command stands.
    ExecutionState {
        /// Not known.
        Unknown = "Unknown",
        /// Not started.
        Pending = "Pending",
        /// Started.
        Running = "Running",
        /// Ended with an exit code other than 0.
        Failed = "Failed",
        /// Ended with exit code 0.
        Succeeded = "Succeeded",
        /// Ended by its timeout.
        TimedOut = "TimedOut",
        /// Ended by deletion of the run command.
        Canceled = "Canceled",
    }
}

impl ExecutionState {
    /// Whether the script has ended.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Failed | Self::Succeeded | Self::TimedOut | Self::Canceled)
    }
}

open_enum! {
    /// Kind of storage that holds replicas.
    StorageAccountType {
        /// Locally redundant.
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
    ReplicationMode {
        /// A full copy.
        Full = "Full",
        /// No copy: quick, for tests in one region.
        Shallow = "Shallow",
    }
}

open_enum! {
    /// State of the replication, in one region or over all.
    RegionState {
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
