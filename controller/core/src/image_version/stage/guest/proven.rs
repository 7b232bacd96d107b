//! The seal was proven: the machine is deallocated and generalized, if nobody started it since.

use azimage_crds::{ConditionType, Reason};

use super::{
    super::super::{
        BootDiagnostics, Doubt, Power, Read, StepName,
        context::{Answer, console_of},
        facts,
        report::{Decision, Outcome, Report, Stop},
        words::Done,
    },
    READING_THE_LOG, Sealing,
    words::{PreparationUnknown, Words},
};
use crate::Failure;

/// How long a machine may run after its seal was recorded, in seconds.
const MARKED_SECONDS: i64 = 600;

impl Sealing<'_> {
    /// Whether the machine, which said while it ran that it is sealed, can't have been used since: it powers itself off within
    /// minutes.
    fn was_just_marked(&self) -> bool {
        let marked = self.cx.history.step(StepName::MarkSealed).map(|step| step.started_at.0);
        marked.is_some_and(|marked| self.cx.history.within(marked, MARKED_SECONDS))
    }

    /// Looks at the console once more before an irreversible step, as long as it can be read: a controller that was down
    /// for an hour doesn't know who used the machine meanwhile.
    pub(super) fn proven(&self, report: &mut Report) -> Decision {
        let windows = self.is_windows();
        if windows && self.machine.power == Power::Running && self.was_just_marked() && self.kept_running_since_marked()
        {
            report.done(&Done::Sealed);
            return Ok(Outcome::Done);
        }
        let off = matches!(self.machine.power, Power::Stopped | Power::Deallocated);
        // The log may be gone with the switch.
        let heard = match self.machine.boot_diagnostics {
            BootDiagnostics::Off => None,
            _ if !off => None,
            _ => Some(self.console()?),
        };
        if off && !windows && heard == Some(Answer::Found(&facts::Console::Sealed)) && !self.log_is_up_to_date() {
            return report.wait(&Words::LogIsLate);
        }
        if matches!(heard, Some(Answer::Missing(_))) && !self.untouched_since_marked() {
            let what = Read::Console(console_of(self.cx.validated, self.source.id, self.machine));
            report.doubts(Doubt::Absent(what.clone()));
            let (condition, reason) = (ConditionType::GuestPrepared, Reason::GuestPreparationUnknown);
            if !self.cx.history.believes_absent(&what, condition, reason) {
                return report.wait(&Words::LogNotShown);
            }
        }
        let lost = match heard {
            _ if matches!(self.machine.power, Power::Running | Power::Starting) => true,
            _ if !off => false,
            Some(Answer::Found(facts::Console::StartedSince | facts::Console::Failed(_))) => true,
            Some(Answer::Found(facts::Console::Sealed)) if !windows => false,
            // The mark was there, and what took its place was written since.
            Some(Answer::Found(facts::Console::NoMark)) if !windows => true,
            // The log may be gone with the place on the host; a start of Windows may leave nothing in it.
            None | Some(Answer::Found(_) | Answer::Missing(_)) => !self.untouched_since_marked(),
            Some(Answer::Failed(Failure::Busy(_) | Failure::NotAllowed(_) | Failure::Refused(_)))
                if self.machine.power == Power::Deallocated =>
            {
                !self.untouched_since_marked()
            }
            Some(Answer::Failed(failure)) => return Err(Stop::Failed(failure.clone(), READING_THE_LOG)),
        };
        if !lost {
            report.done(&Done::Sealed);
            report.finished_if(true, StepName::Seal);
            return Ok(Outcome::Done);
        }
        if self.cx.validated.requested && self.obstacle().is_none() {
            return self.claim_anew(report, &Words::ClaimingAfterStart);
        }
        let started = matches!(heard, Some(Answer::Found(facts::Console::StartedSince)));
        report.stalled(match self.machine.power {
            _ if started => &PreparationUnknown::Started,
            _ if off => &PreparationUnknown::Unproven,
            // It ran when it said so, and may only run on.
            Power::Running if windows => &PreparationUnknown::Used,
            _ => &PreparationUnknown::StartedAndRuns,
        })
    }
}
