//! Who waits, and who is next: start-time fair queueing over namespaces, by requests. Pure: time comes in.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{Ask, Urgency};

/// How long a place is kept for who does not come at the told time.
const GRACE: Duration = Duration::from_secs(30);
/// How long a turn lasts after its last request, and how many requests it has: a pass needs several, and is for nothing
/// if others go between them. Whoever needs more gets another turn.
const TURN: Duration = Duration::from_secs(5);
const REQUESTS_OF_A_TURN: u8 = 8;
/// More places are not kept; who comes then is told to come after all of them.
pub(super) const MOST_PLACES: usize = 4096;

impl Urgency {
    /// By how many turns others go first. It is an end to waiting, too: whoever waits gets older.
    fn handicap(self) -> u64 {
        match self {
            Self::Write => 0,
            Self::Running => 8,
            Self::Refresh => 512,
        }
    }
}

type Who = (Arc<str>, String);

#[derive(Clone, Debug)]
struct Place {
    turn: u64,
    /// When it was told to come.
    due: Instant,
}

#[derive(Clone, Debug)]
struct Turn {
    number: u64,
    left: u8,
    until: Instant,
}

/// The queue before one budget.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue {
    /// The turn that was served last, and each namespace's own last one.
    turn: u64,
    last: BTreeMap<Arc<str>, u64>,
    places: BTreeMap<Who, Place>,
    /// Whose turn it is.
    served: BTreeMap<Who, Turn>,
}

impl Queue {
    /// In how many seconds from `begin` each of those comes that go before this one, in order.
    pub(super) fn before(&self, ask: &Ask, begin: Instant, now: Instant) -> Vec<f64> {
        let own = who(ask);
        let turn = self.turn_of(&own, ask, now);
        let mut dues: Vec<f64> = self
            .places
            .iter()
            .filter(|(key, place)| place.due + GRACE > now && **key != own && (place.turn, *key) < (turn, &own))
            .map(|(_, place)| place.due.saturating_duration_since(begin).as_secs_f64())
            .collect();
        dues.sort_unstable_by(f64::total_cmp);
        dues
    }

    /// The turn in which it goes: the one it has, or its place's, or a new one.
    fn turn_of(&self, own: &Who, ask: &Ask, now: Instant) -> u64 {
        if let Some(turn) = self.served.get(own).filter(|turn| turn.until > now) {
            return turn.number;
        }
        let new = self.next_turn(ask);
        // What has become more urgent need not wait for what it was.
        self.places.get(own).map_or(new, |place| place.turn.min(new))
    }

    fn next_turn(&self, ask: &Ask) -> u64 {
        let last = self.last.get(&ask.namespace).copied().unwrap_or_default();
        self.turn.max(last) + 1 + ask.urgency.handicap()
    }

    /// Forgets those who did not come.
    pub(super) fn settle(&mut self, now: Instant) {
        self.places.retain(|_, place| place.due + GRACE > now);
        self.served.retain(|_, turn| turn.until > now);
        if self.places.is_empty() {
            // Nobody waits, so nobody is behind or ahead of others.
            self.last.clear();
        }
    }

    /// The call goes, and gives its place up. Each request counts for its namespace, also the later ones of a turn.
    pub(super) fn admit(&mut self, ask: &Ask, now: Instant) {
        self.settle(now);
        let own = who(ask);
        let turn = self.turn_of(&own, ask, now);
        let placed = self.places.remove(&own).is_some();
        let again = self.served.contains_key(&own);
        if again || !placed {
            // Who had a place was counted when it got it.
            self.count(ask);
        }
        let left = self.served.get(&own).map_or(REQUESTS_OF_A_TURN, |turn| turn.left) - 1;
        if left == 0 {
            self.served.remove(&own);
        } else if again || self.served.len() < MOST_PLACES {
            self.served.insert(own, Turn { number: turn, left, until: now + TURN });
        }
        self.turn = self.turn.max(turn.saturating_sub(ask.urgency.handicap()));
    }

    /// The call does not go: it keeps its place, or gets one, and is told when to come.
    pub(super) fn defer(&mut self, ask: &Ask, due: Instant, now: Instant) {
        self.settle(now);
        let own = who(ask);
        let turn = self.turn_of(&own, ask, now);
        let known = self.places.contains_key(&own);
        if let Some(served) = self.served.get_mut(&own) {
            // Its turn goes on when it comes again.
            served.until = due + GRACE;
        } else if !known {
            self.count(ask);
        }
        if known || self.places.len() < MOST_PLACES {
            self.places.insert(own, Place { turn, due });
        }
    }

    /// Nobody goes before then, and nobody loses a turn by it.
    pub(super) fn pause(&mut self, until: Instant) {
        for turn in self.served.values_mut() {
            turn.until = turn.until.max(until + GRACE);
        }
    }

    fn count(&mut self, ask: &Ask) {
        let turn = self.turn;
        let last = self.last.entry(ask.namespace.clone()).or_default();
        *last = turn.max(*last) + 1;
    }

    pub(super) fn waiting(&self, now: Instant) -> usize {
        self.places.values().filter(|place| place.due + GRACE > now).count()
    }

    pub(super) fn is_idle(&self, now: Instant) -> bool {
        self.waiting(now) == 0 && self.served.values().all(|turn| turn.until <= now)
    }

    #[cfg(test)]
    pub(super) fn namespaces(&self) -> usize {
        self.last.len()
    }
}

fn who(ask: &Ask) -> Who {
    (ask.namespace.clone(), ask.subject.clone())
}
