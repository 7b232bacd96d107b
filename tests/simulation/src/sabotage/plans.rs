//! The plan of a pass, as a bug changes it.

use std::collections::BTreeMap;

use azimage_core::{
    Finding, Progress,
    belonging::{BelongingId, BelongingPart},
    image_version::{
        DeletionRequest, Facts, History, Plan, Provisioning, Report, Request, Requeue, SourceSpec, Step, StepName,
        Subject, Validated,
    },
};
use azimage_crds::{CONSENT_TAG, ConditionType, Reason};

use super::Bug;

/// Changes a plan.
pub(super) fn change(bug: Bug, validated: &Validated, history: &History<'_>, facts: &Facts, plan: &mut Plan) {
    match bug {
        Bug::GeneralizeWithoutConsent => keep_consent_as_it_is(facts, plan),
        Bug::ClaimCopiedMachine => claim_copied(validated, plan),
        Bug::DeleteSourceEarly => delete_early(validated, facts, plan),
        Bug::KeepSize => keep_size(validated, plan),
        Bug::DropForeignRegions => drop_foreign_regions(plan),
        Bug::IncludeAddedRegion => include_added_regions(plan),
        Bug::BlameAllWishes => plan.report.asks.wishes.clear(),
        Bug::GiveUpAtDeadline => give_up(history, plan),
        Bug::TimeInMessage => put_time_into_message(history, &mut plan.report),
        _ => {}
    }
}

/// The consent tag that the bug made up isn't written.
fn keep_consent_as_it_is(facts: &Facts, plan: &mut Plan) {
    let has = |tags: &BTreeMap<String, String>| tags.keys().any(|name| name.eq_ignore_ascii_case(CONSENT_TAG));
    if let Some(Step { request: Request::PatchMachine(request), .. }) = &mut plan.step
        && let Some(machine) = facts.machines.found(&request.id)
        && !has(&machine.tags)
    {
        request.tags.retain(|name, _| !name.eq_ignore_ascii_case(CONSENT_TAG));
    }
}

/// The machine itself gets the tags of its copy.
fn claim_copied(validated: &Validated, plan: &mut Plan) {
    if let (Some(Step { request: Request::PatchMachine(request), .. }), SourceSpec::VirtualMachine { id, .. }) =
        (&mut plan.step, &validated.source)
    {
        request.id = id.clone();
    }
}

/// The machine goes while the version is being made.
fn delete_early(validated: &Validated, facts: &Facts, plan: &mut Plan) {
    let is_being_made = facts.versions.found(&validated.id).is_some_and(|it| it.provisioning == Provisioning::Creating);
    let machine = validated.source.captured();
    if let Some(id) = machine.filter(|_| is_being_made && plan.step.is_none()) {
        let deletion = DeletionRequest { id: BelongingId::Machine(id.clone()), version: validated.id.clone() };
        plan.step = Some(Step {
            name: StepName::DeleteSource,
            subject: Subject::Belonging(BelongingPart::Machine),
            request: Request::DeleteBelonging(Box::new(deletion)),
        });
    }
}

/// The copy has the first size, always.
fn keep_size(validated: &Validated, plan: &mut Plan) {
    if let (
        Some(Step { request: Request::PutMachine(request), .. }),
        SourceSpec::VirtualMachine { clone: Some(clone), .. },
    ) = (&mut plan.step, &validated.source)
        && let Some(first) = clone.sizes.first()
    {
        request.size.clone_from(first);
    }
}

/// Only regions that a target wants are written.
fn drop_foreign_regions(plan: &mut Plan) {
    let regions = plan.report.regions.as_deref().unwrap_or_default();
    if let Some(Step { name: StepName::Update | StepName::Repair, request: Request::PutVersion(request), .. }) =
        &mut plan.step
    {
        request.targets.retain(|target| {
            regions.iter().any(|region| region.name == target.region.as_str() && !region.requested_by.is_empty())
        });
    }
}

/// Where the version is latest somewhere, it is so in all regions of the write.
fn include_added_regions(plan: &mut Plan) {
    if let Some(Step { request: Request::PutVersion(request), .. }) = &mut plan.step
        && request.targets.iter().any(|target| !target.exclude_from_latest)
    {
        request.targets.iter_mut().for_each(|target| target.exclude_from_latest = false);
    }
}

/// A replication that lasts until its deadline is given up.
fn give_up(history: &History<'_>, plan: &mut Plan) {
    let deadline = history.status.operation.as_ref().and_then(|operation| operation.deadline.as_ref());
    let replicates =
        matches!(plan.report.running.as_ref().map(|step| step.name), Some(StepName::Update | StepName::Repair));
    if !replicates || deadline.is_none_or(|deadline| history.now <= deadline.0) {
        return;
    }
    let message = "The replication took too long";
    plan.report.findings.insert(ConditionType::Replicated, Finding::no(Reason::ReplicationFailed, message));
    plan.report.progress = Progress::stalled(Reason::ReplicationFailed, message);
    plan.requeue = Requeue::Resync;
}

fn put_time_into_message(history: &History<'_>, report: &mut Report) {
    let Progress::Settled { message } = &mut report.progress else { return };
    *message = format!("{message} at {}", history.now);
    if let Some(finding) = report.findings.get_mut(&ConditionType::Replicated) {
        finding.message = format!("{} at {}", finding.message, history.now);
    }
}
