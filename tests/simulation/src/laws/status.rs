//! Laws 2, 6 and 12, and conditions: the claims of objects are true at that moment, and their conditions are valid.

use std::collections::BTreeSet;

use azimage_core::lint;
use azimage_crds::ImageVersion;
use azimage_simulator::DomainFault;
use jiff::Timestamp;

use super::{
    Evidence,
    end::{affects, allowed_reasons},
};
use crate::{
    oracle::{Statement, StatusClaim},
    plan::Action,
    world::{self, OPERATOR},
};

/// Seconds after which the controller has to know an operator's change, without pauses of processes.
const RECENT: i64 = 900;

/// Whether an operator changed the version so recently that the controller couldn't know, or Azure shows the change late.
fn changed_recently(evidence: &Evidence<'_>, number: u8, at: Timestamp) -> bool {
    let path = world::version(number);
    let of_it = || evidence.journal.iter().filter(|entry| entry.path.eq_ignore_ascii_case(&path));
    let paused =
        evidence.actions().map(|action| if let Action::Pause { seconds, .. } = action { *seconds } else { 0 }).sum();
    let span = RECENT.saturating_add_unsigned(paused);
    let changed = of_it()
        .filter(|entry| entry.principal.as_deref() == Some(OPERATOR) && entry.write && entry.applied)
        .map(|entry| entry.simulated_time)
        .filter(|time| *time <= at)
        .max();
    let Some(changed) = changed else { return false };
    let read = of_it().filter(|entry| !entry.write && (changed..=at).contains(&entry.simulated_time)).count();
    at.duration_since(changed).as_secs() <= span || read <= stale_reads(evidence, &path)
}

/// How many reads Azure answers with the state before a change.
fn stale_reads(evidence: &Evidence<'_>, path: &str) -> usize {
    let reads = evidence.actions().map(|action| match action {
        Action::AzureFails { fault: fault @ DomainFault::StaleReads { reads, .. }, .. } if affects(fault, path) => {
            *reads
        }
        _ => 0,
    });
    usize::try_from(reads.sum::<u64>()).unwrap_or(usize::MAX)
}

/// Law 6: whenever an object became Ready, each region that it claimed to be complete was so in Azure.
pub(super) fn ready_was_true(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for StatusClaim { time, number, statement, complete } in evidence.status_claims {
        let Statement::Ready(regions) = statement else { continue };
        let complete = complete.clone().unwrap_or_default();
        let incomplete: Vec<&String> = regions.iter().filter(|region| !complete.contains(region)).collect();
        if (regions.is_empty() || !incomplete.is_empty()) && !changed_recently(evidence, *number, *time) {
            found
                .push(format!("{} said Ready at {time}, and {incomplete:?} were not complete", world::object(*number)));
        }
    }
    found
}

/// Law 2: a version that was reported missing was gone, and an object that has to delete its version wasn't deleted before it.
pub(super) fn missing_was_true(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for StatusClaim { time, number, statement, complete } in evidence.status_claims {
        let name = world::object(*number);
        match statement {
            Statement::Stalled(reason) if reason == "VersionMissing" && complete.is_some() => {
                found.push(format!("{name} said at {time} that its version is missing, and it was there"));
            }
            Statement::DeletedEarly if evidence.plan.world.delete => {
                let finalizers_removed = evidence.actions().any(|action| *action == Action::RemoveFinalizers(*number));
                if !finalizers_removed {
                    found.push(format!("{name} was deleted at {time}, and its version was there"));
                }
            }
            _ => {}
        }
    }
    found
}

/// Law 12: without an operator's action no object ever stalls.
pub(super) fn no_stall_without_a_cause(evidence: &Evidence<'_>) -> Vec<String> {
    if evidence.actions().any(Action::is_by_operator) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for StatusClaim { time, number, statement, .. } in evidence.status_claims {
        if let Statement::Stalled(reason) = statement
            && !allowed_reasons(evidence, *number).contains(&reason.as_str())
        {
            found.push(format!(
                "{} stalled with {reason} at {time} without an operator's action",
                world::object(*number)
            ));
        }
    }
    found
}

/// The conditions of every status that was ever written follow the rules.
pub(super) fn conditions_are_valid(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = BTreeSet::new();
    let versions = evidence.kubernetes.iter().filter(|write| write.resource.starts_with("imageversions"));
    for write in versions.filter(|write| write.subresource == "status") {
        let object = write.after.as_ref().map(|object| serde_json::from_value::<ImageVersion>(object.as_ref().clone()));
        match object {
            Some(Ok(object)) => {
                let status = object.status.unwrap_or_default();
                let generation = object.metadata.generation.unwrap_or_default();
                let problems = lint::problems(generation, status.observed_generation, &status.conditions);
                found.extend(problems.into_iter().map(|text| format!("{}: {text}", write.name)));
            }
            Some(Err(error)) => {
                found.insert(format!("{} can't be read: {error}", write.name));
            }
            None => {}
        }
    }
    found.into_iter().collect()
}
