//! Liveness: after the last fault each object settles as it should.

use azimage_simulator::DomainFault;
use serde_json::Value;

use super::{
    Evidence, copies,
    machine::{is_hand_on_copy, makes_machine_unusable},
    sources,
};
use crate::{
    generate::MISSPELT,
    oddities::Oddity,
    plan::{Action, SUCCESSOR, World},
    world,
};

/// Failures of one version in a row after which azimage stalls.
const REPAIRS: u64 = 3;

/// A condition of an object.
fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    let conditions = object.pointer("/status/conditions")?.as_array()?;
    conditions.iter().find(|condition| condition["type"] == kind)
}

/// A condition that is true.
pub(crate) fn is_true<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    condition(object, kind).filter(|condition| condition["status"] == "True")
}

/// Why an object is stalled, if it is.
pub(super) fn stalled(object: &Value) -> Option<&str> {
    is_true(object, "Stalled").and_then(|stalled| stalled["reason"].as_str())
}

/// Whether an object has settled: it stays as it is until somebody changes something.
pub fn is_settled(object: &Value) -> bool {
    // Nothing is done for a suspended object, whatever its status says.
    let suspended = object["spec"]["suspend"] == true && object["metadata"]["deletionTimestamp"].is_null();
    let seen = object["metadata"]["generation"] == object["status"]["observedGeneration"];
    let final_word = is_true(object, "Ready").is_some() || is_true(object, "Stalled").is_some();
    let rests = !copies::are_being_deleted(object) && !sources::are_being_deleted(object) && !is_to_be_latest(object);
    suspended || seen && (final_word || is_complete_but_for_refusals(object)) && rests
}

/// Whether a version is about to get into latest, or out of it, or soaks.
fn is_to_be_latest(object: &Value) -> bool {
    let promoting = condition(object, "Promoted").is_some_and(|told| told["reason"] == "Promoting");
    promoting || !object["status"]["soaksUntil"].is_null()
}

/// What is said of a region that Azure doesn't have: as its list shows, or as it refuses it.
pub(super) const TOLD_OF_TARGETS: [&str; 2] = ["RegionUnknown", "RegionRefused"];

/// Whether a version has all but what Azure refuses of targets, and says so.
pub(super) fn is_complete_but_for_refusals(object: &Value) -> bool {
    condition(object, "Ready").is_some_and(|ready| TOLD_OF_TARGETS.iter().any(|reason| ready["reason"] == *reason))
}

/// Whether an action may prevent that a version finds this one as its source.
fn makes_source_unavailable(world: &World, action: &Action, source: u8) -> bool {
    let of_version = matches!(
        action,
        Action::DeleteVersion(it) | Action::DeleteObject(it) | Action::Suspend(it) if *it == source
    ) || matches!(action, Action::DeleteDefinition(it) if world::definition(*it) == world::definition(source));
    let of_azure =
        matches!(action, Action::AzureFails { fault, .. } if allowed_reason_after(world, fault, source).is_some());
    of_version || of_azure || makes_machine_unusable(world, action, source)
}

/// The versions that a version is made from, one from the next.
fn sources(world: &World, number: u8) -> impl Iterator<Item = u8> {
    std::iter::successors(world.source_version(number), |source| world.source_version(*source))
}

/// How many targets an operator makes for a region that Azure doesn't have.
pub(super) fn misspelt_targets(evidence: &Evidence<'_>) -> usize {
    evidence.actions().filter(|action| matches!(action, Action::AddTarget(region) if !is_known(region))).count()
}

/// Whether Azure has such a region.
pub(super) fn is_known(region: &str) -> bool {
    region != MISSPELT
}

/// Whether a fault of Azure's affects the resource of a path.
pub(super) fn affects(fault: &DomainFault, path: &str) -> bool {
    let resource = serde_json::to_value(fault).unwrap_or_default()["resource"].as_str().map(str::to_owned);
    resource.is_some_and(|resource| path.contains(&resource))
}

/// The reason for which a version may be stalled after a fault of Azure's, if there is one.
fn allowed_reason_after(world: &World, fault: &DomainFault, number: u8) -> Option<&'static str> {
    let of_version = affects(fault, &world::version(number));
    let of_machine = affects(fault, &world::machine(number));
    let of_copy = world.clone_of(number).is_some() && copies::affects_workspace(fault);
    match fault {
        DomainFault::RegionFails { .. } if of_version => Some("ReplicationFailed"),
        // It was created, and each write leaves it Failed.
        DomainFault::OperationFails { times, .. } if of_version && times.is_none_or(|times| times >= REPAIRS) => {
            Some("ReplicationFailed")
        }
        // Such a version can only be deleted.
        DomainFault::VersionCreateFails { .. } if of_version => Some("PublishFailed"),
        // A failed seal isn't repeated.
        DomainFault::OperationFails { .. } | DomainFault::OperationPreempted { .. } if of_machine => Some("SealFailed"),
        DomainFault::OperationFails { .. } | DomainFault::OperationPreempted { .. } if of_copy => Some("CloneFailed"),
        _ => None,
    }
}

/// The reasons for which a version may be stalled after the plan's events.
pub(super) fn allowed_reasons(evidence: &Evidence<'_>, number: u8) -> Vec<&'static str> {
    let mut reasons = Vec::new();
    let is_gone = |path: &str| evidence.azure.simulator().state(path).is_none();
    if evidence.is_deleted(number) {
        // Its ServiceAccount was deleted with the namespace, and no other identity may delete the version.
        let orphaned = evidence.plan.world.identity && evidence.plan.world.delete && deletes_namespace(evidence);
        return if orphaned { vec!["ServiceAccountNotFound"] } else { Vec::new() };
    }
    if is_gone(&world::gallery()) {
        // The gallery was deleted with its content. An unpublished object reports the first reason, a published one the second.
        reasons.extend(["GalleryNotFound", "VersionMissing"]);
        // What ended an attempt at a copy stays told.
        if evidence.plan.world.clone_of(number).is_none() {
            return reasons;
        }
    }
    if evidence.plan.world.taken {
        reasons.push("VersionExists");
    }
    let world = &evidence.plan.world;
    reasons.extend(world.oddities(number).flat_map(Oddity::reasons));
    if copies::is_sold_out(world, number) {
        reasons.push("CloneFailed");
    }
    if world.is_bad(number) {
        reasons.push("ValidationFailed");
    }
    if copies::is_nothing_left_to_prove_with(world, number) {
        reasons.push("ValidationImpossible");
    }
    let never_made =
        |source| world.oddities(source).any(|odd| !odd.reasons().is_empty()) || copies::is_sold_out(world, source);
    if sources(world, number).any(never_made) {
        reasons.extend(["SourceNotFound", "SourceFailed"]);
    }
    for action in evidence.actions() {
        match action {
            Action::ClaimMachine(it) if *it == number => reasons.push("SourceClaimed"),
            Action::BreakGuest(it) if *it == number => reasons.push("SealFailed"),
            action if is_hand_on_copy(action, number) => reasons.extend(copies::REASONS),
            action if makes_machine_unusable(world, action, number) => {
                reasons.extend(["SourceRunning", "GuestPreparationUnknown", "AlreadyGeneralized", "SourceNotFound"]);
                reasons.extend(["ConsentMissing", "SealFailed", "SealTimedOut", "PublishFailed"]);
            }
            Action::DeleteVersion(it) if *it == number => reasons.push("VersionMissing"),
            Action::DeleteDefinition(it) if *it == number % SUCCESSOR && is_gone(&world::definition(number)) => {
                reasons.extend(["DefinitionNotFound", "VersionMissing"]);
            }
            Action::DisownVersion(it) if *it == number => reasons.push("VersionExists"),
            Action::AzureFails { fault, .. } => {
                reasons.extend(allowed_reason_after(world, fault, number));
                // The seal of a copy is an operation of it.
                if world.clone_of(number).is_some() && copies::affects_workspace(fault) {
                    reasons.push("SealFailed");
                }
                if world.is_proven(number) && copies::affects_workspace(fault) {
                    reasons.extend(["ValidationFailed", "ValidationImpossible"]);
                }
            }
            _ => {}
        }
        if sources(world, number).any(|source| makes_source_unavailable(world, action, source)) {
            reasons.extend(["SourceNotFound", "SourceFailed", "PublishFailed"]);
        }
    }
    reasons
}

/// Each object is Ready, or Stalled for an allowed reason, or gone if it was deleted.
pub(super) fn objects_settle(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for number in evidence.plan.world.numbers() {
        let name = world::object(number);
        let deleted = evidence.is_deleted(number);
        let Some(object) = evidence.objects.get(&name) else {
            if !deleted {
                found.push(format!("{name} is gone, and nobody deleted it"));
            }
            continue;
        };
        let allowed_reasons = allowed_reasons(evidence, number);
        let stalled = stalled(object);
        let allowed = match stalled {
            Some("Suspended") => object["spec"]["suspend"] == true,
            Some(reason) => allowed_reasons.contains(&reason),
            None if is_complete_but_for_refusals(object) => !deleted && misspelt_targets(evidence) > 0,
            None => !deleted && is_settled(object),
        };
        if !allowed {
            let ready = condition(object, "Ready").cloned().unwrap_or_default();
            let left = if deleted { "is still there, " } else { "" };
            found.push(format!(
                "{name} {left}stalled {stalled:?}, ready {} {}: {}",
                ready["status"], ready["reason"], ready["message"]
            ));
        }
    }
    found
}

/// Whether an operator deletes the namespace.
pub(super) fn deletes_namespace(evidence: &Evidence<'_>) -> bool {
    evidence.actions().any(|action| matches!(action, Action::DeleteNamespace))
}

/// A deleted namespace disappears, unless a stalled image version holds it.
pub(super) fn deleted_namespace_disappears(evidence: &Evidence<'_>) -> Vec<String> {
    let held = evidence.objects.values().any(|object| stalled(object).is_some());
    let left = evidence.namespace.join(", ");
    if deletes_namespace(evidence) && !held && !left.is_empty() {
        vec![format!("the namespace is still there: {left}")]
    } else {
        Vec::new()
    }
}

/// In the end a broken object is stalled with its reason, or gone with its namespace.
pub(super) fn broken_objects_report_their_reason(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let gone = evidence.actions().any(|action| matches!(action, Action::DeleteNamespace));
    for broken in &evidence.plan.world.broken_objects {
        let object = evidence.objects.get(&broken.name());
        let reason = object.and_then(|object| stalled(object));
        if object.is_some() == gone || !gone && reason != Some(broken.reason()) {
            found.push(format!(
                "{} is {}, stalled {reason:?}",
                broken.name(),
                if object.is_some() { "there" } else { "gone" }
            ));
        }
    }
    found
}
