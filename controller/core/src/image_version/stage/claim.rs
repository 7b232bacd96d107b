//! The machine is claimed: its owner tag names this object, so that no other one works on it.

use azimage_crds::{ConditionType, Prepare, Reason};

use super::{
    super::{
        Provisioning, Step, StepName, VirtualMachineObserved,
        context::{Cx, Source},
        report::{Decision, Outcome, Report},
        tags,
    },
    guest::{newer_claim, readiness::may_begin},
};

pub(in super::super) fn decide(cx: &Cx<'_>, report: &mut Report) -> Decision {
    let (source, machine) = cx.source_machine()?;
    let (validated, memory, id) = (cx.validated, cx.memory, source.id);
    let ours = validated.owns_tag(&machine.tags);
    let known = memory.status.source.as_ref().and_then(|source| source.virtual_machine_uid.as_ref());
    if ours && memory.begun(StepName::ClaimSource) && known.is_some_and(|known| *known != machine.uid) {
        // The status keeps the machine that was claimed: with the new one's uid the next pass would trust the tags,
        // which came with a copy.
        report.source = None;
        let message = format!(
            "The machine {id} was made anew since it was claimed, and nothing is known of the new one; make a new ImageVersion for it"
        );
        return report.stalled(ConditionType::SourceReady, Reason::GuestPreparationUnknown, message);
    }
    report.finished_if(ours && !newer_claim(validated, memory, machine), StepName::ClaimSource);
    if let state @ (Provisioning::Migrating | Provisioning::Other(_)) = &machine.provisioning {
        let message = format!(
            "Azure says {state} of the machine, by which azimage knows no more than that something goes on; waiting for another state"
        );
        return report.wait(ConditionType::SourceReady, Reason::SourceBusy, message);
    }
    if machine.generalized {
        return is_generalized(cx, source, machine, report);
    }
    if ours {
        report.done(ConditionType::SourceReady, "The machine exists, consents and is claimed");
        return Ok(Outcome::Done);
    }
    if machine.is_being_changed() {
        let message = "The machine is being changed; waiting for Azure to finish".to_owned();
        return report.wait(ConditionType::SourceReady, Reason::SourceBusy, message);
    }
    if let Some(obstacle) = may_begin(source.prepare, machine) {
        return obstacle.decide(report);
    }
    let request = tags::claim_request(validated, id, source.prepare, machine, memory.now)?;
    let step = Step::on_machine(StepName::ClaimSource, request);
    report.act(ConditionType::SourceReady, Reason::Progressing, "Claiming the machine".to_owned(), step)
}

/// Of a generalized machine only the content is read. By whose proof its guest is sealed has to be known.
fn is_generalized(cx: &Cx<'_>, source: Source<'_>, machine: &VirtualMachineObserved, report: &mut Report) -> Decision {
    let validated = cx.validated;
    let proven = validated.owns_tag(&machine.tags) && tags::sealed(machine);
    if source.prepare == Prepare::Deprovision && !proven {
        if let Some(claim) = validated.foreign_claim(&machine.tags) {
            // This object may have generalized it, before somebody else wrote the tag.
            let message = format!(
                "The machine is generalized, and claimed by {claim} (cluster/namespace/name/uid in its tag azimage-owner): if its guest was sealed, say so with spec.source.virtualMachine.guest.prepare: AlreadyGeneralized in a new object"
            );
            return report.stalled(ConditionType::SourceReady, Reason::SourceClaimed, message);
        }
        let message = "The machine is generalized already, but not by this object: if its guest was sealed, say so with spec.source.virtualMachine.guest.prepare: AlreadyGeneralized in a new object".to_owned();
        return report.stalled(ConditionType::SourceReady, Reason::AlreadyGeneralized, message);
    }
    report.done(ConditionType::SourceReady, "The machine exists");
    Ok(Outcome::Done)
}
