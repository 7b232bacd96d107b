//! The time of the world: guests live in it, so nothing here can be simulated.

use jiff::Timestamp;

/// Now, by this machine's clock.
#[expect(clippy::disallowed_methods, reason = "real guests live in real time, and their clocks are set by it")]
pub fn now() -> Timestamp {
    Timestamp::now()
}
