use azimage_simulator::{
    MachineChange,
    scenario::{ScriptFails, Seal},
};
use serde_json::{Value, json};

use crate::azure::{Answer, Azure, id, machine};

const SEAL: &str = "set -eu\nsystemd-run --unit=seal --on-active=20s --timer-property=AccuracySec=1s --collect /bin/sh -c 'cloud-init clean && waagent -force -deprovision+user && sync && systemctl poweroff'\necho started\n";

fn run(azure: &mut Azure, name: &str, script: &str) -> Answer {
    let body = json!({"location": "westeurope", "properties": {"source": {"script": script}}});
    azure.put(&machine("builder", &format!("/runCommands/{name}")), &body)
}

fn view(azure: &mut Azure, name: &str) -> Value {
    let path = format!("{}&$expand=instanceView", machine("builder", &format!("/runCommands/{name}")));
    azure.get(&path).body["properties"]["instanceView"].clone()
}

fn behave(azure: &mut Azure, change: MachineChange) {
    azure.simulator.change_machine(&id("virtualMachines/builder"), change).unwrap();
}

#[test]
fn a_script_runs_and_reports() {
    let mut azure = Azure::new();
    let answer = run(&mut azure, "hello", "echo hi\nexit 3");
    assert_eq!((answer.status, &answer.body["properties"]["provisioningState"]), (201, &json!("Creating")));
    assert_eq!(view(&mut azure, "hello")["executionState"], "Pending");
    azure.wait(11);
    assert_eq!(view(&mut azure, "hello")["executionState"], "Running");
    let deallocate = azure.post(&machine("builder", "/deallocate"));
    assert!(deallocate.message().contains("another operation is in progress"));
    azure.wait(10);
    let done = view(&mut azure, "hello");
    assert_eq!(
        (&done["executionState"], &done["exitCode"], &done["output"]),
        (&json!("Failed"), &json!(3), &json!("hi\n"))
    );
    assert_eq!(azure.operation(&answer)["status"], "Succeeded", "the platform ran it, that is all it says");
    let again = run(&mut azure, "hello", "echo hi\nexit 3");
    assert_eq!(again.status, 200, "the same order is not carried out twice");
    assert_eq!(view(&mut azure, "hello")["executionState"], "Failed");
    assert_eq!(azure.delete(&machine("builder", "/runCommands/hello")).status, 202);
    azure.wait(11);
    assert_eq!(azure.get(&machine("builder", "/runCommands/hello")).status, 404);
}

#[test]
fn a_detached_seal_reports_first_and_powers_off_later() {
    let mut azure = Azure::new();
    let answer = run(&mut azure, "seal", SEAL);
    azure.wait(21);
    assert_eq!(azure.operation(&answer)["status"], "Succeeded");
    assert_eq!(view(&mut azure, "seal")["executionState"], "Succeeded");
    assert_eq!(view(&mut azure, "seal")["output"], "started\n");
    azure.wait(35);
    let truth = azure.truth("builder");
    assert_eq!((&truth["guest"]["agent"], &truth["guest"]["deprovisioned"]), (&json!("Lost"), &json!(true)));
    azure.wait(5);
    assert!(azure.statuses("builder").contains(&"PowerState/stopped".to_owned()));
    let early = azure.post(&machine("builder", "/generalize"));
    assert!(early.message().contains("Please power off explicitly"), "{}", early.message());
    let agent = azure.get(&machine("builder", "/instanceView")).body["vmAgent"]["statuses"][0]["displayStatus"].clone();
    assert_eq!(agent, "Ready", "the heartbeat lags");
    azure.wait(120);
    let agent = azure.get(&machine("builder", "/instanceView")).body["vmAgent"]["statuses"][0]["displayStatus"].clone();
    assert_eq!(agent, "Not Ready");
    azure.post(&machine("builder", "/deallocate"));
    azure.wait(50);
    assert_eq!(azure.post(&machine("builder", "/generalize")).status, 200);
    assert_eq!(azure.truth("builder")["guest"]["deprovisioned"], true);
}

#[test]
fn a_seal_may_end_badly_in_three_ways() {
    for (seal, agent, deprovisioned) in
        [(Seal::Fails, "Ready", false), (Seal::Hangs, "Lost", false), (Seal::NeverPowersOff, "Lost", true)]
    {
        let mut azure = Azure::new();
        behave(&mut azure, MachineChange { seal: Some(seal), ..MachineChange::default() });
        run(&mut azure, "seal", SEAL);
        azure.wait(3600);
        let truth = azure.truth("builder");
        assert_eq!(truth["guest"]["agent"], agent, "{seal:?}");
        assert_eq!(truth["guest"]["deprovisioned"], deprovisioned, "{seal:?}");
        assert!(azure.statuses("builder").contains(&"PowerState/running".to_owned()), "{seal:?}");
        assert_eq!(truth["guest"]["unitsStarted"], 1, "{seal:?}");
    }
}

#[test]
fn a_failing_script_starts_nothing() {
    let mut azure = Azure::new();
    behave(&mut azure, MachineChange { script_fails: Some(ScriptFails::Always(7)), ..MachineChange::default() });
    run(&mut azure, "seal", SEAL);
    azure.wait(3600);
    assert_eq!(view(&mut azure, "seal")["exitCode"], 7);
    assert_eq!(azure.truth("builder")["guest"]["unitsStarted"], 0);
    assert!(azure.statuses("builder").contains(&"PowerState/running".to_owned()));
}

#[test]
fn deprovisioning_in_the_foreground_never_reports() {
    let mut azure = Azure::new();
    let answer = run(&mut azure, "seal", "waagent -force -deprovision+user");
    azure.wait(3600);
    assert_eq!(azure.operation(&answer)["status"], "InProgress");
    assert!(azure.post(&machine("builder", "/deallocate")).message().contains("another operation is in progress"));
    azure.wait(2000);
    let operation = azure.operation(&answer);
    assert_eq!(
        (&operation["status"], &operation["error"]["code"]),
        (&json!("Failed"), &json!("VMAgentStatusCommunicationError"))
    );
    assert_eq!(azure.truth("builder")["guest"]["deprovisioned"], true);
    assert_eq!(azure.post(&machine("builder", "/deallocate")).status, 202);
}

#[test]
fn a_machine_that_starts_again_is_provisioned_again() {
    let mut azure = Azure::new();
    run(&mut azure, "seal", SEAL);
    azure.wait(120);
    assert_eq!(azure.truth("builder")["guest"]["deprovisioned"], true);
    assert_eq!(azure.post(&machine("builder", "/start")).status, 202);
    azure.wait(60);
    assert_eq!(azure.truth("builder")["guest"]["deprovisioned"], false);
    assert_eq!(azure.truth("builder")["guest"]["agent"], "Ready");
}

#[test]
fn run_commands_need_a_running_machine() {
    let mut azure = Azure::new();
    azure.post(&machine("builder", "/deallocate"));
    azure.wait(60);
    assert!(run(&mut azure, "x", "true").message().contains("requires the VM to be running"));
}

#[test]
fn the_action_form_loses_the_exit_code_and_runs_alone() {
    let mut azure = Azure::new();
    let body = json!({"commandId": "RunShellScript", "script": ["echo out", "exit 9"]});
    let first = azure.call(http::Method::POST, &machine("builder", "/runCommand"), &body);
    assert_eq!(first.status, 202);
    let second = azure.call(http::Method::POST, &machine("builder", "/runCommand"), &body);
    assert_eq!((second.status, second.code()), (409, "Conflict"));
    azure.wait(21);
    let result = azure.get(&first.header("location").unwrap());
    assert_eq!(result.status, 200);
    assert!(result.body["value"][0]["message"].as_str().unwrap().contains("[stdout]\nout\n"));
    assert_eq!(result.body["value"][0]["code"], "ProvisioningState/succeeded");
}

#[test]
fn protected_parameters_are_used_but_never_shown() {
    let mut azure = Azure::new();
    let body = json!({"location": "westeurope", "properties": {
        "source": {"script": "exit $CODE"}, "protectedParameters": [{"name": "CODE", "value": "12"}]}});
    let answer = azure.put(&machine("builder", "/runCommands/p"), &body);
    assert!(!answer.body.to_string().contains("protectedParameters"));
    azure.wait(30);
    assert_eq!(view(&mut azure, "p")["exitCode"], 12);
}

#[test]
fn a_machine_holds_twenty_five_run_commands() {
    let mut azure = Azure::new();
    for index in 0..25 {
        assert_eq!(run(&mut azure, &format!("r{index}"), "echo hi").status, 201, "{index}");
        // A machine takes four updates a minute.
        azure.wait(15);
    }
    let one_more = run(&mut azure, "r25", "echo hi");
    assert_eq!((one_more.status, one_more.code()), (409, "RunCommandLimitExceeded"));
    azure.wait(30);
    azure.delete(&machine("builder", "/runCommands/r0"));
    azure.wait(30);
    assert_eq!(run(&mut azure, "r25", "echo hi").status, 201);
}

#[test]
fn removing_the_extension_frees_the_slot_of_a_stuck_action() {
    let mut azure = Azure::new();
    let act = |azure: &mut Azure, command: &str, script: &str| {
        let body = json!({"commandId": command, "script": [script]});
        azure.call(http::Method::POST, &machine("builder", "/runCommand"), &body)
    };
    let stuck = act(&mut azure, "RunShellScript", "sleep 5000");
    assert_eq!(stuck.status, 202);
    azure.wait(60);
    assert_eq!(act(&mut azure, "RunShellScript", "echo hi").code(), "Conflict");
    let removed = act(&mut azure, "RemoveRunCommandLinuxExtension", "");
    assert_eq!(removed.status, 202, "{removed:?}");
    assert_eq!(azure.operation(&stuck)["error"]["code"], "OperationPreempted");
    azure.wait(30);
    assert_eq!(azure.operation(&removed)["status"], "Succeeded");
    assert_eq!(act(&mut azure, "RunShellScript", "echo hi").status, 202);
}

/// A run command of the same name as one that was removed is another one: what was planned for the first never reaches it.
#[test]
fn a_run_command_is_not_ended_by_the_time_limit_of_one_that_was_removed() {
    let mut azure = Azure::new();
    let put = |azure: &mut Azure, script: &str| {
        let body = json!({"location": "westeurope",
            "properties": {"source": {"script": script}, "timeoutInSeconds": 100, "asyncExecution": true}});
        azure.put(&machine("builder", "/runCommands/same"), &body).status
    };
    assert_eq!(put(&mut azure, "exit 7"), 201);
    azure.wait(30);
    assert_eq!(azure.delete(&machine("builder", "/runCommands/same")).status, 202);
    azure.wait(30);
    assert_eq!(put(&mut azure, "sleep 60; echo done"), 201);
    azure.wait(55);
    assert_eq!(view(&mut azure, "same")["executionState"], "Running");
    azure.wait(40);
    let ended = view(&mut azure, "same");
    assert_eq!((&ended["executionState"], &ended["output"]), (&json!("Succeeded"), &json!("done\n")));
}
