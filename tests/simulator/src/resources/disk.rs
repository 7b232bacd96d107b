//! Managed disks, snapshots, disk encryption sets.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::guest::disk::Contents;

/// A managed disk or a snapshot; which of them, its id tells.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Disk {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) subscription: String,
    pub(crate) location: String,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) sku: String,
    pub(crate) zones: Value,
    /// Without anything that follows from the disk's use.
    pub(crate) properties: Value,
    pub(crate) unique_id: Uuid,
    pub(crate) created: Timestamp,
    pub(crate) provisioning_state: &'static str,
    pub(crate) operation: Uuid,
    /// What is on it, for operating system disks; while a machine holds the disk, the machine's guest is the truth.
    pub(crate) contents: Option<Contents>,
}

impl Disk {
    pub(crate) fn is_snapshot(&self) -> bool {
        self.id.to_lowercase().contains("/providers/microsoft.compute/snapshots/")
    }

    pub(crate) fn size_gb(&self) -> u64 {
        self.properties["diskSizeGB"].as_u64().unwrap_or(0)
    }
}

/// A disk encryption set.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DiskEncryptionSet {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Compact.
    pub(crate) location: String,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) identity: Value,
    pub(crate) properties: Value,
    pub(crate) provisioning_state: &'static str,
    pub(crate) operation: Uuid,
}
