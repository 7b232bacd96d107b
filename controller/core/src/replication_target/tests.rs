//! One row for each thing that a target can find.

use azimage_crds::ReplicationTarget;
use serde_json::{Value, json};

use super::*;
use crate::{lint, unreadable};

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
    json!([{"name": "northeurope", "state": state, "progress": 40, "readyReplicas": 1, "requestedBy": requested_by}])
}

/// A version with a region in this state that waits for a person.
fn stalled_version(name: &str, reason: &str, regions: &Value) -> ImageVersion {
    let mut version = version(name, regions);
    let at = "2026-11-02T09:00:00Z";
    let condition = |kind: &str, status: &str| json!({"type": kind, "status": status, "reason": reason, "message": "Azure's words", "lastTransitionTime": at});
    let conditions = json!([condition("Ready", "False"), condition("Stalled", "True")]);
    version.status.as_mut().unwrap().conditions = serde_json::from_value(conditions).unwrap();
    version
}

fn suspended_version(name: &str, regions: &Value) -> ImageVersion {
    let mut version = version(name, regions);
    version.spec.suspend = true;
    version
}

/// Ready's status, reason and message, and whether it is stalled or reconciling.
fn say(target: &ReplicationTarget, versions: &[ImageVersion], siblings: &[&ReplicationTarget]) -> (String, Plan) {
    let plan = plan(target, &versions.iter().collect::<Vec<_>>(), siblings, Timestamp::UNIX_EPOCH);
    let status = &plan.status;
    let problems = lint::problems(3, status.observed_generation, &status.conditions);
    assert_eq!(problems, Vec::<String>::new());
    let has = |kind: &str| status.conditions.iter().any(|condition| condition.type_ == kind);
    let ready = status.conditions.iter().find(|condition| condition.type_ == "Ready").unwrap();
    let kind = if has("Stalled") {
        " Stalled"
    } else if has("Reconciling") {
        " Reconciling"
    } else {
        ""
    };
    (format!("{} {}{kind}: {}", ready.status, ready.reason, ready.message), plan)
}

#[test]
fn a_target_tells_what_holds_its_versions_up() {
    let none = json!([]);
    let failed = |detail: &str| {
        let mut regions = region("Failed", &["t"]);
        regions[0]["detail"] = detail.into();
        regions
    };
    let act = "Not known to be complete in northeurope, and azimage can't go on before a person acts:";
    let cases = [
        (
            "a version is stalled before it completes here",
            vec![stalled_version("web-1", "RequestRefused", &region("Pending", &["t"]))],
            format!("False VersionStalled Stalled: {act} web-1 is Stalled with RequestRefused (Azure's words)"),
        ),
        (
            "one is stalled before it heard of the target",
            vec![stalled_version("web-1", "AccessDenied", &none)],
            format!("False VersionStalled Stalled: {act} web-1 is Stalled with AccessDenied (Azure's words)"),
        ),
        (
            "one is suspended before it completes here",
            vec![suspended_version("web-1", &region("Replicating", &["t"]))],
            format!("False VersionStalled Stalled: {act} web-1 is suspended"),
        ),
        (
            "its region failed for good",
            vec![stalled_version("web-1", "ReplicationFailed", &failed("no room there"))],
            format!("False VersionStalled Stalled: {act} web-1 is Stalled with ReplicationFailed (no room there)"),
        ),
        (
            "its region failed, and is tried again",
            vec![version("web-1", &failed("no room there"))],
            "False RegionFailed Reconciling: Replication to northeurope failed and is being repaired for web-1 (no room \
             there)"
            .to_owned(),
        ),
        (
            "one is stalled, and complete here",
            vec![stalled_version("web-1", "ReplicationFailed", &region("Completed", &["t"]))],
            "True Succeeded: 1 version is complete in northeurope".to_owned(),
        ),
        (
            "one is suspended, and complete here",
            vec![suspended_version("web-1", &region("Completed", &["t"]))],
            "True Succeeded: 1 version is complete in northeurope".to_owned(),
        ),
        (
            "it was complete here, and belongs to somebody else now",
            vec![stalled_version("web-1", "VersionExists", &region("Completed", &["t"]))],
            format!("False VersionStalled Stalled: {act} web-1 is Stalled with VersionExists (Azure's words)"),
        ),
        (
            "one is stalled, and another one is at work",
            vec![
                stalled_version("web-1", "RequestRefused", &none),
                suspended_version("web-2", &none),
                version("web-3", &region("Replicating", &["t"])),
            ],
            "Unknown Replicating Reconciling: Waiting for web-3 to complete in northeurope; before a person acts, azimage \
             can't go on with: web-1 is Stalled with RequestRefused (Azure's words); web-2 is suspended"
                .to_owned(),
        ),
        (
            "one is stalled, and another one is complete",
            vec![stalled_version("web-1", "RequestRefused", &none), version("web-2", &region("Completed", &["t"]))],
            format!("False VersionStalled Stalled: {act} web-1 is Stalled with RequestRefused (Azure's words)"),
        ),
    ];
    let target = target("t", &json!({}));
    for (case, versions, expected) in cases {
        assert_eq!(say(&target, &versions, &[&target]).0, expected, "{case}");
    }
}

#[test]
fn of_a_version_that_cannot_be_read_a_target_says_so_by_its_name_and_labels() {
    let stand_in = |change: &Value| {
        let mut metadata = json!({"name": "web-9", "namespace": "images", "labels": {"tier": "prod"}});
        merge_json(&mut metadata, change);
        unreadable::stand_in_of(&serde_json::from_value(metadata).unwrap(), "unknown variant").unwrap()
    };
    let there = || version("web-1", &region("Completed", &["t"]));
    let none = "True NothingSelected";
    let selecting = target("t", &json!({}));
    let naming = target("t", &json!({"spec": {"imageSelector": null, "imageVersionName": "web-9"}}));
    for (case, target, versions, expected) in [
        ("it is the only one", &selecting, vec![stand_in(&json!({}))], "False VersionStalled Stalled"),
        ("it is named", &naming, vec![stand_in(&json!({}))], "False VersionStalled Stalled"),
        ("another one is complete", &selecting, vec![there(), stand_in(&json!({}))], "False VersionStalled Stalled"),
        ("it has other labels", &selecting, vec![stand_in(&json!({"labels": {"tier": "dev"}}))], none),
        ("it goes", &selecting, vec![stand_in(&json!({"deletionTimestamp": "2026-11-02T09:00:00Z"}))], none),
    ] {
        let (said, plan) = say(target, &versions, &[target]);
        assert!(said.starts_with(expected), "{case}: {said}");
        let stalled = said.contains("Stalled");
        assert_eq!(stalled, said.contains("web-9 is Stalled with InvalidSpec (This release"), "{case}: {said}");
        let shown = plan.status.versions.iter().find(|version| version.name == "web-9");
        assert_eq!(shown.map(|shown| shown.state), stalled.then_some(RegionState::Unknown), "{case}");
    }
}

#[test]
fn what_a_version_said_before_its_spec_changed_holds_nothing_up() {
    let mut version = stalled_version("web-1", "RequestRefused", &json!([]));
    version.metadata.generation = Some(2);
    let target = target("t", &json!({}));
    for (observed, stalled) in [(Some(1), false), (Some(2), true), (None, true)] {
        version.status.as_mut().unwrap().conditions[1].observed_generation = observed;
        let (said, _) = say(&target, std::slice::from_ref(&version), &[&target]);
        assert_eq!(said.contains("VersionStalled"), stalled, "{observed:?}: {said}");
    }
}

#[test]
fn of_many_versions_that_wait_for_a_person_the_message_names_some_and_stays_short() {
    let versions: Vec<ImageVersion> = (0..9)
        .map(|at| {
            let mut version = stalled_version(&format!("web-{at}"), "RequestRefused", &json!([]));
            version.status.as_mut().unwrap().conditions[1].message = "x".repeat(2000);
            version
        })
        .collect();
    let target = target("t", &json!({}));
    let (said, _) = say(&target, &versions, &[&target]);
    assert!(said.contains("web-4") && !said.contains("web-5") && said.ends_with(" and 4 more"), "{said}");
    assert!(said.len() < 2048, "{}", said.len());
}

#[test]
fn a_target_is_ready_only_with_as_many_replicas_as_it_asks_for() {
    let version = |ready: Option<i32>| {
        let mut regions = region("Completed", &["t", "u"]);
        regions[0]["readyReplicas"] = json!(ready);
        version("web-1", &regions)
    };
    let of = |name: &str, replicas: i32| target(name, &json!({"spec": {"replicas": replicas}}));
    let cases = [
        ("as many", 3, 1, Some(3), true),
        ("fewer", 3, 1, Some(2), false),
        ("it isn't known yet", 1, 1, None, false),
        ("more, and nobody asks for more", 3, 1, Some(7), false),
        ("more, as another target asks for more", 3, 7, Some(7), true),
        ("as many as this one asks for, though another one asks for more", 3, 7, Some(3), true),
    ];
    for (case, asks, other, ready, expected) in cases {
        let (target, other) = (of("t", asks), of("u", other));
        let (said, plan) = say(&target, &[version(ready)], &[&target, &other]);
        assert_eq!(said.starts_with("True"), expected, "{case}: {said}");
        let shown = if expected { ("1/1", RegionState::Completed) } else { ("0/1", RegionState::Replicating) };
        let status = plan.status;
        assert_eq!((status.progress.as_deref(), status.versions[0].state), (Some(shown.0), shown.1), "{case}");
    }
    let elsewhere = target("u", &json!({"spec": {"replicas": 7, "region": "eastus2"}}));
    let other_versions =
        target("u", &json!({"spec": {"replicas": 7, "imageSelector": {"matchLabels": {"tier": "dev"}}}}));
    let going =
        target("u", &json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}, "spec": {"replicas": 7}}));
    for other in [elsewhere, other_versions, going] {
        let target = of("t", 3);
        let (said, _) = say(&target, &[version(Some(7))], &[&target, &other]);
        assert!(said.starts_with("Unknown Replicating"), "{said}");
    }
}

#[test]
fn what_a_target_no_longer_selects_is_announced_once_and_counts_no_more() {
    let leaving = |mut regions: Value| {
        regions[0]["leaving"] = json!([{"target": "t", "after": "2026-11-01T00:15:00Z"}]);
        let mut version = version("web-1", &regions);
        version.metadata.labels = None;
        version
    };
    let mut target = target("t", &json!({}));
    let versions = [leaving(region("Completed", &["t"])), version("web-2", &region("Completed", &["t"]))];
    let (said, first) = say(&target, &versions, &[&target]);
    let words = "eplicas of web-1 in northeurope are taken away after 2026-11-01T00:15:00Z, as this target no longer selects \
                 them: put back the selector or the labels to keep them";
    assert_eq!(said, format!("True Succeeded: 1 version is complete in northeurope; r{words}"));
    assert_eq!(first.status.progress.as_deref(), Some("1/1"));
    let told: Vec<_> = first.announced.iter().map(|it| (it.warning, it.reason.as_str(), it.note.clone())).collect();
    assert_eq!(told, [(true, "RemovalPending", format!("R{words}"))]);
    target.status = Some(first.status);
    let (_, second) = say(&target, &versions, &[&target]);
    assert_eq!(second.announced, []);
    assert_eq!(second.status, target.status.clone().unwrap());
    // Meanwhile whoever asks for fewer replicas has them.
    let mut regions = region("Completed", &["t", "u"]);
    (regions[0]["readyReplicas"], regions[0]["leaving"]) =
        (json!(7), json!([{"target": "u", "after": "2026-11-01T00:15:00Z"}]));
    let (said, _) = say(&target, &[version("web-1", &regions)], &[&target]);
    assert!(said.starts_with("True Succeeded"), "{said}");
}

#[test]
fn a_deletion_is_told_what_it_removes_once() {
    let at = "2026-01-01T00:00:00Z";
    let going = |policy: &str, observed: i64| {
        let mut target =
            target("t", &json!({"metadata": {"deletionTimestamp": at}, "spec": {"deletionPolicy": policy}}));
        target.status = Some(ReplicationTargetStatus { observed_generation: Some(observed), ..Default::default() });
        target
    };
    let there = [
        version("web-1", &region("Completed", &["t"])),
        stalled_version("web-2", "AccessDenied", &region("Completed", &["t"])),
    ];
    let words =
        "With this target its replicas of web-2, web-1 in northeurope are removed, unless another target asks for them";
    for (case, policy, observed, versions, expected) in [
        ("it was deleted just now", "Delete", 2, &there[..], Some(words)),
        ("it was told before", "Delete", 3, &there, None),
        ("it leaves its replicas", "Retain", 2, &there, None),
        ("it has none", "Delete", 2, &[], None),
    ] {
        let target = going(policy, observed);
        let (_, plan) = say(&target, versions, &[&target]);
        let told: Vec<_> = plan.announced.iter().map(|it| (it.warning, it.reason.as_str(), it.note.as_str())).collect();
        assert_eq!(told, expected.map(|words| (true, "Deleting", words)).into_iter().collect::<Vec<_>>(), "{case}");
    }
}

#[test]
fn a_target_that_goes_ends_or_says_who_has_to_act() {
    let going = |policy: &str| {
        let at = "2026-01-01T00:00:00Z";
        target("t", &json!({"metadata": {"deletionTimestamp": at}, "spec": {"deletionPolicy": policy}}))
    };
    let there = region("Completed", &["t"]);
    let not_ours = |state: &str| stalled_version("web-1", "VersionExists", &region(state, &["t"]));
    let denied = || stalled_version("web-1", "AccessDenied", &there);
    let used = |there: &Value| {
        let mut there = there.clone();
        there[0]["inUseBy"] = json!(["/front", "/back"]);
        there
    };
    let in_use = |there: &Value| version("web-1", &used(there));
    let stays = "The replicas of web-1 in northeurope stay: the gallery image version no longer carries the tag \
        azimage-owner of its object, so azimage may not change it; remove the region from it in Azure if nobody uses it";
    let cases = [
        ("a version isn't ours any more", "Delete", vec![not_ours("Completed")], true, Some(stays), "Nothing is left"),
        ("it never was ours", "Delete", vec![not_ours("Pending")], true, None, "Nothing is left"),
        ("it isn't ours, and what it has stays anyhow", "Retain", vec![not_ours("Completed")], true, None, "Nothing"),
        ("a version is stalled, and what it has stays", "Retain", vec![denied()], true, None, "Nothing is left"),
        (
            "scale sets are made from a version there",
            "Delete",
            vec![in_use(&there)],
            false,
            None,
            "False VersionStalled Stalled: The replicas in northeurope can't be removed before a person acts: scale sets there are \
             made from web-1: /front, /back; to let them stay, set spec.deletionPolicy to Retain",
        ),
        (
            "they are made from one that isn't ours any more",
            "Delete",
            vec![stalled_version("web-1", "VersionExists", &used(&there))],
            true,
            Some(stays),
            "Nothing is left",
        ),
        (
            "they are made from one that may not be written",
            "Delete",
            vec![stalled_version("web-1", "AccessDenied", &used(&there))],
            false,
            None,
            "False VersionStalled Stalled: The replicas in northeurope can't be removed before a person acts: web-1 is Stalled with \
             AccessDenied (Azure's words)",
        ),
        ("they are, and what it has stays anyhow", "Retain", vec![in_use(&there)], false, None, "Unknown Deleting"),
        (
            "a version is stalled",
            "Delete",
            vec![denied()],
            false,
            None,
            "False VersionStalled Stalled: The replicas in northeurope can't be removed before a person acts: web-1 is \
             Stalled with AccessDenied (Azure's words); to let them stay, set spec.deletionPolicy to Retain",
        ),
        (
            "a version is stalled, and another one is at work",
            "Delete",
            vec![denied(), version("web-2", &there)],
            false,
            None,
            "Unknown Deleting Reconciling: Waiting for azimage to remove the replicas of web-2, web-1 is Stalled with \
             AccessDenied (Azure's words)",
        ),
        (
            "a version is suspended",
            "Delete",
            vec![suspended_version("web-1", &there)],
            false,
            None,
            "Unknown Deleting Reconciling: Waiting for azimage to remove the replicas of web-1 (suspended)",
        ),
    ];
    for (case, policy, versions, release, parting, words) in cases {
        let target = going(policy);
        let (said, plan) = say(&target, &versions, &[&target]);
        assert_eq!((plan.release, plan.parting.as_deref()), (release, parting), "{case}");
        assert!(said.contains(words), "{case}: {said}");
    }
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
        ("nothing matches the selector", none.clone(), vec![], "True", "NothingSelected", "0/0", false),
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
    assert_eq!(reason(&old), "NothingSelected");
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
        (&["Failed", "Replicating"], "Replication to northeurope failed and is being repaired for web-0"),
    ] {
        assert_eq!(say(states), expected);
    }
}

#[test]
fn the_more_versions_a_look_goes_through_the_longer_is_the_pause_after_it() {
    for (versions, targets, milliseconds) in [
        (0, 1, 0),
        (3, 0, 30),
        (200, 10, 2000),
        (200, 500, 2000),
        (200, 501, 4000),
        (200, 5000, 20_000),
        (1000, 1, 10_000),
        (100_000, 100_000, 30_000),
    ] {
        assert_eq!(super::pause(versions, targets).as_millis(), milliseconds, "{versions} versions, {targets} targets");
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
    let refusal = |replicas: i32| json!({"region": "northeurope", "replicas": replicas, "message": "Closed: no"});
    let unknown =
        |replicas: i32| json!({"region": "northeurope", "replicas": replicas, "message": "none", "unknown": true});
    let refused = |state: &str, refusals: Value| {
        with_status("web-1", &json!({"regions": region(state, &["t"]), "refusals": refusals}))
    };
    let stored = |is: &str| {
        let regions = json!([{
            "name": "northeurope", "state": "Completed", "progress": 100, "requestedBy": ["t"], "storageAccountType": is,
            "readyReplicas": 1,
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
            "replicas": replicas, "readyReplicas": replicas,
        }]);
        with_status("web-1", &json!({"regions": regions}))
    };
    let (none, premium) = (json!({}), json!({"spec": {"storageAccountType": "Premium_LRS"}}));
    let more = json!({"spec": {"replicas": 2}});
    let cases = vec![
        ("its wish is refused", &none, refused("Refused", json!([refusal(1)])), "False/RegionRefused"),
        ("it is refused more of what it has", &none, refused("Completed", json!([refusal(1)])), "False/RegionRefused"),
        ("there is no such region", &none, refused("Refused", json!([unknown(1)])), "False/RegionUnknown"),
        ("there is none, with other replicas", &none, refused("Completed", json!([unknown(9)])), "True/Succeeded"),
        ("another wish of it was refused", &none, refused("Completed", json!([refusal(9)])), "True/Succeeded"),
        ("the storage is another", &premium, stored("Standard_LRS"), "False/StorageTypeFixed"),
        ("the storage is the same", &premium, stored("premium_lrs"), "True/Succeeded"),
        ("it asks for no storage", &none, stored("Premium_LRS"), "True/Succeeded"),
        ("there is no place left", &none, crowd(128), "False/TooManyRegions"),
        ("there is one place left", &none, crowd(127), "Unknown/Replicating"),
        ("it is one of very many", &none, unnamed(1), "True/Succeeded"),
        ("it is one of very many, and asks for more", &more, unnamed(1), "Unknown/Replicating"),
    ];
    for (case, change, version, expected) in cases {
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
