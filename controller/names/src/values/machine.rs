//! What is said of virtual machines and their disks.

use super::open_enum::open_enum;

/// Codes that say that there is no machine of a size to be had, in a region or for a subscription (Azure documentation,
/// "Troubleshoot allocation failures" and "Resolve errors for SKU not available").
pub const NO_CAPACITY: &[&str] = &[
    "AllocationFailed",
    "ZonalAllocationFailed",
    "OverconstrainedAllocationRequest",
    "OverconstrainedZonalAllocationRequest",
    "SkuNotAvailable",
    "NotAvailableForSubscription",
];

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
    /// What a managed disk is used for.
    DiskState {
        /// Nothing.
        Unattached = "Unattached",
        /// A machine that has its host has it.
        Attached = "Attached",
        /// A deallocated machine has it.
        Reserved = "Reserved",
        /// A hibernated machine has it.
        Frozen = "Frozen",
        /// It is being exported.
        ActiveSas = "ActiveSAS",
        /// The same, while a hibernated machine has it.
        ActiveSasFrozen = "ActiveSASFrozen",
        /// It was made for an upload, which hasn't begun.
        ReadyToUpload = "ReadyToUpload",
        /// Its data is being uploaded.
        ActiveUpload = "ActiveUpload",
    }
}

open_enum! {
    /// Virtual hardware generation. An absent one means V1.
    #[derive(Default)]
    HyperVGeneration {
        /// Generation 1, BIOS.
        #[default]
        V1 = "V1",
        /// Generation 2, UEFI.
        V2 = "V2",
    }
}

open_enum! {
    /// Processor architecture. An absent one means x64.
    #[derive(Default)]
    Architecture {
        /// x86-64.
        #[default]
        X64 = "x64",
        /// 64-bit Arm.
        Arm64 = "Arm64",
    }
}

impl Architecture {
    /// The architecture of virtual machines of a size, such as `Standard_D2ps_v5`: its name's small letters behind the number
    /// of processors hold a `p` where they are Arm's (Azure documentation, "Virtual machine size naming conventions").
    pub fn of_size(size: &str) -> Option<Self> {
        Some(if features_of(size)?.contains(['p', 'P']) { Self::Arm64 } else { Self::X64 })
    }
}

/// The small letters behind the number of processors in the name of a size, such as `as` of `Standard_E96as_v7`.
fn features_of(size: &str) -> Option<&str> {
    let (_, name) = size.split_once('_')?;
    let family = name.trim_start_matches(|first: char| first.is_ascii_alphabetic());
    let rest = family.trim_start_matches(|digit: char| digit.is_ascii_digit() || digit == '-');
    if family.len() == name.len() || rest.len() == family.len() {
        return None;
    }
    rest.split('_').next()
}

/// Whether machines of a size take snapshots of several data disks at one moment: those with Intel processors don't from the version 6
/// of their series on, those with AMD's, which have an `a` in their names, from 7 on (Azure documentation, "Overview of Virtual Machine
/// restore points").
pub fn takes_snapshots_at_once(size: &str) -> bool {
    let version = size
        .rsplit_once(['v', 'V'])
        .and_then(|(before, version)| version.parse::<u32>().ok().filter(|_| before.ends_with('_')));
    let features = features_of(size).unwrap_or_default();
    let first = match (features.contains(['p', 'P']), features.contains(['a', 'A'])) {
        (true, _) => return true,
        (false, true) => 7,
        (false, false) => 6,
    };
    version.is_none_or(|version| version < first)
}

open_enum! {
    /// Security type of a virtual machine. Up to api-version 2025-11-01 an absent one means Standard.
    #[derive(Default)]
    SecurityType {
        /// No special protection.
        #[default]
        Standard = "Standard",
        /// Secure boot and virtual TPM.
        TrustedLaunch = "TrustedLaunch",
        /// Memory encrypted against the host.
        ConfidentialVm = "ConfidentialVM",
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
    /// Price class of a virtual machine. An absent one means Regular.
    #[derive(Default)]
    Priority {
        /// Regular price, never evicted.
        #[default]
        Regular = "Regular",
        /// Old name of Spot.
        Low = "Low",
        /// Can be evicted at any time.
        Spot = "Spot",
    }
}

/// Where the serial console of a machine is recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum BootDiagnostics {
    /// Nowhere.
    #[default]
    Off,
    /// In storage that Azure manages.
    Managed,
    /// In a storage account of one's own, by its blob endpoint; also when they are off and only set up for it.
    StorageAccount(String),
}
