//! Machines that prove a version, and that don't.

use std::time::Duration;

use super::*;
use crate::guest::{UserScript, checks::Ran};

fn report(name: &str) -> Report {
    let identity = [("machine-id", format!("id of {name}")), ("ssh-host-key-rsa", format!("key of {name}"))];
    Report {
        hostname: name.to_owned(),
        identity: identity.map(|(kind, value)| (kind.to_owned(), value)).into(),
        clock: Some(1_000_000),
        agent_version: Some("2.15.0.1".into()),
        root: Some(Root { device: 38 * SECTORS_OF_A_GIB, unused: 34, file_system: 37 * SECTORS_OF_A_GIB }),
        has_name_server: true,
        is_whole: true,
        ..Report::default()
    }
}

fn judged(change: impl Fn(&mut Report, &mut Report)) -> Vec<String> {
    let (mut first, mut second) = (report("a"), report("b"));
    change(&mut first, &mut second);
    let at = |seconds| Timestamp::from_second(seconds).unwrap();
    let script = UserScript { text: "true".into(), time_limit: Duration::from_secs(60) };
    let expected = Expected {
        ignored_units: &["nfs*".to_owned(), "one.service".to_owned()],
        allowed_accounts: &["deploy".to_owned()],
        warn_only: &[],
        checks: &[Check { name: "web".into(), script }],
        period: (at(1_000_000), at(1_000_100)),
    };
    let machines = [Identity { computer_name: "a", report: &first }, Identity { computer_name: "B", report: &second }];
    let [first, second] = judge(machines, &expected);
    let name = |of: &str, check: &ValidationCheckStatus| format!("{of} {}", check.name);
    let failed = |of: &'static str, checks: Vec<ValidationCheckStatus>| {
        checks.into_iter().filter(|check| !check.passed).map(move |check| name(of, &check))
    };
    failed("a", first).chain(failed("b", second)).collect()
}

fn root(device: u64, unused: u64, file_system: u64) -> Root {
    let [device, unused, file_system] = [device, unused, file_system].map(|gib| gib * SECTORS_OF_A_GIB);
    Root { device, unused, file_system }
}

#[test]
fn what_only_warns_passes_and_says_what_it_found() {
    let machine = Report { root: Some(root(30, 8, 29)), agent_version: Some("2.2.1".into()), ..report("a") };
    let expected = Expected {
        ignored_units: &[],
        allowed_accounts: &[],
        warn_only: &[MayWarn::RootDisk],
        checks: &[],
        period: (Timestamp::MIN, Timestamp::MAX),
    };
    let one = Identity { computer_name: "a", report: &machine };
    let [found, _] = judge([one, one], &expected);
    let of = |name: &str| found.iter().find(|check| check.name == name).unwrap();
    let (root, agent) = (of("RootDisk"), of("AgentVersion"));
    assert!(root.passed && root.warning && root.detail.as_ref().unwrap().starts_with("8 GiB of the OS disk"));
    assert!(!agent.passed && !agent.warning && agent.detail.as_ref().unwrap().contains("2.2.53.1"));
}

/// What is otherwise with two machines.
type Change = fn(&mut Report, &mut Report);

#[test]
fn machines_pass_that_are_well_and_share_nothing() {
    let ran = |exit_code| Ran { name: "web".into(), exit_code, seconds: 60, says: String::new() };
    let rows: [(&str, Change, &[&str]); 24] = [
        ("all is well", |_, _| {}, &[]),
        ("another name", |a, _| a.hostname = "old".into(), &["a Hostname"]),
        ("a name with its domain", |a, _| a.hostname = "a.internal".into(), &[]),
        (
            "a shared machine-id",
            |a, b| b.identity = [("machine-id".to_owned(), a.identity["machine-id"].clone())].into(),
            &["a Identity", "b Identity"],
        ),
        (
            "a shared host key",
            |a, b| {
                let key = a.identity["ssh-host-key-rsa"].clone();
                b.identity.insert("ssh-host-key-rsa".into(), key);
            },
            &["a Identity", "b Identity"],
        ),
        ("no machine-id", |_, b| b.identity.clear(), &["b Identity"]),
        (
            "no SSH",
            |a, b| {
                a.identity.remove("ssh-host-key-rsa");
                b.identity.remove("ssh-host-key-rsa");
            },
            &[],
        ),
        ("a clock that is behind", |a, _| a.clock = Some(999_399), &["a Clock"]),
        ("a clock that is before", |_, b| b.clock = Some(1_000_701), &["b Clock"]),
        ("no time", |a, _| a.clock = None, &["a Clock"]),
        ("no name", |a, _| a.hostname.clear(), &["a Hostname"]),
        ("a start that never ends", |a, _| a.is_starting = true, &["a Units"]),
        ("no name server", |a, _| a.has_name_server = false, &["a NameResolution"]),
        ("units that may fail", |a, _| a.failed_units = vec!["nfs-client.service".into(), "one.service".into()], &[]),
        ("a unit that may not", |a, _| a.failed_units = vec!["one.serviced".into()], &["a Units"]),
        ("a partition that wasn't grown", |a, _| a.root = Some(root(30, 8, 29)), &["a RootDisk"]),
        ("a file system that wasn't grown", |_, b| b.root = Some(root(38, 0, 29)), &["b RootDisk"]),
        ("a root that isn't told", |a, _| a.root = None, &[]),
        ("a root of nothing", |a, _| a.root = Some(root(0, 0, 0)), &[]),
        ("an old agent", |a, _| a.agent_version = Some("2.2.52".into()), &["a AgentVersion"]),
        ("the oldest agent that may be", |a, _| a.agent_version = Some("2.2.53.1".into()), &[]),
        ("an agent of two digits", |a, _| a.agent_version = Some("2.10".into()), &[]),
        ("an agent that tells no version", |a, _| a.agent_version = Some("unknown".into()), &[]),
        (
            "an account",
            |a, b| {
                a.accounts = vec!["deploy".into()];
                b.accounts = vec!["deploy".into(), "old".into()];
            },
            &["b Accounts"],
        ),
    ];
    for (name, change, expected) in rows {
        let found = judged(|a, b| {
            a.checks = vec![ran(0)];
            b.checks = vec![ran(0)];
            change(a, b);
        });
        assert_eq!(found, expected, "{name}");
    }
    for code in [1, 124, 137, 126] {
        let found = judged(|a, b| {
            a.checks = vec![ran(code)];
            b.checks = vec![ran(0)];
        });
        assert_eq!(found, ["a web"], "{code}");
    }
    assert_eq!(judged(|_, _| {}), ["a web", "b web"], "one that didn't run didn't pass");
}
