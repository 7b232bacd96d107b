//! One counter of Azure's, as far as is known from here: what is left of it, and how it fills. Pure: time comes in.

use tokio::time::Instant;

use super::Urgency;

/// The speed that is believed in falls to this part of the documented one at most.
const SLOWEST: f64 = 1024.0;
/// By how much a success raises the speed that is believed in, after a refusal has halved it.
const CREEP: f64 = 1.05;

/// A counter.
#[derive(Clone, Debug)]
pub(super) struct Level {
    size: f64,
    left: f64,
    since: Instant,
    refill: Refill,
}

#[derive(Clone, Debug)]
enum Refill {
    /// A token bucket: so many a second are believed in, and so many are documented.
    Flow { speed: f64, documented: f64 },
    /// Full again all at once, so many seconds after its first request.
    Window { seconds: f64, ends: Option<Instant>, last: Instant },
}

impl Urgency {
    /// What is left to those that come first in a token bucket: a share of it, and at most what flows in within so many
    /// seconds. Writes have buckets of their own.
    fn spared(self) -> (f64, f64) {
        match self {
            Self::Write | Self::Running => (0.0, 0.0),
            Self::Refresh => (0.25, 45.0),
        }
    }

    /// The share of a window that is spent evenly until its end, so that nobody finds it empty for half an hour.
    fn even(self) -> f64 {
        match self {
            Self::Write => 0.25,
            Self::Running => 0.5,
            Self::Refresh => 0.75,
        }
    }
}

impl Level {
    /// A full token bucket; `speed` in tokens a second.
    pub(super) fn flow(size: f64, speed: f64, now: Instant) -> Self {
        Self { size, left: size, since: now, refill: Refill::Flow { speed, documented: speed } }
    }

    /// A window of which Azure said what is left. It is not known when it began, so it is taken to begin now.
    pub(super) fn window(left: u32, seconds: f64, now: Instant) -> Self {
        let ends = Some(after(now, seconds));
        let left = f64::from(left);
        Self { size: left + 1.0, left, since: now, refill: Refill::Window { seconds, ends, last: now } }
    }

    /// How many requests are left at a time.
    fn left(&self, at: Instant) -> f64 {
        match self.refill {
            Refill::Flow { speed, .. } => {
                (self.left + at.saturating_duration_since(self.since).as_secs_f64() * speed).min(self.size)
            }
            Refill::Window { ends, .. } if ends.is_some_and(|ends| ends <= at) => self.size,
            Refill::Window { .. } => self.left,
        }
    }

    /// Seconds from `at` until one more request may go, after those that come first: `dues` says in how many seconds
    /// each of them comes, in order. Whoever fits in between without taking a token that one of them counts on, may.
    #[allow(clippy::cast_precision_loss, reason = "at most 4096")]
    pub(super) fn wait(&self, urgency: Urgency, dues: &[f64], at: Instant) -> f64 {
        let (free, speed, most) = self.free(urgency, at);
        let short = |index: usize, due: f64| free + speed * due + 1e-9 < 2.0 + index as f64;
        let before = dues.iter().enumerate().rev().find(|(index, due)| short(*index, **due));
        let needed = 1.0 + before.map_or(0.0, |(index, _)| index as f64 + 1.0) - free;
        if needed <= 1e-9 {
            return 0.0;
        }
        (needed / speed.max(1e-6)).clamp(0.001, most)
    }

    /// What may be spent at once, how much flows in each second, and after how many seconds it is full at the latest.
    fn free(&self, urgency: Urgency, at: Instant) -> (f64, f64, f64) {
        let left = self.left(at);
        match self.refill {
            Refill::Flow { speed, .. } => {
                let (share, seconds) = urgency.spared();
                let spared = (self.size * share).min(speed * seconds).min(self.size - 1.0).max(0.0);
                (left - spared, speed, 86_400.0)
            }
            Refill::Window { seconds, ends, last } => {
                let even = self.size * urgency.even();
                let rest = ends.map_or(seconds, |ends| ends.saturating_duration_since(at).as_secs_f64());
                if left > even + 1.0 || rest <= 0.0 {
                    return (left - even.min(left - 1.0), even / seconds, seconds);
                }
                let speed = left / rest;
                // One at a time, and the next one when its share of the rest has passed.
                ((at.saturating_duration_since(last).as_secs_f64() * speed).min(1.0), speed, rest.max(0.001))
            }
        }
    }

    /// A request went.
    pub(super) fn take(&mut self, now: Instant) {
        self.settle(now);
        self.left = (self.left - 1.0).max(0.0);
        if let Refill::Window { seconds, ends, last } = &mut self.refill {
            ends.get_or_insert(after(now, *seconds));
            *last = now;
        }
    }

    /// Azure refused a request that this or another counter forbids, and told until when.
    pub(super) fn refuse(&mut self, until: Instant, now: Instant) {
        self.settle(now);
        match &mut self.refill {
            Refill::Flow { speed, documented } => {
                *speed = (*speed / 2.0).max(*documented / SLOWEST);
                // At the told time there is one token, says Azure.
                self.left = 1.0;
                self.since = self.since.max(until);
            }
            // It ends at the told time at the latest. What is told for a longer time concerns another one.
            Refill::Window { seconds, ends, .. } if until.duration_since(now).as_secs_f64() <= *seconds => {
                self.left = 0.0;
                *ends = Some(until);
            }
            Refill::Window { .. } => {}
        }
    }

    /// Azure let a request pass and said what is left. Zero says little: successes came with it too, one after another.
    pub(super) fn learn(&mut self, said: Option<u32>, now: Instant) {
        self.settle(now);
        let said = said.map(f64::from);
        match &mut self.refill {
            Refill::Flow { speed, documented } => {
                *speed = (*speed * CREEP).min(*documented);
                let Some(said) = said.map(|said| said.max(1.0)) else { return };
                if said + 1.0 > self.size {
                    // More is left than was thought to fit in, so the bucket is larger, and full.
                    let times = (said + 1.0) / self.size;
                    *documented *= times;
                    *speed *= times;
                    self.size = said + 1.0;
                    self.left = said;
                }
                self.left = self.left.min(said);
            }
            Refill::Window { seconds, ends, .. } => {
                let Some(said) = said.filter(|said| *said > 0.0) else { return };
                // Much more than was left: a new one has begun. Little more is what is on its way.
                if said > self.left + self.size / 4.0 + 1.0 || said + 1.0 > self.size {
                    *ends = Some(after(now, *seconds));
                    self.size = self.size.max(said + 1.0);
                    self.left = said;
                }
                self.left = self.left.min(said);
            }
        }
    }

    fn settle(&mut self, now: Instant) {
        self.left = self.left(now);
        self.since = self.since.max(now);
        if let Refill::Window { ends, .. } = &mut self.refill {
            *ends = ends.filter(|ends| *ends > now);
        }
    }

    /// The share that is left, from 0 to 1.
    pub(super) fn share(&self, at: Instant) -> f64 {
        self.left(at) / self.size
    }

    /// Whether nothing would be lost by forgetting it.
    pub(super) fn is_fresh(&self, at: Instant) -> bool {
        let believed = match self.refill {
            Refill::Flow { speed, documented } => speed >= documented,
            Refill::Window { .. } => true,
        };
        believed && self.left(at) >= self.size
    }
}

fn after(now: Instant, seconds: f64) -> Instant {
    now + std::time::Duration::from_secs_f64(seconds)
}
