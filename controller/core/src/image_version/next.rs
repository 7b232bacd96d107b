//! The next thing to be done for an object: something to be read, or what the pass comes to. One walk decides both, so a
//! pass reads what it needs and no more, and reading ends when every stage can tell. Total: every combination of inputs
//! yields one or the other.

use std::collections::BTreeSet;

use azimage_crds::{ConditionType, Reason, RegionState, RegionStatus, SourceStatus};
use azimage_names::Region;

use super::{
    DOMAIN, Doubt, Facts, History, Read, Reading, Step, StepKey, StepName, Validated,
    context::Cx,
    facts,
    history::recorded,
    line, namespace,
    refusals::Refusals,
    report::{Decision, Outcome, Plan, Report, Requeue, Stop, ends},
    route::{self, Stage},
    stage::{
        clean,
        clone::attempt,
        delete, delete_source, keep, publish,
        replicate::{self, latest, regions, unknown},
        validate,
    },
    words::{Done, Words},
};
use crate::{Message as _, Progress, target::TargetView};

/// What is to be done next.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// This has to be read first, also if it was read before; then ask again.
    Read(Read),
    /// What the pass comes to.
    Plan(Box<Plan>),
}

/// Decides what is to be done next.
pub fn next(validated: &Validated, history: &History<'_>, facts: &Facts) -> Next {
    let cx = Cx { validated, history, facts };
    let mut report = Report { validates: Some(validated.validation.is_some()), ..Report::default() };
    let decision = decide(&cx, &mut report).and_then(|outcome| namespace::heeded(outcome, &cx, &mut report));
    let (step, requeue) = match decision {
        Ok(Outcome::Ends(step, requeue)) => (step, requeue),
        // The last stage of each route ends the pass.
        Ok(Outcome::Done) => (None, Requeue::Resync),
        Err(Stop::Read(read)) => return Next::Read(read),
        Err(Stop::Failed(failure, doing)) => {
            report.progress = failure.progress(doing);
            (None, failure.requeue())
        }
    };
    if requeue == Requeue::Release {
        let partings = [delete::stays_latest(&cx), keep::parting(&cx), delete_source::parting(&cx)];
        let partings: Vec<String> = partings.into_iter().flatten().collect();
        report.parting = (!partings.is_empty()).then(|| partings.join(". "));
    }
    line::tell(&cx, &mut report);
    report.accepted = history.memory.accepted_at(StepName::Publish);
    if matches!(facts.versions.get(&validated.id), Some(Reading::Missing(_))) {
        report.doubts(Doubt::NoVersion);
    }
    if report.regions.is_none() && !validated.deleting {
        match carried(&cx, requeue, &mut report) {
            Ok(regions) => report.regions = Some(regions),
            Err(read) => return Next::Read(read),
        }
    }
    // However many targets there are, a status has to hold what is said.
    report.regions = report.regions.map(regions::bounded);
    // What this process has just done may not show yet: doing it again would be a second request for nothing. Of an operation
    // that is known to have failed nothing is waited for.
    let has_failed = |key: &StepKey| {
        let told = recorded(history.status, key).is_some_and(|record| record.failure.is_some());
        told || report.failures.contains_key(key)
    };
    let (step, requeue) = match step {
        Some(step) if history.too_soon(&step.key(), grace_seconds(&step, &cx)) && !has_failed(&step.key()) => {
            (None, Requeue::Poll)
        }
        step => (step, requeue),
    };
    if let Some(id) = step.as_ref().and_then(Step::makes) {
        report.expiries.extend(step.as_ref().and_then(Step::expiry).map(|expiry| (id.clone(), Some(expiry))));
        report.temporary.insert(id);
    }
    let plan = Plan { step, report, requeue };
    match to_be_read_again(&plan, &cx) {
        Some(read) => Next::Read(read),
        None => Next::Plan(Box::new(plan)),
    }
}

/// What a plan can't rest on as it was read.
fn to_be_read_again(plan: &Plan, cx: &Cx<'_>) -> Option<Read> {
    let id = &cx.validated.id;
    // Nothing is written because of a list, which may be a period old.
    if cx.facts.versions.get(id).is_none() && cx.facts.still_at_rest(id).is_some() && !plan.rests() {
        return Some(Read::Version(id.clone()));
    }
    // Where an earlier pass had to stop midway, nothing is changed on what it saw, but what it saw beside may count.
    let step = plan.step.as_ref()?;
    step.changes().into_iter().chain(namespace::read_for(step, cx)).find(|read| !cx.facts.is_fresh(read))
}

fn grace_seconds(step: &Step, cx: &Cx<'_>) -> i64 {
    match (step.name, cx.facts.versions.found(&cx.validated.id)) {
        // Only a version that doesn't exist yet is slow to show.
        (StepName::Publish, Some(_)) => StepName::Update.grace_seconds(),
        (name, _) => name.grace_seconds(),
    }
}

fn decide(cx: &Cx<'_>, report: &mut Report) -> Decision {
    let validated = cx.validated;
    if validated.deleting {
        report.leaves = true;
        return walk(&route::DELETE, cx, report);
    }
    if validated.suspended {
        report.progress = suspended(cx);
        return ends(None, Requeue::Never);
    }
    let outcome = alive(cx, report)?;
    keep::expire(cx, outcome, report)
}

/// Of an object that is worked on.
fn alive(cx: &Cx<'_>, report: &mut Report) -> Decision {
    let validated = cx.validated;
    let route = route::of(&validated.source);
    if let Some(version) = cx.version()? {
        let is_being_made = !version.provisioning.is_final();
        if let end @ Outcome::Ends(..) = publish::is_what_was_asked_for(cx, version, report)? {
            let outcome = attempt::without_a_version(cx, end, is_being_made, report)?;
            return validate::beside(validate::clear, cx, outcome, report);
        }
        let (behind, ahead) = route::split_where_it_is_made(route);
        passed(behind, version, cx, report);
        clean::recall::of_a_version(cx, version, report)?;
        let outcome = walk(ahead, cx, report)?;
        let outcome = attempt::without_a_version(cx, outcome, is_being_made, report)?;
        let outcome = clean::tell(cx, outcome, report);
        let decide = if latest::is_proven(cx, version) { latest::restore } else { route::VALIDATE.decide };
        let outcome = validate::beside(decide, cx, outcome, report)?;
        return Ok(delete_source::tell(cx, outcome, report));
    }
    if cx.history.visibility_lag() {
        return report.wait(&Words::NotShownYet);
    }
    if cx.history.was_published() {
        let outcome = publish::is_gone(cx, report)?;
        let outcome = attempt::without_a_version(cx, outcome, false, report)?;
        return validate::beside(validate::clear, cx, outcome, report);
    }
    if let Some(over) = attempt::is_over(cx, report) {
        return over;
    }
    let outcome = walk(route, cx, report)?;
    let outcome = attempt::tell_of_the_kept(cx, outcome, report);
    cx.history.confirm_absent_before_first_write(outcome, Read::Version(validated.id.clone()), report)
}

/// Of a suspended object what was so stays so, unless it was asked for something else since.
fn suspended(cx: &Cx<'_>) -> Progress {
    let (validated, status) = (cx.validated, cx.history.status);
    let ready = cx.history.condition(ConditionType::Ready);
    let was_so = ready.is_some_and(|ready| {
        let before = ready.reason != Reason::Suspended.as_str();
        let seen = status.observed_generation;
        // The change that suspended it is one.
        let as_seen = seen == validated.generation || before && seen.map(|seen| seen + 1) == validated.generation;
        ready.status == "True" && as_seen
    });
    let complete = |target: &TargetView| {
        let region = status.regions.iter().find(|region| region.name == target.region.as_str());
        region.is_some_and(|it| it.state == RegionState::Completed && it.requested_by.contains(&target.name))
    };
    let is_true = |kind: ConditionType| cx.history.condition(kind).is_some_and(|condition| condition.status == "True");
    let was_so = was_so && DOMAIN.into_iter().all(is_true) && !validate::is_open(cx);
    if was_so && validated.targets.iter().filter(|target| target.wants).all(complete) {
        let message = Words::SuspendedComplete;
        return Progress::Idle { reason: message.reason(), message: message.to_string() };
    }
    let words = if attempt::is_left(cx) { Words::SuspendedWithCopy } else { Words::Suspended };
    Progress::stalled(words.reason(), words.to_string())
}

/// The version exists, so all that comes before it was done. What was seen at the time tells more than what follows from
/// that, so it stays.
fn passed(behind: &[&Stage], version: &facts::Version, cx: &Cx<'_>, report: &mut Report) {
    // A reason of another release isn't carried over, so its condition has to be found anew.
    let seen = |kind: ConditionType| {
        let known = cx.history.condition(kind);
        known.is_some_and(|known| known.status == "True" && known.reason.parse::<Reason>().is_ok())
    };
    for kind in DOMAIN.into_iter().take_while(|kind| *kind != ConditionType::Published).filter(|kind| !seen(*kind)) {
        if behind.iter().any(|stage| stage.condition == kind) {
            report.done_on(kind, &Done::MadeFromIt);
        } else {
            report.not_needed(kind);
        }
    }
    // What is deleted may be deleted later, too, and is seen by itself.
    let names = || behind.iter().flat_map(|stage| stage.steps).filter(|name| **name != StepName::DeleteTemporary);
    report.finished.extend(names().map(|name| StepKey::from(*name)));
    let recorded = cx.history.status.steps.iter().filter_map(StepKey::of);
    report.finished.extend(recorded.filter(|key| names().any(|name| *name == key.name)));
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
fn carried(cx: &Cx<'_>, requeue: Requeue, report: &mut Report) -> Result<Vec<RegionStatus>, Read> {
    let (validated, history) = (cx.validated, cx.history);
    let remembered = regions::remembered(history.status);
    // Of a version that never was, Azure has no regions: a target that goes is let go at once.
    let published = history.was_published();
    let known: BTreeSet<Region> = remembered.keys().filter(|_| published).cloned().collect();
    let home = history.status.source.as_ref().and_then(|source| source.location.as_ref());
    let Some(home) = home.and_then(|home| Region::parse(home).ok()) else {
        return Ok(history.status.regions.clone());
    };
    let mut refusals = Refusals::default();
    // Of one that is only begun, who asks for what isn't there is told at once.
    if !published && !validated.suspended && requeue != Requeue::Throttled {
        refusals = history.refusals();
        match unknown::noted(cx, &home, &known, &mut refusals) {
            Err(Stop::Read(read)) => return Err(read),
            Err(Stop::Failed(..)) | Ok(()) => {}
        }
        report.refusals = Some(refusals.clone());
    }
    let merged = replicate::merged(validated, history, &home, &known, &refusals);
    Ok(if published {
        regions::carry(&merged, history.status)
    } else {
        regions::report(&merged, None, history.status, &refusals)
    })
}
