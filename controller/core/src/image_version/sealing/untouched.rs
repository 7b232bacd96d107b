//! Whether anybody started the machine since our own last write, where its console can't tell.

use super::{
    super::{StepName, VirtualMachineObserved},
    Attempt, Sealing,
};

/// How long after it was asked for a write of ours may show as the machine's last change, in seconds.
const SETTLING_SECONDS: i64 = 180;

/// The same for a deallocation whose end wasn't seen.
const DEALLOCATION_SECONDS: i64 = 20 * 60;

impl VirtualMachineObserved {
    /// For how long Azure has changed nothing of the machine, in seconds, by Azure's own clock. A start is a change; what a
    /// guest does by itself is none.
    fn unchanged_for(&self) -> Option<i64> {
        Some(self.read_at?.as_second() - self.changed_at?.as_second())
    }
}

impl Sealing<'_> {
    /// Whether Azure surely changed nothing of the machine since this attempt was asked for, so that it runs, or is off, since
    /// the guest said its word. Where Azure or our record is silent nothing is sure.
    pub(super) fn untouched_since_begun(&self, attempt: &Attempt<'_>) -> bool {
        self.untouched_for(i64::try_from(attempt.elapsed()).unwrap_or(i64::MAX), SETTLING_SECONDS)
    }

    /// Whether Azure surely changed nothing of the machine since our own last write of it: the mark, or the deallocation.
    pub(super) fn untouched_since_marked(&self) -> bool {
        let ago = |at: jiff::Timestamp| self.memory.now.as_second() - at.as_second();
        if let Some(deallocation) = self.memory.step(StepName::Deallocate) {
            return match &deallocation.finished_at {
                Some(finished) => self.untouched_for(ago(finished.0), SETTLING_SECONDS),
                None => self.untouched_for(ago(deallocation.started_at.0), DEALLOCATION_SECONDS),
            };
        }
        let marked = self.memory.step(StepName::MarkSealed).map(|step| step.started_at.0);
        marked.is_some_and(|marked| self.untouched_for(ago(marked), SETTLING_SECONDS))
    }

    fn untouched_for(&self, seconds: i64, settling: i64) -> bool {
        self.machine.unchanged_for().is_some_and(|unchanged| unchanged.saturating_add(settling) >= seconds)
    }
}
