//! The scenario document: what exists when the simulator starts, and what a later document adds.

mod client;
mod federation;
mod gallery;
mod governance;
mod network;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::{
    client::{Certificate, Client, ManagedIdentity},
    federation::{FederatedCredential, Issuer},
    gallery::{Definition, DiskEncryptionSet, Feature, Gallery, Identifier, ImageVersion},
    governance::{Lock, LockLevel, Policy},
    network::{DataDisk, ManagedDisk, NetworkInterface, Shortage, SoldOut, Subnet, VirtualNetwork},
};
use crate::{arm::throttle::Throttling, durations::Durations};

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
    /// How long access tokens are good for, in real seconds (default 3600).
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
    /// Subscriptions and what is in them.
    pub subscriptions: Vec<Subscription>,
}

/// A custom role, in the form that `az role definition create` reads.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct RoleDefinition {
    /// Name, by which assignments find it.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// `true` for all that can be made.
    pub is_custom: bool,
    /// Actions; `*` stands for any text.
    pub actions: Vec<String>,
    /// Actions that are left out again.
    pub not_actions: Vec<String>,
    /// Where it may be assigned.
    pub assignable_scopes: Vec<String>,
}

/// A role that a client has from the start, without the lag of a new assignment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoleAssignment {
    /// Application (client) id.
    pub client: String,
    /// Name or GUID of the role.
    pub role: String,
    /// A subscription, a resource group or a resource.
    pub scope: String,
}

/// Actions allowed on a scope and everything below it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Role {
    /// `/`, a subscription, a resource group or a resource.
    pub scope: String,
    /// Actions such as `Microsoft.Compute/virtualMachines/read`; `*` stands for any text.
    pub actions: Vec<String>,
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
    /// Network interfaces.
    pub network_interfaces: Vec<NetworkInterface>,
    /// Managed disks that no machine holds.
    pub disks: Vec<ManagedDisk>,
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

/// A virtual machine; a name is enough for a running Linux machine of generation 2.
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own, as a person writes it")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct VirtualMachine {
    /// Name.
    pub name: String,
    /// Region; the resource group's where absent.
    pub location: Option<String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// Size.
    pub vm_size: String,
    /// `Linux` or `Windows`.
    pub os_type: String,
    /// `V1` or `V2`.
    pub hyper_v_generation: String,
    /// `x64` or `Arm64`; shown by the OS disk.
    pub architecture: String,
    /// `Standard`, `TrustedLaunch` or `ConfidentialVM`; absent is not shown and means `Standard`.
    pub security_type: Option<String>,
    /// `SCSI` or `NVMe`.
    pub disk_controller_type: String,
    /// Size of the OS disk in GiB.
    pub os_disk_size_gb: u32,
    /// Storage of the OS disk, e.g. `Premium_LRS`.
    pub storage_account_type: String,
    /// The OS disk lives on the host and is lost with it.
    pub ephemeral_os_disk: bool,
    /// `Regular`, `Low` or `Spot`.
    pub priority: Option<String>,
    /// Data disks.
    pub data_disks: Vec<DataDisk>,
    /// The OS disk is encrypted inside the guest (Azure Disk Encryption).
    pub disk_encryption: bool,
    /// Boot diagnostics with managed storage are on.
    pub boot_diagnostics: bool,
    /// Accounts besides the one of the last provisioning.
    pub users: Vec<String>,
    /// Marketplace plan.
    pub plan: Option<Plan>,
    /// Availability zones.
    pub zones: Vec<String>,
    /// Flexible scale set that the machine belongs to (resource id).
    pub virtual_machine_scale_set: Option<String>,
    /// `running`, `stopped` or `deallocated`.
    pub power_state: PowerState,
    /// The platform's flag that generalizing sets.
    pub generalized: bool,
    /// What the guest agent does.
    pub agent: AgentState,
    /// Truth about the guest: it was deprovisioned and not started since.
    pub deprovisioned: bool,
    /// How a deprovisioning unit ends.
    pub seal: Seal,
    /// Run commands end with this exit code instead of what their script says.
    pub script_fails: Option<ScriptFails>,
}

impl Default for VirtualMachine {
    fn default() -> Self {
        Self {
            name: String::new(),
            location: None,
            tags: BTreeMap::new(),
            vm_size: "Standard_D2s_v5".to_owned(),
            os_type: "Linux".to_owned(),
            hyper_v_generation: "V2".to_owned(),
            architecture: "x64".to_owned(),
            security_type: None,
            disk_controller_type: "SCSI".to_owned(),
            os_disk_size_gb: 30,
            storage_account_type: "Premium_LRS".to_owned(),
            ephemeral_os_disk: false,
            priority: None,
            data_disks: Vec::new(),
            disk_encryption: false,
            boot_diagnostics: false,
            users: Vec::new(),
            plan: None,
            zones: Vec::new(),
            virtual_machine_scale_set: None,
            power_state: PowerState::Running,
            generalized: false,
            agent: AgentState::Ready,
            deprovisioned: false,
            seal: Seal::Succeeds,
            script_fails: None,
        }
    }
}

/// A marketplace plan.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Plan {
    /// Plan name.
    pub name: String,
    /// Publisher.
    pub publisher: String,
    /// Product.
    pub product: String,
}

/// Power state that a scenario or a control call sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PowerState {
    /// `PowerState/running`.
    Running,
    /// `PowerState/stopped`, stopped by the platform.
    Stopped,
    /// `PowerState/deallocated`.
    Deallocated,
}

/// Guest agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AgentState {
    /// Reports and runs scripts.
    Ready,
    /// Silent.
    Lost,
}

/// How a unit that deprovisions the guest ends (behaviour section 8).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Seal {
    /// The guest is deprovisioned, the agent is gone, and the machine powers off where the unit says so.
    #[default]
    Succeeds,
    /// The unit ends before the power-off: not deprovisioned, running, agent ready.
    Fails,
    /// The agent is gone, the unit never ends, the machine runs on.
    Hangs,
    /// Deprovisioned, the agent is gone, but the machine runs on.
    NeverPowersOff,
}

/// Makes run commands fail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ScriptFails {
    /// All scripts end with this exit code.
    Always(i32),
    /// Some scripts do.
    When(ScriptFailure),
}

/// Which scripts fail, how often.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScriptFailure {
    /// Exit code.
    pub exit_code: i32,
    /// Regular expression on the script; absent means any.
    #[serde(default)]
    pub matching: Option<String>,
    /// How many times; absent means always.
    #[serde(default)]
    pub times: Option<u32>,
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
