//! What to do about the lease. Pure.

use std::time::Duration;

use k8s_openapi::api::coordination::v1::Lease;
use tokio::time::Instant;

use super::record::Record;

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Make it ours.
    Acquire,
    /// Say that we are still there.
    Renew,
    /// It is somebody's; look again after at most so long.
    Wait(Duration),
    /// We no longer lead.
    Lost(Loss),
}

/// Why a process no longer leads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Loss {
    /// It could not be renewed in time.
    #[error("it could not be renewed within {} s (--leader-elect-renew-deadline); is the API server reachable and fast?", .0.as_secs_f64())]
    NotRenewed(Duration),
    /// Another process holds it.
    #[error("{0} holds it now")]
    Taken(String),
}

/// The lease as it was last seen.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// None if there is none.
    pub(super) lease: Option<Lease>,
    /// When it was seen to change, by our own clock.
    changed: Instant,
    /// How long it has to stay unchanged until it may be taken.
    free_after: Duration,
}

impl Seen {
    /// What is known after the lease was read or written, `now` being the time of the answer.
    ///
    /// Only changes of the spec count. Times in it are compared with each other but never with a clock of ours. A lease
    /// that vanished is not free at once: whoever held it may not have noticed yet.
    pub(super) fn after(before: Option<&Self>, lease: Option<Lease>, default: Duration, now: Instant) -> Self {
        let Some(before) = before else {
            let free_after = lease.as_ref().map(|lease| Record::of(lease).duration.unwrap_or(default));
            return Self { lease, changed: now, free_after: free_after.unwrap_or_default() };
        };
        let spec = |lease: &Option<Lease>| lease.as_ref().map(|lease| lease.spec.clone());
        if spec(&before.lease) == spec(&lease) {
            return Self { lease, ..before.clone() };
        }
        let free_after = match &lease {
            Some(lease) => Record::of(lease).duration.unwrap_or(default),
            None => before.free_after,
        };
        Self { lease, changed: now, free_after }
    }

    pub(super) fn holder(&self) -> Option<&str> {
        self.lease.as_ref().and_then(|lease| Record::of(lease).holder)
    }
}

/// How long we lead, if we do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    /// The end, unless it is renewed.
    pub(super) until: Instant,
    /// The time from a renewal to that end, to tell of.
    pub(super) deadline: Duration,
}

impl Held {
    /// Whether it is over. Whatever the record says: for others the wait may be over as well.
    pub(super) fn lost(self, now: Instant) -> Option<Loss> {
        (now >= self.until).then_some(Loss::NotRenewed(self.deadline))
    }
}

/// Decides. `held` is set while we lead.
pub(super) fn decide(seen: &Seen, me: &str, held: Option<Held>, now: Instant) -> Decision {
    let holder = seen.holder();
    if let Some(held) = held {
        return match (held.lost(now), holder) {
            (Some(loss), _) => Decision::Lost(loss),
            (None, Some(holder)) if holder == me => Decision::Renew,
            (None, Some(other)) => Decision::Lost(Loss::Taken(other.to_owned())),
            // Somebody emptied or deleted it. Those who wait leave it alone for a while, so it is still ours to take.
            (None, None) => Decision::Acquire,
        };
    }
    // The answer to our own write was lost. Nobody else has our name.
    if holder == Some(me) {
        return Decision::Renew;
    }
    let unchanged = now.saturating_duration_since(seen.changed);
    match seen.free_after.checked_sub(unchanged) {
        Some(left) if !left.is_zero() => Decision::Wait(left),
        _ => Decision::Acquire,
    }
}
