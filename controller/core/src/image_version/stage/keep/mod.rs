//! A snapshot of the machine's OS disk is made while the machine is still itself: after the claim, and before anything is run in
//! its guest. It is kept for a while, so that the machine can be had back. It holds the disk as after a power cut.

mod expiry;
pub(in super::super) mod words;

use azimage_crds::Prepare;
use azimage_names::DiskId;
use words::{Failed, Words};

use super::{
    super::{
        KeepSpec, Provisioning, Request, SnapshotRequest, Step, StepKey, StepName,
        context::{Answer, Cx, Presence, Source},
        facts,
        report::{Decision, Outcome, Report, Stop},
        tags,
        words::Detail,
    },
    guest::{Attempt, newer_claim, readiness::may_begin},
};
use crate::temporary::{self, DiskPlace, Part, Purpose};
pub(in super::super) use expiry::{expire, parting, tell};

/// How often the snapshot is asked for that Azure fails to make.
const MOST_ATTEMPTS: i32 = 5;

/// The part of all temporary resources that the snapshot is.
const SNAPSHOT: Part = Part::Snapshot(DiskPlace::System);

/// The key of the step that makes it.
fn making() -> StepKey {
    StepKey::on_part(StepName::KeepDisk, SNAPSHOT)
}

/// The snapshot is there before the guest's preparation begins; later none is made.
pub(in super::super) fn decide(cx: &Cx<'_>, report: &mut Report) -> Decision {
    let Some(keep) = cx.keep_spec() else { return Ok(Outcome::Done) };
    let (source, machine) = cx.source_machine()?;
    // Nothing begins in a guest whose machine isn't ready, as the next stage tells.
    if machine.is_being_changed() {
        return Ok(Outcome::Done);
    }
    if is_past(cx, source, machine)? {
        expiry::recall(cx, keep, report)?;
        return Ok(Outcome::Done);
    }
    if may_begin(Prepare::Deprovision, machine).is_some() || newer_claim(cx.validated, cx.history, machine) {
        return Ok(Outcome::Done);
    }
    ensure(cx, keep, machine, report)
}

/// Whether the seal has begun, or may have: a snapshot that is made now is of another machine.
fn is_past(cx: &Cx<'_>, source: Source<'_>, machine: &facts::Machine) -> Result<bool, Stop> {
    if machine.generalized || cx.validated.owns_tag(&machine.tags) && tags::sealed(machine) {
        return Ok(true);
    }
    let command = match cx.run_command(source.seal)? {
        Answer::Found(command) => Some(command),
        Answer::Missing(_) => None,
        Answer::Failed(failure) => return Err(Stop::Failed(failure.clone(), "read the run command of the seal")),
    };
    let attempt = Attempt::of(cx.validated, cx.history, machine, command);
    Ok(attempt.is_none_or(|attempt| attempt.may_have_been_made()))
}

fn ensure(cx: &Cx<'_>, keep: &KeepSpec, machine: &facts::Machine, report: &mut Report) -> Decision {
    let id = keep.id();
    let found = match cx.temporary(&id)?.or_stop(expiry::READING)? {
        Presence::Found(found) => found,
        Presence::Missing(_) => return report.act(&Words::Making, step(cx, keep, machine)?),
    };
    if !cx.validated.owns_tag(&found.tags) {
        return report.stalled(&Failed::Taken { id: id.to_string() });
    }
    expiry::note(keep, found, report);
    match &found.provisioning {
        Provisioning::Failed | Provisioning::Canceled => again(cx, keep, machine, report),
        Provisioning::Succeeded if expiry::is_over(cx, found) => {
            let delete = Step::on_part(StepName::DeleteTemporary, SNAPSHOT, Request::DeleteTemporary(id));
            report.act(&Words::Renewing, delete)
        }
        Provisioning::Succeeded => {
            report.finished.insert(making());
            Ok(Outcome::Done)
        }
        Provisioning::Deleting => report.wait(&Words::Renewing),
        _ => {
            report.running = Some(making());
            report.wait(&Words::Making)
        }
    }
}

/// Azure failed to make it.
fn again(cx: &Cx<'_>, keep: &KeepSpec, machine: &facts::Machine, report: &mut Report) -> Decision {
    let detail = Detail::of(cx.why_failed(making(), report)?, None);
    let record = cx.history.step(making());
    let is_untried = || {
        let id = record.and_then(|record| record.correlation_id.as_ref());
        id.is_some_and(|id| cx.history.memory.is_untried(id))
    };
    // Who asked for another attempt may be taken as answered while it is only announced.
    let goes_on = cx.validated.requested || is_untried();
    if record.is_some_and(|record| record.attempts >= MOST_ATTEMPTS) && !goes_on {
        return report.stalled(&Failed::Snapshot { detail });
    }
    report.act_again(&Words::Again { detail }, step(cx, keep, machine)?)
}

fn step(cx: &Cx<'_>, keep: &KeepSpec, machine: &facts::Machine) -> Result<Step, Stop> {
    let owner = cx.validated.owner.to_string();
    let request = SnapshotRequest {
        id: keep.snapshot.clone(),
        location: machine.location.clone(),
        tags: temporary::tags(&owner, Purpose::KeptDisk, (cx.history.now, keep.keep_for), &keep.tags),
        source: os_disk(machine)?.clone(),
    };
    Ok(Step::on_part(StepName::KeepDisk, SNAPSHOT, Request::PutSnapshot(Box::new(request))))
}

fn os_disk(machine: &facts::Machine) -> Result<&DiskId, Stop> {
    let disk = machine.disks.iter().find(|disk| disk.is_os_disk).and_then(|disk| disk.id.as_ref());
    disk.ok_or_else(|| Stop::untold("the id of the machine's OS disk"))
}
