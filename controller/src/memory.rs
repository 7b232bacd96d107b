//! What the process remembers of an image version between passes. All of it may be lost.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use azimage_core::{
    Failure, Progress,
    image_version::{ProcessMemory, StepName, VersionObserved},
};
use azimage_names::ImageVersionId;
use tokio::time::Instant;

use crate::image_version::Kept;

/// What is remembered of one object.
#[derive(Clone, Debug, Default)]
pub(crate) struct Remembered {
    /// For the plan.
    pub(crate) process: ProcessMemory,
    /// The correlation ids under which Azure accepted each step: another try of it is another attempt. Kept per step,
    /// as two steps can be open at a time, and only if accepted: what Azure turned away was no attempt.
    pub(crate) accepted: BTreeMap<StepName, String>,
    /// The correlation id that this process last recorded.
    pub(crate) recorded: Option<String>,
    /// The last failure of a step, shown until the step succeeds or isn't wanted any more.
    pub(crate) failure: Option<(StepName, Failure)>,
    /// Failures in a row.
    pub(crate) failures: u32,
    /// How long Azure, or the budget, asked to wait after the last failure.
    pub(crate) asked: Option<Duration>,
    /// What a pass that had to stop midway has read.
    pub(crate) kept: Option<Box<Kept>>,
    /// Since when no pass has come to its end, because each had to wait for its turn.
    pub(crate) put_off: Option<Instant>,
    /// What the last pass, and those before it, waited for, and since when.
    pub(crate) waits: Option<(Progress, Instant)>,
    /// The version as it was last read by itself, while nothing is left to be done.
    pub(crate) seen: Option<Seen>,
}

impl Remembered {
    /// A pass found nothing to do but to wait.
    pub(crate) fn waits_for(&mut self, progress: &Progress, now: Instant) {
        if self.waits.as_ref().is_none_or(|(before, _)| before != progress) {
            self.waits = Some((progress.clone(), now));
        }
    }

    /// A step was carried out, or there was a try.
    pub(crate) fn waits_no_more(&mut self) {
        self.waits = None;
    }

    /// For how long the same has been waited for.
    pub(crate) fn waited(&self, now: Instant) -> Duration {
        self.waits.as_ref().map_or(Duration::ZERO, |(_, since)| now.duration_since(*since))
    }
}

/// A version at rest.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// With whose right it was read.
    pub(crate) principal: String,
    pub(crate) id: ImageVersionId,
    pub(crate) version: Arc<VersionObserved>,
}

/// What is remembered of all objects, by uid.
#[derive(Debug, Default)]
pub(crate) struct Memories(Mutex<BTreeMap<String, Remembered>>);

impl Memories {
    pub(crate) fn get(&self, uid: &str) -> Remembered {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(uid).cloned().unwrap_or_default()
    }

    pub(crate) fn set(&self, uid: &str, remembered: Remembered) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(uid.to_owned(), remembered);
    }

    pub(crate) fn forget(&self, uid: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(uid);
    }

    pub(crate) fn retain(&self, lives: impl Fn(&str) -> bool) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|uid, _| lives(uid));
    }
}

#[cfg(test)]
mod tests {
    use azimage_crds::Reason;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_wait_is_as_old_as_what_is_waited_for() {
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let progress = |message: &str| Progress::reconciling(Reason::Replicating, message);
        let mut remembered = Remembered::default();
        assert_eq!(remembered.waited(at(5)), Duration::ZERO);
        remembered.waits_for(&progress("Waiting for uksouth, westus3 to complete"), at(10));
        remembered.waits_for(&progress("Waiting for uksouth, westus3 to complete"), at(70));
        assert_eq!(remembered.waited(at(100)), Duration::from_secs(90));
        remembered.waits_for(&progress("Waiting for westus3 to complete"), at(100));
        assert_eq!(remembered.waited(at(130)), Duration::from_secs(30));
        remembered.waits_no_more();
        assert_eq!(remembered.waited(at(140)), Duration::ZERO);
    }
}
