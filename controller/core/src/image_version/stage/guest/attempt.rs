//! The attempt at a seal that the machine's tags name.

use azimage_crds::{SEAL_TAG, StepStatus};
use jiff::Timestamp;

use super::super::super::{History, Provisioning, StepName, Validated, facts};
use crate::guest::attempt;
use crate::owner::find_tag;

/// The exit code of a run command that came again, after its unit had begun or the guest was provisioned anew: what the
/// console says counts then.
pub(super) const BEGUN_BEFORE: i64 = 18;

/// The exit code of a run command that came too early or too late by the guest's clock.
pub(super) const OUT_OF_TIME: i64 = 16;

/// An attempt at a seal.
pub(in super::super::super) struct Attempt<'a> {
    history: &'a History<'a>,
    pub(super) nonce: &'a str,
    /// When it was claimed.
    claimed: Timestamp,
    /// Its run command, unless that is of another attempt.
    pub(super) command: Option<&'a facts::RunCommand>,
}

impl<'a> Attempt<'a> {
    /// The attempt, if the tag is one that this very object wrote.
    pub(in super::super::super) fn of(
        validated: &Validated,
        history: &'a History<'a>,
        machine: &'a facts::Machine,
        command: Option<&'a facts::RunCommand>,
    ) -> Option<Self> {
        let nonce = nonce(validated, machine)?;
        let claimed = attempt::began(nonce)?;
        let command = command.filter(|command| command.nonce.as_deref() == Some(nonce));
        Some(Self { history, nonce, claimed, command })
    }

    /// Our record of the run command. A claim for another attempt closes it. An open one is this attempt's also if the clock
    /// jumped back since the claim.
    fn record(&self) -> Option<&StepStatus> {
        let since = |step: &&StepStatus| step.started_at.0.as_second() >= self.claimed.as_second();
        self.history.step(StepName::Seal).filter(|step| step.finished_at.is_none() || since(step))
    }

    /// Whether the run command may have run although Azure doesn't show it: always once its intent is recorded, but by this
    /// very process, which hasn't tried it yet.
    pub(in super::super::super) fn may_have_been_made(&self) -> bool {
        let is_untried = |id: &String| self.history.memory.is_untried(id);
        let record = self.record();
        self.command.is_some() || record.is_some_and(|record| !record.correlation_id.as_ref().is_some_and(is_untried))
    }

    /// Whether its run command was made or at least intended.
    fn was_begun(&self) -> bool {
        self.command.is_some() || self.record().is_some()
    }

    /// Whether our own record says that its run command was asked for.
    pub(super) fn was_asked_for(&self) -> bool {
        self.record().is_some_and(|step| step.correlation_id.is_some())
    }

    /// Whether its run command was removed by us, when it had done its work.
    pub(super) fn was_removed(&self) -> bool {
        // The clock may jump, so the order of the records is kept by what a new one takes away: see `record_intent`.
        self.record().is_some()
            && self.history.begun(StepName::ForgetSeal)
            && self.command.is_none_or(|command| command.provisioning == Provisioning::Deleting)
    }

    /// Whether anything may have been run in the guest: of an attempt that was only claimed, our own record tells, unless it
    /// was lost.
    pub(in super::super::super) fn may_have_begun(&self) -> bool {
        let claim = self.history.step(StepName::ClaimSource).map(|step| step.started_at.0);
        let only_claimed = claim.is_some_and(|claim| claim.as_second() <= self.claimed.as_second());
        self.was_begun() || !only_claimed
    }

    /// Whether its run command has ended, so that its unit is about to begin, or has.
    pub(in super::super::super) fn is_scheduled(&self) -> bool {
        match self.command {
            Some(command) => {
                !command.execution.is_under_way()
                    && command.exit_code.is_none_or(|code| code == 0 || code == BEGUN_BEFORE)
            }
            None => self.was_removed(),
        }
    }

    /// Whether its unit may be at work, or about to be.
    pub(in super::super::super) fn may_be_under_way(&self) -> bool {
        match self.command {
            Some(command) => command.exit_code.is_none_or(|code| code == 0),
            None => self.was_begun(),
        }
    }

    /// How long ago the seal was begun, in seconds: by our own record, or, where the status was lost, by Azure's. If neither
    /// tells, it counts from now.
    pub(in super::super::super) fn elapsed(&self) -> u64 {
        let recorded = self.record().map(|step| step.started_at.0);
        let told = self.command.and_then(|command| command.started);
        // A record without a correlation id is one that was lost, and counts only from when somebody looked again.
        let intended = recorded.filter(|_| self.was_asked_for());
        let began = intended.or(told).or(recorded).unwrap_or(self.history.now);
        let seconds = self.history.now.as_second() - began.as_second();
        u64::try_from(seconds).unwrap_or(0)
    }
}

/// The nonce in the machine's tags, if this very object wrote it.
pub fn nonce<'a>(validated: &Validated, machine: &'a facts::Machine) -> Option<&'a str> {
    let nonce = find_tag(&machine.tags, SEAL_TAG)?;
    let began = attempt::began(nonce)?;
    (attempt::nonce(&validated.owner.uid, began) == nonce).then_some(nonce)
}

/// Whether a claim for a newer attempt than the one that Azure shows was begun: it is about to be written, or isn't shown yet.
pub(in super::super::super) fn newer_claim(
    validated: &Validated,
    history: &History<'_>,
    machine: &facts::Machine,
) -> bool {
    let shown = nonce(validated, machine).and_then(attempt::began);
    let open = history.step(StepName::ClaimSource).filter(|step| step.finished_at.is_none());
    let claimed = open.map(|step| step.started_at.0);
    claimed.zip(shown).is_some_and(|(claimed, shown)| claimed.as_second() > shown.as_second())
}
