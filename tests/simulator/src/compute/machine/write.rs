//! Changing virtual machines, and the end of their creation.

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    boot_diagnostics::profile_fits,
    create, data_disks,
    interlock::{MachineOperation, check},
    power,
};
use crate::{
    arm::{
        call::{Answer, Call, Reply},
        error::ArmError,
        operation,
        refusals::not_found,
        tags,
    },
    faults::domain::OperationOutcome,
    resources::{
        Resources,
        machine::{Busy, Power, VirtualMachine},
        operation::{OperationType, Work},
    },
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

pub(super) fn writable(properties: &Value) -> Value {
    let mut properties = if properties.is_object() { properties.clone() } else { json!({}) };
    if let Some(fields) = properties.as_object_mut() {
        fields.retain(|field, _| !READ_ONLY.contains(&field.as_str()));
    }
    remove_secrets(&mut properties);
    properties
}

/// Passwords are taken and never shown again.
fn remove_secrets(properties: &mut Value) {
    if let Some(profile) = properties.get_mut("osProfile").and_then(Value::as_object_mut) {
        profile.remove("adminPassword");
        profile.remove("customData");
    }
}

/// The image that a machine was made from never changes.
fn same_image(machine: &VirtualMachine, given: &Value) -> Result<(), ArmError> {
    let before = &machine.properties["storageProfile"]["imageReference"];
    let differs = |field: &str| {
        let wanted = &given["storageProfile"]["imageReference"][field];
        wanted
            .as_str()
            .is_some_and(|wanted| !before[field].as_str().is_some_and(|was| was.eq_ignore_ascii_case(wanted)))
    };
    if ["id", "publisher", "offer", "sku", "version"].into_iter().any(differs) {
        return Err(ArmError::property_change("imageReference"));
    }
    Ok(())
}

pub(crate) fn put(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let key = call.address.key();
    let location = call.location()?;
    let given = tags::from_body(&call.body)?;
    precondition(call, resources.machines.get(&key).map(VirtualMachine::etag).as_deref())?;
    if let Some(machine) = resources.machines.get(&key) {
        if machine.location != location {
            return Err(tags::other_location(&machine.id, &machine.location, &location));
        }
        return update(resources, call, &key, Some(given.unwrap_or_default()));
    }
    create::create(resources, call, &location, given.unwrap_or_default())
}

pub(crate) fn created(resources: &mut Resources, operation: Uuid, key: &str) {
    let outcome = resources.faults.operation_outcome(key);
    let now = resources.now;
    let Some(machine) = resources.machines.get_mut(key) else {
        return operation::end(resources, operation, Err(ArmError::preempted()));
    };
    machine.busy = None;
    machine.provisioned_at = now;
    let error = match (outcome, machine.creation_error.take()) {
        (OperationOutcome::Fails(error), _) | (OperationOutcome::Normal, Some(error)) => Some(error),
        (OperationOutcome::Normal, None) => None,
    };
    if let Some(error) = error {
        // The machine stays, and so does its hold on disks and interfaces.
        machine.provisioning_state = "Failed";
        machine.failed_with = Some(error.code.clone());
        if machine.power == Power::Starting {
            machine.power = Power::Deallocated;
            machine.stopped_by_platform = true;
        }
        return operation::end(resources, operation, Err(error));
    }
    machine.provisioning_state = "Succeeded";
    machine.power = Power::Running;
    power::boot(resources, key);
    operation::end(resources, operation, Ok(None));
}

pub(crate) fn patch(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let key = call.address.key();
    let given = tags::from_body(&call.body)?;
    let machine = resources.machines.get(&key).ok_or_else(|| not_found(call.address))?;
    precondition(call, Some(&machine.etag()))?;
    update(resources, call, &key, given)
}

fn update(resources: &mut Resources, call: &Call<'_>, key: &str, tags: Option<BTreeMap<String, String>>) -> Answer {
    let machine = resources.machines.get(key).ok_or_else(|| not_found(call.address))?;
    check(machine, MachineOperation::Update)?;
    let given = &call.body["properties"];
    same_image(machine, given)?;
    profile_fits(&given["diagnosticsProfile"])?;
    let mut properties = machine.properties.clone();
    crate::arm::body::merge(&mut properties, &writable(given));
    if given["storageProfile"]["dataDisks"].is_array() {
        let disks = data_disks::data_disks_become(resources, call, machine, &mut properties["storageProfile"])?;
        let location = machine.location.clone();
        data_disks::appear(resources, &location, disks);
    }
    if let Some(machine) = resources.machines.get_mut(key) {
        machine.properties = properties;
        machine.tags = tags.unwrap_or_else(|| std::mem::take(&mut machine.tags));
    }
    Ok(update_begins(resources, key))
}

fn update_begins(resources: &mut Resources, key: &str) -> Reply {
    let seconds = resources.durations.update_virtual_machine;
    let Some((subscription, location)) =
        resources.machines.get(key).map(|machine| (machine.subscription.clone(), machine.location.clone()))
    else {
        return Reply::empty(StatusCode::NOT_FOUND);
    };
    let work = Work::MachineUpdated { machine: key.to_owned() };
    let id = operation::begin(resources, OperationType::Compute, &subscription, &location, work, Some(seconds));
    let Some(machine) = resources.machines.get_mut(key) else { return Reply::empty(StatusCode::NOT_FOUND) };
    machine.change += 1;
    machine.provisioning_state = "Updating";
    machine.busy = Some(Busy { operation: id, towards: None });
    Reply { etag: Some(machine.etag()), ..Reply::written(false, machine.view(), id) }
}

pub(crate) fn updated(resources: &mut Resources, operation: Uuid, key: &str) {
    let outcome = resources.faults.operation_outcome(key);
    let now = resources.now;
    if let Some(machine) = resources.machines.get_mut(key) {
        machine.busy = None;
        machine.provisioned_at = now;
        machine.provisioning_state = "Succeeded";
    }
    match outcome {
        OperationOutcome::Fails(error) => operation::end(resources, operation, Err(error)),
        OperationOutcome::Normal => operation::end(resources, operation, Ok(None)),
    }
}
