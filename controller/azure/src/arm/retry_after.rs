//! The `Retry-After` header.

use std::time::Duration;

use http::HeaderMap;

/// No answer of Azure asks for more than 20 minutes (documented example of a 429 by Compute); an hour bounds nonsense.
const LONGEST: Duration = Duration::from_secs(3600);

/// The time `Retry-After` asks to wait, in whole seconds, at most an hour. Resource Manager never sends a date there
/// (Azure documentation, "Asynchronous operations"), so a date counts as absent.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_read_and_everything_else_counts_as_absent() {
        for (text, expected) in [
            ("0", Some(0)),
            (" 10 ", Some(10)),
            ("1200", Some(1200)),
            ("99999999", Some(3600)),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("Wed, 21 Oct 2026 07:28:00 GMT", None),
            ("99999999999999999999999", None),
        ] {
            let headers = HeaderMap::from_iter([(http::header::RETRY_AFTER, text.parse().unwrap())]);
            assert_eq!(retry_after(&headers), expected.map(Duration::from_secs), "{text}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
