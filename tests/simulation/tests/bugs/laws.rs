//! The laws, judged by what happened in Azure and in the API server.

use std::{collections::BTreeSet, sync::atomic::Ordering};

use azimage_core::lint;
use azimage_simulation::kubernetes::Write;
use azimage_simulator::{JournalEntry, JournalQuery};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use serde_json::Value;

use super::{
    story::Story,
    world::{AZIMAGE, MACHINE, SECOND, World, region_states},
};

/// The most requests in six hours in which Azure can't be reached.
const MOST_UNANSWERED: u32 = 120;

/// The most writes of a version's regions, when one of them fails for ever: two to add regions, three repairs, and one
/// that adds back what a repair took away.
const MOST_REPAIRS: usize = 8;

/// What went wrong in a life; empty when nothing did.
pub(crate) fn broken(world: &World) -> Vec<String> {
    let mut found = world.problems.clone();
    found.extend(world.witness.lies.lock().unwrap_or_else(std::sync::PoisonError::into_inner).iter().cloned());
    let history = world.server.history();
    let mut writes = world.writes_of(AZIMAGE);
    writes.extend(world.writes_of(SECOND));
    machine(world, &writes, &mut found);
    version(world, &writes, &mut found);
    regions(world, &writes, &history, &mut found);
    for write in &writes {
        recorded(world, write, &history, &mut found);
    }
    objects(world, &history, &mut found);
    leases(world, &history, &mut found);
    found.sort();
    found.dedup();
    found
}

fn is(entry: &JournalEntry, method: &str, part: &str) -> bool {
    entry.method == method && entry.path.to_lowercase().contains(part)
}

fn count(writes: &[JournalEntry], method: &str, part: &str) -> usize {
    writes.iter().filter(|entry| is(entry, method, part)).count()
}

/// Law 1, and of law 7 what concerns machines.
fn machine(world: &World, writes: &[JournalEntry], found: &mut Vec<String>) {
    let generalized = count(writes, "POST", "/generalize");
    if generalized > 1 {
        found.push(format!("law 1: the machine was generalized {generalized} times"));
    }
    let truth = world.azure.simulator().state(MACHINE).unwrap_or_default();
    if truth["generalized"] == true && truth["guest"]["deprovisioned"] != true {
        found.push("law 1: the machine was generalized, and its guest wasn't sealed".to_owned());
    }
    let first = |part: &str| writes.iter().position(|entry| is(entry, "POST", part));
    let deallocated_by_other = world.story == Story::Deallocated;
    if let Some(at) = first("/generalize")
        && first("/deallocate").is_none_or(|before| before > at)
        && !deallocated_by_other
    {
        found.push("law 1: the machine was generalized without being deallocated".to_owned());
    }
    let touched = writes.iter().any(|entry| entry.path.to_lowercase().contains("/virtualmachines/"));
    if touched && world.story == Story::NoConsent {
        found.push("law 1: a machine was changed that doesn't consent".to_owned());
    }
    if touched && world.story == Story::Claimed {
        found.push("law 7: a machine of another owner was changed".to_owned());
    }
    let seals = count(writes, "PUT", "/runcommands/");
    if seals > 1 {
        found.push(format!("law 1: the seal was begun {seals} times, and nobody asked"));
    }
    if world.story == Story::Retagged && truth["tags"]["team"] != "web" {
        found.push("law 7: somebody's tag was lost".to_owned());
    }
}

/// Laws 3, 4 and 7.
fn version(world: &World, writes: &[JournalEntry], found: &mut Vec<String>) {
    let puts: Vec<&JournalEntry> = writes.iter().filter(|entry| is(entry, "PUT", "/versions/")).collect();
    let made = puts.iter().filter(|entry| entry.status == Some(201)).count();
    if made > 1 {
        found.push(format!("law 3: the version was made {made} times"));
    }
    for entry in &puts {
        let profile = &entry.body["properties"]["publishingProfile"];
        let regions = profile["targetRegions"].as_array().cloned().unwrap_or_default();
        if profile["excludeFromLatest"] != true || regions.iter().any(|region| region["excludeFromLatest"] != true) {
            found.push("law 4: the version was offered as latest".to_owned());
        }
    }
    let deleted = count(writes, "DELETE", "/versions/");
    if deleted > 0 && world.story != Story::DeletedEarly {
        found.push("law 7: a version was deleted that had to stay".to_owned());
    }
    if world.story == Story::DeletedEarly && !region_states(&world.azure).is_empty() {
        found.push("law 2: the object let go of a version that it had to delete".to_owned());
    }
    if world.story == Story::Foreign && puts.len() + deleted > 0 {
        found.push("law 7: a version of another owner was changed".to_owned());
    }
    if world.story == Story::RegionFails && puts.len() > MOST_REPAIRS {
        found.push(format!("law 12: {} writes for a region that fails for ever", puts.len()));
    }
    if world.story == Story::SlowToShow {
        let query = JournalQuery { writes: Some(true), path: Some("/versions/".to_owned()), ..JournalQuery::default() };
        let asked = world.azure.simulator().requests(&query).len();
        if asked > 2 {
            found.push(format!("law 8: {asked} requests for the version, where one makes it and one adds regions"));
        }
    }
    if let Some(expected) = world.story.writes()
        && writes.len() != expected
    {
        found.push(format!("law 8: {} writes to Azure where {expected} are needed", writes.len()));
    }
    if let Some(since) = world.suspended {
        let late = writes.iter().filter(|entry| entry.simulated_time.duration_since(since).as_secs() > 30).count();
        if late > 0 {
            found.push(format!("suspend: {late} writes to Azure of a suspended object"));
        }
    }
    let unanswered = world.unanswered.load(Ordering::SeqCst);
    if unanswered > MOST_UNANSWERED {
        found.push(format!("backoff: {unanswered} requests while Azure couldn't be reached"));
    }
}

/// The regions that a write of the version names, in normal form.
fn names(entry: &JournalEntry) -> BTreeSet<String> {
    let regions = entry.body["properties"]["publishingProfile"]["targetRegions"].as_array().cloned();
    let names = regions.unwrap_or_default();
    names.iter().filter_map(|region| region["name"].as_str()).map(|name| name.to_lowercase().replace(' ', "")).collect()
}

/// Law 5, and what a target is promised.
fn regions(world: &World, writes: &[JournalEntry], history: &[Write], found: &mut Vec<String>) {
    let now: BTreeSet<String> = region_states(&world.azure).into_iter().map(|(name, _)| name).collect();
    if world.story == Story::RegionAdded && !now.contains("francecentral") {
        found.push("law 5: a region that somebody else added was dropped".to_owned());
    }
    if let Some(deleted) = world.target_deleted {
        let after = |entry: &&JournalEntry| entry.simulated_time.duration_since(deleted).as_secs() > 5;
        let begun = |entry: &JournalEntry| is(entry, "PUT", "/versions/") && names(entry).contains("eastus2");
        if writes.iter().filter(after).any(begun) {
            found.push("law 5: a region was written for a target that is being deleted".to_owned());
        }
        let gone = history.iter().any(|write| {
            write.resource == "replicationtargets.azimage.dev" && write.name == "east" && write.after.is_none()
        });
        if gone && now.contains("eastus2") {
            found.push("law 5: a target is gone, and its region stays for ever".to_owned());
        }
        if !gone {
            found.push("liveness: a deleted target is still there".to_owned());
        }
    }
}

/// Law 8: whoever comes after a crash knows of each effect; and a deletion can't miss it.
fn recorded(world: &World, entry: &JournalEntry, history: &[Write], found: &mut Vec<String>) {
    let before = history.iter().rfind(|write| {
        write.resource == "imageversions.azimage.dev" && write.time <= entry.simulated_time && write.after.is_some()
    });
    let Some(object) = before.and_then(|write| write.after.as_ref()) else {
        found.push("law 8: an effect in Azure of no object".to_owned());
        return;
    };
    let held = object["metadata"]["finalizers"].as_array().is_some_and(|finalizers| !finalizers.is_empty());
    if !held {
        found.push("law 8: an effect in Azure before the finalizer".to_owned());
    }
    let known = |step: &Value| step["correlationId"].as_str() == entry.correlation_id.as_deref();
    let intended = object["status"]["steps"].as_array().is_some_and(|steps| steps.iter().any(known));
    // Between two replicas the record of one may be replaced by that of the other before the request arrives.
    if !intended && world.story != Story::LeaseLost {
        found.push(format!("law 8: {} before its intent was recorded", entry.method));
    }
}

/// The rules of statuses, law 11, and that nothing panicked.
fn objects(world: &World, history: &[Write], found: &mut Vec<String>) {
    for write in history {
        let Some(object) = &write.after else { continue };
        if write.subresource == "status" && write.resource.ends_with(".azimage.dev") {
            let status = &object["status"];
            let conditions: Vec<Condition> = serde_json::from_value(status["conditions"].clone()).unwrap_or_default();
            let generation = object["metadata"]["generation"].as_i64().unwrap_or_default();
            let observed = status["observedGeneration"].as_i64().filter(|observed| *observed >= 0);
            found.extend(
                lint::problems(generation, observed, &conditions).into_iter().map(|text| format!("lint: {text}")),
            );
        }
        let text = object.to_string();
        if text.contains("azure.simulation") || text.contains("&s=") {
            found.push("law 11: an operation's address stands in an object".to_owned());
        }
    }
    let panics = super::panics();
    if panics > 0 {
        found.push(format!("{panics} panics in {}", world.story));
    }
}

/// One leads at a time, and whoever no longer does writes nothing.
fn leases(world: &World, history: &[Write], found: &mut Vec<String>) {
    if !world.late_writes.is_empty() {
        found.push(format!("term: {} writes of a replica whose lease another one had", world.late_writes.len()));
    }
    for write in history.iter().filter(|write| write.resource == "leases.coordination.k8s.io") {
        let (Some(before), Some(after)) = (&write.before, &write.after) else { continue };
        let holder = |lease: &Value| lease["spec"]["holderIdentity"].as_str().unwrap_or_default().to_owned();
        if holder(before).is_empty() || holder(before) == holder(after) {
            continue;
        }
        let renewed = before["spec"]["renewTime"].as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
        let duration = before["spec"]["leaseDurationSeconds"].as_i64().unwrap_or_default();
        if renewed.is_some_and(|renewed| write.time.duration_since(renewed).as_secs() < duration) {
            found.push("term: a lease was taken that another replica held".to_owned());
        }
    }
}
