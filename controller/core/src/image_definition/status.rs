//! From a report to the status that is written, once, and only if it differs.

use std::collections::BTreeMap;

use azimage_crds::{ConditionType, ImageDefinitionStatus, ObservedProperties};
use azimage_names::ImageDefinitionId;
use jiff::Timestamp;

use super::{Definition, Report, differ, users};
use crate::{Finding, Progress, condition, condition::clip, promotion::Latest};

/// The conditions of an image definition.
pub const DOMAIN: [ConditionType; 3] =
    [ConditionType::DefinitionReady, ConditionType::LatestReady, ConditionType::Exported];

/// The longest of Azure's words that is kept, in bytes: fewer than the schema allows.
const WORD: usize = 60;

/// The status after a pass. `id`: the image definition, if the object names one.
pub fn next_status(
    previous: &ImageDefinitionStatus,
    report: &Report,
    id: Option<&ImageDefinitionId>,
    generation: i64,
    handled: Option<&String>,
    now: Timestamp,
) -> ImageDefinitionStatus {
    let mut findings = BTreeMap::from([(ConditionType::DefinitionReady, finding(&report.progress))]);
    findings.extend(report.latest.as_ref().map(|latest| (ConditionType::LatestReady, latest.finding.clone())));
    let exported = report.exported.as_deref();
    findings.extend(exported.and_then(|it| it.finding.clone()).map(|finding| (ConditionType::Exported, finding)));
    let told = previous.conditions.iter().any(|it| it.type_ == ConditionType::Exported.as_str());
    let exports = exported.map_or(told, |it| it.finding.is_some());
    let domain: Vec<_> = DOMAIN.into_iter().filter(|kind| *kind != ConditionType::Exported || exports).collect();
    let is_settled = matches!(report.progress, Progress::Settled { .. } | Progress::Idle { .. });
    let stalled = report.latest.as_ref().and_then(|latest| latest.stalled.as_ref());
    let stalled = stalled.or_else(|| exported.and_then(|it| it.stalled.as_ref())).filter(|_| is_settled);
    let progress = stalled.unwrap_or(&report.progress);
    let next = ImageDefinitionStatus {
        observed_generation: Some(generation),
        conditions: condition::render(&previous.conditions, &domain, &findings, progress, generation, now),
        last_handled_reconcile_at: handled.cloned().or_else(|| previous.last_handled_reconcile_at.clone()),
        users: report.users.as_deref().map(users::told).or_else(|| previous.users.clone()),
        config_maps: exported.map_or_else(|| previous.config_maps.clone(), |it| it.config_maps.clone()),
        name: id.map(|id| id.name().to_owned()).or_else(|| previous.name.clone()),
        ..previous.clone()
    };
    let next = match report.latest.as_deref() {
        Some(Latest { latest, regions, versions, history, overriding, .. }) => ImageDefinitionStatus {
            overriding: overriding.clone(),
            latest: latest.clone(),
            regions: regions.clone(),
            versions: versions.clone(),
            history: history.clone(),
            ..next
        },
        None => next,
    };
    match &report.definition {
        Some(definition) => ImageDefinitionStatus {
            resource_id: id.map(ToString::to_string),
            location: Some(definition.location.to_string()),
            // Once it was: whoever takes it away is told so.
            owned: previous.owned || report.owned,
            properties: Some(properties(definition)),
            ..next
        },
        None if report.is_absent => {
            ImageDefinitionStatus { resource_id: None, location: None, owned: false, properties: None, ..next }
        }
        None => next,
    }
}

fn finding(progress: &Progress) -> Finding {
    match progress {
        Progress::Settled { message } => Finding::yes(message),
        Progress::Idle { reason, message } => Finding { reason: *reason, ..Finding::yes(message) },
        Progress::Reconciling { reason, message } => Finding::unknown(*reason, message),
        Progress::Retrying { reason, message } | Progress::Stalled { reason, message } => Finding::no(*reason, message),
    }
}

fn properties(definition: &Definition) -> ObservedProperties {
    ObservedProperties {
        os_type: clip(&definition.os_type, WORD),
        os_state: clip(&definition.os_state, WORD),
        hyper_v_generation: clip(&definition.generation, WORD),
        architecture: clip(&definition.architecture, WORD),
        security_type: clip(&differ::security_type(definition), WORD),
        disk_controller_types: clip(&differ::listed_there(definition), 2 * WORD),
    }
}
