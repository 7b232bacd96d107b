//! Which of two copies of an object is the newer one.

use std::{cmp::Ordering, time::Duration};

/// How long a watch may lag behind our own write or read. One that lags for longer isn't believed to be late: an API server
/// whose data was restored begins to count anew, and nobody but itself can tell.
pub const LAG: Duration = Duration::from_secs(30);

/// Whose copy of an object a pass goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Newest {
    /// That of the watch: it is no older than what we wrote or read ourselves.
    Seen,
    /// Our own: the watch lags behind it.
    Own,
    /// It can't be told, so the object has to be read.
    Unknown,
}

/// Compares the resource version that the watch has shown with that of our own last write or read, if there was one, which
/// was so long ago.
///
/// Resource versions of one resource may be compared as whole numbers (Kubernetes 1.35, KEP-5504; those before kept them as
/// the revisions of etcd, for which the same holds). What is no such number tells nothing but whether it is the same.
pub fn newest(seen: Option<&str>, own: Option<(&str, Duration)>) -> Newest {
    match (seen, own) {
        (_, None) => Newest::Seen,
        (Some(seen), Some((own, _))) if seen == own => Newest::Seen,
        (Some(seen), Some((own, age))) => match order(seen, own) {
            Some(Ordering::Less) if age < LAG => Newest::Own,
            Some(Ordering::Greater) => Newest::Seen,
            _ => Newest::Unknown,
        },
        (None, Some(_)) => Newest::Unknown,
    }
}

/// The order of two whole numbers of any length.
fn order(one: &str, other: &str) -> Option<Ordering> {
    let is_number = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'))
    };
    (is_number(one) && is_number(other)).then(|| one.len().cmp(&other.len()).then_with(|| one.cmp(other)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_watch_counts_where_it_is_no_older_than_our_own_last_write() {
        for (case, seen, own, expected) in [
            ("nothing was written", Some("7"), None, Newest::Seen),
            ("the watch has shown our write", Some("7"), Some("7"), Newest::Seen),
            ("and what came after it", Some("10"), Some("9"), Newest::Seen),
            ("the watch lags", Some("9"), Some("10"), Newest::Own),
            ("numbers of any length", Some("18446744073709551616"), Some("18446744073709551617"), Newest::Own),
            ("of another server", Some("a7"), Some("a7"), Newest::Seen),
            ("which can't be compared", Some("a7"), Some("a8"), Newest::Unknown),
            ("nor can what is no number", Some("07"), Some("8"), Newest::Unknown),
            ("nor what is none at all", None, Some("8"), Newest::Unknown),
            ("nor an empty one", Some(""), Some("8"), Newest::Unknown),
        ] {
            assert_eq!(newest(seen, own.map(|own| (own, Duration::ZERO))), expected, "{case}");
        }
        assert_eq!(newest(Some("9"), Some(("10", LAG))), Newest::Unknown, "it lags for too long");
        assert_eq!(newest(Some("10"), Some(("9", LAG))), Newest::Seen, "our write was long ago");
    }
}
