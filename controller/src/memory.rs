//! What the process remembers of an image version between passes. All of it may be lost.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use azimage_core::{
    Failure,
    image_version::{ProcessMemory, StepName},
};

/// What is remembered of one object.
#[derive(Clone, Debug, Default)]
pub(crate) struct Remembered {
    /// For the plan.
    pub(crate) process: ProcessMemory,
    /// The correlation id under which the recorded intent was carried out: it isn't used twice.
    pub(crate) used: Option<String>,
    /// The last failure of a step, shown until the step succeeds or isn't wanted any more.
    pub(crate) failure: Option<(StepName, Failure)>,
    /// Failures in a row.
    pub(crate) failures: u32,
    /// How long Azure asked to wait after the last failure.
    pub(crate) asked: Option<Duration>,
}

/// What is remembered of all objects, by uid.
#[derive(Debug, Default)]
pub(crate) struct Memories(Mutex<HashMap<String, Remembered>>);

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
