//! What comes from outside the program and would make two runs differ: time, randomness, and who comes first of several that
//! begin at one instant.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;
use rand::Rng;
use uuid::Uuid;

/// Reads the time of day.
pub trait Clock: Send + Sync {
    /// Now, in UTC.
    fn now(&self) -> Timestamp;
}

/// Gives random numbers and ids.
pub trait Randomness: Send + Sync {
    /// A new id.
    fn id(&self) -> Uuid;
    /// A number from 0 up to 1.
    fn fraction(&self) -> f64;
    /// The same for one of many that ask within one instant, in an order that is up to chance: where numbers follow from a
    /// seed, they must not depend on who asks first.
    fn fraction_for(&self, _who: &str) -> f64 {
        self.fraction()
    }
}

/// Decides which of several passes that may begin at one instant begins first.
#[async_trait]
pub trait Order: Send + Sync {
    /// Waits until a pass over this object may begin.
    async fn turn(&self, object: &str);
}

/// Each pass begins at once.
#[derive(Clone, Copy, Debug, Default)]
pub struct AsTheyCome;

#[async_trait]
impl Order for AsTheyCome {
    async fn turn(&self, _object: &str) {}
}

/// The clock of the system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is the one place where the wall clock is read")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The randomness of the system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    #[allow(clippy::disallowed_methods, reason = "this is the one place where chance is the system's")]
    fn id(&self) -> Uuid {
        Uuid::new_v4()
    }

    #[allow(clippy::disallowed_methods, reason = "this is the one place where chance is the system's")]
    fn fraction(&self) -> f64 {
        rand::rng().random()
    }
}

/// All together.
#[derive(Clone)]
pub struct Seams {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub randomness: Arc<dyn Randomness>,
    /// The order of passes.
    pub order: Arc<dyn Order>,
}

impl fmt::Debug for Seams {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Seams").finish_non_exhaustive()
    }
}

impl Default for Seams {
    fn default() -> Self {
        Self { clock: Arc::new(SystemClock), randomness: Arc::new(SystemRandomness), order: Arc::new(AsTheyCome) }
    }
}

impl Seams {
    /// A span made up to a tenth longer, so that many objects don't ask at the same moment.
    pub fn jittered(&self, span: Duration) -> Duration {
        lengthened(span, self.randomness.fraction())
    }

    /// The same for the object of a uid.
    pub fn jittered_for(&self, uid: &str, span: Duration) -> Duration {
        lengthened(span, self.randomness.fraction_for(uid))
    }
}

fn lengthened(span: Duration, fraction: f64) -> Duration {
    span.mul_f64(1.0 + fraction / 10.0)
}
