//! The next thing to be done for an object: something to be read, or what the pass comes to. One walk decides both, so a
//! pass reads what it needs and no more, and reading ends when every stage can tell. Total: every combination of inputs
//! yields one or the other.

use std::collections::BTreeSet;

use azimage_crds::{ConditionType, Reason, RegionStatus, SourceStatus};
use azimage_names::Region;

use super::{
    DOMAIN, Memory, Observed, Read, Reading, Step, StepName, Validated, VersionObserved,
    context::Cx,
    report::{Decision, Outcome, Plan, Report, Stop, Wake, ends},
    route::{self, Stage},
    stage::{publish, replicate::regions},
    words::{Done, Words},
};
use crate::merge::merge;

/// What is to be done next.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// This has to be read first; then ask again.
    Read(Read),
    /// What the pass comes to.
    Plan(Box<Plan>),
}

/// Decides what is to be done next.
pub fn next(validated: &Validated, memory: &Memory<'_>, observed: &Observed) -> Next {
    let cx = Cx { validated, memory, observed };
    let mut report = Report::default();
    let (step, wake) = match decide(&cx, &mut report) {
        Ok(Outcome::Ends(step, wake)) => (step, wake),
        // The last stage of each route ends the pass.
        Ok(Outcome::Done) => (None, Wake::Resync),
        Err(Stop::Read(read)) => return Next::Read(read),
        Err(Stop::Failed(failure, doing)) => {
            report.progress = failure.progress(doing);
            (None, failure.wake())
        }
    };
    report.accepted = memory.process.accepted;
    if report.regions.is_none() && !validated.deleting {
        report.regions = Some(carried(&cx));
    }
    // What this process has just done may not show yet: doing it again would be a second request for nothing.
    let (step, wake) = match step {
        Some(step) if memory.too_soon(step.name, grace_seconds(&step, observed)) => (None, Wake::Poll),
        step => (step, wake),
    };
    Next::Plan(Box::new(Plan { step, report, wake }))
}

fn grace_seconds(step: &Step, observed: &Observed) -> i64 {
    match (step.name, &observed.version) {
        // Only a version that doesn't exist yet is slow to show.
        (StepName::Publish, Reading::Found(_)) => StepName::Update.grace_seconds(),
        (name, _) => name.grace_seconds(),
    }
}

fn decide(cx: &Cx<'_>, report: &mut Report) -> Decision {
    let validated = cx.validated;
    if validated.deleting {
        return walk(&route::DELETE, cx, report);
    }
    if validated.suspended {
        return ends(None, Wake::Never);
    }
    let route = route::of(&validated.source);
    if let Some(version) = cx.version()? {
        if let end @ Outcome::Ends(..) = publish::is_what_was_asked_for(cx, version, report)? {
            return Ok(end);
        }
        let (behind, ahead) = route::split_where_it_is_made(route);
        passed(behind, version, cx, report);
        return walk(ahead, cx, report);
    }
    if cx.memory.may_show_late() {
        return report.wait(&Words::NotShownYet);
    }
    if cx.memory.was_published() {
        return publish::is_gone(cx, report);
    }
    let outcome = walk(route, cx, report)?;
    cx.memory.sure_before_the_first(outcome, report)
}

/// The version exists, so all that comes before it was done. What was seen at the time tells more than what follows from
/// that, so it stays.
fn passed(behind: &[&Stage], version: &VersionObserved, cx: &Cx<'_>, report: &mut Report) {
    // A reason of another release isn't carried over, so its condition has to be found anew.
    let seen = |kind: ConditionType| {
        let known = cx.memory.condition(kind);
        known.is_some_and(|known| known.status == "True" && known.reason.parse::<Reason>().is_ok())
    };
    for kind in DOMAIN.into_iter().take_while(|kind| *kind != ConditionType::Published).filter(|kind| !seen(*kind)) {
        if behind.iter().any(|stage| stage.condition == kind) {
            report.done_on(kind, &Done::MadeFromIt);
        } else {
            report.not_needed(kind);
        }
    }
    report.finished.extend(behind.iter().flat_map(|stage| stage.steps));
    report.source = Some(SourceStatus { location: Some(version.location.to_string()), ..SourceStatus::default() });
}

/// Looks at one stage after the other, up to the first that isn't done.
fn walk(route: &[&Stage], cx: &Cx<'_>, report: &mut Report) -> Decision {
    for stage in route {
        report.stage = Some(stage.name);
        match (stage.decide)(cx, report)? {
            Outcome::Done => {}
            end @ Outcome::Ends(..) => return Ok(end),
        }
    }
    Ok(Outcome::Done)
}

/// The regions while the version wasn't read: those that stand in the status, and those that are wanted.
fn carried(cx: &Cx<'_>) -> Vec<RegionStatus> {
    let (validated, memory) = (cx.validated, cx.memory);
    let remembered = regions::remembered(memory.status);
    // Of a version that never was, Azure has no regions: a target that goes is let go at once.
    let published = memory.was_published();
    let known: BTreeSet<Region> = remembered.keys().filter(|_| published).cloned().collect();
    let home = memory.status.source.as_ref().and_then(|source| source.location.as_ref());
    let Some(home) = home.and_then(|home| Region::parse(home).ok()) else {
        return memory.status.regions.clone();
    };
    let merged = merge(&home, validated.publish.default_replicas, &validated.targets, &remembered, &known);
    if published { regions::carry(&merged, memory.status) } else { regions::report(&merged, None, memory.status) }
}
