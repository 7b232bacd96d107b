//! Managed images.

use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;

use crate::guest::disk::Contents;

/// A data disk inside an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImageDisk {
    pub(crate) lun: u64,
    pub(crate) size_gb: u64,
}

/// A managed image.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ManagedImage {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) subscription: String,
    pub(crate) location: String,
    pub(crate) tags: BTreeMap<String, String>,
    /// Source machine as it was named.
    pub(crate) source: String,
    pub(crate) os_type: String,
    pub(crate) hyper_v_generation: String,
    pub(crate) size_gb: u64,
    pub(crate) data_disks: Vec<ImageDisk>,
    pub(crate) contents: Contents,
    pub(crate) provisioning_state: &'static str,
    pub(crate) operation: Uuid,
}
