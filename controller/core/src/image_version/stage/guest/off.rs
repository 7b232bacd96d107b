//! The machine is off: it is sealed if its guest has said so, whatever the run command says.

use super::{
    super::super::{
        BootDiagnostics, Power, Step, StepName,
        context::Answer,
        facts,
        report::{Decision, Report, Stop},
        tags,
    },
    Attempt, READING_THE_LOG, Sealing,
    words::{PreparationUnknown, Words},
};
use crate::Failure;

/// How long after the time that the guest has a log may show what it said at last, in seconds: it is some minutes late.
const LOG_SECONDS: u64 = 15 * 60;

impl Sealing<'_> {
    pub(super) fn off(
        &self,
        attempt: Option<&Attempt<'_>>,
        command: Option<&facts::RunCommand>,
        report: &mut Report,
    ) -> Decision {
        let Some(attempt) = attempt.filter(|attempt| attempt.may_have_begun()) else {
            return match self.obstacle() {
                Some(obstacle) => obstacle.decide(report),
                None => Err(Stop::untold("the machine's power state")),
            };
        };
        if self.machine.power == Power::Deallocating {
            return report.wait(&Words::BeingDeallocated);
        }
        if self.machine.boot_diagnostics == BootDiagnostics::Off {
            return report.stalled(&PreparationUnknown::DiagnosticsOff);
        }
        match self.console()? {
            // Whether the log of a deallocated machine can be read is nowhere promised.
            Answer::Failed(Failure::Busy(_) | Failure::NotAllowed(_) | Failure::Refused(_))
                if self.machine.power == Power::Deallocated =>
            {
                self.silent(attempt, command, report)
            }
            Answer::Failed(failure) => Err(Stop::Failed(failure.clone(), READING_THE_LOG)),
            // A start of Windows leaves nothing on the console by which it is known for sure.
            Answer::Found(facts::Console::Sealed) if self.is_windows() && !self.untouched_since_begun(attempt) => {
                report.stalled(&PreparationUnknown::Changed)
            }
            Answer::Found(facts::Console::Sealed)
                if !self.untouched_since_begun(attempt) && !self.start_would_show() =>
            {
                report.wait(&Words::LogIsLate)
            }
            Answer::Found(facts::Console::Sealed) => self.mark(report, &Words::RecordingOff),
            Answer::Found(facts::Console::StartedSince) => report.stalled(&PreparationUnknown::Started),
            Answer::Found(facts::Console::Failed(failure)) => self.gave_up(failure, report),
            Answer::Found(facts::Console::NoMark | facts::Console::Empty) | Answer::Missing(_) => {
                self.silent(attempt, command, report)
            }
        }
    }

    /// The guest hasn't said that it is sealed, or its log doesn't show it yet.
    fn silent(&self, attempt: &Attempt<'_>, command: Option<&facts::RunCommand>, report: &mut Report) -> Decision {
        if let Some(code) = attempt.command.and_then(|command| command.exit_code).filter(|code| *code != 0) {
            // The script refused, and so began nothing.
            return self.refused(attempt, code, report);
        }
        if command.is_none() && attempt.was_asked_for() && !attempt.was_removed() {
            // It was announced, and perhaps it was never made.
            if self.believes_not_made(report) {
                return report.stalled(&PreparationUnknown::StoppedUnseen { power: self.machine.power.clone() });
            }
        }
        let limit = self.source.guest.limit_seconds(&self.machine.os_type).saturating_add(LOG_SECONDS);
        if attempt.elapsed() > limit {
            return report.stalled(&PreparationUnknown::StoppedUnheard { power: self.machine.power.clone() });
        }
        // Where the status was lost it records since when it is waited.
        (report.running, report.limit_seconds) = (Some(StepName::Seal.into()), Some(limit));
        report.wait(&Words::WaitingForLog)
    }

    pub(super) fn mark(&self, report: &mut Report, message: &Words) -> Decision {
        // The record of the seal stays open until the mark shows: by it the attempt is known.
        let step = Step::on_machine(StepName::MarkSealed, tags::mark_request(self.source.id, self.machine)?);
        report.act(message, step)
    }
}
