//! How long steps, copies and whole versions took, for the metrics.

use azimage_crds::{ImageVersion, ImageVersionStatus, RegionState, RegionStatus, StepStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::{StepKey, StepName};

/// What came to its end between two statuses of an image version. All in seconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Durations {
    /// Steps whose effect was seen, each since it was last begun.
    pub steps: Vec<(StepName, i64)>,
    /// Regions whose copy is complete, each since Azure was first seen to copy.
    pub replications: Vec<(String, i64)>,
    /// The kind of the source, and how old the object was when it was Ready for the first time.
    pub ready: Option<(&'static str, i64)>,
}

/// What came to its end between two statuses of an object.
pub fn durations(object: &ImageVersion, before: &ImageVersionStatus, after: &ImageVersionStatus) -> Durations {
    let steps = after.steps.iter().filter_map(|step| step_took(step, before, after));
    let replications = after.regions.iter().filter_map(|region| copy_took(region, before));
    Durations { steps: steps.collect(), replications: replications.collect(), ready: ready(object, before, after) }
}

fn step_took(step: &StepStatus, before: &ImageVersionStatus, after: &ImageVersionStatus) -> Option<(StepName, i64)> {
    let name = StepKey::of(step)?.name;
    let finished = step.finished_at.as_ref()?;
    // A record without a correlation id was made when the status was lost, and says nothing of when the step began.
    step.correlation_id.as_ref()?;
    let is_it = |known: &&StepStatus| known.name == step.name && known.subject == step.subject;
    let begun = before.steps.iter().find(is_it)?;
    let ends_now = begun.finished_at.is_none() && begun.started_at == step.started_at;
    // Another attempt at a seal closes the record of the last one, which has shown no effect.
    let is_given_up = name == StepName::Seal && claimed(before) != claimed(after);
    (ends_now && !is_given_up).then(|| (name, seconds(&step.started_at, finished)))
}

/// When the machine was last claimed, which begins an attempt at its seal.
fn claimed(status: &ImageVersionStatus) -> Option<&Time> {
    let name: &str = StepName::ClaimSource.into();
    status.steps.iter().find(|step| step.name == name).map(|step| &step.started_at)
}

fn copy_took(region: &RegionStatus, before: &ImageVersionStatus) -> Option<(String, i64)> {
    let copied = before.regions.iter().find(|known| known.name == region.name)?;
    let ends = (copied.state, region.state) == (RegionState::Replicating, RegionState::Completed);
    let (since, until) = (copied.since.as_ref()?, region.since.as_ref()?);
    ends.then(|| (region.name.clone(), seconds(since, until)))
}

fn ready(
    object: &ImageVersion,
    before: &ImageVersionStatus,
    after: &ImageVersionStatus,
) -> Option<(&'static str, i64)> {
    let at = after.ready_at.as_ref().filter(|_| before.ready_at.is_none())?;
    Some((source(object), seconds(object.metadata.creation_timestamp.as_ref()?, at)))
}

/// The field of `spec.source` that is set.
fn source(object: &ImageVersion) -> &'static str {
    let source = &object.spec.source;
    if source.image_version.is_some() {
        "imageVersion"
    } else if source.managed_image.is_some() {
        "managedImage"
    } else if source.disks.is_some() {
        "disks"
    } else {
        "virtualMachine"
    }
}

fn seconds(from: &Time, to: &Time) -> i64 {
    to.0.as_second().saturating_sub(from.0.as_second()).max(0)
}

#[cfg(test)]
mod tests {
    use azimage_crds::Reason;
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        Progress,
        image_version::{Report, next_status},
    };

    fn object(source: &Value) -> ImageVersion {
        serde_json::from_value(json!({
            "apiVersion": "azimage.dev/v1alpha1", "kind": "ImageVersion",
            "metadata": {"name": "web", "creationTimestamp": at(0)},
            "spec": {
                "gallery": {"subscriptionId": "00000000-0000-0000-0000-000000000001", "resourceGroup": "images", "name": "corp"},
                "definition": "base", "version": "1.0.0", "source": source,
            },
        }))
        .unwrap()
    }

    fn at(minute: u32) -> String {
        format!("2026-01-01T00:{minute:02}:00Z")
    }

    fn status(told: &Value) -> ImageVersionStatus {
        let mut all = json!({"conditions": []});
        all.as_object_mut().unwrap().extend(told.as_object().unwrap().clone());
        serde_json::from_value(all).unwrap()
    }

    fn between(before: &Value, after: &Value) -> Durations {
        durations(&object(&json!({"virtualMachine": {"resourceId": "m"}})), &status(before), &status(after))
    }

    #[test]
    fn a_step_counts_once_when_its_effect_is_seen() {
        let step = |name: &str, started: u32, finished: Option<u32>| json!({"name": name, "startedAt": at(started), "finishedAt": finished.map(at), "correlationId": "c", "attempts": 1});
        let steps = |steps: &[Value]| json!({"steps": steps});
        let (runs, done) = (step("Publish", 1, None), step("Publish", 1, Some(3)));
        let (seals, ended) = (step("Seal", 2, None), step("Seal", 2, Some(9)));
        let mut lost = done.clone();
        lost["correlationId"] = Value::Null;
        for (case, before, after, expected) in [
            ("it begins", vec![], vec![runs.clone()], None),
            ("it runs", vec![runs.clone()], vec![runs.clone()], None),
            ("it ends", vec![runs.clone()], vec![done.clone()], Some((StepName::Publish, 120))),
            ("it has ended", vec![done.clone()], vec![done.clone()], None),
            ("it has ended, and begins again", vec![done.clone()], vec![step("Publish", 4, None)], None),
            ("nobody knows when it began", vec![], vec![done], None),
            ("its record was lost and made anew", vec![runs], vec![lost], None),
            (
                "another attempt gives a seal up",
                vec![step("ClaimSource", 1, Some(1)), seals.clone()],
                vec![step("ClaimSource", 9, None), ended.clone()],
                None,
            ),
            (
                "a seal is proven",
                vec![step("ClaimSource", 1, Some(1)), seals],
                vec![step("ClaimSource", 1, Some(1)), ended],
                Some((StepName::Seal, 420)),
            ),
            ("a step of another release", vec![step("Dance", 1, None)], vec![step("Dance", 1, Some(2))], None),
        ] {
            let found = between(&steps(&before), &steps(&after)).steps;
            assert_eq!(found, Vec::from_iter(expected), "{case}");
        }
    }

    #[test]
    fn a_copy_counts_when_the_region_that_was_copied_to_is_complete() {
        let regions =
            |state: &str, since: u32| json!({"regions": [{"name": "northeurope", "state": state, "since": at(since)}]});
        for (before, after, counts) in [
            ("Pending", "Replicating", false),
            ("Replicating", "Completed", true),
            ("Replicating", "Failed", false),
            ("Completed", "Completed", false),
            ("Failed", "Completed", false),
            ("Unknown", "Completed", false),
        ] {
            let found = between(&regions(before, 1), &regions(after, 31)).replications;
            let expected = Vec::from_iter(counts.then(|| ("northeurope".to_owned(), 1800)));
            assert_eq!(found, expected, "{before} {after}");
        }
    }

    #[test]
    fn a_version_counts_when_it_is_ready_for_the_first_time() {
        let (not_yet, ready) = (status(&json!({})), status(&json!({"readyAt": at(40)})));
        let disks = json!({"osDisk": {"resourceId": "d"}, "prepare": "AlreadyGeneralized"});
        for (source, name) in [
            (json!({"virtualMachine": {"resourceId": "m"}}), "virtualMachine"),
            (json!({"imageVersion": {"resourceId": "v"}}), "imageVersion"),
            (json!({"managedImage": {"resourceId": "i"}}), "managedImage"),
            (json!({"disks": disks}), "disks"),
        ] {
            let object = object(&source);
            assert_eq!(durations(&object, &not_yet, &ready).ready, Some((name, 2400)));
            assert_eq!(durations(&object, &ready, &ready).ready, None);
            assert_eq!(durations(&object, &not_yet, &not_yet).ready, None);
        }
    }

    #[test]
    fn when_it_was_ready_for_the_first_time_stays() {
        let works = Progress::reconciling(Reason::Replicating, "");
        let fails = Progress::retrying(Reason::AzureUnavailable, "");
        let ready = Progress::Settled { message: String::new() };
        let mut status = ImageVersionStatus::default();
        let mut told = Vec::new();
        for (minute, progress) in [(1, works), (2, ready.clone()), (3, ready.clone()), (4, fails), (5, ready)] {
            let report = Report { progress, ..Report::default() };
            status = next_status(&status, &report, 1, None, at(minute).parse().unwrap());
            told.push(status.ready_at.as_ref().map(|time| time.0.to_string()));
        }
        let first = Some(at(2));
        assert_eq!(told, [None, first.clone(), first.clone(), first.clone(), first]);
    }
}
