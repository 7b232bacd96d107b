//! What to do for a version of which Azure failed to make something: its creation, or some regions.
//!
//! An attempt counts once it is carried out, or once its intent is recorded if that was by another process: it may have been
//! carried out. After the intent is recorded the plan is made again and must come out the same.

use azimage_crds::{RegionStatus, StepFailure};
use azimage_names::Region;

use super::{
    super::super::{
        Step, StepName, VersionRequest,
        report::{Decision, Report, Stop},
        words::Detail,
    },
    super::clone::attempt::is_copy_gone,
    View, compare,
    in_use::InUse,
    words::Failed,
};
use crate::failure::late::is_incurable;

/// How often Azure is asked to create a version whose creation failed, or to repair regions, before a person is.
const MOST_ATTEMPTS: i32 = 3;

impl View<'_> {
    /// The home region was never complete: the same request again.
    pub(in super::super) fn create_again(&self, report: &mut Report) -> Decision {
        let failure = self.cx.why_failed(StepName::Publish, report)?;
        let incurable = failure.as_ref().is_some_and(is_incurable);
        let detail = Detail::of(failure, self.shown(&self.version.location));
        if is_copy_gone(&self.cx) {
            return report.stalled(&Failed::CreationWithoutCopy { detail });
        }
        if incurable && !self.cx.validated.requested {
            return report.stalled(&Failed::CreationForGood { detail });
        }
        if self.exhausted(StepName::Publish) {
            let attempts = self.cx.history.attempts(StepName::Publish);
            return report.stalled(&Failed::Creation { detail, attempts });
        }
        let request = compare::creation_again(self.cx.validated, self.version, &self.merged, self.cx.history.now);
        report.act_again(&Failed::CreatedAgain { detail }, Step::on_version(StepName::Publish, request))
    }

    /// First the same request again; then without the region, if it never was complete, after which it is added back as any region that is
    /// missing (the order that Azure's own error text advises, azure-cli issue 15539).
    pub(super) fn repair(
        &self,
        report: &mut Report,
        first: &RegionStatus,
        failed: &[&RegionStatus],
        again: VersionRequest,
    ) -> Decision {
        let names: Vec<&str> = failed.iter().map(|region| region.name.as_str()).collect();
        let failure = self.why_written_badly(report)?;
        let incurable = failure.as_ref().is_some_and(is_incurable);
        let regions = names.join(", ");
        // What Azure says of the region is more than what it says of all of them.
        let detail = Detail::of(failure.filter(|_| first.detail.is_none() || incurable), Some(first));
        if incurable && !self.cx.validated.requested {
            return report.stalled(&Failed::RegionsForGood { regions, detail });
        }
        if self.exhausted(StepName::Repair) {
            let attempts = self.cx.history.attempts(StepName::Repair);
            return report.stalled(&Failed::Regions { regions, detail, attempts });
        }
        // A region that was complete before has replicas that machines are made from: only a person takes these away.
        let removable = failed
            .iter()
            .filter(|region| region.ready_replicas.is_none())
            .filter_map(|region| Region::parse(&region.name).ok())
            .find(|region| *region != self.version.location)
            .filter(|_| self.by_removal());
        let request = match removable {
            Some(region) if InUse::of(&self.cx)?.lets_go_of(&region) => {
                let (cx, without) = (self.cx, Some(&region));
                compare::update(cx.validated, self.version, &self.merged, without, &self.latest, cx.history.now)
            }
            _ => again,
        };
        report.act_again(&Failed::Repaired { regions, detail }, Step::on_version(StepName::Repair, request))
    }

    /// No region failed, yet the version is Failed: the same request again sets it right.
    pub(super) fn write_again(&self, report: &mut Report, request: VersionRequest) -> Decision {
        let failure = self.why_written_badly(report)?;
        let incurable = failure.as_ref().is_some_and(is_incurable);
        let detail = Detail::of(failure, None);
        if incurable && !self.cx.validated.requested {
            return report.stalled(&Failed::VersionForGood { detail });
        }
        if self.exhausted(StepName::Repair) {
            let attempts = self.cx.history.attempts(StepName::Repair);
            return report.stalled(&Failed::Version { detail, attempts });
        }
        report.act_again(&Failed::WrittenAgain { detail }, Step::on_version(StepName::Repair, request))
    }

    /// Why the last write of a version that exists failed, if Azure says so.
    fn why_written_badly(&self, report: &mut Report) -> Result<Option<StepFailure>, Stop> {
        let begun = |step: &StepName| self.cx.history.step(*step).map(|record| record.started_at.0);
        let last = [StepName::Update, StepName::Repair].into_iter().max_by_key(begun);
        last.map_or(Ok(None), |step| self.cx.why_failed(step, report))
    }

    /// Whether the attempt on record is one that takes the region away: every second one.
    fn by_removal(&self) -> bool {
        let attempts = self.recorded(StepName::Repair);
        attempts > 0 && attempts % 2 == 0
    }

    /// The attempts of a step on record, none once its effect was seen.
    fn recorded(&self, step: StepName) -> i32 {
        self.cx.history.step(step).filter(|_| self.cx.history.unfinished(step)).map_or(0, |record| record.attempts)
    }

    /// Whether only a person's word allows another attempt.
    fn exhausted(&self, step: StepName) -> bool {
        self.cx.history.attempts(step) >= MOST_ATTEMPTS && !self.cx.validated.requested
    }
}
