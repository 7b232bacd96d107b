//! The scenario document: what exists when the simulator starts, and what a later document adds.

mod client;
mod federation;
mod gallery;
mod governance;
mod guest;
mod image;
mod network;
mod roles;
mod throttling;
mod virtual_machine;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::{
    client::{Certificate, Client, ManagedIdentity},
    federation::{FederatedCredential, Issuer},
    gallery::{Definition, DiskEncryptionSet, Feature, Gallery, Identifier, ImageVersion},
    governance::{Lock, LockLevel, Policy},
    guest::{
        AbsentParent, DeallocatedLog, FileEntry, FileSetup, Guest, LastMinute, Port, RunCommandView, SerialPort,
        Sysprep, Unknowns, UnpreparedSystem, Windows, WindowsScript,
    },
    image::{ManagedDisk, ManagedImage},
    network::{
        DataDisk, NetworkInterface, NetworkSecurityGroup, PublicAddress, Shortage, SoldOut, Subnet, VirtualNetwork,
    },
    roles::{Role, RoleAssignment, RoleDefinition},
    throttling::Throttling,
    virtual_machine::{AgentState, Plan, PowerState, ScriptFails, ScriptFailure, Seal, VirtualMachine},
};
use crate::durations::Durations;

/// A scenario (YAML or JSON). Everything has a default: an empty document is one tenant, one client and one empty subscription.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Scenario {
    /// The tenant's id; made from the seed where absent.
    pub tenant: Option<String>,
    /// Seed of all randomness: the same scenario and requests give the same ids.
    pub seed: Option<u64>,
    /// Simulated time at the start; the real time where absent.
    pub start: Option<Timestamp>,
    /// Applications that may ask for tokens.
    pub clients: Vec<Client>,
    /// The lifetime of access tokens in real seconds (default 3600).
    pub token_lifetime_seconds: Option<u32>,
    /// Entries in one page of a list (default 100).
    pub page_size: Option<usize>,
    /// `Retry-After` of virtual machine operations in simulated seconds (default 10; 0 sends none).
    pub retry_after_seconds: Option<u32>,
    /// How tight the limits on requests are.
    pub throttling: Option<Throttling>,
    /// How long things take.
    pub durations: Option<Durations>,
    /// Issuers whose tokens applications may trust, with their keys; one that exists gets these keys.
    pub issuers: Vec<Issuer>,
    /// Custom roles.
    pub role_definitions: Vec<RoleDefinition>,
    /// Who has which role.
    pub role_assignments: Vec<RoleAssignment>,
    /// Sizes of virtual machines that cannot be had.
    pub sold_out: Vec<SoldOut>,
    /// Management locks; where given, they replace the earlier ones.
    pub locks: Option<Vec<Lock>>,
    /// Policies; where given, they replace the earlier ones.
    pub policies: Option<Vec<Policy>>,
    /// Unknown details of Azure's behaviour; where given, they replace the earlier ones.
    pub unknowns: Option<Unknowns>,
    /// Subscriptions and what is in them.
    pub subscriptions: Vec<Subscription>,
}

/// A subscription.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Subscription {
    /// Its id; made from the seed where absent.
    pub id: Option<String>,
    /// Display name.
    pub name: Option<String>,
    /// Resource groups.
    pub resource_groups: Vec<ResourceGroup>,
    /// Providers that it is not registered for, such as `Microsoft.Compute`; where given, they replace the earlier ones.
    pub unregistered_providers: Option<Vec<String>>,
    /// Cores that machines may have, by region; absent means no limit.
    pub core_quotas: BTreeMap<String, u32>,
    /// Disks that there may be, by region; absent means no limit.
    pub disk_quotas: BTreeMap<String, usize>,
    /// Snapshots that there may be, by region; absent means no limit.
    pub snapshot_quotas: BTreeMap<String, usize>,
    /// Image versions that there may be, by region; absent means 10,000, as in Azure.
    pub version_quotas: BTreeMap<String, usize>,
}

/// A resource group.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ResourceGroup {
    /// Name.
    pub name: String,
    /// Region (default `westeurope`); also the default of what is inside.
    pub location: Option<String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// Virtual machines.
    pub virtual_machines: Vec<VirtualMachine>,
    /// Galleries.
    pub galleries: Vec<Gallery>,
    /// Virtual networks.
    pub virtual_networks: Vec<VirtualNetwork>,
    /// Network security groups.
    pub network_security_groups: Vec<NetworkSecurityGroup>,
    /// Public addresses.
    pub public_addresses: Vec<PublicAddress>,
    /// Network interfaces.
    pub network_interfaces: Vec<NetworkInterface>,
    /// Managed disks that no machine holds.
    pub disks: Vec<ManagedDisk>,
    /// Snapshots.
    pub snapshots: Vec<ManagedDisk>,
    /// Managed images.
    pub images: Vec<ManagedImage>,
    /// Disk encryption sets.
    pub disk_encryption_sets: Vec<DiskEncryptionSet>,
    /// Scale sets, as far as the resource graph tells of them.
    pub virtual_machine_scale_sets: Vec<ScaleSet>,
}

/// A scale set: only what the resource graph shows of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ScaleSet {
    /// Name.
    pub name: String,
    /// Region; the resource group's where absent.
    pub location: Option<String>,
    /// Resource id of the image version, or of the definition for `latest`.
    pub image: String,
    /// The version that `latest` meant.
    pub exact_version: Option<String>,
}

impl Scenario {
    /// Reads a scenario from YAML or JSON text.
    ///
    /// # Errors
    /// Says which line or field is wrong.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        serde_saphyr::from_str(text).map_err(|error| ScenarioError(format!("the scenario cannot be read: {error}")))
    }
}

/// A scenario that cannot be used, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ScenarioError(pub(crate) String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_virtual_machine_is_three_lines() {
        let scenario = Scenario::parse(
            "subscriptions:\n- resourceGroups:\n  - name: rg\n    virtualMachines:\n    - name: vm\n      location: westus2\n      tags: {a: b}\n",
        )
        .unwrap();
        let machine = &scenario.subscriptions[0].resource_groups[0].virtual_machines[0];
        assert_eq!(machine.os_type, "Linux");
        assert_eq!(machine.power_state, PowerState::Running);
    }

    #[test]
    fn an_unknown_field_is_refused_by_name() {
        let error = Scenario::parse("subscriptions: [{resourceGroup: []}]").unwrap_err();
        assert!(error.to_string().contains("resourceGroup"), "{error}");
    }

    #[test]
    fn json_is_accepted() {
        assert_eq!(Scenario::parse("{\"seed\": 7}").unwrap().seed, Some(7));
    }
}
