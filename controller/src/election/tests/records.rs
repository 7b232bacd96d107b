//! What is written.

use std::time::Duration;

use jiff::{Timestamp, ToSpan};
use k8s_openapi::{
    api::coordination::v1::{Lease, LeaseSpec},
    apimachinery::pkg::apis::meta::v1::MicroTime,
};

use super::super::record::{held, released};

const LEASE: Duration = Duration::from_secs(15);

fn time() -> Timestamp {
    "2030-01-01T00:00:00Z".parse().unwrap()
}

fn spec(lease: &Lease) -> &LeaseSpec {
    lease.spec.as_ref().unwrap()
}

#[test]
fn a_new_lease_names_its_holder() {
    let lease = held(None, "me", LEASE, time());
    assert_eq!(lease.metadata.name.as_deref(), Some("azimage.dev-controller"));
    assert_eq!(spec(&lease).holder_identity.as_deref(), Some("me"));
    assert_eq!(spec(&lease).lease_duration_seconds, Some(15));
    assert_eq!(spec(&lease).lease_transitions, Some(0));
    assert_eq!(spec(&lease).acquire_time, Some(MicroTime(time())));
}

#[test]
fn a_renewal_keeps_the_term_and_what_others_wrote() {
    let mut lease = held(None, "me", LEASE, time());
    lease.metadata.resource_version = Some("7".to_owned());
    lease.metadata.annotations = Some([("note".to_owned(), "kept".to_owned())].into());
    let renewed = held(Some(&lease), "me", LEASE, time() + 2.seconds());
    assert_eq!(renewed.metadata, lease.metadata);
    assert_eq!(spec(&renewed).acquire_time, spec(&lease).acquire_time);
    assert_eq!(spec(&renewed).lease_transitions, Some(0));
    assert_eq!(spec(&renewed).renew_time, Some(MicroTime(time() + 2.seconds())));
}

#[test]
fn a_take_over_is_counted() {
    let taken = held(Some(&held(None, "other", LEASE, time())), "me", LEASE, time() + 1.hour());
    assert_eq!(spec(&taken).lease_transitions, Some(1));
    assert_eq!(spec(&taken).acquire_time, Some(MicroTime(time() + 1.hour())));
}

#[test]
fn a_wall_clock_that_stands_still_or_goes_back_still_changes_the_record() {
    let mut lease = held(None, "me", LEASE, time());
    for now in [time(), time(), time() - 24.hours(), Timestamp::MIN] {
        let next = held(Some(&lease), "me", LEASE, now);
        assert!(spec(&next).renew_time > spec(&lease).renew_time, "{now}");
        lease = next;
    }
    assert!(spec(&released(&lease, time())).renew_time > spec(&lease).renew_time);
}

#[test]
fn a_released_lease_has_no_holder_and_is_short() {
    let lease = released(&held(None, "me", LEASE, time()), time());
    assert_eq!(spec(&lease).holder_identity, None);
    assert_eq!(spec(&lease).lease_duration_seconds, Some(1));
}
