//! When something is over that a status tells the end of: it is looked at then, and not at the next look that comes anyway.

use azimage_crds::ImageVersionStatus;
use jiff::Timestamp;

/// The next end of those that aren't over: of a region's pause, of the soak, or of the time for which something temporary is kept.
pub fn next_end(status: &ImageVersionStatus, now: Timestamp) -> Option<Timestamp> {
    let pauses = status.regions.iter().flat_map(|region| &region.leaving).map(|leaving| &leaving.after);
    let kept = status.temporary.iter().filter_map(|known| known.expires_at.as_ref());
    let all = pauses.chain(kept).chain(&status.soaks_until);
    all.map(|end| end.0).filter(|end| *end > now).min()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_version_is_looked_at_when_the_next_of_these_ends() {
        let leaving = |after: &str| json!({"target": "t", "after": after});
        let status: ImageVersionStatus = serde_json::from_value(json!({
            "regions": [{"name": "northeurope", "state": "Completed", "leaving": [leaving("1970-01-01T00:00:50Z"), leaving("1970-01-01T00:05:00Z")]}],
            "temporary": [
                {"resourceId": "x", "since": "1970-01-01T00:00:00Z", "expiresAt": "1970-01-01T00:01:40Z"},
                {"resourceId": "y", "since": "1970-01-01T00:00:00Z"},
            ],
            "soaksUntil": "1970-01-01T00:03:20Z",
        }))
        .unwrap();
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        for (now, expected) in [(0, Some(50)), (50, Some(100)), (100, Some(200)), (250, Some(300)), (300, None)] {
            assert_eq!(next_end(&status, at(now)), expected.map(at), "{now}");
        }
    }
}
