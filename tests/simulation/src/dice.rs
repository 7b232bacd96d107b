//! All chance of a run, from one seed.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use azimage::seams::Randomness;
use rand::{Rng, SeedableRng, rngs::StdRng};
use uuid::{Builder, Uuid};

/// A source of chance. Clones share it.
#[derive(Clone, Debug)]
pub struct Dice(Arc<Mutex<StdRng>>);

impl Dice {
    /// Chance for one purpose: what others draw doesn't shift it.
    pub fn new(seed: u64, purpose: u64) -> Self {
        Self(Arc::new(Mutex::new(StdRng::seed_from_u64(seed.wrapping_mul(1_000_003).wrapping_add(purpose)))))
    }

    fn lock(&self) -> MutexGuard<'_, StdRng> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether something happens that has so many chances in a thousand.
    pub fn happens(&self, in_a_thousand: u32) -> bool {
        self.lock().random_range(0..1000) < in_a_thousand
    }

    /// A number below a limit.
    pub fn below(&self, limit: u64) -> u64 {
        self.lock().random_range(0..limit.max(1))
    }

    /// A span up to so many seconds.
    pub fn span(&self, seconds: u64) -> Duration {
        Duration::from_millis(self.below(seconds * 1000))
    }
}

impl Randomness for Dice {
    fn id(&self) -> Uuid {
        Builder::from_random_bytes(self.lock().random()).into_uuid()
    }

    fn fraction(&self) -> f64 {
        self.lock().random()
    }
}
