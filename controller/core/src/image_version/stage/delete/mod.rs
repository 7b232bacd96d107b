//! An object that goes: its version goes first, if it asks for that, and then its claim on a machine.

pub(in super::super) mod words;

use azimage_crds::{ConditionType, Deletion, ImageVersionStatus, Prepare, RegionLatest, RegionStatus};
use words::{Parting, Words};

use super::{
    super::{
        Doubt, History, Operation, Power, Provisioning, Read, Request, Requeue, SourceSpec, Step, StepName,
        context::{Answer, Cx, Presence},
        doubt::CONFIRMATIONS,
        history::recorded,
        report::{Decision, Outcome, Report, Stop, ends},
        tags,
        words::Detail,
    },
    guest::Attempt,
    replicate::in_use::InUse,
};
use crate::{Failure, Message as _, Progress, temporary::TemporaryId};

/// The version is gone, if it is to go.
pub(in super::super) fn version_gone(cx: &Cx<'_>, report: &mut Report) -> Decision {
    let (validated, history) = (cx.validated, cx.history);
    if validated.deletion == Deletion::Retain {
        return Ok(Outcome::Done);
    }
    match cx.version_alone()? {
        Presence::Found(version) if !validated.owns_tag(&version.tags) => report.release(&Words::NotOurs),
        Presence::Found(version) if version.provisioning == Provisioning::Deleting => {
            report.running = Some(StepName::Delete.into());
            report.deleting(&Words::VersionBeingDeleted, None)
        }
        Presence::Found(version) if version.block_deletion && not_reached(version.end_of_life, history) => {
            report.progress = Progress::stalled(Words::Blocked.reason(), Words::Blocked.to_string());
            ends(None, Requeue::Resync)
        }
        Presence::Found(version) => match InUse::of(cx)? {
            InUse::Nowhere => delete_version(cx, report),
            InUse::Unknown(failure) => {
                Err(Stop::Failed(failure, "read which scale sets use the gallery image version"))
            }
            InUse::By(users) => match version.targets.iter().find(|target| !users.at(&target.region).is_empty()) {
                Some(target) => {
                    let region = target.region.clone();
                    let words = Words::InUse { users: users.at(&region).join(", "), region };
                    report.progress = Progress::stalled(words.reason(), words.to_string());
                    ends(None, Requeue::Resync)
                }
                None => delete_version(cx, report),
            },
        },
        Presence::Missing(_) => {
            let gone = Doubt::Absent(Read::Version(validated.id.clone()));
            let told = history.times(&gone);
            // Later passes, too, have to know that it was confirmed.
            report.doubts(gone);
            if history.possibly_created() || told + 1 < confirmations(history, told) {
                return report.deleting(&Words::Confirming, None);
            }
            Ok(Outcome::Done)
        }
    }
}

/// The version is there, and Azure isn't deleting it: asked for, or once more if that had no effect.
fn delete_version(cx: &Cx<'_>, report: &mut Report) -> Decision {
    let step = Step::whole(StepName::Delete, Request::DeleteVersion(cx.validated.id.clone()));
    let was_accepted = cx.history.was_accepted(StepName::Delete);
    let told = cx.history.step(StepName::Delete).is_some_and(|record| record.failure.is_some());
    if !was_accepted && !told {
        return report.deleting(&Words::DeletingVersion, Some(step));
    }
    let failure = cx.why_failed(StepName::Delete, report)?;
    let message = match failure {
        Some(failure) => Words::DeletionFailed { detail: Detail::of(Some(failure), None) },
        None if cx.history.too_soon(&step.key(), StepName::Delete.grace_seconds())
            || cx.operation(StepName::Delete)? == Some(&Operation::UnderWay) =>
        {
            return report.deleting(&Words::DeletingVersion, None);
        }
        None => Words::DeletionWithoutEffect,
    };
    report.progress = Progress::retrying(message.reason(), message.to_string());
    ends(Some(step), Requeue::Retry)
}

/// Whether the object of this uid and status may have a claim on a machine, and a seal under way in it, or anything temporary. Both are
/// the object's own and go with it, also if the version is retained.
pub(in super::super) fn may_hold_a_machine(status: &ImageVersionStatus, uid: &str, source: &SourceSpec) -> bool {
    let published = status.resource_id.is_some()
        || recorded(status, &StepName::Publish.into())
            .is_some_and(|step| step.accepted_at.is_some() || step.finished_at.is_some());
    let claimed = recorded(status, &StepName::ClaimSource.into()).is_some() && !published;
    // What is kept of a machine that is captured itself outlives the object.
    let is_copied = matches!(source, SourceSpec::VirtualMachine { clone: Some(_), .. });
    let outlives = |id: &TemporaryId| !is_copied && id.is_of_a_capture(uid);
    claimed || status.temporary.iter().any(|known| !known.resource_id.parse().is_ok_and(|id| outlives(&id)))
}

/// What a person has to know of a version that stays, and is latest.
pub(in super::super) fn stays_latest(cx: &Cx<'_>) -> Option<String> {
    let is_in = |region: &&RegionStatus| matches!(region.latest, Some(RegionLatest::Included | RegionLatest::Kept));
    let regions: Vec<&str> =
        cx.history.status.regions.iter().filter(is_in).map(|region| region.name.as_str()).collect();
    let stays = cx.validated.deletion == Deletion::Retain && !regions.is_empty();
    stays.then(|| Parting::StaysLatest { regions: regions.join(", ") }.to_string())
}

/// How many answers in a row have to say that the version is gone. What was never begun can't turn up late; where the
/// status was lost, nobody knows what was begun.
fn confirmations(history: &History<'_>, told: u32) -> u32 {
    let lost = history.status.observed_generation.is_none_or(|generation| generation < 1);
    let possible = lost || history.was_published() || history.begun(StepName::Publish) || told > 0;
    if possible { CONFIRMATIONS } else { 1 }
}

/// Nothing of ours is left but perhaps the claim on a machine that can still be used, and a run command on it.
pub(in super::super) fn release(cx: &Cx<'_>, report: &mut Report) -> Decision {
    let (validated, history) = (cx.validated, cx.history);
    let retained = validated.deletion == Deletion::Retain;
    let done = if retained { &Words::Retained } else { &Words::Gone };
    let source = match cx.source() {
        Some(source)
            if source.clone.is_none()
                && (!retained || may_hold_a_machine(history.status, &validated.owner.uid, &validated.source)) =>
        {
            source
        }
        _ => return report.release(done),
    };
    let (id, seal, guest) = (source.id, source.seal, source.guest);
    let machine = match cx.machine(id)? {
        Answer::Found(machine) if validated.owns_tag(&machine.tags) && !machine.generalized => machine,
        // A look that has to wait for its turn is no failure.
        Answer::Failed(failure @ Failure::Throttled) => {
            return Err(Stop::Failed(failure.clone(), "read the source virtual machine"));
        }
        // A claim of an object that is gone holds no more, so failing to release it must not hold up the deletion.
        _ => return report.release(done),
    };
    let command = if source.prepare == Prepare::Deprovision && !tags::sealed(machine) {
        match cx.run_command(seal)? {
            Answer::Failed(failure @ Failure::Throttled) => {
                return Err(Stop::Failed(failure.clone(), "read the run command of the seal"));
            }
            Answer::Found(command) => Some(command),
            Answer::Missing(_) | Answer::Failed(_) => None,
        }
    } else {
        None
    };
    let attempt = Attempt::of(validated, history, machine, command);
    let runs = !matches!(machine.power, Power::Stopped | Power::Deallocating | Power::Deallocated);
    let in_time = attempt.as_ref().is_some_and(|attempt| attempt.elapsed() <= guest.limit_seconds(&machine.os_type));
    if runs
        && in_time
        && attempt.as_ref().is_some_and(Attempt::may_be_under_way)
        && !history.stalled()
        && !ended_badly(history)
    {
        // Whoever claimed the machine now would have it sealed and turned off under his hands.
        return report.deleting(&Words::WaitingForSeal, None);
    }
    let removable = machine.power == Power::Running && machine.agent_ready;
    match command {
        Some(command) if command.provisioning == Provisioning::Deleting && removable => {
            return report.deleting(&Words::CommandBeingRemoved, None);
        }
        Some(_) if removable => {
            let step = Step::whole(StepName::ForgetSeal, Request::DeleteRunCommand(seal.clone()));
            return report.deleting(&Words::RemovingCommand, Some(step));
        }
        _ => {}
    }
    match tags::release_request(id, machine) {
        Ok(request) => {
            let may_be_sealed = tags::sealed(machine) || attempt.as_ref().is_some_and(Attempt::may_have_begun);
            if !runs && may_be_sealed {
                let left = Parting::LeftSealed { id: id.clone(), power: machine.power.clone() };
                report.parting = Some(left.to_string());
            }
            report.deleting(&Words::Releasing, Some(Step::on_machine(StepName::ReleaseSource, request)))
        }
        Err(_) => report.release(&Words::NoEtag),
    }
}

/// Whether the status has told that the seal ended badly. That stays when its run command is gone.
fn ended_badly(history: &History<'_>) -> bool {
    history.condition(ConditionType::GuestPrepared).is_some_and(|condition| condition.status == "False")
}

fn not_reached(end_of_life: Option<jiff::Timestamp>, history: &History<'_>) -> bool {
    end_of_life.is_some_and(|end| end > history.now)
}

impl Report {
    fn release(&mut self, message: &Words) -> Decision {
        self.progress = Progress::reconciling(message.reason(), message.to_string());
        ends(None, Requeue::Release)
    }

    fn deleting(&mut self, message: &Words, step: Option<Step>) -> Decision {
        self.progress = Progress::reconciling(message.reason(), message.to_string());
        ends(step, Requeue::Poll)
    }
}
