//! The version is in each region that somebody asks for, as it is asked for.

pub(in super::super) mod compare;
pub(in super::super) mod leaving;
pub(in super::super) mod regions;
mod repair;
pub(in super::super) mod words;

use std::collections::BTreeSet;

use azimage_crds::{RegionState, RegionStatus};
use azimage_names::Region;
use leaving::Pauses;
use words::{Detail, Difference, Late, Stay, Words};

use super::super::{
    Doubt, History, Provisioning, Requeue, Step, StepKey, StepName, Validated, VersionRequest,
    context::Cx,
    facts,
    report::{Decision, Outcome, Report, ends},
    words::Done,
};
use crate::{
    Progress,
    merge::{Merged, merge},
};

pub(in super::super) fn decide(cx: &Cx<'_>, report: &mut Report) -> Decision {
    let Some(version) = cx.version()? else { return Ok(Outcome::Done) };
    let view = View::of(cx, version, report);
    if version.provisioning.is_final() { view.settled(report) } else { view.updating(report) }
}

/// A version beside what is wanted of it.
pub(super) struct View<'a> {
    pub(super) cx: Cx<'a>,
    pub(super) version: &'a facts::Version,
    pub(super) merged: Merged,
    pub(super) shown: Vec<RegionStatus>,
}

impl<'a> View<'a> {
    pub(super) fn of(cx: &Cx<'a>, version: &'a facts::Version, report: &mut Report) -> Self {
        let (validated, history) = (cx.validated, cx.history);
        let in_azure = regions::in_azure(version);
        let mut merged = merged(validated, history, &version.location, &in_azure);
        for region in std::mem::take(&mut merged.vanished) {
            let doubt = Doubt::NoRegion(region.clone());
            // Azure may show the version as it was before the region was added: a target that is let go on such an answer
            // would leave its region behind for good.
            if history.believes(&doubt) { &mut merged.vanished } else { &mut merged.removed }.insert(region);
            report.doubts(doubt);
        }
        let shown = regions::report(&merged, Some(version), history.status);
        report.regions = Some(shown.clone());
        View { cx: *cx, version, merged, shown }
    }
}

/// Who wants which region now, and what stands there.
pub(in super::super) fn merged(
    validated: &Validated,
    history: &History<'_>,
    home: &Region,
    in_azure: &BTreeSet<Region>,
) -> Merged {
    let Pauses { targets, leaving } = Pauses::of(&validated.targets, history.status, in_azure, history.now);
    let remembered = regions::remembered(history.status);
    let merged = merge(home, validated.publish.default_replicas, &targets, &remembered, in_azure);
    Merged { leaving, ..merged }
}

impl View<'_> {
    fn updating(&self, report: &mut Report) -> Decision {
        let begun = |step: &StepName| self.cx.history.step(*step).map(|record| record.started_at.0);
        let step = [StepName::Repair, StepName::Update]
            .into_iter()
            .filter(|step| self.cx.history.unfinished(*step))
            .max_by_key(begun);
        report.running = step.map(StepKey::from);
        let late = step.map_or(Late::No, |step| self.late(step));
        report.wait(&match &self.version.provisioning {
            state @ (Provisioning::Migrating | Provisioning::Other(_)) => {
                Words::OtherState { state: state.clone(), late }
            }
            _ => self.waiting_for(late),
        })
    }

    /// Azure works on nothing: bring the version to what it should be, repair what failed, or be done.
    fn settled(&self, report: &mut Report) -> Decision {
        let failed: Vec<&RegionStatus> = self.wanted().filter(|region| region.state == RegionState::Failed).collect();
        let request = compare::update(self.cx.validated, self.version, &self.merged, None);
        let first = compare::removal(self.version, &request).unwrap_or_else(|| request.clone());
        let differences = compare::differences(self.version, &first);
        if !differences.is_empty() {
            return change(report, first, &differences);
        }
        report.finished_if(true, StepName::Update);
        if let Some(first) = failed.first() {
            return self.repair(report, first, &failed, request);
        }
        if self.version.provisioning.has_failed() {
            return self.write_again(report, request);
        }
        let gone = |region: &RegionStatus| region.state != RegionState::Removing;
        let complete =
            self.wanted().all(|region| region.state == RegionState::Completed) && self.shown.iter().all(gone);
        if complete {
            return self.complete(report);
        }
        // Azure says Succeeded while regions are still copying: what the regions say counts.
        report.wait(&self.waiting_for(Late::No))
    }

    fn complete(&self, report: &mut Report) -> Decision {
        report.finished_if(true, StepName::Repair);
        let count = self.wanted().count();
        let done = if count == 1 { Done::Region } else { Done::Regions { count } };
        report.done(&done);
        let version = self.cx.validated.id.version();
        let stay = self.stay();
        let message = Done::Published { version, regions: done.to_string(), stay }.to_string();
        report.progress = Progress::Settled { message };
        ends(None, Requeue::Resync)
    }

    /// What is taken away next, as no target selects the version any more.
    fn stay(&self) -> Stay {
        let all = self.merged.leaving.iter().flat_map(|(region, leaving)| leaving.iter().map(move |it| (region, it)));
        let next = all.filter(|(_, leaving)| leaving.after.0 > self.cx.history.now).min_by_key(|(_, it)| it.after.0);
        next.map_or(Stay::Nothing, |(region, leaving)| Stay::Until {
            region: region.clone(),
            target: leaving.target.clone(),
            after: leaving.after.0,
        })
    }

    fn wanted(&self) -> impl Iterator<Item = &RegionStatus> {
        self.shown.iter().filter(|region| !region.requested_by.is_empty() && region.state != RegionState::Removing)
    }

    fn waiting_for(&self, late: Late) -> Words {
        let removing: Vec<&str> = self
            .shown
            .iter()
            .filter(|region| region.state == RegionState::Removing)
            .map(|region| region.name.as_str())
            .collect();
        let open: Vec<&str> = self
            .wanted()
            .filter(|region| region.state != RegionState::Completed)
            .map(|region| region.name.as_str())
            .collect();
        let (names, removed) = (open.join(", "), removing.join(", "));
        match (open.is_empty(), removing.is_empty()) {
            (true, true) => Words::Updating { late },
            (true, false) => Words::Removing { removed, late },
            (false, true) => Words::Completing { open: names, late },
            (false, false) => Words::CompletingAndRemoving { open: names, removed, late },
        }
    }

    pub(super) fn state(&self, region: &Region) -> Option<RegionState> {
        self.shown.iter().find(|shown| shown.name == region.as_str()).map(|shown| shown.state)
    }

    pub(super) fn detail(&self, region: &Region) -> Detail {
        self.shown.iter().find(|shown| shown.name == region.as_str()).map_or(Detail::None, Detail::of)
    }

    pub(super) fn late(&self, step: StepName) -> Late {
        let late = self.cx.history.step(step).is_some_and(|begun| {
            self.cx.history.now.as_second() - begun.started_at.0.as_second() > step.expected_seconds()
        });
        if late { Late::Yes } else { Late::No }
    }
}

fn change(report: &mut Report, request: VersionRequest, differences: &[Difference]) -> Decision {
    let differences = differences.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    report.act(&Words::Changing { differences }, Step::on_version(StepName::Update, request))
}

impl Detail {
    fn of(region: &RegionStatus) -> Self {
        region.detail.clone().map_or(Self::None, |words| Self::Said { words })
    }
}
