//! A virtual machine and how it is shown (behaviour section 5).

use std::collections::{BTreeMap, BTreeSet};

use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    arm::{
        call::{Answer, Call, Reply},
        dispatch::not_found,
        error::ArmError,
    },
    clock::azure_time,
    guest::contents::{Cleaning, Contents},
    scenario::{self, AgentState, ScriptFails, Seal},
    world::World,
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
    #[serde(flatten)]
    pub(crate) contents: Contents,
    pub(crate) seal: Seal,
    pub(crate) script_fails: Option<ScriptFails>,
    /// Number of boots; what an earlier boot had started is over.
    pub(crate) boot: u64,
    /// Deprovisioning units that were started in this guest, in all boots.
    pub(crate) units_started: u32,
    /// When it got its power last.
    pub(crate) booted: Option<Timestamp>,
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
    pub(crate) fate: Option<ArmError>,
    /// Code of the creation that has failed.
    pub(crate) failed_with: Option<String>,
}

/// The data disks of a scenario's machine, as its model lists them.
fn data_disks(group: &str, seed: &scenario::VirtualMachine) -> Value {
    seed.data_disks
        .iter()
        .map(|disk| {
            let name = format!("{}_disk{}", seed.name, disk.lun);
            json!({
                "lun": disk.lun, "name": name, "createOption": "Empty", "caching": "None", "deleteOption": "Detach",
                "diskSizeGB": disk.size_gb,
                "managedDisk": {
                    "storageAccountType": disk.storage_account_type,
                    "id": format!("{group}/providers/Microsoft.Compute/disks/{name}"),
                },
            })
        })
        .collect()
}

impl VirtualMachine {
    /// From a scenario.
    pub(crate) fn seeded(world: &mut World, group: &crate::world::Group, seed: &scenario::VirtualMachine) -> Self {
        let location = crate::regions::normal(seed.location.as_deref().unwrap_or(&group.location));
        let id = format!("{}/providers/Microsoft.Compute/virtualMachines/{}", group.id, seed.name);
        let disk = format!("{}_OsDisk_1", seed.name);
        let mut properties = json!({
            "hardwareProfile": {"vmSize": seed.vm_size},
            "storageProfile": {
                "imageReference": {"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server", "version": "latest"},
                "osDisk": {
                    "osType": seed.os_type, "name": disk, "createOption": "FromImage", "caching": "ReadWrite",
                    "deleteOption": "Detach", "diskSizeGB": seed.os_disk_size_gb,
                    "managedDisk": {
                        "storageAccountType": seed.storage_account_type,
                        "id": format!("{}/providers/Microsoft.Compute/disks/{disk}", group.id),
                    },
                },
                "dataDisks": [],
                "diskControllerType": seed.disk_controller_type,
            },
            "osProfile": {"computerName": seed.name, "adminUsername": "azureuser", "allowExtensionOperations": true},
            "networkProfile": {"networkInterfaces": []},
        });
        if seed.ephemeral_os_disk {
            properties["storageProfile"]["osDisk"]["diffDiskSettings"] = json!({"option": "Local"});
        }
        if let Some(security) = &seed.security_type {
            properties["securityProfile"] = json!({"securityType": security});
        }
        properties["storageProfile"]["dataDisks"] = data_disks(&group.id, seed);
        if seed.boot_diagnostics {
            properties["diagnosticsProfile"] = json!({"bootDiagnostics": {"enabled": true}});
        }
        if let Some(priority) = &seed.priority {
            properties["priority"] = json!(priority);
        }
        if let Some(set) = &seed.virtual_machine_scale_set {
            properties["virtualMachineScaleSet"] = json!({"id": set});
        }
        let mut extra = BTreeMap::new();
        if !seed.zones.is_empty() {
            extra.insert("zones".to_owned(), json!(seed.zones));
        }
        if let Some(plan) = &seed.plan {
            extra.insert("plan".to_owned(), json!(plan));
        }
        let power = match seed.power_state {
            scenario::PowerState::Running => Power::Running,
            scenario::PowerState::Stopped => Power::Stopped,
            scenario::PowerState::Deallocated => Power::Deallocated,
        };
        let vm_id = world.guid();
        let mut contents = Contents::provisioned(&vm_id.to_string(), "azureuser");
        for user in &seed.users {
            contents.users.push(user.clone());
        }
        if seed.deprovisioned {
            contents.deprovision(Cleaning { user: true, machine_id: true });
        }
        let lost = seed.agent == AgentState::Lost || power != Power::Running;
        Self {
            id,
            name: seed.name.clone(),
            subscription: crate::arm::address::Address::parse(&group.id).map_or_else(String::new, |a| a.subscription),
            location,
            tags: seed.tags.clone(),
            extra,
            properties,
            vm_id,
            hyper_v_generation: seed.hyper_v_generation.clone(),
            architecture: seed.architecture.clone(),
            change: 1,
            provisioning_state: "Succeeded",
            created: world.now,
            provisioned_at: world.now,
            power,
            stopped_by_platform: power != Power::Running,
            generalized: seed.generalized,
            marked_for_deletion: false,
            busy: None,
            captures: BTreeSet::new(),
            guest: Guest {
                agent: if lost { AgentState::Lost } else { AgentState::Ready },
                agent_lost_since: lost.then_some(Timestamp::UNIX_EPOCH),
                contents,
                seal: seed.seal,
                script_fails: seed.script_fails.clone(),
                boot: 1,
                units_started: 0,
                booted: (!lost).then_some(world.now),
            },
            fate: None,
            failed_with: None,
        }
    }

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
    }

    /// The model view. Generalizing leaves no trace here.
    pub(crate) fn view(&self) -> Value {
        let mut view = json!({
            "id": self.id,
            "name": self.name,
            "type": "Microsoft.Compute/virtualMachines",
            "location": self.location,
            "tags": self.tags,
            "etag": self.etag(),
            "properties": self.properties,
        });
        for (field, value) in &self.extra {
            view[field] = value.clone();
        }
        let shown = if self.marked_for_deletion { "Deleting" } else { self.provisioning_state };
        view["properties"]["provisioningState"] = json!(shown);
        view["properties"]["vmId"] = json!(self.vm_id);
        view["properties"]["timeCreated"] = json!(azure_time(self.created));
        view
    }
}

impl World {
    pub(crate) fn machine_get(&mut self, call: &Call<'_>) -> Answer {
        let machine = self.machines.get(&call.address.key()).ok_or_else(|| not_found(call.address))?;
        let mut view = machine.view();
        if call.expands("instanceView") {
            view["properties"]["instanceView"] = self.instance_view(machine);
        }
        Ok(Reply { etag: Some(machine.etag()), ..Reply::ok(view) })
    }

    pub(crate) fn machine_instance_view(&mut self, call: &Call<'_>) -> Answer {
        let parent = call.address.parent();
        let machine = self.machines.get(&parent.key()).ok_or_else(|| not_found(&parent))?;
        Ok(Reply::new(StatusCode::OK, self.instance_view(machine)))
    }
}
