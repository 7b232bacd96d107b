//! Whether a region has room for a machine: quota, sizes that are sold out (behaviour section 20).

use http::StatusCode;

use crate::{arm::error::ArmError, regions, resources::Resources, scenario::Shortage};

/// Cores of a size: the first number after its letters, as in `Standard_D16ads_v5`.
pub(crate) fn cores(size: &str) -> u32 {
    let name = size.split_once('_').map_or(size, |(_, rest)| rest);
    let digits: String = name.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(1)
}

fn shortage(resources: &Resources, location: &str, size: &str) -> Option<Shortage> {
    resources
        .shortages
        .iter()
        .filter(|shortage| shortage.until.is_none_or(|until| resources.now < until))
        .find(|shortage| regions::normal(&shortage.region) == location && shortage.vm_size.eq_ignore_ascii_case(size))
        .map(|shortage| shortage.code)
}

/// Refuses a new machine at once. Deallocated machines count, too.
pub(crate) fn room_for(resources: &Resources, subscription: &str, location: &str, size: &str) -> Result<(), ArmError> {
    match shortage(resources, location, size) {
        Some(Shortage::SkuNotAvailable) => {
            return Err(ArmError::conflict(
                "SkuNotAvailable",
                format!(
                    "The requested VM size for resource 'Following SKUs have failed for Capacity Restrictions: {size}' is \
                     currently not available in location '{location}'. Please try another size or deploy to a different \
                     location or different zone. See https://aka.ms/azureskunotavailable for details."
                ),
            ));
        }
        Some(Shortage::QuotaExceeded) => {
            return Err(ArmError::conflict(
                "QuotaExceeded",
                format!(
                    "Operation could not be completed as it results in exceeding approved {size} Family Cores quota."
                ),
            ));
        }
        _ => {}
    }
    let key = (subscription.to_lowercase(), location.to_owned());
    let Some(limit) = resources.core_quotas.get(&key).copied() else { return Ok(()) };
    let used: u32 = resources
        .machines
        .values()
        .filter(|machine| machine.location == location && machine.subscription.eq_ignore_ascii_case(subscription))
        .map(|machine| cores(machine.size()))
        .sum();
    let needed = cores(size);
    if used + needed <= limit {
        return Ok(());
    }
    Err(ArmError::not_allowed(format!(
        "Operation could not be completed as it results in exceeding approved Total Regional Cores quota. Additional \
         details - Deployment Model: Resource Manager, Location: {location}, Current Limit: {limit}, Current Usage: \
         {used}, Additional Required: {needed}, (Minimum) New Limit Required: {}.",
        used + needed
    )))
}

/// How the allocation of a machine fails that was taken on.
pub(crate) fn allocation_failure(resources: &Resources, location: &str, size: &str) -> Option<ArmError> {
    let (code, message) = match shortage(resources, location, size)? {
        Shortage::AllocationFailed => (
            "AllocationFailed",
            "Allocation failed. We do not have sufficient capacity for the requested VM size in this region. Read more \
             about improving likelihood of allocation success at https://aka.ms/allocation-guidance",
        ),
        Shortage::OverConstrainedAllocationRequest => (
            "OverConstrainedAllocationRequest",
            "Allocation failed. VM(s) with the following constraints cannot be allocated, because the condition is too \
             restrictive. Please remove some constraints and try again.",
        ),
        Shortage::SkuNotAvailable | Shortage::QuotaExceeded => return None,
    };
    Some(ArmError::new(StatusCode::CONFLICT, code, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_tells_its_cores() {
        for (size, expected) in [
            ("Standard_D2s_v5", 2),
            ("Standard_D16ads_v5", 16),
            ("Standard_DS1_v2", 1),
            ("Standard_B1ms", 1),
            ("odd", 1),
        ] {
            assert_eq!(cores(size), expected, "{size}");
        }
    }
}
