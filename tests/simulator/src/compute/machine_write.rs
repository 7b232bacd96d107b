//! Creating, changing and deleting virtual machines.

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    interlock::{MachineOperation, check},
    virtual_machine::{Busy, Power, VirtualMachine},
};
use crate::{
    arm::{
        call::{Answer, Call, Reply},
        dispatch::not_found,
        error::ArmError,
        operation::{OperationType, Work, preempted},
        tags,
    },
    faults::domain::OperationFate,
    scenario,
    world::World,
};

/// `If-Match` and `If-None-Match` against the record's `etag`, where one exists.
fn precondition(call: &Call<'_>, current: Option<&str>) -> Result<(), ArmError> {
    let header = |name: &str| call.headers.get(name).and_then(|value| value.to_str().ok());
    let fails = match (header("if-match"), header("if-none-match"), current) {
        (Some(_), _, None) | (_, Some("*"), Some(_)) => true,
        (Some(wanted), _, Some(current)) if wanted != "*" => wanted.trim_matches('"') != current.trim_matches('"'),
        (_, Some(unwanted), Some(current)) => unwanted.trim_matches('"') == current.trim_matches('"'),
        _ => false,
    };
    if fails {
        return Err(ArmError::new(
            StatusCode::PRECONDITION_FAILED,
            "ConditionNotMet",
            "The condition specified using HTTP conditional header(s) is not met: the resource was changed, or is or is \
             not there.",
        ));
    }
    Ok(())
}

const READ_ONLY: [&str; 4] = ["provisioningState", "vmId", "timeCreated", "instanceView"];

fn writable(properties: &Value) -> Value {
    let mut properties = if properties.is_object() { properties.clone() } else { json!({}) };
    if let Some(fields) = properties.as_object_mut() {
        fields.retain(|field, _| !READ_ONLY.contains(&field.as_str()));
    }
    remove_secrets(&mut properties);
    properties
}

/// Passwords are taken and never shown again.
fn remove_secrets(properties: &mut Value) {
    if let Some(profile) = properties["osProfile"].as_object_mut() {
        profile.remove("adminPassword");
        profile.remove("customData");
    }
}

impl World {
    pub(crate) fn machine_put(&mut self, call: &Call<'_>) -> Answer {
        let key = call.address.key();
        let location = call.location()?;
        let given = tags::from_body(&call.body)?;
        precondition(call, self.machines.get(&key).map(VirtualMachine::etag).as_deref())?;
        if let Some(machine) = self.machines.get_mut(&key) {
            if machine.location != location {
                return Err(tags::other_location(&machine.id, &machine.location, &location));
            }
            check(machine, MachineOperation::Update)?;
            machine.tags = given.unwrap_or_default();
            crate::arm::lists::merge(&mut machine.properties, &writable(&call.body["properties"]));
            return Ok(self.machine_update_begins(&key));
        }
        self.image_for_machine(&call.body["properties"]["storageProfile"]["imageReference"], &location)?;
        let group = self.groups.get(&call.address.group_key()).cloned().ok_or_else(|| not_found(call.address))?;
        let os = &call.body["properties"]["osProfile"];
        let os_type = if os["windowsConfiguration"].is_object() { "Windows" } else { "Linux" };
        let seed = scenario::VirtualMachine {
            name: call.address.name().to_owned(),
            location: Some(location.clone()),
            tags: given.unwrap_or_default(),
            os_type: os_type.to_owned(),
            power_state: scenario::PowerState::Stopped,
            ..scenario::VirtualMachine::default()
        };
        let mut machine = VirtualMachine::seeded(self, &group, &seed);
        crate::arm::lists::merge(&mut machine.properties, &writable(&call.body["properties"]));
        machine.extra = ["zones", "plan", "identity"]
            .into_iter()
            .filter(|field| !call.body[*field].is_null())
            .map(|field| (field.to_owned(), call.body[field].clone()))
            .collect::<BTreeMap<_, _>>();
        machine.provisioning_state = "Creating";
        machine.power = Power::Starting;
        machine.stopped_by_platform = false;
        let seconds = self.durations.create_virtual_machine;
        let work = Work::MachineCreated { machine: key.clone() };
        let id = self.begin(OperationType::Compute, &call.address.subscription, &location, work, Some(seconds));
        machine.busy = Some(Busy { operation: id, towards: None });
        let (view, etag) = (machine.view(), machine.etag());
        self.machines.insert(key, machine);
        Ok(Reply { etag: Some(etag), ..Reply::written(true, view, id) })
    }

    pub(crate) fn machine_created(&mut self, operation: Uuid, key: &str) {
        let fate = self.faults.operation_fate(key);
        let now = self.now;
        let Some(machine) = self.machines.get_mut(key) else { return self.end(operation, Err(preempted())) };
        machine.busy = None;
        machine.provisioned_at = now;
        if let OperationFate::Fails(error) = fate {
            machine.provisioning_state = "Failed";
            return self.end(operation, Err(error));
        }
        machine.provisioning_state = "Succeeded";
        machine.power = Power::Running;
        self.boot(key);
        self.end(operation, Ok(None));
    }

    pub(crate) fn machine_patch(&mut self, call: &Call<'_>) -> Answer {
        let key = call.address.key();
        let given = tags::from_body(&call.body)?;
        let machine = self.machines.get_mut(&key).ok_or_else(|| not_found(call.address))?;
        precondition(call, Some(&machine.etag()))?;
        check(machine, MachineOperation::Update)?;
        if let Some(given) = given {
            machine.tags = given;
        }
        crate::arm::lists::merge(&mut machine.properties, &writable(&call.body["properties"]));
        Ok(self.machine_update_begins(&key))
    }

    fn machine_update_begins(&mut self, key: &str) -> Reply {
        let seconds = self.durations.update_virtual_machine;
        let Some((subscription, location)) =
            self.machines.get(key).map(|machine| (machine.subscription.clone(), machine.location.clone()))
        else {
            return Reply::empty(StatusCode::NOT_FOUND);
        };
        let work = Work::MachineUpdated { machine: key.to_owned() };
        let id = self.begin(OperationType::Compute, &subscription, &location, work, Some(seconds));
        let Some(machine) = self.machines.get_mut(key) else { return Reply::empty(StatusCode::NOT_FOUND) };
        machine.change += 1;
        machine.provisioning_state = "Updating";
        machine.busy = Some(Busy { operation: id, towards: None });
        Reply { etag: Some(machine.etag()), ..Reply::written(false, machine.view(), id) }
    }

    pub(crate) fn machine_updated(&mut self, operation: Uuid, key: &str) {
        let fate = self.faults.operation_fate(key);
        let now = self.now;
        if let Some(machine) = self.machines.get_mut(key) {
            machine.busy = None;
            machine.provisioned_at = now;
            machine.provisioning_state = "Succeeded";
        }
        match fate {
            OperationFate::Fails(error) => self.end(operation, Err(error)),
            OperationFate::Normal => self.end(operation, Ok(None)),
        }
    }

    pub(crate) fn machine_delete(&mut self, call: &Call<'_>) -> Reply {
        let key = call.address.key();
        let Some(machine) = self.machines.get_mut(&key) else { return Reply::empty(StatusCode::NO_CONTENT) };
        if machine.marked_for_deletion
            && let Some(busy) = &machine.busy
        {
            return Reply::accepted(busy.operation, true);
        }
        machine.marked_for_deletion = true;
        machine.guest.boot += 1;
        let superseded = machine.busy.take();
        if let Some(busy) = superseded {
            self.end(busy.operation, Err(preempted()));
        }
        self.break_captures(&key, "was deleted");
        let location = self.machines.get(&key).map(|machine| machine.location.clone()).unwrap_or_default();
        let seconds = self.durations.delete_virtual_machine;
        let work = Work::MachineDeleted { machine: key.clone() };
        let id = self.begin(OperationType::Compute, &call.address.subscription, &location, work, Some(seconds));
        if let Some(machine) = self.machines.get_mut(&key) {
            machine.busy = Some(Busy { operation: id, towards: None });
        }
        Reply::accepted(id, true)
    }

    pub(crate) fn machine_deleted(&mut self, operation: Uuid, key: &str) {
        self.machines.remove(key);
        let prefix = format!("{key}/");
        self.run_commands.retain(|command, _| !command.starts_with(&prefix));
        self.end(operation, Ok(None));
    }
}
