//! Virtual machines.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    arm::error::ArmError,
    guest::{serial::Serial, system::System},
    scenario::{AgentState, ScriptFails},
};

/// Power states that Azure shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Power {
    Starting,
    Running,
    Stopping,
    Stopped,
    Deallocating,
    Deallocated,
}

impl Power {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Deallocating => "deallocating",
            Self::Deallocated => "deallocated",
        }
    }
}

/// The guest as it truly is, whatever the platform shows.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Guest {
    pub(crate) agent: AgentState,
    /// Since when the agent is silent.
    pub(crate) agent_lost_since: Option<Timestamp>,
    /// The agent was shown as ready when the platform stopped the machine, and goes on being shown so.
    pub(crate) agent_last_ready: bool,
    #[serde(flatten)]
    pub(crate) system: System,
    pub(crate) script_fails: Option<ScriptFails>,
    /// It was switched off deprovisioned, and not started since.
    pub(crate) off_since_sealed: bool,
    /// Number of boots; what an earlier boot had started is over.
    pub(crate) boot: u64,
    /// Transient units that were started in this guest, in all boots.
    pub(crate) units_started: u32,
    /// What it wrote to its serial port while boot diagnostics were on.
    pub(crate) serial: Serial,
}

/// What keeps a machine busy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Busy {
    pub(crate) operation: Uuid,
    /// The power state that is being reached, for power changes.
    pub(crate) towards: Option<&'static str>,
}

/// A virtual machine's record.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VirtualMachine {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) subscription: String,
    pub(crate) location: String,
    pub(crate) tags: BTreeMap<String, String>,
    /// `zones`, `plan`, `identity` as given.
    pub(crate) extra: BTreeMap<String, Value>,
    /// The model: `properties` without anything read-only.
    pub(crate) properties: Value,
    pub(crate) vm_id: Uuid,
    pub(crate) hyper_v_generation: String,
    pub(crate) architecture: String,
    pub(crate) change: u64,
    pub(crate) provisioning_state: &'static str,
    pub(crate) created: Timestamp,
    pub(crate) provisioned_at: Timestamp,
    pub(crate) power: Power,
    /// The platform stopped it; false where the guest shut itself down.
    pub(crate) stopped_by_platform: bool,
    pub(crate) generalized: bool,
    pub(crate) marked_for_deletion: bool,
    pub(crate) busy: Option<Busy>,
    /// Versions that are being created from this machine.
    pub(crate) captures: BTreeSet<String>,
    pub(crate) guest: Guest,
    /// How the creation ends where it fails.
    #[serde(skip)]
    pub(crate) creation_error: Option<ArmError>,
    /// What is open in its network since it has its power.
    pub(crate) openings: Vec<String>,
    /// Code of the creation that has failed.
    pub(crate) failed_with: Option<String>,
}

impl VirtualMachine {
    pub(crate) fn etag(&self) -> String {
        format!("\"{}\"", self.change)
    }

    pub(crate) fn os_type(&self) -> &str {
        self.properties["storageProfile"]["osDisk"]["osType"].as_str().unwrap_or("Linux")
    }

    pub(crate) fn size(&self) -> &str {
        self.properties["hardwareProfile"]["vmSize"].as_str().unwrap_or_default()
    }

    /// The account that provisioning makes.
    pub(crate) fn admin(&self) -> &str {
        self.properties["osProfile"]["adminUsername"].as_str().unwrap_or_default()
    }

    pub(crate) fn os_disk_id(&self) -> Option<&str> {
        self.properties["storageProfile"]["osDisk"]["managedDisk"]["id"].as_str()
    }

    /// Ids of all managed disks that the machine holds.
    pub(crate) fn disk_ids(&self) -> impl Iterator<Item = &str> {
        let data = self.properties["storageProfile"]["dataDisks"].as_array().into_iter().flatten();
        self.os_disk_id().into_iter().chain(data.filter_map(|disk| disk["managedDisk"]["id"].as_str()))
    }

    /// Ids of all network interfaces that the machine holds.
    pub(crate) fn interface_ids(&self) -> impl Iterator<Item = &str> {
        let interfaces = self.properties["networkProfile"]["networkInterfaces"].as_array().into_iter().flatten();
        interfaces.filter_map(|interface| interface["id"].as_str())
    }

    pub(crate) fn security_type(&self) -> &str {
        self.properties["securityProfile"]["securityType"].as_str().unwrap_or("Standard")
    }

    /// The agent disappears.
    pub(crate) fn lose_agent(&mut self, now: Timestamp) {
        if self.guest.agent == AgentState::Ready {
            self.guest.agent = AgentState::Lost;
            self.guest.agent_lost_since = Some(now);
        }
        self.guest.system.agent_stops();
    }
}
