//! One budget: how many requests are left, who waits for one, and who is next. Pure: time comes in.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{level::Level, queue::Queue};

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

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) namespace: Arc<str>,
    /// Who asks again keeps its place: an object, or else a method and a path.
    pub(crate) subject: String,
    pub(crate) urgency: Urgency,
}

/// One budget.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    /// Three minutes and thirty, where the provider counts both; one, where Resource Manager counts.
    levels: [Option<Level>; 2],
    paused: Option<Instant>,
    queue: Queue,
    /// Requests on their way, and when the last one went.
    in_flight: u32,
    went: Option<Instant>,
    /// How many more Azure itself said that it lets pass, if it says so. Beyond that one goes at a time, however much may
    /// have flowed in since: those that are on their way when a pause is told come into it.
    known: Option<u32>,
}

/// When to come again while the one request is on its way.
const CROSSING: Duration = Duration::from_millis(200);
/// Who has no answer by then hangs, and holds up nobody: a connection that dies may take more than a minute for it.
const HANGS: Duration = Duration::from_secs(3);

impl Bucket {
    pub(super) fn new(level: Option<Level>) -> Self {
        // Where it is documented that Azure counts, it says what is left.
        let known = level.is_some().then_some(0);
        Self { levels: [level, None], paused: None, queue: Queue::default(), in_flight: 0, went: None, known }
    }

    /// How long this call has to wait; nothing lets it go now. Total, and changes nothing.
    pub(crate) fn wait(&self, ask: &Ask, now: Instant) -> Option<Duration> {
        let begin = self.paused.filter(|until| *until > now).unwrap_or(now);
        let before = self.queue.before(ask, begin, now);
        let levels = self.levels.iter().flatten();
        let longest = levels.map(|level| level.wait(ask.urgency, &before, begin)).fold(0.0, f64::max);
        let crossing = if self.known == Some(0) && self.crosses(now) { CROSSING } else { Duration::ZERO };
        let wait = (begin.duration_since(now) + Duration::from_secs_f64(longest)).max(crossing);
        (!wait.is_zero()).then_some(wait)
    }

    /// Whether a request is on its way whose answer may come any moment.
    fn crosses(&self, now: Instant) -> bool {
        self.in_flight > 0 && self.went.is_some_and(|went| now < went + HANGS)
    }

    /// The call goes: it takes a token and gives its place up.
    pub(crate) fn admit(&mut self, ask: &Ask, now: Instant) {
        self.in_flight += 1;
        self.went = Some(now);
        self.known = self.known.map(|known| known.saturating_sub(1));
        self.queue.admit(ask, now);
        self.levels.iter_mut().flatten().for_each(|level| level.take(now));
    }

    /// A call is on its way no more, whatever came of it.
    pub(crate) fn complete(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// The call does not go: it keeps its place, or gets one, and is told to come then.
    pub(crate) fn defer(&mut self, ask: &Ask, due: Instant, now: Instant) {
        self.queue.defer(ask, due, now);
    }

    /// Azure refused: nothing goes before the told time, and then slower than it went.
    pub(crate) fn pause(&mut self, until: Instant, now: Instant) {
        self.paused = Some(self.paused.map_or(until, |already| already.max(until)));
        self.queue.pause(until);
        self.known = Some(0);
        self.levels.iter_mut().flatten().for_each(|level| level.refuse(until, now));
    }

    /// Azure let a request pass.
    pub(crate) fn passed(&mut self) {
        self.known = None;
    }

    /// With it, Azure said what is left of a counter; `window`: its length in seconds, if it is one.
    pub(crate) fn learn(&mut self, index: usize, said: Option<u32>, window: Option<f64>, now: Instant) {
        // The one that was answered has not landed yet. Of the others Azure may have counted none.
        let said = said.map(|said| said.saturating_sub(self.in_flight.saturating_sub(1)));
        self.known = [self.known, said].into_iter().flatten().min();
        match (&mut self.levels[index], said, window) {
            (Some(level), _, _) => level.learn(said, now),
            (unknown, Some(left), Some(seconds)) => *unknown = Some(Level::window(left, seconds, now)),
            _ => {}
        }
    }

    /// The share that is left, from 0 to 1, at a time.
    pub(crate) fn share(&self, now: Instant) -> f64 {
        if self.paused.is_some_and(|until| until > now) {
            return 0.0;
        }
        self.levels.iter().flatten().map(|level| level.share(now)).fold(1.0, f64::min)
    }

    pub(crate) fn waiting(&self, now: Instant) -> usize {
        self.queue.waiting(now)
    }

    /// Whether nothing would be lost by forgetting it.
    pub(crate) fn idle(&self, now: Instant) -> bool {
        self.queue.is_idle(now)
            && self.in_flight == 0
            && self.paused.is_none_or(|until| until <= now)
            && self.levels.iter().flatten().all(|level| level.is_fresh(now))
    }
}

#[cfg(test)]
mod tests;
