//! Azure's own faults, by seeds.

use azimage_simulator::DomainFault;

use super::moment;
use crate::{
    fault_rates::chance,
    plan::{Action, Event, World},
};

/// The detail of Azure's own faults.
const DETAIL: &str = "Failed with internal server error.";

/// What all copies have, or one kind of it.
fn in_workspace(kind: u64) -> String {
    let kind = match kind {
        0 => "Compute/snapshots/",
        1 => "Compute/disks/",
        2 => "Network/networkInterfaces/",
        3 => "Network/networkSecurityGroups/",
        4 => "Compute/restorePointCollections/",
        _ => "Compute/virtualMachines/",
    };
    format!("image-work/providers/Microsoft.{kind}")
}

/// Azure's faults within so many hours, not in order. Half of them stand from the beginning, so that they meet what is
/// done first.
pub(super) fn faults(seed: u64, world: &World, hours: u64) -> Vec<Event> {
    let below = |what: &str, number: u64, limit: u64| chance(seed, &("azure", what, number)) % limit.max(1);
    if below("fails", 0, 4) > 0 {
        return Vec::new();
    }
    let event = |number: u64| {
        let of = below("of", number, world.versions.into());
        let version = format!("galleries/corp/images/web-{of}/versions");
        let machine = format!("virtualMachines/builder-{of}");
        let machine = if u8::try_from(of).is_ok_and(|of| world.clone_of(of).is_some()) {
            in_workspace(below("kind of", number, 7))
        } else {
            machine
        };
        let either = if below("either", number, 2) == 0 { version.clone() } else { machine.clone() };
        let region = usize::try_from(below("region", number, 4)).ok().and_then(|region| world.targets.get(region));
        // Some heal by themselves, some don't.
        let times = [Some(1), Some(2), Some(3), None][usize::try_from(below("times", number, 4)).unwrap_or(0)];
        let skip = below("skip", number, 3);
        let reads = |most| 1 + below("reads", number, most);
        let (code, message) = ("InternalOperationError".to_owned(), DETAIL.to_owned());
        let mut seconds = None;
        let fault = match (below("kind", number, 8), region.cloned()) {
            (0 | 1, Some(region)) => {
                let (sticky, detail) = (below("sticky", number, 2) == 0, DETAIL.to_owned());
                DomainFault::RegionFails { resource: version, region, detail, sticky, skip: 0, times }
            }
            (2, Some(region)) => {
                seconds = Some(3600 * (1 + below("stuck", number, 6)));
                DomainFault::RegionStuck { resource: version, region, at_progress: 40 }
            }
            (3, _) => DomainFault::VersionCreateFails { resource: version, code, message, skip: 0, times },
            (4, _) => DomainFault::OperationFails { resource: either, code, message, skip, times: times.or(Some(4)) },
            (5, _) => DomainFault::OperationPreempted { resource: either, skip, times: times.or(Some(4)) },
            (6, _) => DomainFault::NotFoundAfterPut { resource: version, reads: reads(6) },
            // After more stale reads the controller believes that the resource is gone.
            _ => DomainFault::StaleReads { resource: either, reads: reads(3) },
        };
        let at = if below("at once", number, 2) == 0 { 0 } else { moment(seed, hours, "azure fails at", number) };
        Event { at, action: Action::AzureFails { fault, seconds } }
    };
    (0..=below("how many", 0, 2)).map(event).collect()
}
