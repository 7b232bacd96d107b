//! The version passed in its home region, and proves itself in the others, one after the other: what is made for it has the same
//! names in each. A region goes the way that the home region went, on a status in which its own validation stands where that of the
//! home region does.

use std::collections::BTreeSet;

use azimage_crds::{ConditionType, ImageVersionStatus, Reason, RegionValidation, ValidationOutcome, ValidationStatus};
use azimage_names::Region;

use super::{
    super::super::{
        History, RegionReplication, Requeue, ValidationSpec,
        context::Cx,
        facts,
        report::{Decision, Outcome, Report, Stop, ends},
    },
    at, end, is_anything_left, outcome,
    words::{Impossible, Words},
};
use crate::{Finding, Message as _, Progress, Truth, condition::clip, merge::MOST_REGIONS, promotion::named};

/// The longest detail that is kept, in bytes.
const DETAIL_LIMIT: usize = 1000;

/// What is to be done in the other regions, if that is asked for; `Done` if nothing is.
pub(super) fn decide(
    cx: &Cx<'_>,
    spec: &ValidationSpec,
    version: &facts::Version,
    told: &ValidationStatus,
    report: &mut Report,
) -> Decision {
    let heard = report.validation.take();
    let mut all = heard.unwrap_or_else(|| told.clone());
    all.regions.retain(|known| spec.everywhere && version.targets.iter().any(|it| it.region.as_str() == known.name));
    let decision =
        if spec.everywhere { regions(cx, spec, version, &mut all, report) } else { at(cx, spec, version, report) };
    report.validation = (all != *told).then_some(all);
    Ok(follows(cx, spec, version, decision?, report))
}

/// What passed in a region isn't proven as long as others are to follow.
pub(super) fn follows(
    cx: &Cx<'_>,
    spec: &ValidationSpec,
    version: &facts::Version,
    outcome: Outcome,
    report: &mut Report,
) -> Outcome {
    let passed = report.findings.get(&ConditionType::Validated).is_some_and(|finding| finding.truth == Truth::True);
    let told = report.validation.as_ref().or(cx.history.status.validation.as_ref());
    let Some(told) = told.filter(|_| spec.everywhere && passed) else { return outcome };
    let due = due(cx, version, told, report);
    if due.is_empty() {
        return outcome;
    }
    let words = Words::Elsewhere { regions: named(due.iter()) };
    report.found(Truth::Unknown, &words);
    if outcome != Outcome::Done {
        return outcome;
    }
    report.progress = Progress::reconciling(words.reason(), words.to_string());
    Outcome::Ends(None, Requeue::Poll)
}

fn regions(
    cx: &Cx<'_>,
    spec: &ValidationSpec,
    version: &facts::Version,
    all: &mut ValidationStatus,
    report: &mut Report,
) -> Decision {
    if is_anything_left(cx) {
        let last = all.regions.iter().filter(|known| !known.machines.is_empty() || is_open(known));
        let last = last.max_by_key(|known| known.started_at.0).and_then(|known| Region::parse(&known.name).ok());
        let Some(region) = last else {
            // It is of the home region, or of one that the version isn't in any more.
            outcome::passed(all, report);
            return end::clear(cx, report);
        };
        return in_region(cx, spec, version, &region, all, report);
    }
    let mut stalled: Option<(Report, Decision)> = None;
    for region in due(cx, version, all, report) {
        let (mut trial, mut then) = (report.clone(), all.clone());
        if !spec.workspace.subnets.contains_key(&region) {
            let decision = trial.stalled(&Impossible::NoSubnetThere { region });
            stalled.get_or_insert((trial, decision));
            continue;
        }
        let decision = in_region(cx, spec, version, &region, &mut then, &mut trial);
        let waits = matches!(decision, Ok(Outcome::Ends(None, _))) && trial.is_stalled();
        // What a person has to mend in one region holds up no other one.
        if waits && then.regions.iter().any(|known| known.name == region.as_str() && is_open(known)) {
            stalled.get_or_insert((trial, decision));
            continue;
        }
        (*report, *all) = (trial, then);
        return decision;
    }
    match stalled {
        Some((trial, decision)) => {
            *report = trial;
            decision
        }
        None => over(all, report),
    }
}

/// Whether it goes on there, or begins again.
fn is_open(known: &RegionValidation) -> bool {
    known.again || known.outcome == ValidationOutcome::Running
}

/// The regions that somebody here asks for, whose copies are complete, and of which it isn't known yet.
fn due(cx: &Cx<'_>, version: &facts::Version, all: &ValidationStatus, report: &Report) -> Vec<Region> {
    let told = report.regions.as_ref().unwrap_or(&cx.history.status.regions);
    let asked: BTreeSet<&str> =
        told.iter().filter(|it| !it.requested_by.is_empty()).map(|it| it.name.as_str()).collect();
    let is_complete = |region: &Region| {
        version.replication.get(region).is_some_and(|copy| copy.state == RegionReplication::Completed)
    };
    let is_open = |region: &Region| all.regions.iter().find(|it| it.name == region.as_str()).is_none_or(is_open);
    let others = version.targets.iter().map(|target| &target.region).filter(|region| **region != version.location);
    let due: BTreeSet<&Region> =
        others.filter(|it| asked.contains(it.as_str()) && is_complete(it) && is_open(it)).collect();
    due.into_iter().cloned().collect()
}

/// The validation goes on in a region.
fn in_region(
    cx: &Cx<'_>,
    spec: &ValidationSpec,
    version: &facts::Version,
    region: &Region,
    all: &mut ValidationStatus,
    report: &mut Report,
) -> Decision {
    let known = all.regions.iter().find(|known| known.name == region.as_str());
    let status = seen_from(cx.history.status, known);
    let there = Cx { history: &History { status: &status, ..*cx.history }, ..*cx };
    let decision = at(&there, spec, &facts::Version { location: region.clone(), ..version.clone() }, report);
    if matches!(decision, Err(Stop::Read(_))) {
        return decision;
    }
    let finding = report.findings.get(&ConditionType::Validated).filter(|finding| finding.truth == Truth::False);
    let detail = finding.map(|finding| clip(&finding.message, DETAIL_LIMIT));
    if let Some(now) = report.validation.take() {
        keep(all, region, now, detail);
    }
    tell(region, report);
    decision
}

/// The status as the region sees it.
fn seen_from(status: &ImageVersionStatus, known: Option<&RegionValidation>) -> ImageVersionStatus {
    let mut status = status.clone();
    status.validation = known.map(|known| ValidationStatus {
        outcome: known.outcome,
        region: known.name.clone(),
        started_at: known.started_at.clone(),
        finished_at: known.finished_at.clone(),
        azure_time: None,
        attempts: known.attempts,
        again: known.again,
        machines: known.machines.clone(),
        regions: Vec::new(),
    });
    // What was said last may be about another region.
    let detail = known.and_then(|known| Some((known.outcome, known.detail.as_ref()?)));
    let said = status.conditions.iter_mut().find(|condition| condition.type_ == ConditionType::Validated.as_str());
    if let (Some((outcome, detail)), Some(said)) = (detail, said) {
        "False".clone_into(&mut said.status);
        reason(outcome).as_str().clone_into(&mut said.reason);
        said.message.clone_from(detail);
    }
    status
}

fn reason(outcome: ValidationOutcome) -> Reason {
    match outcome {
        ValidationOutcome::Impossible => Reason::ValidationImpossible,
        ValidationOutcome::Failed | ValidationOutcome::Running | ValidationOutcome::Passed => Reason::ValidationFailed,
    }
}

/// What the region came to stands in the status. Machines stand there of one region alone, so that it stays small.
fn keep(all: &mut ValidationStatus, region: &Region, now: ValidationStatus, detail: Option<String>) {
    let before = all.regions.iter().position(|known| known.name == region.as_str());
    let before = before.map(|at| all.regions.remove(at));
    for other in &mut all.regions {
        other.machines.clear();
    }
    let is_over = matches!(now.outcome, ValidationOutcome::Failed | ValidationOutcome::Impossible);
    let known = before.and_then(|before| before.detail);
    all.regions.push(RegionValidation {
        name: region.to_string(),
        outcome: now.outcome,
        started_at: now.started_at,
        finished_at: now.finished_at,
        attempts: now.attempts,
        again: now.again,
        detail: known.or(detail).filter(|_| is_over),
        machines: now.machines,
    });
    all.regions.sort_by(|one, other| one.name.cmp(&other.name));
    all.regions.truncate(MOST_REGIONS);
}

/// What is said of the validation names the region.
fn tell(region: &Region, report: &mut Report) {
    let own = report.findings.get_mut(&ConditionType::Validated);
    let Some(finding) = own else { return };
    let said = std::mem::take(&mut finding.message);
    finding.message = format!("In {region}: {said}");
    match &mut report.progress {
        Progress::Settled { message }
        | Progress::Idle { message, .. }
        | Progress::Reconciling { message, .. }
        | Progress::Retrying { message, .. }
        | Progress::Stalled { message, .. }
            if *message == said =>
        {
            message.clone_from(&finding.message);
        }
        _ => {}
    }
}

/// Nothing is left to be done.
fn over(all: &ValidationStatus, report: &mut Report) -> Decision {
    let failed = all.regions.iter().filter(|known| known.outcome != ValidationOutcome::Passed);
    // That it failed counts more than that nobody can tell.
    let Some(first) = failed.min_by_key(|known| known.outcome != ValidationOutcome::Failed) else {
        outcome::passed(all, report);
        if !all.regions.is_empty() && !outcome::warns(all) {
            let names = [&all.region].into_iter().chain(all.regions.iter().map(|known| &known.name));
            let regions: Vec<Region> = names.filter_map(|name| Region::parse(name).ok()).collect();
            report.done(&Words::PassedIn { regions: named(regions.iter()) });
        }
        return Ok(Outcome::Done);
    };
    let detail = first.detail.as_deref().unwrap_or("see status.validation.regions");
    let (reason, message) = (reason(first.outcome), format!("In {}: {detail}", first.name));
    report.findings.insert(ConditionType::Validated, Finding::no(reason, message.clone()));
    report.progress = Progress::stalled(reason, message);
    ends(None, Requeue::Resync)
}
