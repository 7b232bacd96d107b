//! What Azure says of a managed image.

use azimage_names::Region;

use super::{OsType, Provisioning};

/// A managed image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManagedImage {
    /// Its region.
    pub location: Region,
    /// State of the last operation.
    pub provisioning: Provisioning,
    /// Operating system, if Azure tells one.
    pub os_type: Option<OsType>,
    /// `Generalized` or `Specialized`, if Azure tells it.
    pub os_state: Option<String>,
    /// `V1` or `V2`.
    pub generation: Option<String>,
    /// Size of its largest disk in GiB, where Azure tells one.
    pub largest_gib: Option<i64>,
    /// Storage of its disks, each once, such as `Standard_LRS`.
    pub storage: Vec<String>,
    /// The disk encryption set of one of its disks: it is under a key of the customer.
    pub disk_encryption_set: Option<String>,
}
