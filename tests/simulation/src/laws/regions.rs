//! Laws 5 and 6: a region is removed only if its targets ask for that, each added region has a target, and Ready means that
//! all regions are complete.

use std::{collections::BTreeMap, sync::Arc};

use azimage_simulator::JournalEntry;
use azimage_test_api_server::Write;
use http::Method;
use jiff::SignedDuration;
use serde_json::Value;

use super::{
    Evidence, TARGETS,
    end::{TOLD_OF_TARGETS, is_complete_but_for_refusals, is_known, is_true, stalled},
    line,
};
use crate::{
    plan::Action,
    world::{self, OPERATOR, normal},
};

fn regions(body: &Value) -> Vec<String> {
    let list = body.pointer("/properties/publishingProfile/targetRegions").and_then(Value::as_array);
    let names = list.into_iter().flatten().filter_map(|region| region["name"].as_str());
    names.map(normal).collect()
}

/// A region that an operator added is in every list that the controller writes after it has read it.
pub(super) fn foreign_regions_are_kept(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let by = |entry: &&JournalEntry, who: &str| entry.principal.as_deref() == Some(who);
    for number in evidence.plan.world.numbers() {
        let path = world::version(number);
        let of: Vec<&JournalEntry> =
            evidence.journal.iter().filter(|entry| entry.path.eq_ignore_ascii_case(&path)).collect();
        let Some(foreign) = of.iter().position(|entry| by(entry, OPERATOR) && entry.method == "PUT" && entry.applied)
        else {
            continue;
        };
        let added: Vec<String> = {
            let before = of[..foreign].iter().rev().find(|entry| entry.method == "PUT" && entry.applied);
            let known = before.map(|entry| regions(&entry.body)).unwrap_or_default();
            regions(&of[foreign].body).into_iter().filter(|name| !known.contains(name)).collect()
        };
        // Azure has no precondition for this list, so a write that was decided before can't be prevented.
        let read = of.iter().skip(foreign).position(|entry| by(entry, evidence.client()) && entry.method == "GET");
        let Some(read) = read else { continue };
        let begun = of[foreign + read].simulated_time;
        // A deleted version loses its regions, even if another one with its number is created.
        let is_there = |entry: &&&JournalEntry| !(entry.method == "DELETE" && entry.applied);
        for entry in of
            .iter()
            .skip(foreign)
            .take_while(is_there)
            .skip(read)
            .filter(|entry| by(entry, evidence.client()) && entry.method == "PUT" && entry.applied)
        {
            let late = entry.simulated_time.duration_since(begun).as_secs() < super::IN_FLIGHT;
            let kept = regions(&entry.body);
            if !late && added.iter().any(|region| !kept.contains(region)) {
                found.push(format!("{added:?} of an operator is not in {}", line(entry)));
            }
        }
    }
    found
}

/// A version that is Ready at the end is complete in Azure, in each wanted region; and one that says that Azure refuses a region
/// is complete in each region that Azure has.
pub(super) fn ready_means_complete(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for number in evidence.plan.world.numbers() {
        let Some(object) = evidence.objects.get(&world::object(number)) else { continue };
        let but_for_refusals = is_complete_but_for_refusals(object);
        if is_true(object, "Ready").is_none() && !but_for_refusals {
            continue;
        }
        let Some(version) = evidence.azure.simulator().state(&world::version(number)) else {
            found.push(format!("{} says Ready, and there is no version", world::object(number)));
            continue;
        };
        let wanted = evidence.plan.world.targets.iter().enumerate().filter(|(target, _)| {
            !evidence
                .actions()
                .any(|action| matches!(action, Action::DeleteTarget(gone) if usize::from(*gone) == *target))
        });
        let mut wanted: Vec<String> = wanted.map(|(_, region)| normal(region)).collect();
        wanted.extend(evidence.actions().filter_map(|action| match action {
            Action::AddTarget(region) => Some(normal(region)),
            _ => None,
        }));
        wanted.push(world::HOME.to_owned());
        wanted.retain(|region| is_known(region) || !but_for_refusals);
        let list = version["regions"].as_array().cloned().unwrap_or_default();
        for region in wanted {
            let there = list.iter().find(|it| it["name"].as_str().is_some_and(|name| normal(name) == region));
            let complete = there.is_some_and(|it| {
                it["state"].to_string().contains("Completed") || it["state"].to_string().contains("completed")
            });
            if !complete {
                let state = there.map_or_else(|| "missing".to_owned(), |it| it["state"].to_string());
                found.push(format!("{} says Ready, and {region} is {state}", world::object(number)));
            }
        }
    }
    found
}

/// A wish is never worse off for another's: beside targets of regions that Azure doesn't have, those of regions that it has are
/// Ready as soon as each version is complete, and each of the former says itself what is wrong with it.
pub(super) fn wishes_are_never_worse_off_for_others(evidence: &Evidence<'_>) -> Vec<String> {
    let numbers = evidence.plan.world.numbers();
    let objects: Vec<_> = numbers.filter_map(|number| evidence.objects.get(&world::object(number))).collect();
    let complete = |object: &Value| is_true(object, "Ready").is_some() || is_complete_but_for_refusals(object);
    let others =
        !evidence.plan.world.broken_objects.is_empty() || objects.iter().any(|it| it["spec"]["suspend"] == true);
    if !evidence.settled || others || objects.is_empty() || !objects.iter().all(|object| complete(object)) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (name, region) in all_targets(evidence) {
        let Some(target) = evidence.object_at(TARGETS, &name, evidence.rested_from) else { continue };
        if !target["metadata"]["deletionTimestamp"].is_null() {
            continue;
        }
        let says = if is_true(target, "Ready").is_some() { Some("Ready") } else { stalled(target) };
        let expected: &[&str] = if is_known(&region) { &["Ready"] } else { &TOLD_OF_TARGETS };
        if !says.is_some_and(|says| expected.contains(&says)) {
            let why = target["status"]["conditions"][0]["message"].to_string();
            found.push(format!("{name} in {region} is {says:?}, not {expected:?}: {why}"));
        }
    }
    found
}

/// The names and regions of all targets that ever existed.
fn all_targets(evidence: &Evidence<'_>) -> Vec<(String, String)> {
    let made = evidence.kubernetes.iter().filter(|write| write.resource == TARGETS && write.before.is_none());
    let region = |write: &Write| Some(normal(write.after.as_ref()?["spec"]["region"].as_str()?));
    made.filter_map(|write| Some((write.name.clone(), region(write)?))).collect()
}

/// A region is added to a version only while a target wants it that isn't being deleted.
pub(super) fn added_regions_have_a_target(evidence: &Evidence<'_>) -> Vec<String> {
    let targets = all_targets(evidence);
    let mut found = Vec::new();
    for number in evidence.plan.world.numbers() {
        for effect in
            evidence.effects_on(&world::version(number)).into_iter().filter(|effect| effect.method == Method::PUT)
        {
            let entries = |version: &Value| -> Vec<String> {
                let list = version["regions"].as_array().into_iter().flatten();
                list.filter_map(|region| region["name"].as_str()).map(normal).collect()
            };
            let (before, after) = (entries(&effect.before), entries(&effect.after));
            let sent = effect.time - SignedDuration::from_secs(evidence.max_seconds_in_flight());
            for region in after.iter().filter(|region| *region != world::HOME && !before.contains(region)) {
                let asked = targets.iter().filter(|(_, wanted)| wanted == region).any(|(name, _)| {
                    let exists = |at| {
                        let target = evidence.object_at(TARGETS, name, at);
                        target.is_some_and(|target| target["metadata"]["deletionTimestamp"].is_null())
                    };
                    exists(sent) || exists(effect.time)
                });
                if !asked {
                    found.push(format!("{region} was written at {}, and no target asks for it", effect.time));
                }
            }
        }
    }
    found
}

/// Ready versions don't have the regions of targets that are gone.
pub(super) fn regions_of_deleted_targets_are_removed(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    if !evidence.settled {
        return found;
    }
    let end = evidence.rested_from;
    let (there, gone): (Vec<_>, Vec<_>) =
        all_targets(evidence).into_iter().partition(|(name, _)| evidence.object_at(TARGETS, name, end).is_some());
    for (name, region) in gone {
        if there.iter().any(|(_, other)| *other == region) {
            continue;
        }
        for number in evidence.plan.world.numbers() {
            let foreign = |action: &Action| matches!(action, Action::AddRegion(it, added) if *it == number && normal(added) == region);
            let ready = evidence.objects.get(&world::object(number)).is_some_and(|it| is_true(it, "Ready").is_some());
            let version = evidence.azure.simulator().state(&world::version(number)).unwrap_or_default();
            let mut names = version["regions"].as_array().into_iter().flatten().filter_map(|it| it["name"].as_str());
            if ready && names.any(|it| normal(it) == region) && !evidence.actions().any(foreign) {
                found.push(format!("{name} is gone, and {region} is still in {}", world::version(number)));
            }
        }
    }
    found
}

/// Whether a target is being deleted and no object may hold it. A suspended object may, and one that is stalled because its
/// `ServiceAccount` was deleted.
pub(crate) fn must_be_deleted(name: &str, target: &Value, objects: &BTreeMap<String, Arc<Value>>) -> bool {
    let holds = |object: &Value| {
        let regions = object["status"]["regions"].as_array().into_iter().flatten();
        let mut holders = regions.filter_map(|region| region["requestedBy"].as_array()).flatten();
        let rightly = object["spec"]["suspend"] == true || stalled(object) == Some("ServiceAccountNotFound");
        rightly && holders.any(|holder| holder == name)
    };
    !target["metadata"]["deletionTimestamp"].is_null() && !objects.values().any(|object| holds(object))
}

/// Deleted targets are gone at the end, whatever the state of the versions.
pub(super) fn deleted_targets_disappear(evidence: &Evidence<'_>) -> Vec<String> {
    let there = all_targets(evidence).into_iter().filter_map(|(name, _)| {
        let target = evidence.object_at(TARGETS, &name, evidence.rested_from)?;
        must_be_deleted(&name, target, evidence.objects).then(|| {
            let why = target["status"]["conditions"][0]["message"].to_string();
            format!("{name} was deleted, and is still there: {why}")
        })
    });
    there.collect()
}
