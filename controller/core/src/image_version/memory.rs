//! What is known of earlier passes: what stands in the status, and what the process remembers.

use azimage_crds::{ConditionType, ImageVersionStatus, StepStatus};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use super::{Observed, Read, Reading, Report, StepName, Subject};

/// What is known of earlier passes.
#[derive(Clone, Copy, Debug)]
pub struct Memory<'a> {
    /// The status as it was last written.
    pub status: &'a ImageVersionStatus,
    /// The step that this very process last carried out for the object, and what it found gone.
    pub process: ProcessMemory,
    /// The time of this pass.
    pub now: Timestamp,
}

/// What a process remembers of an object, and may forget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProcessMemory {
    /// The step last carried out with success, and when.
    pub executed: Option<(StepName, Timestamp)>,
    /// The step whose intent this process recorded, and has not tried to carry out yet.
    pub announced: Option<StepName>,
    /// When Azure itself accepted the version's creation. It is kept, for the status that says so may fail to be written.
    pub accepted: Option<Timestamp>,
    /// What the last passes found gone, and how many of them in a row.
    pub absent: Option<(Read, i32)>,
    /// How many of the last passes in a row didn't see the version, be it that it wasn't made yet.
    pub unseen: i32,
    /// How many of the last passes in a row missed a region in the version that a target had asked for and gave up.
    pub vanished: i32,
}

/// The record of a step in a status.
pub(super) fn recorded<'a>(
    status: &'a ImageVersionStatus,
    name: StepName,
    subject: &Subject,
) -> Option<&'a StepStatus> {
    let (name, subject): (&str, _) = (name.into(), subject.to_string());
    status.steps.iter().find(|step| step.name == name && step.subject == subject)
}

impl Memory<'_> {
    /// The record of a step that is about one thing alone.
    pub fn step(&self, name: StepName) -> Option<&StepStatus> {
        recorded(self.status, name, &Subject::Whole)
    }

    /// Whether a step was ever begun.
    pub fn begun(&self, name: StepName) -> bool {
        self.step(name).is_some()
    }

    /// Whether a step was begun and its effect not seen.
    pub fn unfinished(&self, name: StepName) -> bool {
        self.step(name).is_some_and(|step| step.finished_at.is_none())
    }

    /// Whether the version was made: it was seen in Azure, or Azure accepted its creation.
    pub fn was_published(&self) -> bool {
        self.was_seen() || self.accepted().is_some()
    }

    /// Whether the version was once seen in Azure.
    fn was_seen(&self) -> bool {
        let seen =
            |step: &StepStatus| step.finished_at.is_some() && step.name.parse().is_ok_and(StepName::proves_existence);
        self.status.resource_id.is_some() || self.status.steps.iter().any(seen)
    }

    /// Whether nobody saw the version, and Azure accepted its creation so recently that it may not show it yet.
    pub(super) fn may_show_late(&self) -> bool {
        let accepted = || self.accepted().is_some_and(|at| self.is_fresh(at));
        !self.was_seen() && (accepted() || self.too_soon(StepName::Publish, StepName::Publish.grace_seconds()))
    }

    /// Whether nobody saw the version, and it was asked for so recently that it may turn up yet.
    pub(super) fn may_turn_up(&self) -> bool {
        let begun = self.step(StepName::Publish).is_some_and(|step| self.is_fresh(step.started_at.0));
        !self.was_seen() && begun || self.may_show_late()
    }

    fn is_fresh(&self, published: Timestamp) -> bool {
        self.within(published, StepName::Publish.grace_seconds())
    }

    /// When Azure accepted the version's creation, as this process remembers or an earlier one recorded.
    fn accepted(&self) -> Option<Timestamp> {
        let recorded = self.step(StepName::Publish).and_then(|step| step.accepted_at.as_ref());
        self.process.accepted.max(recorded.map(|at| at.0))
    }

    /// Whether this process carried a step out so recently that Azure may not show it yet.
    pub(super) fn too_soon(&self, name: StepName, grace_seconds: i64) -> bool {
        self.process.executed.is_some_and(|(executed, at)| executed == name && self.within(at, grace_seconds))
    }

    /// A condition of the status.
    pub(super) fn condition(&self, kind: ConditionType) -> Option<&Condition> {
        self.status.conditions.iter().find(|condition| condition.type_ == kind.as_str())
    }

    /// Whether the status says that only a person can help.
    pub(super) fn stalled(&self) -> bool {
        self.condition(ConditionType::Stalled).is_some_and(|condition| condition.status == "True")
    }

    /// Whether it was less than so many seconds ago.
    pub(super) fn within(&self, at: Timestamp, seconds: i64) -> bool {
        self.now.as_second() - at.as_second() < seconds
    }
}

impl ProcessMemory {
    /// A step was carried out with success; `proven`: the answer was surely Azure's.
    pub fn carried_out(&mut self, step: StepName, at: Timestamp, proven: bool) {
        self.executed = Some((step, at));
        if step == StepName::Publish && proven {
            self.accepted = Some(at);
        }
    }

    /// What to remember after a pass: a step whose effect shows needs no more patience.
    #[must_use]
    pub fn after(self, report: &Report, observed: &Observed) -> Self {
        let shows = |step| report.finished.contains(&step) || report.running == Some(step);
        let times = |what| self.absent.filter(|(before, _)| *before == what).map_or(0, |(_, times)| times);
        Self {
            executed: self.executed.filter(|(step, _)| !shows(*step)),
            announced: self.announced,
            accepted: self.accepted,
            absent: report.absent.map(|what| (what, times(what).saturating_add(1))),
            unseen: match observed.version {
                Reading::Missing(_) => self.unseen.saturating_add(1),
                _ => 0,
            },
            vanished: if report.vanished { self.vanished.saturating_add(1) } else { 0 },
        }
    }
}
