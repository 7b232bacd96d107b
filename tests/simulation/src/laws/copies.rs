//! Copies of machines: their sources are left alone, they run in no network, nothing of them is left, and nothing else in their
//! workspace is touched.

use azimage_crds::OWNER_TAG;
use azimage_simulator::DomainFault;
use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    Evidence, VERSIONS,
    end::{affects, deletes_namespace, stalled},
    line,
};
use crate::{
    plan::{Action, World},
    world::{self, FOREIGN, NAMESPACE, PROVING_SIZES, SIZE, WORKSPACE},
};

/// The reasons for which an object may be stalled when somebody laid hands on its copy.
pub(super) const REASONS: [&str; 9] = [
    "CloneFailed",
    "NameTaken",
    "SourceRunning",
    "SourceNotFound",
    "AlreadyGeneralized",
    "GuestPreparationUnknown",
    "SealFailed",
    "SealTimedOut",
    "PublishFailed",
];

/// The sizes that a copy may have.
fn sizes(world: &World, number: u8) -> Vec<&str> {
    let Some(clone) = world.clone_of(number) else { return Vec::new() };
    if clone.sizes.is_empty() { vec![SIZE] } else { clone.sizes.iter().map(String::as_str).collect() }
}

/// Whether for some time there is no machine of any size for the copy.
pub(super) fn is_sold_out(world: &World, number: u8) -> bool {
    let sizes = sizes(world, number);
    !sizes.is_empty() && sizes.iter().all(|size| world.sold_out.iter().any(|sold| sold.size == *size))
}

/// Whether for some time there is no machine of any size to prove a version with.
pub(super) fn is_nothing_left_to_prove_with(world: &World, number: u8) -> bool {
    let is_sold = |size: &&str| world.sold_out.iter().any(|sold| sold.size == **size);
    world.is_proven(number) && PROVING_SIZES.iter().all(is_sold)
}

/// Whether a fault of Azure's affects something in the workspace.
pub(super) fn affects_workspace(fault: &DomainFault) -> bool {
    ["virtualMachines", "snapshots", "restorePointCollections", "disks", "networkInterfaces", "networkSecurityGroups"]
        .iter()
        .any(|kind| affects(fault, &world::temporary("", kind, "")))
}

/// Whether the object still has to delete what was made for it: all that the status names and of which it doesn't say that it
/// can't be deleted. What somebody else holds stays with it.
pub(super) fn are_being_deleted(object: &Value) -> bool {
    let left = || object["status"]["temporary"].as_array().into_iter().flatten();
    let is_foreign = |it: &Value| it["problem"].as_str().is_some_and(|problem| problem.contains(OWNER_TAG));
    // The snapshot of a machine that was captured itself is kept for long.
    let in_place = object["spec"]["source"]["virtualMachine"]["capture"] == "InPlace";
    let is_snapshot = |it: &Value| it["resourceId"].as_str().is_some_and(|id| id.contains("/snapshots/"));
    let is_kept = |it: &Value| in_place && !it["expiresAt"].is_null() && is_snapshot(it);
    left().any(|it| it["problem"].is_null() && !is_kept(it)) && !left().any(is_foreign)
}

/// A machine that is copied is never written to, nor are its disks, whether Azure would let it or not; and it is as it was, but
/// for operators.
pub(super) fn sources_are_untouched(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for clone in &evidence.plan.world.clones {
        let machine = world::machine(clone.of);
        let (itself, disks) = (machine.to_lowercase(), machine.replace("/virtualMachines/", "/disks/").to_lowercase());
        let is_of = |path: &str, id: &str| {
            path.strip_prefix(id).is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_digit()))
        };
        let touched = evidence.journal.iter().filter(|entry| {
            let path = entry.path.to_lowercase();
            entry.write
                && entry.principal.as_deref() == Some(evidence.client())
                && (is_of(&path, &itself) || is_of(&path, &disks))
        });
        if evidence.plan.world.clone_of(clone.of).is_none() {
            continue;
        }
        found.extend(touched.map(line));
        if evidence.actions().any(|action| is_of_source(action, clone.of)) {
            continue;
        }
        let now = evidence.azure.simulator().state(&machine).unwrap_or_default();
        let power = if clone.stopped { "deallocated" } else { "running" };
        let kept = now["tags"] == json!({"team": "web"}) && now["generalized"] == false && now["power"] == power;
        if !kept {
            found.push(format!("{machine} is {}, {}, {}", now["tags"], now["generalized"], now["power"]));
        }
    }
    found
}

/// Whether an operator lays hands on the machine itself.
fn is_of_source(action: &Action, number: u8) -> bool {
    matches!(
        action,
        Action::StartMachine(it)
            | Action::StopMachine(it)
            | Action::GeneralizeMachine(it)
            | Action::DeleteMachine(it)
            | Action::RetagMachine(it)
            | Action::TagMachine(it)
            | Action::ClaimMachine(it)
            if *it == number
    )
}

/// Nothing in the workspace is changed or deleted that isn't the object's own.
pub(super) fn others_keep_what_is_theirs(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let in_workspace = |path: &str| path.to_lowercase().starts_with(&format!("{}/", WORKSPACE.to_lowercase()));
    for effect in evidence.arrivals.iter().filter(|effect| effect.applied && in_workspace(&effect.resource)) {
        let of = evidence.plan.world.numbers().find(|number| evidence.is_of_copy(*number, &effect.resource));
        let Some(number) = of else {
            found.push(format!("{} {} at {}", effect.method, effect.path, effect.time));
            continue;
        };
        let owner = &effect.before["tags"][OWNER_TAG];
        let own = format!("{}/{NAMESPACE}/{}/{}", world::CLUSTER, world::object(number), evidence.azure.uid(number));
        // A machine that is made takes the disks and interface that it names.
        let retagged =
            |action: &Action| matches!(action, Action::RetagCopy(it) | Action::TakeName(it) if *it == number);
        let foreign = !effect.before.is_null() && *owner != own;
        if foreign
            && !evidence.may_be_overtaken(effect.time, retagged)
            && !evidence.azure_lagged(&effect.resource, effect.time)
        {
            found.push(format!("{} {} at {}, which is of {owner}", effect.method, effect.path, effect.time));
        }
    }
    if evidence.plan.world.has_workspace() && evidence.azure.simulator().state(FOREIGN).is_none() {
        found.push(format!("{FOREIGN} is gone"));
    }
    found
}

/// No copy runs while anything can reach it or be reached by it, unless somebody opened its network after it was looked at.
pub(super) fn no_copy_runs_in_a_network(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let exposures = evidence.azure.simulator().exposures().to_vec();
    for exposure in exposures {
        let of = evidence.plan.world.numbers().find(|number| evidence.is_of_copy(*number, &exposure.machine));
        let Some(number) = of else { continue };
        let made = evidence.arrivals.iter().rfind(|effect| {
            effect.applied
                && effect.method == Method::PUT
                && effect.path.eq_ignore_ascii_case(&exposure.machine)
                && effect.time <= exposure.at
        });
        // Who made it looked at the network before, and couldn't know of what came later.
        let sent = made.and_then(|made| evidence.sent.iter().find(|sent| sent.id.as_deref() == Some(&made.id)));
        let group = evidence.azure.part(number, "networkSecurityGroups", "security-group");
        let looked = sent.and_then(|sent| evidence.last_read(&group, sent.time)).filter(|read| !read.lagging);
        let looked = looked.map_or(evidence.begin, |read| read.simulated_time);
        let second = |at: Timestamp| at.duration_since(evidence.begin).as_secs();
        let span = second(looked)..=second(exposure.at);
        let opened = evidence.plan.events.iter().any(|event| {
            event.action == Action::OpenNetwork(number) && i64::try_from(event.at).is_ok_and(|at| span.contains(&at))
        });
        if !opened {
            found.push(format!("{} ran in a network at {}: {:?}", exposure.machine, exposure.at, exposure.openings));
        }
    }
    found
}

/// Law 9: at the end nothing is left in the workspace that was made for an object, but what the object tells of.
pub(super) fn nothing_temporary_is_left(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let ids = evidence.azure.simulator().ids();
    for number in evidence.plan.world.numbers() {
        let of = |id: &&String| evidence.is_of_copy(number, id);
        let ours = |id: &&String| {
            let state = evidence.azure.simulator().state(id).unwrap_or_default();
            world::is_owner(number, &state["tags"])
        };
        // What the machine of somebody else holds is as little the object's to delete.
        let machine = evidence.azure.copy(number);
        let lost = evidence.azure.simulator().state(&machine).is_some() && !ours(&&machine);
        let is_free = |id: &str| {
            ["snapshots", "restorepointcollections"]
                .iter()
                .any(|kind| id.contains(&format!("/providers/microsoft.compute/{kind}/")))
        };
        let held = |id: &&String| lost && !is_free(&id.to_ascii_lowercase());
        // What is kept outlives its object.
        let kept = |id: &&String| {
            id.eq_ignore_ascii_case(&evidence.kept(number)) && !evidence.objects.contains_key(&world::object(number))
        };
        let left = ids.iter().filter(of).filter(ours).filter(|id| !held(id) && !kept(id));
        let left: Vec<&String> = left.collect();
        let world = &evidence.plan.world;
        // Without its identity, which goes first, an object that may be let go is; an event tells what it leaves.
        let goes_without = world.identity && !world.delete && deletes_namespace(evidence);
        if left.is_empty()
            || goes_without
            || evidence.actions().any(|action| *action == Action::RemoveFinalizers(number))
        {
            continue;
        }
        let object = evidence.objects.get(&world::object(number));
        for id in left {
            let told = object.is_some_and(|object| tells_of(object, id));
            if !told && !arrived_late(evidence, number, id) {
                let whose = if object.is_some() { "" } else { ", whose object is gone" };
                found.push(format!("{id} is left{whose}"));
            }
        }
    }
    found
}

/// Whether an object still names this, and nothing more can be done about it: Azure refuses, somebody else holds it,
/// or the object may do nothing.
fn tells_of(object: &Value, id: &str) -> bool {
    let known = object["status"]["temporary"].as_array().into_iter().flatten();
    let mut named = known.filter_map(|it| it["resourceId"].as_str());
    let idle = object["spec"]["suspend"] == true || stalled(object) == Some("ServiceAccountNotFound");
    idle || !are_being_deleted(object) && named.any(|known| known.eq_ignore_ascii_case(id))
}

/// Whether the write that made it arrived when its object, or what it was made for, was over already, as it was in flight so long
/// that nobody could know of it.
fn arrived_late(evidence: &Evidence<'_>, number: u8, id: &str) -> bool {
    let made = evidence.arrivals.iter().rfind(|it| it.applied && it.method == Method::PUT && it.path == *id);
    let Some(made) = made else { return false };
    let sent = evidence.sent.iter().find(|sent| sent.id.as_deref() == Some(&made.id));
    let long = sent.is_some_and(|sent| made.time.duration_since(sent.time).as_secs() > IN_FLIGHT_AT_MOST);
    let gone = evidence.object_at(VERSIONS, &world::object(number), made.time).is_none();
    long || gone
}

/// For how long a write that makes something is waited for, in seconds, when it doesn't show.
const IN_FLIGHT_AT_MOST: i64 = 60;
