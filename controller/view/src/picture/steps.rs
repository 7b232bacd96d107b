//! The writes to Azure that were made for a version.

use azimage_crds::{ImageVersion, StepStatus};

use super::{Detail, counted};
use crate::{
    clock::{Clock, short},
    line::{Line, Weight},
    mark::Mark,
    rows::{self, Row},
};

/// All steps where much is shown, else those that are open or failed, and a count of the rest.
pub(super) fn lines(version: &ImageVersion, clock: &Clock, detail: Detail, width: usize) -> Vec<Line> {
    let steps = version.status.as_ref().map(|status| status.steps.as_slice()).unwrap_or_default();
    let shown: Vec<&StepStatus> = match detail {
        Detail::Brief => return Vec::new(),
        Detail::Usual => steps.iter().filter(|step| mark(step) != Mark::Yes).collect(),
        Detail::Wide => steps.iter().collect(),
    };
    let rows: Vec<Row> = shown.iter().map(|step| row(step, clock, detail)).collect();
    let mut lines = Vec::new();
    let done = steps.len() - shown.len();
    if done > 0 {
        let words = format!("{} in Azure done (-o wide lists them)", counted(done, "step"));
        lines.extend(rows::lines(&[Row::new(Mark::Yes, &[&words], "")], 2, width));
    }
    lines.extend(rows::lines(&rows, 2, width));
    lines.into_iter().map(|line| line.weighing(Weight::Detail)).collect()
}

fn mark(step: &StepStatus) -> Mark {
    match (&step.finished_at, &step.failure) {
        (Some(_), _) => Mark::Yes,
        (None, Some(_)) => Mark::No,
        (None, None) => Mark::Working,
    }
}

fn row(step: &StepStatus, clock: &Clock, detail: Detail) -> Row {
    let name = if step.subject.is_empty() { step.name.clone() } else { format!("{} {}", step.name, step.subject) };
    let took = match &step.finished_at {
        Some(end) => short(clock.between(step.started_at.0, end.0)),
        None => format!("for {}", short(clock.since(step.started_at.0))),
    };
    let mut words = Vec::new();
    if step.attempts > 1 {
        words.push(format!("begun {} times", step.attempts));
    }
    if let Some(failure) = step.failure.as_ref().filter(|_| step.finished_at.is_none()) {
        words.push(format!("{}: {}", failure.code, failure.message));
    }
    if detail == Detail::Wide {
        words.push(format!("at {}", step.started_at.0.strftime("%Y-%m-%dT%H:%M:%SZ")));
        words.extend(step.correlation_id.as_ref().map(|id| format!("correlation id {id}")));
    }
    Row::new(mark(step), &[&name, &took], &words.join(", "))
}
