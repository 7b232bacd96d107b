//! The guest of a claimed machine is sealed, and proven to be.
//!
//! ```text
//!        Seal                 ForgetSeal, while the agent lives            the guest's own word, and it is off
//! claim ─────▶ run command ──────────────────────────────────▶ detached unit ─────────────────────────▶ MarkSealed
//! ```
//! The nonce in the machine's tags tells the attempt. The guest's word on the serial console alone proves it: what the
//! run command says is told to the user, and decides only whether to go on waiting.

mod attempt;
mod off;
mod on;
mod proven;
pub(in super::super) mod readiness;
mod refused;
mod untouched;
pub(in super::super) mod words;

use azimage_crds::{ConditionType, Prepare, Reason};

use attempt::OUT_OF_TIME;
pub use attempt::nonce;
pub(in super::super) use attempt::{Attempt, newer_claim};
use readiness::{NotReady, may_begin};
use words::{Left, Refusal, Words};

use super::super::{
    BootDiagnostics, OsType, Power, Provisioning, Request, Requeue, Step, StepName,
    context::{Answer, Cx, Source},
    facts,
    report::{Decision, Outcome, Report, Stop, ends},
    tags,
    words::Done,
};
use crate::{
    Message, Progress,
    guest::console::{Aftermath, SealFailure},
};

/// Completes "Could not …".
const READING_THE_LOG: &str = "read the machine's serial console log";

pub(in super::super) fn decide(cx: &Cx<'_>, report: &mut Report) -> Decision {
    let (source, machine) = cx.source_machine()?;
    let marked = cx.validated.owns_tag(&machine.tags) && tags::sealed(machine);
    report.finished_if(marked || machine.generalized, StepName::MarkSealed);
    report.finished_if(machine.generalized, StepName::Seal);
    if source.prepare == Prepare::AlreadyGeneralized {
        report.not_needed(ConditionType::GuestPrepared);
        return Ok(Outcome::Done);
    }
    if machine.generalized || (marked && machine.is_being_changed()) {
        report.done(&Done::Sealed);
        return Ok(Outcome::Done);
    }
    if machine.is_being_changed() {
        return report.wait(&Words::Changing);
    }
    let sealing = Sealing { cx, source, machine };
    if marked { sealing.proven(report) } else { sealing.decide(report) }
}

/// A claimed machine whose guest isn't proven to be sealed.
pub(super) struct Sealing<'a> {
    cx: &'a Cx<'a>,
    source: Source<'a>,
    machine: &'a facts::Machine,
}

impl Sealing<'_> {
    fn decide(&self, report: &mut Report) -> Decision {
        let command = match self.cx.run_command(self.source.seal)? {
            Answer::Found(command) => Some(command),
            Answer::Missing(_) => None,
            Answer::Failed(failure) => {
                return Err(Stop::Failed(failure.clone(), "read the run command of the seal"));
            }
        };
        let attempt = Attempt::of(self.cx.validated, self.cx.history, self.machine, command);
        let heard = match &attempt {
            Some(attempt) if self.speaks(attempt, command) => Some(self.console()?),
            _ => None,
        };
        if let Some(printed) = attempt.as_ref().and_then(|attempt| attempt.command).map(|command| &command.printed) {
            report.guest.clone_from(&printed.report);
        }
        let spoke = matches!(
            heard,
            Some(Answer::Found(facts::Console::Sealed | facts::Console::StartedSince | facts::Console::Failed(_)))
        );
        if !spoke
            && attempt.as_ref().is_some_and(Attempt::was_removed)
            && let Some(told) = self.told()
        {
            return self.again(report, &told);
        }
        let decision = if self.is_off() {
            self.off(attempt.as_ref(), command, report)
        } else {
            self.on(attempt.as_ref(), command, heard, report)
        };
        self.tidied(decision?, command, report)
    }

    /// What the machine's serial console log says of this seal.
    fn console(&self) -> Result<Answer<'_, facts::Console>, Stop> {
        self.cx.console(self.source.id, self.machine)
    }

    fn is_off(&self) -> bool {
        matches!(self.machine.power, Power::Stopped | Power::Deallocating | Power::Deallocated)
    }

    /// Whether the guest may have something to say. One that runs hasn't before its run command has ended. But before that
    /// is made, somebody has to see that it can be heard.
    fn speaks(&self, attempt: &Attempt<'_>, command: Option<&facts::RunCommand>) -> bool {
        let came_again = command.is_some_and(|command| command.exit_code == Some(OUT_OF_TIME));
        let says = self.is_off() || command.is_none() || attempt.is_scheduled() || came_again || self.is_windows();
        says && self.machine.boot_diagnostics != BootDiagnostics::Off
    }

    /// Why the seal ended badly, if the status has told it already.
    fn told(&self) -> Option<Told> {
        let condition = self.cx.history.condition(ConditionType::GuestPrepared)?;
        let reason: Reason = condition.reason.parse().ok()?;
        (condition.status == "False" && reason.stalls()).then(|| Told { reason, text: condition.message.clone() })
    }

    fn was_told(&self, reason: Reason) -> bool {
        self.told().is_some_and(|told| told.reason == reason)
    }

    /// A run command whose failure the status has told is of no more use, and it may hold the user's script.
    fn tidied(&self, outcome: Outcome, command: Option<&facts::RunCommand>, report: &Report) -> Decision {
        let Progress::Stalled { reason, .. } = &report.progress else { return Ok(outcome) };
        let removable = command
            .is_some_and(|command| !command.execution.is_under_way() && command.provisioning != Provisioning::Deleting);
        let alive = self.machine.power == Power::Running && self.machine.agent_ready;
        if matches!(outcome, Outcome::Ends(None, _)) && removable && alive && self.was_told(*reason) {
            return ends(Some(self.removal()), Requeue::Poll);
        }
        Ok(outcome)
    }

    /// Removes the run command.
    fn removal(&self) -> Step {
        Step::whole(StepName::ForgetSeal, Request::DeleteRunCommand(self.source.seal.clone()))
    }

    fn is_windows(&self) -> bool {
        self.machine.os_type == OsType::Windows
    }

    /// Whether the run command lasts until the seal's end, and its last word is as good as the console's: on Windows, where
    /// the console's port may belong to the system. It must not be removed before.
    fn waits_for_the_seal(&self) -> bool {
        self.is_windows()
    }

    /// What keeps the machine from being sealed, if anything does.
    fn obstacle(&self) -> Option<NotReady> {
        may_begin(Prepare::Deprovision, self.machine)
    }

    /// A seal that ended badly is begun again only when somebody asks for it, on a machine in which it can begin.
    fn again(&self, report: &mut Report, message: &impl Message) -> Decision {
        // Who asked may be taken as answered while the claim that was begun for it isn't written.
        let begun = newer_claim(self.cx.validated, self.cx.history, self.machine);
        let asked = self.cx.validated.requested || begun;
        if asked && self.obstacle().is_none() {
            return self.claim_anew(report, &Words::ClaimingAsAsked);
        }
        report.stalled(message)
    }

    /// Another attempt begins with another nonce in the machine's tags.
    fn claim_anew(&self, report: &mut Report, message: &Words) -> Decision {
        let request = tags::claim_request(
            self.cx.validated,
            self.source.id,
            Prepare::Deprovision,
            self.machine,
            self.cx.history.now,
        )?;
        let step = Step::on_machine(StepName::ClaimSource, request);
        report.act(message, step)
    }

    /// The guest itself said that it couldn't go on.
    fn gave_up(&self, failure: &SealFailure, report: &mut Report) -> Decision {
        let SealFailure { step, aftermath, detail } = failure;
        let left = match aftermath {
            Aftermath::Unchanged => Left::Unchanged,
            Aftermath::Restarting => Left::Restarting,
            Aftermath::Broken if self.is_windows() => Left::BySysprep,
            Aftermath::Broken => Left::Broken,
        };
        self.again(report, &Refusal::GaveUp { step: step.clone(), detail: detail.clone(), left })
    }
}

/// Why the seal ended badly, as the status has told it.
struct Told {
    reason: Reason,
    text: String,
}

impl std::fmt::Display for Told {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Message for Told {
    fn condition(&self) -> ConditionType {
        ConditionType::GuestPrepared
    }

    fn reason(&self) -> Reason {
        self.reason
    }
}
