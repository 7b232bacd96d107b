//! What is kept is deleted when it expired, by what its tag says then: who needs it for longer gives the tag a later time, or
//! takes it away. Nothing waits for that.

use azimage_crds::{ConditionType, Reason, TemporaryStatus};

use super::{
    super::{
        super::{
            Doubt, KeepSpec, Read, Requeue,
            context::{Answer, Cx},
            facts,
            report::{Decision, Outcome, Report, Stop, ends},
        },
        clean::{
            self,
            clear::{self, Clearing, Of},
        },
    },
    making,
    words::{Parting, Words},
};
use crate::{Failure, Truth, temporary::expires};

/// Completes "Could not …".
pub(super) const READING: &str = "read the snapshot of the machine's OS disk";

/// The snapshot is there, with the time that its tag names.
pub(super) fn note(keep: &KeepSpec, found: &facts::Temporary, report: &mut Report) {
    report.expiries.extend(expires(&found.tags).map(|at| (keep.id(), Some(at))));
    report.temporary.insert(keep.id());
}

/// Whether it has expired.
pub(super) fn is_over(cx: &Cx<'_>, found: &facts::Temporary) -> bool {
    expires(&found.tags).is_some_and(|at| at <= cx.history.now)
}

/// What the status says of it, if it does.
fn known<'a>(cx: &Cx<'a>, keep: &KeepSpec) -> Option<&'a TemporaryStatus> {
    clean::known(cx, &keep.id())
}

/// Looks for a snapshot that the status, when it was lost, lost too. Whether it is certain enough what there is.
pub(super) fn recall(cx: &Cx<'_>, keep: &KeepSpec, report: &mut Report) -> Result<bool, Stop> {
    if cx.history.begun(making()) || known(cx, keep).is_some() {
        return Ok(true);
    }
    match cx.temporary(&keep.id())? {
        Answer::Found(found) if cx.validated.owns_tag(&found.tags) => note(keep, found, report),
        // What one answer says that it isn't there would be forgotten for good.
        Answer::Missing(_) => {
            let doubt = Doubt::Absent(Read::of_temporary(&keep.id()));
            let believed = cx.history.believes(&doubt);
            report.doubts(doubt);
            return Ok(believed);
        }
        // It is looked for only until the end of the work.
        Answer::Failed(failure @ Failure::Throttled) => return Err(Stop::Failed(failure.clone(), READING)),
        // That it can't be read holds up nothing.
        Answer::Found(_) | Answer::Failed(_) => {}
    }
    Ok(true)
}

/// Whether the status says already what became of the snapshot: at rest nothing is looked for any more.
fn is_told(cx: &Cx<'_>) -> bool {
    let later = [Reason::CleanUpFailed.as_str(), Reason::SourceKept.as_str()];
    let told = cx.history.condition(ConditionType::CleanedUp);
    told.is_some_and(|told| told.status == "True" || later.contains(&told.reason.as_str()))
}

/// How it stands with the snapshot of a version that exists.
pub(in super::super::super) fn tell(cx: &Cx<'_>, report: &mut Report) -> Decision {
    let Some(keep) = cx.keep_spec() else {
        report.not_needed(ConditionType::CleanedUp);
        return Ok(Outcome::Done);
    };
    if !is_told(cx) && !recall(cx, keep, report)? {
        report.found(Truth::Unknown, &Words::Recalling);
        return Ok(Outcome::Done);
    }
    if known(cx, keep).is_some() || report.temporary.contains(&keep.id()) {
        report.done(&Words::Kept);
        clean::tell_of_stuck(cx, report);
    } else if cx.history.begun(making()) {
        report.done(&clean::words::Words::Nothing);
    } else {
        report.not_needed(ConditionType::CleanedUp);
    }
    Ok(Outcome::Done)
}

/// A pass that changes nothing else deletes the snapshot, if it has expired.
pub(in super::super::super) fn expire(cx: &Cx<'_>, outcome: Outcome, report: &mut Report) -> Decision {
    let (Outcome::Ends(None, _), Some(keep)) = (&outcome, cx.keep_spec()) else { return Ok(outcome) };
    let Some(known) = known(cx, keep) else { return Ok(outcome) };
    let is_due = known.expires_at.as_ref().is_some_and(|at| at.0 <= cx.history.now);
    let id = keep.id();
    if !is_due || clean::problem(cx, &id).is_some() {
        return Ok(outcome);
    }
    match cx.temporary(&id)? {
        Answer::Found(found) if !cx.validated.owns_tag(&found.tags) || expires(&found.tags).is_none() => {
            report.gone.insert(id);
            return Ok(outcome);
        }
        Answer::Found(found) if !is_over(cx, found) => {
            note(keep, found, report);
            return Ok(outcome);
        }
        Answer::Failed(Failure::Throttled) => return Ok(outcome),
        Answer::Failed(failure) => {
            report.undeletable.insert(id, failure.words().to_owned());
            return Ok(outcome);
        }
        Answer::Found(_) | Answer::Missing(_) => {}
    }
    match clear::clear(cx, report, Of::Capture, |_| false)? {
        Clearing::Deletes(step) => ends(Some(step), Requeue::Poll),
        Clearing::Waits => ends(None, Requeue::Poll),
        Clearing::Gone => Ok(outcome),
    }
}

/// What a person has to know as the object goes: the snapshot outlives it.
pub(in super::super::super) fn parting(cx: &Cx<'_>) -> Option<String> {
    let known = known(cx, cx.keep_spec()?)?;
    let until = known.expires_at.as_ref()?.0;
    Some(Parting::Kept { id: known.resource_id.clone(), until }.to_string())
}
