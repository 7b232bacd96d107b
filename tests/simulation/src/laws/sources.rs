//! Machines that were captured themselves and are deleted: only they and what belonged to them goes, and not before it may.

use azimage_simulator::JournalEntry;
use http::Method;
use serde_json::Value;

use super::{Evidence, end::is_true, line};
use crate::{
    plan::Action,
    world::{self, WORKSPACE},
};

/// Whether something of its machine is still to be deleted, of an object that goes on.
pub(super) fn are_being_deleted(object: &Value) -> bool {
    let known = object["status"]["sourceCleanup"].as_array().into_iter().flatten();
    is_true(object, "Ready").is_some() && known.into_iter().any(|known| known["state"] == "Pending")
}

/// The kinds of what belongs to machines.
const KINDS: [&str; 4] = ["/virtualmachines/", "/networkinterfaces/", "/disks/", "/publicipaddresses/"];

/// Nothing beside the workspace is deleted but machines that are to be, and what was theirs in the beginning, when their version is
/// complete in its home region.
pub(super) fn only_what_was_the_machines_is_deleted(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let all = |number: u8| world::belongings(number).map(|id| id.to_lowercase());
    for effect in evidence.arrivals.iter().filter(|effect| effect.applied && effect.method == Method::DELETE) {
        let (path, workspace) = (effect.path.to_lowercase(), format!("{}/", WORKSPACE.to_lowercase()));
        if path.starts_with(&workspace)
            || path.contains("/runcommands/")
            || !KINDS.iter().any(|kind| path.contains(kind))
        {
            continue;
        }
        let told = format!("{} {} at {}", effect.method, effect.path, effect.time);
        let of = evidence.plan.world.numbers().find(|number| all(*number).contains(&path));
        let Some(number) = of.filter(|number| evidence.plan.world.deletes_source(*number)) else {
            found.push(format!("{told}, which isn't to be deleted"));
            continue;
        };
        let replaces = |action: &Action| matches!(action, Action::ReplaceDisk(it) | Action::MakeMachine(it) | Action::DeleteMachine(it) if *it == number);
        let lagged = evidence.azure_lagged(&effect.resource, effect.time);
        let is_another = !effect.before.is_null() && !evidence.azure.is_first(&effect.path, &effect.before);
        if is_another && !evidence.may_be_overtaken(effect.time, replaces) && !lagged {
            found.push(format!("{told}, which isn't what the machine had"));
        }
        let deletes = |action: &Action| {
            matches!(action, Action::DeleteVersion(it) if *it == number)
                || matches!(action, Action::DeleteDefinition(_) | Action::DeleteGallery)
        };
        let version = world::version(number);
        if !effect.is_complete
            && !evidence.may_be_overtaken(effect.time, deletes)
            && !evidence.azure_lagged(&version, effect.time)
        {
            found.push(format!("{told} before {version} is complete in its home region"));
        }
    }
    found
}

/// What uses something that belonged to a machine keeps it.
pub(super) fn what_is_used_is_there(evidence: &Evidence<'_>) -> Vec<String> {
    if !evidence.plan.world.deletes_sources {
        return Vec::new();
    }
    let simulator = evidence.azure.simulator();
    let mut found = Vec::new();
    let bystander = simulator.state(&world::bystander()).unwrap_or_default();
    if bystander.is_null() {
        found.push("the machine beside is gone".to_owned());
    }
    let disks = bystander.pointer("/properties/storageProfile/dataDisks").and_then(Value::as_array);
    for id in disks.into_iter().flatten().filter_map(|disk| disk["managedDisk"]["id"].as_str()) {
        if simulator.state(id).is_none() {
            found.push(format!("{id} is gone, and the machine beside has it"));
        }
    }
    found
}

/// In the end what an object says is deleted is gone, and a machine that nobody touched is deleted.
pub(super) fn what_is_told_is_gone(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for number in evidence.plan.world.numbers().filter(|number| evidence.plan.world.deletes_source(*number)) {
        let Some(object) = evidence.objects.get(&world::object(number)) else { continue };
        if is_true(object, "Ready").is_none()
            || is_true(object, "CleanedUp").is_none()
            || object["spec"]["suspend"] == true
        {
            continue;
        }
        for id in world::belongings(number) {
            let state = evidence.azure.simulator().state(&id);
            if state.is_some_and(|state| evidence.azure.is_first(&id, &state)) {
                found.push(format!("{id} is there, and {} says that it is deleted", world::object(number)));
            }
        }
    }
    found
}

/// Requests to delete what something else uses: Azure refuses them, and none may be sent.
pub(super) fn nothing_in_use_is_to_be_deleted(evidence: &Evidence<'_>) -> Vec<String> {
    let is_one = |entry: &&JournalEntry| {
        entry.method == "DELETE"
            && entry.principal.as_deref() == Some(evidence.client())
            && entry.path.eq_ignore_ascii_case(&world::bystander())
    };
    evidence.journal.iter().filter(is_one).map(line).collect()
}
