//! Objects whose writes the API server refuses, such as a status that its schema doesn't allow. Each try costs requests to Azure
//! too, and comes to the same end until somebody changes something: so the pauses between them grow.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::config::Pace;

/// The most objects of which a count is kept: those that are gone are forgotten with all others.
const MOST: usize = 10_000;

/// How often in a row the API server refused the passes of objects, by uid.
#[derive(Debug, Default)]
pub(super) struct Refused(Mutex<BTreeMap<String, u32>>);

impl Refused {
    /// A pass was refused.
    pub(super) fn again(&self, uid: &str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= MOST {
            counts.clear();
        }
        let count = counts.entry(uid.to_owned()).or_default();
        *count = count.saturating_add(1);
    }

    /// A pass came to its end.
    pub(super) fn over(&self, uid: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(uid);
    }

    /// The pause before the next pass.
    pub(super) fn pause(&self, uid: &str, pace: &Pace) -> Duration {
        let count = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(uid).copied().unwrap_or_default();
        pace.retry(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_while_an_object_is_refused_and_begin_anew_after_a_pass_that_ends() {
        let seconds = Duration::from_secs;
        let pace = Pace { poll: seconds(15), resync: seconds(600), retry_min: seconds(5), retry_max: seconds(60) };
        let refused = Refused::default();
        let mut pauses = Vec::new();
        for _ in 0..6 {
            refused.again("a");
            pauses.push(refused.pause("a", &pace).as_secs());
        }
        assert_eq!(pauses, [5, 10, 20, 40, 60, 60]);
        assert_eq!(refused.pause("b", &pace), seconds(5), "another object");
        refused.over("a");
        refused.again("a");
        assert_eq!(refused.pause("a", &pace), seconds(5));
    }
}
