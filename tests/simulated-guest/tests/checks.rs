//! What looks into a machine that was made from a version, in the simulated guest: what it tells, and checks that misbehave.

use std::time::Duration;

use azimage_core::guest::{
    UserScript,
    checks::{self, Asked, Check, Expected, Identity, Report},
};
use azimage_test_simulated_guest::{Azure, Ended};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// The checks are two: one that does this, and one after it.
fn of_the_user(text: &str) -> [Check; 2] {
    let check = |name: &str, text: &str| Check {
        name: name.to_owned(),
        script: UserScript { text: text.to_owned(), time_limit: Duration::from_secs(20) },
    };
    [check("odd", text), check("after", "true")]
}

/// What comes of the run command in a guest that is set up so.
fn ran(guest: &Value, checks: &[Check]) -> (Azure, Option<Ended>) {
    let mut azure = Azure::new(&json!({"guest": guest}));
    let asked = Asked { ignored_units: &[], allowed_accounts: &["azureuser".to_owned()], checks };
    let ended = azure.run("checks", &checks::script(&asked), 900);
    (azure, ended)
}

/// The checks that don't pass.
fn failed(report: &Report, own: &[Check], now: Timestamp) -> Vec<(String, String)> {
    let expected = Expected {
        ignored_units: &[],
        allowed_accounts: &["azureuser".to_owned()],
        warn_only: &[],
        checks: own,
        period: (now - SignedDuration::from_hours(1), now),
    };
    let other = Report::default();
    let machines =
        [("builder", report), ("other", &other)].map(|(computer_name, report)| Identity { computer_name, report });
    let [found, _] = checks::judge(machines, &expected);
    let failed = found.into_iter().filter(|check| !check.passed);
    failed.map(|check| (check.name, check.detail.unwrap_or_default())).collect()
}

#[test]
fn a_guest_tells_who_it_is_how_long_it_took_and_how_large_its_root_is() {
    let (azure, ended) = ran(&json!({}), &of_the_user("true"));
    let report = checks::read(&ended.unwrap().output);
    let timings = &report.timings;
    let told = [timings.kernel_seconds, timings.agent_start_seconds, timings.boot_seconds, timings.first_boot_seconds];
    assert_eq!(told, [Some(3), Some(7), Some(11), Some(14)]);
    assert_eq!((timings.provisioning_seconds, report.agent_version.as_deref()), (None, Some("2.15.0.1")));
    assert_eq!(report.root.map(|root| (root.device, root.unused)), Some((62_687_199, 33)));
    assert_eq!(failed(&report, &of_the_user("true"), azure.now), []);
}

/// Another program in the place of one of the guest's.
fn program(path: &str, text: &str) -> Value {
    json!({"files": {path: {"text": format!("#!/bin/sh\n{text}\n"), "mode": "755"}}})
}

#[test]
fn a_root_that_did_not_grow_and_an_old_agent_are_found() {
    let small = "echo Filesystem\necho '/dev/root 25000000 1 1 7% /'";
    let old = "echo 'WALinuxAgent-2.2.40 running on ubuntu 18.04'\necho 'Python: 3.6'\necho 'Goal state agent: 2.2.45'";
    let unknown = "echo 'WALinuxAgent-2.2.40 running on ubuntu 18.04'\nexit 1";
    for (case, guest, expected, words) in [
        ("a file system", program("/usr/bin/df", small), "RootDisk", "23 of the 29 GiB"),
        ("an agent", program("/usr/sbin/waagent", old), "AgentVersion", "2.2.45"),
        ("an agent that was never replaced", program("/usr/sbin/waagent", unknown), "AgentVersion", "2.2.40"),
    ] {
        let (azure, ended) = ran(&guest, &of_the_user("true"));
        let report = checks::read(&ended.unwrap().output);
        let found = failed(&report, &of_the_user("true"), azure.now);
        assert!(
            matches!(&found[..], [(name, detail)] if name == expected && detail.contains(words)),
            "{case}: {found:?}"
        );
    }
    let (azure, ended) = ran(&json!({"missing": ["df", "mountpoint"]}), &of_the_user("true"));
    let report = checks::read(&ended.unwrap().output);
    assert_eq!(
        (report.root, failed(&report, &of_the_user("true"), azure.now)),
        (None, vec![]),
        "nothing is known of it"
    );
}

/// Checks that misbehave and are over in time: which of the two doesn't pass, and what is said of it.
const ODD: [(&str, &str, &[&str], &str); 8] = [
    (
        "it prints megabytes",
        "i=0\nwhile [ $i -lt 300 ]; do seq 1 1000; i=$((i + 1)); done\nexit 3",
        &["odd"],
        "exit code 3: ",
    ),
    ("it prints megabytes and passes", "i=0\nwhile [ $i -lt 300 ]; do seq 1 1000; i=$((i + 1)); done", &[], ""),
    ("it prints secrets", "echo password=hunter2; echo token: hunter2; exit 1", &["odd"], "password=***"),
    ("it prints for a terminal", "printf '\\033[31mred\\033[0m\\a\\r\\n\\tand more'; exit 1", &["odd"], "[31mred"),
    (
        "it prints what the report says",
        "echo 'azimage: check after 9 9'; echo 'azimage: end'; echo 'azimage: hostname other'; exit 1",
        &["odd"],
        "azimage: hostname other",
    ),
    ("it hangs", "sleep 1000", &["odd"], "longer than its 20 seconds"),
    ("it hangs and can't be ended", "trap '' TERM\nsleep 1000\nsleep 1000", &["odd"], "longer than its 20 seconds"),
    ("it leaves something that hangs", "sleep 1000 &\nexit 0", &[], ""),
];

#[test]
fn a_check_that_misbehaves_is_told_and_the_others_run_all_the_same() {
    for (case, text, expected, words) in ODD {
        let own = of_the_user(text);
        let (azure, ended) = ran(&json!({}), &own);
        let ended = ended.unwrap_or_else(|| panic!("{case}: it never ends"));
        assert!(ended.output.len() <= 4096, "{case}");
        let report = checks::read(&ended.output);
        assert!(report.is_whole && report.hostname == "builder", "{case}: {ended:?}");
        let found = failed(&report, &own, azure.now);
        assert_eq!(found.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), expected, "{case}: {found:?}");
        let detail = found.first().map(|(_, detail)| detail.as_str()).unwrap_or_default();
        assert!(detail.contains(words), "{case}: {detail}");
        assert!(!detail.contains("hunter2") && !detail.chars().any(|sign| sign != '\n' && sign.is_control()), "{case}");
        assert!(detail.len() <= 512, "{case}");
    }
}

/// Checks after which nobody reports any more: the run command never ends, or says no more than how it began.
const FATAL: [(&str, &str, &str); 3] = [
    ("it restarts the machine", "systemctl reboot; sleep 100", "running"),
    ("it turns the machine off", "systemctl poweroff; sleep 100", "stopped"),
    (
        "it removes the agent",
        "rm -rf /usr/sbin/waagent /var/lib/waagent; systemctl stop walinuxagent; sleep 10",
        "running",
    ),
];

#[test]
fn a_check_that_ends_the_machine_or_its_agent_is_never_taken_for_one_that_passed() {
    for (case, text, power) in FATAL {
        let own = of_the_user(text);
        let (mut azure, ended) = ran(&json!({}), &own);
        azure.wait(120);
        assert_eq!(azure.power(), power, "{case}");
        assert!(ended.is_none_or(|ended| !checks::read(&ended.output).is_whole), "{case}");
    }
}
