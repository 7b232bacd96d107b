//! The source is a virtual machine: it exists, and may be captured.
//!
//! The rules are those of Azure Compute Gallery ("Troubleshooting shared image galleries in Azure"); finding them here
//! costs nothing, finding them after the machine was generalized costs the machine.

use azimage_crds::{CONSENT_TAG, CONSENT_VALUE, ConditionType, Prepare, Reason, SourceStatus};
use azimage_names::values::SecurityType;

use super::super::{
    BootDiagnostics, OsType, Read, SourceSpec, StepName, Validated, VirtualMachineObserved,
    context::{Answer, Cx},
    report::{Decision, Outcome, Report, Stop},
    tags,
    validate::{Violation, find_tag},
};

/// Storage types that a gallery image can't be made from.
const UNSUPPORTED_STORAGE: [&str; 2] = ["UltraSSD_LRS", "PremiumV2_LRS"];

/// The largest disk of a full gallery image, in GiB.
const LARGEST_DISK_GIB: i64 = 2048;

pub(in super::super) fn decide(cx: &Cx<'_>, report: &mut Report) -> Decision {
    let Some(source) = cx.source() else { return Ok(Outcome::Done) };
    let machine = match cx.machine(source.id)? {
        Answer::Found(machine) => machine,
        Answer::Missing(_) => {
            let id = source.id;
            let message = format!(
                "spec.source.virtualMachine.resourceId: {id} doesn't exist; create it, or make a new ImageVersion from another machine"
            );
            let thing = format!("the source virtual machine {id}");
            let found = (ConditionType::SourceReady, Reason::SourceNotFound);
            return report.absent(cx.memory, (Read::Machine(id.clone()), &thing), found, message);
        }
        Answer::Failed(failure) => return Err(Stop::Failed(failure.clone(), "read the source virtual machine")),
    };
    report.source = Some(facts(machine));
    if let Err(mut violation) = may_be_captured(cx.validated, machine) {
        if cx.validated.owns_tag(&machine.tags) && cx.memory.unfinished(StepName::Seal) {
            violation.message.push_str(
                ". A seal was begun in its guest, which nothing stops: the machine powers itself off when it is done",
            );
        }
        return report.stalled(ConditionType::SourceReady, violation.reason, violation.message);
    }
    Ok(Outcome::Done)
}

/// What the status tells of the machine.
fn facts(machine: &VirtualMachineObserved) -> SourceStatus {
    SourceStatus {
        location: Some(machine.location.to_string()),
        virtual_machine_uid: Some(machine.uid.clone()),
        os_type: Some(machine.os_type.to_string()),
        hyper_v_generation: machine.generation.clone(),
        security_type: Some(machine.security_type.clone().unwrap_or_else(|| SecurityType::default().to_string())),
    }
}

/// Whether the machine may be captured at all. Consent and claims matter only as long as the machine is still to be
/// changed: of a generalized one only the content is read.
fn may_be_captured(validated: &Validated, machine: &VirtualMachineObserved) -> Result<(), Violation> {
    let no = |reason, message: String| Err(Violation::new(reason, message));
    if let Some(scale_set) = &machine.scale_set {
        return no(
            Reason::SourceUnsupported,
            format!(
                "The machine belongs to the scale set {scale_set}, which would undo a stop: use a machine of its own"
            ),
        );
    }
    if machine.ephemeral_os_disk {
        return no(
            Reason::SourceUnsupported,
            "The machine's OS disk is ephemeral, and a gallery image can't be made from one: use a machine with a managed disk".into(),
        );
    }
    if machine.unmanaged_os_disk {
        return no(Reason::SourceUnsupported, "The machine's OS disk is not a managed disk: convert it first".into());
    }
    let unsupported = |storage: &&String| UNSUPPORTED_STORAGE.iter().any(|no| storage.eq_ignore_ascii_case(no));
    if let Some(storage) = machine.disk_storage.iter().find(unsupported) {
        return no(
            Reason::SourceUnsupported,
            format!(
                "A disk of the machine has the storage type {storage}, which a gallery image can't be made from: detach it"
            ),
        );
    }
    if let Some(size) = machine.largest_disk_gib.filter(|size| *size > LARGEST_DISK_GIB) {
        return no(
            Reason::SourceUnsupported,
            format!(
                "A disk of the machine has {size} GiB, and a gallery image takes at most {LARGEST_DISK_GIB}: detach it, or use a machine with a smaller one"
            ),
        );
    }
    if machine.generalized {
        return Ok(());
    }
    let to_be_sealed = matches!(validated.source, SourceSpec::VirtualMachine { prepare: Prepare::Deprovision, .. })
        && !(validated.owns_tag(&machine.tags) && tags::sealed(machine));
    if let (true, BootDiagnostics::StorageAccount(account)) = (to_be_sealed, &machine.boot_diagnostics) {
        return no(
            Reason::SourceUnsupported,
            format!(
                "The machine's boot diagnostics go to the storage account {account}, which azimage doesn't read, and the guest has to be heard to say that it is sealed: set them to storage that Azure manages (az vm boot-diagnostics enable without --storage)"
            ),
        );
    }
    if let OsType::Other(system) = &machine.os_type {
        return no(
            Reason::SourceUnsupported,
            format!(
                "The machine runs {system}, and only Linux and Windows guests can be sealed: use such a machine, or generalize this one by other means and say so in a new object with spec.source.virtualMachine.guest.prepare: AlreadyGeneralized"
            ),
        );
    }
    if let Some(claim) = validated.foreign_claim(&machine.tags) {
        return no(
            Reason::SourceClaimed,
            format!(
                "The machine is claimed by {claim} (cluster/namespace/name/uid in its tag azimage-owner): wait for that object, or remove the tag if it is gone"
            ),
        );
    }
    if find_tag(&machine.tags, CONSENT_TAG) != Some(CONSENT_VALUE) {
        return no(
            Reason::ConsentMissing,
            format!(
                "The machine doesn't consent to being generalized, after which it can never start again: set its tag {CONSENT_TAG} to {CONSENT_VALUE}"
            ),
        );
    }
    Ok(())
}
