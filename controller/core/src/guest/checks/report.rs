//! What the checks printed, understood. What isn't understood is left out: the guest may print anything.

use std::collections::BTreeMap;

use azimage_crds::ValidationTimings;

use crate::{condition::clip, guest::redact::redact};

const PREFIX: &str = "azimage: ";

/// So many units, accounts and checks are kept.
const MOST: usize = 32;

/// The longest time that a status holds.
pub const MOST_SECONDS: i64 = 1_000_000;

/// The longest version of an agent that is kept, in bytes.
const VERSION_LIMIT: usize = 32;

/// The longest text of a check that is kept, in bytes.
const TEXT_LIMIT: usize = 400;

/// What a machine tells of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Its own name.
    pub hostname: String,
    /// What belongs to it alone, by name: digests.
    pub identity: BTreeMap<String, String>,
    /// Seconds since 1970 by its clock.
    pub clock: Option<i64>,
    /// How long its start took, by its own clock.
    pub timings: ValidationTimings,
    /// The version of the guest agent that runs.
    pub agent_version: Option<String>,
    /// How large the root file system is, and what it lies in.
    pub root: Option<Root>,
    /// Whether it knows a name server.
    pub has_name_server: bool,
    /// It didn't finish its start within minutes.
    pub is_starting: bool,
    /// Units that have failed.
    pub failed_units: Vec<String>,
    /// Accounts that people could log in with, beside its own.
    pub accounts: Vec<String>,
    /// The user's checks.
    pub checks: Vec<Ran>,
    /// Whether it came to its end.
    pub is_whole: bool,
}

/// The root file system, in sectors of 512 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Root {
    /// The partition or disk that it lies in.
    pub device: u64,
    /// What nothing lies in behind the last partition of that disk.
    pub unused: u64,
    /// The file system itself, without what it needs for its own tables.
    pub file_system: u64,
}

/// A check of the user's that ran.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ran {
    /// Its name.
    pub name: String,
    /// Its exit code.
    pub exit_code: i32,
    /// How long it took.
    pub seconds: i32,
    /// The last lines that it printed, without secrets, if it failed.
    pub says: String,
}

/// Understands what the run command printed.
pub fn read(output: &str) -> Report {
    let mut report = Report::default();
    for line in output.lines().filter_map(|line| line.strip_prefix(PREFIX)) {
        let line: String = line.chars().filter(|sign| !sign.is_control()).collect();
        let (head, rest) = line.trim_end().split_once(' ').unwrap_or((line.trim_end(), ""));
        match head {
            "hostname" => rest.clone_into(&mut report.hostname),
            "identity" => {
                if let Some((name, digest)) = rest.split_once(' ').filter(|_| report.identity.len() < MOST) {
                    report.identity.insert(name.to_owned(), digest.to_owned());
                }
            }
            "clock" => report.clock = rest.parse().ok(),
            "boot" => report.timings = boot(rest),
            "agent" if !rest.is_empty() => report.agent_version = Some(clip(&redact(rest), VERSION_LIMIT)),
            "root" => report.root = root(rest),
            "still-starting" => report.is_starting = true,
            "name-server" => report.has_name_server = true,
            "failed-unit" => push(&mut report.failed_units, rest),
            "account" => push(&mut report.accounts, rest),
            "check" => report.checks.extend(ran(rest).filter(|_| report.checks.len() < MOST)),
            "check-says" => says(&mut report.checks, rest),
            "end" => report.is_whole = true,
            _ => {}
        }
    }
    for check in &mut report.checks {
        check.says = clip(&redact(&check.says), TEXT_LIMIT);
    }
    report
}

/// Seconds as a status can hold them: a guest's clock may be set at any time.
fn bounded(seconds: i64) -> i32 {
    i32::try_from(seconds.clamp(0, MOST_SECONDS)).unwrap_or_default()
}

/// How long the kernel took, until the system was up, until the agent was started, and all of the start.
fn boot(text: &str) -> ValidationTimings {
    let mut figures = text.split(' ').map(|figure| figure.parse().ok().map(bounded));
    let mut next = || figures.next().flatten();
    ValidationTimings {
        kernel_seconds: next(),
        boot_seconds: next(),
        agent_start_seconds: next(),
        first_boot_seconds: next(),
        ..ValidationTimings::default()
    }
}

fn root(text: &str) -> Option<Root> {
    let mut sectors = text.split(' ').map(|sectors| sectors.parse::<i64>().ok());
    // Partitions may end where the disk does, and its own table is there: what is behind them is nothing then.
    let mut next = || sectors.next()?.map(|sectors| u64::try_from(sectors).unwrap_or_default());
    Some(Root { device: next()?, unused: next()?, file_system: next()? })
}

fn push(all: &mut Vec<String>, one: &str) {
    if all.len() < MOST && !one.is_empty() {
        all.push(one.to_owned());
    }
}

fn ran(text: &str) -> Option<Ran> {
    let mut words = text.split(' ');
    let (name, exit_code, seconds) = (words.next()?, words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    Some(Ran { name: name.to_owned(), exit_code, seconds: bounded(seconds), says: String::new() })
}

fn says(checks: &mut [Ran], text: &str) {
    let (name, words) = text.split_once(' ').unwrap_or((text, ""));
    let Some(check) = checks.iter_mut().find(|check| check.name == name) else { return };
    if !check.says.is_empty() {
        check.says.push('\n');
    }
    check.says.push_str(words);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_report_is_understood_line_by_line() {
        let output = "noise\nazimage: hostname azimage-1 \nazimage: identity machine-id 0123456789abcdef\n\
            azimage: identity ssh-host-key-rsa fedc\nazimage: clock 1700000000\nazimage: boot 3 21 - 40\nazimage: name-server\n\
            azimage: agent 2.15.0.1\nazimage: root 1000 -1 900\n\
            azimage: failed-unit nfs.service\nazimage: account old\nazimage: check web 1 7\nazimage: check-says web password=hunter2\n\
            azimage: check-says web no\nazimage: check-says other x\nazimage: unheard of\nazimage: end\n";
        let report = read(output);
        assert_eq!(report.hostname, "azimage-1");
        assert_eq!(report.identity.get("machine-id").map(String::as_str), Some("0123456789abcdef"));
        assert_eq!((report.identity.len(), report.clock), (2, Some(1_700_000_000)));
        let timings = ValidationTimings {
            kernel_seconds: Some(3),
            boot_seconds: Some(21),
            first_boot_seconds: Some(40),
            ..ValidationTimings::default()
        };
        assert_eq!((report.timings, report.agent_version.as_deref()), (timings, Some("2.15.0.1")));
        assert_eq!(report.root, Some(Root { device: 1000, unused: 0, file_system: 900 }));
        assert!(report.has_name_server && report.is_whole);
        assert_eq!((report.failed_units, report.accounts), (vec!["nfs.service".to_owned()], vec!["old".to_owned()]));
        let says = "password=***\nno".to_owned();
        assert_eq!(report.checks, [Ran { name: "web".into(), exit_code: 1, seconds: 7, says }]);
    }

    proptest! {
        #[test]
        fn whatever_is_printed_is_bounded(output in "(azimage: (check|check-says|account|identity|clock|boot|agent|root|end)? ?[a-z0-9 \u{1b}é-]{0,80}\n?){0,120}") {
            let report = read(&output);
            prop_assert!(report.checks.len() <= MOST && report.accounts.len() <= MOST && report.identity.len() <= MOST);
            prop_assert!(report.agent_version.is_none_or(|version| version.len() <= VERSION_LIMIT));
            prop_assert!(report.checks.iter().all(|check| check.says.len() <= TEXT_LIMIT));
        }
    }
}
