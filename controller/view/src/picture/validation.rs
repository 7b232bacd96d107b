//! The machines that prove a version.

use azimage_crds::{ImageVersion, RegionValidation, ValidationMachine, ValidationOutcome};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::{Detail, counted};
use crate::{
    clock::{Clock, short},
    line::Line,
    mark::Mark,
    rows::{self, Row},
};

pub(super) fn lines(version: &ImageVersion, clock: &Clock, detail: Detail, width: usize) -> Vec<Line> {
    let Some(validation) = version.status.as_ref().and_then(|status| status.validation.as_ref()) else {
        return Vec::new();
    };
    let mark = mark_of(validation.outcome);
    let everywhere = validation.regions.iter().all(|region| region.outcome == ValidationOutcome::Passed);
    if detail == Detail::Brief && mark == Mark::Yes && everywhere {
        return Vec::new();
    }
    let took = took(&validation.started_at, validation.finished_at.as_ref(), clock);
    let mut words = vec![format!("in {} {took}", validation.region)];
    if validation.attempts > 1 {
        words.push(format!("attempt {}", validation.attempts));
    }
    if validation.again {
        words.push("begins again once the machines of the last attempt are gone".to_owned());
    }
    let words = words.join(", ");
    let mut lines = rows::lines(&[Row::new(mark, &["validation", &validation.outcome.to_string()], &words)], 2, width);
    for machine in &validation.machines {
        lines.extend(rows::lines(&[machine_row(machine, mark)], 4, width));
        lines.extend(rows::lines(&checks(machine, detail), 6, width));
    }
    for region in &validation.regions {
        lines.extend(rows::lines(&[region_row(region, clock)], 4, width));
        for machine in region.machines.iter().filter(|_| region.outcome != ValidationOutcome::Passed) {
            lines.extend(rows::lines(&checks(machine, detail), 6, width));
        }
    }
    lines
}

fn mark_of(outcome: ValidationOutcome) -> Mark {
    match outcome {
        ValidationOutcome::Running => Mark::Working,
        ValidationOutcome::Passed => Mark::Yes,
        ValidationOutcome::Failed | ValidationOutcome::Impossible => Mark::No,
    }
}

fn took(started: &Time, finished: Option<&Time>, clock: &Clock) -> String {
    match finished {
        Some(end) => format!("after {}", short(clock.between(started.0, end.0))),
        None => format!("for {}", short(clock.since(started.0))),
    }
}

fn region_row(region: &RegionValidation, clock: &Clock) -> Row {
    let took = took(&region.started_at, region.finished_at.as_ref(), clock);
    let words: Vec<&str> = [took.as_str()].into_iter().chain(region.detail.as_deref()).collect();
    Row::new(mark_of(region.outcome), &[&region.name, &region.outcome.to_string()], &words.join(", "))
}

fn machine_row(machine: &ValidationMachine, of_all: Mark) -> Row {
    let passed = machine.checks.iter().filter(|check| check.passed).count();
    let failed = machine.checks.len() - passed;
    let mark = match (machine.checks.is_empty(), failed) {
        (true, _) if of_all == Mark::Yes => Mark::Yes,
        (true, _) => Mark::Working,
        (false, 0) => Mark::Yes,
        (false, _) => Mark::No,
    };
    let mut words = Vec::new();
    let timings = machine.timings.as_ref();
    words.extend(timings.and_then(|it| it.agent_seconds).map(|seconds| format!("agent after {seconds}s")));
    words.extend(timings.and_then(|it| it.boot_seconds).map(|seconds| format!("up after {seconds}s")));
    if !machine.checks.is_empty() {
        words.push(format!("{passed} of {} passed", counted(machine.checks.len(), "check")));
    }
    if machine.failures > 0 {
        words.push(format!("Azure failed to make it {}", counted(machine.failures.unsigned_abs() as usize, "time")));
    }
    let size = machine.vm_size.as_deref().unwrap_or("no size yet");
    Row::new(mark, &[&format!("machine {}", machine.name), size], &words.join(", "))
}

/// Those that didn't pass; where much is shown all of them.
fn checks(machine: &ValidationMachine, detail: Detail) -> Vec<Row> {
    let shown = machine.checks.iter().filter(|check| detail == Detail::Wide || !check.passed || check.warning);
    shown
        .map(|check| {
            let mark = if check.passed { Mark::Yes } else { Mark::No };
            let mut words: Vec<String> = check.seconds.iter().map(|seconds| format!("{seconds}s")).collect();
            words.extend(check.detail.clone());
            Row::new(mark, &[&check.name], &words.join(", "))
        })
        .collect()
}
