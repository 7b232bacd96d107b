//! The version is in each region that somebody asks for, as it is asked for.

pub(in super::super) mod compare;
pub(in super::super) mod in_use;
pub(in super::super) mod latest;
pub(in super::super) mod leaving;
pub(in super::super) mod regions;
mod repair;
pub(in super::super) mod unknown;
pub(in super::super) mod words;
mod write;

use std::collections::BTreeSet;

use azimage_crds::{RegionState, RegionStatus};
use azimage_names::Region;
use in_use::InUse;
use latest::Latest;
use leaving::Pauses;
use words::{Late, Stay, Then, Undone, Unheeded, Words};
use write::Write;

use super::super::{
    Doubt, History, Provisioning, Requeue, Step, StepKey, StepName, Validated,
    context::Cx,
    facts,
    refusals::{Refusals, TOLD},
    report::{Decision, Outcome, Report, Stop, ends},
    wish::{self, Change, Wish},
    words::Done,
};
use crate::{
    Failure, Message as _, Progress, Truth,
    condition::clip,
    merge::{Merged, merge},
    target::TargetView,
};

pub(in super::super) fn decide(cx: &Cx<'_>, report: &mut Report) -> Decision {
    let Some(version) = cx.version()? else { return Ok(Outcome::Done) };
    let view = View::of(cx, version, report)?;
    if version.provisioning.is_final() { view.settled(report) } else { view.updating(report) }
}

/// A version beside what is wanted of it.
pub(super) struct View<'a> {
    pub(super) cx: Cx<'a>,
    pub(super) version: &'a facts::Version,
    pub(super) merged: Merged,
    pub(super) shown: Vec<RegionStatus>,
    pub(super) refusals: Refusals,
    in_use: InUse,
    latest: Latest,
    write: Write,
}

impl<'a> View<'a> {
    pub(super) fn of(cx: &Cx<'a>, version: &'a facts::Version, report: &mut Report) -> Result<Self, Stop> {
        let history = cx.history;
        let mut refusals = write::current_refusals(cx, version);
        let latest = Latest::of(cx.validated, history.status, version, history.now);
        latest::tell(cx, version, report);
        unknown::noted(cx, &version.location, &regions::in_azure(version), &mut refusals)?;
        if refusals.wishes().next().is_some() && Write::has_nothing_left(cx, version, &latest) {
            // What Azure refused is so by now: it was written as nobody's wish, or by somebody else.
            refusals = refusals.of_living(|wish| wish.region().is_some());
        }
        let (mut merged, mut write) = Write::decide(cx, version, &refusals, &InUse::Nowhere, &latest);
        let mut in_use = InUse::Nowhere;
        if !merged.removed.is_empty() {
            in_use = InUse::of(cx)?;
            (merged, write) = Write::decide(cx, version, &refusals, &in_use, &latest);
        }
        for region in std::mem::take(&mut merged.vanished) {
            let doubt = Doubt::NoRegion(region.clone());
            // Azure may show the version as it was before the region was added: a target that is let go on such an answer
            // would leave its region behind for good.
            if history.believes(&doubt) { &mut merged.vanished } else { &mut merged.removed }.insert(region);
            report.doubts(doubt);
        }
        let mut shown = regions::report(&merged, Some(version), history.status, &refusals);
        for region in &mut shown {
            region.latest = Region::parse(&region.name).ok().and_then(|name| latest.state(&name));
        }
        report.regions = Some(shown.clone());
        report.refusals = Some(refusals.clone());
        Ok(View { cx: *cx, version, merged, shown, refusals, in_use, latest, write })
    }
}

/// Who wants which region now, and what stands there.
pub(in super::super) fn merged(
    validated: &Validated,
    history: &History<'_>,
    home: &Region,
    in_azure: &BTreeSet<Region>,
    refusals: &Refusals,
) -> Merged {
    let hold = |target: TargetView| TargetView { held: refusals.is_unknown(&Wish::of(&target)), ..target };
    merged_of(validated, history, home, in_azure, &InUse::Nowhere, hold).0
}

/// The same with wishes that are held back, and the targets as they count.
fn merged_of(
    validated: &Validated,
    history: &History<'_>,
    home: &Region,
    in_azure: &BTreeSet<Region>,
    in_use: &InUse,
    hold: impl Fn(TargetView) -> TargetView,
) -> (Merged, Vec<TargetView>) {
    let Pauses { targets, leaving } = Pauses::of(&validated.targets, history.status, in_azure, history.now);
    let targets: Vec<TargetView> = targets.into_iter().map(hold).collect();
    let remembered = regions::remembered(history.status);
    let merged = merge(home, validated.publish.default_replicas, &targets, &remembered, in_azure);
    let merged = in_use.keep(merged, &targets, &remembered);
    (Merged { leaving, ..merged }, targets)
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
        let then = self.then();
        report.wait(&match &self.version.provisioning {
            state @ (Provisioning::Migrating | Provisioning::Other(_)) => {
                Words::OtherState { state: state.clone(), late, then }
            }
            _ => self.waiting_for(late, then),
        })
    }

    /// Azure works on nothing: bring the version to what it should be, repair what failed, or be done.
    fn settled(&self, report: &mut Report) -> Decision {
        let failed: Vec<&RegionStatus> = self.wanted().filter(|region| region.state == RegionState::Failed).collect();
        report.reverted.clone_from(&self.write.reverted);
        if !self.write.asks.changes.is_empty() {
            return self.change(report);
        }
        report.finished_if(
            self.refusals.wishes().next().is_none() || self.cx.history.was_accepted(StepName::Update),
            StepName::Update,
        );
        let request = self.write.request.clone();
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
        if !self.write.reverted.is_empty() {
            return self.unheeded(report, false);
        }
        // Azure says Succeeded while regions are still copying: what the regions say counts.
        report.wait(&self.waiting_for(Late::No, Then::Nothing))
    }

    /// What is asked for next.
    fn then(&self) -> Then {
        let differences = self.differences();
        // Nobody can see whether a removal was asked for already.
        if differences.is_empty() || !self.merged.removed.is_empty() {
            Then::Nothing
        } else {
            Then::Changes { differences }
        }
    }

    fn differences(&self) -> String {
        let differences: Vec<&str> = self.write.asks.changes.iter().map(|change| change.what.as_str()).collect();
        differences.join(", ")
    }

    fn change(&self, report: &mut Report) -> Decision {
        let words = Words::Changing { differences: self.differences() };
        let step = Step::on_version(StepName::Update, self.write.request.clone());
        report.asks = self.write.asks.clone();
        if !self.write.is_again {
            return report.act(&words, step);
        }
        // What didn't last is written at the pace of repairs.
        report.found(Truth::Unknown, &words);
        report.progress = Progress::reconciling(words.reason(), words.to_string());
        ends(Some(step), Requeue::Retry)
    }

    fn complete(&self, report: &mut Report) -> Decision {
        report.finished_if(true, StepName::Repair);
        let count = self.wanted().count();
        let done = if count == 1 { Done::Region } else { Done::Regions { count } };
        report.done(&done);
        if self.refusals.wishes().next().is_some() || !self.write.reverted.is_empty() {
            self.unheeded(report, true)?;
            let Some((request, asks)) = self.write.retry.clone() else { return ends(None, Requeue::Resync) };
            // What is told stays as it is while it is asked for again.
            report.asks = asks;
            return ends(Some(Step::on_version(StepName::Update, request)), Requeue::Poll);
        }
        let version = self.cx.validated.id.version();
        let stay = self.stay();
        let message = Done::Published { version, regions: done.to_string(), stay }.to_string();
        report.progress = Progress::Settled { message };
        // A soak that is over by our own clock, and not by Azure's.
        let overdue =
            report.latest.as_ref().and_then(|latest| latest.soaks_until).is_some_and(|end| end <= self.cx.history.now);
        let waits = overdue || matches!(self.in_use, InUse::Unknown(_)) && !self.merged.in_use.is_empty();
        ends(None, if waits { Requeue::Retry } else { Requeue::Resync })
    }

    /// All is done that Azure heeds. What it refuses of targets is told, and asked for again; else a person has to act.
    fn unheeded(&self, report: &mut Report, complete: bool) -> Decision {
        let of_target = self.refusals.wishes().find(|wish| wish.region().is_some());
        if let Some(first) = of_target {
            let why = clip(self.refusals.why(first).unwrap_or_default(), TOLD);
            let unknown = self.refusals.is_unknown(first);
            let regions =
                wish::listed(self.refused_targets().filter(|it| self.refusals.is_unknown(&Wish::of(it)) == unknown));
            let refused = if unknown { Unheeded::Unknown { regions, why } } else { Unheeded::Refused { regions, why } };
            report.found(Truth::False, &refused);
            report.progress = Progress::retrying(refused.reason(), refused.to_string());
        }
        let own = self.refusals.wishes().find(|wish| wish.region().is_none());
        if let Some(why) = own.and_then(|own| self.refusals.why(own)) {
            report.progress = Failure::Refused(why.to_owned()).progress_of(StepName::Update);
        } else if !self.write.reverted.is_empty() {
            let reverted = Unheeded::Reverted { changes: undone(&self.write.reverted) };
            report.progress = Progress::stalled(reverted.reason(), reverted.to_string());
            if !complete {
                report.found(Truth::Unknown, &self.waiting_for(Late::No, Then::Nothing));
            }
        }
        ends(None, Requeue::Resync)
    }

    /// The targets of which Azure refuses what they ask for.
    fn refused_targets(&self) -> impl Iterator<Item = &TargetView> {
        let targets = self.cx.validated.targets.iter();
        targets.filter(|target| target.wants && self.refusals.has(&Wish::of(target)))
    }

    /// What is taken away next, as no target selects the version any more.
    fn stay(&self) -> Stay {
        if let Some((region, users)) = self.merged.in_use.first_key_value() {
            let region = region.clone();
            return match &self.in_use {
                InUse::Unknown(failure) => Stay::UseUnknown { region, why: clip(failure.words(), TOLD) },
                InUse::By(_) | InUse::Nowhere => Stay::InUse { region, users: users.join(", ") },
            };
        }
        let all = self.merged.leaving.iter().flat_map(|(region, leaving)| leaving.iter().map(move |it| (region, it)));
        let next = all.filter(|(_, leaving)| leaving.after.0 > self.cx.history.now).min_by_key(|(_, it)| it.after.0);
        next.map_or(Stay::Nothing, |(region, leaving)| Stay::Until {
            region: region.clone(),
            target: leaving.target.clone(),
            after: leaving.after.0,
        })
    }

    fn wanted(&self) -> impl Iterator<Item = &RegionStatus> {
        let given_up = |region: &RegionStatus| matches!(region.state, RegionState::Removing | RegionState::Refused);
        self.shown.iter().filter(move |region| !region.requested_by.is_empty() && !given_up(region))
    }

    fn waiting_for(&self, late: Late, then: Then) -> Words {
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
            (true, true) => Words::Updating { late, then },
            (true, false) => Words::Removing { removed, late, then },
            (false, true) => Words::Completing { open: names, late, then },
            (false, false) => Words::CompletingAndRemoving { open: names, removed, late, then },
        }
    }

    pub(super) fn state(&self, region: &Region) -> Option<RegionState> {
        self.shown(region).map(|shown| shown.state)
    }

    pub(super) fn shown(&self, region: &Region) -> Option<&RegionStatus> {
        self.shown.iter().find(|shown| shown.name == region.as_str())
    }

    pub(super) fn late(&self, step: StepName) -> Late {
        let late = self.cx.history.step(step).is_some_and(|begun| {
            self.cx.history.now.as_second() - begun.started_at.0.as_second() > step.expected_seconds()
        });
        if late { Late::Yes } else { Late::No }
    }
}

fn undone(changes: &[Change]) -> String {
    let words = changes.iter().map(|change| {
        let Change { what, is, wanted, opposite: _ } = change.clone();
        Undone::Change { what, is, wanted }.to_string()
    });
    words.collect::<Vec<_>>().join(", ")
}
