//! The machine of a sealed guest is deallocated, and Azure marks it as generalized.

use azimage_crds::{ConditionType, Prepare, Reason};

use super::super::{
    OsType, Power, Request, Step, StepName,
    context::Cx,
    report::{Decision, Outcome, Report},
};

const CONDITION: ConditionType = ConditionType::Generalized;

/// The machine is off, and holds no place on a host.
pub(in super::super) fn deallocate(cx: &Cx<'_>, report: &mut Report) -> Decision {
    let (source, machine) = cx.source_machine()?;
    if machine.generalized {
        report.finished_if(true, StepName::Deallocate);
        return Ok(Outcome::Done);
    }
    if machine.is_being_changed() {
        let message = "The machine is being changed; waiting for Azure to finish".to_owned();
        return report.wait(CONDITION, Reason::SourceBusy, message);
    }
    // Windows says that it is sealed while it runs, and waits to be powered off.
    let waits = source.prepare == Prepare::Deprovision && machine.os_type == OsType::Windows;
    let deallocate = |report: &mut Report, message: &str| {
        report.act(
            CONDITION,
            Reason::Deallocating,
            message.to_owned(),
            Step::whole(StepName::Deallocate, Request::Deallocate(source.id.clone())),
        )
    };
    match machine.power {
        Power::Stopped => deallocate(report, "The guest is sealed and off; deallocating the machine"),
        Power::Running if waits => deallocate(report, "The guest is sealed; deallocating the machine"),
        Power::Deallocated => {
            report.finished_if(true, StepName::Deallocate);
            Ok(Outcome::Done)
        }
        Power::Deallocating | Power::Stopping | Power::Unknown | Power::Other(_) => {
            let message = format!("The machine's power state is {}; waiting until it is deallocated", machine.power);
            report.wait(CONDITION, Reason::Deallocating, message)
        }
        Power::Running | Power::Starting => {
            let message = "The machine was started though its guest is said to be sealed, so it is sealed no more: delete this object and make a new one, which seals the guest anew".to_owned();
            report.stalled(ConditionType::GuestPrepared, Reason::SourceRunning, message)
        }
    }
}

/// Azure marks the machine as generalized: it can never be started again.
pub(in super::super) fn generalize(cx: &Cx<'_>, report: &mut Report) -> Decision {
    let (source, machine) = cx.source_machine()?;
    if machine.generalized {
        report.done(CONDITION, "Azure marks the machine as generalized");
        report.finished_if(true, StepName::Generalize);
        return Ok(Outcome::Done);
    }
    let message = "Marking the machine as generalized".to_owned();
    report.act(
        CONDITION,
        Reason::Progressing,
        message,
        Step::whole(StepName::Generalize, Request::Generalize(source.id.clone())),
    )
}
