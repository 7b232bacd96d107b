//! The annotation that asks for a reconcile, as the status remembers it.

use azimage_crds::RECONCILE_REQUESTED_AT;
use kube::{Resource, ResourceExt};

/// The longest value that the status keeps as it is, in characters.
const LIMIT: usize = 256;

/// What the status remembers of the request that an object carries: its value, or of a longer one its beginning and a sum of all of
/// it, so that another long one is another request.
pub fn requested<K: Resource>(object: &K) -> Option<String> {
    object.annotations().get(RECONCILE_REQUESTED_AT).map(|value| remembered(value))
}

fn remembered(value: &str) -> String {
    if value.chars().count() <= LIMIT {
        return value.to_owned();
    }
    let sum = format!("…{:016x}", sum(value));
    let beginning: String = value.chars().take(LIMIT - sum.chars().count()).collect();
    format!("{beginning}{sum}")
}

/// FNV-1a with 64 bits: the same in each release, since the status outlives them.
fn sum(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_written_into_the_annotation_the_status_can_keep() {
        assert_eq!(sum("a"), 0xaf63_dc4c_8601_ec8c, "as its authors print it");
        for text in ["", "2026-11-02T09:00:00Z", &"x".repeat(256), &"ä".repeat(256)] {
            assert_eq!(remembered(text), text);
        }
        for text in ["x".repeat(257), "ä".repeat(300), "🦀".repeat(100_000)] {
            assert_eq!(remembered(&text).chars().count(), LIMIT, "{}", text.len());
            assert_ne!(remembered(&text), remembered(&format!("{text}.")), "another request");
            assert_eq!(remembered(&text), remembered(&text));
        }
    }
}
