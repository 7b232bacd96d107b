//! What Azure says of a managed disk.

use azimage_names::{DiskId, Region};

use super::{DiskState, MarketplacePlan, OsType, Provisioning};

/// A disk as the machine that it is attached to names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachedDisk {
    /// Its id, where Azure tells one that is understood.
    pub id: Option<DiskId>,
    /// Whether the system is on it.
    pub is_os_disk: bool,
    /// Its logical unit number, of a data disk.
    pub lun: Option<u8>,
    /// Whether the host keeps its writes for a while before they are on it (`ReadWrite` host caching).
    pub caches_writes: bool,
    /// Whether it has the write accelerator of large machines.
    pub is_write_accelerated: bool,
}

#[cfg(test)]
impl AttachedDisk {
    /// One that neither caches writes nor accelerates them.
    pub(in super::super) fn plain(id: Option<DiskId>, lun: Option<u8>, is_os_disk: bool) -> Self {
        Self { id, is_os_disk, lun, caches_writes: false, is_write_accelerated: false }
    }
}

/// A managed disk, or a snapshot of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// Its region.
    pub location: Region,
    /// State of the last operation.
    pub provisioning: Provisioning,
    /// Operating system on it; a disk with data has none.
    pub os_type: Option<OsType>,
    /// Marketplace plan of the system on it.
    pub plan: Option<MarketplacePlan>,
    /// What a disk is used for, if Azure tells it.
    pub state: Option<DiskState>,
    /// Resource id of a machine that has it.
    pub attached_to: Option<String>,
    /// Whether its data is all there: a copy goes on for a while after Azure says Succeeded.
    pub is_complete: bool,
    /// Its storage, such as `Premium_LRS`.
    pub storage: Option<String>,
    /// Whether several machines may have it at a time.
    pub is_shared: bool,
    /// Its size in GiB.
    pub size_gib: Option<i64>,
    /// Architecture of the system on it. Azure leaves it out of old disks.
    pub architecture: Option<String>,
    /// `V1` or `V2`.
    pub generation: Option<String>,
    /// What encrypts it that a gallery image version would have to know of.
    pub encryption: Option<Encryption>,
}

/// How a disk is encrypted, other than by the platform's own key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// Under a key of the customer: the id of its disk encryption set, or what else Azure says.
    CustomerKey(String),
    /// Inside of the guest (Azure Disk Encryption).
    Guest,
    /// As a confidential machine's, of this security type.
    Confidential(String),
}
