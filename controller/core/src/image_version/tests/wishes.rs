//! One bad wish holds up nobody: what Azure refuses, and what it doesn't keep.

use azimage_crds::{Reason, RefusalStatus, RegionState, ReplicationTarget};
use azimage_names::Region;
use serde_json::json;

use super::{
    super::*,
    azure::Azure,
    controller::{Controller, Fate},
    fixtures::*,
};
use crate::Progress;

const NORTH: &str = "northeurope";

/// A controller of a copy, and an Azure that refuses such writes.
fn refused(targets: &[(&str, &str, i32)], refuses: fn(&VersionRequest) -> Option<String>) -> Controller {
    let mut azure = Azure::new(machine());
    azure.refuses = Some(refuses);
    let mut controller = Controller::new(object(&from_image_version()), azure);
    controller.targets = targets
        .iter()
        .map(|(name, region, replicas)| target(name, region, &json!({"spec": {"replicas": replicas}})))
        .collect();
    controller.run(&[]);
    controller
}

fn has(request: &VersionRequest, name: &str) -> bool {
    request.targets.iter().any(|target| target.region == region(name))
}

fn typo(request: &VersionRequest) -> Option<String> {
    has(request, "northeurop").then(|| "InvalidParameter: The region 'northeurop' is not available".to_owned())
}

fn unnamed(request: &VersionRequest) -> Option<String> {
    has(request, "northeurop").then(|| "InvalidParameter: some region is not available".to_owned())
}

fn sum(request: &VersionRequest) -> Option<String> {
    let sum: i32 = request.targets.iter().filter_map(|target| target.replicas).sum();
    (sum > 100).then(|| format!("InvalidParameter: The value {sum} is out of range"))
}

fn reason(controller: &Controller) -> Option<Reason> {
    match controller.progress() {
        Progress::Retrying { reason, .. } | Progress::Stalled { reason, .. } => Some(*reason),
        _ => None,
    }
}

/// The targets of which Azure refuses what they ask for.
fn bad(controller: &Controller) -> Vec<&str> {
    let refused = |target: &&ReplicationTarget| {
        let is = |refusal: &RefusalStatus| {
            refusal.replicas == target.spec.replicas
                && Region::parse(&target.spec.region).is_ok_and(|region| region.as_str() == refusal.region)
        };
        controller.status.refusals.iter().any(is)
    };
    controller.targets.iter().filter(refused).filter_map(|target| target.metadata.name.as_deref()).collect()
}

#[test]
fn the_good_regions_complete_and_the_bad_wish_is_named() {
    for (case, targets, refuses, regions, blamed, most) in [
        (
            "Azure names it",
            &[("a", NORTH, 1), ("b", "northeurop", 1), ("c", "uksouth", 1)][..],
            typo as fn(&VersionRequest) -> Option<String>,
            vec![NORTH, "uksouth", HOME],
            vec!["b"],
            1,
        ),
        (
            "Azure doesn't name it",
            &[("a", NORTH, 1), ("b", "northeurop", 1), ("c", "uksouth", 1)][..],
            unnamed,
            vec![NORTH, "uksouth", HOME],
            vec!["b"],
            2,
        ),
        ("it is the sum of two", &[("a", NORTH, 60), ("b", "eastus2", 60)][..], sum, vec![NORTH, HOME], vec!["b"], 1),
        (
            "it is one of two in the same region",
            &[("a", NORTH, 2), ("b", NORTH, 100)][..],
            sum,
            vec![NORTH, HOME],
            vec!["b"],
            1,
        ),
    ] {
        let mut controller = refused(targets, refuses);
        assert_eq!(controller.regions(), regions, "{case}");
        assert_eq!(bad(&controller), blamed, "{case}");
        assert_eq!(reason(&controller), Some(Reason::RegionRefused), "{case}: {:?}", controller.progress());
        assert!(controller.azure.refused <= most, "{case}: {} refused writes", controller.azure.refused);
        let (before, refused) = (controller.status.clone(), controller.azure.refused);
        for _ in 0..6 {
            controller.pass(Fate::Fine);
        }
        assert_eq!(controller.azure.refused, refused, "{case}: not before the resync");
        controller.pass(Fate::Restart);
        assert_eq!(controller.azure.refused, refused, "{case}: nor by another process");
        for _ in 0..40 {
            controller.pass(Fate::Fine);
        }
        let again = controller.azure.refused - refused;
        assert!((1..=2).contains(&again), "{case}: {again} in two periods");
        assert_eq!(controller.status.regions, before.regions, "{case}");
        assert_eq!(controller.status.conditions, before.conditions, "{case}");

        controller.targets.retain(|target| Some(blamed[0]) != target.metadata.name.as_deref());
        controller.run(&[Fate::Fine; 8]);
        assert!(matches!(controller.progress(), Progress::Settled { .. }), "{case}: {:?}", controller.progress());
        assert!(controller.status.refusals.is_empty(), "{case}: {:?}", controller.status.refusals);
    }
}

#[test]
fn many_targets_for_a_bad_region_are_one_wish_for_each_setting_and_hold_up_no_good_one() {
    let mut azure = Azure::new(machine());
    azure.refuses = Some(typo);
    let mut controller = Controller::new(object(&from_image_version()), azure);
    let spec = |replicas: usize| json!({"spec": {"replicas": replicas}});
    let crowd = (0..300).map(|number| target(&format!("bad-{number}"), "northeurop", &spec(1 + number % 5)));
    controller.targets = crowd.chain([target("good", NORTH, &spec(1))]).collect();
    controller.run(&[]);
    assert_eq!(controller.regions(), [NORTH, HOME]);
    assert_eq!(bad(&controller).len(), 300);
    assert_eq!(controller.status.refusals.len(), 5);
    assert!(controller.azure.refused <= 20, "{} refused writes", controller.azure.refused);
    let before = controller.azure.refused;
    controller.run(&[Fate::Fine; 60]);
    let again = controller.azure.refused - before;
    assert!(again <= 20, "{again} in some periods");
}

#[test]
fn a_target_that_goes_takes_its_region_with_it_beside_a_bad_one() {
    let mut controller = refused(&[("a", NORTH, 1), ("b", "northeurop", 1)], typo);
    let shown = |controller: &Controller, name: &str| {
        controller.status.regions.iter().find(|region| region.name == name).map(|region| region.state)
    };
    assert_eq!(shown(&controller, "northeurop"), Some(RegionState::Refused));
    controller.targets[0] = going("a", NORTH, "Delete");
    controller.run(&[Fate::Fine; 12]);
    assert_eq!((controller.regions(), bad(&controller)), (vec![HOME], vec!["b"]));
    assert_eq!(shown(&controller, NORTH), None, "the target may go");
    controller.targets = vec![going("b", "northeurop", "Delete")];
    controller.run(&[Fate::Fine; 12]);
    assert!(matches!(controller.progress(), Progress::Settled { .. }), "{:?}", controller.progress());
    assert_eq!(controller.status.regions.len(), 1);
}

#[test]
fn what_a_target_has_stays_when_azure_refuses_it_more() {
    let mut controller = refused(&[("a", NORTH, 4)], sum);
    controller.targets = vec![target("a", NORTH, &json!({"spec": {"replicas": 100}}))];
    controller.run(&[Fate::Fine; 4]);
    assert_eq!(bad(&controller), ["a"]);
    let replicas = controller.status.regions.iter().find(|region| region.name == NORTH).and_then(|at| at.replicas);
    assert_eq!(replicas, Some(4));
    controller.targets = vec![target("a", NORTH, &json!({"spec": {"replicas": 5}}))];
    controller.run(&[Fate::Fine; 4]);
    assert!(matches!(controller.progress(), Progress::Settled { .. }), "{:?}", controller.progress());
}

#[test]
fn what_azure_refuses_of_the_object_itself_holds_up_no_target() {
    let mut controller =
        refused(&[("a", NORTH, 1)], |request| request.tags.contains_key("cost").then(|| "InvalidTag: no".to_owned()));
    controller.object.spec.publish.tags.insert("cost".into(), "42".into());
    controller.targets.push(target("b", "uksouth", &json!({})));
    controller.run(&[Fate::Fine; 8]);
    assert_eq!(controller.regions(), [NORTH, "uksouth", HOME]);
    assert_eq!(reason(&controller), Some(Reason::RequestRefused));
    assert!(bad(&controller).is_empty());
    controller.object.spec.publish.tags.clear();
    controller.run(&[Fate::Fine; 4]);
    assert!(matches!(controller.progress(), Progress::Settled { .. }), "{:?}", controller.progress());
}

#[test]
fn what_refuses_every_write_blames_no_target() {
    let mut azure = Azure::new(machine());
    azure.refuses = Some(|request| (request.targets.len() > 1).then(|| "ScopeLocked: no".to_owned()));
    let mut controller = Controller::new(object(&from_image_version()), azure);
    controller.targets = vec![target("a", NORTH, &json!({})), target("b", "uksouth", &json!({}))];
    for _ in 0..40 {
        controller.pass(Fate::Fine);
    }
    let stalled = controller.status.conditions.iter().find(|condition| condition.type_ == "Stalled");
    assert_eq!(stalled.map(|stalled| stalled.reason.as_str()), Some("RequestRefused"));
    assert!(bad(&controller).is_empty());
}

#[test]
fn what_azure_does_not_keep_is_written_three_times_and_told() {
    let mut azure = Azure::new(machine());
    azure.policy = Some(("cost", "platform"));
    let mut controller = Controller::new(object(&from_image_version()), azure);
    controller.object.spec.publish.tags.insert("cost".into(), "42".into());
    controller.run(&[]);
    assert_eq!(reason(&controller), Some(Reason::ChangeReverted));
    assert_eq!(controller.azure.puts, 4, "made once, and written three times");
    let Progress::Stalled { message, .. } = controller.progress() else { panic!("it stalls") };
    assert!(
        message.contains("tag cost") && message.contains("\"platform\"") && message.contains("\"42\""),
        "{message}"
    );
    let status = controller.status.clone();
    for fate in [Fate::Fine, Fate::Restart, Fate::Fine] {
        for _ in 0..100 {
            controller.pass(fate);
        }
    }
    assert_eq!((controller.azure.puts, &controller.status.conditions), (4, &status.conditions));

    // Other changes go on.
    controller.targets = vec![target("a", NORTH, &json!({}))];
    controller.run(&[Fate::Fine; 8]);
    assert_eq!((controller.regions(), controller.azure.puts), (vec![NORTH, HOME], 5));
    assert_eq!(reason(&controller), Some(Reason::ChangeReverted));
    // Something else is asked for.
    controller.object.spec.publish.tags.insert("cost".into(), "platform".into());
    controller.run(&[Fate::Fine; 2]);
    assert!(matches!(controller.progress(), Progress::Settled { .. }), "{:?}", controller.progress());
}

#[test]
fn whoever_includes_a_version_that_is_not_to_be_latest_is_answered_each_time() {
    let mut controller = Controller::new(object(&from_image_version()), Azure::new(machine()));
    controller.run(&[]);
    for times in 1..=8 {
        let before = controller.azure.puts;
        controller.azure.version.as_mut().unwrap().targets[0].exclude_from_latest = Some(false);
        controller.run(&[Fate::Restart; 4]);
        let version = controller.azure.version.as_ref().unwrap();
        assert_ne!(version.targets[0].exclude_from_latest, Some(false), "{times}");
        assert_eq!(controller.azure.puts, before + 1, "{times}");
        assert!(matches!(controller.progress(), Progress::Settled { .. }), "{times}: {:?}", controller.progress());
    }
}

#[test]
fn that_azure_refuses_to_take_a_version_out_of_latest_is_told_and_asked_for_with_pauses() {
    for targets in [vec![], vec![target("a", NORTH, &json!({}))]] {
        let mut controller = Controller::new(object(&from_image_version()), Azure::new(machine()));
        controller.targets = targets;
        controller.run(&[]);
        controller.azure.version.as_mut().unwrap().targets[0].exclude_from_latest = Some(false);
        controller.azure.refuses = Some(|_| Some("RequestDisallowedByPolicy: no".to_owned()));
        for _ in 0..60 {
            controller.pass(Fate::Fine);
        }
        // Once in a pass, but for those that find out whose wish it is; a refusal like any other is followed by a pause.
        assert!(controller.azure.refused <= 64, "{} refused writes", controller.azure.refused);
        let told = controller.status.conditions.iter().find(|it| it.type_ == "Stalled" && it.status == "True");
        let message = told.map_or("", |told| told.message.as_str());
        assert!(message.contains("RequestDisallowedByPolicy"), "{:#?}", controller.status.conditions);
        let before = controller.azure.refused;
        for _ in 0..60 {
            controller.pass(Fate::Fine);
        }
        assert!(controller.azure.refused > before, "it is asked for again and again");
        controller.azure.refuses = None;
        for _ in 0..60 {
            controller.pass(Fate::Fine);
        }
        assert_eq!(controller.azure.version.as_ref().unwrap().targets[0].exclude_from_latest, Some(true));
        assert!(matches!(controller.progress(), Progress::Settled { .. }), "{:?}", controller.progress());
    }
}

#[test]
fn regions_that_come_and_go_on_purpose_are_no_reverts() {
    let mut controller = Controller::new(object(&from_image_version()), Azure::new(machine()));
    for _ in 0..5 {
        controller.targets = vec![target("a", NORTH, &json!({}))];
        controller.run(&[Fate::Fine; 8]);
        assert_eq!(controller.regions(), [NORTH, HOME]);
        controller.targets = vec![going("a", NORTH, "Delete")];
        controller.run(&[Fate::Fine; 8]);
        assert_eq!(controller.regions(), [HOME]);
    }
    assert!(matches!(controller.progress(), Progress::Settled { .. }), "{:?}", controller.progress());
}

#[test]
fn the_guard_is_opened_for_the_write_that_removes_and_for_no_other() {
    let request = |step: Option<Step>| match step {
        Some(Step { request: Request::PutVersion(request), .. }) => *request,
        step => panic!("a write of the version was expected, not {step:?}"),
    };
    let goes = super::published::plain()
        .targets(&[going("t", NORTH, "Delete"), target("u", "uksouth", &json!({}))])
        .status(super::published::asked_for(&["t"]));
    let removal = request(goes.version(version(&[HOME, NORTH])).plan().step);
    assert!(removal.allow_deletion_of_regions && removal.targets.len() == 1);
    for open in [None, Some(false), Some(true)] {
        let mut version = version(&[HOME]);
        version.allow_deletion_of_regions = open;
        assert!(!request(super::published::wide().version(version).plan().step).allow_deletion_of_regions, "{open:?}");
    }
}

#[test]
fn a_status_stays_within_its_bounds_whatever_there_are_of_targets() {
    let many = |count: usize, region: &dyn Fn(usize) -> String| -> Vec<_> {
        (0..count).map(|number| target(&format!("t-{number:04}"), &region(number), &json!({}))).collect()
    };
    let letters = |mut number: usize| {
        let mut name = "x".to_owned();
        while number > 0 {
            name.push(char::from(b'a' + u8::try_from(number % 26).unwrap()));
            number /= 26;
        }
        name
    };
    for (case, targets) in [
        ("one region", many(65, &|_| "uksouth".to_owned())),
        ("made-up regions", many(200, &letters)),
        ("both", many(5000, &|number| letters(number % 300))),
    ] {
        let scene = super::published::plain().version(version(&[HOME])).targets(&targets);
        let status = scene.next_status();
        assert!(status.regions.len() <= 128, "{case}: {}", status.regions.len());
        assert!(status.regions.iter().all(|region| (1..=64).contains(&region.requested_by.len())), "{case}");
        let size = serde_json::to_string(&status).unwrap().len();
        assert!(size < 700_000, "{case}: {size} bytes");
        let Some(Step { request: Request::PutVersion(request), .. }) = scene.plan().step else { panic!("{case}") };
        assert!(request.targets.len() <= status.regions.len(), "{case}: each region that is asked for is on record");
    }
}
