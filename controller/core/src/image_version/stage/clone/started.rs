//! The copy is there: it starts, and its agent reports.

use super::{
    super::{
        super::{
            CloneSpec, Power, Provisioning, StepKey, StepName,
            context::Cx,
            facts,
            report::{Decision, Outcome, Report},
            tags,
            words::Detail,
        },
        clean::recall,
        guest::nonce,
    },
    anew,
    words::{Failed, Words},
};
use crate::{
    failure::is_of_capacity,
    temporary::{Part, TemporaryId},
};

/// How long the agent of the copy may take to report, in minutes. Azure gives a machine forty to be provisioned.
const AGENT_MINUTES: i64 = 45;

pub(super) fn decide(cx: &Cx<'_>, clone: &CloneSpec, machine: &facts::Machine, report: &mut Report) -> Decision {
    let key = StepKey::on_part(StepName::CreateMachine, Part::Machine);
    if !cx.validated.owns_tag(&machine.tags) {
        return report.stalled(&Failed::Taken { id: clone.machine.to_string() });
    }
    report.temporary.insert(TemporaryId::Machine(clone.machine.clone()));
    recall::beside_a_machine(cx, clone, report)?;
    let sealed = tags::sealed(machine);
    if machine.generalized && !sealed {
        return report.stalled(&Failed::Generalized);
    }
    let untouched = nonce(cx.validated, machine).is_none() && !sealed;
    if !untouched {
        report.finished.insert(key);
        return Ok(Outcome::Done);
    }
    match &machine.provisioning {
        Provisioning::Failed | Provisioning::Canceled => return failed(cx, clone, machine, report),
        Provisioning::Creating => {
            report.running = Some(key);
            return report.wait(&Words::Starting);
        }
        Provisioning::Deleting => return report.wait(&Words::NotShown),
        _ => {}
    }
    report.finished.insert(key.clone());
    match machine.power {
        Power::Stopped | Power::Deallocating | Power::Deallocated => report.stalled(&Failed::TurnedOff),
        Power::Running if machine.agent_ready && !machine.is_being_changed() => Ok(Outcome::Done),
        _ => {
            // What was announced may have been refused for long before it was carried out, so Azure's own word counts.
            let begun =
                || cx.history.step(key).map(|record| cx.history.now.as_second() - record.started_at.0.as_second());
            let late = machine.unchanged_for().or_else(begun).is_some_and(|seconds| seconds >= AGENT_MINUTES * 60);
            if late {
                report.stalled(&Failed::NoAgent { minutes: AGENT_MINUTES })
            } else {
                report.wait(&Words::Starting)
            }
        }
    }
}

/// Azure accepted the machine and failed to make it. For want of capacity another size may do; so it is tried also where nobody
/// was told why, as the process is gone that asked for it.
fn failed(cx: &Cx<'_>, clone: &CloneSpec, machine: &facts::Machine, report: &mut Report) -> Decision {
    let key = StepKey::on_part(StepName::CreateMachine, Part::Machine);
    let failure = cx.why_failed(key.clone(), report)?;
    let unheard = failure.is_none();
    let capacity = failure.as_ref().is_none_or(|failure| is_of_capacity(&failure.code));
    let detail = Detail::of(failure, None);
    let attempts = cx.history.step(key).map_or(1, |record| record.attempts);
    let most = i32::try_from(clone.sizes.len().max(1) * 2).unwrap_or(i32::MAX);
    if !capacity || attempts >= most {
        return report.stalled(&Failed::Machine { detail });
    }
    let size = machine.size.clone().unwrap_or_default();
    let words = if unheard { Words::Unheard { size } } else { Words::NoCapacity { size, detail } };
    anew(cx, &words, report)
}
