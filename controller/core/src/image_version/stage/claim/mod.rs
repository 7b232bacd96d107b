//! The machine is claimed: its owner tag names this object, so that no other one works on it.

pub(in super::super) mod words;

use azimage_crds::Prepare;
use words::Words;

use super::{
    super::{
        Provisioning, Step, StepName,
        context::{Cx, Source},
        facts,
        report::{Decision, Outcome, Report},
        tags,
        words::Done,
    },
    guest::{newer_claim, readiness::may_begin},
    preflight,
};

pub(in super::super) fn decide(cx: &Cx<'_>, report: &mut Report) -> Decision {
    let (source, machine) = cx.source_machine()?;
    let (validated, history, id) = (cx.validated, cx.history, source.id);
    let ours = validated.owns_tag(&machine.tags);
    let known = history.status.source.as_ref().and_then(|source| source.virtual_machine_uid.as_ref());
    if ours && history.begun(StepName::ClaimSource) && known.is_some_and(|known| *known != machine.uid) {
        // The status keeps the machine that was claimed: with the new one's uid the next pass would trust the tags,
        // which came with a copy.
        report.source = None;
        return report.stalled(&Words::Recreated { id: id.clone() });
    }
    report.finished_if(ours && !newer_claim(validated, history, machine), StepName::ClaimSource);
    if let state @ (Provisioning::Migrating | Provisioning::Other(_)) = &machine.provisioning {
        return report.wait(&Words::OtherState { state: state.clone() });
    }
    if machine.generalized {
        return is_generalized(cx, source, machine, report);
    }
    if ours {
        report.done(&Done::MachineIsClaimed);
        return Ok(Outcome::Done);
    }
    if machine.is_being_changed() {
        return report.wait(&Words::Changing);
    }
    if let Some(obstacle) = may_begin(source.prepare, machine) {
        return obstacle.decide(report);
    }
    if let end @ Outcome::Ends(..) = preflight::before_claim(cx, source, report)? {
        return Ok(end);
    }
    let request = tags::claim_request(validated, id, source.prepare, machine, history.now)?;
    let step = Step::on_machine(StepName::ClaimSource, request);
    report.act(&Words::Claiming, step)
}

/// Of a generalized machine only the content is read. By whose proof its guest is sealed has to be known.
fn is_generalized(cx: &Cx<'_>, source: Source<'_>, machine: &facts::Machine, report: &mut Report) -> Decision {
    let validated = cx.validated;
    let proven = validated.owns_tag(&machine.tags) && tags::sealed(machine);
    if source.prepare == Prepare::Deprovision && !proven {
        if let Some(claim) = validated.foreign_claim(&machine.tags) {
            // This object may have generalized it, before somebody else wrote the tag.
            return report.stalled(&Words::GeneralizedAndClaimed { claim });
        }
        return report.stalled(&Words::GeneralizedByAnother);
    }
    report.done(&Done::MachineExists);
    Ok(Outcome::Done)
}
