//! Law 1: a machine is generalized at most once, and only one that may be.

use std::collections::BTreeSet;

use super::Evidence;
use crate::{plan::Act, world};

/// Each machine by one request at most, and only when its guest was sealed in truth.
pub(super) fn generalized_once_and_sealed(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let seen = evidence.azure.generalizations();
    for number in 0..evidence.plan.world.versions {
        let machine = world::machine(number);
        let of_this: Vec<_> = seen.iter().filter(|one| one.machine.eq_ignore_ascii_case(&machine)).collect();
        let taken = evidence.writes_to("POST", &format!("{machine}/generalize"));
        let requests: BTreeSet<_> = taken.iter().filter_map(|entry| entry.client_request_id.clone()).collect();
        // A request that arrives late is followed by another, which finds the work done: it changes nothing.
        let effective = of_this.iter().filter(|one| !one.already && requests.contains(&one.request)).count();
        if effective > 1 {
            found.push(format!("{machine} was generalized {effective} times"));
        }
        for one in of_this.iter().filter(|one| requests.contains(&one.request) && !one.sealed) {
            found.push(format!("{machine} was generalized by {}, and its guest wasn't sealed", one.request));
        }
    }
    found
}

/// A machine is never started by the controller.
pub(super) fn never_started(evidence: &Evidence<'_>) -> Vec<String> {
    let started = evidence.writes().filter(|entry| entry.method == "POST" && entry.path.ends_with("/start"));
    started.map(super::line).collect()
}

/// Acts that leave a machine as no capture can use it.
pub(super) fn spoils_machine(act: &Act, number: u8) -> bool {
    matches!(
        act,
        Act::StartMachine(it) | Act::StopMachine(it) | Act::GeneralizeMachine(it) | Act::DeleteMachine(it) | Act::RetagMachine(it)
            if *it == number
    )
}
