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
    is_anything_left,
    words::Words,
};
use crate::{Finding, Message, Progress, Truth};

/// The version failed.
pub(super) fn fails(cx: &Cx<'_>, attempt: &mut ValidationStatus, why: &impl Message, report: &mut Report) -> Decision {
    attempt.outcome = ValidationOutcome::Failed;
    attempt.finished_at = Some(Time(cx.history.now));
    report.stalled(why)
}

/// The version failed before: its machines are kept for a while, and then deleted. It is validated again when somebody asks.
pub(super) fn failed(cx: &Cx<'_>, spec: &ValidationSpec, told: &ValidationStatus, report: &mut Report) -> Decision {
    if cx.validated.requested || told.again {
        return again(cx, told, report);
    }
    let seconds = i64::try_from(spec.keep_on_failure.as_secs()).unwrap_or(i64::MAX);
    let is_kept = told.finished_at.as_ref().is_some_and(|at| cx.history.within(at.0, seconds));
    let cleared = if is_kept { Outcome::Done } else { clear(cx, report)? };
    let said = cx.history.condition(ConditionType::Validated).filter(|said| said.status == "False");
    let reason = said.and_then(|said| said.reason.parse().ok()).filter(|reason: &Reason| reason.stalls());
    let message = said.map_or_else(|| "see status.validation".to_owned(), |said| said.message.clone());
    let reason = reason.unwrap_or(Reason::ValidationFailed);
    report.findings.insert(ConditionType::Validated, Finding::no(reason, message.clone()));
    report.progress = Progress::stalled(reason, message);
    match cleared {
        Outcome::Done => ends(None, Requeue::Resync),
        end @ Outcome::Ends(..) => Ok(end),
    }
}

/// Another attempt: with other machines.
fn again(cx: &Cx<'_>, told: &ValidationStatus, report: &mut Report) -> Decision {
    let cleared = clear(cx, report)?;
    report.found(Truth::Unknown, &Words::Again);
    report.progress = Progress::reconciling(Words::Again.reason(), Words::Again.to_string());
    let attempt = match &cleared {
        Outcome::Done => ValidationStatus {
            outcome: ValidationOutcome::Running,
            started_at: Time(cx.history.now),
            finished_at: None,
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
    let told = Finding::of(Truth::Unknown, &words);
    let is_gone = matches!(cleared, Clearing::Gone);
    if is_gone {
        if report.undeletable.is_empty() && cx.clone_spec().is_none() && cx.keep_spec().is_none() {
            report.done(&clean::words::Words::Nothing);
        }
    } else {
        report.findings.insert(ConditionType::CleanedUp, told);
        report.progress = Progress::reconciling(words.reason(), words.to_string());
    }
    clean::tell_of_stuck(cx, report);
    match cleared {
        Clearing::Gone => Ok(Outcome::Done),
        Clearing::Deletes(step) => ends(Some(step), Requeue::Poll),
        Clearing::Waits => ends(None, Requeue::Poll),
    }
}
