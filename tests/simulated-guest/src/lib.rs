//! The scripts that prepare guests, run in the simulated guest, on a clock that a test turns.

mod azure;

use std::time::Duration;

use azimage_core::guest::{Preparation, hygiene};
use jiff::{SignedDuration, Timestamp};

pub use azure::{Azure, Ended};

/// When the simulated time begins.
pub const BEGIN: &str = "2026-01-01T00:00:00Z";

/// A preparation that is asked for at this moment, with short times.
pub fn preparation(nonce: &str, now: Timestamp) -> Preparation {
    Preparation {
        nonce: nonce.to_owned(),
        asked_at: now,
        not_before: now - SignedDuration::from_mins(5),
        not_after: now + SignedDuration::from_mins(30),
        delay: Duration::from_secs(60),
        packages_wait: Duration::from_secs(300),
        repeat_mark: Duration::from_secs(30),
        mask_units: Vec::new(),
        user_script: None,
        hygiene: hygiene::Policy::default(),
    }
}
