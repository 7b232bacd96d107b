//! Law 4: a version that didn't pass its validation is never latest, and none is against its policy; in the end the chosen one is.

use azimage_simulator::JournalEntry;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Evidence, VERSIONS, end::stalled, line};
use crate::{
    oracle::{Served, complete, is_included},
    plan::{Action, Latest, SUCCESSOR},
    world::{self, OPERATOR},
};

/// Seconds within which a write of a status arrives, if it does.
const STATUS: i64 = 10;

/// Every list that is written excludes the version from latest as a whole, and in each region in which it may not be latest.
pub(super) fn never_offered(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for entry in evidence.writes().filter(|entry| entry.method == "PUT" && entry.path.contains("/versions/")) {
        let profile = &entry.body["properties"]["publishingProfile"];
        let regions = profile["targetRegions"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut offered = regions.iter().filter(|region| region["excludeFromLatest"] != true);
        if profile["excludeFromLatest"] != true
            || offered.any(|region| region["excludeFromLatest"] != false || !may_be_latest(evidence, entry, region))
        {
            found.push(line(entry));
        }
    }
    found
}

/// Whether a version may be latest in a region of a write: it is promoted, it passed its validation long enough ago, and the region
/// isn't added by this very write.
fn may_be_latest(evidence: &Evidence<'_>, entry: &JournalEntry, region: &Value) -> bool {
    let is_it = |number: &u8| world::version(*number).eq_ignore_ascii_case(&entry.path);
    let Some(number) = evidence.plan.world.numbers().find(is_it) else { return false };
    let Some(soak) = soak_of(evidence, number) else { return false };
    let Some(passed) = passed_at(evidence, number) else { return false };
    let since = passed + SignedDuration::from_secs((soak - STATUS).max(0));
    since <= entry.simulated_time && was_there(evidence, entry, region)
}

/// For how many seconds a version waits at least, when it passed; none where nothing ever promotes it.
fn soak_of(evidence: &Evidence<'_>, number: u8) -> Option<i64> {
    let promoted = evidence.plan.world.promotion_of(number)?;
    let first = (!promoted.another_pinned).then_some(i64::from(promoted.soak_minutes) * 60);
    let lets_it = |latest: Latest| match latest {
        Latest::Newest => true,
        Latest::First => number < SUCCESSOR,
        Latest::Successor => number >= SUCCESSOR,
        Latest::None => false,
    };
    let later = changes(evidence, number).any(lets_it).then_some(0);
    first.into_iter().chain(later).min()
}

/// What release managers say of the image definition of a version, one after the other.
fn changes(evidence: &Evidence<'_>, number: u8) -> impl DoubleEndedIterator<Item = Latest> {
    evidence.plan.events.iter().filter_map(move |event| match event.action {
        Action::SetLatest(of, latest) if of == number % SUCCESSOR => Some(latest),
        _ => None,
    })
}

/// When a version passed its validation, by Azure's clock.
fn passed_at(evidence: &Evidence<'_>, number: u8) -> Option<Timestamp> {
    if evidence.plan.world.is_bad(number) {
        return None;
    }
    let passed = evidence.kubernetes.iter().find(|write| {
        let validation = write.after.as_ref().map(|after| &after["status"]["validation"]);
        write.resource == VERSIONS
            && write.name == world::object(number)
            && validation.is_some_and(|validation| validation["outcome"] == "Passed")
    })?;
    // The status tells when that was decided, which may be long before it could be written.
    let told = passed.after.as_ref().and_then(|after| after["status"]["validation"]["finishedAt"].as_str());
    let decided = told.and_then(|at| at.parse::<Timestamp>().ok()).unwrap_or(passed.time);
    Some(decided.min(passed.time))
}

/// Whether the version had a region before this write.
fn was_there(evidence: &Evidence<'_>, entry: &JournalEntry, region: &Value) -> bool {
    let name = |region: &Value| world::normal(region["name"].as_str().unwrap_or_default());
    let before = evidence.journal.iter().take_while(|other| !std::ptr::eq(*other, entry));
    let puts =
        before.filter(|other| other.method == "PUT" && other.applied && other.path.eq_ignore_ascii_case(&entry.path));
    let last = puts.last();
    let regions = last.and_then(|last| last.body["properties"]["publishingProfile"]["targetRegions"].as_array());
    regions.is_some_and(|regions| regions.iter().any(|known| name(known) == name(region)))
}

/// What Azure would have served as latest, at each moment and in each region, had passed its validation before; or somebody else
/// had included it, and azimage hadn't written since.
pub(super) fn only_what_passed_is_served(evidence: &Evidence<'_>) -> Vec<String> {
    let wrong = |served: &&Served| {
        served.number.is_some_and(|number| {
            let passed =
                passed_at(evidence, number).is_some_and(|at| at <= served.time + SignedDuration::from_secs(STATUS));
            !passed && !is_of_somebody_else(evidence, number, served.time)
        })
    };
    let told = |served: &Served| {
        let version = served.number.map(world::version).unwrap_or_default();
        format!("{} {version} is latest in {}, and didn't pass", served.time, served.region)
    };
    evidence.served.iter().filter(wrong).map(told).collect()
}

/// Whether the last list that was written of a version, by this moment, is somebody else's.
fn is_of_somebody_else(evidence: &Evidence<'_>, number: u8, by: Timestamp) -> bool {
    let path = world::version(number);
    let mut puts = evidence.journal.iter().filter(|entry| {
        entry.method == "PUT" && entry.applied && entry.simulated_time <= by && entry.path.eq_ignore_ascii_case(&path)
    });
    puts.next_back().is_none_or(|last| last.principal.as_deref() == Some(OPERATOR) || evidence.plan.world.taken)
}

/// At the end the version that is chosen is latest in each region in which it is complete, one that didn't pass is so nowhere, and none
/// that is newer than a pinned one.
pub(super) fn what_passed_is_served(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    if !evidence.settled {
        return found;
    }
    for number in evidence.plan.world.numbers().filter(|number| is_at_rest(evidence, *number)) {
        let failed = outcome(evidence, number) == Some("Failed");
        let unproven = !evidence.plan.world.is_proven(number);
        let version = evidence.azure.simulator().state(&world::version(number)).unwrap_or_default();
        if (failed || unproven) && world::is_owner(number, &version["tags"]) {
            let served = complete(&version).into_iter().filter(|region| is_included(&version, region));
            found.extend(served.map(|region| format!("{} is included in latest in {region}", world::object(number))));
        }
    }
    for promoted in &evidence.plan.world.promotes {
        found.extend(chosen_is_served(evidence, promoted.of));
    }
    found
}

/// What is wrong at the end with the version of an image definition that is chosen.
fn chosen_is_served(evidence: &Evidence<'_>, of: u8) -> Vec<String> {
    let world = &evidence.plan.world;
    let Some(promoted) = world.promotion_of(of) else { return Vec::new() };
    let all_rest = world.line(of).all(|number| is_at_rest(evidence, number));
    let passed = |number: &u8| outcome(evidence, *number) == Some("Passed");
    let soak = SignedDuration::from_mins(i64::from(promoted.soak_minutes));
    let has_soaked = |number: &u8| {
        let finished = validation(evidence, *number)["finishedAt"].as_str().map(str::parse::<Timestamp>);
        finished.and_then(Result::ok).is_some_and(|at| at + soak < evidence.rested_from)
    };
    let chosen = match changes(evidence, of).next_back() {
        Some(Latest::Newest) => world.line(of).filter(passed).max(),
        Some(Latest::First) => world.line(of).filter(passed).find(|number| *number < SUCCESSOR),
        Some(Latest::Successor) => world.line(of).filter(passed).find(|number| *number >= SUCCESSOR),
        Some(Latest::None) => None,
        None if promoted.another_pinned => None,
        None => world.line(of).filter(passed).filter(has_soaked).max(),
    };
    let Some(chosen) = chosen.filter(|_| all_rest) else { return Vec::new() };
    let mut found = Vec::new();
    let version = evidence.azure.simulator().state(&world::version(chosen)).unwrap_or_default();
    for region in complete(&version) {
        if !is_included(&version, &region) {
            found.push(format!("{} isn't latest in {region}", world::object(chosen)));
        }
        for newer in world.line(of).filter(|number| *number > chosen) {
            let newer_version = evidence.azure.simulator().state(&world::version(newer)).unwrap_or_default();
            if is_included(&newer_version, &region) && complete(&newer_version).contains(&region) {
                found.push(format!("{} hides {} in {region}", world::object(newer), world::object(chosen)));
            }
        }
    }
    found
}

fn validation<'a>(evidence: &Evidence<'a>, number: u8) -> &'a Value {
    evidence.objects.get(&world::object(number)).map_or(&Value::Null, |object| &object["status"]["validation"])
}

fn outcome<'a>(evidence: &Evidence<'a>, number: u8) -> Option<&'a str> {
    validation(evidence, number)["outcome"].as_str()
}

/// Whether azimage works on an object, and has nothing left to do: one that fails for another reason than its validation may be
/// unable to write flags.
fn is_at_rest(evidence: &Evidence<'_>, number: u8) -> bool {
    evidence.objects.get(&world::object(number)).is_some_and(|object| {
        let is_well = stalled(object).is_none_or(|reason| reason == "ValidationFailed");
        is_well && !evidence.is_deleted(number) && object["spec"]["suspend"] != true
    })
}
