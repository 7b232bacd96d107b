//! What the process remembers of an image version between passes. All of it may be lost.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use azimage_core::{
    Failure,
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
    /// The version as it was last read by itself, while nothing is left to be done.
    pub(crate) seen: Option<Seen>,
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
