//! Which operation a machine's state allows (behaviour section 6).

use crate::{
    arm::error::ArmError,
    resources::machine::{Power, VirtualMachine},
};

/// Operations as Azure's refusals name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MachineOperation {
    Start,
    Restart,
    PowerOff,
    Deallocate,
    Generalize,
    Update,
    RunCommand,
    ManagedRunCommand,
    DeleteRunCommand,
}

impl MachineOperation {
    fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Restart => "restart",
            Self::PowerOff => "powerOff",
            Self::Deallocate => "deallocate",
            Self::Generalize => "generalize",
            Self::Update => "Update VM",
            Self::RunCommand | Self::ManagedRunCommand | Self::DeleteRunCommand => "runCommand",
        }
    }
}

/// Refuses `operation` where `machine` is in a state that does not allow it.
pub(crate) fn check(machine: &VirtualMachine, operation: MachineOperation) -> Result<(), ArmError> {
    use MachineOperation as Op;
    let (what, name) = (operation.name(), &machine.name);
    let refuse =
        |why: &str| Err(ArmError::not_allowed(format!("Operation '{what}' is not allowed on VM '{name}' {why}")));
    if machine.marked_for_deletion {
        return refuse(
            "since the VM is marked for deletion. You can only retry the Delete operation (or wait for an ongoing one to complete).",
        );
    }
    if machine.generalized && !matches!(operation, Op::Generalize | Op::Deallocate | Op::PowerOff) {
        return refuse("since the VM is generalized.");
    }
    if let Some(busy) = &machine.busy {
        match (busy.towards, operation) {
            // Run commands run side by side; the action form is limited by its own rule.
            (None, Op::ManagedRunCommand | Op::DeleteRunCommand | Op::RunCommand) => {}
            (None, Op::Update) => return Err(ArmError::concurrent()),
            (Some(towards), _) => {
                return Err(ArmError::not_allowed(format!(
                    "An ongoing operation is changing power state of Virtual Machine {name} to {towards}. Please perform \
                     operation {what} after some time."
                )));
            }
            (None, _) => return refuse("since another operation is in progress."),
        }
    }
    let running = matches!(machine.power, Power::Running | Power::Starting);
    let off = matches!(machine.power, Power::Deallocated | Power::Deallocating);
    match operation {
        // A guest that has shut itself down still holds its host until the platform stops it.
        Op::Generalize if running || (machine.power == Power::Stopped && !machine.stopped_by_platform) => refuse(
            "since the VM is running. Please power off explicitly in case you shut down the VM from inside the guest \
             operating system.",
        ),
        Op::Restart | Op::PowerOff if off => refuse("since the VM is either deallocated or marked to be deallocated."),
        Op::RunCommand | Op::ManagedRunCommand if !running => {
            Err(ArmError::not_allowed("The operation requires the VM to be running (or set to run)."))
        }
        Op::DeleteRunCommand if !running => {
            Err(ArmError::not_allowed("Cannot modify extensions in the VM when the VM is not running."))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::machine::Busy;

    fn machine(power: Power) -> VirtualMachine {
        let mut resources = crate::resources::Resources::new(1, jiff::Timestamp::UNIX_EPOCH);
        let group = crate::resources::Group {
            id: "/subscriptions/s/resourceGroups/rg".to_owned(),
            name: "rg".to_owned(),
            location: "westeurope".to_owned(),
            tags: serde_json::Value::Null,
        };
        let seed = crate::scenario::VirtualMachine { name: "vm".to_owned(), ..Default::default() };
        let mut machine = VirtualMachine::seeded(&mut resources, &group, &seed);
        machine.power = power;
        machine.stopped_by_platform = power != Power::Running;
        machine
    }

    #[test]
    fn each_state_refuses_with_its_own_words() {
        use MachineOperation as Op;
        let busy = |towards| Some(Busy { operation: uuid::Uuid::nil(), towards });
        let running = || machine(Power::Running);
        let stopped = || machine(Power::Stopped);
        let cases: Vec<(&str, VirtualMachine, Op, Option<&str>)> = vec![
            ("a running machine is not generalized", running(), Op::Generalize, Some("since the VM is running.")),
            (
                "a guest that shut itself down still needs an explicit stop",
                VirtualMachine { stopped_by_platform: false, ..stopped() },
                Op::Generalize,
                Some("Please power off explicitly"),
            ),
            ("a stopped machine is generalized", stopped(), Op::Generalize, None),
            ("a deallocated machine is generalized", machine(Power::Deallocated), Op::Generalize, None),
            (
                "a generalized machine never starts",
                VirtualMachine { generalized: true, ..stopped() },
                Op::Start,
                Some("'start' is not allowed on VM 'vm' since the VM is generalized."),
            ),
            (
                "a generalized machine is not updated",
                VirtualMachine { generalized: true, ..stopped() },
                Op::Update,
                Some("since the VM is generalized."),
            ),
            (
                "a generalized machine may be deallocated",
                VirtualMachine { generalized: true, ..stopped() },
                Op::Deallocate,
                None,
            ),
            (
                "no run command on a stopped machine",
                stopped(),
                Op::ManagedRunCommand,
                Some("requires the VM to be running"),
            ),
            (
                "no run command is deleted on a stopped machine",
                stopped(),
                Op::DeleteRunCommand,
                Some("Cannot modify extensions in the VM when the VM is not running."),
            ),
            (
                "a power change keeps others out",
                VirtualMachine { busy: busy(Some("deallocated")), ..running() },
                Op::Start,
                Some("An ongoing operation is changing power state of Virtual Machine vm to deallocated."),
            ),
            (
                "a running script keeps a deallocation out",
                VirtualMachine { busy: busy(None), ..running() },
                Op::Deallocate,
                Some("since another operation is in progress."),
            ),
            (
                "a second run command may come",
                VirtualMachine { busy: busy(None), ..running() },
                Op::ManagedRunCommand,
                None,
            ),
            (
                "two updates at once conflict",
                VirtualMachine { busy: busy(None), ..running() },
                Op::Update,
                Some("concurrent request"),
            ),
            (
                "a machine marked for deletion only goes on being deleted",
                VirtualMachine { marked_for_deletion: true, ..running() },
                Op::Deallocate,
                Some("marked for deletion"),
            ),
            (
                "a deallocated machine does not restart",
                machine(Power::Deallocated),
                Op::Restart,
                Some("either deallocated or"),
            ),
        ];
        for (name, machine, operation, refusal) in cases {
            match (check(&machine, operation), refusal) {
                (Ok(()), None) => {}
                (Err(error), Some(text)) => {
                    assert_eq!(error.status, http::StatusCode::CONFLICT, "{name}");
                    assert!(error.message.contains(text), "{name}: {}", error.message);
                }
                (result, _) => panic!("{name}: {result:?}"),
            }
        }
    }
}
