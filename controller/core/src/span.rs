//! Time spans: how long they are, for people, and when they end.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// A time span in the largest unit in which it is a whole number: `90 seconds`, `45 minutes`, `1 hour`, `7 days`.
pub(crate) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let units = [("day", 24 * 3600), ("hour", 3600), ("minute", 60)];
    // Days are for long times: people think of 24 hours as such.
    let fits = |(name, length): &(&str, u64)| {
        seconds >= *length && seconds.is_multiple_of(*length) && (*name != "day" || seconds >= 2 * length)
    };
    let (name, length) = units.into_iter().find(fits).unwrap_or(("second", 1));
    let count = seconds / length;
    if count == 1 { format!("1 {name}") } else { format!("{count} {name}s") }
}

/// The end of a span, in whole seconds as a status keeps them.
pub(crate) fn end_of(since: Timestamp, span: Duration) -> Timestamp {
    let seconds = i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
    let end = since.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX);
    Timestamp::from_second(end.as_second()).unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_span_is_told_in_its_own_unit() {
        for (seconds, expected) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (20, "20 seconds"),
            (60, "1 minute"),
            (90, "90 seconds"),
            (2700, "45 minutes"),
            (3600, "1 hour"),
            (5400, "90 minutes"),
            (24 * 3600, "24 hours"),
            (25 * 3600, "25 hours"),
            (7 * 24 * 3600, "7 days"),
        ] {
            assert_eq!(span(Duration::from_secs(seconds)), expected);
        }
    }
}
