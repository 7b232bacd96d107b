//! What the process remembers of image versions between passes. All of it may be lost.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use azimage_core::image_version::Memory;
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
    pub(crate) fn uptime(&self) -> Duration {
        Instant::now().duration_since(self.begun)
    }

    pub(crate) fn get(&self, uid: &str) -> Memory {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner).get(uid).cloned().unwrap_or_default()
    }

    pub(crate) fn set(&self, uid: &str, remembered: Memory) {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner).insert(uid.to_owned(), remembered);
    }

    pub(crate) fn forget(&self, uid: &str) {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner).remove(uid);
    }

    pub(crate) fn retain(&self, lives: impl Fn(&str) -> bool) {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner).retain(|uid, _| lives(uid));
    }
}
