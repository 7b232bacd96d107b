//! What Azure doesn't show: believed only when several passes in a row were told so, for one such answer proves nothing
//! where a service is eventually consistent.

use azimage_crds::{ConditionType, Reason};
use azimage_names::Region;

use super::{
    History, Read, Report, Requeue,
    report::{Decision, Outcome, ends},
    words::{NotShown, Words},
};
use crate::{Message, Progress, Truth};

/// How many passes must be told a thing before it is believed.
pub(super) const CONFIRMATIONS: u32 = 3;

/// What a pass was told and doesn't believe at once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Doubt {
    /// Something doesn't exist that the object needs, or had.
    Absent(Read),
    /// The version doesn't exist, be it that it wasn't made yet.
    NoVersion,
    /// A region isn't in the version that a target had asked for and gave up.
    NoRegion(Region),
}

impl History<'_> {
    /// How many passes in a row were told so, up to the last one.
    pub(super) fn times(&self, doubt: &Doubt) -> u32 {
        self.memory.doubts.get(doubt).copied().unwrap_or(0)
    }

    /// Whether it is certain enough.
    pub(super) fn believes(&self, doubt: &Doubt) -> bool {
        self.times(doubt) >= CONFIRMATIONS
    }

    /// Whether it is certain enough that it doesn't exist. What the status says already a new process needn't doubt again.
    pub(super) fn believes_absent(&self, what: &Read, condition: ConditionType, reason: Reason) -> bool {
        let says = |kind: ConditionType| self.condition(kind).is_some_and(|known| known.reason == reason.as_str());
        self.believes(&Doubt::Absent(what.clone())) || (says(ConditionType::Stalled) && says(condition))
    }

    /// The first step of all waits until the version is certain not to be there: else a machine would be claimed, or
    /// a version written, whose number is somebody else's.
    pub(super) fn confirm_absent_before_first_write(
        &self,
        outcome: Outcome,
        version: Read,
        report: &mut Report,
    ) -> Decision {
        let sure = !self.status.steps.is_empty() || self.times(&Doubt::NoVersion) + 1 >= CONFIRMATIONS;
        if sure || !matches!(outcome, Outcome::Ends(Some(_), _)) {
            return Ok(outcome);
        }
        report.confirming = Some(version);
        report.findings.retain(|_, finding| finding.truth == Truth::True);
        report.progress = Progress::reconciling(Words::MakingSure.reason(), Words::MakingSure.to_string());
        ends(None, Requeue::Poll)
    }
}

impl Report {
    /// This pass was told so.
    pub(super) fn doubts(&mut self, doubt: Doubt) {
        self.doubts.insert(doubt);
    }

    /// Something that doesn't exist, without which it can't go on: looked for again, and then a person is asked.
    pub(super) fn absent(
        &mut self,
        history: &History<'_>,
        (what, not_shown): (Read, &NotShown),
        message: &impl Message,
    ) -> Decision {
        let believed = history.believes_absent(&what, message.condition(), message.reason());
        self.doubts(Doubt::Absent(what));
        if believed {
            return self.stalled(message);
        }
        self.doubted(not_shown)
    }

    /// One answer said that it doesn't exist. Of what was found before nothing is taken back for that.
    pub(super) fn doubted(&mut self, not_shown: &NotShown) -> Decision {
        self.progress = Progress::retrying(not_shown.reason(), not_shown.to_string());
        ends(None, Requeue::Poll)
    }
}
