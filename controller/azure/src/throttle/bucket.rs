//! One budget: how many requests are left, who waits for one, and who is next. Pure: time comes in.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::time::Instant;

/// What a call is for. Those that go on with something come before those that only look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Urgency {
    /// Changes something.
    Write,
    /// Looks how something goes that is under way.
    #[default]
    Running,
    /// Looks whether somebody changed something that is at rest.
    Refresh,
}

impl Urgency {
    /// By how many turns others go first. It is an end to waiting, too: whoever waits gets older.
    fn handicap(self) -> u64 {
        match self {
            Self::Write => 0,
            Self::Running => 8,
            Self::Refresh => 64,
        }
    }

    /// What is left to those that come first: a share of the bucket, and at most what flows in within so many seconds.
    fn spared(self) -> (f64, f64) {
        match self {
            Self::Write => (0.0, 0.0),
            Self::Running => (0.05, 5.0),
            Self::Refresh => (0.25, 45.0),
        }
    }
}

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) namespace: Arc<str>,
    /// Who asks again keeps its place: an object, or else a method and a path.
    pub(crate) subject: String,
    pub(crate) urgency: Urgency,
}

/// How long a place is kept for who does not come at the told time.
const GRACE: Duration = Duration::from_secs(30);
/// How long a turn is. It is not prolonged by what is asked meanwhile.
const TURN: Duration = Duration::from_secs(5);
/// More places are not kept; who comes then is told to come after all of them.
const MOST_PLACES: usize = 4096;
/// The speed that is believed in falls to this part of the documented one at most, and is crept back by as much.
const SLOWEST: f64 = 64.0;

/// A token bucket, as far as is known from here.
#[derive(Clone, Debug)]
pub(crate) struct Level {
    size: f64,
    left: f64,
    /// Tokens a second that are believed in: halved by each refusal, crept back by each success.
    refill: f64,
    documented: f64,
    /// Seconds after which it is full again all at once, where it is a window of the provider.
    window: Option<f64>,
}

impl Level {
    pub(crate) fn new(size: f64, refill: f64) -> Self {
        Self { size, left: size, refill, documented: refill, window: None }
    }
}

#[derive(Clone, Debug)]
struct Place {
    turn: u64,
    until: Instant,
}

/// One budget.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    /// Three minutes and thirty, where the provider counts both; one, where Resource Manager counts.
    levels: [Option<Level>; 2],
    since: Instant,
    paused: Option<Instant>,
    /// Start-time fair queueing: the turn that was served last, and each namespace's own last one.
    turn: u64,
    last: BTreeMap<Arc<str>, u64>,
    places: BTreeMap<(Arc<str>, String), Place>,
    /// Whose turn it is, and until when: a pass needs several reads, and is for nothing if it has to stop between them.
    served: BTreeMap<(Arc<str>, String), Instant>,
}

impl Bucket {
    pub(crate) fn new(level: Option<Level>, now: Instant) -> Self {
        Self {
            levels: [level, None],
            since: now,
            paused: None,
            turn: 0,
            last: BTreeMap::new(),
            places: BTreeMap::new(),
            served: BTreeMap::new(),
        }
    }

    /// How long this call has to wait; nothing lets it go now. Total, and changes nothing.
    pub(crate) fn wait(&self, ask: &Ask, now: Instant) -> Option<Duration> {
        let begin = self.paused.filter(|until| *until > now).unwrap_or(now);
        let own = (ask.namespace.clone(), ask.subject.clone());
        let its_turn = self.served.get(&own).is_some_and(|until| *until > now);
        let ahead = if its_turn { 0.0 } else { self.ahead(ask, now) };
        let mut wait = begin.duration_since(now);
        for level in self.levels.iter().flatten() {
            let (share, seconds) = ask.urgency.spared();
            let spared = if its_turn && ask.urgency != Urgency::Refresh {
                0.0
            } else {
                (level.size * share).min(level.refill * seconds)
            };
            let needed = (1.0 + spared).min(level.size) + ahead;
            let left = self.left(level, begin);
            if left + 1e-9 < needed {
                let seconds = (needed - left) / level.refill;
                wait = wait.max(begin.duration_since(now) + Duration::from_secs_f64(seconds.clamp(0.001, 86_400.0)));
            }
        }
        (!wait.is_zero()).then_some(wait)
    }

    /// How many that wait come before this one.
    #[allow(clippy::cast_precision_loss, reason = "at most 4096")]
    fn ahead(&self, ask: &Ask, now: Instant) -> f64 {
        let own = (ask.namespace.clone(), ask.subject.clone());
        let turn = self.places.get(&own).map_or_else(|| self.next_turn(ask), |place| place.turn);
        let before = |(key, place): &(&(Arc<str>, String), &Place)| {
            place.until > now && **key != own && (place.turn, *key) < (turn, &own)
        };
        self.places.iter().filter(before).count() as f64
    }

    fn next_turn(&self, ask: &Ask) -> u64 {
        let last = self.last.get(&ask.namespace).copied().unwrap_or_default();
        self.turn.max(last) + 1 + ask.urgency.handicap()
    }

    fn left(&self, level: &Level, at: Instant) -> f64 {
        let elapsed = at.saturating_duration_since(self.since).as_secs_f64();
        (level.left + elapsed * level.refill).min(level.size)
    }

    fn settle(&mut self, now: Instant) {
        let paused = self.paused;
        for index in 0..self.levels.len() {
            if let Some(left) = self.levels[index].as_ref().map(|level| self.left(level, now))
                && let Some(level) = &mut self.levels[index]
            {
                level.left = left;
            }
        }
        self.since = self.since.max(now);
        self.paused = paused.filter(|until| *until > now);
        self.places.retain(|_, place| place.until > now);
        self.served.retain(|_, until| *until > now);
        if self.places.is_empty() {
            // Nobody waits, so nobody is behind or ahead of others.
            self.last.clear();
        }
    }

    /// The call goes: it takes a token and gives its place up.
    pub(crate) fn go(&mut self, ask: &Ask, now: Instant) {
        self.settle(now);
        let own = (ask.namespace.clone(), ask.subject.clone());
        let turn = if let Some(place) = self.places.remove(&own) {
            place.turn
        } else {
            let turn = self.next_turn(ask);
            self.remember(ask, turn);
            turn
        };
        if self.served.len() < MOST_PLACES {
            self.served.entry(own).or_insert(now + TURN);
        }
        self.turn = self.turn.max(turn.saturating_sub(ask.urgency.handicap()));
        for level in self.levels.iter_mut().flatten() {
            level.left = (level.left - 1.0).max(0.0);
        }
    }

    /// The call does not go: it keeps its place, or gets one.
    pub(crate) fn stay(&mut self, ask: &Ask, wait: Duration, now: Instant) {
        self.settle(now);
        let own = (ask.namespace.clone(), ask.subject.clone());
        let until = now + wait + GRACE;
        if let Some(place) = self.places.get_mut(&own) {
            place.until = until;
        } else if self.places.len() < MOST_PLACES {
            let turn = self.next_turn(ask);
            self.remember(ask, turn);
            self.places.insert(own, Place { turn, until });
        }
    }

    fn remember(&mut self, ask: &Ask, turn: u64) {
        let last = self.last.entry(ask.namespace.clone()).or_default();
        *last = (*last).max(turn - ask.urgency.handicap());
    }

    /// Azure refused: nothing goes before the told time, and then slower than it went.
    pub(crate) fn pause(&mut self, until: Instant, now: Instant) {
        self.settle(now);
        self.paused = Some(self.paused.map_or(until, |already| already.max(until)));
        self.since = self.since.max(until);
        for level in self.levels.iter_mut().flatten() {
            if let Some(window) = level.window {
                // It ends at the told time at the latest, and then the bucket is full; a longer one tells what is left.
                if until.duration_since(now).as_secs_f64() <= window {
                    level.left = level.size;
                }
            } else {
                level.refill = (level.refill / 2.0).max(level.documented / SLOWEST);
                // At the told time there is one token, says Azure.
                level.left = 1.0;
            }
        }
    }

    /// Azure let a request pass and said what is left. Zero says nothing: successes came with it too.
    pub(crate) fn learn(&mut self, index: usize, left: Option<u32>, window: Option<f64>, now: Instant) {
        self.settle(now);
        if let (Some(left), Some(window), None) = (left, window, &self.levels[index]) {
            let size = f64::from(left) + 1.0;
            self.levels[index] = Some(Level { window: Some(window), ..Level::new(size, size / window) });
        }
        let Some(level) = &mut self.levels[index] else { return };
        level.refill = (level.refill + level.documented / SLOWEST).min(level.documented);
        if let Some(left) = left.filter(|left| *left > 0).map(f64::from) {
            if left + 1.0 > level.size {
                // More is left than was thought to fit in, so the bucket is larger, and full.
                let size = left + 1.0;
                level.documented *= size / level.size;
                level.refill *= size / level.size;
                level.size = size;
                level.left = left;
            }
            level.left = level.left.min(left);
        }
    }

    /// The share that is left, from 0 to 1, at a time.
    pub(crate) fn share(&self, now: Instant) -> f64 {
        if self.paused.is_some_and(|until| until > now) {
            return 0.0;
        }
        self.levels.iter().flatten().map(|level| self.left(level, now) / level.size).fold(1.0, f64::min)
    }

    pub(crate) fn waiting(&self, now: Instant) -> usize {
        self.places.values().filter(|place| place.until > now).count()
    }

    /// Whether nothing would be lost by forgetting it.
    pub(crate) fn idle(&self, now: Instant) -> bool {
        let full = |level: &Level| self.left(level, now) >= level.size && level.refill >= level.documented;
        self.waiting(now) == 0
            && self.served.values().all(|until| *until <= now)
            && self.paused.is_none_or(|until| until <= now)
            && self.levels.iter().flatten().all(full)
    }
}

#[cfg(test)]
#[path = "bucket_tests.rs"]
mod tests;
