//! Law 5: a target has its region, and a region its target.

use std::{collections::BTreeMap, sync::Arc};

use http::Method;
use jiff::SignedDuration;
use serde_json::Value;

use super::{
    Evidence, TARGETS,
    end::{is_true, stalled},
};
use crate::{
    plan::Act,
    world::{self, normal},
};

/// The names of all targets that there ever were, with their regions.
fn all(evidence: &Evidence<'_>) -> Vec<(String, String)> {
    let made = evidence.kubernetes.iter().filter(|write| write.resource == TARGETS && write.before.is_none());
    let region =
        |write: &azimage_test_api_server::Write| Some(normal(write.after.as_ref()?["spec"]["region"].as_str()?));
    made.filter_map(|write| Some((write.name.clone(), region(write)?))).collect()
}

/// A region is added to a version only while a target asks for it that isn't being deleted.
pub(super) fn regions_are_asked_for(evidence: &Evidence<'_>) -> Vec<String> {
    let targets = all(evidence);
    let mut found = Vec::new();
    for number in 0..evidence.plan.world.versions {
        for effect in
            evidence.effects_on(&world::version(number)).into_iter().filter(|effect| effect.method == Method::PUT)
        {
            let entries = |version: &Value| -> Vec<String> {
                let list = version["regions"].as_array().into_iter().flatten();
                list.filter_map(|region| region["name"].as_str()).map(normal).collect()
            };
            let (before, after) = (entries(&effect.before), entries(&effect.after));
            let sent = effect.time - SignedDuration::from_secs(evidence.in_flight());
            for region in after.iter().filter(|region| *region != world::HOME && !before.contains(region)) {
                let asked = targets.iter().filter(|(_, wanted)| wanted == region).any(|(name, _)| {
                    let lives = |at| {
                        let target = evidence.object_at(TARGETS, name, at);
                        target.is_some_and(|target| target["metadata"]["deletionTimestamp"].is_null())
                    };
                    lives(sent) || lives(effect.time)
                });
                if !asked {
                    found.push(format!("{region} was written at {}, and no target asks for it", effect.time));
                }
            }
        }
    }
    found
}

/// The regions of targets that are gone are gone from the versions that are where they should be.
pub(super) fn let_go_with_their_regions(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    if !evidence.settled {
        return found;
    }
    let end = evidence.rested_from;
    let (there, gone): (Vec<_>, Vec<_>) =
        all(evidence).into_iter().partition(|(name, _)| evidence.object_at(TARGETS, name, end).is_some());
    for (name, region) in gone {
        if there.iter().any(|(_, other)| *other == region) {
            continue;
        }
        for number in 0..evidence.plan.world.versions {
            let foreign =
                |act: &Act| matches!(act, Act::AddRegion(it, added) if *it == number && normal(added) == region);
            let ready = evidence.objects.get(&world::object(number)).is_some_and(|it| is_true(it, "Ready").is_some());
            let version = evidence.azure.simulator().state(&world::version(number)).unwrap_or_default();
            let mut names = version["regions"].as_array().into_iter().flatten().filter_map(|it| it["name"].as_str());
            if ready && names.any(|it| normal(it) == region) && !evidence.acts().any(foreign) {
                found.push(format!("{name} is gone, and {region} is still in {}", world::version(number)));
            }
        }
    }
    found
}

/// Whether a target is being deleted, and nobody holds it rightly: a suspended object may, as nothing is done for it, and one
/// whose `ServiceAccount` went first, for which nobody may do anything, which it says.
pub(crate) fn has_to_go(name: &str, target: &Value, objects: &BTreeMap<String, Arc<Value>>) -> bool {
    let holds = |object: &Value| {
        let regions = object["status"]["regions"].as_array().into_iter().flatten();
        let mut holders = regions.filter_map(|region| region["requestedBy"].as_array()).flatten();
        let rightly = object["spec"]["suspend"] == true || stalled(object) == Some("ServiceAccountNotFound");
        rightly && holders.any(|holder| holder == name)
    };
    !target["metadata"]["deletionTimestamp"].is_null() && !objects.values().any(|object| holds(object))
}

/// Targets that were deleted are gone in the end, however it stands with the versions.
pub(super) fn gone(evidence: &Evidence<'_>) -> Vec<String> {
    let there = all(evidence).into_iter().filter_map(|(name, _)| {
        let target = evidence.object_at(TARGETS, &name, evidence.rested_from)?;
        has_to_go(&name, target, evidence.objects).then(|| {
            let why = target["status"]["conditions"][0]["message"].to_string();
            format!("{name} was deleted, and is still there: {why}")
        })
    });
    there.collect()
}
