//! The readings of one kind of thing, by its id.

use std::{collections::BTreeMap, time::Duration};

use super::Absent;
use crate::Failure;

/// The outcome of one read.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading<T> {
    /// It exists.
    Found(T),
    /// Azure says that it doesn't exist. One such answer proves nothing.
    Missing(Absent),
    /// Azure didn't say.
    Failed(Failure),
}

/// The readings of one kind of thing, by its id.
#[derive(Clone, Debug, PartialEq)]
pub struct Readings<K, T>(BTreeMap<K, Entry<T>>);

#[derive(Clone, Debug, PartialEq)]
struct Entry<T> {
    reading: Reading<T>,
    /// When it was read, since the start of the process.
    at: Duration,
    /// It was read by this very pass.
    fresh: bool,
}

impl<K, T> Default for Readings<K, T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord, T> Readings<K, T> {
    /// The reading, if it was made.
    pub fn get(&self, id: &K) -> Option<&Reading<T>> {
        self.0.get(id).map(|entry| &entry.reading)
    }

    /// What was found there.
    pub fn found(&self, id: &K) -> Option<&T> {
        match self.get(id) {
            Some(Reading::Found(found)) => Some(found),
            _ => None,
        }
    }

    /// All that was found, to be changed.
    pub fn found_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.values_mut().filter_map(|entry| match &mut entry.reading {
            Reading::Found(found) => Some(found),
            Reading::Missing(_) | Reading::Failed(_) => None,
        })
    }

    /// Keeps a reading that this pass made so long after the start of the process.
    pub fn put(&mut self, id: K, reading: Reading<T>, at: Duration) {
        self.0.insert(id, Entry { reading, at, fresh: true });
    }

    /// Whether this very pass made the reading.
    pub(super) fn is_fresh(&self, id: &K) -> bool {
        self.0.get(id).is_some_and(|entry| entry.fresh)
    }

    /// Forgets a reading.
    pub(super) fn forget(&mut self, id: &K) {
        self.0.remove(id);
    }

    /// Forgets readings by their ids.
    pub(super) fn forget_those(&mut self, which: impl Fn(&K) -> bool) {
        self.0.retain(|id, _| !which(id));
    }
}

/// What passes of time and passes do to the readings of a kind, whatever they are of.
pub(super) trait Fade {
    /// Another pass begins, at this time: what is older than that is forgotten, and nothing is fresh.
    fn age(&mut self, now: Duration, good_for: Duration);

    /// Forgets what Azure didn't answer.
    fn forget_unanswered(&mut self);
}

impl<K: Ord, T> Fade for Readings<K, T> {
    fn age(&mut self, now: Duration, good_for: Duration) {
        self.0.retain(|_, entry| now.saturating_sub(entry.at) <= good_for);
        for entry in self.0.values_mut() {
            entry.fresh = false;
        }
    }

    fn forget_unanswered(&mut self) {
        self.0.retain(|_, entry| !matches!(entry.reading, Reading::Failed(_)));
    }
}
