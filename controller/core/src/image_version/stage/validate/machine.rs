//! A machine that was made from the version: it comes up, or it doesn't.

use azimage_crds::{StepFailure, ValidationStatus, ValidationTimings};
use jiff::Timestamp;

use super::{
    super::{
        super::{
            Doubt, Power, Provisioning, Read, Request, Requeue, Step, StepKey, StepName, ValidationSpec,
            context::Cx,
            facts,
            report::{Decision, Outcome, Report, ends},
            words::Detail,
        },
        clean,
    },
    end, make, record,
    words::{Failed, Impossible, Words},
};
use crate::{
    condition::clip,
    failure::is_of_capacity,
    guest::checks::MOST_SECONDS,
    span::span,
    temporary::{Part, TemporaryId, Twin},
};

/// How codes begin of machines that Azure made and that didn't come up (Azure documentation, "Understand common error messages").
const OF_THE_IMAGE: [&str; 2] = ["OSProvisioning", "VMStartTimedOut"];

/// What Azure's words contain of a machine whose guest agent it heard, though nobody told it that the system is provisioned (Azure
/// documentation, "Understand common error messages").
const AGENT_RUNS: &str = "guest agent was detected running";

fn making(twin: Twin) -> StepKey {
    StepKey::on_part(StepName::CreateValidationMachine, Part::ValidationMachine(twin))
}

/// Whether the machine of this attempt was seen to be there.
pub(super) fn was_made(cx: &Cx<'_>, twin: Twin, attempt: &ValidationStatus) -> bool {
    let deleted = cx.history.step(StepKey::on_part(StepName::DeleteTemporary, Part::ValidationMachine(twin)));
    let record = super::begun(cx, StepName::CreateValidationMachine, twin, attempt);
    deleted.is_none() && record.is_some_and(|record| record.finished_at.is_some())
}

/// The machine was there, and Azure doesn't show it.
pub(super) fn vanished(
    cx: &Cx<'_>,
    spec: &ValidationSpec,
    twin: Twin,
    attempt: &mut ValidationStatus,
    report: &mut Report,
) -> Decision {
    let doubt = Doubt::Absent(Read::Machine(spec.machine(twin).clone()));
    let believed = cx.history.believes(&doubt);
    report.doubts(doubt);
    if believed {
        return end::begins_again(cx, attempt, &Impossible::Gone { machine: twin.to_string() }, report);
    }
    report.wait(&Words::NotShown)
}

/// Whether the machine runs and its agent reports.
pub(super) fn started(
    cx: &Cx<'_>,
    spec: &ValidationSpec,
    twin: Twin,
    machine: &facts::Machine,
    attempt: &mut ValidationStatus,
    report: &mut Report,
) -> Decision {
    let key = making(twin);
    let has_begun = super::begun(cx, StepName::RunChecks, twin, attempt).is_some();
    if let Some(record) = record(attempt, twin) {
        record.vm_size.clone_from(&machine.size);
        // Later operations, as our own run command's, may move the time of the last one.
        if machine.provisioning == Provisioning::Succeeded && !has_begun {
            let timings = record.timings.get_or_insert_default();
            timings.provisioning_seconds = timings.provisioning_seconds.or(since_created(machine, machine.changed_at));
        }
    }
    match &machine.provisioning {
        // One that runs was made, and a change failed that others made, such as an extension that a policy puts on each machine.
        Provisioning::Failed | Provisioning::Canceled
            if machine.power != Power::Running || !was_made(cx, twin, attempt) =>
        {
            return failed(cx, spec, twin, machine, attempt, report);
        }
        Provisioning::Creating => {
            report.running = Some(key);
            return report.wait(&Words::Starting);
        }
        Provisioning::Deleting => return report.wait(&Words::NotShown),
        _ => {}
    }
    report.finished.insert(key.clone());
    let begun = cx.history.step(key).map(|record| cx.history.now.as_second() - record.started_at.0.as_second());
    match machine.power {
        Power::Stopped | Power::Deallocating | Power::Deallocated => {
            end::fails(cx, attempt, &Failed::TurnedOff { machine: twin.to_string() }, report)
        }
        Power::Running if machine.agent_ready && !machine.is_being_changed() => {
            let seconds = since_created(machine, machine.agent_reported_at.or(machine.read_at));
            if let Some(record) = record(attempt, twin) {
                let timings = record.timings.get_or_insert_default();
                timings.agent_seconds = timings.agent_seconds.or(seconds).or(begun.map(bounded));
            }
            Ok(Outcome::Done)
        }
        // Its agent may fall silent for a while: the checks that have begun tell how the machine is.
        _ if has_begun => Ok(Outcome::Done),
        _ if record(attempt, twin).and_then(|record| record.timings.as_ref()).is_some_and(was_ready) => {
            report.wait(&Words::Checking)
        }
        _ => {
            let limit = i64::try_from(spec.boot_timeout.as_secs()).unwrap_or(i64::MAX);
            // Azure's own word counts: our clock may have been set since.
            if machine.unchanged_for().or(begun).is_some_and(|seconds| seconds >= limit) {
                let time = span(spec.boot_timeout);
                return end::fails(cx, attempt, &Failed::NoAgent { machine: twin.to_string(), time }, report);
            }
            report.wait(&Words::Starting)
        }
    }
}

/// Whether its guest agent has reported once.
fn was_ready(timings: &ValidationTimings) -> bool {
    timings.agent_seconds.is_some()
}

/// Seconds from when Azure made the resource until then, both by Azure's clock.
fn since_created(machine: &facts::Machine, until: Option<Timestamp>) -> Option<i32> {
    let (created, until) = (machine.created_at?, until?);
    Some(until.as_second() - created.as_second()).filter(|seconds| *seconds >= 0).map(bounded)
}

fn bounded(seconds: i64) -> i32 {
    i32::try_from(seconds.clamp(0, MOST_SECONDS)).unwrap_or_default()
}

/// Azure accepted the machine, and its creation failed: the image may be to blame, or what Azure has to give. For want of
/// capacity another size may do; so one is tried also where nobody was told why, as the process is gone that asked for it.
fn failed(
    cx: &Cx<'_>,
    spec: &ValidationSpec,
    twin: Twin,
    machine: &facts::Machine,
    attempt: &mut ValidationStatus,
    report: &mut Report,
) -> Decision {
    let key = making(twin);
    let failure = cx.why_failed(key, report)?;
    let code = failure.as_ref().map(|failure| failure.code.clone()).unwrap_or_default();
    if OF_THE_IMAGE.iter().any(|beginning| code.starts_with(beginning)) {
        let said = |failure: &StepFailure| failure.message.contains(AGENT_RUNS);
        let runs = code == "OSProvisioningTimedOut" && (machine.agent_ready || failure.as_ref().is_some_and(said));
        let detail = Detail::of(failure, None);
        let words = if runs { Failed::NotPrepared { detail } } else { Failed::NotCreated { detail } };
        return end::fails(cx, attempt, &words, report);
    }
    let failures = count(attempt, twin, machine);
    let most = i32::try_from(make::most_refusals(spec)).unwrap_or(i32::MAX);
    if !may_be_of_capacity(failure.as_ref()) || failures >= most {
        return end::gives_up(cx, attempt, &Impossible::Machine { detail: Detail::of(failure, None) }, report);
    }
    let size = machine.size.clone().unwrap_or_default();
    let words = match failure {
        None => Words::Unheard { size },
        Some(failure) => Words::NoCapacity { size, detail: Detail::of(Some(failure), None) },
    };
    let id = TemporaryId::Machine(spec.machine(twin).clone());
    if clean::problem(cx, &id).is_some() {
        report.wait(&words)?;
        return ends(None, Requeue::Poll);
    }
    let part = Part::ValidationMachine(twin);
    report.act(&words, Step::on_part(StepName::DeleteTemporary, part, Request::DeleteTemporary(id)))
}

/// How often Azure failed to make it, this machine included, which counts once however many passes look at it.
fn count(attempt: &mut ValidationStatus, twin: Twin, machine: &facts::Machine) -> i32 {
    let Some(record) = record(attempt, twin) else { return 1 };
    if record.failed_virtual_machine_uid.as_ref() != Some(&machine.uid) {
        record.failures = record.failures.saturating_add(1).min(1_000_000);
        record.failed_virtual_machine_uid = Some(clip(&machine.uid, 64));
    }
    record.failures
}

fn may_be_of_capacity(failure: Option<&StepFailure>) -> bool {
    failure.is_none_or(|failure| is_of_capacity(&failure.code))
}
