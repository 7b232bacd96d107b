//! When passes are due: how late they begin tells whether there are more objects than hands.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// The most objects of which the time is kept: those that are gone are forgotten with all others.
const MOST: usize = 100_000;

/// When the next passes over objects are due, by uid.
#[derive(Debug, Default)]
pub(super) struct Due(Mutex<BTreeMap<String, Instant>>);

impl Due {
    /// The next pass is due at this time.
    pub(super) fn set(&self, uid: String, at: Instant) {
        let mut all = self.lock();
        if all.len() >= MOST {
            all.clear();
        }
        all.insert(uid, at);
    }

    /// No pass is due before the object changes.
    pub(super) fn forget(&self, uid: &str) {
        self.lock().remove(uid);
    }

    /// A pass begins: how late it is, if it was due. One that comes because of a change isn't.
    pub(super) fn late(&self, uid: &str, now: Instant) -> Option<Duration> {
        self.lock().remove(uid).and_then(|due| now.checked_duration_since(due))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_pass_that_was_due_can_be_late_and_it_counts_once() {
        let (due, begun, second) = (Due::default(), Instant::now(), Duration::from_secs(1));
        assert_eq!(due.late("a", begun), None, "the first pass");
        due.set("a".to_owned(), begun + second);
        assert_eq!(due.late("b", begun + 3 * second), None, "another object");
        assert_eq!(due.late("a", begun + 3 * second), Some(2 * second));
        assert_eq!(due.late("a", begun + 4 * second), None, "what was due has been");
        due.set("a".to_owned(), begun + 2 * second);
        assert_eq!(due.late("a", begun + second), None, "a change came before");
        due.set("a".to_owned(), begun);
        due.forget("a");
        assert_eq!(due.late("a", begun + second), None, "it waits for a change");
    }
}
