//! What stands in the lease.

use std::time::Duration;

use jiff::{Timestamp, ToSpan};
use k8s_openapi::{
    api::coordination::v1::{Lease, LeaseSpec},
    apimachinery::pkg::apis::meta::v1::MicroTime,
};
use kube::api::ObjectMeta;

use super::{LEASE_NAME, settings::LONGEST_LEASE};

/// How long a released lease is left alone.
const RELEASED: i32 = 1;

/// Who holds the lease and for how long it is to be left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record<'a> {
    /// Nobody when it was released.
    pub(super) holder: Option<&'a str>,
    /// How long it is left alone after it was seen to change, if it says so.
    pub(super) duration: Option<Duration>,
}

impl<'a> Record<'a> {
    pub(super) fn of(lease: &'a Lease) -> Self {
        let Some(spec) = &lease.spec else { return Self { holder: None, duration: None } };
        let seconds = spec.lease_duration_seconds.and_then(|seconds| u64::try_from(seconds).ok());
        Self {
            holder: spec.holder_identity.as_deref().filter(|holder| !holder.is_empty()),
            duration: seconds.filter(|seconds| *seconds > 0).map(|s| Duration::from_secs(s).min(LONGEST_LEASE)),
        }
    }
}

/// The lease as it is written to hold it. What others put into it stays, and so does the resource version that it was
/// read with, so that the write fails when it changed since.
pub(super) fn held(current: Option<&Lease>, me: &str, duration: Duration, now: Timestamp) -> Lease {
    let mut lease = current.cloned().unwrap_or_else(|| Lease {
        metadata: ObjectMeta { name: Some(LEASE_NAME.to_owned()), ..ObjectMeta::default() },
        spec: None,
    });
    let spec = lease.spec.get_or_insert_default();
    let now = later(spec, now);
    if spec.holder_identity.as_deref() != Some(me) {
        spec.holder_identity = Some(me.to_owned());
        spec.acquire_time = Some(MicroTime(now));
        spec.lease_transitions = Some(spec.lease_transitions.map_or(0, |count| count.saturating_add(1)));
    }
    spec.lease_duration_seconds = i32::try_from(duration.as_secs()).ok();
    spec.renew_time = Some(MicroTime(now));
    lease
}

/// The lease as it is written to let go of it.
pub(super) fn released(current: &Lease, now: Timestamp) -> Lease {
    let mut lease = current.clone();
    let spec = lease.spec.get_or_insert_default();
    let now = later(spec, now);
    spec.holder_identity = None;
    spec.lease_duration_seconds = Some(RELEASED);
    spec.renew_time = Some(MicroTime(now));
    lease
}

/// Never the time that stands there already. A write that changes nothing is no change to the API server, and those who
/// wait would take the leader for dead because the wall clock stood still or went back.
fn later(spec: &LeaseSpec, now: Timestamp) -> Timestamp {
    let now = microseconds(now);
    match &spec.renew_time {
        Some(MicroTime(last)) if *last >= now => {
            microseconds(*last).checked_add(1.microsecond()).unwrap_or(Timestamp::UNIX_EPOCH)
        }
        _ => now,
    }
}

fn microseconds(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
}
