//! What the reconciles need to know of the configuration.

use std::time::Duration;

/// Settings of the reconciles.
#[derive(Clone, Debug)]
pub struct Config {
    /// Identifies the cluster in owner tags.
    pub cluster: String,
    /// Which namespaces the controller's own Azure identity serves.
    pub served: Served,
    /// The tenant of `ServiceAccount`s that name none.
    pub tenant: Option<String>,
    /// How many image versions are worked on at a time.
    pub image_version_concurrency: u16,
    /// How many replication targets are worked on at a time.
    pub replication_target_concurrency: u16,
    /// How fast.
    pub pace: Pace,
}

/// How fast the controller goes.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// While Azure works on something.
    pub poll: Duration,
    /// While nothing is to be done.
    pub resync: Duration,
    /// After the first failure.
    pub retry_min: Duration,
    /// After many failures.
    pub retry_max: Duration,
}

impl Pace {
    /// How long to wait after so many failures in a row: twice as long each time, between the two limits.
    pub fn retry(&self, failures: u32) -> Duration {
        let doubled = self.retry_min.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)));
        doubled.min(self.retry_max).max(self.retry_min)
    }
}

/// A set of namespaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Served {
    /// Every namespace.
    All,
    /// These.
    Only(Vec<String>),
}

impl Served {
    /// Whether a namespace is in the set.
    pub fn contains(&self, namespace: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(namespaces) => namespaces.iter().any(|served| served == namespace),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_between_its_limits() {
        let pace = Pace {
            poll: Duration::from_secs(1),
            resync: Duration::from_secs(1),
            retry_min: Duration::from_secs(5),
            retry_max: Duration::from_secs(60),
        };
        let waits: Vec<u64> = [0, 1, 2, 3, 4, 5, 99].iter().map(|failures| pace.retry(*failures).as_secs()).collect();
        assert_eq!(waits, [5, 5, 10, 20, 40, 60, 60]);
    }
}
