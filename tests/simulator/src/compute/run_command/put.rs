//! Starting and deleting run commands.

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    arm::{
        call::{Answer, Call, Reply, RetryAfter},
        error::ArmError,
        operation,
        refusals::{not_found, parent_not_found},
        tags,
    },
    compute::machine::{
        self,
        interlock::{MachineOperation, check},
    },
    faults::domain::OperationOutcome,
    resources::{
        Resources,
        event::{Event, ScriptPoint},
        machine::Busy,
        operation::{OperationType, Work},
        run_command::{Execution, RunCommand},
    },
    scenario::AgentState,
};

/// How many run commands a machine may hold.
const LIMIT: usize = 25;

/// Protected parameters and passwords leave the properties; the script may use them, and no read shows them.
fn protect(properties: &mut Value) -> BTreeMap<String, String> {
    let Some(fields) = properties.as_object_mut() else { return BTreeMap::new() };
    fields.remove("runAsPassword");
    fields.remove("provisioningState");
    fields.remove("instanceView");
    let protected = fields.remove("protectedParameters").unwrap_or_default();
    let entries = protected.as_array().cloned().unwrap_or_default();
    entries
        .iter()
        .filter_map(|entry| Some((entry["name"].as_str()?.to_owned(), entry["value"].as_str()?.to_owned())))
        .collect()
}

pub(crate) fn put(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let location = call.location()?;
    let mut properties = call.body["properties"].clone();
    if !properties.is_object() {
        return Err(ArmError::parameter("properties", "Required parameter 'properties' is missing (null)."));
    }
    let protected = protect(&mut properties);
    let tags = tags::from_body(&call.body)?;
    let named = tags.is_some();
    write(resources, call, location, properties, protected, (tags.unwrap_or_default(), named))
}

/// PATCH merges into what is there; a changed script runs again.
pub(crate) fn patch(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let command = resources.run_commands.get(&call.address.key()).ok_or_else(|| not_found(call.address))?;
    let mut properties = command.properties.clone();
    let mut given = call.body["properties"].clone();
    let protected = protect(&mut given);
    crate::arm::body::merge(&mut properties, &given);
    let tags = tags::from_body(&call.body)?.map_or_else(|| (command.tags.clone(), command.tagged), |tags| (tags, true));
    let location = command.location.clone();
    write(resources, call, location, properties, protected, tags)
}

fn write(
    resources: &mut Resources,
    call: &Call<'_>,
    location: String,
    mut properties: Value,
    protected: BTreeMap<String, String>,
    (tags, tagged): (BTreeMap<String, String>, bool),
) -> Answer {
    let key = call.address.key();
    let machine_address = call.address.parent();
    let machine_key = machine_address.key();
    let machine = resources.machines.get(&machine_key).ok_or_else(|| not_found(&machine_address))?;
    if machine.location != location {
        return Err(tags::other_location(&machine.id, &machine.location, &location));
    }
    check(machine, MachineOperation::ManagedRunCommand)?;
    let boot = machine.guest.boot;
    for (field, default) in [("asyncExecution", json!(false)), ("timeoutInSeconds", json!(0))] {
        if properties[field].is_null() {
            properties[field] = default;
        }
    }
    let existing = resources.run_commands.get(&key);
    if let Some(command) = existing
        && command.properties == properties
        && command.provisioning_state != "Failed"
    {
        // Nothing changed, so the agent gets no new goal state.
        let operation = command.operation;
        if let Some(command) = resources.run_commands.get_mut(&key) {
            (command.tags, command.tagged) = (tags, tagged);
            return Ok(Reply::written(false, command.view(false), operation));
        }
        return Err(not_found(call.address));
    }
    let created = existing.is_none();
    let superseded = existing.map(|command| command.operation);
    let held =
        resources.run_commands.values().filter(|command| command.machine == machine_key && !command.action).count();
    if created && held >= LIMIT {
        return Err(ArmError::conflict(
            "RunCommandLimitExceeded",
            format!("A virtual machine holds at most {LIMIT} run commands; delete some first."),
        ));
    }
    if let Some(superseded) = superseded {
        super::release(resources, &machine_key, superseded);
        operation::end(resources, superseded, Err(ArmError::preempted()));
    }
    let command = RunCommand {
        id: call.address.id(),
        name: call.address.name().to_owned(),
        machine: machine_key,
        location,
        tags,
        tagged,
        properties,
        protected,
        provisioning_state: if created { "Creating" } else { "Updating" },
        execution: Execution::pending(),
        run: 0,
        operation: Uuid::nil(),
        action: false,
        boot,
    };
    let operation = run_begins(resources, &key, command, &call.address.subscription);
    let view = resources.run_commands.get(&key).map(|command| command.view(false)).unwrap_or_default();
    Ok(Reply::written(created, view, operation))
}

fn run_begins(resources: &mut Resources, key: &str, mut command: RunCommand, subscription: &str) -> Uuid {
    let seconds = resources.durations.run_command / 2.0;
    let work = Work::Script { command: key.to_owned() };
    let operation = operation::begin(resources, OperationType::Compute, subscription, &command.location, work, None);
    command.operation = operation;
    // One that was removed may have had the same name, and what was planned for it must not reach this one.
    resources.run_count += 1;
    command.run = resources.run_count;
    let (machine, run) = (command.machine.clone(), command.run);
    resources.run_commands.insert(key.to_owned(), command);
    if let Some(machine) = resources.machines.get_mut(&machine)
        && machine.busy.is_none()
    {
        machine.busy = Some(Busy { operation, towards: None });
    }
    resources.plan(seconds, Event::Script { command: key.to_owned(), run, point: ScriptPoint::Starts });
    operation
}

/// `POST {vm}/runCommand`: one at a time.
pub(crate) fn action(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let address = call.address.parent();
    let machine_key = address.key();
    let machine = resources.machines.get(&machine_key).ok_or_else(|| not_found(&address))?;
    check(machine, MachineOperation::RunCommand)?;
    let (location, boot) = (machine.location.clone(), machine.guest.boot);
    let removes = call.body["commandId"].as_str() == Some("RemoveRunCommandLinuxExtension");
    if removes {
        stop_action(resources, &machine_key);
    }
    if resources.run_commands.values().any(|command| command.action && command.machine == machine_key) {
        return Err(ArmError::conflict(
            "Conflict",
            "Run command extension execution is in progress. Please wait for completion before invoking a run command.",
        ));
    }
    if call.body["commandId"].as_str().is_none() {
        return Err(ArmError::parameter("commandId", "Required parameter 'commandId' is missing (null)."));
    }
    let lines: Vec<&str> = call.body["script"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let key = format!("{machine_key}/runcommand-action");
    let command = RunCommand {
        id: key.clone(),
        name: "RunCommand".to_owned(),
        machine: machine_key,
        location,
        tags: BTreeMap::new(),
        tagged: false,
        properties: json!({"source": {"script": lines.join("\n")}, "parameters": call.body["parameters"]}),
        protected: BTreeMap::new(),
        provisioning_state: "Creating",
        execution: Execution::pending(),
        run: 0,
        operation: Uuid::nil(),
        action: true,
        boot,
    };
    let operation = run_begins(resources, &key, command, &call.address.subscription);
    Ok(Reply::accepted(operation, RetryAfter::Never))
}

/// Takes the extension away that runs the action form, and with it the script that it runs.
fn stop_action(resources: &mut Resources, machine: &str) {
    let running = resources.run_commands.iter().find(|(_, command)| command.action && command.machine == machine);
    let Some((key, operation)) = running.map(|(key, command)| (key.clone(), command.operation)) else { return };
    resources.run_commands.remove(&key);
    super::release(resources, machine, operation);
    operation::end(resources, operation, Err(ArmError::preempted()));
}

/// Deleting needs the agent, and ends a script that still runs.
pub(crate) fn delete(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let key = call.address.key();
    let machine_address = call.address.parent();
    let machine = resources.machines.get(&machine_address.key()).ok_or_else(|| parent_not_found(&machine_address))?;
    let Some(command) = resources.run_commands.get_mut(&key) else {
        return Ok(Reply::empty(StatusCode::NO_CONTENT));
    };
    check(machine, MachineOperation::DeleteRunCommand)?;
    if command.provisioning_state == "Deleting" {
        return Ok(Reply::accepted(command.operation, RetryAfter::Usual));
    }
    let ready = machine.guest.agent == AgentState::Ready;
    resources.run_count += 1;
    let seconds = if ready { resources.durations.run_command / 2.0 } else { resources.durations.run_command_timeout };
    command.run = resources.run_count;
    command.provisioning_state = "Deleting";
    let (superseded, location, machine_key) = (command.operation, command.location.clone(), command.machine.clone());
    super::release(resources, &machine_key, superseded);
    operation::end(resources, superseded, Err(ArmError::preempted()));
    let work = Work::RunCommandDeleted { command: key.clone() };
    let operation =
        operation::begin(resources, OperationType::Compute, &call.address.subscription, &location, work, Some(seconds));
    if let Some(command) = resources.run_commands.get_mut(&key) {
        command.operation = operation;
    }
    Ok(Reply::accepted(operation, RetryAfter::Usual))
}

pub(crate) fn deleted(resources: &mut Resources, operation: Uuid, key: &str) {
    let outcome = resources.faults.operation_outcome(key);
    let Some(command) = resources.run_commands.get_mut(key) else {
        return operation::end(resources, operation, Ok(None));
    };
    if let OperationOutcome::Fails(error) = outcome {
        command.provisioning_state = "Failed";
        return operation::end(resources, operation, Err(error));
    }
    let ready = resources.machines.get(&command.machine).is_none_or(|machine| machine.guest.agent == AgentState::Ready);
    if ready {
        machine::guest_runs::guest_forgets(resources, key);
        resources.run_commands.remove(key);
        return operation::end(resources, operation, Ok(None));
    }
    command.provisioning_state = "Failed";
    operation::end(
        resources,
        operation,
        Err(ArmError::conflict(
            "VMAgentStatusCommunicationError",
            "VM has not reported status for VM agent or extensions, so the run command could not be removed.",
        )),
    );
}
