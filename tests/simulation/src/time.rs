//! Virtual time: tokio's paused clock, seen as time of day.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use azimage::seams::Clock;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// The day on which every run begins, in seconds since 1970: the first of November 2026.
const FIRST: i64 = 1_793_491_200;

/// The clock of a run.
#[derive(Clone, Copy, Debug)]
pub struct VirtualClock(Instant);

impl VirtualClock {
    /// The time of day at which every run begins.
    pub const BEGIN: Timestamp = Timestamp::constant(FIRST, 0);

    /// A clock that begins now.
    pub fn begin() -> Self {
        Self(Instant::now())
    }

    /// The time of day.
    pub fn time(&self) -> Timestamp {
        Self::BEGIN + self.0.elapsed()
    }

    /// How long it has run.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    /// The moment that is so far after the beginning.
    pub fn moment(&self, after: Duration) -> Instant {
        self.0 + after
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.time()
    }
}

/// The clock of one process, which may be wrong.
#[derive(Clone, Debug)]
pub struct ProcessClock {
    right: VirtualClock,
    wrong_by: Arc<AtomicI64>,
}

impl ProcessClock {
    /// One that is right.
    pub fn new(right: VirtualClock) -> Self {
        Self { right, wrong_by: Arc::default() }
    }

    /// Jumps so many seconds.
    pub fn jump(&self, seconds: i64) {
        self.wrong_by.fetch_add(seconds, Ordering::Relaxed);
    }
}

impl Clock for ProcessClock {
    fn now(&self) -> Timestamp {
        let wrong_by = SignedDuration::from_secs(self.wrong_by.load(Ordering::Relaxed));
        self.right.time().checked_add(wrong_by).unwrap_or_else(|_| self.right.time())
    }
}
