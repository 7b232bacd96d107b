//! The memory of earlier passes, as a bug changes it.

use std::borrow::Cow;

use azimage_core::{
    belonging::BelongingId,
    image_version::{Doubt, Facts, History, Memory, StepName},
};
use azimage_crds::{ImageVersionStatus, StepStatus, ValidationOutcome, ValidationStatus};
use azimage_names::Region;
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::{Bug, decisions::ENOUGH};

/// The status as it was last written, and what the process remembers.
pub(super) fn changed<'a>(bug: Bug, history: &History<'a>) -> (Cow<'a, ImageVersionStatus>, Memory) {
    let mut status = Cow::Borrowed(history.status);
    let mut process = history.memory.clone();
    match bug {
        Bug::RecreateMissingVersion => {
            let status = status.to_mut();
            status.resource_id = None;
            status.steps.retain(|step| step.finished_at.is_none() || !makes_a_version(step));
            forget_accepted(status, &mut process);
        }
        Bug::RepeatBeforeSeen => {
            forget_accepted(status.to_mut(), &mut process);
            process.executed.clear();
        }
        Bug::PromoteUnproven => {
            let begin = Time(Timestamp::UNIX_EPOCH);
            status.to_mut().validation = Some(ValidationStatus {
                azure_time: None,
                outcome: ValidationOutcome::Passed,
                region: "westeurope".to_owned(),
                started_at: begin.clone(),
                finished_at: Some(begin),
                attempts: 1,
                again: false,
                machines: Vec::new(),
                regions: Vec::new(),
            });
        }
        Bug::BeginOnOne404 => {
            process.doubts.insert(Doubt::NoVersion, ENOUGH);
        }
        Bug::BelieveVanishedRegion => {
            let regions = history.status.regions.iter().filter_map(|region| Region::parse(&region.name).ok());
            process.doubts.extend(regions.map(|region| (Doubt::NoRegion(region), ENOUGH)));
        }
        _ => {}
    }
    (status, process)
}

/// What is there under the name of something that belonged to a machine counts as that.
pub(super) fn take_unique_ids(status: &mut ImageVersionStatus, facts: &Facts) {
    for known in &mut status.source_cleanup {
        let id = known.part.parse().ok().and_then(|part| BelongingId::parse(part, &known.resource_id).ok());
        let found = id.and_then(|id| facts.belongings.found(&id)?.uid.clone());
        known.unique_id = found.unwrap_or_else(|| known.unique_id.clone());
    }
}

fn makes_a_version(step: &StepStatus) -> bool {
    matches!(step.name.parse(), Ok(StepName::Publish | StepName::Update | StepName::Repair))
}

fn forget_accepted(status: &mut ImageVersionStatus, process: &mut Memory) {
    for step in &mut status.steps {
        step.accepted_at = None;
    }
    for executed in process.executed.values_mut() {
        executed.proven_at = None;
    }
}
