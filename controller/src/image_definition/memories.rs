//! What the process remembers of image definitions between passes. All of it may be lost.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use azimage_core::image_definition::Memory;
use tokio::time::Instant;

/// What is remembered of all objects, by uid.
#[derive(Debug)]
pub(crate) struct Memories {
    begun: Instant,
    objects: Mutex<BTreeMap<String, Memory>>,
}

impl Default for Memories {
    fn default() -> Self {
        Self { begun: Instant::now(), objects: Mutex::default() }
    }
}

impl Memories {
    /// For how long anything has been remembered, by a clock that never jumps.
    pub(super) fn uptime(&self) -> Duration {
        Instant::now().duration_since(self.begun)
    }

    pub(super) fn get(&self, uid: &str) -> Memory {
        self.lock().get(uid).cloned().unwrap_or_default()
    }

    pub(super) fn set(&self, uid: &str, memory: Memory) {
        self.lock().insert(uid.to_owned(), memory);
    }

    pub(super) fn forget(&self, uid: &str) {
        self.lock().remove(uid);
    }

    pub(super) fn retain(&self, lives: impl Fn(&str) -> bool) {
        self.lock().retain(|uid, _| lives(uid));
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Memory>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
