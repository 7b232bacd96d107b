//! Acts from outside Azure's interface: scenarios, faults, raw state, other people's hands on a machine.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    arm::{address::Address, operation::preempted},
    compute::{
        gallery::{Definition, Gallery},
        version::ImageVersion,
        virtual_machine::{Power, VirtualMachine},
    },
    faults::Fault,
    regions,
    scenario::{self, AgentState, PowerState, Scenario, ScenarioError, ScriptFails, Seal},
    simulator::Simulator,
    world::{Group, Subscription},
};

/// What somebody does to a virtual machine without asking Azure's interface; absent fields leave things as they are.
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
    /// The guest agent.
    pub agent: Option<AgentState>,
    /// Truth about the guest.
    pub deprovisioned: Option<bool>,
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
    /// Adds a scenario to what exists: settings given in it replace earlier ones, named things that exist already are refused.
    ///
    /// # Errors
    /// The scenario names something that cannot be; nothing before that place is taken back.
    pub fn add(&mut self, scenario: &Scenario) -> Result<(), ScenarioError> {
        if let Some(tenant) = scenario.tenant.as_ref().filter(|tenant| **tenant != self.entra.tenant) {
            return Err(ScenarioError(format!("tenant {tenant}: there is one tenant, {}", self.entra.tenant)));
        }
        if let Some(lifetime) = scenario.token_lifetime_seconds {
            self.entra.lifetime = lifetime;
        }
        if let Some(size) = scenario.page_size {
            self.world.page_size = size.max(1);
        }
        if let Some(seconds) = scenario.retry_after_seconds {
            self.set_retry_after(seconds);
        }
        if let Some(durations) = &scenario.durations {
            self.world.durations = durations.clone();
        }
        for client in &scenario.clients {
            let object = self.world.guid();
            self.entra.add(client.clone(), object);
        }
        for subscription in &scenario.subscriptions {
            let id = subscription.id.clone().unwrap_or_else(|| self.world.guid().to_string());
            if id.parse::<uuid::Uuid>().is_err() {
                return Err(ScenarioError(format!("subscription {id}: the id is not a GUID")));
            }
            let name = subscription.name.clone().unwrap_or_else(|| "Simulated subscription".to_owned());
            self.world.subscriptions.entry(id.to_lowercase()).or_insert(Subscription { id: id.clone(), name });
            for group in &subscription.resource_groups {
                self.add_group(&id, group)?;
            }
        }
        Ok(())
    }

    fn add_group(&mut self, subscription: &str, seed: &scenario::ResourceGroup) -> Result<(), ScenarioError> {
        let id = format!("/subscriptions/{subscription}/resourceGroups/{}", seed.name);
        let location = known_region(&id, seed.location.as_deref().unwrap_or("westeurope"))?;
        if seed.name.is_empty() {
            return Err(ScenarioError(format!("subscription {subscription}: a resource group has no name")));
        }
        let group = Group { id: id.clone(), name: seed.name.clone(), location, tags: json!(seed.tags) };
        let group = self.world.groups.entry(id.to_lowercase()).or_insert(group).clone();
        for machine in &seed.virtual_machines {
            let key = format!("{id}/providers/microsoft.compute/virtualmachines/{}", machine.name).to_lowercase();
            named(&machine.name, &key)?;
            known_region(&key, machine.location.as_deref().unwrap_or(&group.location))?;
            if self.world.machines.contains_key(&key) {
                return Err(ScenarioError(format!("{key}: exists already")));
            }
            let record = VirtualMachine::seeded(&mut self.world, &group, machine);
            self.world.machines.insert(key, record);
        }
        for gallery in &seed.galleries {
            self.add_gallery(&group, gallery)?;
        }
        Ok(())
    }

    fn add_gallery(&mut self, group: &Group, seed: &scenario::Gallery) -> Result<(), ScenarioError> {
        let id = format!("{}/providers/Microsoft.Compute/galleries/{}", group.id, seed.name);
        named(&seed.name, &id)?;
        let location = known_region(&id, seed.location.as_deref().unwrap_or(&group.location))?;
        let record = Gallery {
            id: id.clone(),
            name: seed.name.clone(),
            location: location.clone(),
            tags: seed.tags.clone(),
            properties: json!({}),
            provisioning_state: "Succeeded",
            operation: uuid::Uuid::nil(),
        };
        self.world.galleries.entry(id.to_lowercase()).or_insert(record);
        for definition in &seed.definitions {
            let id = format!("{id}/images/{}", definition.name);
            named(&definition.name, &id)?;
            let location = known_region(&id, definition.location.as_deref().unwrap_or(&location))?;
            let identifier = definition.identifier.clone().unwrap_or_else(|| scenario::Identifier {
                publisher: "contoso".to_owned(),
                offer: definition.name.clone(),
                sku: "default".to_owned(),
            });
            let mut properties = json!({
                "osType": definition.os_type,
                "osState": definition.os_state,
                "hyperVGeneration": definition.hyper_v_generation,
                "architecture": definition.architecture,
                "identifier": identifier,
            });
            if !definition.features.is_empty() {
                properties["features"] = json!(definition.features);
            }
            if let Some(plan) = &definition.purchase_plan {
                properties["purchasePlan"] = json!(plan);
            }
            let record = Definition {
                id: id.clone(),
                name: definition.name.clone(),
                location,
                tags: definition.tags.clone(),
                properties,
                provisioning_state: "Succeeded",
                operation: uuid::Uuid::nil(),
            };
            let record = self.world.definitions.entry(id.to_lowercase()).or_insert(record).clone();
            for version in &definition.versions {
                for region in version.regions.iter().chain(&version.location) {
                    known_region(&id, region)?;
                }
                let version = ImageVersion::seeded(&self.world, &record, version);
                self.world.versions.insert(version.id.to_lowercase(), version);
            }
        }
        Ok(())
    }

    /// Arms a fault; the answer is its number.
    ///
    /// # Errors
    /// A pattern is no regular expression, or the fault contradicts itself.
    pub fn add_fault(&mut self, fault: Fault) -> Result<u64, String> {
        let id = self.fault_count + 1;
        match fault {
            Fault::Azure(fault) => self.world.faults.add(id, fault)?,
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
            .chain(self.world.faults.states())
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
        let removed = self.faults.remove(id) || self.world.faults.remove(id);
        self.world.unstick();
        removed
    }

    /// Ends all faults.
    pub fn clear_faults(&mut self) {
        self.faults.clear();
        self.world.faults.clear();
        self.world.unstick();
    }

    /// The raw record of a resource, guest truth included; `None` where there is none.
    pub fn state(&self, path: &str) -> Option<Value> {
        let key = Address::parse(path)?.key();
        let world = &self.world;
        let record = |value: Result<Value, serde_json::Error>| value.ok();
        None.or_else(|| world.machines.get(&key).and_then(|machine| record(serde_json::to_value(machine))))
            .or_else(|| world.run_commands.get(&key).and_then(|command| record(serde_json::to_value(command))))
            .or_else(|| world.galleries.get(&key).and_then(|gallery| record(serde_json::to_value(gallery))))
            .or_else(|| world.definitions.get(&key).and_then(|definition| record(serde_json::to_value(definition))))
            .or_else(|| world.versions.get(&key).and_then(|version| record(serde_json::to_value(version))))
            .or_else(|| {
                let operation = world.operations.get(&key.rsplit('/').next()?.parse().ok()?)?;
                record(serde_json::to_value(operation))
            })
    }

    /// Somebody else changes a virtual machine, at once.
    ///
    /// # Errors
    /// There is no such machine.
    pub fn change_machine(&mut self, path: &str, change: MachineChange) -> Result<(), String> {
        let key = Address::parse(path).map(|address| address.key()).unwrap_or_default();
        let now = self.world.now;
        let Some(machine) = self.world.machines.get_mut(&key) else {
            return Err(format!("there is no virtual machine {path}"));
        };
        machine.guest.seal = change.seal.unwrap_or(machine.guest.seal);
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
        match change.agent {
            Some(AgentState::Lost) => machine.lose_agent(now),
            Some(AgentState::Ready) => {
                machine.guest.agent = AgentState::Ready;
                machine.guest.agent_lost_since = None;
            }
            None => {}
        }
        if let Some(deprovisioned) = change.deprovisioned {
            machine.guest.deprovisioned = deprovisioned;
        }
        if let Some(power) = change.power_state {
            self.set_power(&key, power);
        }
        if change.deleted {
            self.world.break_captures(&key, "was deleted");
            let busy = self.world.machines.get_mut(&key).and_then(|machine| machine.busy.take());
            if let Some(busy) = busy {
                self.world.end(busy.operation, Err(preempted()));
            }
            self.world.machines.remove(&key);
            let below = format!("{key}/");
            self.world.run_commands.retain(|command, _| !command.starts_with(&below));
        }
        Ok(())
    }

    fn set_power(&mut self, key: &str, power: PowerState) {
        let now = self.world.now;
        let Some(machine) = self.world.machines.get_mut(key) else { return };
        let busy = machine.busy.take();
        machine.guest.boot += 1;
        machine.change += 1;
        machine.provisioning_state = "Succeeded";
        machine.stopped_by_platform = power != PowerState::Running;
        machine.power = match power {
            PowerState::Running => Power::Running,
            PowerState::Stopped => Power::Stopped,
            PowerState::Deallocated => Power::Deallocated,
        };
        if power == PowerState::Running {
            self.world.boot(key);
            self.world.break_captures(key, "was started");
        } else {
            machine.lose_agent(now);
        }
        if let Some(busy) = busy {
            self.world.end(busy.operation, Err(preempted()));
        }
    }

    /// The tenant's id.
    pub fn tenant(&self) -> &str {
        &self.entra.tenant
    }

    /// Ids of all subscriptions.
    pub fn subscriptions(&self) -> Vec<String> {
        self.world.subscriptions.values().map(|subscription| subscription.id.clone()).collect()
    }
}

fn named(name: &str, place: &str) -> Result<(), ScenarioError> {
    if name.is_empty() || name.contains('/') {
        Err(ScenarioError(format!("{place}: a name is missing or holds a slash")))
    } else {
        Ok(())
    }
}

fn known_region(place: &str, region: &str) -> Result<String, ScenarioError> {
    match regions::display(region) {
        Some(_) => Ok(regions::normal(region)),
        None => Err(ScenarioError(format!("{place}: there is no region '{region}'"))),
    }
}
