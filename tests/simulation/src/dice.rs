//! All chance of a run, from one seed.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use azimage::seams::Randomness;
use rand::{Rng, SeedableRng, rngs::StdRng};
use uuid::{Builder, Uuid};

use crate::fault_rates::chance;

/// A source of chance. Clones share it.
#[derive(Clone, Debug)]
pub struct Dice(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    seed: u64,
    shared: StdRng,
    /// How often each of many has asked for itself.
    asked: BTreeMap<String, u64>,
}

impl Dice {
    /// Chance for one purpose: what others draw doesn't shift it.
    pub fn new(seed: u64, purpose: u64) -> Self {
        let seed = seed.wrapping_mul(1_000_003).wrapping_add(purpose);
        Self(Arc::new(Mutex::new(State { seed, shared: StdRng::seed_from_u64(seed), asked: BTreeMap::new() })))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether something happens that has so many chances in a thousand.
    pub fn happens(&self, per_thousand: u32) -> bool {
        self.lock().shared.random_range(0..1000) < per_thousand
    }

    /// A number below a limit.
    pub fn below(&self, limit: u64) -> u64 {
        self.lock().shared.random_range(0..limit.max(1))
    }

    /// A span up to so many seconds.
    pub fn span(&self, seconds: u64) -> Duration {
        Duration::from_millis(self.below(seconds * 1000))
    }
}

impl Randomness for Dice {
    fn id(&self) -> Uuid {
        Builder::from_random_bytes(self.lock().shared.random()).into_uuid()
    }

    fn fraction(&self) -> f64 {
        self.lock().shared.random()
    }

    fn fraction_for(&self, who: &str) -> f64 {
        let mut state = self.lock();
        let asked = state.asked.entry(who.to_owned()).or_default();
        *asked += 1;
        let own = (who, *asked);
        StdRng::seed_from_u64(chance(state.seed, &own)).random()
    }
}
