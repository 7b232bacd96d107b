//! Both machines are up: they are looked into, and then it is known how good the version is.

use azimage_crds::{ValidationCheckStatus, ValidationMachine, ValidationOutcome, ValidationStatus, ValidationTimings};
use azimage_names::Region;
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::{
    super::super::{
        Doubt, Execution, Read, Request, Requeue, RunCommandRequest, Step, StepKey, StepName, ValidationSpec,
        context::{Answer, Cx},
        facts,
        report::{Decision, Report, Stop, ends},
    },
    TWINS, end, make, record, speed,
    words::{Failed, Impossible, Words},
};
use crate::{
    Message as _, Progress,
    guest::checks::{self, Asked, Expected, Identity},
    temporary::{LIFE_OF_A_VALIDATION, Part, Purpose, Twin, tags},
};

/// How long the end of a script may take to be told, beside its own time.
const REPORTING_SECONDS: u64 = 900;

fn starting(twin: Twin) -> StepKey {
    StepKey::on_part(StepName::RunChecks, Part::ValidationMachine(twin))
}

/// The machines are looked into. `now` is when they were read, by Azure's clock, which is also theirs.
pub(super) fn checks(
    cx: &Cx<'_>,
    spec: &ValidationSpec,
    (region, now, all_ready): (&Region, Option<Timestamp>, bool),
    attempt: &mut ValidationStatus,
    report: &mut Report,
) -> Decision {
    let mut ended = Vec::new();
    for twin in TWINS {
        let command = match cx.run_command(spec.command(twin))? {
            Answer::Found(command) => command,
            Answer::Missing(_) => {
                let doubt = Doubt::Absent(Read::RunCommand(spec.command(twin).clone()));
                let was_there =
                    super::begun(cx, StepName::RunChecks, twin, attempt).is_some_and(|it| it.finished_at.is_some());
                let believed = !was_there || cx.history.believes(&doubt);
                report.doubts(doubt);
                if !believed || !all_ready {
                    return report.wait(&Words::Checking);
                }
                return report.act(&Words::Checking, step(cx, spec, region, twin));
            }
            Answer::Failed(failure) => {
                return Err(Stop::Failed(failure.clone(), "read how the checks on a machine stand"));
            }
        };
        report.finished.insert(starting(twin));
        if is_over(&command.execution) {
            ended.push((twin, command));
        } else if is_late(cx, spec, (twin, now), attempt) {
            let why = ", and their time is up".to_owned();
            return end::fails(cx, attempt, &Failed::NoReport { machine: twin.to_string(), why }, report);
        }
    }
    let [first, second] = ended.as_slice() else { return report.wait(&Words::Checking) };
    decided(cx, spec, ([*first, *second], now), attempt, report)
}

fn step(cx: &Cx<'_>, spec: &ValidationSpec, region: &Region, twin: Twin) -> Step {
    let (owner, now) = (cx.validated.owner.to_string(), cx.history.now);
    let limit = checks::time_limit(&spec.checks).as_secs();
    let request = RunCommandRequest {
        id: spec.command(twin).clone(),
        location: region.clone(),
        timeout_seconds: i32::try_from(limit).unwrap_or(i32::MAX),
        asynchronous: true,
        tags: tags(&owner, Purpose::Validation, (now, LIFE_OF_A_VALIDATION), &spec.workspace.tags),
        script: checks::script(&Asked {
            ignored_units: &spec.ignored_units,
            allowed_accounts: &spec.allowed_accounts,
            checks: &spec.checks,
        }),
    };
    Step::on_part(StepName::RunChecks, Part::ValidationMachine(twin), Request::PutRunCommand(Box::new(request)))
}

fn is_over(execution: &Execution) -> bool {
    matches!(execution, Execution::Succeeded | Execution::Failed | Execution::TimedOut | Execution::Canceled)
}

fn is_late(
    cx: &Cx<'_>,
    spec: &ValidationSpec,
    (twin, now): (Twin, Option<Timestamp>),
    attempt: &ValidationStatus,
) -> bool {
    let limit = checks::time_limit(&spec.checks).as_secs().saturating_add(REPORTING_SECONDS);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    // After a lost status the attempt itself is all that is known.
    let Some(record) = super::begun(cx, StepName::RunChecks, twin, attempt) else {
        return !cx.history.within(attempt.started_at.0, limit);
    };
    // By Azure's clock, where both times are known by it: ours may have been set since.
    let by_azure = record.azure_time.as_ref().zip(now).map(|(begun, now)| now.as_second() - begun.0.as_second());
    by_azure.map_or_else(|| !cx.history.within(record.started_at.0, limit), |seconds| seconds >= limit)
}

/// What both machines told is judged.
fn decided(
    cx: &Cx<'_>,
    spec: &ValidationSpec,
    (ended, now): ([(Twin, &facts::RunCommand); 2], Option<Timestamp>),
    attempt: &mut ValidationStatus,
    report: &mut Report,
) -> Decision {
    let told = ended.map(|(twin, command)| (twin, command, checks::read(&command.output)));
    for (twin, command, found) in &told {
        if let Some(record) = record(attempt, *twin) {
            keep(record, found);
        }
        // That nothing was said at all is no word about the image: somebody or something ended it.
        if command.execution != Execution::Succeeded && *found == checks::Report::default() {
            let machine = twin.to_string();
            return end::begins_again(cx, attempt, &Impossible::NotRun { machine }, report);
        }
        if !found.is_whole {
            let code = command.exit_code.map(|code| format!(" (exit code {code})")).unwrap_or_default();
            let words = &command.printed.words;
            let said = if words.is_empty() { String::new() } else { format!(": {words}") };
            let why = format!("{code}{said}");
            return end::fails(cx, attempt, &Failed::NoReport { machine: twin.to_string(), why }, report);
        }
    }
    let names = TWINS.map(make::computer_name);
    let [(_, _, first), (_, _, second)] = &told;
    let [first_name, second_name] = &names;
    let expected = Expected {
        ignored_units: &spec.ignored_units,
        allowed_accounts: &spec.allowed_accounts,
        warn_only: &spec.warn_only,
        checks: &spec.checks,
        period: (begun(cx, attempt), now.unwrap_or(Timestamp::MAX)),
    };
    let machines = [
        Identity { computer_name: first_name, report: first },
        Identity { computer_name: second_name, report: second },
    ];
    let judged = checks::judge(machines, &expected);
    for (twin, found) in TWINS.into_iter().zip(judged) {
        if let Some(record) = record(attempt, twin) {
            record.checks = found;
        }
    }
    compare(cx, spec, attempt);
    let Some(Told { machine, check, detail, others }) = told_first(attempt, |check| !check.passed) else {
        end::end_as(ValidationOutcome::Passed, cx, attempt);
        attempt.azure_time = now.map(Time);
        passed(attempt, report);
        // What comes next is seen by the next pass.
        report.progress = Progress::reconciling(Words::Checking.reason(), Words::Passed.to_string());
        return ends(None, Requeue::Poll);
    };
    end::fails(cx, attempt, &Failed::Check { machine, check, detail, others }, report)
}

/// What a machine told of itself, as far as the status has it.
fn keep(record: &mut ValidationMachine, found: &checks::Report) {
    let azures = record.timings.take().unwrap_or_default();
    record.timings = Some(ValidationTimings {
        provisioning_seconds: azures.provisioning_seconds,
        agent_seconds: azures.agent_seconds,
        ..found.timings.clone()
    });
    record.agent_version.clone_from(&found.agent_version);
}

/// The machines are compared with those of the last good versions, if that is asked for.
fn compare(cx: &Cx<'_>, spec: &ValidationSpec, attempt: &mut ValidationStatus) {
    let Some(limit) = &spec.max_slowdown else { return };
    let found = speed::judge(&attempt.machines, &cx.validated.good, limit);
    for (machine, found) in attempt.machines.iter_mut().zip(found) {
        // The user's stand behind azimage's own.
        let at = machine.checks.len().saturating_sub(spec.checks.len());
        machine.checks.splice(at..at, found);
    }
}

/// The version passed. What warns stands in the status, so the words stay as they are.
pub(super) fn passed(told: &ValidationStatus, report: &mut Report) {
    match told_first(told, |check| check.warning) {
        None => report.done(&Words::Passed),
        Some(Told { machine, check, detail, others }) => {
            report.done(&Words::PassedWithWarning { machine, check, detail, others });
        }
    }
}

/// Whether a check of a version that passed warns.
pub(super) fn warns(told: &ValidationStatus) -> bool {
    told_first(told, |check| check.warning).is_some()
}

/// The first of some checks, for people.
struct Told {
    machine: String,
    check: String,
    detail: String,
    others: String,
}

fn told_first(attempt: &ValidationStatus, is: fn(&ValidationCheckStatus) -> bool) -> Option<Told> {
    let of = |machine: &'_ ValidationMachine| {
        let checks = machine.checks.iter().filter(|check| is(check));
        checks.map(|check| (machine.name.clone(), check.clone())).collect::<Vec<_>>()
    };
    let all: Vec<_> = attempt.machines.iter().flat_map(of).collect();
    let (machine, check) = all.first()?;
    let others = match all.len() - 1 {
        0 => String::new(),
        count => format!(", and {count} more (status.validation)"),
    };
    let detail = check.detail.clone().unwrap_or_default();
    Some(Told { machine: machine.clone(), check: check.name.clone(), detail, others })
}

/// When the first of the checks began by Azure's clock, as far as anybody knows: a status that was lost tells of none.
fn begun(cx: &Cx<'_>, attempt: &ValidationStatus) -> Timestamp {
    let of = |twin| {
        super::begun(cx, StepName::RunChecks, twin, attempt).and_then(|record| Some(record.azure_time.as_ref()?.0))
    };
    TWINS.map(of).into_iter().min().flatten().unwrap_or(Timestamp::MIN)
}
