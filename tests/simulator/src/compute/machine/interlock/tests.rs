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
