//! An attempt at a copy that can't be captured ends: the copy is kept for a while, for people to look at, and then deleted.
//! Another attempt is made when somebody asks for it.

use azimage_crds::{ConditionType, Reason};
use jiff::Timestamp;

use super::super::{
    super::{
        CloneSpec, DOMAIN, Requeue, StepName,
        context::Cx,
        report::{Decision, Outcome, Report, ends},
    },
    clean::{
        self,
        clear::{self, Clearing, Of},
        words::{OfTheCopy, Words},
    },
};
use super::words::Failed;
use crate::{Finding, Message as _, Progress, Truth, temporary::LIFE_OF_A_COPY};

/// Why an attempt can't go on: what stands in a condition of the work itself. A refusal of Azure's is none, as it is asked for again
/// when whatever forbids it is gone.
struct Verdict {
    kind: ConditionType,
    reason: Reason,
    message: String,
    /// Since when.
    since: Timestamp,
}

/// The verdict on the attempt, if there is one: what the first condition says of which anything is known and that isn't true. Later
/// ones may be of another time.
fn verdict(cx: &Cx<'_>) -> Option<Verdict> {
    let (kind, said) = DOMAIN
        .into_iter()
        .filter_map(|kind| Some((kind, cx.history.condition(kind)?)))
        .find(|(_, condition)| condition.status != "True" && condition.reason != Reason::WaitingForEarlierStep.as_str())
        .filter(|(kind, condition)| *kind != ConditionType::CleanedUp && condition.status == "False")?;
    let reason = said.reason.parse::<Reason>().ok().filter(|reason| reason.stalls())?;
    Some(Verdict { kind, reason, message: said.message.clone(), since: said.last_transition_time.0 })
}

/// When the first of the copy was asked for that is there.
fn first(cx: &Cx<'_>) -> Option<Timestamp> {
    cx.history.status.temporary.iter().map(|known| known.since.0).min()
}

/// Whether the copy had served its time at a moment.
fn is_past_its_life(cx: &Cx<'_>, at: Timestamp) -> bool {
    first(cx).is_some_and(|first| at.duration_since(first).unsigned_abs() >= LIFE_OF_A_COPY)
}

/// What is said of a copy with which Azure refuses to go on until its life is over. What is refused for less is asked for again.
fn outlived(cx: &Cx<'_>) -> Option<Failed> {
    let stall = cx.history.stall().filter(|_| is_past_its_life(cx, cx.history.now))?;
    Some(Failed::Outlived { hours: LIFE_OF_A_COPY.as_secs() / 3600, why: stall.message.clone() })
}

/// What ends the pass because an attempt is over, if one is.
pub(in super::super::super) fn is_over(cx: &Cx<'_>, report: &mut Report) -> Option<Decision> {
    let clone = cx.clone_spec()?;
    let history = cx.history;
    let verdict = verdict(cx);
    let left = !history.status.temporary.is_empty();
    let deleting = history.begun_any(|name| name == StepName::DeleteTemporary);
    if left && deleting {
        return Some(delete(cx, verdict.filter(|_| !cx.validated.requested), report));
    }
    if let Some(words) = verdict.is_none().then(|| outlived(cx)).flatten().filter(|_| !cx.validated.requested) {
        report.found(Truth::False, &words);
        let (kind, reason, message) = (words.condition(), words.reason(), words.to_string());
        return Some(delete(cx, Some(Verdict { kind, reason, message, since: cx.history.now }), report));
    }
    let verdict = verdict?;
    if !left {
        // Of an object that never began there is nothing to be over.
        let begun = history.begun_any(StepName::is_about_a_part);
        if !begun || cx.validated.requested {
            return None;
        }
        report.done(&Words::Nothing);
        report.progress = Progress::stalled(verdict.reason, verdict.message);
        return Some(ends(None, Requeue::Resync));
    }
    if cx.validated.requested {
        return Some(delete(cx, None, report));
    }
    if is_kept(cx, clone, &verdict) { None } else { Some(delete(cx, Some(verdict), report)) }
}

/// Whether the copy is still kept for people to look at, for whom one that was given up at the end of its life isn't.
fn is_kept(cx: &Cx<'_>, clone: &CloneSpec, verdict: &Verdict) -> bool {
    if verdict.reason == Reason::CloneFailed && is_past_its_life(cx, verdict.since) {
        return false;
    }
    let seconds = i64::try_from(clone.keep_on_failure.as_secs()).unwrap_or(i64::MAX);
    cx.history.within(verdict.since, seconds)
}

/// Deletes what was made. Why the attempt ended stays told, unless another one follows.
fn delete(cx: &Cx<'_>, told: Option<Verdict>, report: &mut Report) -> Decision {
    let cleared = clear::clear(cx, report, Of::Capture, |id| clean::problem(cx, id).is_some())?;
    report.findings.insert(ConditionType::CleanedUp, Finding::of(Truth::Unknown, &Words::Deleting));
    clean::tell_of_stuck(cx, report);
    let another = told.is_none();
    report.progress = if let Some(verdict) = told {
        Progress::stalled(verdict.reason, verdict.message)
    } else {
        // What was said of the last attempt holds no more.
        if let Some(last) = verdict(cx) {
            report.findings.insert(last.kind, Finding::of(Truth::Unknown, &Words::Again));
        }
        Progress::reconciling(Words::Again.reason(), Words::Again.to_string())
    };
    match cleared {
        Clearing::Deletes(step) => ends(Some(step), Requeue::Poll),
        Clearing::Waits => ends(None, Requeue::Poll),
        // Should anything stay, it isn't the object's.
        Clearing::Gone => match report.undeletable.keys().next().map(ToString::to_string) {
            Some(id) if another => report.stalled(&Failed::Taken { id }),
            Some(_) => ends(None, Requeue::Resync),
            None => ends(None, Requeue::Poll),
        },
    }
}

/// The copy isn't needed any more, too, when no version will ever come of it, be it that Azure failed to make it, that it is gone,
/// or that it is somebody else's. `is_being_made` says that Azure may still be at work with the copy.
pub(in super::super::super) fn without_a_version(
    cx: &Cx<'_>,
    outcome: Outcome,
    is_being_made: bool,
    report: &mut Report,
) -> Decision {
    let ended = matches!(outcome, Outcome::Ends(None, _)) && report.is_stalled();
    let Some(clone) = cx.clone_spec().filter(|_| ended && !cx.history.status.temporary.is_empty()) else {
        return Ok(outcome);
    };
    let deleting = cx.history.begun_any(|name| name == StepName::DeleteTemporary);
    let kept = verdict(cx).is_none_or(|verdict| is_kept(cx, clone, &verdict));
    if is_being_made || kept && !deleting {
        if !is_being_made {
            tell_of_the_kept(cx, &outcome, report);
        }
        return Ok(outcome);
    }
    let progress = report.progress.clone();
    let decision = delete(cx, verdict(cx), report);
    report.progress = progress;
    decision
}

/// Whether the copy is gone, or about to go, so that nothing can be made from it.
pub(in super::super) fn is_copy_gone(cx: &Cx<'_>) -> bool {
    let deleting = cx.history.begun_any(|name| name == StepName::DeleteTemporary);
    cx.clone_spec().is_some() && (deleting || cx.history.status.temporary.is_empty())
}

/// What a person may look at while the copy is kept that can't be captured.
pub(in super::super::super) fn tell_of_the_kept(cx: &Cx<'_>, outcome: &Outcome, report: &mut Report) {
    let Some(clone) = cx.clone_spec() else { return };
    let Progress::Stalled { reason, .. } = &report.progress else { return };
    // A refusal ends no attempt.
    let over = report.findings.values().any(|it| it.truth == Truth::False && it.reason == *reason);
    if over && matches!(outcome, Outcome::Ends(None, _)) && !cx.history.status.temporary.is_empty() {
        let keep = clone.keep_on_failure.as_secs() / 60;
        report.found(Truth::False, &Words::Kept { minutes: keep });
        say_that_it_is_the_copy(report);
    }
}

/// What is said of a guest is of the copy's.
fn say_that_it_is_the_copy(report: &mut Report) {
    let words = OfTheCopy::AnotherOne.to_string();
    let Progress::Stalled { message, .. } = &report.progress else { return };
    if message.contains(&words) || message.contains(AS_IT_WAS) {
        return;
    }
    report.progress = report.progress.clone().and(&words);
    if let Some(finding) = report.findings.get_mut(&ConditionType::GuestPrepared).filter(|it| it.truth == Truth::False)
    {
        finding.message.push_str(&words);
    }
}

/// What the messages of this stage say themselves.
const AS_IT_WAS: &str = "The machine itself is as it was";
