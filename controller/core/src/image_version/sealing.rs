//! What to do next for a claimed machine whose guest isn't proven to be sealed.

use std::collections::BTreeMap;

use azimage_crds::{ConditionType, OWNER_TAG, Prepare, Reason, STEP_TAG};
use azimage_deliberate_bugs::bug;
use azimage_names::{RunCommandId, VirtualMachineId};

use super::{
    Execution, Memory, Plan, Power, Provisioning, Read, Reading, Report, SealObserved, Step, StepName, Validated,
    VirtualMachineObserved, readiness::may_begin, tags,
};
use crate::seal;

/// How long after its intent was recorded a step was surely tried, in seconds.
const INTENT_SECONDS: i64 = 60;

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
    pub(super) fn plan(&self, seal: &Reading<SealObserved>, report: Report) -> Plan {
        match seal {
            Reading::Failed(failure) => report.failed(failure, "read the run command of the seal"),
            Reading::NotRead => report.failed_unread("the run command of the seal"),
            Reading::Missing(_) => self.not_begun(report),
            Reading::Found(seal) if seal.provisioning == Provisioning::Deleting => {
                let message = "Waiting for Azure to remove the run command of the last seal".to_owned();
                report.wait(ConditionType::GuestPrepared, Reason::Sealing, message)
            }
            Reading::Found(seal) => self.begun(seal, report),
        }
    }

    fn not_begun(&self, mut report: Report) -> Plan {
        report.finished_if(true, StepName::ForgetSeal);
        let (condition, reason) = (ConditionType::GuestPrepared, Reason::GuestPreparationUnknown);
        if self.was_begun() {
            report.absent = Some(Read::Seal);
            if !self.memory.believes_absent(Read::Seal, condition, reason) {
                let message =
                    "Azure doesn't show the run command of the seal, which was begun; looking again".to_owned();
                return report.wait(condition, Reason::Sealing, message);
            }
        }
        if let Some(obstacle) = may_begin(Prepare::Deprovision, self.machine) {
            return obstacle.plan(report);
        }
        let step = Step::Seal {
            id: self.seal.clone(),
            location: self.machine.location.clone(),
            script: seal::linux_script(),
            timeout_seconds: seal::SCRIPT_TIMEOUT_SECONDS,
            tags: BTreeMap::from([
                (OWNER_TAG.to_owned(), self.validated.owner.to_string()),
                (STEP_TAG.to_owned(), StepName::Seal.to_string()),
            ]),
        };
        report.act(ConditionType::GuestPrepared, Reason::Sealing, "Sealing the guest".to_owned(), step)
    }

    /// Whether the run command may be there although Azure doesn't show it. An intent that was just recorded is about to
    /// be carried out, and one that was forgotten since is gone.
    fn was_begun(&self) -> bool {
        let started = |step| self.memory.step(step).map(|step| step.started_at.0);
        started(StepName::Seal).is_some_and(|seal| {
            let forgotten = started(StepName::ForgetSeal).is_some_and(|forgotten| forgotten >= seal);
            !forgotten && self.memory.now.as_second() - seal.as_second() > INTENT_SECONDS
        })
    }

    fn begun(&self, seal: &SealObserved, mut report: Report) -> Plan {
        let failed = seal.execution == Execution::Failed
            || seal.exit_code.is_some_and(|code| code != 0)
            || (seal.provisioning == Provisioning::Failed && seal.execution != Execution::Succeeded);
        if failed {
            return self.failed(seal, report);
        }
        let late = self.memory.step(StepName::Seal).is_some_and(|step| {
            let elapsed = self.memory.now.as_second() - step.started_at.0.as_second();
            elapsed > i64::try_from(self.timeout_seconds).unwrap_or(i64::MAX)
        });
        let proven = seal.execution == Execution::Succeeded && seal.exit_code.unwrap_or(0) == 0;
        match self.machine.power {
            Power::Stopped if proven || bug!(BelievePowerOff) => match tags::mark_request(self.id, self.machine) {
                Some(request) => {
                    report.finished_if(true, StepName::Seal);
                    let message = "The guest powered itself off after the seal; recording it".to_owned();
                    report.act(ConditionType::GuestPrepared, Reason::Sealing, message, Step::MarkSealed(request))
                }
                None => report.failed_unread("the machine's etag"),
            },
            Power::Stopped | Power::Deallocated | Power::Deallocating => {
                let message = format!(
                    "The machine is {} without proof that its guest was sealed, so somebody else may have stopped it; it is not generalized. Delete this object, start the machine and make a new object",
                    self.machine.power
                );
                report.stalled(ConditionType::GuestPrepared, Reason::GuestPreparationUnknown, message)
            }
            _ if late => {
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
