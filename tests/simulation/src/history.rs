//! The history of a run, line by line.

use std::{
    fmt::Display,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;

use crate::time::VirtualClock;

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Milliseconds after the beginning.
    pub at: u128,
    /// Whether it is only a read.
    pub read: bool,
    /// What happened.
    pub text: String,
}

impl Display for Line {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = self.at / 1000;
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        write!(formatter, "{hours:03}:{minutes:02}:{:02}.{:03}  {}", seconds % 60, self.at % 1000, self.text)
    }
}

/// The lines of a run. Clones share them.
#[derive(Clone)]
pub struct History {
    clock: VirtualClock,
    lines: Arc<Mutex<Vec<Line>>>,
}

impl History {
    /// An empty history.
    pub fn new(clock: VirtualClock) -> Self {
        Self { clock, lines: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time of day.
    pub fn now(&self) -> Timestamp {
        self.clock.time()
    }

    /// Records something that happened.
    pub fn record(&self, text: impl Into<String>) {
        self.add(false, text.into());
    }

    /// Records a read.
    pub fn record_read(&self, text: impl Into<String>) {
        self.add(true, text.into());
    }

    fn add(&self, read: bool, text: String) {
        self.lock().push(Line { at: self.clock.elapsed().as_millis(), read, text });
    }

    /// All lines so far.
    pub fn lines(&self) -> Vec<Line> {
        self.lock().clone()
    }
}
