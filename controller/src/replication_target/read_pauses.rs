//! When each target was last looked at. A look goes through all of its versions, and each of them changes many times: without
//! a pause between two looks their number would count twice.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::reconcile_filter::Fingerprint;

/// Of all targets, by uid: what it asked for when it was last looked at, and until when what its versions say can wait.
#[derive(Debug, Default)]
pub(crate) struct ReadPauses(Mutex<BTreeMap<String, (Fingerprint, Instant)>>);

impl ReadPauses {
    /// How long a look at a target that asks for this has to wait. What it asks for is looked at at once when it changes.
    pub(super) fn wait(&self, uid: &str, asks: Fingerprint, now: Instant) -> Option<Duration> {
        let turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, next) = turns.get(uid)?;
        (*last == asks && *next > now).then(|| next.duration_since(now))
    }

    /// It is looked at now, and then not before this time.
    pub(super) fn taken(&self, uid: &str, asks: Fingerprint, next: Instant) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(uid.to_owned(), (asks, next));
    }

    /// Forgets all targets but those that live.
    pub(super) fn retain(&self, lives: impl Fn(&str) -> bool) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|uid, _| lives(uid));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_versions_say_can_wait_and_what_the_target_asks_for_cannot() {
        let (turns, now) = (ReadPauses::default(), Instant::now());
        let (old, new) = (Fingerprint::of(&1), Fingerprint::of(&2));
        let second = Duration::from_secs(1);
        assert_eq!(turns.wait("a", old, now), None, "it was never looked at");
        turns.taken("a", old, now + second);
        assert_eq!(turns.wait("a", old, now), Some(second), "it was looked at just now");
        assert_eq!(turns.wait("a", new, now), None, "it asks for something else");
        assert_eq!(turns.wait("a", old, now + second), None, "its turn has come");
        turns.retain(|uid| uid != "a");
        assert_eq!(turns.wait("a", old, now), None, "forgotten");
    }
}
