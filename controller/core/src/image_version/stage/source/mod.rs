//! The source is a virtual machine: it exists, and may be captured.
//!
//! The rules are those of Azure Compute Gallery ("Troubleshooting shared image galleries in Azure"); finding them here
//! costs nothing, finding them after the machine was generalized costs the machine.

pub(in super::super) mod problem;

use azimage_crds::{CONSENT_TAG, CONSENT_VALUE, Prepare, SourceStatus};
use azimage_names::values::SecurityType;
use problem::{Problem, SealGoesOn};

use super::super::{
    BootDiagnostics, OsType, Read, SourceSpec, StepName, Validated,
    context::{Answer, Cx},
    facts,
    report::{Decision, Outcome, Report, Stop},
    tags,
    validate::find_tag,
    words::NotShown,
};
use crate::message::With;

/// Storage types that a gallery image can't be made from.
const UNSUPPORTED_STORAGE: [&str; 2] = ["UltraSSD_LRS", "PremiumV2_LRS"];

/// The largest disk of a full gallery image, in GiB.
pub(super) const LARGEST_DISK_GIB: i64 = 2048;

pub(in super::super) fn decide(cx: &Cx<'_>, report: &mut Report) -> Decision {
    let Some(source) = cx.source() else { return Ok(Outcome::Done) };
    let machine = match cx.machine(source.id)? {
        Answer::Found(machine) => machine,
        Answer::Missing(_) => {
            let id = || source.id.clone();
            let (not_shown, missing) = (NotShown::Machine { id: id() }, Problem::Missing { id: id() });
            return report.absent(cx.history, (Read::Machine(id()), &not_shown), &missing);
        }
        Answer::Failed(failure) => return Err(Stop::Failed(failure.clone(), "read the source virtual machine")),
    };
    report.source = Some(facts(machine));
    if let Some(problem) = may_not_be_captured(cx.validated, machine) {
        let begun = cx.validated.owns_tag(&machine.tags) && cx.history.unfinished(StepName::Seal);
        let seal = if begun { SealGoesOn::Yes } else { SealGoesOn::No };
        return report.stalled(&With(problem, seal));
    }
    Ok(Outcome::Done)
}

/// What the status tells of the machine.
fn facts(machine: &facts::Machine) -> SourceStatus {
    SourceStatus {
        location: Some(machine.location.to_string()),
        virtual_machine_uid: Some(machine.uid.clone()),
        os_type: Some(machine.os_type.to_string()),
        hyper_v_generation: machine.generation.clone(),
        security_type: Some(machine.security_type.clone().unwrap_or_else(|| SecurityType::default().to_string())),
    }
}

/// What may be wrong with a machine.
type Check = fn(&Validated, &facts::Machine) -> Option<Problem>;

/// Of every machine, in this order.
const ALWAYS: [Check; 5] = [scale_set, ephemeral_disk, unmanaged_disk, storage, disk_size];

/// Of a machine that is still to be changed, in this order: of a generalized one only the content is read.
const UNTIL_GENERALIZED: [Check; 4] = [boot_diagnostics, system, claim, consent];

/// Why the machine may not be captured, if it may not: the first check that objects holds.
fn may_not_be_captured(validated: &Validated, machine: &facts::Machine) -> Option<Problem> {
    let then: &[Check] = if machine.generalized { &[] } else { &UNTIL_GENERALIZED };
    ALWAYS.iter().chain(then).find_map(|check| check(validated, machine))
}

fn scale_set(_: &Validated, machine: &facts::Machine) -> Option<Problem> {
    machine.scale_set.clone().map(|scale_set| Problem::ScaleSet { scale_set })
}

fn ephemeral_disk(_: &Validated, machine: &facts::Machine) -> Option<Problem> {
    machine.ephemeral_os_disk.then_some(Problem::EphemeralDisk)
}

fn unmanaged_disk(_: &Validated, machine: &facts::Machine) -> Option<Problem> {
    machine.unmanaged_os_disk.then_some(Problem::UnmanagedDisk)
}

fn storage(_: &Validated, machine: &facts::Machine) -> Option<Problem> {
    let unsupported = |storage: &&String| UNSUPPORTED_STORAGE.iter().any(|no| storage.eq_ignore_ascii_case(no));
    machine.disk_storage.iter().find(unsupported).map(|storage| Problem::Storage { storage: storage.clone() })
}

fn disk_size(_: &Validated, machine: &facts::Machine) -> Option<Problem> {
    machine.largest_disk_gib.filter(|size| *size > LARGEST_DISK_GIB).map(|size| Problem::DiskSize { size })
}

fn boot_diagnostics(validated: &Validated, machine: &facts::Machine) -> Option<Problem> {
    let to_be_sealed = matches!(validated.source, SourceSpec::VirtualMachine { prepare: Prepare::Deprovision, .. })
        && !(validated.owns_tag(&machine.tags) && tags::sealed(machine));
    match &machine.boot_diagnostics {
        BootDiagnostics::StorageAccount(account) if to_be_sealed => {
            Some(Problem::OwnDiagnostics { account: account.clone() })
        }
        _ => None,
    }
}

fn system(_: &Validated, machine: &facts::Machine) -> Option<Problem> {
    match &machine.os_type {
        OsType::Other(system) => Some(Problem::System { system: system.clone() }),
        OsType::Linux | OsType::Windows => None,
    }
}

fn claim(validated: &Validated, machine: &facts::Machine) -> Option<Problem> {
    validated.foreign_claim(&machine.tags).map(|claim| Problem::Claimed { claim })
}

fn consent(_: &Validated, machine: &facts::Machine) -> Option<Problem> {
    (find_tag(&machine.tags, CONSENT_TAG) != Some(CONSENT_VALUE)).then_some(Problem::NoConsent)
}
