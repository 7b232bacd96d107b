//! The quota of a caller: fifteen queries in five seconds.

use std::collections::BTreeMap;

use http::StatusCode;
use jiff::Timestamp;

use crate::arm::error::ArmError;

const CALLS: u32 = 15;
const SECONDS: i64 = 5;

/// What each caller has left in its window.
#[derive(Debug, Default)]
pub(crate) struct Quota {
    windows: BTreeMap<String, (Timestamp, u32)>,
}

impl Quota {
    /// What is left after this call; `None` where nothing was left for it.
    pub(crate) fn take(&mut self, caller: &str, now: Timestamp) -> Option<u32> {
        let window = self.windows.entry(caller.to_owned()).or_insert((now, CALLS));
        if now.duration_since(window.0).as_secs() >= SECONDS {
            *window = (now, CALLS);
        }
        window.1 = window.1.checked_sub(1)?;
        Some(window.1)
    }

    /// Seconds until the window ends.
    pub(crate) fn resets_after(&self, caller: &str, now: Timestamp) -> i64 {
        self.windows.get(caller).map_or(0, |(since, _)| (SECONDS - now.duration_since(*since).as_secs()).max(0))
    }
}

pub(super) fn exceeded() -> ArmError {
    ArmError::new(
        StatusCode::TOO_MANY_REQUESTS,
        "RateLimiting",
        "Client application has been throttled and should not attempt to repeat the request until an amount of time has elapsed.",
    )
}
