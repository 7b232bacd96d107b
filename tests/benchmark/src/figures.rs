//! All that is measured, at one moment; the difference of two is what happened between them.

use std::{ops::Sub, time::Duration};

use tokio::time::Instant;

use crate::scrape::Counts;

/// What was counted until a moment.
#[derive(Clone, Debug)]
pub(crate) struct Figures {
    /// When.
    pub(crate) at: Instant,
    /// Requests to the API server, as it counts them.
    pub(crate) kubernetes: Counts,
    /// Requests to Azure, as the simulator wrote them down, by class.
    pub(crate) azure: Counts,
    /// Seconds of processor time.
    pub(crate) controller: f64,
    /// The same of the API server.
    pub(crate) api_server: f64,
}

/// What happened between two moments.
#[derive(Clone, Debug)]
pub(crate) struct Spent {
    pub(crate) time: Duration,
    pub(crate) kubernetes: Counts,
    pub(crate) azure: Counts,
    pub(crate) controller: f64,
    pub(crate) api_server: f64,
}

impl Sub for &Figures {
    type Output = Spent;

    fn sub(self, earlier: Self) -> Spent {
        Spent {
            time: self.at - earlier.at,
            kubernetes: since(&self.kubernetes, &earlier.kubernetes),
            azure: since(&self.azure, &earlier.azure),
            controller: self.controller - earlier.controller,
            api_server: self.api_server - earlier.api_server,
        }
    }
}

fn since(now: &Counts, earlier: &Counts) -> Counts {
    let grown = |(key, count): (&String, &f64)| {
        let more = count - earlier.get(key).copied().unwrap_or_default();
        (more > 0.0).then(|| (key.clone(), more))
    };
    now.iter().filter_map(grown).collect()
}

/// How often all of these were asked for.
pub(crate) fn sum(counts: &Counts, keys: &[&str]) -> f64 {
    keys.iter().filter_map(|key| counts.get(*key)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grew_is_the_difference_and_the_rest_is_left_out() {
        let counts = |pairs: &[(&str, f64)]| pairs.iter().map(|(key, count)| ((*key).to_owned(), *count)).collect();
        let grown = since(&counts(&[("a", 3.0), ("b", 2.0), ("c", 1.0)]), &counts(&[("a", 1.0), ("b", 2.0)]));
        assert_eq!(grown, counts(&[("a", 2.0), ("c", 1.0)]));
        assert!((sum(&grown, &["a", "b", "c"]) - 3.0).abs() < f64::EPSILON);
    }
}
