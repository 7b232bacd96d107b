//! Networks, disks and scarcity in a scenario.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A virtual network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct VirtualNetwork {
    /// Name.
    pub name: String,
    /// Region; the resource group's where absent.
    pub location: Option<String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// Address prefix, e.g. `10.0.0.0/16`.
    pub address_prefix: String,
    /// Subnets.
    pub subnets: Vec<Subnet>,
}

impl Default for VirtualNetwork {
    fn default() -> Self {
        Self {
            name: String::new(),
            location: None,
            tags: BTreeMap::new(),
            address_prefix: "10.0.0.0/16".to_owned(),
            subnets: Vec::new(),
        }
    }
}

/// A subnet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Subnet {
    /// Name.
    pub name: String,
    /// Address prefix, e.g. `10.0.0.0/24`.
    pub address_prefix: String,
    /// Network security group (resource id).
    pub network_security_group: Option<String>,
}

impl Default for Subnet {
    fn default() -> Self {
        Self { name: String::new(), address_prefix: "10.0.0.0/24".to_owned(), network_security_group: None }
    }
}

/// A network security group.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct NetworkSecurityGroup {
    /// Name.
    pub name: String,
    /// Region; the resource group's where absent.
    pub location: Option<String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// Rules, as in Azure's interface: `name` and `properties`.
    pub security_rules: Vec<serde_json::Value>,
}

/// A network interface; a machine that lists it holds it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct NetworkInterface {
    /// Name.
    pub name: String,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// Subnet (resource id); the interface lies in its region.
    pub subnet: String,
    /// Network security group (resource id).
    pub network_security_group: Option<String>,
    /// Public address (resource id).
    pub public_address: Option<String>,
}

/// A public address.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PublicAddress {
    /// Name.
    pub name: String,
    /// Region; the resource group's where absent.
    pub location: Option<String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

/// A data disk of a virtual machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DataDisk {
    /// Logical unit number.
    pub lun: u64,
    /// Size in GiB.
    pub size_gb: u64,
    /// Storage, e.g. `Premium_LRS`.
    pub storage_account_type: String,
}

impl Default for DataDisk {
    fn default() -> Self {
        Self { lun: 0, size_gb: 64, storage_account_type: "Premium_LRS".to_owned() }
    }
}

/// Why a size cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shortage {
    /// Refused at once.
    SkuNotAvailable,
    /// Refused at once, with a code of its own.
    QuotaExceeded,
    /// Taken, and found out during the creation.
    AllocationFailed,
    /// Taken, and found out during the creation.
    OverConstrainedAllocationRequest,
}

/// A size that cannot be had in a region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SoldOut {
    /// Region, in any spelling.
    pub region: String,
    /// Size, e.g. `Standard_D2s_v5`.
    pub vm_size: String,
    /// With which code new machines of the size fail.
    pub code: Shortage,
    /// Until then (simulated); absent means for ever.
    #[serde(default)]
    pub until: Option<jiff::Timestamp>,
}
