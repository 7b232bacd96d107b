//! What the process remembers of image versions between passes. All of it may be lost.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use azimage_azure::OperationUrl;
use azimage_core::image_version::{Memory, OperationOf, StepKey};
use tokio::time::Instant;

/// What is remembered of all objects, by uid.
#[derive(Debug)]
pub(crate) struct Memories {
    begun: Instant,
    objects: Mutex<BTreeMap<String, Memory>>,
    operations: Mutex<BTreeMap<String, Operations>>,
}

/// Where the last attempts at an object's steps are followed, by their correlation ids. They stay in the process: whoever has
/// one shows to Azure that it was handed out to him.
type Operations = BTreeMap<StepKey, (String, OperationUrl)>;

impl Default for Memories {
    fn default() -> Self {
        Self { begun: Instant::now(), objects: Mutex::default(), operations: Mutex::default() }
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
        self.objects.lock().unwrap_or_else(PoisonError::into_inner).remove(uid);
        self.operations.lock().unwrap_or_else(PoisonError::into_inner).remove(uid);
    }

    pub(crate) fn retain(&self, lives: impl Fn(&str) -> bool) {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner).retain(|uid, _| lives(uid));
        self.operations.lock().unwrap_or_else(PoisonError::into_inner).retain(|uid, _| lives(uid));
    }
}
