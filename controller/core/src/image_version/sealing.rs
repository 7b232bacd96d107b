//! What to do next for a claimed machine whose guest isn't proven to be sealed.

use azimage_crds::{ConditionType, Prepare, Reason};
use azimage_deliberate_bugs::bug;
use azimage_names::{RunCommandId, VirtualMachineId};

use super::{
    BootDiagnostics, ConsoleObserved, Execution, Memory, Plan, Power, Provisioning, Read, Reading, Report,
    SealObserved, Step, StepName, Validated, VirtualMachineObserved, readiness::may_begin, tags,
};
use crate::seal;

/// How long after its intent was recorded a step was surely tried, in seconds.
const INTENT_SECONDS: i64 = 60;

/// How long after the time that the guest has a log may show what it said at last, in seconds: it is some minutes late.
const LOG_SECONDS: u64 = 15 * 60;

/// What to do about a machine of which nobody knows whether it is sealed.
const ANEW: &str = "Delete this object, start the machine and make a new object";

/// A claimed machine whose guest isn't proven to be sealed.
pub(super) struct Sealing<'a> {
    pub(super) validated: &'a Validated,
    pub(super) memory: &'a Memory<'a>,
    pub(super) machine: &'a VirtualMachineObserved,
    pub(super) id: &'a VirtualMachineId,
    pub(super) seal: &'a RunCommandId,
    pub(super) timeout_seconds: u64,
}

impl Sealing<'_> {
    pub(super) fn plan(
        &self,
        seal: &Reading<SealObserved>,
        console: &Reading<ConsoleObserved>,
        report: Report,
    ) -> Plan {
        match seal {
            Reading::Failed(failure) => report.failed(failure, "read the run command of the seal"),
            Reading::NotRead => report.failed_unread("the run command of the seal"),
            Reading::Missing(_) => self.not_begun(report),
            Reading::Found(seal) if seal.provisioning == Provisioning::Deleting => {
                let message = "Waiting for Azure to remove the run command of the last seal".to_owned();
                report.wait(ConditionType::GuestPrepared, Reason::Sealing, message)
            }
            Reading::Found(seal) => self.begun(seal, console, report),
        }
    }

    fn not_begun(&self, mut report: Report) -> Plan {
        report.finished_if(true, StepName::ForgetSeal);
        let (condition, reason) = (ConditionType::GuestPrepared, Reason::GuestPreparationUnknown);
        let obstacle = may_begin(Prepare::Deprovision, self.machine);
        if self.was_begun(obstacle.is_some()) {
            report.absent = Some(Read::Seal);
            if !self.memory.believes_absent(Read::Seal, condition, reason) {
                let message =
                    "Azure doesn't show the run command of the seal, which was begun; looking again".to_owned();
                return report.wait(condition, Reason::Sealing, message);
            }
        }
        if let Some(obstacle) = obstacle {
            return obstacle.plan(report);
        }
        if self.machine.boot_diagnostics == BootDiagnostics::Off {
            let message =
                "Switching the machine's boot diagnostics on, where the guest will say that it is sealed".to_owned();
            return match tags::claim_request(self.validated, self.id, Prepare::Deprovision, self.machine) {
                Some(request) => report.act(condition, Reason::Sealing, message, Step::ClaimSource(request)),
                None => report.failed_unread("the machine's etag"),
            };
        }
        let step = Step::Seal {
            id: self.seal.clone(),
            location: self.machine.location.clone(),
            timeout_seconds: seal::SCRIPT_TIMEOUT_SECONDS,
            owner: self.validated.owner.to_string(),
        };
        report.act(condition, Reason::Sealing, "Sealing the guest".to_owned(), step)
    }

    /// Whether the run command may be there although Azure doesn't show it. An intent that was just recorded is about to
    /// be carried out, unless it `cannot` be, and one that was forgotten since is gone.
    fn was_begun(&self, cannot: bool) -> bool {
        let started = |step| self.memory.step(step).map(|step| step.started_at.0);
        started(StepName::Seal).is_some_and(|seal| {
            let forgotten = started(StepName::ForgetSeal).is_some_and(|forgotten| forgotten >= seal);
            !forgotten && (cannot || !self.memory.within(seal, INTENT_SECONDS + 1))
        })
    }

    fn begun(&self, seal: &SealObserved, console: &Reading<ConsoleObserved>, mut report: Report) -> Plan {
        let failed = seal.execution == Execution::Failed
            || seal.exit_code.is_some_and(|code| code != 0)
            || (seal.provisioning == Provisioning::Failed && seal.execution != Execution::Succeeded);
        if failed {
            return self.failed(seal, report);
        }
        match self.machine.power {
            Power::Stopped if seal.is_started() => self.stopped(seal, console, report),
            Power::Stopped | Power::Deallocated | Power::Deallocating => {
                let message = format!(
                    "The machine is {} without proof that its guest was sealed, so somebody else may have stopped it; it is not generalized. {ANEW}",
                    self.machine.power
                );
                report.stalled(ConditionType::GuestPrepared, Reason::GuestPreparationUnknown, message)
            }
            _ if self.elapsed(seal) > self.timeout_seconds => {
                let message = format!(
                    "The machine didn't power off within spec.source.virtualMachine.guest.timeout, so its guest is not proven to be sealed; it is not generalized. Look into the guest (journalctl -u azimage-seal); the annotation {} tries again",
                    azimage_crds::RECONCILE_REQUESTED_AT
                );
                self.again(report, Reason::SealTimedOut, message)
            }
            _ => {
                report.running = Some(StepName::Seal);
                let message = "The guest is being sealed; waiting for it to power itself off".to_owned();
                report.wait(ConditionType::GuestPrepared, Reason::Sealing, message)
            }
        }
    }

    /// The run command ended well and the machine is off: it is sealed if the guest has said so.
    fn stopped(&self, seal: &SealObserved, console: &Reading<ConsoleObserved>, report: Report) -> Plan {
        let unknown = |report: Report, message: String| {
            report.stalled(ConditionType::GuestPrepared, Reason::GuestPreparationUnknown, message)
        };
        if seal.nonce.is_none() {
            let message = format!(
                "The seal was begun by a release of azimage that couldn't prove it, and the machine is stopped; it is not generalized. {ANEW}"
            );
            return unknown(report, message);
        }
        if self.machine.boot_diagnostics == BootDiagnostics::Off {
            let message = "Boot diagnostics of the machine were switched off, so that its guest can't be heard to say that it is sealed; it is not generalized. Switch them on again, with storage that Azure manages".to_owned();
            return unknown(report, message);
        }
        match console {
            _ if bug!(BelievePowerOff) => self.mark(report),
            Reading::Failed(failure) => report.failed(failure, "read the machine's serial console log"),
            Reading::NotRead => report.failed_unread("the machine's serial console log"),
            Reading::Found(ConsoleObserved::Sealed) => self.mark(report),
            Reading::Found(ConsoleObserved::StartedSince) => {
                let message = format!(
                    "The machine was started after its guest was sealed, so it is sealed no more; it is not generalized. {ANEW}"
                );
                unknown(report, message)
            }
            Reading::Found(ConsoleObserved::NoMark) | Reading::Missing(_) => {
                if self.elapsed(seal) > self.timeout_seconds.saturating_add(LOG_SECONDS) {
                    let message = format!(
                        "The machine is stopped, and its guest has not said on the serial console that it is sealed, so somebody else stopped it; it is not generalized. {ANEW}"
                    );
                    return unknown(report, message);
                }
                let message = "The machine is off; waiting for its serial console log to show that the guest was sealed, which takes some minutes".to_owned();
                report.wait(ConditionType::GuestPrepared, Reason::Sealing, message)
            }
        }
    }

    fn mark(&self, mut report: Report) -> Plan {
        match tags::mark_request(self.id, self.machine) {
            Some(request) => {
                report.finished_if(true, StepName::Seal);
                let message = "The guest was sealed and powered itself off; recording it".to_owned();
                report.act(ConditionType::GuestPrepared, Reason::Sealing, message, Step::MarkSealed(request))
            }
            None => report.failed_unread("the machine's etag"),
        }
    }

    /// How long ago the seal was begun, in seconds: by our own record, or, where the status was lost, by Azure's.
    fn elapsed(&self, seal: &SealObserved) -> u64 {
        let recorded = self.memory.step(StepName::Seal);
        let intended = recorded.filter(|step| step.correlation_id.is_some() || seal.started.is_none());
        let began = intended.map(|step| step.started_at.0).or(seal.started);
        let seconds = began.map_or(0, |began| self.memory.now.as_second() - began.as_second());
        u64::try_from(seconds).unwrap_or(0)
    }

    fn failed(&self, seal: &SealObserved, report: Report) -> Plan {
        let output = seal.output.trim();
        let said = if output.is_empty() { "it printed nothing".to_owned() } else { format!("it printed: {output}") };
        let code = seal.exit_code.map_or_else(String::new, |code| format!(" with exit code {code}"));
        let message = format!(
            "The seal failed{code}; {said}. Mend the guest; the annotation {} tries again",
            azimage_crds::RECONCILE_REQUESTED_AT
        );
        self.again(report, Reason::SealFailed, message)
    }

    /// A seal that ended badly is begun anew only when somebody asks for it, on a machine that runs.
    fn again(&self, report: Report, reason: Reason, message: String) -> Plan {
        if (self.validated.requested || bug!(RepeatFailedSeal)) && self.machine.power == Power::Running {
            let doing = "Another try of the seal was asked for; removing the last one".to_owned();
            return report.act(
                ConditionType::GuestPrepared,
                Reason::Sealing,
                doing,
                Step::ForgetSeal(self.seal.clone()),
            );
        }
        report.stalled(ConditionType::GuestPrepared, reason, message)
    }
}
