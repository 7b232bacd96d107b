//! Restore points of machines, and the collections that they lie in.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::disk::Disk;

/// A restore point collection.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RestorePointCollection {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Compact.
    pub(crate) location: String,
    pub(crate) tags: BTreeMap<String, String>,
    /// Resource id of the machine, as it was given.
    pub(crate) source: String,
    pub(crate) unique_id: Uuid,
    pub(crate) provisioning_state: &'static str,
    pub(crate) operation: Uuid,
}

/// A restore point.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RestorePoint {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Of its collection.
    pub(crate) location: String,
    /// The machine as it was.
    pub(crate) source_metadata: Value,
    /// What it holds of each disk, by the id of the disk restore point.
    pub(crate) disks: BTreeMap<String, Disk>,
    pub(crate) created: Timestamp,
    pub(crate) provisioning_state: &'static str,
    pub(crate) operation: Uuid,
}
