//! From the objects' status to what is shown. Pure: the same status gives the same lines.

use azimage_crds::{ConditionType, ImageVersion, Reason, RegionState, RegionStatus, ReplicationTarget};
use jiff::SignedDuration;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::ResourceExt;

/// Width of a progress bar, in characters.
const BAR: i32 = 28;
/// Plain lines tell of a copy at every quarter of the way.
const QUARTER: i32 = 25;

/// It is so.
pub(crate) const YES: char = '✓';
/// It isn't.
pub(crate) const NO: char = '✗';
/// It is being worked on.
pub(crate) const WORKING: char = '…';
/// Its turn hasn't come.
pub(crate) const WAITING: char = '·';

/// One moment of the objects.
#[derive(Clone, Debug)]
pub(crate) struct Picture {
    /// Simulated time since the objects were applied.
    pub(crate) elapsed: SignedDuration,
    /// The image version.
    pub(crate) version: ImageVersion,
    /// The targets of its namespace that select it.
    pub(crate) targets: Vec<ReplicationTarget>,
}

/// How it stands with an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Work goes on.
    Open,
    /// It is Ready.
    Ready,
    /// Only a person can help: reason and message.
    Stalled(String, String),
}

impl Picture {
    fn conditions(&self) -> &[Condition] {
        self.version.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default()
    }

    fn regions(&self) -> &[RegionStatus] {
        self.version.status.as_ref().map(|status| status.regions.as_slice()).unwrap_or_default()
    }

    /// Whether the version and all targets are Ready, or the version stalled.
    pub(crate) fn outcome(&self) -> Outcome {
        if let Some(stalled) = find(self.conditions(), ConditionType::Stalled) {
            return Outcome::Stalled(stalled.reason.clone(), stalled.message.clone());
        }
        let targets = self.targets.iter().map(target_conditions);
        let ready = |conditions: &[Condition]| {
            find(conditions, ConditionType::Ready).is_some_and(|condition| condition.status == "True")
        };
        if std::iter::once(self.conditions()).chain(targets).all(ready) { Outcome::Ready } else { Outcome::Open }
    }

    /// The live view: what is drawn anew again and again.
    pub(crate) fn frame(&self) -> Vec<String> {
        let mut lines =
            vec![format!("ImageVersion {}   simulated time {}", self.version.name_any(), clock(self.elapsed))];
        lines.extend(self.conditions().iter().filter(|condition| !is_summary(condition)).map(|condition| {
            let message =
                if mark(condition) == WORKING || mark(condition) == NO { condition.message.as_str() } else { "" };
            format!("  {} {:<14} {:<22} {message}", mark(condition), condition.type_, reason(condition))
                .trim_end()
                .to_owned()
        }));
        if !self.regions().is_empty() {
            lines.push(String::new());
        }
        for region in self.regions() {
            let bar = bar(region.progress);
            let asked = region.requested_by.join(", ");
            let replicas = region.replicas.map(|count| format!("{count} replica{}", if count == 1 { "" } else { "s" }));
            lines.push(
                format!(
                    "  {:<13} {bar} {:>3}%  {:<12} {:<11} {asked}",
                    region.name,
                    region.progress,
                    region.state.to_string(),
                    replicas.unwrap_or_default()
                )
                .trim_end()
                .to_owned(),
            );
        }
        lines.push(String::new());
        lines.extend(self.targets.iter().map(|target| format!("  {}", describe_target(target))));
        if let Some(ready) = find(self.conditions(), ConditionType::Ready) {
            lines.push(format!("  {} {:<14} {:<22} {}", mark(ready), ready.type_, ready.reason, ready.message));
        }
        lines
    }

    /// What plain lines tell of, each with a name by which a change is noticed.
    fn facts(&self) -> Vec<(String, String)> {
        let mut facts: Vec<(String, String)> = self
            .conditions()
            .iter()
            .filter(|condition| !is_summary(condition) && mark(condition) != WAITING)
            .map(|condition| {
                let text =
                    format!("{} {} ({}): {}", mark(condition), condition.type_, condition.reason, condition.message);
                (condition.type_.clone(), text)
            })
            .collect();
        facts.extend(self.regions().iter().map(|region| {
            let shown = region.progress / QUARTER * QUARTER;
            let mark = match region.state {
                RegionState::Completed => YES,
                RegionState::Failed => NO,
                RegionState::Pending => WAITING,
                _ => WORKING,
            };
            (format!("region {}", region.name), format!("{mark} {} {} {shown}%", region.name, region.state))
        }));
        facts.extend(
            self.targets.iter().map(|target| (format!("target {}", target.name_any()), describe_target(target))),
        );
        if let Some(ready) = find(self.conditions(), ConditionType::Ready).filter(|ready| ready.status != "Unknown") {
            facts.push(("Ready".to_owned(), format!("{} Ready ({}): {}", mark(ready), ready.reason, ready.message)));
        }
        facts
    }

    /// The plain lines between two moments: what is new or different, with the simulated time.
    pub(crate) fn changes(&self, before: Option<&Self>) -> Vec<String> {
        let before = before.map(Self::facts).unwrap_or_default();
        let facts = self.facts();
        let new = facts.into_iter().filter(|fact| !before.contains(fact));
        new.map(|(_, text)| format!("{:>7}  {text}", clock(self.elapsed))).collect()
    }
}

/// The three that are derived from the others.
fn is_summary(condition: &Condition) -> bool {
    let summary = [ConditionType::Ready, ConditionType::Reconciling, ConditionType::Stalled];
    summary.iter().any(|kind| condition.type_ == kind.as_str())
}

fn find(conditions: &[Condition], kind: ConditionType) -> Option<&Condition> {
    conditions.iter().find(|condition| condition.type_ == kind.as_str())
}

fn target_conditions(target: &ReplicationTarget) -> &[Condition] {
    target.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default()
}

fn mark(condition: &Condition) -> char {
    match condition.status.as_str() {
        "True" => YES,
        "False" => NO,
        _ if condition.reason == Reason::WaitingForEarlierStep.as_str() => WAITING,
        _ => WORKING,
    }
}

fn reason(condition: &Condition) -> &str {
    if mark(condition) == WAITING { "" } else { &condition.reason }
}

fn describe_target(target: &ReplicationTarget) -> String {
    let ready = find(target_conditions(target), ConditionType::Ready);
    let mark = ready.map_or(WAITING, mark);
    let message = ready.map_or("not seen by azimage yet", |ready| ready.message.as_str());
    format!("{mark} target {}: {message}", target.name_any())
}

fn bar(percent: i32) -> String {
    let full = percent.clamp(0, 100) * BAR / 100;
    (0..BAR).map(|place| if place < full { '█' } else { '░' }).collect()
}

/// `1h05m`, or `45s` in the first hour's first minute.
pub(crate) fn clock(elapsed: SignedDuration) -> String {
    let seconds = elapsed.as_secs().max(0);
    match (seconds / 3600, seconds / 60 % 60) {
        (0, 0) => format!("{seconds}s"),
        (0, minutes) => format!("{minutes}m"),
        (hours, minutes) => format!("{hours}h{minutes:02}m"),
    }
}

#[cfg(test)]
#[path = "picture_tests.rs"]
mod tests;
