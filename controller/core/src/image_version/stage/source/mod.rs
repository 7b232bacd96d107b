//! The source is a virtual machine: it exists, and may be captured.
//!
//! The rules are those of Azure Compute Gallery ("Troubleshooting shared image galleries in Azure"); finding them here
//! costs nothing, finding them after the machine was generalized costs the machine.

pub(in super::super) mod problem;

use azimage_crds::{CONSENT_TAG, CONSENT_VALUE, Consistency, OWNER_TAG, Prepare, SEAL_TAG, STEP_TAG, SourceStatus};
use azimage_names::values::SecurityType;
use problem::{Problem, SealGoesOn};

use super::{
    super::{
        BootDiagnostics, OsType, Read, SourceSpec, StepName, Validated,
        context::{Answer, Cx},
        facts,
        report::{Decision, Outcome, Report, Stop},
        tags,
        words::{Done, NotShown},
    },
    clone,
};
use crate::message::With;
use crate::owner::find_tag;

pub(in super::super) fn decide(cx: &Cx<'_>, report: &mut Report) -> Decision {
    let Some(source) = cx.source() else { return Ok(Outcome::Done) };
    if let Some(outcome) = clone::is_made(cx, report)? {
        return Ok(outcome);
    }
    let machine = match cx.machine(source.origin)? {
        Answer::Found(machine) => machine,
        Answer::Missing(_) => {
            let id = || source.origin.clone();
            let (not_shown, missing) = (NotShown::Machine { id: id() }, Problem::Missing { id: id() });
            return report.absent(cx.history, (Read::Machine(id()), &not_shown), &missing);
        }
        Answer::Failed(failure) => return Err(Stop::Failed(failure.clone(), "read the source virtual machine")),
    };
    if clone::is_replaced(cx, machine) {
        return report.stalled(&clone::words::Failed::Replaced);
    }
    report.source = Some(facts(machine));
    if source.clone.is_some() {
        if let Some(problem) = may_not_be_cloned(cx.validated, machine) {
            return report.stalled(&problem);
        }
        report.done(&Done::MachineExists);
        return Ok(Outcome::Done);
    }
    if let Some(problem) = may_not_be_captured(cx.validated, machine) {
        let begun = cx.validated.owns_tag(&machine.tags) && cx.history.unfinished(StepName::Seal);
        let seal = if begun { SealGoesOn::Yes } else { SealGoesOn::No };
        return report.stalled(&With(problem, seal));
    }
    Ok(Outcome::Done)
}

/// What the status tells of the machine.
pub(super) fn facts(machine: &facts::Machine) -> SourceStatus {
    SourceStatus {
        location: Some(machine.location.to_string()),
        virtual_machine_uid: Some(machine.uid.clone()),
        os_type: Some(machine.os_type.to_string()),
        hyper_v_generation: machine.generation.clone(),
        security_type: Some(machine.security_type.clone().unwrap_or_else(|| SecurityType::default().to_string())),
        image_reference: machine.image.clone(),
        copy: None,
        not_approved: None,
    }
}

/// What may be wrong with a machine.
type Check = fn(&Validated, &facts::Machine) -> Option<Problem>;

/// Of every machine, in this order.
const ALWAYS: [Check; 4] = [scale_set, ephemeral_disk, unmanaged_disk, confidential];

/// Of a machine that is still to be changed, in this order: of a generalized one only the content is read.
const UNTIL_GENERALIZED: [Check; 6] = [boot_diagnostics, system, extensions, claim, consent, room_for_tags];

/// Of a machine that is cloned, in this order. Nothing of it is changed, so it needs neither to consent nor to have room.
const CLONED: [Check; 7] = [ephemeral_disk, unmanaged_disk, confidential, accelerated, system, claim, generalized];

/// Why the machine may not be cloned, if it may not.
fn may_not_be_cloned(validated: &Validated, machine: &facts::Machine) -> Option<Problem> {
    CLONED.iter().find_map(|check| check(validated, machine))
}

/// A copy of it would be provisioned anew when it starts.
fn generalized(_: &Validated, machine: &facts::Machine) -> Option<Problem> {
    machine.generalized.then_some(Problem::Generalized)
}

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

/// Of such an OS disk there are no snapshots (Azure documentation, "Enable Write Accelerator"), and of a machine with any such disk no
/// crash-consistent restore points ("Overview of Virtual Machine restore points").
fn accelerated(validated: &Validated, machine: &facts::Machine) -> Option<Problem> {
    let accelerated = || machine.disks.iter().filter(|disk| disk.is_write_accelerated);
    if accelerated().any(|disk| disk.is_os_disk) {
        return Some(Problem::AcceleratedSystem);
    }
    let SourceSpec::VirtualMachine { clone: Some(clone), .. } = &validated.source else { return None };
    let is_whole = clone.consistency == Consistency::AcrossDisks;
    let lun = accelerated().find_map(|disk| disk.lun).filter(|_| is_whole)?;
    Some(Problem::Accelerated { lun })
}

fn unmanaged_disk(_: &Validated, machine: &facts::Machine) -> Option<Problem> {
    machine.unmanaged_os_disk.then_some(Problem::UnmanagedDisk)
}

/// Each region of a confidential image has to say how it is encrypted, which the requests of this release don't.
fn confidential(_: &Validated, machine: &facts::Machine) -> Option<Problem> {
    let kind = machine.security_type.as_deref().map(SecurityType::from);
    (kind == Some(SecurityType::ConfidentialVm)).then_some(Problem::Confidential)
}

/// Whether something is still to be run in the guest.
fn to_be_sealed(validated: &Validated, machine: &facts::Machine) -> bool {
    matches!(validated.source, SourceSpec::VirtualMachine { prepare: Prepare::Deprovision, .. })
        && !(validated.owns_tag(&machine.tags) && tags::sealed(machine))
}

fn extensions(validated: &Validated, machine: &facts::Machine) -> Option<Problem> {
    (!machine.allows_extensions && to_be_sealed(validated, machine)).then_some(Problem::Extensions)
}

fn boot_diagnostics(validated: &Validated, machine: &facts::Machine) -> Option<Problem> {
    match &machine.boot_diagnostics {
        BootDiagnostics::StorageAccount(account) if to_be_sealed(validated, machine) => {
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

/// The most tags that a resource has (Azure Resource Manager, "Limitations" of tags).
const MOST_TAGS: usize = 50;

/// The claim, the attempt at the seal and its proof are tags.
fn room_for_tags(validated: &Validated, machine: &facts::Machine) -> Option<Problem> {
    let ours: &[&str] = if to_be_sealed(validated, machine) { &[OWNER_TAG, SEAL_TAG, STEP_TAG] } else { &[OWNER_TAG] };
    let needed = ours.iter().filter(|tag| find_tag(&machine.tags, tag).is_none()).count();
    let count = machine.tags.len();
    (count + needed > MOST_TAGS).then_some(Problem::NoRoomForTags { count, needed })
}

fn consent(_: &Validated, machine: &facts::Machine) -> Option<Problem> {
    (find_tag(&machine.tags, CONSENT_TAG) != Some(CONSENT_VALUE)).then_some(Problem::NoConsent)
}
