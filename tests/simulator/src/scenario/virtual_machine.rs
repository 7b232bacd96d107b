//! Virtual machines in a scenario.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{DataDisk, Guest, SerialPort};

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
    /// `SCSI` or `NVMe`; absent is not shown and means `SCSI`.
    pub disk_controller_type: Option<String>,
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
    /// Network interfaces (resource ids).
    pub network_interfaces: Vec<String>,
    /// `deleteOption` of its disks and interfaces: `Detach` or `Delete`.
    pub delete_option: String,
    /// The OS disk is encrypted inside the guest (Azure Disk Encryption).
    pub disk_encryption: bool,
    /// Boot diagnostics with managed storage are on.
    pub boot_diagnostics: bool,
    /// Boot diagnostics are on, with this storage account (its blob endpoint).
    pub boot_diagnostics_storage: Option<String>,
    /// Accounts besides the one of the last provisioning.
    pub users: Vec<String>,
    /// `osProfile.allowExtensionOperations`.
    pub allow_extension_operations: bool,
    /// The disk encryption set (resource id) under whose key the OS disk is.
    pub disk_encryption_set: Option<String>,
    /// The OS disk was made before disks told their architecture.
    pub old_disk: bool,
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
    /// How deprovisioning ends.
    pub seal: Seal,
    /// Run commands end with this exit code instead of what their script says.
    pub script_fails: Option<ScriptFails>,
    /// What the guest is like.
    pub guest: Guest,
    /// What the serial port is like, and what Azure keeps of it.
    pub serial: SerialPort,
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
            disk_controller_type: None,
            os_disk_size_gb: 30,
            storage_account_type: "Premium_LRS".to_owned(),
            ephemeral_os_disk: false,
            priority: None,
            data_disks: Vec::new(),
            network_interfaces: Vec::new(),
            delete_option: "Detach".to_owned(),
            disk_encryption: false,
            boot_diagnostics: false,
            boot_diagnostics_storage: None,
            users: Vec::new(),
            allow_extension_operations: true,
            disk_encryption_set: None,
            old_disk: false,
            plan: None,
            zones: Vec::new(),
            virtual_machine_scale_set: None,
            power_state: PowerState::Running,
            generalized: false,
            agent: AgentState::Ready,
            deprovisioned: false,
            seal: Seal::Succeeds,
            script_fails: None,
            guest: Guest::default(),
            serial: SerialPort::default(),
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

/// How deprovisioning ends (behaviour section 8).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Seal {
    /// Every tool does what it should.
    #[default]
    Succeeds,
    /// `cloud-init clean` and `waagent -deprovision` end with 1 and change nothing.
    Fails,
    /// `waagent -deprovision` stops the agent and then never goes on.
    Hangs,
    /// The guest can't shut itself down: `poweroff` and the like have no effect.
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
