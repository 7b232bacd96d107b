//! An attempt at a copy that can't be captured ends: the copy is kept for a while, for people to look at, and then deleted.
//! Another attempt is made when somebody asks for it.

use azimage_crds::{ConditionType, Reason};

use super::super::{
    super::{
        CloneSpec, Requeue, StepName,
        context::Cx,
        report::{Decision, Outcome, Report, ends},
    },
    clean::{
        clear::{self, Clearing},
        words::{OfTheCopy, Words},
    },
};
use crate::{Finding, Message as _, Progress, Truth};

/// What ends the pass because an attempt is over, if one is.
pub(in super::super::super) fn is_over(cx: &Cx<'_>, report: &mut Report) -> Option<Decision> {
    let clone = cx.clone_spec()?;
    let history = cx.history;
    let told = history.stall().and_then(|stall| Some((stall.reason.parse::<Reason>().ok()?, stall.message.clone())));
    let left = !history.status.temporary.is_empty();
    let deleting = history.begun_any(|name| name == StepName::DeleteTemporary);
    if left && deleting {
        return Some(delete(cx, clone, told, report));
    }
    let (reason, message) = told?;
    if !left {
        // Of an object that never began there is nothing to be over.
        let begun = history.begun_any(StepName::is_about_a_part);
        if !begun || cx.validated.requested {
            return None;
        }
        report.done(&Words::Nothing);
        report.progress = Progress::stalled(reason, message);
        return Some(ends(None, Requeue::Resync));
    }
    if cx.validated.requested {
        return Some(delete(cx, clone, None, report));
    }
    if is_kept(cx, clone) { None } else { Some(delete(cx, clone, Some((reason, message)), report)) }
}

/// Whether the copy is still kept: the condition says since when it can't be captured.
fn is_kept(cx: &Cx<'_>, clone: &CloneSpec) -> bool {
    let since = cx.history.stall().map(|stall| stall.last_transition_time.0);
    let seconds = i64::try_from(clone.keep_on_failure.as_secs()).unwrap_or(i64::MAX);
    since.is_some_and(|since| cx.history.within(since, seconds))
}

/// Deletes what was made. Why the attempt ended stays told, unless another one follows.
fn delete(cx: &Cx<'_>, clone: &CloneSpec, told: Option<(Reason, String)>, report: &mut Report) -> Decision {
    let cleared = clear::clear(cx, clone, report, |_| false)?;
    report.findings.insert(ConditionType::CleanedUp, Finding::of(Truth::Unknown, &Words::Deleting));
    report.progress = match told {
        Some((reason, message)) => Progress::stalled(reason, message),
        None => Progress::reconciling(Words::Again.reason(), Words::Again.to_string()),
    };
    match cleared {
        Clearing::Deletes(step) => ends(Some(step), Requeue::Poll),
        Clearing::Waits => ends(None, Requeue::Poll),
        // Should anything stay, it isn't the object's.
        Clearing::Gone if report.undeletable.is_empty() => ends(None, Requeue::Poll),
        Clearing::Gone => ends(None, Requeue::Resync),
    }
}

/// What a person may look at while the copy is kept that can't be captured.
pub(in super::super::super) fn tell_of_the_kept(cx: &Cx<'_>, outcome: &Outcome, report: &mut Report) {
    let Some(clone) = cx.clone_spec() else { return };
    let stalled = matches!(report.progress, Progress::Stalled { .. });
    if stalled && matches!(outcome, Outcome::Ends(None, _)) && !cx.history.status.temporary.is_empty() {
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
