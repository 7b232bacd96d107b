//! The writes of a version: what stands in them.

use std::time::Duration;

use azimage_crds::OWNER_TAG;
use serde_json::json;

use super::{
    super::*,
    fixtures::*,
    published::{OTHER, wide},
    scene::*,
};

fn request(scene: &Scene) -> VersionRequest {
    match scene.plan().step {
        Some(Step { request: Request::PutVersion(request), .. }) => *request,
        step => panic!("a write of the version was expected, not {step:?}"),
    }
}

fn regions_of(request: &VersionRequest) -> Vec<&str> {
    request.targets.iter().map(|target| target.region.as_str()).collect()
}

#[test]
fn a_repair_is_the_same_request_first_then_one_without_the_region_then_the_same_again() {
    let failing = wide().version(version(&[HOME, OTHER]).says(OTHER, RegionReplication::Failed, ""));
    // Once an intent is on record the plan is made again, and has to come out as it was.
    for (attempts, expected) in [(1, vec![HOME, OTHER]), (2, vec![HOME]), (3, vec![HOME, OTHER])] {
        let announced = patient().after(Event::Announces(StepName::Repair.into(), "correlation"), Duration::ZERO);
        let status = steps(&[(StepName::Repair, attempts, false)]);
        let scene = failing.clone().status(status).process(announced);
        assert_eq!(regions_of(&request(&scene)), expected, "attempt {attempts}");
    }
    assert_eq!(regions_of(&request(&failing)), [HOME, OTHER], "none is on record yet");
    let mut complete_before = steps(&[(StepName::Repair, 2, false)]);
    let regions = json!([{"name": OTHER, "state": "Completed", "requestedBy": ["t"], "readyReplicas": 1}]);
    complete_before.regions = serde_json::from_value(regions).unwrap();
    let scene = failing.clone().status(complete_before);
    assert_eq!(regions_of(&request(&scene)), [HOME, OTHER], "machines may be made from what was complete before");
    let home = wide().version(version(&[HOME, OTHER]).says(HOME, RegionReplication::Failed, ""));
    let scene = home.status(steps(&[(StepName::Repair, 2, false)]));
    assert_eq!(regions_of(&request(&scene)), [HOME, OTHER], "the home region is never taken away");
}

#[test]
fn a_region_that_goes_goes_before_any_wish_that_azure_may_refuse() {
    let wants = target("t", "uksouth", &json!({"spec": {"replicas": 3}}));
    let asked = json!({"regions": [{"name": OTHER, "state": "Completed", "requestedBy": ["gone"]}]});
    let with = |targets: &[azimage_crds::ReplicationTarget], version| {
        request(&wide().targets(targets).status(serde_json::from_value(asked.clone()).unwrap()).version(version))
    };
    let mut shown = version(&[HOME, OTHER, "eastus2"]);
    let goes = going("gone", OTHER, "Delete");
    let removal = with(&[wants.clone(), goes.clone()], shown.clone());
    assert_eq!(regions_of(&removal), [HOME, "eastus2"], "nothing is added with it");
    shown.targets.remove(1);
    assert_eq!(regions_of(&with(&[wants, goes], shown)), [HOME, "uksouth", "eastus2"], "then comes what is wanted");
}

#[test]
fn a_creation_that_is_asked_for_again_drops_no_region() {
    let mut failed = version(&[HOME, OTHER, "eastus2"]).provisioned(Provisioning::Failed);
    failed = failed.says(HOME, RegionReplication::Failed, "");
    failed.targets[2].exclude_from_latest = Some(false);
    let scene = wide().targets(&[target("t", OTHER, &json!({})), target("u", "uksouth", &json!({}))]).version(failed);
    let request = request(&scene);
    assert_eq!(regions_of(&request), [HOME, OTHER, "eastus2"], "and adds none before the home region is complete");
    assert!(request.targets[2].exclude_from_latest, "not even a foreign region is latest");
}

#[test]
fn a_write_of_a_version_that_exists_writes_regions_and_nothing_else_does() {
    let home = version(&[HOME, OTHER]).says(HOME, RegionReplication::Failed, "");
    for (case, version, writes) in [
        ("nothing is to be done", version(&[HOME, OTHER]), false),
        ("a region is missing", version(&[HOME]), true),
        ("a region failed", version(&[HOME, OTHER]).says(OTHER, RegionReplication::Failed, ""), true),
        ("the creation failed", home.provisioned(Provisioning::Failed), true),
    ] {
        assert_eq!(wide().version(version).plan().writes_regions(), writes, "{case}");
    }
    assert!(!scene(&from_image_version()).plan().writes_regions(), "there is no version yet");
}

#[test]
fn a_write_keeps_what_it_does_not_know() {
    let unknown = |name: &str| serde_json::Map::from_iter([(name.to_owned(), json!({"kept": true}))]);
    let mut version = version(&[OTHER, HOME, "eastus2"]);
    version.tags.insert("team".into(), "web".into());
    version.preserved = unknown("restore");
    for target in &mut version.targets {
        target.preserved = unknown("encryption");
    }
    version.targets[2].replicas = Some(7);
    version.targets[2].storage_account_type = Some("Premium_LRS".into());
    version.default_replicas = 9;
    let request = request(&wide().version(version.clone()));
    assert_eq!(regions_of(&request), [HOME, OTHER, "eastus2"], "the home region is first");
    assert_eq!(request.preserved, version.preserved);
    assert_eq!(request.tags, tags(&[(OWNER_TAG, OURS), ("team", "web")]));
    for target in &request.targets {
        assert_eq!(target.preserved, unknown("encryption"), "{}", target.region);
    }
    let foreign = &request.targets[2];
    assert_eq!((foreign.replicas, foreign.storage_account_type.as_deref()), (Some(7), Some("Premium_LRS")));
}

#[test]
fn an_update_names_no_source_and_no_end_of_life_that_has_passed() {
    let with_end = |end: &str| {
        let publish = json!({"spec": {"publish": {"endOfLifeDate": end}}});
        let wants = [target("t", "North Europe", &json!({}))];
        let mut version = version(&[HOME]);
        version.end_of_life = Some(end.parse().unwrap());
        (scene(&publish).targets(&wants), version)
    };
    let (past, future) = ("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
    for (end, named) in [(past, None), (future, Some(future.parse().unwrap()))] {
        let (wide, version) = with_end(end);
        let update = request(&wide.clone().version(version.clone()));
        assert_eq!((update.source, update.end_of_life), (None, named), "{end}");
        let silent = facts::Version { end_of_life: None, ..version.clone() };
        let adds_it = compare_end(&wide.version(silent));
        assert_eq!(adds_it, named.is_some(), "a date that has passed isn't written, even where Azure has dropped it");
    }
    let (wide, version) = with_end(past);
    let later = facts::Version { end_of_life: Some(future.parse().unwrap()), ..version };
    assert_eq!(request(&wide.version(later)).end_of_life, Some(past.parse().unwrap()), "somebody brought it forward");
    let removal = {
        let asked = json!({"regions": [{"name": OTHER, "state": "Completed", "requestedBy": ["gone"]}]});
        let (wide, mut version) = with_end(past);
        version.targets.push(target_region(OTHER));
        let goes = [going("gone", OTHER, "Delete")];
        request(&wide.targets(&goes).status(serde_json::from_value(asked).unwrap()).version(version))
    };
    assert_eq!((removal.source, removal.end_of_life), (None, None));
    assert!(request(&scene(&from_image_version())).source.is_some(), "one that is made names it");
}

/// Whether the next write sets an end of life.
fn compare_end(scene: &Scene) -> bool {
    request(scene).end_of_life.is_some()
}
