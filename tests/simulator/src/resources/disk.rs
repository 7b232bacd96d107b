//! Managed disks, snapshots, disk encryption sets.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    guest::disk::Contents,
    scenario::{self, ScriptFails, Seal},
};

/// How a guest behaves, as far as its scenario says so and not its files: it goes with its operating system's disk, into
/// snapshots and on to other machines.
#[derive(Debug, Clone)]
pub(crate) struct Habits {
    pub(crate) setup: Arc<scenario::Guest>,
    pub(crate) serial: Arc<scenario::SerialPort>,
    pub(crate) seal: Seal,
    pub(crate) script_fails: Option<ScriptFails>,
}

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
    /// Of the guest on it; the same holds.
    #[serde(skip)]
    pub(crate) habits: Option<Habits>,
    /// When the data of an incremental snapshot is all there, where that takes a while after its creation.
    pub(crate) complete_at: Option<Timestamp>,
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
