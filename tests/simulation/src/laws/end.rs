//! Liveness: once nothing goes wrong any more, each object comes to the end that it should.

use azimage_simulator::DomainFault;
use serde_json::Value;

use super::{Evidence, machine::spoils_machine};
use crate::{generate::MISSPELT, oddities::Oddity, plan::Action, world};

/// Failures of one version in a row after which azimage asks a person.
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

/// Whether an object stays as it is unless somebody does something.
pub fn at_its_end(object: &Value) -> bool {
    // A suspended object says nothing, not even that it was seen.
    let suspended = object["spec"]["suspend"] == true && object["metadata"]["deletionTimestamp"].is_null();
    let seen = object["metadata"]["generation"] == object["status"]["observedGeneration"];
    suspended || seen && (is_true(object, "Ready").is_some() || is_true(object, "Stalled").is_some())
}

/// Whether a version that is made from this one may never find it.
fn takes_source(action: &Action, source: u8) -> bool {
    let of_version = matches!(
        action,
        Action::DeleteVersion(it) | Action::DeleteDefinition(it) | Action::DeleteObject(it) | Action::Suspend(it) if *it == source
    );
    let of_azure = matches!(action, Action::AzureFails { fault, .. } if excuse_of(fault, source).is_some());
    of_version || of_azure || spoils_machine(action, source)
}

/// Whether Azure has such a region.
fn is_known(region: &str) -> bool {
    region != MISSPELT
}

/// Whether a fault of Azure's is met by what such a path names.
pub(super) fn meets(fault: &DomainFault, path: &str) -> bool {
    let resource = serde_json::to_value(fault).unwrap_or_default()["resource"].as_str().map(str::to_owned);
    resource.is_some_and(|resource| path.contains(&resource))
}

/// The reason for which a version may be stalled after a fault of Azure's, if there is one.
fn excuse_of(fault: &DomainFault, number: u8) -> Option<&'static str> {
    let of_version = meets(fault, &world::version(number));
    let of_machine = meets(fault, &world::machine(number));
    match fault {
        DomainFault::RegionFails { .. } if of_version => Some("ReplicationFailed"),
        // It was created, and is left Failed each time that it is written.
        DomainFault::OperationFails { times, .. } if of_version && times.is_none_or(|times| times >= REPAIRS) => {
            Some("ReplicationFailed")
        }
        // Such a version stays as it is, and can only be deleted.
        DomainFault::VersionCreateFails { .. } if of_version => Some("PublishFailed"),
        // A seal that failed is not begun again.
        DomainFault::OperationFails { .. } | DomainFault::OperationPreempted { .. } if of_machine => Some("SealFailed"),
        _ => None,
    }
}

/// The reasons for which a version may be stalled after what people did.
pub(super) fn excuses(evidence: &Evidence<'_>, number: u8) -> Vec<&'static str> {
    let mut reasons = Vec::new();
    let is_gone = |path: &str| evidence.azure.simulator().state(path).is_none();
    if evidence.is_deleted(number) {
        // Its ServiceAccount went with the namespace, and nobody else may delete the version.
        let orphaned = evidence.plan.world.identity && evidence.plan.world.delete && ends(evidence);
        return if orphaned { vec!["ServiceAccountNotFound"] } else { Vec::new() };
    }
    if is_gone(&world::gallery()) {
        // It was deleted with all in it, and that is what an object says that was never published.
        return vec!["GalleryNotFound", "VersionMissing"];
    }
    if evidence.plan.world.taken {
        reasons.push("VersionExists");
    }
    let world = &evidence.plan.world;
    reasons.extend(world.oddities(number).flat_map(Oddity::reasons));
    if world.source_version(number).is_some_and(|source| world.oddities(source).any(|odd| !odd.reasons().is_empty())) {
        reasons.extend(["SourceNotFound", "SourceFailed"]);
    }
    for action in evidence.actions() {
        match action {
            Action::ClaimMachine(it) if *it == number => reasons.push("SourceClaimed"),
            Action::BreakGuest(it) if *it == number => reasons.push("SealFailed"),
            action if spoils_machine(action, number) => {
                reasons.extend(["SourceRunning", "GuestPreparationUnknown", "AlreadyGeneralized", "SourceNotFound"]);
                reasons.extend(["ConsentMissing", "SealFailed", "SealTimedOut", "PublishFailed"]);
            }
            Action::DeleteVersion(it) if *it == number => reasons.push("VersionMissing"),
            Action::DeleteDefinition(it) if *it == number && is_gone(&world::definition(number)) => {
                reasons.extend(["DefinitionNotFound", "VersionMissing"]);
            }
            Action::DisownVersion(it) if *it == number => reasons.push("VersionExists"),
            Action::AzureFails { fault, .. } => reasons.extend(excuse_of(fault, number)),
            Action::AddTarget(region) if !is_known(region) => reasons.push("RequestRefused"),
            _ => {}
        }
        let source = evidence.plan.world.source_version(number);
        if source.is_some_and(|source| takes_source(action, source)) {
            reasons.extend(["SourceNotFound", "SourceFailed", "PublishFailed"]);
        }
    }
    reasons
}

/// Ready, or Stalled for what people did; gone if somebody deleted it.
pub(super) fn reached(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for number in 0..evidence.plan.world.versions {
        let name = world::object(number);
        let deleted = evidence.is_deleted(number);
        let Some(object) = evidence.objects.get(&name) else {
            if !deleted {
                found.push(format!("{name} is gone, and nobody deleted it"));
            }
            continue;
        };
        let excuses = excuses(evidence, number);
        let stalled = stalled(object);
        let fine = match stalled {
            Some(reason) => excuses.contains(&reason),
            None => !deleted && at_its_end(object),
        };
        if !fine {
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

/// Whether somebody deletes the namespace.
fn ends(evidence: &Evidence<'_>) -> bool {
    evidence.actions().any(|action| matches!(action, Action::DeleteNamespace))
}

/// A namespace that somebody deletes goes, unless an image version that holds it says what is to be done.
pub(super) fn namespace_is_gone(evidence: &Evidence<'_>) -> Vec<String> {
    let held = evidence.objects.values().any(|object| stalled(object).is_some());
    let left = evidence.namespace.join(", ");
    if ends(evidence) && !held && !left.is_empty() {
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
