//! From a report to the status that is written, once, and only if it differs.

use azimage_crds::{
    ConditionType, ImageVersionStatus, OperationStatus, RegionStatus, SourceStatus, StepFailure, StepStatus,
    TemporaryStatus,
};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use super::{
    Report, StepKey, StepName, Subject, belongings_status,
    history::recorded,
    refusals::Refusals,
    report::Approved,
    stage::{clean::is_left_alone, replicate::regions},
};
use crate::{
    Progress,
    condition::{self, clip},
    temporary::{Part, TemporaryId},
};

/// The longest of Azure's words about a temporary resource, in bytes.
const PROBLEM_LIMIT: usize = 1000;

/// The longest word on a source that isn't approved, in bytes.
const APPROVAL_LIMIT: usize = 2000;

/// The conditions that each image version has, in the order of the work.
pub const DOMAIN: [ConditionType; 7] = [
    ConditionType::SourceReady,
    ConditionType::Compatible,
    ConditionType::GuestPrepared,
    ConditionType::Generalized,
    ConditionType::Published,
    ConditionType::Replicated,
    ConditionType::CleanedUp,
];

/// The conditions of a status: that of the validation is only there where one is asked for, that of the promotion where an image
/// definition's object promotes versions, or the version is latest, and that of the ancestors where objects here stand for them.
fn conditions_of(previous: &ImageVersionStatus, report: &Report) -> Vec<ConditionType> {
    let was_there = |kind: ConditionType| previous.conditions.iter().any(|known| known.type_ == kind.as_str());
    let validates = report.validates.unwrap_or_else(|| was_there(ConditionType::Validated));
    let promotes = report.latest.as_ref().map_or_else(|| was_there(ConditionType::Promoted), |latest| latest.told);
    let mut kinds = DOMAIN.to_vec();
    kinds.extend(validates.then_some(ConditionType::Validated));
    kinds.extend(promotes.then_some(ConditionType::Promoted));
    kinds
        .extend(has_ancestors(was_there(ConditionType::AncestorsGood), report).then_some(ConditionType::AncestorsGood));
    kinds.sort();
    kinds
}

/// Whether something is said of the ancestors: found now, or before by a pass that saw more than this one.
fn has_ancestors(was_there: bool, report: &Report) -> bool {
    report.findings.contains_key(&ConditionType::AncestorsGood) || was_there && report.provenance.is_none()
}

/// The status after a pass.
pub fn next_status(
    previous: &ImageVersionStatus,
    report: &Report,
    generation: i64,
    handled: Option<&String>,
    now: Timestamp,
) -> ImageVersionStatus {
    let steps = previous.steps.iter().filter(|step| !is_undone(step, previous, report));
    let mut steps = steps.map(|step| finish(step, report, now)).collect::<Vec<_>>();
    steps.extend(unrecorded(previous, report, now));
    let regions = match &report.regions {
        Some(regions) => regions.iter().map(|region| since(region, previous, now)).collect(),
        None => previous.regions.clone(),
    };
    let conditions = condition::render(
        &previous.conditions,
        &conditions_of(previous, report),
        &report.findings,
        &report.progress,
        generation,
        now,
    );
    ImageVersionStatus {
        observed_generation: Some(generation),
        ready_at: previous.ready_at.clone().or_else(|| is_ready(&conditions).then_some(Time(now))),
        conditions,
        last_handled_reconcile_at: handled.or(previous.last_handled_reconcile_at.as_ref()).cloned(),
        resource_id: report.resource_id.clone().or_else(|| previous.resource_id.clone()),
        refusals: report.refusals.as_ref().map_or_else(|| previous.refusals.clone(), Refusals::kept),
        progress: regions::progress(&regions),
        latest: match &report.latest {
            Some(latest) => latest.text.clone(),
            None => previous.latest.clone().filter(|_| !regions.is_empty()),
        },
        soaks_until: match &report.latest {
            Some(latest) => latest.soaks_until.map(Time),
            None => previous.soaks_until.clone(),
        },
        guest: report.guest.clone().or_else(|| previous.guest.clone()),
        validation: report.validation.clone().or_else(|| previous.validation.clone()),
        source: source(previous, report),
        provenance: report.provenance.clone().or_else(|| previous.provenance.clone()),
        regions,
        operation: report.running.as_ref().and_then(|running| operation(running, report.limit_seconds, &steps)),
        steps,
        temporary: temporary(previous, report, now),
        source_cleanup: belongings_status::after(previous, &report.belongings, now),
        adopted_from: report.adopted_from.clone().or_else(|| previous.adopted_from.clone()),
        size_gib: report.size_gib.or(previous.size_gib),
    }
}

fn is_ready(conditions: &[Condition]) -> bool {
    conditions.iter().any(|known| known.type_ == ConditionType::Ready.as_str() && known.status == "True")
}

/// Records that a step is about to be begun: written before the step is carried out, so that whoever comes after a
/// crash knows what may have happened and under which correlation id. `azure_now` is when the machine was read, by Azure's
/// own clock.
pub fn record_intent(
    status: &mut ImageVersionStatus,
    key: &StepKey,
    correlation_id: &str,
    now: Timestamp,
    azure_now: Option<Timestamp>,
) {
    let (step, subject) = (key.name, key.subject.to_string());
    let name: &str = step.into();
    if step == StepName::ClaimSource {
        // It begins another attempt at a seal: nothing goes on under the record of the last one.
        let seal = StepName::Seal.to_string();
        for record in status.steps.iter_mut().filter(|record| record.name == seal) {
            record.finished_at.get_or_insert(Time(now));
        }
    }
    if matches!(step, StepName::ClaimSource | StepName::Seal) {
        // What was removed before isn't the run command that is made now.
        let removal = StepName::ForgetSeal.to_string();
        status.steps.retain(|record| record.name != removal);
    }
    if step.makes_a_part() {
        // What is made now was not deleted before.
        let deletion = StepName::DeleteTemporary.to_string();
        status.steps.retain(|record| record.name != deletion);
    }
    if step.makes_a_validation() {
        let deletion = StepName::DeleteTemporary.to_string();
        status.steps.retain(|record| record.name != deletion || record.subject != subject);
    }
    // Attempts at a seal count through all claims.
    let counts = |record: &&StepStatus| record.finished_at.is_none() || step == StepName::Seal;
    let is_it = |record: &&StepStatus| record.name == name && record.subject == subject;
    let before = status.steps.iter().find(is_it);
    let open = before.filter(counts);
    let attempts = open.map_or(0, |record| record.attempts).saturating_add(1);
    let record = StepStatus {
        name: name.to_owned(),
        subject: subject.clone(),
        started_at: Time(now),
        azure_time: azure_now.map(Time),
        accepted_at: None,
        finished_at: None,
        correlation_id: Some(correlation_id.to_owned()),
        attempts,
        // Of the attempt before, until this one is accepted.
        failure: before.and_then(|record| record.failure.clone()),
    };
    match status.steps.iter_mut().find(|record| record.name == name && record.subject == subject) {
        Some(before) => *before = record,
        None => status.steps.push(record),
    }
}

/// Whether a step made a part of a copy that couldn't be captured and is gone now, or was about a copy that is gone: another
/// attempt takes it anew.
fn is_undone(step: &StepStatus, previous: &ImageVersionStatus, report: &Report) -> bool {
    let published = previous.resource_id.is_some() || report.resource_id.is_some();
    let Some(key) = StepKey::of(step).filter(|_| !published) else { return false };
    let is_gone = |subject| report.finished.contains(&StepKey { name: StepName::DeleteTemporary, subject });
    if key.name.makes_a_part() {
        return step.finished_at.is_some() && is_gone(key.subject);
    }
    key.name.is_about_a_machine() && is_gone(Subject::Part(Part::Machine))
}

/// The temporary resources that aren't known to be gone.
fn temporary(previous: &ImageVersionStatus, report: &Report, now: Timestamp) -> Vec<TemporaryStatus> {
    let id = |known: &TemporaryStatus| known.resource_id.parse::<TemporaryId>().ok();
    let mut all: Vec<TemporaryStatus> = previous
        .temporary
        .iter()
        .filter(|known| id(known).is_none_or(|id| !report.gone.contains(&id)))
        .map(|known| match id(known).and_then(|id| report.undeletable.get(&id)) {
            // What lasts is written once.
            Some(words) if is_left_alone(words) && known.problem.as_deref() == Some(words) => known.clone(),
            Some(words) => TemporaryStatus {
                problem: Some(clip(words, PROBLEM_LIMIT)),
                problem_at: Some(Time(now)),
                ..known.clone()
            },
            None => known.clone(),
        })
        .map(|known| {
            let told = id(&known).and_then(|id| report.expiries.get(&id));
            let expires_at = told.map_or(known.expires_at, |at| at.map(Time));
            TemporaryStatus { expires_at, ..known }
        })
        .collect();
    let unknown = report
        .temporary
        .iter()
        .filter(|id| !report.gone.contains(id) && !previous.temporary.iter().any(|known| same(known, id)));
    let new = |id: &TemporaryId| TemporaryStatus {
        resource_id: id.to_string(),
        since: Time(now),
        expires_at: report.expiries.get(id).copied().flatten().map(Time),
        problem: None,
        problem_at: None,
    };
    all.extend(unknown.map(new));
    all
}

fn same(known: &TemporaryStatus, id: &TemporaryId) -> bool {
    known.resource_id.parse::<TemporaryId>().is_ok_and(|known| known == *id)
}

fn finish(step: &StepStatus, report: &Report, now: Timestamp) -> StepStatus {
    let key = StepKey::of(step);
    let seen = key.as_ref().is_some_and(|key| report.finished.contains(key));
    let finished_at = step.finished_at.clone().or_else(|| seen.then_some(Time(now)));
    let failure = key.as_ref().and_then(|key| failure(step, key, report));
    let accepted_at = step.accepted_at.clone().or_else(|| accepted(&key?, report));
    StepStatus { accepted_at, finished_at, failure, ..step.clone() }
}

/// Why the last attempt failed, until another one is under way or nothing is wrong any more.
fn failure(step: &StepStatus, key: &StepKey, report: &Report) -> Option<StepFailure> {
    let is_over = matches!(report.progress, Progress::Settled { .. })
        || report.running.as_ref() == Some(key)
        || report.begun.as_ref() == Some(key);
    report.failures.get(key).or(step.failure.as_ref()).filter(|_| !is_over).cloned()
}

fn accepted(step: &StepKey, report: &Report) -> Option<Time> {
    report.accepted.filter(|_| step.name == StepName::Publish).map(Time)
}

/// A step that Azure works on and that the status, when it was lost, lost too: it counts from now.
fn unrecorded(previous: &ImageVersionStatus, report: &Report, now: Timestamp) -> Option<StepStatus> {
    let step = report.running.as_ref()?;
    recorded(previous, step).is_none().then(|| StepStatus {
        name: step.name.to_string(),
        subject: step.subject.to_string(),
        started_at: Time(now),
        azure_time: None,
        accepted_at: accepted(step, report),
        finished_at: None,
        correlation_id: None,
        attempts: 1,
        failure: None,
    })
}

fn since(region: &RegionStatus, previous: &ImageVersionStatus, now: Timestamp) -> RegionStatus {
    let before = previous.regions.iter().find(|before| before.name == region.name && before.state == region.state);
    let since = before.and_then(|before| before.since.clone()).or(Some(Time(now)));
    RegionStatus { since, ..region.clone() }
}

fn source(previous: &ImageVersionStatus, report: &Report) -> Option<SourceStatus> {
    let source = merge_source(previous.source.as_ref(), report.source.as_ref())?;
    let not_approved = match &report.approved {
        Approved::Unseen => source.not_approved,
        Approved::Yes => None,
        Approved::No(why) => Some(clip(why, APPROVAL_LIMIT)),
    };
    let copy = report.copy.clone().or(source.copy);
    Some(SourceStatus { not_approved, copy, ..source })
}

fn merge_source(previous: Option<&SourceStatus>, found: Option<&SourceStatus>) -> Option<SourceStatus> {
    let (Some(previous), Some(found)) = (previous, found) else { return found.or(previous).cloned() };
    let pick = |found: &Option<String>, previous: &Option<String>| found.clone().or_else(|| previous.clone());
    Some(SourceStatus {
        location: pick(&found.location, &previous.location),
        virtual_machine_uid: pick(&found.virtual_machine_uid, &previous.virtual_machine_uid),
        os_type: pick(&found.os_type, &previous.os_type),
        hyper_v_generation: pick(&found.hyper_v_generation, &previous.hyper_v_generation),
        security_type: pick(&found.security_type, &previous.security_type),
        image_reference: found.image_reference.clone().or_else(|| previous.image_reference.clone()),
        copy: previous.copy.clone(),
        not_approved: previous.not_approved.clone(),
    })
}

fn operation(running: &StepKey, limit_seconds: Option<u64>, steps: &[StepStatus]) -> Option<OperationStatus> {
    let step = steps.iter().find(|step| StepKey::of(step).as_ref() == Some(running))?;
    let limit = limit_seconds.and_then(|limit| i64::try_from(limit).ok());
    let expected = SignedDuration::from_secs(limit.unwrap_or(running.name.expected_seconds()));
    Some(OperationStatus {
        name: running.name.to_string(),
        started_at: step.started_at.clone(),
        deadline: step.started_at.0.checked_add(expected).ok().map(Time),
        correlation_id: step.correlation_id.clone(),
    })
}
