//! All about run commands; in this file how one is read, and how its script runs (behaviour sections 7 and 8).

pub(crate) mod put;

use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    arm::{
        call::{Answer, Call, Reply},
        error::ArmError,
        operation,
        refusals::not_found,
        tags,
    },
    clock::azure_time,
    compute::machine,
    guest::{process::Purpose, windows},
    resources::{
        Resources,
        event::{Event, GuestChange, ScriptPoint},
        machine::VirtualMachine,
        run_command::RunCommand,
    },
    scenario::{AgentState, RunCommandView, ScriptFails},
};

impl RunCommand {
    /// All parameters, those that are shown first.
    pub(in crate::compute) fn all_parameters(&self) -> Vec<(String, String)> {
        let mut all = crate::compute::machine::guest_runs::parameters_of(&self.properties);
        all.extend(self.protected.iter().map(|(name, value)| (name.clone(), value.clone())));
        all
    }

    pub(in crate::compute) fn view(&self, instance_view: bool) -> Value {
        let mut view = json!({
            "id": self.id,
            "name": self.name,
            "type": "Microsoft.Compute/virtualMachines/runCommands",
            "location": self.location,
            "properties": self.properties,
        });
        tags::show(&mut view, &self.tags, self.tagged);
        view["properties"]["provisioningState"] = json!(self.provisioning_state);
        if instance_view {
            let execution = &self.execution;
            let mut shown = json!({
                "executionState": execution.state,
                "executionMessage": execution.message,
                "output": tail(&execution.output),
                "error": tail(&execution.error),
            });
            shown["exitCode"] = json!(execution.exit_code.unwrap_or_default());
            if let Some(started) = execution.started {
                shown["startTime"] = json!(azure_time(started));
            }
            if let Some(ended) = execution.ended {
                shown["endTime"] = json!(azure_time(ended));
            }
            view["properties"]["instanceView"] = shown;
        }
        view
    }
}

/// The last 4 KiB, which is all that the platform keeps.
fn tail(text: &str) -> &str {
    let mut start = text.len().saturating_sub(4096);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}

pub(crate) fn get(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let command = resources
        .run_commands
        .get(&call.address.key())
        .filter(|command| !command.action)
        .ok_or_else(|| not_found(call.address))?;
    let mut view = command.view(call.expands("instanceView"));
    if call.expands("instanceView")
        && let Some(machine) = resources
            .machines
            .get(&command.machine)
            .filter(|machine| machine::guest_runs::is_silent(resources, machine))
    {
        let ways = [RunCommandView::Kept, RunCommandView::Gone, RunCommandView::Unknown];
        let way = match resources.unknowns.run_command_view {
            RunCommandView::BySeed => {
                ways[machine::guest_runs::way(resources, machine, "view of a run command", ways.len())]
            }
            way => way,
        };
        match way {
            RunCommandView::Gone => {
                if let Some(properties) = view["properties"].as_object_mut() {
                    properties.remove("instanceView");
                }
            }
            RunCommandView::Unknown => {
                view["properties"]["instanceView"] = json!({
                    "executionState": "Unknown", "executionMessage": "", "exitCode": 0, "output": "", "error": "",
                });
            }
            RunCommandView::Kept | RunCommandView::BySeed => {}
        }
    }
    Ok(Reply::new(StatusCode::OK, view))
}

/// A point in a script's lifecycle; `run` distinguishes a replaced script.
pub(crate) fn script_reaches(resources: &mut Resources, key: &str, run: u64, point: ScriptPoint) {
    let Some(command) = resources.run_commands.get(key).filter(|command| command.run == run) else { return };
    let machine = command.machine.clone();
    match point {
        ScriptPoint::Starts => script_starts(resources, key, &machine),
        ScriptPoint::Ends => script_ends(resources, key, &machine),
        ScriptPoint::TimesOut => script_times_out(resources, key, &machine),
    }
}

fn script_starts(resources: &mut Resources, key: &str, machine_key: &str) {
    let (now, platform, default_timeout) =
        (resources.now, resources.durations.run_command, resources.durations.run_command_timeout);
    let (Some(command), Some(machine)) = (resources.run_commands.get_mut(key), resources.machines.get_mut(machine_key))
    else {
        return;
    };
    let (run, boot) = (command.run, machine.guest.boot);
    let timeout = command.timeout(default_timeout);
    if machine.guest.agent == AgentState::Lost || command.boot != boot {
        // No agent takes the request; the platform waits until it times out.
        return resources.plan(timeout, Event::Script { command: key.to_owned(), run, point: ScriptPoint::TimesOut });
    }
    command.execution.state = "Running";
    command.execution.started = Some(now);
    let (asynchronous, operation) = (command.flag("asyncExecution"), command.operation);
    if asynchronous {
        command.provisioning_state = "Succeeded";
    }
    let text = command.script();
    let forced = forced_failure(machine, &text);
    let windows = machine.os_type() == "Windows";
    resources.plan(timeout, Event::Script { command: key.to_owned(), run, point: ScriptPoint::TimesOut });
    if let Some(code) = forced {
        if let Some(command) = resources.run_commands.get_mut(key) {
            command.execution.exit_code = Some(code);
        }
        resources.plan(platform / 2.0, Event::Script { command: key.to_owned(), run, point: ScriptPoint::Ends });
    } else if windows {
        windows_script_begins(resources, key, machine_key, &text);
    } else {
        machine::guest_runs::guest_script_begins(resources, key, machine_key);
    }
    if asynchronous {
        release(resources, machine_key, operation);
        operation::end(resources, operation, Ok(None));
    }
}

/// What a script does in a Windows guest stands in a table.
fn windows_script_begins(resources: &mut Resources, key: &str, machine_key: &str, text: &str) {
    let (platform, deprovision) = (resources.durations.run_command, resources.durations.deprovision);
    let (Some(command), Some(machine)) = (resources.run_commands.get_mut(key), resources.machines.get_mut(machine_key))
    else {
        return;
    };
    let setup = machine.guest.system.setup.clone();
    let outcome = windows::outcome(text, &setup.windows.scripts, setup.windows.sysprep, deprovision);
    command.execution.exit_code = Some(outcome.exit_code);
    command.execution.output.clone_from(&outcome.output);
    let (run, boot) = (command.run, machine.guest.boot);
    let guest = |change| Event::Guest { machine: machine_key.to_owned(), boot, change };
    let end = Event::Script { command: key.to_owned(), run, point: ScriptPoint::Ends };
    resources.plan(outcome.seconds + platform / 2.0, end);
    let change = GuestChange::WindowsEnds {
        image_state: outcome.image_state,
        console: outcome.console,
        agent_dies: outcome.agent_dies,
    };
    resources.plan(outcome.seconds, guest(change));
    if let Some(seconds) = outcome.powers_off_after {
        resources.plan(outcome.seconds + seconds, guest(GuestChange::PowersOff));
    }
}

fn script_ends(resources: &mut Resources, key: &str, machine_key: &str) {
    let now = resources.now;
    let (Some(command), Some(machine)) = (resources.run_commands.get_mut(key), resources.machines.get(machine_key))
    else {
        return;
    };
    if machine.guest.agent == AgentState::Lost || machine.guest.boot != command.boot {
        // The script may have ended, but the agent that would report it is gone: the platform will time out.
        return;
    }
    let code = command.execution.exit_code.unwrap_or_default();
    command.execution.ended = Some(now);
    command.execution.state = if code == 0 { "Succeeded" } else { "Failed" };
    command.execution.message = if code == 0 { "Execution completed" } else { "Execution failed" };
    let failure = (code != 0 && command.flag("treatFailureAsDeploymentFailure") && !command.action).then(|| {
        ArmError::conflict(
            "VMExtensionProvisioningError",
            format!("Run command '{}' ended with exit code {code}.", command.name),
        )
    });
    command.provisioning_state = if failure.is_some() { "Failed" } else { "Succeeded" };
    let result = match failure {
        Some(error) => Err(error),
        None if command.action => Ok(Some(action_result(command, machine))),
        None => Ok(None),
    };
    script_is_over(resources, key, machine_key, result);
}

fn script_times_out(resources: &mut Resources, key: &str, machine_key: &str) {
    let now = resources.now;
    resources
        .processes
        .retain(|_, process| !matches!(&process.purpose, Purpose::Script { command, .. } if command == key));
    let Some(command) = resources.run_commands.get_mut(key) else { return };
    if command.execution.ended.is_some() {
        return;
    }
    command.execution.ended = Some(now);
    command.execution.state = "TimedOut";
    command.execution.exit_code = None;
    command.execution.message = "The script did not report its end in time.";
    command.provisioning_state = "Failed";
    let error = ArmError::conflict(
        "VMAgentStatusCommunicationError",
        "VM has not reported status for VM agent or extensions. Verify that the OS is up and healthy, the VM has a \
         running VM agent, and that it can establish outbound connections to Azure storage.",
    );
    script_is_over(resources, key, machine_key, Err(error));
}

fn script_is_over(resources: &mut Resources, key: &str, machine_key: &str, result: Result<Option<Value>, ArmError>) {
    let Some(command) = resources.run_commands.get(key) else { return };
    let (operation, action) = (command.operation, command.action);
    if action {
        resources.run_commands.remove(key);
    }
    release(resources, machine_key, operation);
    operation::end(resources, operation, result);
}

/// The machine is no longer busy with `operation`.
pub(crate) fn release(resources: &mut Resources, machine: &str, operation: Uuid) {
    let still_running = resources
        .run_commands
        .values()
        .filter(|command| command.machine == machine && command.operation != operation)
        .find(|command| resources.operations.get(&command.operation).is_some_and(|other| other.ended.is_none()))
        .map(|command| command.operation);
    let Some(machine) = resources.machines.get_mut(machine) else { return };
    if let Some(busy) = machine.busy.take_if(|busy| busy.operation == operation) {
        machine.busy = still_running.map(|operation| crate::resources::machine::Busy { operation, ..busy });
    }
}

/// The exit code that the scenario or a test demands for this script.
fn forced_failure(machine: &mut VirtualMachine, text: &str) -> Option<i32> {
    match machine.guest.script_fails.as_mut()? {
        ScriptFails::Always(code) => Some(*code),
        ScriptFails::When(failure) => {
            let matches = failure
                .matching
                .as_ref()
                .is_none_or(|pattern| regex::Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text)));
            if !matches {
                return None;
            }
            match failure.times.as_mut() {
                Some(0) => return None,
                Some(left) => *left -= 1,
                None => {}
            }
            Some(failure.exit_code)
        }
    }
}

/// What the action form answers: on Linux success whatever the script returned, with its output inside the message.
fn action_result(command: &RunCommand, machine: &VirtualMachine) -> Value {
    let (output, error) = (tail(&command.execution.output), tail(&command.execution.error));
    if machine.os_type() == "Windows" {
        let part = |name: &str, text: &str| {
            json!({"code": format!("ComponentStatus/{name}/succeeded"), "level": "Info",
                   "displayStatus": "Provisioning succeeded", "message": text})
        };
        return json!({"value": [part("StdOut", output), part("StdErr", error)]});
    }
    json!({"value": [{
        "code": "ProvisioningState/succeeded",
        "level": "Info",
        "displayStatus": "Provisioning succeeded",
        "message": format!("Enable succeeded: \n[stdout]\n{output}\n[stderr]\n{error}"),
    }]})
}
