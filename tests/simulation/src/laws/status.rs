//! Laws 2, 6 and 12, and conditions: what objects said, against what was true at that moment, and how they say it.

use std::collections::BTreeSet;

use azimage_core::lint;
use azimage_crds::ImageVersion;
use azimage_simulator::DomainFault;
use jiff::Timestamp;

use super::{
    Evidence,
    end::{excuses, meets},
};
use crate::{
    oracle::{Statement, StatusClaim},
    plan::Action,
    world::{self, OPERATOR},
};

/// Seconds after which nothing that a person changed is news to anybody, but for pauses of processes.
const NEWS: i64 = 900;

/// Whether a person changed the version so lately that the controller can't have known, or Azure shows the change late.
fn is_news(evidence: &Evidence<'_>, number: u8, at: Timestamp) -> bool {
    let path = world::version(number);
    let of_it = || evidence.journal.iter().filter(|entry| entry.path.eq_ignore_ascii_case(&path));
    let paused =
        evidence.actions().map(|action| if let Action::Pause { seconds, .. } = action { *seconds } else { 0 }).sum();
    let span = NEWS.saturating_add_unsigned(paused);
    let changed = of_it()
        .filter(|entry| entry.principal.as_deref() == Some(OPERATOR) && entry.write && entry.applied)
        .map(|entry| entry.simulated_time)
        .filter(|time| *time <= at)
        .max();
    let Some(changed) = changed else { return false };
    let read = of_it().filter(|entry| !entry.write && (changed..=at).contains(&entry.simulated_time)).count();
    at.duration_since(changed).as_secs() <= span || read <= shown_late(evidence, &path)
}

/// How many reads of it Azure answers with what was before a change.
fn shown_late(evidence: &Evidence<'_>, path: &str) -> usize {
    let reads = evidence.actions().map(|action| match action {
        Action::AzureFails { fault: fault @ DomainFault::StaleReads { reads, .. }, .. } if meets(fault, path) => *reads,
        _ => 0,
    });
    usize::try_from(reads.sum::<u64>()).unwrap_or(usize::MAX)
}

/// Law 6: whenever an object said Ready, each region that it called complete was so in Azure at that moment.
pub(super) fn ready_was_true(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for StatusClaim { time, number, statement, complete } in evidence.status_claims {
        let Statement::Ready(regions) = statement else { continue };
        let complete = complete.clone().unwrap_or_default();
        let lies: Vec<&String> = regions.iter().filter(|region| !complete.contains(region)).collect();
        if (regions.is_empty() || !lies.is_empty()) && !is_news(evidence, *number, *time) {
            found.push(format!("{} said Ready at {time}, and {lies:?} were not complete", world::object(*number)));
        }
    }
    found
}

/// Law 2: a version that counted as gone was gone, and an object that had to delete it didn't go before it.
pub(super) fn gone_was_gone(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for StatusClaim { time, number, statement, complete } in evidence.status_claims {
        let name = world::object(*number);
        match statement {
            Statement::Stalled(reason) if reason == "VersionMissing" && complete.is_some() => {
                found.push(format!("{name} said at {time} that its version is missing, and it was there"));
            }
            Statement::DeletedEarly if evidence.plan.world.delete => {
                let freed = evidence.actions().any(|action| *action == Action::RemoveFinalizers(*number));
                if !freed {
                    found.push(format!("{name} was let go at {time}, and its version was there"));
                }
            }
            _ => {}
        }
    }
    found
}

/// Law 12: where nobody interferes, no object ever says that only a person can help.
pub(super) fn never_given_up(evidence: &Evidence<'_>) -> Vec<String> {
    if evidence.actions().any(Action::is_by_operator) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for StatusClaim { time, number, statement, .. } in evidence.status_claims {
        if let Statement::Stalled(reason) = statement
            && !excuses(evidence, *number).contains(&reason.as_str())
        {
            found.push(format!("{} gave up with {reason} at {time}, and nobody did anything", world::object(*number)));
        }
    }
    found
}

/// What every status that was ever written says to people and tools keeps the rules.
pub(super) fn conditions_keep_the_rules(evidence: &Evidence<'_>) -> Vec<String> {
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
