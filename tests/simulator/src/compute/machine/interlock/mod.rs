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
    let forbidden = machine.properties["osProfile"]["allowExtensionOperations"] == false;
    match operation {
        Op::RunCommand | Op::ManagedRunCommand if forbidden => Err(ArmError::not_allowed(
            "This operation cannot be performed when extension operations are disallowed. To allow, please ensure VM Agent is \
             installed on the VM and the osProfile.allowExtensionOperations property is true.",
        )),
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
mod tests;
