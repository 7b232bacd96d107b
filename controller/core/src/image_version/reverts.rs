//! Changes that Azure accepted, and that don't last: a policy, or somebody, undoes them after each write.

use std::{collections::BTreeMap, time::Duration};

use super::wish::{Asks, Change};

/// How often a change is written before a person is asked.
const MOST_WRITES: u32 = 3;

/// After how long a change that didn't last is written once more.
const REST: Duration = Duration::from_secs(2 * 3600);

/// A change that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Written {
    wanted: String,
    times: u32,
    last: Duration,
    /// A person's last request was answered with it.
    answered: bool,
}

/// What was written of late, by what of the version it changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reverts(BTreeMap<String, Written>);

impl Reverts {
    /// Azure accepted a write.
    pub(crate) fn written(&mut self, asks: &Asks, now: Duration) {
        self.0.retain(|_, written| now.saturating_sub(written.last) < REST);
        for change in &asks.changes {
            // Who takes something back on purpose may ask for it again.
            self.0.retain(|what, _| change.opposite.as_ref() != Some(what));
            let before = self.0.get(&change.what).filter(|before| before.wanted == change.wanted);
            let times = before.map_or(0, |before| before.times).saturating_add(1);
            let written = Written { wanted: change.wanted.clone(), times, last: now, answered: asks.requested };
            self.0.insert(change.what.clone(), written);
        }
    }

    /// A person's request was answered.
    pub(crate) fn answered(&mut self) {
        for written in self.0.values_mut() {
            written.answered = false;
        }
    }

    /// What a status says that a change doesn't last, which a new process believes.
    pub(crate) fn believe(&mut self, change: &Change, now: Duration) {
        let written = Written { wanted: change.wanted.clone(), times: MOST_WRITES, last: now, answered: false };
        self.0.entry(change.what.clone()).or_insert(written);
    }

    /// Whether a change that Azure doesn't show was written in vain so often that only a person, or time, helps.
    pub(crate) fn gives_up(&self, change: &Change, requested: bool, now: Duration) -> bool {
        self.0.get(&change.what).is_some_and(|written| {
            written.wanted == change.wanted
                && written.times >= MOST_WRITES
                && now.saturating_sub(written.last) < REST
                && (!requested || written.answered)
        })
    }

    /// How often a change was written of late, and when for the last time.
    pub(crate) fn writes(&self, change: &Change) -> Option<(u32, Duration)> {
        let written = self.0.get(&change.what).filter(|written| written.wanted == change.wanted)?;
        Some((written.times, written.last))
    }

    /// Whether a change is written again.
    pub(crate) fn is_again(&self, change: &Change) -> bool {
        self.0.get(&change.what).is_some_and(|written| written.wanted == change.wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(wanted: &str) -> Change {
        Change { what: "tag costCenter".into(), wanted: wanted.into(), is: "platform".into(), opposite: None }
    }

    fn after(times: u32, requested: bool) -> Reverts {
        let asks = Asks { changes: vec![change("42")], requested, ..Asks::default() };
        let mut reverts = Reverts::default();
        for _ in 0..times {
            reverts.written(&asks, Duration::ZERO);
        }
        reverts
    }

    #[test]
    fn a_change_is_written_three_times_and_then_only_for_a_person_or_after_a_rest() {
        for (case, reverts, wanted, requested, at, expected) in [
            ("it was never written", after(0, false), "42", false, 0, false),
            ("it was written twice", after(2, false), "42", false, 1, false),
            ("it was written three times", after(3, false), "42", false, 1, true),
            ("something else is wanted", after(3, false), "43", false, 1, false),
            ("somebody asks", after(3, false), "42", true, 1, false),
            ("somebody asks, and got an answer", after(4, true), "42", true, 1, true),
            ("it rested", after(3, false), "42", false, 7200, false),
        ] {
            assert_eq!(reverts.gives_up(&change(wanted), requested, Duration::from_secs(at)), expected, "{case}");
        }
        let mut taken_back = after(3, false);
        let opposite = Change { what: "no tag".into(), opposite: Some(change("42").what), ..change("none") };
        taken_back.written(&Asks { changes: vec![opposite], ..Asks::default() }, Duration::ZERO);
        assert!(!taken_back.is_again(&change("42")), "it was taken back on purpose");
        let mut answered = after(4, true);
        answered.answered();
        assert!(!answered.gives_up(&change("42"), true, Duration::ZERO), "another request");
    }

    #[test]
    fn a_new_process_believes_the_status() {
        let mut reverts = after(1, false);
        reverts.believe(&change("42"), Duration::ZERO);
        assert!(!reverts.gives_up(&change("42"), false, Duration::ZERO), "this process knows better");
        let mut reverts = Reverts::default();
        reverts.believe(&change("42"), Duration::ZERO);
        assert!(reverts.gives_up(&change("42"), false, Duration::ZERO));
    }
}
