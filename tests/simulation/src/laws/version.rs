//! Laws 3 and 7: a version is never replaced, and never deleted unless that was asked for.

use azimage_simulator::JournalEntry;
use jiff::{SignedDuration, Timestamp};

use super::{Evidence, VERSIONS, line};
use crate::{
    faults::SentCall,
    world::{self, OPERATOR},
};

/// Seconds within which a write of a status arrives, if it does.
const STATUS: i64 = 10;

/// No version is created twice by a controller that could know of the first one, even if somebody deleted it.
pub(super) fn made_once(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for number in evidence.plan.world.numbers() {
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
        let numbers = evidence.plan.world.numbers();
        let of = numbers.into_iter().find(|number| world::version(*number).eq_ignore_ascii_case(&entry.path));
        let asked = of.is_some_and(|of| evidence.is_deleted(of));
        let commands = |number: u8| format!("{}/runCommands/azimage-seal-", evidence.captured(number)).to_lowercase();
        let path = entry.path.to_lowercase();
        let temporary = evidence
            .plan
            .world
            .numbers()
            .any(|number| path.starts_with(&commands(number)) || evidence.is_of_copy(number, &entry.path));
        // What becomes of those is judged by itself.
        let belongs = evidence
            .plan
            .world
            .numbers()
            .filter(|number| evidence.plan.world.deletes_source(*number))
            .any(|number| world::belongings(number).iter().any(|id| id.eq_ignore_ascii_case(&entry.path)));
        if !(temporary || belongs || asked && evidence.plan.world.delete) {
            found.push(line(entry));
        }
    }
    found
}
