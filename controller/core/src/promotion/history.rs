//! What became latest, and who changed what is to be, as far as Kubernetes tells.

use std::collections::BTreeSet;

use azimage_crds::{
    HistoryAction, HistoryEntry, ImageDefinition, ImageDefinitionStatus, LATEST_CHANGED_BY, LatestStatus, REASON,
};
use azimage_names::VersionNumber;
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, ObjectMeta, Time};
use kube::{Resource as _, ResourceExt as _};

use super::definition::current;
use crate::condition::clip;

/// How many changes a history holds beside the overrides.
const MOST_CHANGES: usize = 32;

/// How many regions an entry names.
const MOST_REGIONS: usize = 128;

/// The longest name of a field manager and of a user, in bytes.
const MANAGER_LIMIT: usize = 128;
const USER_LIMIT: usize = 256;
/// The longest reason, in bytes.
pub(super) const REASON_LIMIT: usize = 256;

/// Who changed what is to be latest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Writer {
    /// The field manager.
    pub(super) manager: Option<String>,
    /// The user.
    pub(super) user: Option<String>,
}

impl Writer {
    /// Who changed `spec.latest` last. `stamped`: an admission policy says who that was, and lets nobody else say so.
    pub(super) fn of(object: &ImageDefinition, stamped: bool) -> Self {
        let user = object.annotations().get(LATEST_CHANGED_BY).filter(|user| stamped && !user.is_empty());
        Self {
            manager: writer_of_latest(object.meta()).map(|name| clip(&name, MANAGER_LIMIT)),
            user: user.map(|user| clip(user, USER_LIMIT)),
        }
    }
}

/// The history with what became latest since, and with an override that is new.
pub(super) fn history(
    object: &ImageDefinition,
    before: &ImageDefinitionStatus,
    latest: Option<&LatestStatus>,
    overridden: Option<HistoryEntry>,
    writer: &Writer,
    now: Timestamp,
) -> Vec<HistoryEntry> {
    let change = change(before, latest);
    let mut history = before.history.clone();
    if change.is_none() {
        follow(&mut history, latest);
    }
    let reason = object.annotations().get(REASON).map(|text| clip(text.trim(), REASON_LIMIT));
    let entry = change.map(|(version, action, regions)| HistoryEntry {
        version: version.to_string(),
        action,
        regions: regions.iter().take(MOST_REGIONS).cloned().collect(),
        time: Time(now),
        policy: object.spec.latest.policy,
        manager: writer.manager.clone(),
        user: writer.user.clone(),
        reason: reason.filter(|text| !text.is_empty()),
    });
    let fresh = entry.into_iter().chain(overridden);
    bounded(fresh.chain(history))
}

/// What changed of what is latest, with the regions.
fn change<'a>(
    before: &'a ImageDefinitionStatus,
    latest: Option<&'a LatestStatus>,
) -> Option<(VersionNumber, HistoryAction, &'a [String])> {
    let is = latest.and_then(|latest| Some((VersionNumber::parse(&latest.version).ok()?, latest.regions.as_slice())));
    match (current(before), is) {
        (Some(was), Some((is, _))) if was == is => None,
        (Some(was), Some((is, regions))) if is < was => Some((is, HistoryAction::RolledBack, regions)),
        // What was latest before may have been taken out since.
        (None, Some((is, regions))) if last(before).is_some_and(|(last, _)| is < last) => {
            Some((is, HistoryAction::RolledBack, regions))
        }
        (_, Some((is, regions))) => Some((is, HistoryAction::Promoted, regions)),
        (Some(was), None) => {
            Some((was, HistoryAction::Excluded, before.latest.as_ref().map_or(&[], |latest| &latest.regions)))
        }
        (None, None) => None,
    }
}

/// The version of the last change of what is latest, and what became of it.
pub(super) fn last(status: &ImageDefinitionStatus) -> Option<(VersionNumber, HistoryAction)> {
    let last = status.history.iter().find(|entry| entry.action != HistoryAction::Overridden)?;
    Some((VersionNumber::parse(&last.version).ok()?, last.action))
}

/// Regions that follow belong to the change that brought the version there.
fn follow(history: &mut [HistoryEntry], latest: Option<&LatestStatus>) {
    let Some(latest) = latest else { return };
    let mut changes = history.iter_mut().filter(|entry| entry.action != HistoryAction::Overridden);
    let Some(entry) = changes.next().filter(|entry| entry.version == latest.version) else { return };
    let known: BTreeSet<String> = entry.regions.iter().cloned().collect();
    let new: Vec<String> = latest.regions.iter().filter(|region| !known.contains(*region)).cloned().collect();
    entry.regions.extend(new);
    entry.regions.truncate(MOST_REGIONS);
}

/// The newest changes, and all overrides.
fn bounded(all: impl Iterator<Item = HistoryEntry>) -> Vec<HistoryEntry> {
    let mut changes = 0;
    all.filter(|entry| {
        if entry.action == HistoryAction::Overridden {
            return true;
        }
        changes += 1;
        changes <= MOST_CHANGES
    })
    .collect()
}

/// The field manager that wrote `spec.latest` last.
fn writer_of_latest(meta: &ObjectMeta) -> Option<String> {
    let owns = |entry: &&ManagedFieldsEntry| {
        entry.subresource.as_deref().unwrap_or_default().is_empty()
            && entry.fields_v1.as_ref().is_some_and(|fields| fields.0.pointer("/f:spec/f:latest").is_some())
    };
    let entries = meta.managed_fields.iter().flatten().filter(owns);
    entries.max_by_key(|entry| entry.time.as_ref().map(|time| time.0))?.manager.clone()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_last_one_who_wrote_it_is_told() {
        let entry = |manager: &str, time: &str, fields: serde_json::Value| json!({"manager": manager, "time": time, "operation": "Update", "fieldsV1": fields});
        let latest = json!({"f:spec": {"f:latest": {"f:pinned": {}}}});
        let status =
            json!({"manager": "azimage", "subresource": "status", "time": "2026-01-04T00:00:00Z", "fieldsV1": latest});
        let meta: ObjectMeta = serde_json::from_value(json!({"managedFields": [
            entry("flux", "2026-01-01T00:00:00Z", latest.clone()),
            entry("kubectl-patch", "2026-01-02T00:00:00Z", latest.clone()),
            entry("helm", "2026-01-03T00:00:00Z", json!({"f:spec": {"f:name": {}}})),
            status,
        ]}))
        .unwrap();
        assert_eq!(writer_of_latest(&meta).as_deref(), Some("kubectl-patch"));
        assert_eq!(writer_of_latest(&ObjectMeta::default()), None);
    }
}
