//! What is known of earlier passes: what stands in the status, and what the process remembers.

use std::time::Duration;

use azimage_crds::{ConditionType, ImageVersionStatus, Reason, StepStatus};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use super::{Memory, StepKey, StepName, refusals::Refusals};

/// How long a version whose creation Azure accepted may stay unseen before it counts as deleted, in seconds. Such a verdict
/// has no way back for the number, so it is given late.
const ACCEPTED_SECONDS: i64 = 15 * 60;

/// What is known of earlier passes.
#[derive(Clone, Copy, Debug)]
pub struct History<'a> {
    /// The status as it was last written.
    pub status: &'a ImageVersionStatus,
    /// What this very process remembers.
    pub memory: &'a Memory,
    /// The time of this pass.
    pub now: Timestamp,
    /// How often an object at rest is looked at.
    pub resync: Duration,
}

/// The record of a step in a status.
pub(super) fn recorded<'a>(status: &'a ImageVersionStatus, key: &StepKey) -> Option<&'a StepStatus> {
    let (name, subject): (&str, _) = (key.name.into(), key.subject.to_string());
    status.steps.iter().find(|step| step.name == name && step.subject == subject)
}

impl History<'_> {
    /// The record of a step.
    pub fn step(&self, step: impl Into<StepKey>) -> Option<&StepStatus> {
        recorded(self.status, &step.into())
    }

    /// Whether a step was ever begun.
    pub fn begun(&self, step: impl Into<StepKey>) -> bool {
        self.step(step).is_some()
    }

    /// Whether any step was begun that such names have.
    pub(super) fn begun_any(&self, which: impl Fn(StepName) -> bool) -> bool {
        self.status.steps.iter().filter_map(StepKey::of).any(|key| which(key.name))
    }

    /// Whether a step was begun and its effect not seen.
    pub fn unfinished(&self, name: StepName) -> bool {
        self.step(name).is_some_and(|step| step.finished_at.is_none())
    }

    /// How many attempts at a step that has no effect yet were carried out, as far as anybody can tell: another process may
    /// have carried out what it recorded, and this one knows whether it has.
    pub(super) fn attempts(&self, name: StepName) -> i32 {
        let Some(record) = self.step(name).filter(|record| record.finished_at.is_none()) else { return 0 };
        let key = name.into();
        let is_open = |id: &String| self.memory.has_recorded(id) && !self.memory.was_accepted(&key, id);
        record.attempts - i32::from(record.correlation_id.as_ref().is_some_and(is_open))
    }

    /// Whether this process carried out the last attempt at a step, and Azure accepted it.
    pub(super) fn was_accepted(&self, name: StepName) -> bool {
        let id = self.step(name).and_then(|record| record.correlation_id.as_ref());
        id.is_some_and(|id| self.memory.was_accepted(&name.into(), id))
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
    pub(super) fn visibility_lag(&self) -> bool {
        let accepted = || self.accepted().is_some_and(|at| self.within(at, ACCEPTED_SECONDS));
        !self.was_seen() && (accepted() || self.too_soon(&StepName::Publish.into(), StepName::Publish.grace_seconds()))
    }

    /// Whether nobody saw the version, and it was asked for so recently that it may turn up yet.
    pub(super) fn possibly_created(&self) -> bool {
        let begun = self.step(StepName::Publish).is_some_and(|step| self.is_fresh(step.started_at.0));
        !self.was_seen() && begun || self.visibility_lag()
    }

    fn is_fresh(&self, published: Timestamp) -> bool {
        self.within(published, StepName::Publish.grace_seconds())
    }

    /// When Azure accepted the version's creation, as this process remembers or an earlier one recorded.
    fn accepted(&self) -> Option<Timestamp> {
        let recorded = self.step(StepName::Publish).and_then(|step| step.accepted_at.as_ref());
        self.memory.accepted_at(StepName::Publish).max(recorded.map(|at| at.0))
    }

    /// Whether this process carried a step out so recently that Azure may not show it yet.
    pub(super) fn too_soon(&self, key: &StepKey, grace_seconds: i64) -> bool {
        self.memory.not_shown_since(key).is_some_and(|at| self.within(at, grace_seconds))
    }

    /// A condition of the status.
    pub(super) fn condition(&self, kind: ConditionType) -> Option<&Condition> {
        self.status.conditions.iter().find(|condition| condition.type_ == kind.as_str())
    }

    /// Whether the status says that only a person can help. Of a suspended object it says nothing about its work.
    pub(super) fn stalled(&self) -> bool {
        self.stall().is_some()
    }

    /// What the status says that only a person can help with.
    pub(super) fn stall(&self) -> Option<&Condition> {
        let stalled = self.condition(ConditionType::Stalled).filter(|condition| condition.status == "True");
        stalled.filter(|condition| condition.reason != Reason::Suspended.as_str())
    }

    /// Which wishes Azure refuses, as this process knows or the status says.
    pub(super) fn refusals(&self) -> Refusals {
        self.memory.refusals.clone().unwrap_or_else(|| Refusals::found(self.status, self.memory.uptime))
    }

    /// Whether it was less than so many seconds ago.
    pub(super) fn within(&self, at: Timestamp, seconds: i64) -> bool {
        self.now.as_second() - at.as_second() < seconds
    }
}
