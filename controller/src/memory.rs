//! What the process remembers of objects between passes. All of it may be lost.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use azimage_azure::OperationUrl;
use azimage_core::image_version::{Memory, OperationOf, StepKey};
use tokio::time::Instant;

/// What is remembered of all objects of a kind, by uid.
#[derive(Debug)]
pub(crate) struct Remembered<M> {
    begun: Instant,
    objects: Mutex<BTreeMap<String, M>>,
}

impl<M> Default for Remembered<M> {
    fn default() -> Self {
        Self { begun: Instant::now(), objects: Mutex::default() }
    }
}

impl<M: Clone + Default> Remembered<M> {
    /// For how long anything has been remembered, by a clock that never jumps.
    pub(crate) fn uptime(&self) -> Duration {
        Instant::now().duration_since(self.begun)
    }

    pub(crate) fn get(&self, uid: &str) -> M {
        self.lock().get(uid).cloned().unwrap_or_default()
    }

    pub(crate) fn set(&self, uid: &str, remembered: M) {
        self.lock().insert(uid.to_owned(), remembered);
    }

    pub(crate) fn forget(&self, uid: &str) {
        self.lock().remove(uid);
    }

    pub(crate) fn retain(&self, lives: impl Fn(&str) -> bool) {
        self.lock().retain(|uid, _| lives(uid));
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, M>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is remembered of image versions, and where their operations are followed.
#[derive(Debug, Default)]
pub(crate) struct Memories {
    objects: Remembered<Memory>,
    operations: Mutex<BTreeMap<String, Operations>>,
}

/// Where the last attempts at an object's steps are followed, by their correlation ids. They stay in the process: whoever has
/// one shows to Azure that it was handed out to him.
type Operations = BTreeMap<StepKey, (String, OperationUrl)>;

impl Memories {
    /// For how long anything has been remembered, by a clock that never jumps.
    pub(crate) fn uptime(&self) -> Duration {
        self.objects.uptime()
    }

    pub(crate) fn get(&self, uid: &str) -> Memory {
        self.objects.get(uid)
    }

    pub(crate) fn set(&self, uid: &str, remembered: Memory) {
        self.objects.set(uid, remembered);
    }

    /// Keeps where the attempt at a step is followed, if Azure told it.
    pub(crate) fn follow(&self, uid: &str, step: &StepKey, id: &str, url: Option<OperationUrl>) {
        let mut all = self.operations.lock().unwrap_or_else(PoisonError::into_inner);
        let operations = all.entry(uid.to_owned()).or_default();
        match url {
            Some(url) => operations.insert(step.clone(), (id.to_owned(), url)),
            None => operations.remove(step),
        };
    }

    /// Where an attempt at a step is followed.
    pub(crate) fn operation(&self, uid: &str, of: &OperationOf) -> Option<OperationUrl> {
        let all = self.operations.lock().unwrap_or_else(PoisonError::into_inner);
        let (id, url) = all.get(uid)?.get(&of.step)?;
        (*id == of.id).then(|| url.clone())
    }

    pub(crate) fn forget(&self, uid: &str) {
        self.objects.forget(uid);
        self.operations.lock().unwrap_or_else(PoisonError::into_inner).remove(uid);
    }

    pub(crate) fn retain(&self, lives: impl Fn(&str) -> bool) {
        self.objects.retain(&lives);
        self.operations.lock().unwrap_or_else(PoisonError::into_inner).retain(|uid, _| lives(uid));
    }
}
