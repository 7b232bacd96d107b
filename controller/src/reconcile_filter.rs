//! Holds back passes that nothing calls for.
//!
//! A watch wakes a reconcile for every change of an object, our own status writes among them, and would so defeat the
//! pause after a failure and the interval between reads of Azure. So a pass is let through only when its time has
//! come or when something changed that matters.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// What a pass was decided upon, hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Fingerprint(u64);

impl Fingerprint {
    pub(crate) fn of(parts: &impl Hash) -> Self {
        let mut hasher = DefaultHasher::new();
        parts.hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// One gate for all objects of a kind.
#[derive(Debug, Default)]
pub(crate) struct ReconcileFilter(Mutex<BTreeMap<String, (Fingerprint, Instant)>>);

impl ReconcileFilter {
    /// How long a pass for this object has still to wait; nothing lets it through.
    pub(crate) fn wait(&self, uid: &str, fingerprint: Fingerprint, now: Instant) -> Option<Duration> {
        let gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, due) = gates.get(uid)?;
        (*last == fingerprint && *due > now).then(|| due.duration_since(now))
    }

    /// Closes the gate until a time.
    pub(crate) fn close(&self, uid: &str, fingerprint: Fingerprint, until: Instant) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(uid.to_owned(), (fingerprint, until));
    }

    /// Forgets an object.
    pub(crate) fn forget(&self, uid: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(uid);
    }

    /// Forgets all objects but those that live.
    pub(crate) fn retain(&self, lives: impl Fn(&str) -> bool) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|uid, _| lives(uid));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_waits_unless_its_time_has_come_or_something_changed() {
        let gate = ReconcileFilter::default();
        let now = Instant::now();
        let (old, new) = (Fingerprint::of(&1), Fingerprint::of(&2));
        assert_eq!(gate.wait("a", old, now), None, "an unknown object");
        gate.close("a", old, now + Duration::from_secs(10));
        assert_eq!(gate.wait("a", old, now), Some(Duration::from_secs(10)), "nothing changed");
        assert_eq!(gate.wait("a", new, now), None, "something changed");
        assert_eq!(gate.wait("a", old, now + Duration::from_secs(10)), None, "its time has come");
        assert_eq!(gate.wait("b", old, now), None, "another object");
        gate.forget("a");
        assert_eq!(gate.wait("a", old, now), None, "a forgotten object");
    }
}
