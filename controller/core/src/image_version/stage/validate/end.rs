//! The validation ends: what it was about is deleted, at once if the version passed, after a while if it failed.

use azimage_crds::{ConditionType, Reason, ValidationOutcome, ValidationStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::{
    super::{
        super::{
            Requeue, ValidationSpec,
            context::Cx,
            report::{Decision, Outcome, Report, ends},
        },
        clean::{
            self,
            clear::{self, Clearing, Of},
        },
    },
    evidence, is_anything_left, left,
    words::Words,
};
use crate::{Finding, Message, Progress, Truth, span::end_of};

/// How many attempts are made without being asked for.
const MOST_ATTEMPTS: i32 = 3;

/// The version failed.
pub(super) fn fails(cx: &Cx<'_>, attempt: &mut ValidationStatus, why: &impl Message, report: &mut Report) -> Decision {
    end_as(ValidationOutcome::Failed, cx, attempt);
    report.stalled(why)?;
    // What the machines wrote to their consoles is read next.
    ends(None, Requeue::Poll)
}

/// It is decided now.
pub(super) fn end_as(outcome: ValidationOutcome, cx: &Cx<'_>, attempt: &mut ValidationStatus) {
    attempt.outcome = outcome;
    attempt.finished_at = Some(Time(cx.history.now));
}

/// Nobody can tell, and it isn't the version's fault.
pub(super) fn gives_up(
    cx: &Cx<'_>,
    attempt: &mut ValidationStatus,
    why: &impl Message,
    report: &mut Report,
) -> Decision {
    end_as(ValidationOutcome::Impossible, cx, attempt);
    report.stalled(why)?;
    // Until when the machines are kept is told next.
    ends(None, Requeue::Poll)
}

/// The attempt came to nothing through no fault of the version's: another one follows by itself, a few times.
pub(super) fn begins_again(
    cx: &Cx<'_>,
    attempt: &mut ValidationStatus,
    why: &impl Message,
    report: &mut Report,
) -> Decision {
    if attempt.attempts >= MOST_ATTEMPTS {
        return gives_up(cx, attempt, why, report);
    }
    end_as(ValidationOutcome::Impossible, cx, attempt);
    attempt.again = true;
    report.wait(&Words::Again)
}

/// The version failed before: its machines are kept for a while, and then deleted. It is validated again when somebody asks.
pub(super) fn failed(cx: &Cx<'_>, spec: &ValidationSpec, told: &ValidationStatus, report: &mut Report) -> Decision {
    let until = told.finished_at.as_ref().map(|at| end_of(at.0, spec.keep_on_failure));
    let is_kept = until.is_some_and(|until| cx.history.now < until);
    report.expiries.extend(left(cx).map(|(id, _)| (id, until)));
    let evidence = match told.outcome {
        ValidationOutcome::Failed => Some(evidence::gather(cx, spec, told)?),
        _ => None,
    };
    let holds = evidence.as_ref().is_some_and(|evidence| evidence.holds);
    let cleared = if is_kept || holds { Outcome::Done } else { clear(cx, report)? };
    let goes_on = evidence.as_ref().is_some_and(|evidence| evidence.goes_on);
    report.validation = evidence.map(|evidence| evidence.told).filter(|gathered| gathered != told);
    let said = cx.history.condition(ConditionType::Validated).filter(|said| said.status == "False");
    let reason = said.and_then(|said| said.reason.parse().ok()).filter(|reason: &Reason| reason.stalls());
    let message = said.map_or_else(|| "see status.validation".to_owned(), |said| said.message.clone());
    let reason = reason.unwrap_or(Reason::ValidationFailed);
    report.findings.insert(ConditionType::Validated, Finding::no(reason, message.clone()));
    report.progress = Progress::stalled(reason, message);
    match cleared {
        Outcome::Done if goes_on => ends(None, Requeue::Poll),
        Outcome::Done => ends(None, Requeue::Resync),
        end @ Outcome::Ends(..) => Ok(end),
    }
}

/// Another attempt: with other machines.
pub(super) fn again(cx: &Cx<'_>, told: &ValidationStatus, report: &mut Report) -> Decision {
    let cleared = clear(cx, report)?;
    report.found(Truth::Unknown, &Words::Again);
    report.progress = Progress::reconciling(Words::Again.reason(), Words::Again.to_string());
    let attempt = match &cleared {
        Outcome::Done => ValidationStatus {
            outcome: ValidationOutcome::Running,
            started_at: Time(cx.history.now),
            finished_at: None,
            azure_time: None,
            attempts: told.attempts.saturating_add(1),
            again: false,
            machines: Vec::new(),
            ..told.clone()
        },
        Outcome::Ends(..) => ValidationStatus { again: true, ..told.clone() },
    };
    report.validation = Some(attempt);
    match cleared {
        Outcome::Done => ends(None, Requeue::Poll),
        end @ Outcome::Ends(..) => Ok(end),
    }
}

/// Nothing of a validation is left; `Done` if that is so, or what is left can't be deleted.
pub(in super::super::super) fn clear(cx: &Cx<'_>, report: &mut Report) -> Decision {
    if !is_anything_left(cx) {
        return Ok(Outcome::Done);
    }
    let cleared = clear::clear(cx, report, Of::Validation, |id| clean::problem(cx, id).is_some())?;
    let words = clean::words::Words::Deleting;
    if matches!(cleared, Clearing::Gone) {
        if report.undeletable.is_empty() && cx.clone_spec().is_none() && cx.keep_spec().is_none() {
            report.done(&clean::words::Words::Nothing);
        }
    } else {
        report.found(Truth::Unknown, &words);
        report.progress = Progress::reconciling(words.reason(), words.to_string());
    }
    clean::tell_of_stuck(cx, report);
    // What can't be deleted just now is told, and holds up nothing.
    let is_stuck = left(cx).filter(|(id, _)| !report.gone.contains(id)).all(|(_, known)| known.problem.is_some());
    match cleared {
        Clearing::Gone => Ok(Outcome::Done),
        Clearing::Waits if is_stuck => Ok(Outcome::Done),
        Clearing::Deletes(step) => ends(Some(step), Requeue::Poll),
        Clearing::Waits => ends(None, Requeue::Poll),
    }
}
