//! The machine runs: the seal is to be begun, is under way, or has ended badly.

use std::time::Duration;

use azimage_crds::{ConditionType, Reason};
use jiff::SignedDuration;

use super::{
    super::super::{
        BootDiagnostics, Doubt, Execution, Power, Provisioning, Read, Request, RunCommandRequest, Step, StepName,
        context::Answer,
        facts,
        report::{Decision, Report, Stop},
        words::Detail,
    },
    Attempt, READING_THE_LOG, Sealing,
    attempt::{BEGUN_BEFORE, OUT_OF_TIME},
    newer_claim,
    words::{PreparationUnknown, Refusal, Words},
};
use crate::{
    guest::{self, attempt, console::SealFailure},
    span::span,
};

/// How long before the unit begins a removal of its run command must begin, in seconds: it needs the agent, which the
/// unit stops.
const REMOVAL_SECONDS: i64 = 120;

/// How long a removal may take before the agent is said to be at fault, in seconds.
const REMOVAL_PATIENCE_SECONDS: i64 = 15 * 60;

/// What the console says, where the guest may have something to say.
type Heard<'a> = Option<Answer<'a, facts::Console>>;

impl Sealing<'_> {
    pub(super) fn on(
        &self,
        attempt: Option<&Attempt<'_>>,
        command: Option<&facts::RunCommand>,
        heard: Heard<'_>,
        report: &mut Report,
    ) -> Decision {
        let removed = command.is_none();
        report.finished_if(removed, StepName::ForgetSeal);
        report
            .finished_if(removed || attempt.is_some_and(|attempt| attempt.command.is_some()), StepName::ForgetLastSeal);
        let Some(attempt) = attempt else {
            return match self.obstacle() {
                Some(obstacle) => obstacle.decide(report),
                None if self.source.clone.is_some() => self.claim_anew(report, &Words::ClaimingCopy),
                None => self.claim_anew(report, &Words::ClaimingWithoutTag),
            };
        };
        if newer_claim(self.cx.validated, self.cx.history, self.machine) && self.obstacle().is_none() {
            return self.claim_anew(report, &Words::Claiming);
        }
        match command {
            Some(command) if attempt.command.is_none() => self.stale(attempt, command, report),
            Some(command) if command.provisioning != Provisioning::Deleting => {
                self.current(attempt, command, heard, report)
            }
            _ if attempt.was_removed() => self.under_way(attempt, heard, report),
            Some(_) => self.removing(StepName::ForgetSeal, report),
            None => self.not_shown(attempt, report),
        }
    }

    /// The run command of an earlier attempt: it goes before this one begins. What was begun in its place may not show yet.
    fn stale(&self, attempt: &Attempt<'_>, command: &facts::RunCommand, report: &mut Report) -> Decision {
        if command.provisioning == Provisioning::Deleting {
            return self.removing(StepName::ForgetLastSeal, report);
        }
        if let Some(obstacle) = self.obstacle() {
            return obstacle.decide(report);
        }
        if attempt.may_have_been_made() && !self.believes_not_made(report) {
            return report.wait(&Words::CommandNotShown);
        }
        let removal = Step { name: StepName::ForgetLastSeal, ..self.removal() };
        report.act(&Words::RemovingLast, removal)
    }

    fn forget(&self, report: &mut Report, message: &Words) -> Decision {
        report.act(message, self.removal())
    }

    fn removing(&self, by: StepName, report: &mut Report) -> Decision {
        let begun = self.cx.history.step(by).map(|step| step.started_at.0);
        let late = begun.is_some_and(|begun| !self.cx.history.within(begun, REMOVAL_PATIENCE_SECONDS));
        if late && !self.machine.agent_ready {
            return report.retry(&Words::RemovalHangs);
        }
        report.wait(&Words::WaitingForRemoval)
    }

    /// Whether it is certain enough that the run command, which was to be made, isn't there.
    pub(super) fn believes_not_made(&self, report: &mut Report) -> bool {
        let what = Read::RunCommand(self.source.seal.clone());
        report.doubts(Doubt::Absent(what.clone()));
        let (condition, reason) = (ConditionType::GuestPrepared, Reason::GuestPreparationUnknown);
        self.cx.history.believes_absent(&what, condition, reason)
    }

    /// There is no run command: it wasn't made yet, or Azure doesn't show it.
    fn not_shown(&self, attempt: &Attempt<'_>, report: &mut Report) -> Decision {
        let obstacle = self.obstacle();
        if attempt.may_have_been_made() && !self.believes_not_made(report) {
            return report.wait(&Words::CommandNotShown);
        }
        if let Some(obstacle) = obstacle {
            return obstacle.decide(report);
        }
        if self.machine.boot_diagnostics == BootDiagnostics::Off {
            return self.claim_anew(report, &Words::SwitchingDiagnosticsOn);
        }
        // What can't be heard must not be begun: without the guest's word the seal would be lost.
        if let Answer::Failed(failure) = self.console()? {
            return Err(Stop::Failed(failure.clone(), READING_THE_LOG));
        }
        report.act(&Words::Beginning, self.begin(attempt))
    }

    fn begin(&self, attempt: &Attempt<'_>) -> Step {
        let now = self.cx.history.now;
        let guests_clock = self.machine.read_at.unwrap_or(now);
        let preparation = self.source.guest.preparation(attempt.nonce, guests_clock);
        let expires = now.checked_add(SignedDuration::from_hours(24)).unwrap_or(now);
        let time_limit = guest::time_limit(&self.machine.os_type, &preparation).as_secs();
        // What a policy demands in the workspace is asked of this as well.
        let mut tags = self.source.clone.map(|clone| clone.tags.clone()).unwrap_or_default();
        tags.extend(attempt::tags(&self.cx.validated.owner.to_string(), attempt.nonce, expires));
        let request = RunCommandRequest {
            id: self.source.seal.clone(),
            location: self.machine.location.clone(),
            timeout_seconds: i32::try_from(time_limit).unwrap_or(i32::MAX),
            asynchronous: self.waits_for_the_seal(),
            tags,
            script: guest::script(&self.machine.os_type, &preparation),
        };
        Step::whole(StepName::Seal, Request::PutRunCommand(Box::new(request)))
    }

    fn current(
        &self,
        attempt: &Attempt<'_>,
        command: &facts::RunCommand,
        heard: Heard<'_>,
        report: &mut Report,
    ) -> Decision {
        if let facts::Console::Failed(failure) = &command.said {
            let log = command.printed.errors.lines().map(str::trim).collect::<Vec<_>>().join("; ");
            let log = if log.is_empty() { log } else { format!(". The end of its log: {log}") };
            let detail = format!("{}{log}", failure.detail);
            return self.gave_up(&SealFailure { detail, ..failure.clone() }, report);
        }
        if self.waits_for_the_seal()
            && self.machine.power == Power::Running
            && command.is_started()
            && command.said == facts::Console::Sealed
        {
            if self.has_just_ended(command) && self.untouched_since_begun(attempt) {
                return self.mark(report, &Words::Recording);
            }
            return report.stalled(&PreparationUnknown::Used);
        }
        if command.exit_code == Some(BEGUN_BEFORE)
            && let Some(Answer::Found(facts::Console::Failed(failure))) = heard
        {
            return self.gave_up(failure, report);
        }
        // It came again when somebody started the guest, which had said before that it is sealed.
        if command.exit_code == Some(OUT_OF_TIME)
            && let Some(Answer::Found(facts::Console::Sealed | facts::Console::StartedSince)) = heard
        {
            return self.again(report, &PreparationUnknown::StartedAndRuns);
        }
        if let Some(code) = command.exit_code.filter(|code| *code != 0) {
            return self.refused(attempt, code, report);
        }
        let lost = command.execution.has_failed() || command.provisioning.has_failed();
        if lost && command.execution != Execution::Succeeded && command.started.is_none() {
            let failure = self.cx.why_failed(StepName::Seal, report)?;
            return self.again(report, &Refusal::NotRun { detail: Detail::of(failure, None) });
        }
        if command.is_started() && self.may_forget(attempt, command) {
            return self.forget(report, &Words::RemovingScheduled);
        }
        self.under_way(attempt, heard, report)
    }

    /// Whether a guest that waits to be powered off after its seal still does, by Azure's own clock.
    fn has_just_ended(&self, command: &facts::RunCommand) -> bool {
        let limit = i64::try_from(guest::windows::AGENT_LIMIT.as_secs()).unwrap_or_default();
        let times = self.machine.read_at.zip(command.ended);
        times.is_some_and(|(now, ended)| now.as_second() - ended.as_second() < limit)
    }

    /// Whether there is time enough to remove the run command before the unit stops the agent. Without that it stays,
    /// and does nothing when it is run again: it has expired.
    fn may_forget(&self, attempt: &Attempt<'_>, command: &facts::RunCommand) -> bool {
        let ran = command.started.zip(command.ended).map_or(0, |(started, ended)| (ended - started).get_seconds());
        // By our clock, as Azure's may differ: the unit can't begin earlier than that.
        let begins = i64::try_from(guest::DELAY.as_secs()).unwrap_or_default().saturating_add(ran.max(0));
        let elapsed = i64::try_from(attempt.elapsed()).unwrap_or(i64::MAX);
        !self.waits_for_the_seal()
            && self.machine.power == Power::Running
            && self.machine.agent_ready
            && begins.saturating_sub(elapsed) >= REMOVAL_SECONDS
    }

    fn under_way(&self, attempt: &Attempt<'_>, heard: Heard<'_>, report: &mut Report) -> Decision {
        if let Some(Answer::Found(facts::Console::Failed(failure))) = heard {
            return self.gave_up(failure, report);
        }
        let limit = self.source.guest.limit_seconds(&self.machine.os_type);
        if attempt.elapsed() > limit {
            let time = span(Duration::from_secs(limit));
            let refusal = match heard {
                Some(Answer::Found(facts::Console::Sealed)) => Refusal::StillOn { time },
                _ => Refusal::Unheard { time },
            };
            return self.again(report, &refusal);
        }
        (report.running, report.limit_seconds) = (Some(StepName::Seal.into()), Some(limit));
        report.wait(&Words::UnderWay)
    }
}
