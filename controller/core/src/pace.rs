//! How often something is looked at.

use std::time::Duration;

/// How fast the controller goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// While Azure works on something, in the beginning: see [`Pace::poll`].
    pub poll: Duration,
    /// While nothing is to be done.
    pub resync: Duration,
    /// After the first failure.
    pub retry_min: Duration,
    /// After many failures.
    pub retry_max: Duration,
}

/// A wait is looked at after this part of the time that it has lasted so far.
const PART: u32 = 30;

impl Pace {
    /// When to look again at something that has lasted for so long already: a copy that takes a day is not asked after as
    /// often as one that just began, and yet its end is seen soon, measured by how long it took. Never less often than
    /// what is at rest is looked at.
    pub fn poll(&self, lasts: Duration) -> Duration {
        (lasts / PART).min(self.resync).max(self.poll)
    }

    /// How long to wait after so many failures in a row: twice as long each time, between the two limits.
    pub fn retry(&self, failures: u32) -> Duration {
        let doubled = self.retry_min.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)));
        doubled.min(self.retry_max).max(self.retry_min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lasts_is_looked_at_less_and_less_often_and_as_often_as_what_rests() {
        let pace = Pace {
            poll: Duration::from_secs(15),
            resync: Duration::from_secs(600),
            retry_min: Duration::from_secs(5),
            retry_max: Duration::from_secs(60),
        };
        for (lasts, again) in [(0, 15), (450, 15), (451, 15), (900, 30), (3600, 120), (18_000, 600), (90_000, 600)] {
            assert_eq!(pace.poll(Duration::from_secs(lasts)).as_secs(), again, "after {lasts} s");
        }
        let hasty = Pace { resync: Duration::from_secs(1), ..pace };
        assert_eq!(hasty.poll(Duration::from_secs(3600)), pace.poll, "a person may ask for rare polls");
    }

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
