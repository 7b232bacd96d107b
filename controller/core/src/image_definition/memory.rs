//! What the process remembers of an object between passes. All of it may be lost.

use std::time::Duration;

use super::{Observed, Step};
use crate::{
    Failure, Pace,
    image_version::{
        Reading, Requeue,
        reverts::Reverts,
        wish::{Asks, Change},
    },
};

/// In each so many resync periods it is asked who uses an image definition.
const RESYNCS: u32 = 3;

/// What the process remembers of an object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memory {
    /// Of which spec.
    pub(super) generation: Option<i64>,
    /// How many passes in a row were told that there is no image definition.
    pub(super) absent: u32,
    /// The same of the gallery.
    pub(super) no_gallery: u32,
    /// When Azure last accepted a write, since the start of the process.
    pub(super) accepted: Option<Duration>,
    /// When it was last asked who uses it, since the start of the process.
    pub(super) users_asked: Option<Duration>,
    /// What was written of late.
    pub(super) reverts: Reverts,
    /// How many calls failed in a row.
    pub(super) failures: u32,
    /// How long Azure asks to wait.
    pub(super) retry_after: Option<Duration>,
}

impl Memory {
    /// What is remembered for a pass over this spec: with another one nothing was tried yet.
    #[must_use]
    pub fn of(self, generation: Option<i64>) -> Self {
        if self.generation == generation {
            return self;
        }
        // Whether the definition was seen doesn't depend on the spec.
        Self { generation, failures: 0, retry_after: None, ..self }
    }

    /// A pass that made no write, or before it makes one: what it was told.
    pub fn saw(&mut self, observed: &Observed) {
        match &observed.definition {
            Some(Reading::Missing(_)) => self.absent = self.absent.saturating_add(1),
            Some(Reading::Found(_)) => (self.absent, self.no_gallery) = (0, 0),
            Some(Reading::Failed(_)) | None => {}
        }
        match &observed.gallery {
            Some(Reading::Missing(_)) => self.no_gallery = self.no_gallery.saturating_add(1),
            Some(Reading::Found(_)) => self.no_gallery = 0,
            Some(Reading::Failed(_)) | None => {}
        }
        let failed = matches!(observed.definition, Some(Reading::Failed(_)))
            || matches!(observed.gallery, Some(Reading::Failed(_)));
        if failed {
            self.failures = self.failures.saturating_add(1);
        }
    }

    /// Azure was asked who uses it, whatever it answered.
    pub fn asked_for_users(&mut self, now: Duration) {
        self.users_asked = Some(now);
    }

    /// Whether it is time to ask who uses it.
    pub(super) fn is_due_for_users(&self, pace: &Pace, now: Duration) -> bool {
        self.users_asked.is_none_or(|at| now.saturating_sub(at) >= pace.resync.saturating_mul(RESYNCS))
    }

    /// Azure was asked all that the pass needed, and nothing failed.
    pub fn succeeded(&mut self) {
        (self.failures, self.retry_after) = (0, None);
    }

    /// A person's request was answered.
    pub fn answered(&mut self) {
        self.reverts.answered();
    }

    /// How long Azure asks to wait.
    pub fn waits(&mut self, wait: Option<Duration>) {
        self.retry_after = wait;
    }

    /// Azure accepted a write.
    pub fn accepted(&mut self, step: &Step, requested: bool, now: Duration) {
        self.succeeded();
        (self.absent, self.accepted) = (0, Some(now));
        let asks = Asks { changes: step.changes.clone(), requested, ..Asks::default() };
        self.reverts.written(&asks, now);
    }

    /// A write failed; what that comes to after so many failures.
    pub fn failed(&mut self, failure: Failure, wait: Option<Duration>) -> Failure {
        self.failures = self.failures.saturating_add(1);
        self.retry_after = wait;
        failure.after(self.failures)
    }

    /// How long to wait before the object is looked at again, without what makes it differ from others'.
    pub fn requeue_after(&self, requeue: Requeue, pace: &Pace) -> Duration {
        match requeue {
            Requeue::Poll => pace.poll,
            Requeue::Retry => pace.retry(self.failures).max(self.retry_after.unwrap_or_default()),
            Requeue::Throttled => self.retry_after.unwrap_or(pace.poll),
            Requeue::Resync | Requeue::Release | Requeue::Never => pace.resync,
        }
    }

    /// How long a change that didn't last has still to wait for its next write: longer each time.
    pub(super) fn rest(&self, change: &Change, pace: &Pace, now: Duration) -> Duration {
        let rest = self.reverts.writes(change).map(|(times, last)| {
            let due = last.saturating_add(pace.retry(times.saturating_add(1)));
            due.saturating_sub(now)
        });
        rest.unwrap_or_default()
    }
}
