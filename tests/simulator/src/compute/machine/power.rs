//! Power changes and generalizing.

use http::StatusCode;
use uuid::Uuid;

use super::{
    exposure, guest_runs, instance_view,
    interlock::{MachineOperation, check},
};
use crate::{
    arm::{
        call::{Answer, Call, Reply, RetryAfter},
        error::ArmError,
        operation,
        refusals::not_found,
    },
    faults::domain::OperationOutcome,
    guest::windows,
    resources::{
        Resources,
        event::{Event, GuestChange},
        machine::{Busy, Power},
        operation::{OperationType, PowerChange, Work},
    },
};

/// `POST {vm}/start|restart|powerOff|deallocate`: 202, then [`changed`].
pub(crate) fn change(resources: &mut Resources, call: &Call<'_>, change: PowerChange) -> Answer {
    let address = call.address.parent();
    let key = address.key();
    let ready =
        resources.machines.get(&key).is_some_and(|machine| instance_view::agent_shows_ready(resources, machine));
    let machine = resources.machines.get_mut(&key).ok_or_else(|| not_found(&address))?;
    let (operation, towards, passing, seconds) = match change {
        PowerChange::Start => (MachineOperation::Start, "running", Power::Starting, resources.durations.start),
        PowerChange::Restart => (MachineOperation::Restart, "running", Power::Starting, resources.durations.restart),
        PowerChange::PowerOff => {
            (MachineOperation::PowerOff, "stopped", Power::Stopping, resources.durations.power_off)
        }
        PowerChange::Deallocate => {
            (MachineOperation::Deallocate, "deallocated", Power::Deallocating, resources.durations.deallocate)
        }
    };
    if let Some(busy) = &machine.busy
        && busy.towards == Some(towards)
        && change == PowerChange::Deallocate
    {
        return Ok(Reply::accepted(busy.operation, RetryAfter::Usual));
    }
    check(machine, operation)?;
    let there = match change {
        PowerChange::Start => machine.power == Power::Running,
        PowerChange::Restart => false,
        PowerChange::PowerOff => machine.power == Power::Stopped && machine.stopped_by_platform,
        PowerChange::Deallocate => machine.power == Power::Deallocated,
    };
    let before = machine.power;
    let mut seconds = seconds;
    if there {
        seconds = 1.0;
    } else {
        machine.power = passing;
        machine.change += 1;
        machine.guest.agent_last_ready = ready && change == PowerChange::PowerOff;
        if change != PowerChange::Start {
            machine.system_stops(resources.now);
        }
    }
    machine.provisioning_state = "Updating";
    let (subscription, location) = (machine.subscription.clone(), machine.location.clone());
    let work = Work::Power { machine: key.clone(), change, before };
    let id = operation::begin(resources, OperationType::Compute, &subscription, &location, work, Some(seconds));
    if let Some(machine) = resources.machines.get_mut(&key) {
        machine.busy = Some(Busy { operation: id, towards: Some(towards) });
    }
    if change == PowerChange::Start && !there {
        break_captures(resources, &key, "was started");
    }
    let retry_after = match change {
        PowerChange::Start | PowerChange::Deallocate => RetryAfter::Usual,
        PowerChange::Restart | PowerChange::PowerOff => RetryAfter::Never,
    };
    Ok(Reply::accepted(id, retry_after))
}

pub(crate) fn changed(resources: &mut Resources, operation: Uuid, key: &str, change: PowerChange, before: Power) {
    let outcome = resources.faults.operation_outcome(key);
    let now = resources.now;
    let Some(machine) = resources.machines.get_mut(key) else {
        return operation::end(resources, operation, Err(ArmError::preempted()));
    };
    machine.busy = None;
    machine.provisioned_at = now;
    machine.provisioning_state = "Succeeded";
    if let OperationOutcome::Fails(error) = outcome {
        // A failed or preempted power change leaves the machine as it was before a stop, or stopped after a start.
        machine.power = if change == PowerChange::Start { Power::Deallocated } else { before };
        let boots = machine.power == Power::Running;
        machine.stopped_by_platform = !boots && (change == PowerChange::Start || machine.stopped_by_platform);
        if error.code != "OperationPreempted" {
            machine.provisioning_state = "Failed";
        }
        if boots {
            boot(resources, key);
        }
        return operation::end(resources, operation, Err(error));
    }
    match change {
        PowerChange::Start | PowerChange::Restart => {
            let was_running = machine.power == Power::Running;
            machine.power = Power::Running;
            machine.stopped_by_platform = false;
            if !was_running {
                boot(resources, key);
            }
        }
        PowerChange::PowerOff => {
            machine.power = Power::Stopped;
            machine.stopped_by_platform = true;
        }
        PowerChange::Deallocate => {
            machine.power = Power::Deallocated;
            machine.stopped_by_platform = true;
            // With the one of its begin three, where the machine was not deallocated before.
            machine.change += if before == Power::Deallocated { 0 } else { 2 };
        }
    }
    operation::end(resources, operation, Ok(None));
}

/// A guest starts: the agent reports after a while, and a deprovisioned guest provisions itself anew.
pub(crate) fn boot(resources: &mut Resources, key: &str) {
    let seconds = resources.durations.agent_boot;
    exposure::starts(resources, key);
    let Some(machine) = resources.machines.get_mut(key) else { return };
    machine.guest.boot += 1;
    machine.guest.agent_last_ready = false;
    let boot = machine.guest.boot;
    machine.system_boots(resources.now);
    if machine.guest.system.serial.restarts_log {
        machine.guest.serial.begins();
    }
    machine.writes_to_serial_port(resources.now, &machine.boot_text());
    guest_runs::processes_end(resources, key);
    resources.plan(seconds, Event::Guest { machine: key.to_owned(), boot, change: GuestChange::AgentReady });
}

/// Something that was planned inside a guest happens, unless that boot is over.
pub(crate) fn guest_changes(resources: &mut Resources, key: &str, boot: u64, change: GuestChange) {
    let now = resources.now;
    let Some(machine) = resources.machines.get_mut(key).filter(|machine| machine.guest.boot == boot) else { return };
    match change {
        GuestChange::AgentReady => agent_is_ready(resources, key),
        GuestChange::AgentAgain => {
            if machine.guest.system.units.is_active("walinuxagent") {
                machine.agent_appears();
            }
        }
        GuestChange::Starts => {
            machine.power = Power::Running;
            self::boot(resources, key);
        }
        GuestChange::UnitStarts { unit, turn } => guest_runs::unit_starts(resources, key, &unit, turn),
        GuestChange::UnitDies { unit, turn } => guest_runs::unit_dies(resources, key, &unit, turn),
        GuestChange::WindowsEnds { image_state, console, agent_dies } => {
            if let Some(state) = image_state {
                windows::set_state(&mut machine.guest.system.contents, &state);
            }
            if agent_dies {
                machine.lose_agent(now);
            }
            machine.program_writes_to_serial_port(now, &console);
        }
        GuestChange::PowersOff => {
            machine.says_good_bye(now, "Power down");
            machine.power = Power::Stopped;
            machine.stopped_by_platform = false;
            machine.system_stops(now);
            guest_runs::processes_end(resources, key);
        }
        GuestChange::Restarts => {
            machine.says_good_bye(now, "Restarting system");
            machine.system_stops(now);
            self::boot(resources, key);
        }
    }
}

/// The agent of a booted guest reports for the first time. A guest that waits for it is provisioned.
fn agent_is_ready(resources: &mut Resources, key: &str) {
    let now = resources.now;
    let Some(machine) = resources.machines.get_mut(key) else { return };
    let cloud_init = machine.guest.system.has("cloud-init");
    let system = &mut machine.guest.system;
    if system.identity.windows {
        if system.contents.is_deprovisioned() {
            windows::set_state(&mut system.contents, windows::COMPLETE);
        }
    } else {
        if system.contents.is_deprovisioned() {
            system.contents.provision(&system.identity, cloud_init);
            system.provisioned_at = Some(system.clock(now));
        }
        system.contents.boot_state(&system.identity);
    }
    machine.agent_appears();
    machine.writes_to_serial_port(now, &machine.ready_text());
    guest_runs::agent_takes_up_work(resources, key);
}

/// `POST {vm}/generalize`: at once, only a flag, seen only in the instance view. Never looks into the guest.
pub(crate) fn generalize(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let address = call.address.parent();
    let machine = resources.machines.get_mut(&address.key()).ok_or_else(|| not_found(&address))?;
    check(machine, MachineOperation::Generalize)?;
    machine.change += u64::from(!machine.generalized);
    machine.generalized = true;
    Ok(Reply::empty(StatusCode::OK))
}

/// Versions in creation from this machine will fail: their source was touched.
pub(crate) fn break_captures(resources: &mut Resources, machine: &str, how: &str) {
    let Some(record) = resources.machines.get(machine) else { return };
    let (id, captures) = (record.id.clone(), record.captures.clone());
    for capture in captures {
        if let Some(version) = resources.versions.get_mut(&capture) {
            version.broken = Some(ArmError::new(
                StatusCode::CONFLICT,
                "InternalOperationError",
                format!("The source virtual machine '{id}' {how} before the image version was created."),
            ));
        }
    }
}
