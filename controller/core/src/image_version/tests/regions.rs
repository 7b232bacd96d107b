//! The regions as the status shows them, and the word that lets a target go.

use azimage_crds::{ConditionType, ImageVersionStatus, RegionState};
use azimage_names::Region;
use serde_json::{Value, json};

use super::{super::*, fixtures::*, scene::*, told::*};
use crate::Failure;

const OTHER: &str = "northeurope";

fn shown(status: &ImageVersionStatus) -> Vec<(String, RegionState, i32, String)> {
    status
        .regions
        .iter()
        .map(|region| (region.name.clone(), region.state, region.progress, region.requested_by.join("+")))
        .collect()
}

fn status(regions: &Value, published: bool) -> ImageVersionStatus {
    serde_json::from_value(json!({
        "observedGeneration": GENERATION, "conditions": [], "regions": regions,
        "source": {"location": HOME}, "resourceId": published.then_some("x"),
    }))
    .unwrap()
}

fn unread(scene: Scene) -> Scene {
    scene.observed(|observed| observed.version = Told::Failed(Failure::Throttled))
}

fn wide() -> Scene {
    scene(&json!({})).targets(&[target("t", "North Europe", &json!({}))])
}

#[test]
fn each_state_of_a_region_is_shown() {
    use RegionReplication as Azure;
    let cases = [
        (Some((Azure::Completed, 100)), RegionState::Completed, 100),
        (Some((Azure::Replicating, 63)), RegionState::Replicating, 60),
        (Some((Azure::Replicating, 100)), RegionState::Replicating, 95),
        (Some((Azure::Replicating, -5)), RegionState::Replicating, 0),
        (Some((Azure::InProgress, 63)), RegionState::Replicating, 60),
        (Some((Azure::Failed, 42)), RegionState::Failed, 40),
        (Some((Azure::Unknown, 0)), RegionState::Unknown, 0),
        (Some((Azure::Other("Levitating".into()), 0)), RegionState::Unknown, 0),
        (None, RegionState::Unknown, 0),
    ];
    for (says, state, progress) in cases {
        let mut observed = version(&[HOME, OTHER]);
        observed.replication.remove(&region(OTHER));
        if let Some((state, progress)) = says.clone() {
            let says = facts::RegionCopy { state, progress, details: String::new() };
            observed.replication.insert(region(OTHER), says);
        }
        let found = shown(&wide().version(observed).next_status());
        assert_eq!(found[0], (OTHER.into(), state, progress, "t".into()), "{says:?}");
        assert_eq!(found[1], (HOME.into(), RegionState::Completed, 100, "home".into()), "{says:?}");
    }
}

#[test]
fn replicas_are_ready_once_azure_is_done_with_them() {
    let before = |ready: Option<i32>| {
        let other =
            json!({"name": OTHER, "state": "Completed", "replicas": 1, "readyReplicas": ready, "requestedBy": ["t"]});
        status(&json!([other]), true)
    };
    let with = |replicas: Option<i32>, provisioning: Provisioning| {
        let mut observed = version(&[HOME, OTHER]);
        observed.provisioning = provisioning;
        observed
            .targets
            .iter_mut()
            .filter(|target| target.region == region(OTHER))
            .for_each(|it| it.replicas = replicas);
        observed
    };
    let copies = with(Some(4), Provisioning::Succeeded).says(OTHER, RegionReplication::Replicating, "");
    let cases = [
        ("it is done", with(Some(4), Provisioning::Succeeded), Some(1), Some(4)),
        ("it goes by the default", with(None, Provisioning::Succeeded), None, Some(1)),
        ("it still works", with(Some(4), Provisioning::Updating), Some(1), Some(1)),
        ("it still works, and it wasn't known before", with(Some(4), Provisioning::Updating), None, None),
        ("its operation failed", with(Some(4), Provisioning::Failed), Some(1), Some(1)),
        ("it copies", copies, Some(1), Some(1)),
        ("the region is gone", version(&[HOME]), Some(1), None),
    ];
    for (case, observed, ready, expected) in cases {
        let found = wide().version(observed).status(before(ready)).next_status();
        assert_eq!(found.regions[0].name, OTHER, "{case}");
        assert_eq!(found.regions[0].ready_replicas, expected, "{case}");
    }
}

#[test]
fn a_new_region_is_ready_when_its_own_copy_is_complete_whatever_the_others_wait_for() {
    use RegionReplication::{Completed, Replicating};
    let cases = [
        ("Pending", Provisioning::Updating, Completed, Some(2)),
        ("Replicating", Provisioning::Updating, Completed, Some(2)),
        ("Replicating", Provisioning::Creating, Completed, Some(2)),
        ("Replicating", Provisioning::Updating, Replicating, None),
        ("Replicating", Provisioning::Failed, Completed, None),
        ("Completed", Provisioning::Updating, Completed, None),
        ("Unknown", Provisioning::Updating, Completed, None),
    ];
    for (before, provisioning, says, expected) in cases {
        let other = json!({"name": OTHER, "state": before, "replicas": 2, "requestedBy": ["t"]});
        let mut observed = version(&[HOME, OTHER]).says(OTHER, says.clone(), "");
        observed.provisioning = provisioning.clone();
        let other_target = observed.targets.iter_mut().filter(|target| target.region == region(OTHER));
        other_target.for_each(|target| target.replicas = Some(2));
        let found = wide().version(observed).status(status(&json!([other]), true)).next_status();
        assert_eq!(found.regions[0].ready_replicas, expected, "{before} {provisioning:?} {says:?}");
    }
}

#[test]
fn what_a_target_no_longer_selects_stays_for_its_pause_with_all_its_replicas() {
    let selecting = |name: &str, others: bool, replicas: i32| {
        let labels = if others { json!({"tier": "dev"}) } else { json!({}) };
        target(name, OTHER, &json!({"spec": {"replicas": replicas, "imageSelector": {"matchLabels": labels}}}))
    };
    let there = |replicas: i32| {
        let mut observed = version(&[HOME, OTHER]);
        observed.targets.iter_mut().filter(|it| it.region == region(OTHER)).for_each(|it| it.replicas = Some(replicas));
        observed
    };
    let before = |by: &[&str], leaving: Value| {
        let home = json!({"name": HOME, "state": "Completed", "requestedBy": ["home"]});
        let other = json!({"name": OTHER, "state": "Completed", "requestedBy": by, "leaving": leaving});
        status(&json!([other, home]), true)
    };
    let entry = |seconds: i64| {
        let after = now().checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap();
        json!([{"target": "t", "after": after}])
    };
    let until = |status: &ImageVersionStatus| {
        let leaving = status.regions.iter().flat_map(|region| &region.leaving);
        leaving.map(|leaving| leaving.after.0.as_second() - now().as_second()).collect::<Vec<_>>()
    };
    let removes = |scene: &Scene| match scene.plan().step {
        Some(Step { request: Request::PutVersion(request), .. }) => {
            let is = request.targets.iter().find(|it| it.region == region(OTHER));
            Some(is.and_then(|is| is.replicas).unwrap_or_default())
        }
        _ => None,
    };
    let (gone, kept) = (selecting("t", true, 7), selecting("t", false, 7));
    let cases = [
        ("it was deselected just now", vec![gone.clone()], before(&["t"], json!([])), None, vec![900]),
        ("its pause lasts", vec![gone.clone()], before(&["t"], entry(1)), None, vec![1]),
        ("its pause is over", vec![gone.clone()], before(&["t"], entry(0)), Some(0), vec![0]),
        ("it was put back in time", vec![kept], before(&["t"], entry(1)), None, vec![]),
        (
            "another one wants fewer",
            vec![gone.clone(), selecting("u", false, 2)],
            before(&["t", "u"], json!([])),
            None,
            vec![900],
        ),
        (
            "and then has fewer",
            vec![gone.clone(), selecting("u", false, 2)],
            before(&["t", "u"], entry(-9)),
            Some(2),
            vec![],
        ),
        ("it is deleted meanwhile", vec![going("t", OTHER, "Delete")], before(&["t"], entry(800)), Some(0), vec![]),
    ];
    for (case, targets, status, written, pauses) in cases {
        let scene = scene(&json!({})).targets(&targets).version(there(7)).status(status);
        assert_eq!((removes(&scene), until(&scene.next_status())), (written, pauses), "{case}");
    }
    // Also while Azure can't be asked, or may not be.
    for change in [json!({}), json!({"spec": {"suspend": true}})] {
        let scene = unread(scene(&change).targets(std::slice::from_ref(&gone)).status(before(&["t"], json!([]))));
        let after = scene.next_status();
        assert_eq!((until(&after), shown(&after)[0].3.as_str()), (vec![900], "t"));
    }
    let ready = scene(&json!({})).targets(&[gone]).version(there(7)).status(before(&["t"], json!([]))).next_status();
    let said = message(&ready, ConditionType::Ready);
    assert!(said.contains("the target t asked for in northeurope is taken away after 20"), "{said}");
}

#[test]
fn a_region_in_which_scale_sets_use_the_version_stays_though_nobody_asks_for_it() {
    let named = |name: &str, at: &str| facts::ScaleSet { id: name.to_owned(), region: Region::parse(at).ok() };
    let unavailable = Failure::Unavailable("no answer".to_owned());
    let denied = Failure::Denied { action: "a/read".to_owned(), scope: "/s".to_owned() };
    let found = |sets: &[(&str, &str)]| Told::Found(sets.iter().map(|(name, at)| named(name, at)).collect());
    let deselected = target("t", OTHER, &json!({"spec": {"imageSelector": {"matchLabels": {"tier": "dev"}}}}));
    let over = json!([{"target": "t", "after": now()}]);
    for (case, scale_sets, stays, shown) in [
        ("none uses it", found(&[]), false, vec![]),
        ("one uses it there", found(&[("/front", OTHER)]), true, vec!["/front"]),
        ("one uses it elsewhere", found(&[("/front", HOME)]), false, vec![]),
        ("one uses it nobody knows where", found(&[("/front", "")]), true, vec!["/front"]),
        (
            "many use it there",
            found(&[("/d", OTHER), ("/b", OTHER), ("/c", OTHER), ("/a", OTHER)]),
            true,
            vec!["/a", "/b", "/c"],
        ),
        ("who uses it may not be asked", Told::Failed(denied), false, vec![]),
        ("who uses it can't be read now", Told::Failed(unavailable), true, vec![]),
        (
            "Azure doesn't understand the question",
            Told::Failed(Failure::Refused("BadRequest".to_owned())),
            true,
            vec![],
        ),
        ("Azure asks for a pause", Told::Failed(Failure::Throttled), true, vec![]),
        ("Azure knows of no such thing", Told::Missing(Absent::Resource), true, vec![]),
    ] {
        for target in [going("t", OTHER, "Delete"), deselected.clone()] {
            let other =
                json!({"name": OTHER, "state": "Completed", "replicas": 1, "requestedBy": ["t"], "leaving": over});
            let scene = scene(&json!({}))
                .targets(&[target])
                .version(version(&[HOME, OTHER]))
                .status(status(&json!([other]), true))
                .observed(|observed| observed.scale_sets = scale_sets.clone());
            let after = scene.next_status();
            let region = after.regions.iter().find(|region| region.name == OTHER).unwrap();
            assert_eq!(scene.plan().step.is_none(), stays, "{case}");
            assert_eq!(
                (&region.in_use_by, &region.requested_by),
                (&shown.iter().map(ToString::to_string).collect(), &vec!["t".to_owned()]),
                "{case}"
            );
            let said = message(&after, ConditionType::Ready);
            assert_eq!(said.contains("It stays in northeurope"), stays, "{case}: {said}");
        }
    }
    // Whoever leaves the replicas as they are is let go, whatever another one would take away.
    let other = json!({"name": OTHER, "state": "Completed", "replicas": 1, "requestedBy": ["t", "u"]});
    let both = scene(&json!({}))
        .targets(&[going("t", OTHER, "Delete"), going("u", OTHER, "Retain")])
        .version(version(&[HOME, OTHER]))
        .status(status(&json!([other]), true))
        .observed(|observed| observed.scale_sets = found(&[("/front", OTHER)]));
    let after = both.next_status();
    assert_eq!((both.plan().step.is_none(), &after.regions[0].requested_by), (true, &vec!["t".to_owned()]));
}

#[test]
fn progress_counts_the_regions_that_somebody_here_wants() {
    let cases = vec![
        ("not yet seen in Azure", unread(wide().status(status(&json!([]), false))), Some("0/2 regions, 0%")),
        ("one is complete", wide().version(version(&[HOME])), Some("1/2 regions, 50%")),
        ("both are complete", wide().version(version(&[HOME, OTHER])), Some("2/2 regions, 100%")),
        (
            "one copies",
            wide().version(version(&[HOME, OTHER]).says(OTHER, RegionReplication::Replicating, "")),
            Some("1/2 regions, 70%"),
        ),
        (
            "a foreign one copies",
            scene(&json!({})).version(version(&[HOME, OTHER]).says(OTHER, RegionReplication::Replicating, "")),
            Some("1/1 regions, 100%"),
        ),
        ("the home region isn't known", unread(wide()), None),
    ];
    for (case, scene, expected) in cases {
        assert_eq!(scene.next_status().progress.as_deref(), expected, "{case}");
    }
}

#[test]
fn a_region_is_shown_until_azure_removed_it_if_a_target_gives_it_up() {
    let before = status(&json!([{"name": OTHER, "state": "Completed", "progress": 100, "requestedBy": ["t"]}]), true);
    let going = scene(&json!({})).targets(&[going("t", OTHER, "Delete")]).status(before);
    let removing = going.clone().version(version(&[HOME, OTHER])).next_status();
    assert_eq!(shown(&removing)[0], (OTHER.into(), RegionState::Removing, 95, "t".into()));
    let removed = going.status(removing).version(version(&[HOME]));
    let doubt = || Doubt::NoRegion(region(OTHER));
    let told = |times| {
        let mut process = patient();
        process.doubts.insert(doubt(), times);
        process
    };
    for (vanished, regions) in [(0, 2), (2, 2), (3, 1)] {
        let scene = removed.clone().process(told(vanished));
        let (after, plan) = (scene.next_status(), scene.plan());
        assert_eq!(shown(&after).len(), regions, "{vanished} passes before said so: {:?}", after.regions);
        assert_eq!(plan.rests(), regions == 1, "{:?}", plan.report.progress);
        assert_eq!(scene.decided().doubts.get(&doubt()), Some(&(vanished + 1)));
    }
    let shown_again = removed.version(version(&[HOME, OTHER]));
    assert_eq!(shown_again.decided().doubts.get(&doubt()), None);
}

#[test]
fn a_target_that_retains_is_let_go_even_when_azure_does_not_answer() {
    let before = status(&json!([{"name": OTHER, "state": "Completed", "progress": 100, "requestedBy": ["t"]}]), true);
    let scene = scene(&json!({})).targets(&[going("t", OTHER, "Retain")]).status(before);
    for scene in [scene.clone().version(version(&[HOME, OTHER])), unread(scene)] {
        let after = scene.next_status();
        assert_eq!(shown(&after)[0], (OTHER.into(), RegionState::Completed, 100, String::new()));
    }
}

#[test]
fn a_suspended_object_lets_a_target_go_that_retains_and_holds_one_that_deletes() {
    let before = status(&json!([{"name": OTHER, "state": "Completed", "progress": 100, "requestedBy": ["t"]}]), true);
    for (policy, requested_by) in [("Retain", ""), ("Delete", "t")] {
        let scene =
            scene(&json!({"spec": {"suspend": true}})).targets(&[going("t", OTHER, policy)]).status(before.clone());
        assert_eq!(shown(&scene.next_status())[0].3, requested_by, "{policy}");
    }
}

#[test]
fn a_suspended_object_says_so_and_what_was_so_stays_so_unless_something_else_is_asked_for_since() {
    let status = |ready: &str, reason: &str, observed: i64| -> ImageVersionStatus {
        let at = "2026-05-01T00:00:00Z";
        let condition = json!({
            "type": "Ready", "status": ready, "reason": reason, "message": "m", "observedGeneration": observed, "lastTransitionTime": at,
        });
        let mut conditions = vec![condition.clone()];
        for kind in DOMAIN {
            let mut done = condition.clone();
            (done["type"], done["status"], done["reason"]) = (kind.as_str().into(), "True".into(), "Succeeded".into());
            conditions.push(done);
        }
        let region = json!({"name": OTHER, "state": "Completed", "requestedBy": ["t"]});
        serde_json::from_value(json!({
            "observedGeneration": observed, "conditions": conditions, "regions": [region], "source": {"location": HOME},
            "resourceId": "x",
        }))
        .unwrap()
    };
    let here = || vec![target("t", OTHER, &json!({}))];
    let cases = [
        ("it was made suspended", ImageVersionStatus::default(), vec![], "False"),
        ("it was ready", status("True", "Succeeded", GENERATION - 1), here(), "True"),
        ("it was ready and was looked at since", status("True", "Suspended", GENERATION), here(), "True"),
        ("it was at work", status("Unknown", "Replicating", GENERATION - 1), here(), "False"),
        ("it was changed while it is suspended", status("True", "Suspended", GENERATION - 1), here(), "False"),
        ("it was changed twice", status("True", "Succeeded", GENERATION - 2), here(), "False"),
        (
            "another region is wanted since",
            status("True", "Suspended", GENERATION),
            vec![target("u", "eastus2", &json!({}))],
            "False",
        ),
    ];
    for (case, before, targets, ready) in cases {
        let after = scene(&json!({"spec": {"suspend": true}})).targets(&targets).status(before).next_status();
        let condition = |kind: &str| after.conditions.iter().find(|condition| condition.type_ == kind);
        let told = condition("Ready").unwrap();
        assert_eq!((told.status.as_str(), told.reason.as_str()), (ready, "Suspended"), "{case}");
        assert_eq!(condition("Stalled").is_some(), ready == "False", "{case}");
        assert!(condition("Reconciling").is_none(), "{case}");
    }
}

#[test]
fn a_target_that_goes_before_the_version_was_made_is_let_go_at_once() {
    let pending = json!([{"name": OTHER, "state": "Pending", "requestedBy": ["t"]}]);
    for policy in ["Retain", "Delete"] {
        let scene = scene(&json!({})).targets(&[going("t", OTHER, policy)]).status(status(&pending, false));
        let found = shown(&scene.next_status());
        assert_eq!(found, [(HOME.into(), RegionState::Pending, 0, "home".into())], "{policy}");
    }
}

#[test]
fn a_region_that_a_target_shares_changes_hands() {
    let shared = json!([{"name": OTHER, "state": "Completed", "progress": 100, "requestedBy": ["t", "u"]}]);
    let scene = scene(&json!({}))
        .targets(&[going("t", OTHER, "Delete"), target("u", OTHER, &json!({}))])
        .status(status(&shared, true));
    for scene in [scene.clone().version(version(&[HOME, OTHER])), unread(scene)] {
        assert_eq!(shown(&scene.next_status())[0], (OTHER.into(), RegionState::Completed, 100, "u".into()));
    }
}

#[test]
fn a_version_that_vanished_has_no_regions_so_that_every_target_is_let_go() {
    let before = status(&json!([{"name": OTHER, "state": "Completed", "progress": 100, "requestedBy": ["t"]}]), true);
    let process = found_absent(own_version(), 3);
    let scene = scene(&json!({})).targets(&[going("t", OTHER, "Delete")]).status(before).process(process);
    assert_eq!(shown(&scene.next_status()), []);
}

#[test]
fn the_time_of_a_region_moves_with_its_state_only() {
    let copying = |progress| {
        let mut version = version(&[HOME, OTHER]);
        let says = facts::RegionCopy { state: RegionReplication::Replicating, progress, details: String::new() };
        version.replication.insert(region(OTHER), says);
        wide().version(version)
    };
    let plan = copying(10).plan();
    let first = next_status(&ImageVersionStatus::default(), &plan.report, GENERATION, None, before(60));
    let second = copying(50).status(first.clone()).next_status();
    assert_eq!(second.regions[0].since, first.regions[0].since);
    let third = wide().version(version(&[HOME, OTHER])).status(second).next_status();
    assert_eq!(third.regions[0].since.as_ref().map(|time| time.0), Some(now()));
}
