//! What to do for a version of which Azure failed to make something: its creation, or some regions.
//!
//! An attempt counts once its intent is recorded, which is before it is carried out, and also if the process ended in
//! between; the plan is then made again and must come out the same. So as many attempts as are allowed may stand on
//! record and the last of them still be open, and only one more than that says that all were carried out.

use azimage_crds::RegionStatus;
use azimage_names::Region;

use super::{
    super::super::{
        Step, StepName, VersionRequest,
        report::{Decision, Report},
    },
    View, compare,
    words::{Detail, Failed},
};

/// How often Azure is asked to create a version whose creation failed, or to repair regions, before a person is.
pub(super) const MOST_ATTEMPTS: i32 = 3;

impl View<'_> {
    /// The home region was never complete: the same request again.
    pub(in super::super) fn create_again(&self, report: &mut Report) -> Decision {
        let detail = self.detail(&self.version.location);
        if self.exhausted(StepName::Publish) {
            return report.stalled(&Failed::Creation { detail });
        }
        let request = compare::creation_again(self.cx.validated, self.version, &self.merged);
        report.act_again(&Failed::CreatedAgain { detail }, Step::on_version(StepName::Publish, request))
    }

    /// First the same request again; then without the region, after which it is added back as any region that is
    /// missing (the order that Azure's own error text advises, azure-cli issue 15539).
    pub(super) fn repair(
        &self,
        report: &mut Report,
        first: &RegionStatus,
        failed: &[&RegionStatus],
        again: VersionRequest,
    ) -> Decision {
        let names: Vec<&str> = failed.iter().map(|region| region.name.as_str()).collect();
        let (regions, detail) = (names.join(", "), Detail::of(first));
        if self.exhausted(StepName::Repair) {
            return report.stalled(&Failed::Regions { regions, detail });
        }
        let removable = failed
            .iter()
            .filter_map(|region| Region::parse(&region.name).ok())
            .find(|region| *region != self.version.location);
        let request = match removable {
            Some(region) if self.by_removal() => {
                compare::update(self.cx.validated, self.version, &self.merged, Some(&region))
            }
            _ => again,
        };
        report.act_again(&Failed::Repaired { regions, detail }, Step::on_version(StepName::Repair, request))
    }

    /// No region failed, yet the version is Failed: the same request again sets it right.
    pub(super) fn write_again(&self, report: &mut Report, request: VersionRequest) -> Decision {
        if self.exhausted(StepName::Repair) {
            return report.stalled(&Failed::Version);
        }
        report.act_again(&Failed::WrittenAgain, Step::on_version(StepName::Repair, request))
    }

    /// Whether the attempt on record is one that takes the region away: every second one.
    fn by_removal(&self) -> bool {
        let attempts = self.attempts(StepName::Repair);
        attempts > 0 && attempts % 2 == 0
    }

    /// The attempts of a step on record, none once its effect was seen.
    fn attempts(&self, step: StepName) -> i32 {
        self.cx.history.step(step).filter(|_| self.cx.history.unfinished(step)).map_or(0, |record| record.attempts)
    }

    /// Whether only a person's word allows another attempt.
    fn exhausted(&self, step: StepName) -> bool {
        self.attempts(step) > MOST_ATTEMPTS && !self.cx.validated.requested
    }
}
