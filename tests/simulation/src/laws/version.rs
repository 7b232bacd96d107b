//! Laws 3, 4 and 7: a version is never replaced, never deleted unless that was asked for, and one that didn't pass
//! its validation is never `latest`.

use azimage_simulator::JournalEntry;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Evidence, VERSIONS, line};
use crate::{
    faults::SentCall,
    plan::{Action, PromotedVersion},
    world::{self, OPERATOR},
};

/// Seconds within which a write of a status arrives, if it does.
const STATUS: i64 = 10;

/// No version is created twice by a controller that could know of the first one, even if somebody deleted it.
pub(super) fn made_once(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for number in 0..evidence.plan.world.versions {
        let puts = evidence.writes_to("PUT", &world::version(number));
        let made: Vec<&JournalEntry> = puts.into_iter().filter(|entry| entry.status == Some(201)).collect();
        let again = made.windows(2).filter(|pair| !creation_was_unobserved(evidence, number, pair[0], pair[1]));
        found.extend(again.map(|pair| format!("{} was made again: {}", world::version(number), line(pair[1]))));
    }
    found
}

/// Whether an operator deleted the version before any process could know of it: Azure's answers reached no process, or only
/// processes that ended before they could write it to the object's status.
fn creation_was_unobserved(evidence: &Evidence<'_>, number: u8, first: &JournalEntry, second: &JournalEntry) -> bool {
    let path = world::version(number);
    let between = |at: Timestamp| first.simulated_time <= at && at < second.simulated_time;
    let deleted = evidence.journal.iter().any(|entry| {
        entry.method == "DELETE"
            && entry.applied
            && entry.principal.as_deref() == Some(OPERATOR)
            && entry.path.eq_ignore_ascii_case(&path)
            && between(entry.simulated_time)
    });
    let arrives = |sent: &SentCall| {
        let id = sent.id.as_deref();
        let entry = evidence.journal.iter().find(|entry| id.is_some() && entry.client_request_id.as_deref() == id);
        entry.filter(|entry| entry.path.eq_ignore_ascii_case(&path)).map(|entry| entry.simulated_time)
    };
    let mut knowing = evidence.sent.iter().filter_map(|sent| {
        let answered = sent.answer.is_some_and(|answer| (200..300).contains(&answer));
        let at = arrives(sent).filter(|at| answered && between(*at))?;
        Some((sent, at))
    });
    let again = evidence.sent.iter().find(|sent| sent.id == second.client_request_id);
    deleted
        && !knowing.any(|(knows, at)| {
            again.is_none_or(|again| knows.is_of_same_process(again))
                || wrote(evidence, number, knows, at, second.simulated_time)
        })
}

/// Whether the process that sent this call wrote the object's status in this time.
fn wrote(evidence: &Evidence<'_>, number: u8, process: &SentCall, since: Timestamp, until: Timestamp) -> bool {
    let call = format!("kubernetes Apply imageversions/{}/status", world::object(number));
    let sent = evidence.sent.iter().filter(|sent| sent.call == call && (since..until).contains(&sent.time));
    let mut sent = sent.filter(|sent| sent.is_of_same_process(process));
    sent.any(|sent| {
        let span = sent.time..=sent.time + SignedDuration::from_secs(STATUS);
        evidence.kubernetes.iter().any(|write| {
            write.resource == VERSIONS
                && write.name == world::object(number)
                && write.subresource == "status"
                && span.contains(&write.time)
        })
    })
}

/// Versions are deleted only with their objects, if their policy says so. Apart from them only azimage's run commands are
/// deleted, and parts of copies, of which `copies` judges more.
pub(super) fn deleted_only_on_demand(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for entry in evidence.writes().filter(|entry| entry.method == "DELETE") {
        let numbers = 0..evidence.plan.world.versions;
        let of = numbers.into_iter().find(|number| world::version(*number).eq_ignore_ascii_case(&entry.path));
        let asked = of.is_some_and(|of| evidence.is_deleted(of));
        let commands = |number: u8| format!("{}/runCommands/azimage-seal-", evidence.captured(number)).to_lowercase();
        let path = entry.path.to_lowercase();
        let temporary = (0..evidence.plan.world.versions)
            .any(|number| path.starts_with(&commands(number)) || evidence.is_of_copy(number, &entry.path));
        // What becomes of those is judged by itself.
        let belongs = (0..evidence.plan.world.versions)
            .filter(|number| evidence.plan.world.deletes_source(*number))
            .any(|number| world::belongings(number).iter().any(|id| id.eq_ignore_ascii_case(&entry.path)));
        if !(temporary || belongs || asked && evidence.plan.world.delete) {
            found.push(line(entry));
        }
    }
    found
}

/// Every list that is written excludes the version from latest as a whole, and in each region in which it may not be latest.
pub(super) fn never_offered_as_latest(evidence: &Evidence<'_>) -> Vec<String> {
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
    let world = &evidence.plan.world;
    let is_it = |number: &u8| world::version(*number).eq_ignore_ascii_case(&entry.path);
    let Some(number) = (0..world.versions).find(is_it) else { return false };
    let Some(promoted) = world.promotion_of(number).filter(|promoted| !promoted.another_pinned) else { return false };
    let passed = evidence.kubernetes.iter().find(|write| {
        let validation = write.after.as_ref().map(|after| &after["status"]["validation"]);
        write.resource == VERSIONS
            && write.name == world::object(number)
            && validation.is_some_and(|validation| validation["outcome"] == "Passed")
    });
    let Some(passed) = passed else { return false };
    // The status tells when that was decided, which may be long before it could be written.
    let told = passed.after.as_ref().and_then(|after| after["status"]["validation"]["finishedAt"].as_str());
    let decided = told.and_then(|at| at.parse::<Timestamp>().ok()).unwrap_or(passed.time);
    let passed = decided.min(passed.time);
    // Each process judges the soak by its own clock.
    let jumps = evidence.actions().any(|action| matches!(action, Action::ClockJump { .. }));
    let soak = if jumps { 0 } else { i64::from(promoted.soak_minutes) * 60 };
    let since = passed + SignedDuration::from_secs((soak - STATUS).max(0));
    since <= entry.simulated_time && was_there(evidence, entry, region)
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

/// At the end a version that passed and is promoted is latest in each region that is complete.
pub(super) fn what_passed_is_latest(evidence: &Evidence<'_>) -> Vec<String> {
    let world = &evidence.plan.world;
    let is_promoted = |it: &&PromotedVersion| !it.another_pinned && !evidence.is_deleted(it.of);
    let mut found = Vec::new();
    for promoted in world.promotes.iter().filter(is_promoted) {
        let Some(object) = evidence.objects.get(&world::object(promoted.of)) else { continue };
        let validation = &object["status"]["validation"];
        let finished = validation["finishedAt"].as_str().and_then(|at| at.parse::<Timestamp>().ok());
        let soak = SignedDuration::from_mins(i64::from(promoted.soak_minutes));
        let has_soaked = finished.is_some_and(|at| at + soak < evidence.rested_from);
        let mut conditions = object["status"]["conditions"].as_array().into_iter().flatten();
        let is_ready = conditions.any(|it| it["type"] == "Ready" && it["status"] == "True");
        let passed = validation["outcome"] == "Passed" && has_soaked;
        if !evidence.settled || !is_ready || !passed || object["spec"]["suspend"] == true {
            continue;
        }
        let state = evidence.azure.simulator().state(&world::version(promoted.of)).unwrap_or_default();
        let all = state["regions"].as_array().into_iter().flatten();
        for region in all.filter(|region| region["state"] == "Completed") {
            let mut targets = state["publishing"]["targets"].as_array().into_iter().flatten();
            if targets.any(|target| target["name"] == region["name"] && target["excludeFromLatest"] != false) {
                found.push(format!("{} isn't latest in {}", world::object(promoted.of), region["name"]));
            }
        }
    }
    found
}
