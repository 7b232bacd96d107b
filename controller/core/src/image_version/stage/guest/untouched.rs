//! Whether anybody started the machine since our own last write, where its console can't tell.

use jiff::Timestamp;

use super::{
    super::super::{StepName, facts},
    Attempt, Sealing,
};

/// How long after it was asked for a write of ours may show as the machine's last change, in seconds.
const SETTLING_SECONDS: i64 = 180;

/// The same for the mark: its request may be written some time after it was announced.
const MARK_SECONDS: i64 = 60;

/// The same for a deallocation, which takes some minutes, where nothing but that tells of a start.
const DEALLOCATION_SECONDS: i64 = 300;

/// The same where a later look at the log tells, too, so that being wrong costs only time.
const DEALLOCATION_WITH_THE_LOG_SECONDS: i64 = 120;

/// How late a serial console log may show a start, in seconds.
const LOG_SECONDS: i64 = 30 * 60;

impl facts::Machine {
    /// For how long Azure has changed nothing of the machine, in seconds, by Azure's own clock. A start is a change; what a
    /// guest does by itself is none.
    pub(in super::super) fn unchanged_for(&self) -> Option<i64> {
        Some(self.read_at?.as_second() - self.changed_at?.as_second())
    }
}

impl Sealing<'_> {
    /// Whether Azure surely changed nothing of the machine since this attempt was asked for, so that it runs, or is off, since
    /// the guest said its word. Where Azure or our record is silent nothing is sure.
    pub(super) fn untouched_since_begun(&self, attempt: &Attempt<'_>) -> bool {
        let told = attempt.command.and_then(|command| command.started);
        let ours = [self.announced(StepName::Seal).or(told), self.announced(StepName::ForgetSeal)];
        ours.into_iter().flatten().max().is_some_and(|ours| self.untouched_since(ours, SETTLING_SECONDS))
    }

    /// Whether a start of the machine would show in its serial console log by now. Where Azure doesn't tell when it changed the
    /// machine, nothing better can be waited for.
    pub(super) fn start_would_show(&self) -> bool {
        self.machine.unchanged_for().is_none_or(|unchanged| unchanged >= LOG_SECONDS)
    }

    /// When a step was announced, by Azure's own clock: ours may jump, and that of another replica may differ.
    fn announced(&self, name: StepName) -> Option<Timestamp> {
        self.cx.history.step(name)?.azure_time.as_ref().map(|time| time.0)
    }

    /// Whether Azure surely changed nothing of the machine since our own last write of it: the mark, or the deallocation.
    pub(super) fn untouched_since_marked(&self) -> bool {
        self.untouched_since_ours(DEALLOCATION_SECONDS)
    }

    /// Whether the log shows a start by now, if there was one since our own last write.
    pub(super) fn log_is_up_to_date(&self) -> bool {
        self.untouched_since_ours(DEALLOCATION_WITH_THE_LOG_SECONDS) || self.start_would_show()
    }

    /// Whether the machine, which ran when it said that it is sealed, surely runs on since without a stop. A deallocation that
    /// Azure accepted and didn't complete may have stopped and started it: after that nothing is sure.
    pub(super) fn kept_running_since_marked(&self) -> bool {
        self.untouched_since_ours(0)
    }

    fn untouched_since_ours(&self, deallocation: i64) -> bool {
        // From when it was announced: whoever sees its end late doesn't know what came in between.
        let (last, settling) = if self.was_deallocated_since_marked() {
            (StepName::Deallocate, deallocation)
        } else {
            (StepName::MarkSealed, MARK_SECONDS)
        };
        self.announced(last).is_some_and(|ours| self.untouched_since(ours, settling))
    }

    /// Whether a deallocation was begun after this seal. One of an earlier seal counts no more.
    fn was_deallocated_since_marked(&self) -> bool {
        let times = self.announced(StepName::Deallocate).zip(self.announced(StepName::MarkSealed));
        self.cx.history.begun(StepName::Deallocate) && times.is_none_or(|(deallocated, marked)| deallocated >= marked)
    }

    fn untouched_since(&self, ours: Timestamp, settling: i64) -> bool {
        self.machine.changed_at.is_some_and(|changed| changed.as_second() - ours.as_second() <= settling)
    }
}
