//! Law 8: what is written to Azure was announced in the status before, and no effect comes twice.

use std::collections::BTreeMap;

use azimage_simulator::DomainFault;
use jiff::Timestamp;
use serde_json::Value;

use super::{Evidence, VERSIONS, end::meets, line, machine::spoils_machine};
use crate::{
    oddities::Oddity,
    plan::{Action, Fault},
    world::{self, OPERATOR},
};

/// The correlation id of every write stood in the status of an object before the write.
pub(super) fn announced_before(evidence: &Evidence<'_>) -> Vec<String> {
    let mut announced: BTreeMap<String, Timestamp> = BTreeMap::new();
    for write in evidence.kubernetes {
        let status = write.after.as_ref().map(|object| object["status"].clone()).unwrap_or_default();
        for id in correlation_ids(&status) {
            announced.entry(id).or_insert(write.time);
        }
    }
    let known = |id: &Option<String>, at: Timestamp| {
        id.as_ref().and_then(|id| announced.get(id)).is_some_and(|announced| *announced <= at)
    };
    let unknown = evidence.writes().filter(|entry| !known(&entry.correlation_id, entry.simulated_time));
    unknown.map(|entry| format!("not announced: {}", line(entry))).collect()
}

/// Whatever is written for an object, it has the finalizer by then, so that no deletion can miss it.
pub(super) fn held_before(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for number in 0..evidence.plan.world.versions {
        if evidence.actions().any(|action| *action == Action::RemoveFinalizers(number)) {
            continue;
        }
        for effect in evidence.effects_of(number) {
            let object = evidence.object_at(VERSIONS, &world::object(number), effect.time);
            let finalizers = object.and_then(|object| object["metadata"]["finalizers"].as_array());
            if finalizers.is_none_or(Vec::is_empty) {
                found.push(format!("{} {} at {} without a finalizer", effect.method, effect.path, effect.time));
            }
        }
    }
    found
}

fn correlation_ids(status: &Value) -> Vec<String> {
    let steps = status["steps"].as_array().into_iter().flatten();
    let all = steps.chain([&status["operation"]]);
    all.filter_map(|step| step["correlationId"].as_str().map(str::to_owned)).collect()
}

/// Repairs of a region that fails, and the write that adds back what a repair took away.
const REPAIRS: usize = 6;
/// Seconds for which a process that has created something doesn't believe that it isn't there.
const CREATED: i64 = 300;
/// Seconds for which a process that has written something doesn't believe that it is as before.
const WRITTEN: i64 = 60;
/// How often a version is asked for again that Azure failed to create.
const TRIES: usize = 2;

/// The writes that an object's life needs, whatever restarts: claim, seal, removal of its run command, mark, deallocate,
/// generalize and publish, or publish alone, and one for all regions.
fn needed(evidence: &Evidence<'_>, number: u8) -> usize {
    let world = &evidence.plan.world;
    let publish = if world.source_version(number).is_some() { 1 } else { 7 };
    let operators = evidence.actions().map(|action| match action {
        // The regions are written anew.
        Action::AddTarget(_) | Action::DeleteTarget(_) => 1,
        // What is written without the region that somebody has added has to be written again.
        Action::AddRegion(it, _) if *it == number => 1,
        // The version, the run command and the claim.
        Action::DeleteObject(it) if *it == number => 3,
        // These, and what its targets make of the regions as they go.
        Action::DeleteNamespace => 3 + world.targets.len(),
        Action::AzureFails { fault, .. } => repeated(fault, number),
        _ => 0,
    });
    publish + usize::from(!world.targets.is_empty()) + operators.sum::<usize>()
}

/// The writes to which a fault of Azure's leads: what it undid is asked for again.
fn repeated(fault: &DomainFault, number: u8) -> usize {
    if !meets(fault, &world::version(number)) && !meets(fault, &world::machine(number)) {
        return 0;
    }
    match fault {
        DomainFault::RegionFails { .. } => REPAIRS,
        DomainFault::VersionCreateFails { .. } => TRIES,
        DomainFault::OperationFails { times, .. } | DomainFault::OperationPreempted { times, .. } => {
            times.and_then(|times| usize::try_from(times).ok()).unwrap_or(REPAIRS)
        }
        // What shows late is waited for, so long as can be asked for: see `misled`.
        DomainFault::NotFoundAfterPut { .. } | DomainFault::StaleReads { .. } | DomainFault::RegionStuck { .. } => 0,
    }
}

/// Whether a fault may lead to a second write of the same: two requests arrive for one, or Azure shows an old state.
fn doubles(fault: Fault) -> bool {
    matches!(fault, Fault::Late(_) | Fault::Duplicate | Fault::Stale | Fault::SaysSucceeded | Fault::Answer(404))
}

/// Whether people left the object's work undone, so that it is tried again and again up to a limit.
fn is_spoilt(action: &Action, of: u8) -> bool {
    matches!(action, Action::DeleteVersion(it) | Action::DeleteDefinition(it) if *it == of)
        || matches!(action, Action::DeleteGallery)
        || spoils_machine(action, of)
}

/// Whether a write was on its way for so long that another process, or the same one started anew, asked for the same
/// meanwhile: no process can know of what another one has sent that didn't arrive.
fn outlived(evidence: &Evidence<'_>, id: Option<&str>, arrived: Timestamp) -> bool {
    let Some(at) = evidence.sent.iter().position(|sent| sent.id.is_some() && sent.id.as_deref() == id) else {
        return false;
    };
    let (sent, later) = (&evidence.sent[at], &evidence.sent[at + 1..]);
    later
        .iter()
        .take_while(|other| other.time <= arrived)
        .any(|other| other.call == sent.call && !other.is_of_same_process(sent))
}

/// Whether a write rests on an answer that Azure gave after it knew better, to a process that can't have known better: it
/// didn't make the write that Azure didn't show, never heard of it, or made it long ago.
fn misled(evidence: &Evidence<'_>, resource: &str, id: Option<&str>, arrived: Timestamp) -> bool {
    let by = |id: Option<&str>| evidence.sent.iter().find(|sent| id.is_some() && sent.id.as_deref() == id);
    let own = evidence.writes().filter(|entry| under(&entry.path, resource));
    let earlier = own.filter(|entry| entry.simulated_time <= arrived && entry.client_request_id.as_deref() != id);
    let (Some(written), Some(shown)) = (earlier.last(), evidence.last_look(resource, arrived)) else { return false };
    if !shown.lagging {
        return false;
    }
    let patience = if written.status == Some(201) && written.method == "PUT" { CREATED } else { WRITTEN };
    let age = shown.simulated_time.duration_since(written.simulated_time).as_secs();
    match (by(written.client_request_id.as_deref()), by(id)) {
        (Some(wrote), Some(writes)) => age >= patience || wrote.answer.is_none() || !writes.is_of_same_process(wrote),
        _ => false,
    }
}

/// Whether a path is of a resource, or of something in it.
fn under(path: &str, resource: &str) -> bool {
    path.get(..resource.len()).is_some_and(|start| start.eq_ignore_ascii_case(resource))
}

/// An object has no more writes to Azure than its work needs and the injected faults explain.
pub(super) fn none_is_needless(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for number in 0..evidence.plan.world.versions {
        let of = [Some(number), evidence.plan.world.source_version(number)];
        if evidence.plan.world.oddities(number).any(Oddity::repeats) {
            continue;
        }
        if evidence.actions().any(|action| of.iter().flatten().any(|of| is_spoilt(action, *of))) {
            continue;
        }
        let calls = [format!("builder-{number}/"), format!("images/{}/", world::object(number))];
        let injected = evidence.injected.iter().filter(|fault| {
            let call = format!("{}/", fault.site.call);
            doubles(fault.fault) && calls.iter().any(|of| call.contains(of))
        });
        let most = needed(evidence, number) + injected.count();
        // Nor does anybody ask for what Azure is still at work on.
        let puts = evidence.journal.iter().filter(|entry| entry.method == "PUT" && entry.status == Some(409));
        let refused = puts.filter(|entry| {
            entry.path.eq_ignore_ascii_case(&world::version(number)) && entry.principal.as_deref() != Some(OPERATOR)
        });
        let version = world::version(number);
        let refused = refused.map(|entry| (version.as_str(), entry.client_request_id.as_deref(), entry.simulated_time));
        let effects = evidence.effects_of(number);
        let effects = effects.iter().map(|effect| (effect.resource.as_str(), Some(effect.id.as_str()), effect.time));
        let explained = |(resource, id, at): &(&str, Option<&str>, Timestamp)| {
            outlived(evidence, *id, *at) || misled(evidence, resource, *id, *at)
        };
        let writes = effects.chain(refused).filter(|write| !explained(write)).count();
        if writes > most {
            found.push(format!("{writes} writes for {}, and {most} are enough", world::object(number)));
        }
    }
    found
}
