//! What a process remembers of an image version between passes, and how a pass changes it. All of it may be lost.

use std::{collections::BTreeMap, time::Duration};

use azimage_crds::{ConditionType, ImageVersionStatus, Reason};

use super::{ProcessMemory, Report, StepName, Wake};
use crate::{Failure, Pace, Progress};

/// How long an object may wait for its turn before its status says so.
const PATIENCE: Duration = Duration::from_secs(300);

/// What is remembered of one object. Times are the process's own, since its start: they never jump.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Remembered {
    /// For the stages.
    pub process: ProcessMemory,
    /// The correlation ids under which Azure accepted each step: another try of it is another attempt. Kept per step,
    /// as two steps can be open at a time, and only if accepted: what Azure turned away was no attempt.
    accepted: BTreeMap<StepName, String>,
    /// The correlation id that this process last recorded.
    recorded: Option<String>,
    /// The last failure of a step, shown until the step succeeds or isn't wanted any more.
    failure: Option<(StepName, Failure)>,
    /// Failures in a row.
    failures: u32,
    /// How long Azure, or the budget, asked to wait after the last failure.
    retry_after: Option<Duration>,
    /// Since when no pass has come to its end, because each had to wait for its turn.
    deferred_since: Option<Duration>,
    /// What the last pass, and those before it, waited for, and since when.
    waiting: Option<(Progress, Duration)>,
}

/// What became of a pass.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<'a> {
    /// It found nothing to do but to wait.
    Waited {
        /// For what.
        progress: &'a Progress,
        /// When it is looked at again.
        wake: Wake,
    },
    /// It had to wait for its turn.
    Deferred(Option<Duration>),
    /// It records the intent of a step under this correlation id.
    Announces(StepName, &'a str),
    /// It has to pause before another attempt.
    Pauses,
    /// It is about to carry out a step: whatever comes of it, Azure may have got it.
    Tries,
    /// Azure accepted a step.
    Accepted {
        /// The step.
        step: StepName,
        /// Under which correlation id.
        id: &'a str,
        /// Whether the answer was surely Azure's.
        proven: bool,
        /// When, by the wall clock.
        at: jiff::Timestamp,
    },
    /// Azure didn't accept a step.
    Failed {
        /// The step.
        step: StepName,
        /// Why.
        failure: Failure,
        /// How long Azure asks to wait.
        retry_after: Option<Duration>,
    },
}

impl Remembered {
    /// What is remembered after a pass, of which this became.
    #[must_use]
    pub fn after(self, event: Event<'_>, now: Duration) -> Self {
        match event {
            Event::Waited { progress, wake } => {
                let same = self.waiting.filter(|(before, _)| before == progress);
                Self {
                    failure: None,
                    failures: if wake == Wake::Retry { self.failures.saturating_add(1) } else { 0 },
                    retry_after: None,
                    deferred_since: None,
                    waiting: same.or_else(|| Some((progress.clone(), now))),
                    ..self
                }
            }
            Event::Deferred(retry_after) => {
                Self { retry_after, deferred_since: self.deferred_since.or(Some(now)), ..self }
            }
            Event::Announces(step, id) => Self {
                process: ProcessMemory { announced: Some(step), ..self.process },
                recorded: Some(id.to_owned()),
                deferred_since: None,
                waiting: None,
                ..self
            },
            Event::Pauses => Self { deferred_since: None, waiting: None, ..self },
            Event::Tries => Self { process: ProcessMemory { announced: None, ..self.process }, waiting: None, ..self },
            Event::Accepted { step, id, proven, at } => {
                let mut next = Self { failure: None, failures: 0, retry_after: None, deferred_since: None, ..self };
                next.accepted.insert(step, id.to_owned());
                next.process.carried_out(step, at, proven);
                next
            }
            Event::Failed { step, failure, retry_after } => Self {
                failures: self.failures.saturating_add(1),
                deferred_since: None,
                retry_after,
                failure: Some((step, failure)),
                ..self
            },
        }
    }

    /// Whether Azure accepted the step under this correlation id.
    pub(super) fn was_accepted(&self, step: StepName, id: &str) -> bool {
        self.accepted.get(&step).is_some_and(|accepted| accepted == id)
    }

    /// Whether this very process recorded the correlation id, and none since.
    pub(super) fn has_recorded(&self, id: &str) -> bool {
        self.recorded.as_deref() == Some(id)
    }

    /// The failure of the step that is still wanted is shown instead of the hope to do it.
    pub fn overlay(&self, report: &mut Report, step: StepName) {
        if let Some((failed, failure)) = &self.failure
            && *failed == step
        {
            report.progress = failure.progress_of(step);
        }
    }

    /// How long to wait before the object is looked at again, without what makes it differ from others'.
    pub fn requeue_after(&self, wake: Wake, pace: &Pace, now: Duration) -> Duration {
        let waited = self.waiting.as_ref().map_or(Duration::ZERO, |(_, since)| now.saturating_sub(*since));
        match wake {
            Wake::Poll => pace.poll(waited),
            Wake::Retry => pace.retry(self.failures).max(self.retry_after.unwrap_or_default()),
            Wake::Throttled => self.retry_after.unwrap_or(pace.poll),
            Wake::Resync | Wake::Release | Wake::Never => pace.resync,
        }
    }

    /// Whether an object of this generation has to say that it waits for its turn. That costs writes, so it is said once:
    /// of an object that doesn't say yet how it stands, or that has waited for long. What is Ready stays so.
    pub fn has_to_say(&self, status: &ImageVersionStatus, generation: Option<i64>, now: Duration) -> bool {
        if status.observed_generation != generation {
            return true;
        }
        let waited = self.deferred_since.map_or(Duration::ZERO, |since| now.saturating_sub(since));
        let ready = status.conditions.iter().find(|condition| condition.type_ == ConditionType::Ready.as_str());
        ready.is_none_or(|ready| {
            let said = ready.reason == Reason::Throttled.as_str();
            ready.status != "True" && !said && waited >= PATIENCE
        })
    }
}
