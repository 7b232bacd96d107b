//! Virtual time: tokio's paused clock, seen as time of day.

use azimage::seams::Clock;
use jiff::Timestamp;
use tokio::time::Instant;

/// The day on which every run begins, in seconds since 1970: the first of November 2026.
const FIRST: i64 = 1_793_491_200;

/// The clock of a run.
#[derive(Clone, Copy, Debug)]
pub struct VirtualClock(Instant);

impl VirtualClock {
    /// A clock that begins now.
    pub fn begin() -> Self {
        Self(Instant::now())
    }

    /// The time of day.
    pub fn time(&self) -> Timestamp {
        Timestamp::from_second(FIRST).unwrap_or(Timestamp::UNIX_EPOCH) + self.0.elapsed()
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.time()
    }
}
