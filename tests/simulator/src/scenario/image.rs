//! Managed images, and disks and snapshots that no machine holds, in a scenario.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::DataDisk;

/// A managed disk that no machine holds, or a snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ManagedDisk {
    /// Name.
    pub name: String,
    /// Region; the resource group's where absent.
    pub location: Option<String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// Size in GiB.
    pub size_gb: u64,
    /// Storage, e.g. `Premium_LRS`; of a snapshot `Standard_LRS` unless given.
    pub storage_account_type: Option<String>,
    /// `Linux` or `Windows`: the generalized system on it. A disk with data has none.
    pub os_type: Option<String>,
    /// `V1` or `V2`, of a system.
    pub hyper_v_generation: String,
    /// `x64` or `Arm64`, of a system.
    pub architecture: String,
}

impl Default for ManagedDisk {
    fn default() -> Self {
        Self {
            name: String::new(),
            location: None,
            tags: BTreeMap::new(),
            size_gb: 64,
            storage_account_type: None,
            os_type: None,
            hyper_v_generation: "V2".to_owned(),
            architecture: "x64".to_owned(),
        }
    }
}

/// A managed image of a generalized machine that isn't there any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ManagedImage {
    /// Name.
    pub name: String,
    /// Region; the resource group's where absent.
    pub location: Option<String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// `Linux` or `Windows`.
    pub os_type: String,
    /// `V1` or `V2`.
    pub hyper_v_generation: String,
    /// Size of the system's disk in GiB.
    pub size_gb: u64,
    /// Disks with data.
    pub data_disks: Vec<DataDisk>,
}

impl Default for ManagedImage {
    fn default() -> Self {
        Self {
            name: String::new(),
            location: None,
            tags: BTreeMap::new(),
            os_type: "Linux".to_owned(),
            hyper_v_generation: "V2".to_owned(),
            size_gb: 30,
            data_disks: Vec::new(),
        }
    }
}
