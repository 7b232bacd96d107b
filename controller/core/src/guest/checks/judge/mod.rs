//! Whether two machines that were made from a version prove it.

#[cfg(test)]
mod tests;

use azimage_crds::{MayWarn, ValidationCheckStatus};
use jiff::Timestamp;

use super::{Check, Report, Root};
use crate::{condition::clip, message::phrases};

/// How far a machine's clock may be off, in seconds.
const CLOCK_SECONDS: i64 = 600;

/// The oldest version of the Linux agent that Azure supports (Azure documentation, "Minimum version support for virtual machine agents
/// in Azure").
const LEAST_AGENT: &str = "2.2.53.1";

const SECTORS_OF_A_GIB: u64 = 2 * 1024 * 1024;

/// The longest detail that is kept, in bytes: also what looks like several signs to a schema is one byte or more.
const DETAIL_LIMIT: usize = 500;

/// What is expected of both machines.
#[derive(Clone, Debug)]
pub struct Expected<'a> {
    /// Units that may have failed, or the beginnings of their names with a `*` at the end.
    pub ignored_units: &'a [String],
    /// Accounts that people may log in with.
    pub allowed_accounts: &'a [String],
    /// Checks of azimage's own that only warn.
    pub warn_only: &'a [MayWarn],
    /// The user's checks.
    pub checks: &'a [Check],
    /// The time now, and what it was before the checks began.
    pub period: (Timestamp, Timestamp),
}

/// A machine, by the name that it was made with, and what it told.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'a> {
    /// The name.
    pub computer_name: &'a str,
    /// What it told.
    pub report: &'a Report,
}

phrases! {
    /// What azimage's own checks find on a machine that was made from a version.
    pub(crate) enum Finds ["`status.validation`"] {
        Hostname { is: String, wanted: String } =>
            "the machine calls itself {is} and was made as {wanted}: the image keeps the name of another machine",
        NoIdentity { what: &'static str } =>
            "the machine has no {what}",
        SameIdentity { what: String } =>
            "both machines have the same {what}: it comes with the image",
        NoClock => "the machine told no time",
        Clock { seconds: i64 } =>
            "the machine's clock is off by {seconds} seconds",
        NoNameServer =>
            "/etc/resolv.conf names no name server, or isn't there",
        Starting =>
            "the system didn't finish its start within five minutes: a unit hangs",
        NoName =>
            "the machine told no name",
        Units { units: String } =>
            "units have failed: {units}; those that have to be so in a closed network stand in spec.validation.ignoreFailedUnits",
        Accounts { accounts: String } =>
            "people can log in with accounts of the image: {accounts}; those that may be stand in spec.validation.allowAccounts",
        Unused { gib: u64 } =>
            "{gib} GiB of the OS disk belong to no partition: the image doesn't grow the partition of the root file system (on most \
             systems cloud-init does, with growpart of cloud-utils or cloud-guest-utils)",
        NotGrown { gib: u64, of: u64 } =>
            "the root file system has {gib} of the {of} GiB of its partition: the image doesn't grow it",
        OldAgent { is: String, least: String } =>
            "the guest agent has the version {is}, and Azure supports none below {least}: update the package walinuxagent",
        DidNotRun =>
            "it didn't run",
        ExitCode { code: i32, says: String } =>
            "exit code {code}{says}",
        TooLong { seconds: u64, says: String } =>
            "it took longer than its {seconds} seconds and was ended{says}",
    }
}

/// The checks of both machines, azimage's own first, and whether each passed.
pub fn judge(machines: [Identity<'_>; 2], expected: &Expected<'_>) -> [Vec<ValidationCheckStatus>; 2] {
    let [first, second] = machines;
    [of(first, second, expected), of(second, first, expected)]
}

fn of(machine: Identity<'_>, other: Identity<'_>, expected: &Expected<'_>) -> Vec<ValidationCheckStatus> {
    let report = machine.report;
    let mut all = vec![
        own("Hostname", hostname(machine)),
        own("Identity", identity(report, other.report)),
        own("Clock", clock(report, expected.period)),
        own("NameResolution", (!report.has_name_server).then_some(Finds::NoNameServer)),
        own("Units", if report.is_starting { Some(Finds::Starting) } else { units(report, expected.ignored_units) }),
        own("Accounts", accounts(report, expected.allowed_accounts)),
        may_warn(MayWarn::RootDisk, root_disk(report.root), expected),
        may_warn(MayWarn::AgentVersion, agent_version(report.agent_version.as_deref()), expected),
    ];
    all.extend(expected.checks.iter().map(|check| users(check, report)));
    all
}

fn own(name: &str, problem: Option<Finds>) -> ValidationCheckStatus {
    let detail = problem.map(|problem| clip(&problem.to_string(), DETAIL_LIMIT));
    ValidationCheckStatus { name: name.to_owned(), passed: detail.is_none(), warning: false, seconds: None, detail }
}

/// A check that only warns if that is asked for.
fn may_warn(check: MayWarn, problem: Option<Finds>, expected: &Expected<'_>) -> ValidationCheckStatus {
    let found = own(&check.to_string(), problem);
    if found.passed || !expected.warn_only.contains(&check) {
        return found;
    }
    ValidationCheckStatus { passed: true, warning: true, ..found }
}

fn hostname(machine: Identity<'_>) -> Option<Finds> {
    let is = &machine.report.hostname;
    let short = is.split('.').next().unwrap_or_default();
    let wanted = machine.computer_name;
    if is.is_empty() {
        return Some(Finds::NoName);
    }
    (!short.eq_ignore_ascii_case(wanted)).then(|| Finds::Hostname { is: is.clone(), wanted: wanted.to_owned() })
}

fn identity(report: &Report, other: &Report) -> Option<Finds> {
    if !report.identity.contains_key("machine-id") {
        return Some(Finds::NoIdentity { what: "machine-id (/etc/machine-id)" });
    }
    let mut same = report.identity.iter().filter(|(name, value)| other.identity.get(*name) == Some(value));
    same.next().map(|(name, _)| Finds::SameIdentity { what: name.clone() })
}

fn clock(report: &Report, (from, to): (Timestamp, Timestamp)) -> Option<Finds> {
    let Some(clock) = report.clock else { return Some(Finds::NoClock) };
    let early = from.as_second().saturating_sub(clock);
    let late = clock.saturating_sub(to.as_second());
    let off = early.max(late);
    (off > CLOCK_SECONDS).then_some(Finds::Clock { seconds: off })
}

fn units(report: &Report, ignored: &[String]) -> Option<Finds> {
    let is_ignored = |unit: &str| {
        ignored.iter().any(|name| name.strip_suffix('*').map_or(name == unit, |beginning| unit.starts_with(beginning)))
    };
    let failed: Vec<&str> = report.failed_units.iter().map(String::as_str).filter(|unit| !is_ignored(unit)).collect();
    (!failed.is_empty()).then(|| Finds::Units { units: failed.join(", ") })
}

fn accounts(report: &Report, allowed: &[String]) -> Option<Finds> {
    let found: Vec<&str> =
        report.accounts.iter().map(String::as_str).filter(|name| !allowed.iter().any(|known| known == name)).collect();
    (!found.is_empty()).then(|| Finds::Accounts { accounts: found.join(", ") })
}

/// The disk is a quarter larger than the image's, so what wasn't grown is told from what a file system or a table of partitions
/// takes for itself.
fn root_disk(root: Option<Root>) -> Option<Finds> {
    let Root { device, unused, file_system } = root?;
    let gib = |sectors: u64| sectors / SECTORS_OF_A_GIB;
    let disk = device.saturating_add(unused);
    if unused > disk / 10 {
        return Some(Finds::Unused { gib: gib(unused) });
    }
    let least = device / 10 * 9;
    (file_system < least).then(|| Finds::NotGrown { gib: gib(file_system), of: gib(device) })
}

fn agent_version(version: Option<&str>) -> Option<Finds> {
    let is = version?;
    let numbers = |version: &str| version.split('.').map(|part| part.parse().ok()).collect::<Option<Vec<u32>>>();
    let least = numbers(LEAST_AGENT)?;
    let too_old = numbers(is)? < least;
    too_old.then(|| Finds::OldAgent { is: is.to_owned(), least: LEAST_AGENT.to_owned() })
}

fn users(check: &Check, report: &Report) -> ValidationCheckStatus {
    let Some(ran) = report.checks.iter().find(|ran| ran.name == check.name) else {
        return ValidationCheckStatus { ..own(&check.name, Some(Finds::DidNotRun)) };
    };
    let says = if ran.says.is_empty() { String::new() } else { format!(": {}", ran.says) };
    let limit = check.script.time_limit.as_secs();
    let took = u64::try_from(ran.seconds).unwrap_or_default();
    let problem = match ran.exit_code {
        0 => None,
        124 | 137 if took >= limit => Some(Finds::TooLong { seconds: limit, says }),
        code => Some(Finds::ExitCode { code, says }),
    };
    ValidationCheckStatus { seconds: Some(ran.seconds), ..own(&check.name, problem) }
}
