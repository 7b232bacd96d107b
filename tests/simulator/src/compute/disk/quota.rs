//! How many disks and snapshots a subscription may have in a region ("Azure subscription and service limits": 50,000 disks and
//! 75,000 snapshots of a kind of storage; a scenario may say fewer).

use crate::{arm::error::ArmError, resources::Resources};

/// Refuses one more.
pub(super) fn room_for(
    resources: &Resources,
    subscription: &str,
    location: &str,
    snapshot: bool,
) -> Result<(), ArmError> {
    let (quotas, what) =
        if snapshot { (&resources.snapshot_quotas, "snapshots") } else { (&resources.disk_quotas, "disks") };
    let Some(limit) = quotas.get(&(subscription.to_lowercase(), location.to_owned())).copied() else { return Ok(()) };
    let there = resources.disks.values().filter(|disk| {
        disk.is_snapshot() == snapshot
            && disk.location == location
            && disk.subscription.eq_ignore_ascii_case(subscription)
    });
    let used = there.count();
    if used < limit {
        return Ok(());
    }
    Err(ArmError::not_allowed(format!(
        "Operation could not be completed as it results in exceeding the approved quota of {what}. Additional details - \
         Location: {location}, Current Limit: {limit}, Current Usage: {used}, Additional Required: 1."
    )))
}
