//! The one clock of a picture: all that it tells of time is told by this one.

use jiff::{SignedDuration, Timestamp};

/// A clock, and how fast it goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clock {
    now: Timestamp,
    simulated: Option<Simulated>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Simulated {
    elapsed: SignedDuration,
    speed: f64,
}

impl Clock {
    /// The clock on the wall.
    pub fn of_the_wall(now: Timestamp) -> Self {
        Self { now, simulated: None }
    }

    /// A simulated one, that goes that many times as fast, and has counted so much since what is shown began. The time on the wall
    /// is needed as well: it is the one of the objects' own times.
    pub fn simulated(now: Timestamp, elapsed: SignedDuration, speed: f64) -> Self {
        Self { now, simulated: Some(Simulated { elapsed, speed }) }
    }

    /// How long it is since then.
    pub fn since(&self, then: Timestamp) -> SignedDuration {
        self.between(then, self.now)
    }

    /// How long it is until then.
    pub fn until(&self, then: Timestamp) -> SignedDuration {
        self.between(self.now, then)
    }

    /// How long it is from one time to another; nothing, if the other one is earlier.
    pub fn between(&self, from: Timestamp, to: Timestamp) -> SignedDuration {
        let span = to.duration_since(from).max(SignedDuration::ZERO);
        SignedDuration::from_secs_f64(span.as_secs_f64() * self.simulated.map_or(1.0, |clock| clock.speed))
    }

    /// What the heading says of an object that was made then.
    pub fn heading(&self, made: Option<Timestamp>) -> String {
        match (self.simulated, made) {
            (Some(clock), _) => format!("simulated time {}", short(clock.elapsed)),
            (None, Some(then)) => format!("made {} ago", short(self.since(then))),
            (None, None) => String::new(),
        }
    }

    /// What stands before a plain line.
    pub fn stamp(&self) -> String {
        match self.simulated {
            Some(clock) => format!("{:>7}", short(clock.elapsed)),
            None => self.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        }
    }
}

/// A span in short: `3d4h`, `1h05m`, `12m`, or `45s` within the first minute.
pub fn short(span: SignedDuration) -> String {
    let seconds = span.as_secs().max(0);
    match (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, minutes) => format!("{minutes}m"),
        (0, hours, minutes) => format!("{hours}h{minutes:02}m"),
        (days, hours, _) => format!("{days}d{hours}h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + seconds).unwrap()
    }

    #[test]
    fn spans_are_short() {
        let cases = [(-1, "0s"), (0, "0s"), (59, "59s"), (60, "1m"), (3599, "59m"), (3600, "1h00m"), (90_061, "1d1h")];
        for (seconds, expected) in cases {
            assert_eq!(short(SignedDuration::from_secs(seconds)), expected);
        }
    }

    #[test]
    fn one_clock_tells_all_times() {
        let wall = Clock::of_the_wall(at(60));
        let simulated = Clock::simulated(at(60), SignedDuration::from_secs(7200), 240.0);
        for (clock, since, until, heading, stamp) in [
            (wall, "20s", "10s", "made 50s ago", "2023-11-14T22:14:20Z"),
            (simulated, "1h20m", "40m", "simulated time 2h00m", "  2h00m"),
        ] {
            assert_eq!(short(clock.since(at(40))), since, "{clock:?}");
            assert_eq!(short(clock.until(at(70))), until, "{clock:?}");
            assert_eq!(short(clock.since(at(70))), "0s", "what is still to come has lasted for nothing");
            assert_eq!(clock.heading(Some(at(10))), heading, "{clock:?}");
            assert_eq!(clock.stamp(), stamp, "{clock:?}");
        }
        assert_eq!(wall.heading(None), "");
    }
}
