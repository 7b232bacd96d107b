//! What Azure says doesn't exist: believed only when several passes in a row were told so, for one such answer proves
//! nothing where a service is eventually consistent.

use azimage_crds::{ConditionType, Reason};

use super::{
    Memory, Read, Report, Wake,
    report::{Decision, Outcome, ends},
    words::{NotShown, Words},
};
use crate::{Message, Progress, Truth};

/// How many passes must find a thing gone before that is believed.
pub(super) const CONFIRMATIONS: i32 = 3;

impl Memory<'_> {
    /// How many passes in a row found it gone, up to the last one.
    pub(super) fn found_absent(&self, what: Read) -> i32 {
        self.process.absent.filter(|(read, _)| *read == what).map_or(0, |(_, times)| times)
    }

    /// Whether it is certain enough that it doesn't exist. What the status says already a new process needn't doubt again.
    pub(super) fn believes_absent(&self, what: Read, condition: ConditionType, reason: Reason) -> bool {
        let says = |kind: ConditionType| self.condition(kind).is_some_and(|known| known.reason == reason.as_str());
        self.found_absent(what) >= CONFIRMATIONS || (says(ConditionType::Stalled) && says(condition))
    }

    /// Whether it is certain enough that regions are gone which targets gave up.
    pub(super) fn believes_vanished(&self) -> bool {
        self.process.vanished >= CONFIRMATIONS
    }

    /// The first step of all waits until the version is certain not to be there: else a machine would be claimed, or
    /// a version written, whose number is somebody else's.
    pub(super) fn sure_before_the_first(&self, outcome: Outcome, report: &mut Report) -> Decision {
        let sure = !self.status.steps.is_empty() || self.process.unseen + 1 >= CONFIRMATIONS;
        if sure || !matches!(outcome, Outcome::Ends(Some(_), _)) {
            return Ok(outcome);
        }
        report.unsure = true;
        report.findings.retain(|_, finding| finding.truth == Truth::True);
        report.progress = Progress::reconciling(Words::MakingSure.reason(), Words::MakingSure.to_string());
        ends(None, Wake::Poll)
    }
}

impl Report {
    /// Something that doesn't exist, without which it can't go on: looked for again, and then a person is asked.
    pub(super) fn absent(
        &mut self,
        memory: &Memory<'_>,
        (what, not_shown): (Read, &NotShown),
        message: &impl Message,
    ) -> Decision {
        self.absent = Some(what);
        if memory.believes_absent(what, message.condition(), message.reason()) {
            return self.stalled(message);
        }
        self.doubted(not_shown)
    }

    /// One answer said that it doesn't exist. Of what was found before nothing is taken back for that.
    pub(super) fn doubted(&mut self, not_shown: &NotShown) -> Decision {
        self.progress = Progress::retrying(not_shown.reason(), not_shown.to_string());
        ends(None, Wake::Poll)
    }
}
