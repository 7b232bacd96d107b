//! The control interface: faults, raw state, and changes of a machine that bypass Azure's API.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    arm::{address::Address, error::ArmError, operation},
    compute::{disk, machine, version},
    faults::Fault,
    resources::machine::Power,
    scenario::{AgentState, Guest, PowerState, ScriptFails, Seal, SerialPort},
    simulator::Simulator,
};

/// A change of a virtual machine that bypasses Azure's API. Absent fields change nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct MachineChange {
    /// How a deprovisioning unit ends from now on.
    pub seal: Option<Seal>,
    /// Run commands fail from now on; `null` in JSON leaves it, use `clearScriptFails` to end it.
    pub script_fails: Option<ScriptFails>,
    /// Run commands work again.
    pub clear_script_fails: bool,
    /// Power state, at once.
    pub power_state: Option<PowerState>,
    /// All tags.
    pub tags: Option<BTreeMap<String, String>>,
    /// The platform's flag.
    pub generalized: Option<bool>,
    /// Boot diagnostics with managed storage are on, or off.
    pub boot_diagnostics: Option<bool>,
    /// The guest agent.
    pub agent: Option<AgentState>,
    /// Truth about the guest.
    pub deprovisioned: Option<bool>,
    /// What the guest is like from now on; what stands in a file of it is written at once.
    pub guest: Option<Guest>,
    /// What the serial port is like from now on.
    pub serial: Option<SerialPort>,
    /// The machine is gone, at once.
    pub deleted: bool,
}

/// State of a fault.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FaultState {
    /// Number.
    pub id: u64,
    /// The fault as posted.
    pub fault: Value,
    /// Matching requests or events so far.
    pub matched: u64,
    /// How often it fired.
    pub fired: u64,
}

impl Simulator {
    /// Arms a fault; the answer is its number.
    ///
    /// # Errors
    /// A pattern is no regular expression, or the fault contradicts itself.
    pub fn add_fault(&mut self, fault: Fault) -> Result<u64, String> {
        let id = self.fault_count + 1;
        match fault {
            Fault::Azure(fault) => self.resources.faults.add(id, fault)?,
            Fault::Http(fault) => self.faults.add(id, fault)?,
        }
        self.fault_count = id;
        Ok(id)
    }

    /// All faults and how often each matched and fired.
    pub fn fault_states(&self) -> Vec<FaultState> {
        let mut states: Vec<FaultState> = self
            .faults
            .states()
            .chain(self.resources.faults.states())
            .map(|(id, fault, matched, fired)| FaultState { id, fault, matched, fired })
            .collect();
        states.sort_by_key(|state| state.id);
        states
    }

    /// Does the fault still exist?
    pub fn fault_exists(&self, id: u64) -> bool {
        self.faults.exists(id)
    }

    /// Ends a fault; false where there is none of that number.
    pub fn remove_fault(&mut self, id: u64) -> bool {
        let removed = self.faults.remove(id) || self.resources.faults.remove(id);
        version::replication::unstick(&mut self.resources);
        removed
    }

    /// Ends all faults.
    pub fn clear_faults(&mut self) {
        self.faults.clear();
        self.resources.faults.clear();
        version::replication::unstick(&mut self.resources);
    }

    /// The raw record of a resource, guest truth included; `None` where there is none.
    pub fn state(&self, path: &str) -> Option<Value> {
        let key = Address::parse(path)?.key();
        let resources = &self.resources;
        let record = |value: Result<Value, serde_json::Error>| value.ok();
        None.or_else(|| resources.machines.get(&key).and_then(|machine| record(serde_json::to_value(machine))))
            .or_else(|| resources.run_commands.get(&key).and_then(|command| record(serde_json::to_value(command))))
            .or_else(|| resources.galleries.get(&key).and_then(|gallery| record(serde_json::to_value(gallery))))
            .or_else(|| resources.definitions.get(&key).and_then(|definition| record(serde_json::to_value(definition))))
            .or_else(|| resources.versions.get(&key).and_then(|version| record(serde_json::to_value(version))))
            .or_else(|| resources.disks.get(&key).and_then(|disk| record(serde_json::to_value(disk))))
            .or_else(|| resources.encryption_sets.get(&key).and_then(|set| record(serde_json::to_value(set))))
            .or_else(|| {
                let collection = resources.restore_point_collections.get(&key)?;
                record(serde_json::to_value(collection))
            })
            .or_else(|| resources.restore_points.get(&key).and_then(|point| record(serde_json::to_value(point))))
            .or_else(|| resources.images.get(&key).and_then(|image| record(serde_json::to_value(image))))
            .or_else(|| resources.network.get(&key).and_then(|resource| record(serde_json::to_value(resource))))
            .or_else(|| {
                let operation = resources.operations.get(&key.rsplit('/').next()?.parse().ok()?)?;
                record(serde_json::to_value(operation))
            })
    }

    /// The resource ids of all machines, disks, snapshots, restore point collections, and of all that is in networks, in the order of their letters.
    pub fn ids(&self) -> Vec<String> {
        let resources = &self.resources;
        let compute = resources.machines.values().map(|machine| &machine.id);
        let compute = compute.chain(resources.disks.values().map(|disk| &disk.id));
        let compute = compute.chain(resources.restore_point_collections.values().map(|collection| &collection.id));
        let mut ids: Vec<String> = compute.chain(resources.network.values().map(|it| &it.id)).cloned().collect();
        ids.sort();
        ids
    }

    /// The files on a virtual machine's disk by their paths, as text, and where links lead (`-> target`); not the programs, nor what
    /// is there only while the system runs. The same of a disk or a snapshot. `None` where there is no such thing.
    pub fn guest_files(&self, path: &str) -> Option<BTreeMap<String, String>> {
        let key = Address::parse(path)?.key();
        if let Some(machine) = self.resources.machines.get(&key) {
            return Some(machine.guest.system.disk().files());
        }
        Some(disk::contents(&self.resources, self.resources.disks.get(&key)?)?.files())
    }

    /// Changes a virtual machine at once.
    ///
    /// # Errors
    /// There is no such machine.
    pub fn change_machine(&mut self, path: &str, change: MachineChange) -> Result<(), String> {
        let key = Address::parse(path).map(|address| address.key()).unwrap_or_default();
        let now = self.resources.now;
        let Some(machine) = self.resources.machines.get_mut(&key) else {
            return Err(format!("there is no virtual machine {path}"));
        };
        machine.guest.system.seal = change.seal.unwrap_or(machine.guest.system.seal);
        if let Some(guest) = change.guest {
            machine.guest.system.setup = std::sync::Arc::new(guest);
            machine.guest.system.changes_set_up();
        }
        if let Some(serial) = change.serial {
            machine.guest.system.serial = std::sync::Arc::new(serial);
            machine.guest.system.changes_port();
        }
        if change.clear_script_fails {
            machine.guest.script_fails = None;
        }
        if change.script_fails.is_some() {
            machine.guest.script_fails = change.script_fails;
        }
        if let Some(tags) = change.tags {
            machine.tags = tags;
            machine.change += 1;
        }
        if let Some(generalized) = change.generalized {
            machine.generalized = generalized;
        }
        if let Some(on) = change.boot_diagnostics {
            machine.properties["diagnosticsProfile"] = serde_json::json!({"bootDiagnostics": {"enabled": on}});
            machine.change += 1;
        }
        match change.agent {
            Some(AgentState::Lost) => machine.lose_agent(now),
            Some(AgentState::Ready) => {
                machine.agent_appears();
            }
            None => {}
        }
        if let Some(deprovisioned) = change.deprovisioned {
            machine.guest.system.is_deprovisioned(deprovisioned);
        }
        if let Some(power) = change.power_state {
            self.set_power(&key, power);
        }
        if change.deleted {
            machine::power::break_captures(&mut self.resources, &key, "was deleted");
            let busy = self.resources.machines.get_mut(&key).and_then(|machine| machine.busy.take());
            if let Some(busy) = busy {
                operation::end(&mut self.resources, busy.operation, Err(ArmError::preempted()));
            }
            machine::delete::gone(&mut self.resources, &key);
        }
        Ok(())
    }

    fn set_power(&mut self, key: &str, power: PowerState) {
        let now = self.resources.now;
        let Some(machine) = self.resources.machines.get_mut(key) else { return };
        if power == PowerState::Running && machine.power == Power::Running && machine.busy.is_none() {
            // A start of what runs does nothing to it.
            return;
        }
        let busy = machine.busy.take();
        machine.system_stops(now);
        machine.change += 1;
        machine.provisioning_state = "Succeeded";
        machine.provisioned_at = now;
        machine.stopped_by_platform = power != PowerState::Running;
        machine.power = match power {
            PowerState::Running => Power::Running,
            PowerState::Stopped => Power::Stopped,
            PowerState::Deallocated => Power::Deallocated,
        };
        if power == PowerState::Running {
            machine::power::boot(&mut self.resources, key);
            machine::power::break_captures(&mut self.resources, key, "was started");
        } else {
            machine.lose_agent(now);
        }
        if let Some(busy) = busy {
            operation::end(&mut self.resources, busy.operation, Err(ArmError::preempted()));
        }
    }

    /// The tenant's id.
    pub fn tenant(&self) -> &str {
        &self.entra.tenant
    }

    /// Ids of all subscriptions.
    pub fn subscriptions(&self) -> Vec<String> {
        self.resources.subscriptions.values().map(|subscription| subscription.id.clone()).collect()
    }
}
