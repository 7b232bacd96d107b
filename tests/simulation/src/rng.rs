//! The random numbers of a run, from one seed.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use azimage::seams::Randomness;
use rand::{Rng, SeedableRng, rngs::StdRng};
use uuid::{Builder, Uuid};

use crate::fault_rates::chance;

/// A generator of random numbers. Clones share its state.
#[derive(Clone, Debug)]
pub struct SeededRng(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    seed: u64,
    shared: StdRng,
    /// How many numbers were drawn for each name.
    draws: BTreeMap<String, u64>,
}

impl SeededRng {
    /// The generator for one purpose. Numbers that others draw don't change its own.
    pub fn new(seed: u64, purpose: u64) -> Self {
        let seed = seed.wrapping_mul(1_000_003).wrapping_add(purpose);
        Self(Arc::new(Mutex::new(State { seed, shared: StdRng::seed_from_u64(seed), draws: BTreeMap::new() })))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Randomness for SeededRng {
    fn id(&self) -> Uuid {
        Builder::from_random_bytes(self.lock().shared.random()).into_uuid()
    }

    fn fraction(&self) -> f64 {
        self.lock().shared.random()
    }

    fn fraction_for(&self, who: &str) -> f64 {
        let mut state = self.lock();
        let draws = state.draws.entry(who.to_owned()).or_default();
        *draws += 1;
        let key = (who, *draws);
        StdRng::seed_from_u64(chance(state.seed, &key)).random()
    }
}
