//! Law 8: the intent of each write to Azure is in the status first, and no effect happens twice.

use std::collections::BTreeMap;

use azimage_simulator::{DomainFault, JournalEntry};
use jiff::Timestamp;
use serde_json::Value;

use super::{
    Evidence, VERSIONS,
    copies::affects_workspace,
    end::{affects, misspelt_targets},
    line,
    machine::{is_hand_on_copy, makes_machine_unusable},
};
use crate::{
    oddities::Oddity,
    plan::{Action, Fault, SUCCESSOR, World},
    program::RESYNC,
    world::{self, OPERATOR, SIZE},
};

/// The correlation id of every write is in the status of an object before the write.
pub(super) fn intent_precedes_write(evidence: &Evidence<'_>) -> Vec<String> {
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

/// An object has the finalizer before anything is written for it, so that no deletion can miss it.
pub(super) fn finalizer_precedes_write(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for number in evidence.plan.world.numbers() {
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

/// Repairs of a region that fails, with the write that adds back what a repair removed.
const REPAIRS: usize = 6;
/// Seconds for which a process ignores a 404 for what it has created.
const CREATED: i64 = 300;
/// Seconds for which a process ignores an old state of what it has written.
const WRITTEN: i64 = 60;
/// How often a failed creation of a version is repeated.
const TRIES: usize = 2;

/// The writes that an object needs, with any restarts: claim, seal, removal of its run command, mark, deallocate,
/// generalize and publish, or publish alone, and one for all regions.
fn needed_writes(evidence: &Evidence<'_>, number: u8) -> usize {
    let world = &evidence.plan.world;
    let copied = world.clone_of(number).map(|clone| 1 + usize::from(clone.data_disks));
    // Without its machine a copy's disks and interface are deleted one by one.
    let parts = copied.map_or(0, |disks| disks + 1);
    let publish = match copied {
        _ if world.source_version(number).is_some() => 1,
        // Snapshots, disks, group, interface and machine, and all of that deleted but what goes with the machine.
        Some(disks) => 7 + 3 * disks + 5,
        None => 7 + usize::from(world.keeps) + usize::from(world.deletes_source(number)),
    };
    let again = copied.map_or(0, |disks| shortages(world, number) * (3 * disks + 5 + parts));
    let operators = evidence.actions().map(|action| match action {
        // The regions are written anew.
        Action::AddTarget(_) | Action::DeleteTarget(_) => 1,
        // A write without the region that was added meanwhile has to be repeated.
        Action::AddRegion(it, _) if *it == number => 1,
        // The version, the run command and the claim.
        Action::DeleteObject(it) if *it == number => 3 + parts,
        // The same, and the regions again as the targets are deleted.
        Action::DeleteNamespace => 3 + parts + world.targets.len(),
        // What was opened is closed.
        Action::OpenNetwork(it) if *it == number && copied.is_some() => 2,
        // What is gone is made again, or all is deleted.
        action if copied.is_some() && is_hand_on_copy(action, number) => parts + 2,
        Action::DeleteMachine(it) | Action::BreakGuest(it) if *it == number => parts,
        // From the beginning.
        Action::AskAgain(it) if *it == number => copied.map_or(3, |disks| 7 + 3 * disks + 5 + parts),
        // The run command once more: by a clock that was set back its unit hasn't begun, and the agent still lives.
        Action::ClockJump { seconds, .. } if *seconds < 0 && world.source_version(number).is_none() => 1,
        Action::AzureFails { fault, .. } if copied.is_some() && affects_workspace(fault) => {
            parts + repeated_times(fault)
        }
        Action::AzureFails { fault, .. } => repeated_writes(fault, number),
        _ => 0,
    });
    // A group, two interfaces, machines and run commands, and all of that deleted; machines anew for each size that isn't to be had.
    let proof = usize::from(world.is_proven(number)) * (7 + 5 + 12 * world.sold_out.len() + proof_again(evidence));
    // Into latest with all regions, and with each that comes later.
    let later = evidence.actions().filter(|it| matches!(it, Action::AddTarget(_) | Action::AddRegion(..))).count();
    let changes = evidence.actions().filter(
        |it| matches!(it, Action::SetLatest(of, _) | Action::Include(of) if of % SUCCESSOR == number % SUCCESSOR),
    );
    let changes = 1 + changes.count() + usize::from(world.line(number).count() > 1);
    let promotion = usize::from(world.promotion_of(number).is_some()) * changes * (2 + world.targets.len() + later);
    publish + again + proof + promotion + usize::from(!world.targets.is_empty()) + operators.sum::<usize>()
}

/// The writes that repeat what was undone of the machines that prove a version.
fn proof_again(evidence: &Evidence<'_>) -> usize {
    let of = |action: &Action| match action {
        Action::AzureFails { fault, .. } if affects_workspace(fault) => 3 * (1 + repeated_times(fault)),
        Action::AskAgain(_) => 12,
        _ => 0,
    };
    evidence.actions().map(of).sum()
}

/// How often a copy may be made that turns out to have no place, or how often all is deleted as there is none.
fn shortages(world: &World, number: u8) -> usize {
    let Some(clone) = world.clone_of(number) else { return 0 };
    let is_sold = |size: &str| world.sold_out.iter().any(|sold| sold.size == size);
    let sold = clone.sizes.iter().filter(|size| is_sold(size)).count();
    if clone.sizes.is_empty() { 2 * usize::from(is_sold(SIZE)) } else { 2 * sold }
}

/// The writes that repeat what a fault of Azure's has undone.
fn repeated_writes(fault: &DomainFault, number: u8) -> usize {
    if !affects(fault, &world::version(number)) && !affects(fault, &world::machine(number)) {
        return 0;
    }
    repeated_times(fault)
}

/// How often a write is repeated that a fault of Azure's has undone.
fn repeated_times(fault: &DomainFault) -> usize {
    match fault {
        DomainFault::RegionFails { .. } => REPAIRS,
        DomainFault::VersionCreateFails { .. } => TRIES,
        DomainFault::OperationFails { times, .. } | DomainFault::OperationPreempted { times, .. } => {
            times.and_then(|times| usize::try_from(times).ok()).unwrap_or(REPAIRS)
        }
        // The controller waits for what Azure shows late, for a limited time: see `rests_on_stale_read`.
        DomainFault::NotFoundAfterPut { .. } | DomainFault::StaleReads { .. } | DomainFault::RegionStuck { .. } => 0,
    }
}

/// Whether a fault may lead to a second write of the same: two requests arrive for one, or Azure shows an old state.
fn may_duplicate_write(fault: Fault) -> bool {
    matches!(fault, Fault::Late(_) | Fault::Duplicate | Fault::Stale | Fault::SaysSucceeded | Fault::Answer(404))
}

/// Whether an action prevents the publication, so that it is retried up to a limit.
fn prevents_publication(world: &World, action: &Action, of: u8) -> bool {
    matches!(action, Action::DeleteVersion(it) | Action::DeleteDefinition(it) if *it == of)
        || matches!(action, Action::DeleteGallery)
        || world.clone_of(of).is_none() && makes_machine_unusable(world, action, of)
}

/// Whether another process, or the same one after a restart, sent the same call while this write was in flight. No process can
/// know of another one's request that hasn't arrived.
fn overlaps_another_process(evidence: &Evidence<'_>, id: Option<&str>, arrived: Timestamp) -> bool {
    let Some(at) = evidence.sent.iter().position(|sent| sent.id.is_some() && sent.id.as_deref() == id) else {
        return false;
    };
    let (sent, later) = (&evidence.sent[at], &evidence.sent[at + 1..]);
    later
        .iter()
        .take_while(|other| other.time <= arrived)
        .any(|other| other.call == sent.call && !other.is_of_same_process(sent))
}

/// Whether a write rests on a stale answer of Azure's, and the process couldn't know that: it didn't make the write that was
/// missing in the answer, received no answer to it, or made it long ago.
fn rests_on_stale_read(evidence: &Evidence<'_>, resource: &str, id: Option<&str>, arrived: Timestamp) -> bool {
    let by = |id: Option<&str>| evidence.sent.iter().find(|sent| id.is_some() && sent.id.as_deref() == id);
    let own = evidence.writes().filter(|entry| under(&entry.path, resource));
    let earlier = own.filter(|entry| entry.simulated_time <= arrived && entry.client_request_id.as_deref() != id);
    let (Some(written), Some(shown)) = (earlier.last(), evidence.last_read(resource, arrived)) else { return false };
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
pub(super) fn no_needless_writes(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for number in evidence.plan.world.numbers() {
        let of = [Some(number), evidence.plan.world.source_version(number)];
        if evidence.plan.world.oddities(number).any(Oddity::repeats) {
            continue;
        }
        if evidence
            .actions()
            .any(|action| of.iter().flatten().any(|of| prevents_publication(&evidence.plan.world, action, *of)))
        {
            continue;
        }
        let name = world::object(number);
        let calls = [format!("builder-{number}/"), format!("images/{name}/"), format!("azimage-{name}-")];
        let injected = evidence.injected.iter().filter(|fault| {
            let call = format!("{}/", fault.site.call);
            may_duplicate_write(fault.fault) && calls.iter().any(|of| call.contains(of))
        });
        let most = needed_writes(evidence, number) + injected.count();
        // A PUT that Azure refuses because it is still working on the version counts as well.
        let puts = evidence.journal.iter().filter(|entry| entry.method == "PUT" && entry.status == Some(409));
        let refused = puts.filter(|entry| {
            entry.path.eq_ignore_ascii_case(&world::version(number))
                && entry.principal.as_deref() != Some(OPERATOR)
                && !is_forbidden(evidence, entry.simulated_time)
        });
        let version = world::version(number);
        let refused = refused.map(|entry| (version.as_str(), entry.client_request_id.as_deref(), entry.simulated_time));
        let effects = evidence.effects_of(number);
        let effects = effects.iter().map(|effect| (effect.resource.as_str(), Some(effect.id.as_str()), effect.time));
        let explained = |(resource, id, at): &(&str, Option<&str>, Timestamp)| {
            overlaps_another_process(evidence, *id, *at) || rests_on_stale_read(evidence, resource, *id, *at)
        };
        let writes = effects.chain(refused).filter(|write| !explained(write)).count();
        if writes > most {
            found.push(format!("{writes} writes for {}, and {most} are enough", world::object(number)));
        }
    }
    found
}

/// Whether a lock or a policy may have refused a request of that time.
fn is_forbidden(evidence: &Evidence<'_>, at: Timestamp) -> bool {
    let since = at.duration_since(evidence.begin).as_secs();
    let second = |at: u64| i64::try_from(at).unwrap_or(i64::MAX);
    let bans = evidence.plan.events.iter().filter(|event| matches!(event.action, Action::Forbid { .. }));
    bans.into_iter().any(|ban| (second(ban.at)..=second(ban.end().as_secs())).contains(&since))
}

/// What a lock or a policy forbids is asked for once in a resync period, but for faults.
pub(super) fn forbidden_writes_are_asked_for_seldom(evidence: &Evidence<'_>) -> Vec<String> {
    let pauses = evidence.actions().filter(|action| matches!(action, Action::Pause { .. })).count();
    let excused = 1 + evidence.process_ends() + pauses + evidence.injected.len();
    let mut refused: BTreeMap<(&str, String), Vec<Timestamp>> = BTreeMap::new();
    for entry in evidence.journal.iter().filter(|entry| entry.write && matches!(entry.status, Some(403 | 409))) {
        if entry.principal.as_deref() == Some(evidence.client()) && is_forbidden(evidence, entry.simulated_time) {
            refused.entry((&entry.method, entry.path.to_lowercase())).or_default().push(entry.simulated_time);
        }
    }
    let mut found = Vec::new();
    for ((method, path), times) in refused {
        let soon = |pair: &[Timestamp]| pair[1].duration_since(pair[0]).unsigned_abs() < RESYNC;
        let too_soon = times.windows(2).filter(|pair| soon(pair)).count();
        if too_soon > excused {
            found.push(format!(
                "{method} {path} was forbidden {} times, {too_soon} of them within a resync period",
                times.len()
            ));
        }
    }
    found
}

/// What Azure refuses of a target is asked for once in a resync period, but for faults: a process that ends before it could say so
/// asks again.
pub(super) fn refused_wishes_are_asked_for_seldom(evidence: &Evidence<'_>) -> Vec<String> {
    let misspelt = misspelt_targets(evidence);
    if misspelt == 0 {
        return Vec::new();
    }
    let pauses = evidence.actions().filter(|action| matches!(action, Action::Pause { .. })).count();
    let excused = misspelt + evidence.process_ends() + pauses + evidence.injected.len();
    let mut found = Vec::new();
    for number in evidence.plan.world.numbers() {
        let path = world::version(number);
        let is = |entry: &&JournalEntry| {
            entry.method == "PUT"
                && entry.status == Some(400)
                && entry.path.eq_ignore_ascii_case(&path)
                && entry.principal.as_deref() == Some(evidence.client())
        };
        let refused: Vec<Timestamp> = evidence.journal.iter().filter(is).map(|entry| entry.simulated_time).collect();
        let soon = |pair: &[Timestamp]| pair[1].duration_since(pair[0]).unsigned_abs() < RESYNC;
        let too_soon = refused.windows(2).filter(|pair| soon(pair)).count();
        if too_soon > excused {
            found
                .push(format!("{path} was refused {} times, {too_soon} of them within a resync period", refused.len()));
        }
    }
    found
}
