//! Law 1: a machine is generalized at most once, and only with consent and sealed.

use azimage_crds::{CONSENT_TAG, CONSENT_VALUE};
use http::Method;

use super::Evidence;
use crate::{
    oddities::Oddity,
    plan::{Action, Ban, World},
    world,
};

/// Whether somebody starts the machine, and its serial console log loses the last minute before each stop. A start and a stop
/// within that minute leave no trace there; nothing else that is read tells them from a change of a tag. It is a known limit
/// (docs/threat-model.md).
fn start_is_undetectable(evidence: &Evidence<'_>, number: u8) -> bool {
    let starts = |action: &Action| matches!(action, Action::StartMachine(it) | Action::StartCopy(it) if *it == number);
    evidence.plan.world.oddities(number).any(|odd| odd == Oddity::LostLastMinute) && evidence.actions().any(starts)
}

/// Each machine, and each copy, is generalized by one request at most, and only if its guest is really sealed and wasn't started
/// since.
pub(super) fn generalized_once_and_sealed(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for number in evidence.plan.world.numbers() {
        let machine = evidence.captured(number);
        let (mut effective, mut unsealed, mut used) = (0, Vec::new(), Vec::new());
        for effect in evidence.effects_on(&machine) {
            if effect.before.is_null() {
                // Another copy.
                effective = 0;
            }
            if !effect.path.ends_with("/generalize") {
                continue;
            }
            // After a late request another one may find the machine generalized; that one changes nothing.
            effective += u32::from(effect.before["generalized"] != true);
            if start_is_undetectable(evidence, number) {
                continue;
            }
            if effect.before["guest"]["deprovisioned"] != true {
                unsealed.push(effect.time);
            } else if effect.before["guest"]["offSinceSealed"] != true {
                used.push(effect.time);
            }
        }
        if effective > 1 {
            found.push(format!("{machine} was generalized {effective} times"));
        }
        found.extend(used.iter().map(|at| format!("{machine} was generalized at {at}, it was started after its seal")));
        found.extend(unsealed.iter().map(|at| format!("{machine} was generalized at {at}, its guest wasn't sealed")));
    }
    found
}

/// Between two requests to generalize a machine it is read.
pub(super) fn generalized_again_only_after_a_read(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for number in evidence.plan.world.numbers() {
        let machine = if evidence.plan.world.clone_of(number).is_some() {
            format!("virtualMachines/azimage-{}-machine", world::object(number))
        } else {
            format!("virtualMachines/builder-{number}")
        };
        let (read, action) = (format!("azure GET {machine}"), format!("azure POST {machine}/generalize"));
        let mut was_read = true;
        for sent in evidence.sent {
            if sent.call == action {
                if !was_read {
                    found.push(format!("{machine} was to be generalized again at {} without a read", sent.time));
                }
                was_read = false;
            } else if sent.call.strip_prefix(&read).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
                was_read = true;
            }
        }
    }
    found
}

/// Generalize is sent only for a deallocated machine, unless an operator changed it meanwhile.
pub(super) fn generalized_only_when_deallocated(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for number in evidence.plan.world.numbers() {
        let path = format!("{}/generalize", evidence.captured(number));
        let changed = |action: &Action| makes_machine_unusable(&evidence.plan.world, action, number);
        for asked in evidence.arrivals.iter().filter(|it| it.path.eq_ignore_ascii_case(&path)) {
            if asked.before["power"] != "deallocated" && !evidence.may_be_overtaken(asked.time, changed) {
                found.push(format!("{path} at {}, when the machine was {}", asked.time, asked.before["power"]));
            }
        }
    }
    found
}

/// The seal is started once, as no plan asks for another one; of a copy, once for each that is made.
pub(super) fn sealed_once(evidence: &Evidence<'_>) -> Vec<String> {
    let begun = |number| {
        let machine = evidence.captured(number).to_lowercase();
        let made = || evidence.writes().filter(|entry| entry.method == "PUT" && entry.status == Some(201));
        let commands = format!("{machine}/runcommands/");
        let seals = made().filter(|entry| entry.path.to_lowercase().starts_with(&commands)).count();
        let copies = made().filter(|entry| entry.path.to_lowercase() == machine).count();
        (seals + 1).saturating_sub(copies.max(1))
    };
    // Where the cause is temporary, the seal is repeated.
    let repeats = |number| evidence.plan.world.oddities(number).any(Oddity::repeats);
    let numbers = evidence.plan.world.numbers().filter(|number| !repeats(*number));
    let numbers = numbers.map(|number| (number, begun(number)));
    let twice = numbers.filter(|(_, begun)| *begun > 1);
    twice.map(|(number, begun)| format!("the seal of {} was begun {begun} times", evidence.captured(number))).collect()
}

/// Each write to a machine has its consent at that moment, except the release of the claim. One that is copied isn't written to at
/// all, see `copies`.
pub(super) fn consents(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for number in evidence.plan.world.numbers() {
        if evidence.plan.world.clone_of(number).is_some() {
            continue;
        }
        let removed = |action: &Action| *action == Action::RetagMachine(number);
        for effect in evidence.effects_on(&world::machine(number)) {
            let releases = effect.method == Method::PATCH && !world::is_owner(number, &effect.after["tags"]);
            // What arrives when the machine is gone takes nothing.
            if effect.before.is_null() {
                continue;
            }
            let consents = effect.before["tags"][CONSENT_TAG] == CONSENT_VALUE;
            if !consents && !releases && !evidence.may_be_overtaken(effect.time, removed) {
                found.push(format!("{} {} at {}, without consent", effect.method, effect.path, effect.time));
            }
        }
    }
    found
}

/// Seconds for which a lock may not be seen before a claim: a reading of it is used again for some seconds, and Azure may answer
/// late.
const LOCK_UNSEEN: i64 = 120;

/// No machine is claimed, and no copy begun, for a version that Azure would refuse to make: while the gallery is locked, and that could be seen.
pub(super) fn not_claimed_for_a_locked_gallery(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let hidden = LOCK_UNSEEN.saturating_add(evidence.max_seconds_in_flight());
    for event in &evidence.plan.events {
        let Action::Forbid { by: Ban::GalleryLock, seconds } = event.action else { continue };
        let second = |at: u64| i64::try_from(at).unwrap_or(i64::MAX);
        // Nothing is read before the beginning.
        let seen = if event.at == 0 { 0 } else { second(event.at).saturating_add(hidden) };
        for number in evidence.plan.world.numbers() {
            let is_copied = evidence.plan.world.clone_of(number).is_some();
            let machine = world::machine(number);
            let effects = if is_copied { evidence.effects_of(number) } else { evidence.effects_on(&machine) };
            // Of a copy that is begun the rest is made.
            let some = if is_copied { 1 } else { effects.len() };
            for effect in effects.into_iter().take(some) {
                let since = effect.time.duration_since(evidence.begin).as_secs();
                let claims =
                    !world::is_owner(number, &effect.before["tags"]) && world::is_owner(number, &effect.after["tags"]);
                if claims && (seen..second(event.at + seconds)).contains(&since) {
                    found.push(format!("{machine} was claimed at {}, and the gallery is locked", effect.time));
                }
            }
        }
    }
    found
}

/// A machine is never started by the controller.
pub(super) fn never_started(evidence: &Evidence<'_>) -> Vec<String> {
    let started = evidence.writes().filter(|entry| entry.method == "POST" && entry.path.ends_with("/start"));
    started.map(super::line).collect()
}

/// Whether an action leaves what is captured for a version unusable.
pub(super) fn makes_machine_unusable(world: &World, action: &Action, number: u8) -> bool {
    if world.clone_of(number).is_some() {
        return is_hand_on_copy(action, number)
            || matches!(
                action,
                Action::GeneralizeMachine(it)
                    | Action::DeleteMachine(it)
                    | Action::ClaimMachine(it)
                    | Action::BreakGuest(it)
                if *it == number
            );
    }
    matches!(
        action,
        Action::StartMachine(it)
            | Action::StopMachine(it)
            | Action::GeneralizeMachine(it)
            | Action::DeleteMachine(it)
            | Action::RetagMachine(it)
            | Action::ClaimMachine(it)
            | Action::BreakGuest(it)
            if *it == number
    )
}

/// Whether an action is on the copy of this machine or its parts, so that it may not be captured.
pub(super) fn is_hand_on_copy(action: &Action, number: u8) -> bool {
    matches!(
        action,
        Action::StartCopy(it)
            | Action::StopCopy(it)
            | Action::GeneralizeCopy(it)
            | Action::DeleteCopy(it)
            | Action::RetagCopy(it)
            | Action::DeleteSnapshot(it)
            | Action::DeleteCopiedDisk(it)
            | Action::TakeName(it)
            if *it == number
    )
}

/// A machine is sealed itself only after the snapshot of its OS disk was made, if one is to be kept; and that isn't deleted within a run.
pub(super) fn kept_before_it_is_sealed(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let world = &evidence.plan.world;
    let in_place = |number: &u8| world.clone_of(*number).is_none() && world.source_version(*number).is_none();
    for number in world.numbers().filter(in_place) {
        let kept = evidence.effects_on(&evidence.kept(number));
        let made = kept.iter().filter(|effect| effect.method == Method::PUT).map(|effect| effect.time).min();
        let of_machine = evidence.effects_on(&world::machine(number));
        let seals =
            of_machine.iter().filter(|effect| effect.method == Method::PUT && effect.path.contains("/runCommands/"));
        if !world.keeps {
            found
                .extend(kept.iter().map(|effect| format!("{} {}, and none is to be kept", effect.method, effect.path)));
            continue;
        }
        let deleted = evidence.writes_to("DELETE", &evidence.kept(number));
        found.extend(deleted.into_iter().map(super::line));
        let too_early = seals.filter(|seal| made.is_none_or(|made| made > seal.time));
        found.extend(too_early.map(|seal| format!("{} at {} without a snapshot", seal.path, seal.time)));
    }
    found
}
