//! What a pass does with what it decided: a step is announced in the status before it is carried out, and carried out only
//! under a record that stands in the status as it was read. So whoever comes after a crash knows what may have happened.

use azimage_crds::{ImageVersionStatus, StepStatus};
use jiff::Timestamp;

use super::{Memory, Plan, Requeue, Step, StepKey, Validated, history::recorded};
use crate::Pace;

/// What a pass does, apart from reading: at most one write to Azure.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// The status tells what was found, and the object is looked at again.
    Wait(Requeue),
    /// The pass waits for its turn, as Azure asks for a pause, or would.
    Defer,
    /// Before the first effect in Azure, so that no deletion can miss it.
    AddFinalizer,
    /// The step is recorded in the status as about to be carried out.
    Announce(StepKey),
    /// The last attempt at the step was begun too lately for another one.
    Pause(StepKey),
    /// The step is carried out.
    Execute(Announced),
    /// Suspended: nothing is done and nothing is said, but that a target is let go.
    Suspended,
    /// The finalizer is removed.
    Release,
}

/// A step that stands in the status as about to be carried out. Nothing else makes one than such a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Announced {
    step: Step,
    correlation_id: String,
}

impl Announced {
    /// The step.
    pub fn step(&self) -> &Step {
        &self.step
    }

    /// Under which correlation id it was announced, and has to be carried out.
    pub fn correlation_id(&self) -> &str {
        &self.correlation_id
    }
}

/// What is known of an object, apart from what it asks for and what was read.
#[derive(Clone, Copy, Debug)]
pub struct State<'a> {
    /// The status as it was read.
    pub status: &'a ImageVersionStatus,
    /// What the process remembers.
    pub remembered: &'a Memory,
    /// Whether our finalizer is on the object.
    pub has_finalizer: bool,
    /// How fast the controller goes.
    pub pace: &'a Pace,
    /// The time of this pass.
    pub now: Timestamp,
    /// The same by Azure's own clock, as it was read last in this pass.
    pub azure_now: Option<Timestamp>,
}

/// What a pass does.
pub fn act(validated: &Validated, plan: &Plan, state: State<'_>) -> Action {
    match plan.requeue {
        Requeue::Throttled => return Action::Defer,
        Requeue::Release => return Action::Release,
        _ if validated.suspended && !validated.deleting => return Action::Suspended,
        _ => {}
    }
    let Some(step) = &plan.step else { return Action::Wait(plan.requeue) };
    if !validated.deleting && !state.has_finalizer {
        return Action::AddFinalizer;
    }
    let key = step.key();
    let record = state.open_record(&key);
    match record.and_then(|record| state.id_to_act_under(record, &key, plan.requeue)) {
        Some(correlation_id) => Action::Execute(Announced { step: step.clone(), correlation_id }),
        None if plan.requeue == Requeue::Retry && record.is_some_and(|record| state.pauses(record)) => {
            Action::Pause(key)
        }
        None => Action::Announce(key),
    }
}

impl State<'_> {
    /// The record of a step whose effect wasn't seen.
    fn open_record(&self, key: &StepKey) -> Option<&StepStatus> {
        recorded(self.status, key).filter(|record| record.finished_at.is_none())
    }

    /// The correlation id of an open record, if the step may be carried out under it now.
    ///
    /// What Azure failed at looks the same before another attempt and after it. So a step that is tried again, for which the
    /// plan has [`Requeue::Retry`], goes only under what this very process has recorded: that of an earlier process may have
    /// been carried out, and counts as an attempt. A record that is too old for its step is none either.
    fn id_to_act_under(&self, record: &StepStatus, key: &StepKey, requeue: Requeue) -> Option<String> {
        let id = record.correlation_id.as_deref()?;
        let is_another_attempt = requeue == Requeue::Retry && !self.remembered.has_recorded(id);
        let is_old = key.name.announced_seconds().is_some_and(|limit| self.age(record) >= limit);
        (!self.remembered.was_accepted(key, id) && !is_another_attempt && !is_old).then(|| id.to_owned())
    }

    /// How old a record is, in seconds: by our own clock or by Azure's, whichever tells of more, as ours may jump.
    fn age(&self, record: &StepStatus) -> i64 {
        let ours = self.now.as_second() - record.started_at.0.as_second();
        let azures = self.azure_now.zip(record.azure_time.as_ref()).map(|(now, at)| now.as_second() - at.0.as_second());
        azures.map_or(ours, |azures| ours.max(azures))
    }

    /// Whether another attempt would come before its pause is over, which grows, so that repairs are no storm.
    fn pauses(&self, record: &StepStatus) -> bool {
        let pause = self.pace.retry(u32::try_from(record.attempts).unwrap_or_default());
        self.now.duration_since(record.started_at.0).unsigned_abs() < pause
    }
}
