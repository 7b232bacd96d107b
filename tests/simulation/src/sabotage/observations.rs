//! What was read from Azure, as a bug changes it.

use std::{borrow::Cow, collections::BTreeMap};

use azimage_core::image_version::{Facts, Power, Provisioning, RegionReplication, Validated, facts};
use azimage_crds::{CONSENT_TAG, CONSENT_VALUE, OWNER_TAG, STEP_TAG};

use super::Bug;

/// What was read, changed by a bug.
pub(super) fn changed<'a>(bug: Bug, validated: &Validated, facts: &'a Facts) -> Cow<'a, Facts> {
    match bug {
        Bug::GeneralizeWithoutConsent => machine(facts, |machine| set(&mut machine.tags, CONSENT_TAG, CONSENT_VALUE)),
        Bug::AcceptForeignClaim => machine(facts, |machine| {
            if validated.foreign_claim(&machine.tags).is_some() {
                remove(&mut machine.tags, OWNER_TAG);
            }
        }),
        Bug::SkipDeallocate => machine(facts, |machine| {
            if machine.power == Power::Stopped && machine.tags.contains_key(STEP_TAG) {
                machine.power = Power::Deallocated;
            }
        }),
        Bug::IgnoreLocks => {
            let mut changed = facts.clone();
            changed.locks.found_mut().for_each(Vec::clear);
            Cow::Owned(changed)
        }
        Bug::BelievePowerOff => believe_power_off(facts),
        Bug::IgnoreOpenNetwork => temporary(facts, |found| {
            if let facts::Network::Rules(rules) = &mut found.network {
                *rules = facts::SecurityRule::closed();
            }
        }),
        Bug::AcceptForeignPart => {
            temporary(facts, |found| set(&mut found.tags, OWNER_TAG, &validated.owner.to_string()))
        }
        Bug::AdoptForeignVersion if !validated.deleting => owned(validated, facts),
        Bug::DeleteForeignVersion if validated.deleting => owned(validated, facts),
        Bug::BelieveParentState => version(facts, |version| {
            if version.provisioning == Provisioning::Succeeded {
                complete(version, |state| state != Some(RegionReplication::Failed));
            }
        }),
        Bug::SoakByOwnClock => version(facts, |version| version.read_at = None),
        Bug::ReadyWithFailedRegion => version(facts, |version| {
            if complete(version, |state| state == Some(RegionReplication::Failed)) {
                version.provisioning = Provisioning::Succeeded;
            }
        }),
        Bug::PanicOnUnknownState => version(facts, |version| {
            if let Provisioning::Other(state) = &version.provisioning
                && state != "Migrating"
            {
                panic!("{state} is unknown");
            }
        }),
        _ => Cow::Borrowed(facts),
    }
}

fn machine(facts: &Facts, change: impl Fn(&mut facts::Machine)) -> Cow<'_, Facts> {
    let mut changed = facts.clone();
    changed.machines.found_mut().for_each(change);
    Cow::Owned(changed)
}

fn temporary(facts: &Facts, change: impl Fn(&mut facts::Temporary)) -> Cow<'_, Facts> {
    let mut changed = facts.clone();
    changed.temporaries.found_mut().for_each(change);
    Cow::Owned(changed)
}

/// The version counts as read by itself, not from a list.
fn version(facts: &Facts, change: impl Fn(&mut facts::Version)) -> Cow<'_, Facts> {
    let mut changed = facts.clone();
    changed.at_rest = None;
    changed.versions.found_mut().for_each(change);
    Cow::Owned(changed)
}

fn owned<'a>(validated: &Validated, facts: &'a Facts) -> Cow<'a, Facts> {
    version(facts, |version| set(&mut version.tags, OWNER_TAG, &validated.owner.to_string()))
}

/// The console of a machine that is off says that the guest is sealed, and the time of the last change is unknown.
fn believe_power_off(facts: &Facts) -> Cow<'_, Facts> {
    let mut changed = machine(facts, |machine| machine.changed_at = None).into_owned();
    let off = changed.machines.found_mut().any(|machine| matches!(machine.power, Power::Stopped | Power::Deallocated));
    if off {
        changed.consoles.found_mut().for_each(|console| *console = facts::Console::Sealed);
    }
    Cow::Owned(changed)
}

/// Marks the target regions in such a state as complete. Returns whether there was one.
fn complete(version: &mut facts::Version, such: impl Fn(Option<RegionReplication>) -> bool) -> bool {
    let mut found = false;
    for target in &version.targets {
        if such(version.replication.get(&target.region).map(|region| region.state.clone())) {
            let region =
                facts::RegionCopy { state: RegionReplication::Completed, progress: 100, details: String::new() };
            version.replication.insert(target.region.clone(), region);
            found = true;
        }
    }
    found
}

fn remove(tags: &mut BTreeMap<String, String>, name: &str) {
    tags.retain(|key, _| !key.eq_ignore_ascii_case(name));
}

fn set(tags: &mut BTreeMap<String, String>, name: &str, value: &str) {
    remove(tags, name);
    tags.insert(name.to_owned(), value.to_owned());
}
