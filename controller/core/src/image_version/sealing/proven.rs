//! The seal was proven: the machine is deallocated and generalized, if nobody started it since.

use azimage_crds::{ConditionType, Prepare, Reason};

use super::{
    super::{BootDiagnostics, ConsoleObserved, Plan, Power, Reading, Report, Step, StepName, readiness::may_begin},
    ANEW, Sealing,
};
use crate::Failure;

/// How long a machine may run after its seal was recorded, in seconds.
const MARKED_SECONDS: i64 = 600;

impl Sealing<'_> {
    /// Whether the machine, which said while it ran that it is sealed, can't have been used since: it powers itself off within
    /// minutes.
    fn was_just_marked(&self) -> bool {
        let marked = self.memory.step(StepName::MarkSealed).map(|step| step.started_at.0);
        marked.is_some_and(|marked| self.memory.within(marked, MARKED_SECONDS))
    }

    /// Looks at the console once more before an irreversible step, as long as it can be read: a controller that was down
    /// for an hour doesn't know who used the machine meanwhile. `go_on` is what comes next.
    pub(in super::super) fn proven(
        &self,
        console: &Reading<ConsoleObserved>,
        mut report: Report,
        go_on: impl FnOnce(Report) -> Plan,
    ) -> Plan {
        if self.waits_for_the_seal() && self.machine.power == Power::Running && self.was_just_marked() {
            report.done(ConditionType::GuestPrepared, "The guest was sealed");
            let message = "The guest is sealed; deallocating the machine".to_owned();
            let step = Step::Deallocate(self.id.clone());
            return report.act(ConditionType::Generalized, Reason::Deallocating, message, step);
        }
        let lost = match (self.machine.power, console) {
            (Power::Running | Power::Starting, _)
            | (
                Power::Stopped | Power::Deallocated,
                Reading::Found(ConsoleObserved::StartedSince | ConsoleObserved::Failed(_)),
            ) => true,
            (Power::Stopping | Power::Deallocating | Power::Unknown, _)
            // The log may be gone with the switch, or with the place on the host.
            | (_, Reading::Found(_) | Reading::Missing(_))
            | (Power::Deallocated, Reading::Failed(Failure::Busy(_) | Failure::Refused(_))) => false,
            (_, _) if self.machine.boot_diagnostics == BootDiagnostics::Off => false,
            (_, Reading::Failed(failure)) => return report.failed(failure, "read the machine's serial console log"),
            (_, Reading::NotRead) => return report.failed_unread("the machine's serial console log"),
        };
        if !lost {
            report.done(ConditionType::GuestPrepared, "The guest was sealed");
            report.finished_if(true, StepName::Seal);
            return go_on(report);
        }
        if self.validated.requested && may_begin(Prepare::Deprovision, self.machine).is_none() {
            return self.claim_anew(report, "The machine was started after its seal; claiming it for another one");
        }
        let message = format!(
            "The machine was started after its guest was sealed, so it is sealed no more; it is not generalized. {ANEW}"
        );
        report.stalled(ConditionType::GuestPrepared, Reason::GuestPreparationUnknown, message)
    }
}
