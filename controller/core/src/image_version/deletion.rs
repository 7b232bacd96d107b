//! What to do next for an object that is being deleted.

use azimage_crds::{ConditionType, Deletion, ImageVersionStatus, Prepare, Reason};
use azimage_deliberate_bugs::bug;

use super::{
    Memory, Observed, Plan, Power, Provisioning, Read, Reading, Report, SourceSpec, Step, StepName, Validated, Wake,
    absence::CONFIRMATIONS, plan::recorded, sealing::Attempt, tags,
};
use crate::{Failure, Progress};

pub(super) fn plan(validated: &Validated, memory: &Memory<'_>, observed: &Observed) -> Plan {
    let mut report = Report::default();
    if validated.deletion == Deletion::Retain {
        return if may_hold_a_machine(memory.status) {
            release(validated, memory, observed, report)
        } else {
            report.let_go("The gallery image version is retained")
        };
    }
    match &observed.version {
        Reading::NotRead => report.failed_unread("the gallery image version"),
        Reading::Failed(failure) => report.failed(failure, "read the gallery image version before deleting it"),
        Reading::Found(version) if !validated.owns_tag(&version.tags) && !bug!(DeleteForeignVersion) => {
            report.let_go("The gallery image version of that name isn't ours, so it is left alone")
        }
        Reading::Found(version) if version.provisioning == Provisioning::Deleting => {
            report.running = Some(StepName::Delete);
            report.deleting("Azure is deleting the gallery image version", Wake::Poll)
        }
        Reading::Found(version) if version.block_deletion && not_reached(version.end_of_life, memory) => {
            let message = "Azure doesn't delete the gallery image version before the end of its life (safetyProfile.blockDeletionBeforeEndOfLife): wait until then, turn that off in Azure, or set spec.deletionPolicy to Retain".to_owned();
            report.progress = Progress::stalled(Reason::DeletionBlocked, message);
            Plan { step: None, report, wake: Wake::Resync }
        }
        Reading::Found(_) => {
            report.progress = Progress::reconciling(Reason::Deleting, "Deleting the gallery image version");
            Plan { step: Some(Step::Delete(validated.id.clone())), report, wake: Wake::Poll }
        }
        Reading::Missing(_) => {
            if !bug!(BelieveOne404OnDeletion)
                && (memory.may_turn_up() || memory.found_absent(Read::Version) + 1 < confirmations(memory))
            {
                report.absent = Some(Read::Version);
                return report.deleting("Confirming that the gallery image version is gone", Wake::Poll);
            }
            release(validated, memory, observed, report)
        }
    }
}

/// Whether an object of this status may have a claim on a machine, and a seal under way in it. Both are the object's own and
/// go with it, also if the version is retained.
pub(super) fn may_hold_a_machine(status: &ImageVersionStatus) -> bool {
    let published = status.resource_id.is_some()
        || recorded(status, StepName::Publish)
            .is_some_and(|step| step.accepted_at.is_some() || step.finished_at.is_some());
    recorded(status, StepName::ClaimSource).is_some() && !published
}

/// How many answers in a row have to say that the version is gone. What was never begun can't turn up late; where the
/// status was lost, nobody knows what was begun.
fn confirmations(memory: &Memory<'_>) -> i32 {
    let lost = memory.status.observed_generation.is_none_or(|generation| generation < 1);
    let possible =
        lost || memory.was_published() || memory.begun(StepName::Publish) || memory.found_absent(Read::Version) > 0;
    if possible { CONFIRMATIONS } else { 1 }
}

/// Nothing of ours is left but perhaps the claim on a machine that can still be used, and a run command on it.
fn release(validated: &Validated, memory: &Memory<'_>, observed: &Observed, mut report: Report) -> Plan {
    let done = match validated.deletion {
        Deletion::Retain => "The gallery image version is retained",
        Deletion::Delete => "The gallery image version is gone",
    };
    let SourceSpec::VirtualMachine { id, prepare, seal, guest } = &validated.source else {
        return report.let_go(done);
    };
    let machine = match &observed.virtual_machine {
        Reading::Found(machine) if validated.owns_tag(&machine.tags) && !machine.generalized => machine,
        // A look that has to wait for its turn is no failure.
        Reading::Failed(failure @ Failure::Throttled) => {
            return report.failed(failure, "read the source virtual machine");
        }
        // A claim of an object that is gone holds no more, so failing to release it must not hold up the deletion.
        _ => return report.let_go(done),
    };
    let command = match &observed.seal {
        Reading::Failed(failure @ Failure::Throttled) => {
            return report.failed(failure, "read the run command of the seal");
        }
        Reading::Found(command) if *prepare == Prepare::Deprovision => Some(command),
        _ => None,
    };
    let attempt = Attempt::of(validated, memory, machine, command);
    let runs = matches!(machine.power, Power::Running | Power::Starting | Power::Stopping | Power::Unknown);
    let in_time = attempt.as_ref().is_some_and(|attempt| attempt.elapsed() <= guest.limit_seconds(&machine.os_type));
    if runs
        && in_time
        && attempt.as_ref().is_some_and(Attempt::may_be_under_way)
        && !memory.stalled()
        && !ended_badly(memory)
    {
        // Whoever claimed the machine now would have it sealed and turned off under his hands.
        let message = "Waiting for the seal that is under way in the guest to end: a deletion doesn't stop it";
        return report.deleting(message, Wake::Poll);
    }
    let removable = machine.power == Power::Running && machine.agent_ready;
    match command {
        Some(command) if command.provisioning == Provisioning::Deleting && removable => {
            return report.deleting("Waiting for Azure to remove the run command of the seal", Wake::Poll);
        }
        Some(_) if removable => {
            report.progress = Progress::reconciling(Reason::Deleting, "Removing the run command of the seal");
            return Plan { step: Some(Step::ForgetSeal(seal.clone())), report, wake: Wake::Poll };
        }
        _ => {}
    }
    match tags::release_request(id, machine) {
        Some(request) => {
            let may_be_sealed = tags::sealed(machine) || attempt.as_ref().is_some_and(Attempt::may_have_begun);
            if !runs && may_be_sealed {
                report.parting = Some(format!(
                    "{id} is {}, and its guest is sealed or may be: when it is started again it is provisioned anew, with the account of its osProfile",
                    machine.power
                ));
            }
            report.progress = Progress::reconciling(Reason::Deleting, "Releasing the claim on the source");
            Plan { step: Some(Step::ReleaseSource(request)), report, wake: Wake::Poll }
        }
        None => report.let_go("The source can't be released, as it has no etag"),
    }
}

/// Whether the status has told that the seal ended badly. That stays when its run command is gone.
fn ended_badly(memory: &Memory<'_>) -> bool {
    memory.condition(ConditionType::GuestPrepared).is_some_and(|condition| condition.status == "False")
}

fn not_reached(end_of_life: Option<jiff::Timestamp>, memory: &Memory<'_>) -> bool {
    end_of_life.is_some_and(|end| end > memory.now)
}

impl Report {
    fn let_go(mut self, message: &str) -> Plan {
        self.progress = Progress::reconciling(Reason::Deleting, message);
        Plan { step: None, report: self, wake: Wake::Release }
    }

    fn deleting(mut self, message: &str, wake: Wake) -> Plan {
        self.progress = Progress::reconciling(Reason::Deleting, message);
        Plan { step: None, report: self, wake }
    }
}
