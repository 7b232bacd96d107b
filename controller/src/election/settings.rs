//! How the election runs.

use std::time::Duration;

/// What one process takes part with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The namespace of the lease.
    pub namespace: String,
    /// The name of this process in the lease. No two processes may have the same, nor one before and after a restart.
    pub identity: String,
    /// Times.
    pub timing: Timing,
}

/// Times of the election.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    pub(super) lease_duration: Duration,
    pub(super) renew_deadline: Duration,
    pub(super) retry_period: Duration,
}

/// Times that make no safe election.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A leader would hold on for as long as others wait, or longer.
    #[error(
        "--leader-elect-lease-duration ({lease_duration:?}) must be longer than --leader-elect-renew-deadline ({renew_deadline:?}): a leader has to stop before another one starts"
    )]
    DeadlineTooLong {
        /// Of the lease.
        lease_duration: Duration,
        /// Until a leader gives up.
        renew_deadline: Duration,
    },
    /// A leader would give up before it tries again.
    #[error(
        "--leader-elect-renew-deadline ({renew_deadline:?}) must be longer than --leader-elect-retry-period ({retry_period:?}): a leader has to get a second try"
    )]
    RetryTooLong {
        /// Until a leader gives up.
        renew_deadline: Duration,
        /// Between two tries.
        retry_period: Duration,
    },
    /// The lease holds whole seconds, and nobody wants to wait for hours.
    #[error("--leader-elect-lease-duration ({0:?}) must be between 1s and 1h, in whole seconds")]
    LeaseDuration(Duration),
}

/// The longest lease. A longer one in a record is taken for this long, as nobody but a careless hand writes it.
pub(super) const LONGEST_LEASE: Duration = Duration::from_secs(3600);

impl Timing {
    /// Times, checked.
    ///
    /// `lease_duration`: for how long others leave the lease alone after they saw it renewed. `renew_deadline`: for how
    /// long a leader goes on after its last successful renewal. `retry_period`: between two tries.
    pub fn new(
        lease_duration: Duration,
        renew_deadline: Duration,
        retry_period: Duration,
    ) -> Result<Self, SettingsError> {
        let whole = lease_duration.subsec_nanos() == 0 && !lease_duration.is_zero();
        if !whole || lease_duration > LONGEST_LEASE {
            return Err(SettingsError::LeaseDuration(lease_duration));
        }
        if lease_duration <= renew_deadline {
            return Err(SettingsError::DeadlineTooLong { lease_duration, renew_deadline });
        }
        if renew_deadline <= retry_period {
            return Err(SettingsError::RetryTooLong { renew_deadline, retry_period });
        }
        Ok(Self { lease_duration, renew_deadline, retry_period })
    }

    /// The longest wait for one answer, so that after one that never comes there is time for another two.
    pub(super) fn call_timeout(&self) -> Duration {
        self.renew_deadline / 3
    }
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            lease_duration: Duration::from_secs(15),
            renew_deadline: Duration::from_secs(10),
            retry_period: Duration::from_secs(2),
        }
    }
}
