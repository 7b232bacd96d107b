//! The machine is off: it is sealed if its guest has said so, whatever the run command says.

use azimage_crds::{ConditionType, Reason};

use super::{
    super::super::{
        BootDiagnostics, ConsoleObserved, Doubt, Power, Read, SealObserved, Step, StepName,
        context::Answer,
        report::{Decision, Report, Stop},
        tags,
    },
    ANEW, Attempt, READING_THE_LOG, Sealing,
};
use crate::Failure;

/// How long after the time that the guest has a log may show what it said at last, in seconds: it is some minutes late.
const LOG_SECONDS: u64 = 15 * 60;

const OFF: &str = "The guest was sealed and powered itself off; recording it";

/// The guest's last word is the mark, and the log may be late.
pub(super) const LATE: &str = "The guest has said that it is sealed, and Azure has changed the machine since; waiting until its serial console log would show a start, which takes up to half an hour";

impl Sealing<'_> {
    pub(super) fn off(
        &self,
        attempt: Option<&Attempt<'_>>,
        command: Option<&SealObserved>,
        report: &mut Report,
    ) -> Decision {
        let Some(attempt) = attempt.filter(|attempt| attempt.may_have_begun()) else {
            return match self.obstacle() {
                Some(obstacle) => obstacle.decide(report),
                None => Err(Stop::untold("the machine's power state")),
            };
        };
        if self.machine.power == Power::Deallocating {
            return report.sealing("The machine is being deallocated; waiting until it is");
        }
        if self.machine.boot_diagnostics == BootDiagnostics::Off {
            let message = format!(
                "Boot diagnostics of the machine were switched off, so that its guest can't be heard to say that it is sealed; it is not generalized. Switch them on again, with storage that Azure manages. {ANEW}"
            );
            return report.unknown(message);
        }
        match self.console()? {
            // Whether the log of a deallocated machine can be read is nowhere promised.
            Answer::Failed(Failure::Busy(_) | Failure::Refused(_)) if self.machine.power == Power::Deallocated => {
                self.silent(attempt, command, report)
            }
            Answer::Failed(failure) => Err(Stop::Failed(failure.clone(), READING_THE_LOG)),
            // A start of Windows leaves nothing on the console by which it is known for sure.
            Answer::Found(ConsoleObserved::Sealed) if self.is_windows() && !self.untouched_since_begun(attempt) => {
                let message = format!(
                    "The guest said that it was sealed, and Azure has changed the machine since, so it may have been started; it is not generalized. {ANEW}"
                );
                report.unknown(message)
            }
            Answer::Found(ConsoleObserved::Sealed)
                if !self.untouched_since_begun(attempt) && !self.start_would_show() =>
            {
                report.sealing(LATE)
            }
            Answer::Found(ConsoleObserved::Sealed) => self.mark(report, OFF),
            Answer::Found(ConsoleObserved::StartedSince) => {
                let message = format!(
                    "The machine was started after its guest was sealed, so it is sealed no more; it is not generalized. {ANEW}"
                );
                report.unknown(message)
            }
            Answer::Found(ConsoleObserved::Failed(failure)) => self.gave_up(failure, report),
            Answer::Found(ConsoleObserved::NoMark | ConsoleObserved::Empty) | Answer::Missing(_) => {
                self.silent(attempt, command, report)
            }
        }
    }

    /// The guest hasn't said that it is sealed, or its log doesn't show it yet.
    fn silent(&self, attempt: &Attempt<'_>, command: Option<&SealObserved>, report: &mut Report) -> Decision {
        if let Some(code) = attempt.command.and_then(|command| command.exit_code).filter(|code| *code != 0) {
            // The script refused, and so began nothing.
            return self.refused(attempt, code, report);
        }
        if command.is_none() && attempt.was_asked_for() && !attempt.was_removed() {
            // It was announced, and perhaps it was never made.
            let what = Read::RunCommand(self.source.seal.clone());
            report.doubts(Doubt::Absent(what.clone()));
            let (condition, reason) = (ConditionType::GuestPrepared, Reason::GuestPreparationUnknown);
            if self.cx.memory.believes_absent(&what, condition, reason) {
                let message = format!(
                    "The machine is {}, and Azure doesn't show the run command that was to seal its guest, so somebody else stopped it; it is not generalized. {ANEW}",
                    self.machine.power
                );
                return report.unknown(message);
            }
        }
        let limit = self.source.guest.limit_seconds(&self.machine.os_type).saturating_add(LOG_SECONDS);
        if attempt.elapsed() > limit {
            let message = format!(
                "The machine is {}, and its guest has not said on the serial console that it is sealed, so somebody else stopped it, or it couldn't; it is not generalized. {ANEW}",
                self.machine.power
            );
            return report.unknown(message);
        }
        // Where the status was lost it records since when it is waited.
        (report.running, report.limit_seconds) = (Some(StepName::Seal.into()), Some(limit));
        let message = "The machine is off; waiting for its serial console log to show that the guest was sealed, which takes some minutes";
        report.sealing(message)
    }

    pub(super) fn mark(&self, report: &mut Report, message: &str) -> Decision {
        // The record of the seal stays open until the mark shows: by it the attempt is known.
        let step = Step::on_machine(StepName::MarkSealed, tags::mark_request(self.source.id, self.machine)?);
        report.act(ConditionType::GuestPrepared, Reason::Sealing, message.to_owned(), step)
    }
}
