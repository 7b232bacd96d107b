use azimage_simulator::{
    JournalQuery, MachineChange,
    scenario::{PowerState, Seal},
};
use http::Method;
use serde_json::{Value, json};

use crate::azure::{Azure, id, machine};

const SCENARIO: &str = "subscriptions: [{id: 11111111-1111-4111-8111-111111111111, resourceGroups: [{name: images,
    virtualMachines: [{name: watched, bootDiagnostics: true}, {name: kept, bootDiagnosticsStorage: https://mine.blob.core.windows.net/}]}]}]";

/// Deprovisions a minute later, says so on the serial port, and powers the machine off.
const SEAL: &str = "systemd-run --setenv=WORD=done --on-active=60s --timer-property=AccuracySec=1s sh -c '\nset -e\nwaagent -force -deprovision+user\nprintf \"\\nsealed %s\\n\" \"$WORD\" > /dev/ttyS0\nsystemctl poweroff'";
/// Half of what a run command takes, the unit's delay, deprovisioning.
const SEALED_AFTER: i64 = 10 + 60 + 15;
const LAG: i64 = 180;

fn run(azure: &mut Azure, name: &str) {
    let body = json!({"location": "westeurope", "properties": {"source": {"script": SEAL}}});
    assert_eq!(azure.put(&machine(name, "/runCommands/seal"), &body).status, 201);
}

/// What is shown of the log; nothing where there is none.
fn log(azure: &mut Azure, name: &str) -> String {
    let answer = azure.post(&machine(name, "/retrieveBootDiagnosticsData"));
    let uri = answer.body["serialConsoleLogBlobUri"].as_str().unwrap().to_owned();
    let blob = azure.get(&uri);
    let text = String::from_utf8(blob.response.body().to_vec()).unwrap();
    if blob.status == 404 { String::new() } else { text }
}

#[test]
fn the_serial_log_is_read_without_a_token_some_minutes_late_and_for_a_while() {
    let mut azure = Azure::with(SCENARIO);
    let refused = azure.post(&machine("builder", "/retrieveBootDiagnosticsData"));
    assert_eq!((refused.status, refused.code()), (409, "OperationNotAllowed"));
    let too_far = format!("{}&sasUriExpirationTimeInMinutes=2000", machine("watched", "/retrieveBootDiagnosticsData"));
    assert_eq!(azure.post(&too_far).status, 400);
    let answer =
        azure.post(&format!("{}&sasUriExpirationTimeInMinutes=60", machine("watched", "/retrieveBootDiagnosticsData")));
    let uri = answer.body["serialConsoleLogBlobUri"].as_str().unwrap().to_owned();
    azure.token = "none".to_owned();
    assert_eq!(azure.get(&uri).header("x-ms-error-code").as_deref(), Some("BlobNotFound"));
    azure.wait(LAG + 1);
    let log = azure.get(&uri);
    let text = String::from_utf8(log.response.body().to_vec()).unwrap();
    let key = azure.truth("watched")["guest"]["hostKeys"].as_str().unwrap().to_owned();
    assert!(log.status == 200 && text.contains(&key), "{text}");
    let signature = uri.split("sig=").nth(1).unwrap();
    assert_eq!(azure.get(&uri.replace(signature, "other")).status, 403);
    azure.wait(3600);
    assert_eq!(azure.get(&uri).status, 403, "the address expires after an hour");
    let journal = format!("{:?}", azure.simulator.requests(&JournalQuery::default()));
    assert!(!journal.contains(signature), "the signature is a secret");
}

#[test]
fn what_a_guest_writes_is_shown_later_and_stays_over_stops_and_starts() {
    let mut azure = Azure::with(SCENARIO);
    run(&mut azure, "watched");
    azure.wait(SEALED_AFTER + LAG - 2);
    let before = log(&mut azure, "watched");
    assert!(before.contains("watched login: ") && !before.contains("sealed"), "{before}");
    azure.wait(10);
    assert!(azure.statuses("watched").contains(&"PowerState/stopped".to_owned()));
    let after = log(&mut azure, "watched");
    assert!(after.contains("watched login: \r\nsealed done\r\n") && after.contains("Power down"), "{after}");
    assert!(after.len().is_multiple_of(512) && after.ends_with('\0'), "managed storage fills its pages up");
    azure.post(&machine("watched", "/start"));
    azure.wait(300);
    let booted = log(&mut azure, "watched");
    assert!(booted.rfind("Linux version ") > booted.rfind("sealed done"), "{booted}");
}

#[test]
fn only_a_unit_that_comes_to_its_end_writes() {
    for (seal, written) in [(Seal::Fails, false), (Seal::Hangs, false), (Seal::NeverPowersOff, true)] {
        let mut azure = Azure::with(SCENARIO);
        let change = MachineChange { seal: Some(seal), ..MachineChange::default() };
        azure.simulator.change_machine(&id("virtualMachines/watched"), change).unwrap();
        run(&mut azure, "watched");
        azure.wait(1000);
        assert_eq!(log(&mut azure, "watched").contains("sealed done"), written, "{seal:?}");
    }
    let mut azure = Azure::with(SCENARIO);
    run(&mut azure, "watched");
    azure.wait(SEALED_AFTER - 30);
    let stopped = MachineChange { power_state: Some(PowerState::Stopped), ..MachineChange::default() };
    azure.simulator.change_machine(&id("virtualMachines/watched"), stopped).unwrap();
    azure.wait(1000);
    assert!(!log(&mut azure, "watched").contains("sealed"), "somebody stopped it before");
}

#[test]
fn a_machine_that_runs_is_not_started_once_more() {
    let mut azure = Azure::with(SCENARIO);
    let change = |azure: &mut Azure, power_state| {
        let change = MachineChange { power_state: Some(power_state), ..MachineChange::default() };
        azure.simulator.change_machine(&id("virtualMachines/watched"), change).unwrap();
        azure.wait(1000);
        log(azure, "watched").matches("Linux version").count()
    };
    azure.wait(1000);
    let starts = log(&mut azure, "watched").matches("Linux version").count();
    assert_eq!(change(&mut azure, PowerState::Running), starts);
    assert_eq!(change(&mut azure, PowerState::Stopped), starts);
    assert_eq!(change(&mut azure, PowerState::Running), starts + 1);
}

#[test]
fn nothing_is_recorded_before_boot_diagnostics_are_on() {
    let mut azure = Azure::new();
    let path = machine("builder", "");
    let with = |properties: Value| json!({"properties": {"diagnosticsProfile": properties}});
    for wrong in [
        json!({"bootDiagnostics": {"enabled": true, "storageUrl": "https://mine"}}),
        json!({"bootDiagnostics": {"enabled": "yes"}}),
        json!({"bootDiagnostics": {"enabled": true, "storageUri": "http://mine"}}),
        json!({"serialConsole": true}),
    ] {
        let refused = azure.call(Method::PATCH, &path, &with(wrong.clone()));
        assert_eq!((refused.status, refused.code()), (400, "BadRequest"), "{wrong}");
    }
    assert_eq!(azure.post(&machine("builder", "/retrieveBootDiagnosticsData")).status, 409);
    let on = with(json!({"bootDiagnostics": {"enabled": true}}));
    assert_eq!(azure.call(Method::PATCH, &path, &on).status, 200);
    azure.wait(LAG + 10);
    assert_eq!(log(&mut azure, "builder"), "", "it has written nothing since");
    run(&mut azure, "builder");
    azure.wait(SEALED_AFTER + LAG + 1);
    let text = log(&mut azure, "builder");
    assert!(text.starts_with("\r\nsealed done\r\n"), "{text}");
}

#[test]
fn a_part_of_the_log_can_be_read() {
    let mut azure = Azure::with(SCENARIO);
    azure.wait(LAG + 1);
    let uri = azure.post(&machine("kept", "/retrieveBootDiagnosticsData")).body["serialConsoleLogBlobUri"].clone();
    let whole = azure.get(uri.as_str().unwrap()).response.body().clone();
    assert!(!whole.contains(&0), "an account of one's own has no pages");
    let length = whole.len();
    for (range, status, content_range, part) in [
        ("bytes=0-9", 206, Some(format!("bytes 0-9/{length}")), &whole[..10]),
        ("bytes=10-", 206, Some(format!("bytes 10-{}/{length}", length - 1)), &whole[10..]),
        ("bytes=5-999999", 206, Some(format!("bytes 5-{}/{length}", length - 1)), &whole[5..]),
        ("bytes=-10", 200, None, &whole[..]),
    ] {
        let answer = azure.call_with(Method::GET, uri.as_str().unwrap(), &Value::Null, &[("range", range)]);
        assert_eq!((answer.status, answer.header("content-range")), (status, content_range), "{range}");
        assert_eq!(&answer.response.body()[..], part, "{range}");
    }
    let beyond = azure.call_with(Method::GET, uri.as_str().unwrap(), &Value::Null, &[("range", "bytes=999999-")]);
    assert_eq!((beyond.status, beyond.header("x-ms-error-code").as_deref()), (416, Some("InvalidRange")));
}

#[test]
fn asking_for_the_log_is_no_write() {
    let mut azure = Azure::with(SCENARIO);
    azure.post(&machine("watched", "/retrieveBootDiagnosticsData"));
    let writes = azure.simulator.requests(&JournalQuery { writes: Some(true), ..JournalQuery::default() });
    assert!(writes.is_empty(), "{writes:?}");
}
