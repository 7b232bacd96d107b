//! The machines that prove a version.

use azimage_crds::{ImageVersion, ValidationMachine, ValidationOutcome};

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
    let mark = match validation.outcome {
        ValidationOutcome::Running => Mark::Working,
        ValidationOutcome::Passed => Mark::Yes,
        ValidationOutcome::Failed | ValidationOutcome::Impossible => Mark::No,
    };
    if detail == Detail::Brief && mark == Mark::Yes {
        return Vec::new();
    }
    let took = match &validation.finished_at {
        Some(end) => format!("after {}", short(clock.between(validation.started_at.0, end.0))),
        None => format!("for {}", short(clock.since(validation.started_at.0))),
    };
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
    lines
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
