//! The writes of a machine: its tags, conditional on its etag and whole, as Azure replaces all of them.

use std::collections::BTreeMap;

use azimage_crds::{OWNER_TAG, Prepare, SEAL_TAG, STEP_TAG};
use azimage_names::VirtualMachineId;
use jiff::Timestamp;

use super::{BootDiagnostics, MachineRequest, Validated, facts, report::Stop};
use crate::guest::attempt;
use crate::owner::find_tag;

/// The value of [`STEP_TAG`] on a machine whose seal was proven.
const SEALED: &str = "sealed";

/// Whether the machine's tags say that its seal was proven.
pub(super) fn sealed(machine: &facts::Machine) -> bool {
    find_tag(&machine.tags, STEP_TAG) == Some(SEALED)
}

fn tags_request(
    id: &VirtualMachineId,
    machine: &facts::Machine,
    set: &[(&str, String)],
    remove: &[&str],
) -> Result<MachineRequest, Stop> {
    let touched = |key: &str| {
        set.iter().any(|(name, _)| name.eq_ignore_ascii_case(key))
            || remove.iter().any(|name| name.eq_ignore_ascii_case(key))
    };
    let mut tags: BTreeMap<String, String> =
        machine.tags.iter().filter(|(key, _)| !touched(key)).map(|(key, value)| (key.clone(), value.clone())).collect();
    tags.extend(set.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
    let etag = machine.etag.clone().ok_or_else(|| Stop::untold("the machine's etag"))?;
    Ok(MachineRequest { id: id.clone(), tags, switch_boot_diagnostics_on: false, etag })
}

/// The claim. A machine that is to be sealed has to say so on a serial console that is recorded, and its claim holds the
/// nonce of the attempt that begins now.
pub(super) fn claim_request(
    validated: &Validated,
    id: &VirtualMachineId,
    prepare: Prepare,
    machine: &facts::Machine,
    now: Timestamp,
) -> Result<MachineRequest, Stop> {
    let mut set = vec![(OWNER_TAG, validated.owner.to_string())];
    if prepare == Prepare::Deprovision {
        set.push((SEAL_TAG, attempt::nonce(&validated.owner.uid, now)));
    }
    // A mark that an earlier owner left says nothing about the guest as it is now.
    let tags = tags_request(id, machine, &set, &[STEP_TAG, SEAL_TAG])?;
    let unrecorded = prepare == Prepare::Deprovision && machine.boot_diagnostics == BootDiagnostics::Off;
    Ok(MachineRequest { switch_boot_diagnostics_on: unrecorded, ..tags })
}

pub(super) fn mark_request(id: &VirtualMachineId, machine: &facts::Machine) -> Result<MachineRequest, Stop> {
    tags_request(id, machine, &[(STEP_TAG, SEALED.to_owned())], &[])
}

/// Takes our tags from a machine.
pub(super) fn release_request(id: &VirtualMachineId, machine: &facts::Machine) -> Result<MachineRequest, Stop> {
    tags_request(id, machine, &[], &[OWNER_TAG, STEP_TAG, SEAL_TAG])
}
