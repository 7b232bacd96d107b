//! What was read from Azure, as a bug changes it.

use std::{borrow::Cow, collections::BTreeMap};

use azimage_core::image_version::{
    ConsoleObserved, Observed, Power, Provisioning, Reading, RegionObserved, RegionReplication, Validated,
    VersionObserved, VirtualMachineObserved,
};
use azimage_crds::{CONSENT_TAG, CONSENT_VALUE, OWNER_TAG, STEP_TAG};

use super::Bug;

/// What was read, changed by a bug.
pub(super) fn changed<'a>(bug: Bug, validated: &Validated, observed: &'a Observed) -> Cow<'a, Observed> {
    match bug {
        Bug::GeneralizeWithoutConsent => {
            machine(observed, |machine| set(&mut machine.tags, CONSENT_TAG, CONSENT_VALUE))
        }
        Bug::AcceptForeignClaim => machine(observed, |machine| {
            if validated.foreign_claim(&machine.tags).is_some() {
                remove(&mut machine.tags, OWNER_TAG);
            }
        }),
        Bug::SkipDeallocate => machine(observed, |machine| {
            if machine.power == Power::Stopped && machine.tags.contains_key(STEP_TAG) {
                machine.power = Power::Deallocated;
            }
        }),
        Bug::BelievePowerOff => believe_power_off(observed),
        Bug::AdoptForeignVersion if !validated.deleting => owned(validated, observed),
        Bug::DeleteForeignVersion if validated.deleting => owned(validated, observed),
        Bug::BelieveParentState => version(observed, |version| {
            if version.provisioning == Provisioning::Succeeded {
                complete(version, |state| state != Some(RegionReplication::Failed));
            }
        }),
        Bug::ReadyWithFailedRegion => version(observed, |version| {
            if complete(version, |state| state == Some(RegionReplication::Failed)) {
                version.provisioning = Provisioning::Succeeded;
            }
        }),
        Bug::PanicOnUnknownState => version(observed, |version| {
            if let Provisioning::Other(state) = &version.provisioning
                && state != "Migrating"
            {
                panic!("{state} is unknown");
            }
        }),
        _ => Cow::Borrowed(observed),
    }
}

fn machine(observed: &Observed, change: impl FnOnce(&mut VirtualMachineObserved)) -> Cow<'_, Observed> {
    let mut changed = observed.clone();
    if let Reading::Found(machine) = &mut changed.virtual_machine {
        change(machine);
    }
    Cow::Owned(changed)
}

/// The version counts as read by itself, not from a list.
fn version(observed: &Observed, change: impl FnOnce(&mut VersionObserved)) -> Cow<'_, Observed> {
    let mut changed = Observed { seen: None, ..observed.clone() };
    if let Reading::Found(version) = &mut changed.version {
        change(version);
    }
    Cow::Owned(changed)
}

fn owned<'a>(validated: &Validated, observed: &'a Observed) -> Cow<'a, Observed> {
    version(observed, |version| set(&mut version.tags, OWNER_TAG, &validated.owner.to_string()))
}

/// The console of a machine that is off says that the guest is sealed, and the time of the last change is unknown.
fn believe_power_off(observed: &Observed) -> Cow<'_, Observed> {
    let Cow::Owned(mut changed) = machine(observed, |machine| machine.changed_at = None) else {
        return Cow::Borrowed(observed);
    };
    let off = |machine: &VirtualMachineObserved| matches!(machine.power, Power::Stopped | Power::Deallocated);
    if matches!(&changed.virtual_machine, Reading::Found(machine) if off(machine))
        && changed.console != Reading::NotRead
    {
        changed.console = Reading::Found(ConsoleObserved::Sealed);
    }
    Cow::Owned(changed)
}

/// Marks the target regions in such a state as complete. Returns whether there was one.
fn complete(version: &mut VersionObserved, such: impl Fn(Option<RegionReplication>) -> bool) -> bool {
    let mut found = false;
    for target in &version.targets {
        if such(version.replication.get(&target.region).map(|region| region.state.clone())) {
            let region = RegionObserved { state: RegionReplication::Completed, progress: 100, details: String::new() };
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
