//! Deleting virtual machines, and what goes with them (behaviour section 20).

use http::StatusCode;
use serde_json::Value;
use uuid::Uuid;

use super::{guest_runs, power};
use crate::{
    arm::{
        call::{Call, Reply, RetryAfter},
        error::ArmError,
        operation, records,
    },
    faults::domain::OperationOutcome,
    network,
    resources::{
        Resources,
        machine::Busy,
        operation::{OperationType, Work},
    },
};

fn deletes_with_machine(option: &Value) -> bool {
    option.as_str().is_some_and(|option| option.eq_ignore_ascii_case("Delete"))
}

pub(crate) fn delete(resources: &mut Resources, call: &Call<'_>) -> Reply {
    let key = call.address.key();
    let Some(machine) = resources.machines.get_mut(&key) else { return Reply::empty(StatusCode::NO_CONTENT) };
    if machine.marked_for_deletion
        && let Some(busy) = &machine.busy
    {
        return Reply::accepted(busy.operation, RetryAfter::Usual);
    }
    machine.marked_for_deletion = true;
    let now = resources.now;
    machine.system_stops(now);
    let superseded = machine.busy.take();
    if let Some(busy) = superseded {
        operation::end(resources, busy.operation, Err(ArmError::preempted()));
    }
    guest_runs::processes_end(resources, &key);
    power::break_captures(resources, &key, "was deleted");
    let location = resources.machines.get(&key).map(|machine| machine.location.clone()).unwrap_or_default();
    let forced = call.query.get("forceDeletion").is_some_and(|force| force.eq_ignore_ascii_case("true"));
    let seconds = resources.durations.delete_virtual_machine / if forced { 2.0 } else { 1.0 };
    let work = Work::MachineDeleted { machine: key.clone() };
    let id =
        operation::begin(resources, OperationType::Compute, &call.address.subscription, &location, work, Some(seconds));
    if let Some(machine) = resources.machines.get_mut(&key) {
        machine.busy = Some(Busy { operation: id, towards: None });
    }
    Reply::accepted(id, RetryAfter::Usual)
}

/// A deletion that fails leaves the machine, which can be deleted again.
pub(crate) fn deleted(resources: &mut Resources, operation: Uuid, key: &str) {
    if let OperationOutcome::Fails(error) = resources.faults.operation_outcome(key) {
        if let Some(machine) = resources.machines.get_mut(key) {
            machine.marked_for_deletion = false;
            machine.busy = None;
            machine.provisioning_state = "Failed";
        }
        return operation::end(resources, operation, Err(error));
    }
    gone(resources, key);
    records::remember_deletion(resources, key);
    operation::end(resources, operation, Ok(None));
}

/// Takes a machine away; its disks and interfaces follow their `deleteOption` or stay behind, free.
pub(crate) fn gone(resources: &mut Resources, key: &str) {
    guest_runs::processes_end(resources, key);
    let Some(machine) = resources.machines.remove(key) else { return };
    let prefix = format!("{key}/");
    resources.run_commands.retain(|command, _| !command.starts_with(&prefix));
    let storage = &machine.properties["storageProfile"];
    if let Some(id) = machine.os_disk_id().map(str::to_lowercase) {
        if deletes_with_machine(&storage["osDisk"]["deleteOption"]) {
            resources.disks.remove(&id);
        } else if let Some(disk) = resources.disks.get_mut(&id) {
            disk.contents = Some(machine.guest.system.disk());
            disk.habits = Some(machine.habits());
        }
    }
    for disk in storage["dataDisks"].as_array().into_iter().flatten() {
        if let Some(id) = disk["managedDisk"]["id"].as_str().filter(|_| deletes_with_machine(&disk["deleteOption"])) {
            resources.disks.remove(&id.to_lowercase());
        }
    }
    let mut kept = Vec::new();
    for interface in machine.properties["networkProfile"]["networkInterfaces"].as_array().into_iter().flatten() {
        let Some(id) = interface["id"].as_str() else { continue };
        if deletes_with_machine(&interface["properties"]["deleteOption"]) {
            resources.network.remove(&id.to_lowercase());
        } else {
            kept.push(id.to_owned());
        }
    }
    if machine.failed_with.is_some() {
        network::interface::reserve(resources, &kept, &machine.id);
    }
}
