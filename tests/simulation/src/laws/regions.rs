//! Laws 5 and 6: a region is taken away only on the word of who asked for it, and usable means usable.

use azimage_simulator::JournalEntry;
use serde_json::Value;

use super::{Evidence, end::is_true, line};
use crate::world::{self, PERSON, normal};

fn regions(body: &Value) -> Vec<String> {
    let list = body.pointer("/properties/publishingProfile/targetRegions").and_then(Value::as_array);
    let names = list.into_iter().flatten().filter_map(|region| region["name"].as_str());
    names.map(normal).collect()
}

/// A region that a person added is in every list that the controller writes after it has seen it.
pub(super) fn foreign_regions_stay(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let by = |entry: &&JournalEntry, who: &str| entry.principal.as_deref() == Some(who);
    for number in 0..evidence.plan.world.versions {
        let path = world::version(number);
        let of: Vec<&JournalEntry> =
            evidence.journal.iter().filter(|entry| entry.path.eq_ignore_ascii_case(&path)).collect();
        let Some(foreign) = of.iter().position(|entry| by(entry, PERSON) && entry.method == "PUT" && entry.applied)
        else {
            continue;
        };
        let added: Vec<String> = {
            let before = of[..foreign].iter().rev().find(|entry| entry.method == "PUT" && entry.applied);
            let known = before.map(|entry| regions(&entry.body)).unwrap_or_default();
            regions(&of[foreign].body).into_iter().filter(|name| !known.contains(name)).collect()
        };
        // Azure has no precondition on this list: one that was decided upon before can't be held back.
        let read = of.iter().skip(foreign).position(|entry| by(entry, evidence.client()) && entry.method == "GET");
        let Some(read) = read else { continue };
        let begun = of[foreign + read].simulated_time;
        // With the version its regions go, whoever makes another one of its number.
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
                found.push(format!("{added:?} of a person is not in {}", line(entry)));
            }
        }
    }
    found
}

/// A version that says Ready in the end is complete in Azure, in each region that was asked for.
pub(super) fn ready_means_complete(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for number in 0..evidence.plan.world.versions {
        let Some(object) = evidence.objects.get(&world::object(number)) else { continue };
        if is_true(object, "Ready").is_none() {
            continue;
        }
        let Some(version) = evidence.azure.simulator().state(&world::version(number)) else {
            found.push(format!("{} says Ready, and there is no version", world::object(number)));
            continue;
        };
        let wanted = evidence.plan.world.targets.iter().enumerate().filter(|(target, _)| {
            !evidence
                .acts()
                .any(|act| matches!(act, crate::plan::Act::DeleteTarget(gone) if usize::from(*gone) == *target))
        });
        let mut wanted: Vec<String> = wanted.map(|(_, region)| normal(region)).collect();
        wanted.extend(evidence.acts().filter_map(|act| match act {
            crate::plan::Act::AddTarget(region) => Some(normal(region)),
            _ => None,
        }));
        wanted.push(world::HOME.to_owned());
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
