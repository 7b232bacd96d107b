//! How soon a change of a status is written: a change of state at once, progress alone at most every half minute. Each write
//! wakes every watcher, and an object is copied for many minutes.

use std::time::Duration;

use azimage_crds::{
    ConditionType, ImageDefinitionStatus, ImageVersionStatus, Reason, RegionState, RegionStatus,
    ReplicationTargetStatus, SelectedVersion,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

/// The time between two writes that tell of nothing but progress.
pub const PROGRESS: Duration = Duration::from_secs(30);

/// When a status is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusWrite {
    /// Never: it stands there already.
    Unchanged,
    /// At once.
    Now,
    /// After this time, unless something else has to be told before.
    After(Duration),
}

/// A status, as far as it tells of progress.
pub trait HasProgress: PartialEq + Sized {
    /// Its conditions.
    fn conditions(&self) -> &[Condition];

    /// What is left of it without percentages, and without the words of what is still under way.
    #[must_use]
    fn without_progress(&self) -> Self;
}

/// When a status is written instead of the one that stands there. `since`: how long ago this process last wrote it.
pub fn status_write<S: HasProgress>(before: &S, after: &S, since: Option<Duration>) -> StatusWrite {
    if before == after {
        return StatusWrite::Unchanged;
    }
    let rest = PROGRESS.saturating_sub(since.unwrap_or(PROGRESS));
    if rest.is_zero() || before.without_progress() != after.without_progress() {
        return StatusWrite::Now;
    }
    StatusWrite::After(rest)
}

impl HasProgress for ImageVersionStatus {
    fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    fn without_progress(&self) -> Self {
        Self {
            progress: None,
            conditions: self.conditions.iter().map(state_of).collect(),
            regions: self.regions.iter().map(state_of_region).collect(),
            ..self.clone()
        }
    }
}

impl HasProgress for ReplicationTargetStatus {
    fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    fn without_progress(&self) -> Self {
        Self {
            conditions: self.conditions.iter().map(state_of).collect(),
            versions: self.versions.iter().map(|version| SelectedVersion { progress: 0, ..version.clone() }).collect(),
            ..self.clone()
        }
    }
}

impl HasProgress for ImageDefinitionStatus {
    fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    fn without_progress(&self) -> Self {
        Self { conditions: self.conditions.iter().map(state_of).collect(), ..self.clone() }
    }
}

/// A condition without its words while they tell of work that goes on: those of a failure are told as they change.
fn state_of(condition: &Condition) -> Condition {
    let goes_on = condition.status == "Unknown"
        || condition.type_ == ConditionType::Reconciling.as_str() && condition.reason == Reason::Progressing.as_str();
    let message = if goes_on { String::new() } else { condition.message.clone() };
    Condition { message, ..condition.clone() }
}

fn state_of_region(region: &RegionStatus) -> RegionStatus {
    let detail = region.detail.clone().filter(|_| region.state == RegionState::Failed);
    RegionStatus { progress: 0, detail, ..region.clone() }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn version() -> Value {
        let at = "2026-11-01T00:00:00Z";
        let condition = |kind: &str, status: &str, reason: &str| json!({"type": kind, "status": status, "reason": reason, "message": "", "lastTransitionTime": at});
        json!({
            "observedGeneration": 1,
            "progress": "1/2 regions, 50%",
            "conditions": [
                condition("Replicated", "Unknown", "Replicating"),
                condition("Ready", "False", "RegionFailed"),
                condition("Reconciling", "True", "Progressing"),
                condition("Stalled", "True", "RegionFailed"),
            ],
            "regions": [
                {"name": "a", "state": "Replicating", "progress": 5, "requestedBy": ["home"]},
                {"name": "b", "state": "Failed", "progress": 5, "requestedBy": ["t"]},
            ],
            "steps": [{"name": "Publish", "subject": "", "startedAt": at, "attempts": 1}],
        })
    }

    fn changed<S: serde::de::DeserializeOwned>(mut status: Value, pointer: &str, to: &Value) -> S {
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        status.pointer_mut(parent).unwrap()[field] = to.clone();
        serde_json::from_value(status).unwrap()
    }

    #[test]
    fn a_change_of_state_is_told_at_once_and_progress_alone_every_half_minute() {
        let at = json!("2026-11-01T00:00:01Z");
        for (case, pointer, to, at_once) in [
            ("nothing but how far it is", "/progress", json!("1/2 regions, 55%"), false),
            ("how far a region is", "/regions/0/progress", json!(10), false),
            ("what Azure says of a copy", "/regions/0/detail", json!("half"), false),
            ("what is waited for", "/conditions/0/message", json!("for b"), false),
            ("what is being done", "/conditions/2/message", json!("for b"), false),
            ("why it failed", "/conditions/1/message", json!("no quota"), true),
            ("what a person has to do", "/conditions/3/message", json!("ask"), true),
            ("why a region failed", "/regions/1/detail", json!("no quota"), true),
            ("a condition", "/conditions/0/status", json!("True"), true),
            ("its reason", "/conditions/0/reason", json!("Publishing"), true),
            ("the spec it speaks of", "/observedGeneration", json!(2), true),
            ("a region's state", "/regions/0/state", json!("Completed"), true),
            ("who wants a region", "/regions/0/requestedBy", json!([]), true),
            ("that a step was begun", "/steps/0/correlationId", json!("id"), true),
            ("that its effect was seen", "/steps/0/finishedAt", at.clone(), true),
            ("what runs", "/operation", json!({"name": "Publish", "startedAt": at}), true),
            ("a request that was handled", "/lastHandledReconcileAt", json!("x"), true),
        ] {
            let before: ImageVersionStatus = serde_json::from_value(version()).unwrap();
            let after = changed(version(), pointer, &to);
            let expected = if at_once { StatusWrite::Now } else { StatusWrite::After(Duration::from_secs(20)) };
            assert_eq!(status_write(&before, &after, Some(Duration::from_secs(10))), expected, "{case}");
            assert_eq!(status_write(&before, &after, Some(PROGRESS)), StatusWrite::Now, "{case}: it was told long ago");
            assert_eq!(status_write(&before, &after, None), StatusWrite::Now, "{case}: by another process");
            assert_eq!(status_write(&after, &after, Some(PROGRESS)), StatusWrite::Unchanged, "{case}: it stands there");
        }
    }

    #[test]
    fn of_a_target_the_states_of_its_versions_are_told_at_once() {
        let target = json!({
            "observedGeneration": 1, "progress": "0/1",
            "versions": [{"name": "web", "state": "Replicating", "progress": 5}],
        });
        for (case, pointer, to, at_once) in [
            ("how far a version is", "/versions/0/progress", json!(10), false),
            ("its state", "/versions/0/state", json!("Completed"), true),
            ("how many are complete", "/progress", json!("1/1"), true),
        ] {
            let before: ReplicationTargetStatus = serde_json::from_value(target.clone()).unwrap();
            let after = changed(target.clone(), pointer, &to);
            let expected = if at_once { StatusWrite::Now } else { StatusWrite::After(PROGRESS) };
            assert_eq!(status_write(&before, &after, Some(Duration::ZERO)), expected, "{case}");
        }
    }
}
