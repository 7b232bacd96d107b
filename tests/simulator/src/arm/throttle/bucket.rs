//! Counters of requests: token buckets, and windows that are full again at their end.

use jiff::Timestamp;

/// How a counter gets full again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Refill {
    /// So many tokens a second.
    PerSecond(f64),
    /// All at once, so many seconds after the first request.
    Window(f64),
}

/// One counter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bucket {
    size: f64,
    refill: Refill,
    left: f64,
    since: Timestamp,
}

impl Bucket {
    pub(crate) fn full(size: f64, refill: Refill, now: Timestamp) -> Self {
        Self { size, refill, left: size, since: now }
    }

    /// Lets time pass. A size that was changed at run time is taken over.
    pub(crate) fn pass(&mut self, size: f64, refill: Refill, now: Timestamp) {
        let elapsed = now.duration_since(self.since).as_secs_f64().max(0.0);
        (self.size, self.refill) = (size, refill);
        match refill {
            Refill::PerSecond(rate) => {
                self.left += elapsed * rate;
                self.since = now;
            }
            Refill::Window(seconds) if elapsed >= seconds => {
                self.left = size;
                self.since = now;
            }
            Refill::Window(_) => {}
        }
        self.left = self.left.min(size);
    }

    /// Simulated seconds until a request passes; nothing if one passes now.
    pub(crate) fn wait(&self, now: Timestamp) -> Option<f64> {
        if self.left >= 1.0 {
            return None;
        }
        let elapsed = now.duration_since(self.since).as_secs_f64();
        Some(match self.refill {
            Refill::PerSecond(rate) => (1.0 - self.left) / rate,
            Refill::Window(seconds) => seconds - elapsed,
        })
    }

    pub(crate) fn take(&mut self) {
        self.left = (self.left - 1.0).max(0.0);
    }

    /// What is left, as headers tell it.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative and below 30000")]
    pub(crate) fn left(&self) -> u32 {
        self.left as u32
    }

    /// Nothing would be lost by forgetting it.
    pub(crate) fn is_full(&self) -> bool {
        self.left >= self.size
    }
}
