//! One row for each thing that a target can find.

use azimage_crds::ReplicationTarget;
use serde_json::{Value, json};

use super::*;
use crate::lint;

fn version(name: &str, regions: &Value) -> ImageVersion {
    serde_json::from_value(json!({
        "apiVersion": "azimage.dev/v1alpha1", "kind": "ImageVersion",
        "metadata": {"name": name, "namespace": "images", "labels": {"tier": "prod"}},
        "spec": {
            "gallery": {"subscriptionId": "00000000-0000-0000-0000-000000000001", "resourceGroup": "images", "name": "corp"},
            "definition": "web", "version": "1.0.0",
            "source": {"imageVersion": {"resourceId": "x"}},
        },
        "status": {"regions": regions},
    }))
    .unwrap()
}

fn target(name: &str, change: &Value) -> ReplicationTarget {
    let mut object = json!({
        "apiVersion": "azimage.dev/v1alpha1", "kind": "ReplicationTarget",
        "metadata": {"name": name, "namespace": "images", "generation": 3},
        "spec": {"region": "North Europe", "imageSelector": {"matchLabels": {"tier": "prod"}}},
    });
    merge_json(&mut object, change);
    serde_json::from_value(object).unwrap()
}

fn merge_json(object: &mut Value, change: &Value) {
    match (object, change) {
        (Value::Object(object), Value::Object(change)) => {
            for (key, value) in change {
                merge_json(object.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (object, change) => *object = change.clone(),
    }
}

fn region(state: &str, requested_by: &[&str]) -> Value {
    json!([{"name": "northeurope", "state": state, "progress": 40, "requestedBy": requested_by}])
}

/// What is the case, the change to the target, the versions; then status and reason of Ready, progress, release.
type Case = (&'static str, Value, Vec<ImageVersion>, &'static str, &'static str, &'static str, bool);

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn a_target_tells_what_the_versions_say_of_its_region() {
    let none = json!({});
    let going = |policy: &str| {
        json!({
            "metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}, "spec": {"deletionPolicy": policy},
        })
    };
    let cases: Vec<Case> = vec![
        ("nothing matches the selector", none.clone(), vec![], "True", "Succeeded", "0/0", false),
        (
            "the named version doesn't exist",
            json!({"spec": {"imageSelector": null, "imageVersionName": "web-1"}}),
            vec![],
            "Unknown",
            "NothingSelected",
            "0/0",
            false,
        ),
        (
            "the version hasn't heard of the target",
            none.clone(),
            vec![version("web-1", &json!([]))],
            "Unknown",
            "Replicating",
            "0/1",
            false,
        ),
        (
            "the region is complete, but for somebody else's request",
            none.clone(),
            vec![version("web-1", &region("Completed", &["other"]))],
            "Unknown",
            "Replicating",
            "0/1",
            false,
        ),
        (
            "the region is being copied to",
            none.clone(),
            vec![version("web-1", &region("Replicating", &["t"]))],
            "Unknown",
            "Replicating",
            "0/1",
            false,
        ),
        (
            "one of two is complete",
            none.clone(),
            vec![version("web-1", &region("Completed", &["t"])), version("web-2", &region("Pending", &["t"]))],
            "Unknown",
            "Replicating",
            "1/2",
            false,
        ),
        (
            "the region failed",
            none.clone(),
            vec![version("web-1", &region("Failed", &["t"]))],
            "False",
            "RegionFailed",
            "0/1",
            false,
        ),
        (
            "all is complete",
            none,
            vec![version("web-1", &region("Completed", &["home", "t"]))],
            "True",
            "Succeeded",
            "1/1",
            false,
        ),
        (
            "a region nobody can understand",
            json!({"spec": {"region": "a/b"}}),
            vec![],
            "False",
            "InvalidSpec",
            "0/0",
            false,
        ),
        (
            "it goes, and a version still holds its region",
            going("Delete"),
            vec![version("web-1", &region("Removing", &["t"]))],
            "Unknown",
            "Deleting",
            "0/0",
            false,
        ),
        (
            "it goes, and the region is somebody else's now",
            going("Delete"),
            vec![version("web-1", &region("Completed", &["u"]))],
            "Unknown",
            "Deleting",
            "0/0",
            true,
        ),
        (
            "it goes, and the region was let go",
            going("Retain"),
            vec![version("web-1", &region("Completed", &[]))],
            "Unknown",
            "Deleting",
            "0/0",
            true,
        ),
        (
            "it goes, and nothing is left",
            going("Delete"),
            vec![version("web-1", &json!([]))],
            "Unknown",
            "Deleting",
            "0/0",
            true,
        ),
    ];
    for (case, change, versions, ready, reason, progress, release) in cases {
        let target = target("t", &change);
        let plan = plan(&target, &versions.iter().collect::<Vec<_>>(), &[&target], Timestamp::UNIX_EPOCH);
        let status = &plan.status;
        let condition = status.conditions.iter().find(|condition| condition.type_ == "Ready").unwrap();
        assert_eq!((condition.status.as_str(), condition.reason.as_str()), (ready, reason), "{case}");
        assert_eq!(status.progress.as_deref(), Some(progress), "{case}");
        assert_eq!(plan.release, release, "{case}");
        assert_eq!(lint::problems(3, status.observed_generation, &status.conditions), Vec::<String>::new(), "{case}");
    }
}

#[test]
fn of_two_targets_that_contradict_each_other_the_younger_one_stalls() {
    let made = |name: &str, at: &str, storage: &str| {
        target(name, &json!({"metadata": {"creationTimestamp": at}, "spec": {"storageAccountType": storage}}))
    };
    let old = made("z-old", "2026-01-01T00:00:00Z", "Standard_ZRS");
    let young = made("a-young", "2026-01-02T00:00:00Z", "Premium_LRS");
    let both = [&old, &young];
    let reason = |target: &ReplicationTarget| {
        let plan = plan(target, &[], &both, Timestamp::UNIX_EPOCH);
        plan.status.conditions.iter().find(|condition| condition.type_ == "Ready").unwrap().reason.clone()
    };
    assert_eq!(reason(&young), "ConflictingTarget");
    assert_eq!(reason(&old), "Succeeded");
}

#[test]
fn the_same_inputs_give_the_same_status() {
    let mut target = target("t", &json!({}));
    let version = version("web-1", &region("Replicating", &["t"]));
    let sibling = target.clone();
    let first = plan(&target, &[&version], &[&sibling], Timestamp::from_second(10).unwrap());
    target.status = Some(first.status.clone());
    let second = plan(&target, &[&version], &[&sibling], Timestamp::from_second(99).unwrap());
    assert_eq!(first.status, second.status);
}

#[test]
fn a_target_names_the_versions_that_it_waits_for_and_counts_what_is_complete() {
    let target = target("t", &json!({}));
    let say = |states: &[&str]| {
        let versions: Vec<ImageVersion> = states
            .iter()
            .enumerate()
            .map(|(at, state)| version(&format!("web-{at}"), &region(state, &["t"])))
            .collect();
        let plan = plan(&target, &versions.iter().collect::<Vec<_>>(), &[&target], Timestamp::UNIX_EPOCH);
        plan.status.conditions.iter().find(|condition| condition.type_ == "Ready").unwrap().message.clone()
    };
    for (states, expected) in [
        (&["Completed"][..], "1 version is complete in northeurope"),
        (&["Completed", "Completed"], "2 versions are complete in northeurope"),
        (&["Replicating", "Completed", "Pending"], "Waiting for web-0, web-2 to complete in northeurope"),
        (&["Replicating"; 7], "Waiting for web-0, web-1, web-2, web-3, web-4 and 2 more to complete in northeurope"),
        (&["Failed", "Replicating"], "Replication to northeurope failed for web-0"),
    ] {
        assert_eq!(say(states), expected);
    }
}

#[test]
fn the_more_versions_a_look_goes_through_the_longer_is_the_pause_after_it() {
    for (versions, milliseconds) in [(0, 0), (3, 30), (200, 2000), (1000, 10_000), (100_000, 10_000)] {
        assert_eq!(super::pause(versions).as_millis(), milliseconds, "{versions} versions");
    }
}

/// A version with a status.
fn with_status(name: &str, status: &Value) -> ImageVersion {
    let mut version = version(name, &json!([]));
    version.status = Some(serde_json::from_value(status.clone()).unwrap());
    version
}

#[test]
fn what_stops_a_target_is_its_own_and_told_by_it() {
    let refusal = |target: &str, replicas: i32| json!({"target": target, "region": "northeurope", "replicas": replicas, "message": "Closed: no"});
    let refused = |state: &str, refusals: Value| {
        with_status("web-1", &json!({"regions": region(state, &["t"]), "refusals": refusals}))
    };
    let stored = |is: &str| {
        let regions = json!([{
            "name": "northeurope", "state": "Completed", "progress": 100, "requestedBy": ["t"], "storageAccountType": is,
        }]);
        with_status("web-1", &json!({"regions": regions}))
    };
    let crowd = |count: usize| {
        let regions: Vec<_> =
            (0..count).map(|number| json!({"name": format!("r{number}"), "state": "Pending"})).collect();
        with_status("web-1", &json!({"regions": regions}))
    };
    let unnamed = |replicas: i32| {
        let regions = json!([{
            "name": "northeurope", "state": "Completed", "progress": 100, "requestedBy": ["u"], "requesters": 70,
            "replicas": replicas,
        }]);
        with_status("web-1", &json!({"regions": regions}))
    };
    let (none, premium) = (json!({}), json!({"spec": {"storageAccountType": "Premium_LRS"}}));
    for (case, change, version, expected) in [
        ("its wish is refused", &none, refused("Refused", json!([refusal("t", 1)])), "False/RegionRefused"),
        (
            "it is refused more of what it has",
            &none,
            refused("Completed", json!([refusal("t", 1)])),
            "False/RegionRefused",
        ),
        ("another wish of it was refused", &none, refused("Completed", json!([refusal("t", 9)])), "True/Succeeded"),
        ("another's is refused", &none, refused("Completed", json!([refusal("u", 1)])), "True/Succeeded"),
        ("the storage is another", &premium, stored("Standard_LRS"), "False/StorageTypeFixed"),
        ("the storage is the same", &premium, stored("premium_lrs"), "True/Succeeded"),
        ("it asks for no storage", &none, stored("Premium_LRS"), "True/Succeeded"),
        ("there is no place left", &none, crowd(128), "False/TooManyRegions"),
        ("there is one place left", &none, crowd(127), "Unknown/Replicating"),
        ("it is one of very many", &none, unnamed(1), "True/Succeeded"),
        (
            "it is one of very many, and asks for more",
            &json!({"spec": {"replicas": 2}}),
            unnamed(1),
            "Unknown/Replicating",
        ),
    ] {
        let target = target("t", change);
        let plan = plan(&target, &[&version], &[&target], Timestamp::UNIX_EPOCH);
        let conditions = &plan.status.conditions;
        let ready = conditions.iter().find(|condition| condition.type_ == "Ready").unwrap();
        assert_eq!(format!("{}/{}", ready.status, ready.reason), expected, "{case}: {}", ready.message);
        let stalled = conditions.iter().any(|condition| condition.type_ == "Stalled");
        assert_eq!(stalled, ready.status == "False", "{case}");
        assert_eq!(lint::problems(3, plan.status.observed_generation, conditions), Vec::<String>::new(), "{case}");
    }
}
