//! The machine of a sealed guest is deallocated, and Azure marks it as generalized.

pub(in super::super) mod words;

use azimage_crds::Prepare;
use words::Words;

use super::super::{
    OsType, Power, Request, Step, StepName,
    context::Cx,
    report::{Decision, Outcome, Report},
    words::{Detail, Done},
};

/// The machine is off, and holds no place on a host.
pub(in super::super) fn deallocate(cx: &Cx<'_>, report: &mut Report) -> Decision {
    let (source, machine) = cx.source_machine()?;
    if machine.generalized {
        report.finished_if(true, StepName::Deallocate);
        return Ok(Outcome::Done);
    }
    if machine.is_being_changed() {
        return report.wait(&Words::Changing);
    }
    // Windows says that it is sealed while it runs, and waits to be powered off.
    let waits = source.prepare == Prepare::Deprovision && machine.os_type == OsType::Windows;
    let deallocate = |report: &mut Report, message: &Words| {
        let step = Step::whole(StepName::Deallocate, Request::Deallocate(source.id.clone()));
        let told = cx.history.step(StepName::Deallocate).is_some_and(|record| record.failure.is_some());
        let failure = if cx.history.was_accepted(StepName::Deallocate) || told {
            cx.why_failed(StepName::Deallocate, report)?
        } else {
            None
        };
        match failure {
            Some(failure) => {
                report.act_again(&Words::DeallocationFailed { detail: Detail::of(Some(failure), None) }, step)
            }
            None => report.act(message, step),
        }
    };
    match machine.power {
        Power::Stopped => deallocate(report, &Words::DeallocatingOff),
        Power::Running if waits => deallocate(report, &Words::DeallocatingOn),
        Power::Deallocated => {
            report.finished_if(true, StepName::Deallocate);
            Ok(Outcome::Done)
        }
        Power::Deallocating | Power::Stopping | Power::Unknown | Power::Other(_) => {
            report.wait(&Words::Waiting { power: machine.power.clone() })
        }
        Power::Running | Power::Starting => report.stalled(&Words::Started),
    }
}

/// Azure marks the machine as generalized: it can never be started again.
pub(in super::super) fn generalize(cx: &Cx<'_>, report: &mut Report) -> Decision {
    let (source, machine) = cx.source_machine()?;
    if machine.generalized {
        report.done(&Done::Generalized);
        report.finished_if(true, StepName::Generalize);
        return Ok(Outcome::Done);
    }
    report.act(&Words::Generalizing, Step::whole(StepName::Generalize, Request::Generalize(source.id.clone())))
}
