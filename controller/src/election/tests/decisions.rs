//! What is decided, row by row.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use tokio::time::Instant;

use super::super::{
    Loss, Timing,
    decide::{Decision, Held, Seen, decide},
    settings::SettingsError,
};

const LEASE: Duration = Duration::from_secs(15);
const DEADLINE: Duration = Duration::from_secs(10);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn lease(holder: &str, duration: Option<i32>) -> Lease {
    let spec = LeaseSpec {
        holder_identity: Some(holder.to_owned()).filter(|holder| !holder.is_empty()),
        lease_duration_seconds: duration,
        ..LeaseSpec::default()
    };
    Lease { spec: Some(spec), ..Lease::default() }
}

#[test]
fn who_stands_by_takes_only_what_stood_unchanged_for_its_whole_duration() {
    let start = Instant::now();
    let first = |lease| Seen::after(None, lease, LEASE, start);
    let other = || Some(lease("other", Some(15)));
    let gone = Seen::after(Some(&first(other())), None, LEASE, start + seconds(3));
    let emptied = Seen::after(Some(&first(other())), Some(lease("", Some(15))), LEASE, start + seconds(3));
    let released = Seen::after(Some(&first(other())), Some(lease("", Some(1))), LEASE, start + seconds(3));
    let same = Seen::after(Some(&first(other())), other(), LEASE, start + seconds(9));
    let renewed = Seen::after(Some(&first(other())), Some(lease("other", Some(20))), LEASE, start + seconds(9));
    for (row, seen, after, expected) in [
        ("there never was a lease", first(None), 0, Decision::Acquire),
        ("somebody's, just seen", first(other()), 0, Decision::Wait(LEASE)),
        ("somebody's, nearly over", first(other()), 14, Decision::Wait(seconds(1))),
        ("somebody's, over", first(other()), 15, Decision::Acquire),
        ("seen again without a change", same.clone(), 14, Decision::Wait(seconds(1))),
        ("seen again without a change, over", same, 15, Decision::Acquire),
        ("renewed, with a duration of its own", renewed, 15, Decision::Wait(seconds(14))),
        ("without a duration: ours", first(Some(lease("other", None))), 14, Decision::Wait(seconds(1))),
        ("a duration of nothing: ours", first(Some(lease("other", Some(0)))), 14, Decision::Wait(seconds(1))),
        ("a negative duration: ours", first(Some(lease("other", Some(-9)))), 14, Decision::Wait(seconds(1))),
        ("a duration of years: an hour", first(Some(lease("other", Some(i32::MAX)))), 3600, Decision::Acquire),
        ("released, just seen", released.clone(), 3, Decision::Wait(seconds(1))),
        ("released", released, 4, Decision::Acquire),
        ("emptied by hand: its holder may not know yet", emptied.clone(), 17, Decision::Wait(seconds(1))),
        ("emptied by hand, over", emptied, 18, Decision::Acquire),
        ("deleted by hand: its holder may not know yet", gone.clone(), 17, Decision::Wait(seconds(1))),
        ("deleted by hand, over", gone, 18, Decision::Acquire),
        ("ours: the answer to our write was lost", first(Some(lease("me", Some(15)))), 0, Decision::Renew),
        ("ours, long ago", first(Some(lease("me", Some(15)))), 99, Decision::Renew),
    ] {
        assert_eq!(decide(&seen, "me", None, start + seconds(after)), expected, "{row}");
    }
}

#[test]
fn who_leads_renews_until_the_deadline_or_until_another_holds_the_lease() {
    let start = Instant::now();
    let held = Some(Held { until: start + DEADLINE, deadline: DEADLINE });
    let late = Decision::Lost(Loss::NotRenewed(DEADLINE));
    for (row, lease, after, expected) in [
        ("ours", Some(lease("me", Some(15))), 0, Decision::Renew),
        ("ours, in the last second", Some(lease("me", Some(15))), 9, Decision::Renew),
        ("ours, at the deadline", Some(lease("me", Some(15))), 10, late.clone()),
        ("another's", Some(lease("other", Some(15))), 1, Decision::Lost(Loss::Taken("other".to_owned()))),
        ("another's, after the deadline", Some(lease("other", Some(15))), 11, late.clone()),
        ("emptied by hand", Some(lease("", Some(15))), 1, Decision::Acquire),
        ("deleted by hand", None, 1, Decision::Acquire),
        ("deleted by hand, after the deadline", None, 10, late),
    ] {
        let seen = Seen::after(None, lease, LEASE, start);
        assert_eq!(decide(&seen, "me", held, start + seconds(after)), expected, "{row}");
    }
}

#[test]
fn times_that_make_no_safe_election_are_refused() {
    let new = |lease, renew, retry| Timing::new(seconds(lease), seconds(renew), seconds(retry));
    assert_eq!(new(15, 10, 2), Ok(Timing::default()));
    assert!(matches!(new(10, 10, 2), Err(SettingsError::DeadlineTooLong { .. })));
    assert!(matches!(new(15, 2, 2), Err(SettingsError::RetryTooLong { .. })));
    assert!(matches!(new(3601, 10, 2), Err(SettingsError::LeaseDuration(_))));
    let broken = Timing::new(Duration::from_millis(1500), seconds(1), Duration::from_millis(100));
    assert!(matches!(broken, Err(SettingsError::LeaseDuration(_))), "the record holds whole seconds");
}
