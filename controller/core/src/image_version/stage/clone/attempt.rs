//! An attempt at a copy that can't be captured ends: the copy is kept for a while, for people to look at, and then deleted.
//! Another attempt is made when somebody asks for it.

use azimage_crds::{ConditionType, ImageVersionStatus, Reason, TemporaryStatus};
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
use crate::{
    Finding, Message as _, Progress, Truth,
    span::end_of,
    temporary::{LIFE_OF_A_COPY, TemporaryId},
};

/// Why an attempt can't go on: what stands in a condition of the work itself. A refusal of Azure's is none, as it is asked for again
/// when whatever forbids it is gone.
struct Verdict {
    kind: ConditionType,
    reason: Reason,
    message: String,
    /// Since when.
    since: Timestamp,
}

/// The reasons that are about the copy itself: another look at it comes to the same. Whatever else is in the way may be gone at the next
/// look.
const OF_THE_COPY: [Reason; 11] = [
    Reason::NameTaken,
    Reason::RestorePointUnavailable,
    Reason::CloneFailed,
    Reason::QuotaExceeded,
    Reason::SourceRunning,
    Reason::GuestPreparationUnknown,
    Reason::GuestUnsupported,
    Reason::ScriptFailed,
    Reason::HygieneFailed,
    Reason::SealFailed,
    Reason::SealTimedOut,
];

/// Those of them that nothing but a guest that runs comes to, so that there was a machine, whatever the status knows of it.
const IN_THE_GUEST: [Reason; 5] = [
    Reason::GuestPreparationUnknown,
    Reason::ScriptFailed,
    Reason::HygieneFailed,
    Reason::SealFailed,
    Reason::SealTimedOut,
];

/// Whether what a condition says is about the copy itself. That a copy failed may stand in the condition of its source, too.
fn is_of_the_copy(kind: ConditionType, reason: Reason) -> bool {
    reason == Reason::CloneFailed || kind == ConditionType::GuestPrepared && OF_THE_COPY.contains(&reason)
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
    if left && let Some(told) = outlived(cx, verdict.as_ref(), report) {
        return Some(delete(cx, Some(told), report));
    }
    let verdict = verdict?;
    if !left {
        // Of an object that never began there is nothing to be over.
        let begun = history.begun_any(StepName::is_about_a_part);
        if !begun || cx.validated.requested || !is_of_the_copy(verdict.kind, verdict.reason) {
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

/// Why an attempt ends of which nothing else is known but that it lasts for too long: a copy is a running machine with the jobs and
/// credentials of another one. What is kept for people has a time of its own.
fn outlived(cx: &Cx<'_>, verdict: Option<&Verdict>, report: &mut Report) -> Option<Verdict> {
    let first = parts(cx).map(|known| known.since.0).min()?;
    let life = i64::try_from(LIFE_OF_A_COPY.as_secs()).unwrap_or(i64::MAX);
    if verdict.is_some() || cx.history.within(first, life) || cx.history.possibly_created() {
        return None;
    }
    let last = cx.history.condition(ConditionType::Ready).map_or_else(String::new, |ready| ready.message.clone());
    let words = Failed::Outlived { hours: LIFE_OF_A_COPY.as_secs() / 3600, last };
    report.found(Truth::False, &words);
    let (kind, reason, message) = (words.condition(), words.reason(), words.to_string());
    Some(Verdict { kind, reason, message, since: cx.history.now })
}

/// Whether something of a copy is there, as far as the status knows.
pub(in super::super::super) fn is_left(cx: &Cx<'_>) -> bool {
    cx.clone_spec().is_some() && parts(cx).next().is_some()
}

/// What the status knows of a copy.
fn parts<'a>(cx: &Cx<'a>) -> impl Iterator<Item = &'a TemporaryStatus> {
    let uid = &cx.validated.owner.uid;
    let is_of_it = move |id: TemporaryId| id.is_of_a_capture(uid);
    cx.history.status.temporary.iter().filter(move |known| known.resource_id.parse().is_ok_and(is_of_it))
}

/// Whether the copy is still kept for people to look at.
fn is_kept(cx: &Cx<'_>, clone: &CloneSpec, verdict: &Verdict) -> bool {
    cx.history.now < end_of(verdict.since, clone.keep_on_failure)
}

/// Deletes what was made. Why the attempt ended stays told, unless another one follows.
fn delete(cx: &Cx<'_>, told: Option<Verdict>, report: &mut Report) -> Decision {
    let cleared = clear::clear(cx, report, Of::Capture, |id| clean::problem(cx, id).is_some())?;
    report.findings.insert(ConditionType::CleanedUp, Finding::of(Truth::Unknown, &Words::Deleting));
    clean::tell_of_stuck(cx, report);
    let another = told.is_none();
    if matches!(cleared, Clearing::Gone) && !another && report.undeletable.is_empty() {
        report.done(&Words::Nothing);
    }
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
            return Ok(tell_of_the_kept(cx, outcome, report));
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

/// Until when what was made is kept while only a person can help, and what may be looked at. That ends a pass of its own.
pub(in super::super::super) fn tell_of_the_kept(cx: &Cx<'_>, outcome: Outcome, report: &mut Report) -> Outcome {
    let Some(clone) = cx.clone_spec() else { return outcome };
    let until = match &outcome {
        Outcome::Ends(None, _) => kept_until(cx, clone, report),
        Outcome::Ends(Some(step), _) if step.name.makes_a_part() && cx.history.stalled() => {
            tell_of_the_waiting(cx.history.status, report);
            return outcome;
        }
        _ => None,
    };
    let told = parts(cx).filter(|known| until.is_some() || known.expires_at.is_some());
    report.expiries.extend(told.filter_map(|known| Some((known.resource_id.parse().ok()?, until))));
    match until {
        Some(until) if until <= cx.history.now => Outcome::Ends(None, Requeue::Poll),
        _ => outcome,
    }
}

/// Until when what there is of a copy is kept, if only a person can help.
fn kept_until(cx: &Cx<'_>, clone: &CloneSpec, report: &mut Report) -> Option<Timestamp> {
    let Progress::Stalled { reason, .. } = report.progress else { return None };
    let mut findings = report.findings.iter();
    let verdict = findings.find(|(_, it)| it.truth == Truth::False && it.reason == reason).map(|(kind, _)| *kind);
    let is_of_the_guest = verdict == Some(ConditionType::GuestPrepared) && IN_THE_GUEST.contains(&reason);
    let machine = TemporaryId::Machine(clone.machine.clone());
    let is_there = is_of_the_guest || clean::known(cx, &machine).is_some();
    let is_of_the_copy = is_there && verdict.is_some_and(|_| is_of_the_copy(ConditionType::GuestPrepared, reason));
    if is_of_the_copy {
        say_that_it_is_the_copy(report);
    }
    // A refusal ends no attempt.
    let kind = verdict?;
    parts(cx).next()?;
    let since =
        cx.history.condition(kind).filter(|said| said.status == "False").map(|said| said.last_transition_time.0);
    let until = end_of(since.unwrap_or(cx.history.now), clone.keep_on_failure);
    if is_of_the_copy {
        report.found(Truth::False, &Words::Kept { until });
    } else {
        report.found(Truth::Unknown, &Words::Parts { until });
    }
    Some(until)
}

/// Azure refuses what comes next, and goes on when somebody mends that: until when what was made stays for it.
pub(in super::super::super) fn tell_of_the_waiting(status: &ImageVersionStatus, report: &mut Report) {
    let Some(first) = status.temporary.iter().map(|known| known.since.0).min() else { return };
    let until = end_of(first, LIFE_OF_A_COPY);
    report.findings.insert(ConditionType::CleanedUp, Finding::of(Truth::Unknown, &Words::Waiting { until }));
    let told = status.temporary.iter().filter_map(|known| known.resource_id.parse().ok());
    report.expiries.extend(told.map(|id: TemporaryId| (id, Some(until))));
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
