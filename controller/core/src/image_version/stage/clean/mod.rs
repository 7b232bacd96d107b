//! What was made in Azure for the work alone is deleted. That holds up nothing else: where Azure is at work, or refuses, the
//! other stages go on.

pub(super) mod clear;
pub(super) mod late;
pub(in super::super) mod recall;
pub(in super::super) mod words;

use azimage_crds::TemporaryStatus;
pub(in super::super) use clear::is_left_alone;
use clear::{Clearing, Of};
use words::Words;

use super::{
    super::{
        Provisioning, RegionReplication, Requeue, StepName,
        context::Cx,
        facts,
        report::{Decision, Outcome, Report, Stop, ends},
    },
    keep, validate,
};
use crate::{Message as _, Progress, Truth, temporary::TemporaryId};

/// How long after Azure refused to delete something it is asked again, in seconds.
const PAUSE_SECONDS: i64 = 600;

/// Nothing temporary is left, once the version doesn't need it.
pub(in super::super) fn decide(cx: &Cx<'_>, report: &mut Report) -> Decision {
    if cx.clone_spec().is_none() {
        return keep::tell(cx, report);
    }
    if is_recalling(cx, report) {
        return Ok(Outcome::Done);
    }
    if cx.history.status.temporary.is_empty() {
        report.done(&Words::Nothing);
        return Ok(Outcome::Done);
    }
    if !cx.version()?.is_some_and(is_complete_at_home) {
        return Ok(Outcome::Done);
    }
    let cleared = match clear::clear(cx, report, Of::Capture, |id| problem(cx, id).is_some()) {
        Err(stop @ Stop::Read(_)) => return Err(stop),
        // What can't be read just now is read by the next pass.
        Err(Stop::Failed(..)) => Clearing::Waits,
        Ok(cleared) => cleared,
    };
    match cleared {
        Clearing::Gone => {
            report.done(&Words::Nothing);
            tell_of_stuck(cx, report);
            Ok(Outcome::Done)
        }
        Clearing::Deletes(step) => report.act(&Words::Deleting, step),
        Clearing::Waits => {
            report.found(Truth::Unknown, &Words::Deleting);
            Ok(Outcome::Done)
        }
    }
}

/// Whether this pass writes down what there may be of a copy that the status didn't tell of.
fn is_recalling(cx: &Cx<'_>, report: &Report) -> bool {
    report.temporary.iter().any(|id| id.is_of_a_capture(&cx.validated.owner.uid))
}

/// The version doesn't need its source any more: it is complete in its home region, from which others are copied.
pub(super) fn is_complete_at_home(version: &facts::Version) -> bool {
    let home = version.replication.get(&version.location).map(|copy| &copy.state);
    home == Some(&RegionReplication::Completed) && version.provisioning != Provisioning::Creating
}

/// What the status says of something temporary, if it knows it.
pub(super) fn known<'a>(cx: &Cx<'a>, id: &TemporaryId) -> Option<&'a TemporaryStatus> {
    let is_it = |known: &&TemporaryStatus| known.resource_id.parse::<TemporaryId>().is_ok_and(|known| known == *id);
    cx.history.status.temporary.iter().find(is_it)
}

/// Why something couldn't be deleted, if that was just said.
pub(super) fn problem<'a>(cx: &Cx<'a>, id: &TemporaryId) -> Option<&'a str> {
    let known = known(cx, id)?;
    let recent = known.problem_at.as_ref().is_some_and(|at| cx.history.within(at.0, PAUSE_SECONDS));
    // Whose it is may change at any time.
    known.problem.as_deref().filter(|problem| recent && !is_left_alone(problem))
}

/// What is left counts in how it stands as a whole: the object isn't ready while things are being deleted, and says what can't
/// be.
pub(in super::super) fn tell(cx: &Cx<'_>, outcome: Outcome, report: &mut Report) -> Outcome {
    let Outcome::Ends(step, requeue) = outcome else { return outcome };
    let known = &cx.history.status.temporary;
    // What proves the version is told of by its own stage.
    let is_left = |id: &TemporaryId| !report.gone.contains(id) && !id.is_of_a_validation(&cx.validated.owner.uid);
    let left = known.iter().filter(|known| known.resource_id.parse().is_ok_and(|id: TemporaryId| is_left(&id)));
    let (stuck, going): (Vec<_>, Vec<_>) = left.partition(|known| why_stuck(known, report).is_some());
    let goes_on = !going.is_empty() || is_recalling(cx, report);
    let published = report.resource_id.is_some();
    if cx.clone_spec().is_none() || !published || stuck.is_empty() && !goes_on {
        return Outcome::Ends(step, requeue);
    }
    tell_of_stuck(cx, report);
    let ready = matches!(report.progress, Progress::Settled { .. } | Progress::Idle { .. });
    if ready && goes_on && stuck.is_empty() {
        report.progress = Progress::reconciling(Words::Deleting.reason(), Words::Deleting.to_string());
    }
    let requeue = if requeue == Requeue::Resync { Requeue::Poll } else { requeue };
    Outcome::Ends(step, requeue)
}

/// What can't be deleted is told.
pub(super) fn tell_of_stuck(cx: &Cx<'_>, report: &mut Report) {
    let is_left =
        |known: &&TemporaryStatus| known.resource_id.parse().is_ok_and(|id: TemporaryId| !report.gone.contains(&id));
    let left = cx.history.status.temporary.iter().filter(is_left);
    let stuck: Vec<(String, String)> =
        left.filter_map(|known| Some((known.resource_id.clone(), why_stuck(known, report)?))).collect();
    let Some((id, why)) = stuck.first().cloned() else { return };
    report.found(Truth::False, &Words::Stuck { id, why, count: stuck.len() });
}

/// Why something can't be deleted, as this pass found, or an earlier one.
fn why_stuck(known: &TemporaryStatus, report: &Report) -> Option<String> {
    let just_now = known.resource_id.parse().ok().and_then(|id: TemporaryId| report.undeletable.get(&id).cloned());
    just_now.or_else(|| known.problem.clone())
}

/// Before a version goes: nothing is left of what proves it, as Azure deletes no image from which it makes a machine.
pub(in super::super) fn before_deletion(cx: &Cx<'_>, report: &mut Report) -> Decision {
    if !validate::is_anything_left(cx) {
        return Ok(Outcome::Done);
    }
    let cleared = clear::clear(cx, report, Of::Validation, |id| problem(cx, id).is_some())?;
    report.progress = Progress::reconciling(Words::Leaving.reason(), Words::Leaving.to_string());
    tell_of_stuck(cx, report);
    match cleared {
        Clearing::Gone => Ok(Outcome::Done),
        Clearing::Deletes(step) => ends(Some(step), Requeue::Poll),
        // What can't be deleted is dealt with when the version is gone.
        Clearing::Waits if cx.history.status.temporary.iter().any(|known| known.problem.is_some()) => Ok(Outcome::Done),
        Clearing::Waits => ends(None, Requeue::Poll),
    }
}

/// Before an object goes: nothing temporary of it is left.
pub(in super::super) fn before_release(cx: &Cx<'_>, report: &mut Report) -> Decision {
    // The snapshot of a machine that is captured itself outlives the object.
    let of = if cx.clone_spec().is_some() { Of::All } else { Of::Validation };
    if let Some(clone) = cx.clone_spec()
        && recall::of_an_object_that_goes(cx, clone, report)?
    {
        report.progress = Progress::reconciling(Words::Leaving.reason(), Words::Leaving.to_string());
        return ends(None, Requeue::Poll);
    }
    if cx.history.status.temporary.is_empty() || of == Of::Validation && !validate::is_anything_left(cx) {
        return Ok(Outcome::Done);
    }
    let cleared = clear::clear(cx, report, of, |id| problem(cx, id).is_some())?;
    let is_stuck = cx.history.status.temporary.iter().any(|known| known.problem.is_some());
    let told = cx.history.stall().and_then(|stall| Some((stall.reason.parse().ok()?, stall.message.clone())));
    report.progress = match told.filter(|_| is_stuck) {
        Some((reason, message)) => Progress::stalled(reason, message),
        None => Progress::reconciling(Words::Leaving.reason(), Words::Leaving.to_string()),
    };
    tell_of_stuck(cx, report);
    match cleared {
        Clearing::Gone => Ok(Outcome::Done),
        Clearing::Deletes(step) => ends(Some(step), Requeue::Poll),
        Clearing::Waits => ends(None, Requeue::Poll),
    }
}

/// Steps that delete what is temporary.
pub(in super::super) const STEPS: &[StepName] = &[StepName::DeleteTemporary];
