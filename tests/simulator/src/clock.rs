//! Simulated time: a start, a speed, and the only reading of the machine's own clock.

use jiff::{SignedDuration, Timestamp};

/// One instant, on both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Simulated time: what Azure's resources live by.
    pub simulated: Timestamp,
    /// Real time: what access tokens live by, because clients compare their expiry with their own clock.
    pub real: Timestamp,
}

impl Moment {
    /// Both clocks at the same instant, for callers that drive time themselves.
    pub fn at(instant: Timestamp) -> Self {
        Self { simulated: instant, real: instant }
    }
}

/// Maps real time to simulated time: `anchor + (real time since the anchor) * speed`.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    real_anchor: Timestamp,
    simulated_anchor: Timestamp,
    speed: f64,
}

impl Clock {
    /// A clock that shows `simulated` at real time `real` and runs `speed` times as fast as real time.
    pub fn new(real: Timestamp, simulated: Timestamp, speed: f64) -> Self {
        Self { real_anchor: real, simulated_anchor: simulated, speed }
    }

    /// Simulated seconds in one real second.
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// Both clocks at real time `real`.
    pub fn moment(&self, real: Timestamp) -> Moment {
        let elapsed = real.duration_since(self.real_anchor).as_secs_f64() * self.speed;
        Moment { simulated: later(self.simulated_anchor, elapsed), real }
    }

    /// Runs at `speed` from `real` on, without a jump.
    pub fn set_speed(&mut self, real: Timestamp, speed: f64) {
        *self = Self::new(real, self.moment(real).simulated, speed);
    }

    /// Jumps `seconds` of simulated time forward.
    pub fn advance(&mut self, seconds: f64) {
        self.simulated_anchor = later(self.simulated_anchor, seconds);
    }
}

/// An instant as the header field `Date` has it (RFC 9110).
pub(crate) fn http_date(instant: Timestamp) -> String {
    instant.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// The instant `seconds` after `from`; the end of time where that is out of range.
pub(crate) fn later(from: Timestamp, seconds: f64) -> Timestamp {
    // Longer than any simulated test and still far from jiff's limits.
    let bounded = seconds.clamp(-1.0e10, 1.0e10);
    from.checked_add(SignedDuration::from_secs_f64(bounded)).unwrap_or(Timestamp::MAX)
}

/// The machine's own clock, read once at start; afterwards a monotonic clock counts from there.
#[allow(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
pub(crate) fn wall() -> Timestamp {
    Timestamp::now()
}

/// Real time that never goes back: the wall clock at start plus a monotonic count.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RealTime {
    started: Timestamp,
    monotonic: tokio::time::Instant,
}

impl RealTime {
    pub(crate) fn start() -> Self {
        Self { started: wall(), monotonic: tokio::time::Instant::now() }
    }

    pub(crate) fn now(&self) -> Timestamp {
        later(self.started, self.monotonic.elapsed().as_secs_f64())
    }
}

/// The form in which Compute writes instants: microseconds and a numeric offset.
pub(crate) fn azure_time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simulated_time_runs_at_the_speed_and_keeps_its_place_when_the_speed_changes() {
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let mut clock = Clock::new(start, start, 100.0);
        let after_ten = later(start, 10.0);
        assert_eq!(clock.moment(after_ten).simulated, later(start, 1000.0));
        clock.set_speed(after_ten, 1.0);
        assert_eq!(clock.moment(later(start, 11.0)).simulated, later(start, 1001.0));
        clock.advance(60.0);
        assert_eq!(clock.moment(later(start, 11.0)).simulated, later(start, 1061.0));
    }
}
