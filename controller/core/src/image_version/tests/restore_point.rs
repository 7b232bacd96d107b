//! The disks of a copy go together: all are as they were at one moment, or a person is told and may do without.

use azimage_crds::{ConditionType, Reason};
use azimage_names::Region;
use serde_json::{Value, json};

use super::{
    super::*,
    azure::Azure,
    clone::{ask, assert_clean, cloning, controller, part, reason, until, wait, with_data},
    controller::{Controller, Fate},
    fixtures::*,
};
use crate::{
    Failure, Progress,
    temporary::{DiskPlace, Part, TemporaryId},
};

fn consistency(of: &str) -> Value {
    json!({"source": {"virtualMachine": {"clone": {"consistency": of, "keepOnFailure": "1h"}}}})
}

fn count(controller: &Controller, step: StepName) -> usize {
    controller.carried_out.iter().filter(|carried_out| **carried_out == step).count()
}

#[test]
fn a_restore_point_is_made_only_where_several_disks_have_to_go_together() {
    let mut alone = machine();
    alone.tags.clear();
    for (machine, of, restore_points, snapshots) in [
        (with_data(), "AcrossDisks", 1, 0),
        (with_data(), "PerDisk", 0, 2),
        (alone.clone(), "AcrossDisks", 0, 1),
        (alone, "PerDisk", 0, 1),
    ] {
        let disks = machine.disks.len();
        let mut controller = Controller::new(cloning(&consistency(of)), Azure::cloning(machine));
        controller.run(&[]);
        assert!(matches!(controller.progress(), Progress::Settled { .. }), "{of}: {:?}", controller.progress());
        let made = [StepName::CreateRestorePoint, StepName::CreateRestorePointCollection, StepName::CreateSnapshot];
        let made = made.map(|step| count(&controller, step));
        assert_eq!(made, [restore_points, restore_points, snapshots], "{of}, {disks} disks");
        assert_eq!(count(&controller, StepName::CreateDisk), disks);
        assert_eq!(controller.status.temporary, []);
    }
}

#[test]
fn a_restore_point_that_azure_fails_to_make_is_made_again_and_in_the_end_a_person_is_told() {
    for (fails, ends_well) in [(1, true), (2, true), (3, false)] {
        for restarts in [false, true] {
            let mut controller = controller(&json!({}));
            controller.azure.failing_restore_points = fails;
            for pass in 0..120 {
                controller.pass(if restarts && pass % 5 == 0 { Fate::Restart } else { Fate::Fine });
            }
            let case = format!("{fails} {restarts}: {:?}", controller.progress());
            if ends_well {
                controller.run(&[]);
                assert!(matches!(controller.progress(), Progress::Settled { .. }), "{case}");
                assert_eq!(controller.azure.restore_points, fails + 1, "{case}");
                assert_clean(&controller);
                continue;
            }
            let Progress::Stalled { reason: Reason::RestorePointUnavailable, message } = controller.progress() else {
                panic!("{case}")
            };
            assert!(message.contains("clone.consistency: PerDisk in a new object"), "{message}");
            assert!(controller.azure.restore_points <= 3, "{case}");
            wait(&mut controller, 90);
            assert_clean(&controller);
            assert_eq!(reason(&controller, ConditionType::Stalled), "True/RestorePointUnavailable");
            ask(&mut controller, "now");
            controller.run(&[]);
            assert!(matches!(controller.progress(), Progress::Settled { .. }), "{case}");
            assert_clean(&controller);
        }
    }
}

#[test]
fn a_restore_point_that_azure_refuses_is_told_before_anything_else_is_made() {
    let refused = || Failure::Refused("VMRestorePointClientError: it is not supported".to_owned());
    for failure in [refused(), Failure::NotAllowed("OperationNotAllowed: it is not supported".to_owned())] {
        let mut controller = controller(&json!({}));
        controller.refuses = Some((StepName::CreateRestorePoint, failure));
        wait(&mut controller, 120);
        let stalled = controller.status.conditions.iter().find(|known| known.type_ == "Stalled").unwrap();
        assert_eq!((stalled.status.as_str(), stalled.reason.as_str()), ("True", "RestorePointUnavailable"));
        assert!(stalled.message.contains("consistency: PerDisk") && stalled.message.ends_with("it is not supported"));
        let there: Vec<_> = controller.azure.parts.keys().collect();
        assert_eq!(there, [&part(Part::RestorePoints)]);
        controller.refuses = None;
        wait(&mut controller, 60);
        assert!(matches!(controller.progress(), Progress::Settled { .. }), "{:?}", controller.progress());
        assert_clean(&controller);
    }
}

#[test]
fn what_is_attached_or_detached_after_the_moment_is_as_it_was_then() {
    let attached = facts::AttachedDisk::plain(Some(disk_id("late")), Some(9), false);
    let (mut more, mut less) = (with_data(), with_data());
    more.disks.push(attached);
    less.disks.truncate(1);
    for machine in [more, less] {
        let mut controller = controller(&json!({}));
        until(&mut controller, |azure| azure.restore_points == 1);
        controller.azure.origin = Some(machine);
        controller.run(&[]);
        assert!(matches!(controller.progress(), Progress::Settled { .. }), "{:?}", controller.progress());
        assert_eq!(count(&controller, StepName::CreateDisk), 2);
        assert_eq!(controller.azure.restore_points, 1);
    }
    // A snapshot of it would be of another moment than that of the OS disk.
    let mut alone = with_data();
    alone.disks.truncate(1);
    let mut controller = Controller::new(cloning(&json!({})), Azure::cloning(alone));
    until(&mut controller, |azure| azure.snapshots == 1);
    controller.azure.origin = Some(with_data());
    controller.run(&[]);
    assert_eq!((count(&controller, StepName::CreateDisk), controller.azure.snapshots), (1, 1));
}

#[test]
fn disks_of_two_moments_never_go_together() {
    for whole in [true, false] {
        let mut controller = controller(&json!({}));
        let id = part(Part::RestorePoints);
        until(&mut controller, |azure| azure.parts.contains_key(&part(Part::Disk(DiskPlace::System))));
        if whole {
            controller.azure.parts.remove(&id);
        } else {
            controller.azure.parts.get_mut(&id).unwrap().restore_points.clear();
        }
        controller.run(&[]);
        assert!(matches!(controller.progress(), Progress::Settled { .. }), "{:?}", controller.progress());
        assert_eq!(controller.azure.restore_points, 2);
        assert_eq!(count(&controller, StepName::CreateDisk), 3, "the first one is made again");
        assert_clean(&controller);
    }
}

#[test]
fn disks_of_two_moments_never_go_together_though_the_status_was_lost() {
    type Hand = fn(&mut Azure);
    let os_disk = part(Part::Disk(DiskPlace::System));
    let hands: [(&str, usize, Hand); 4] = [
        ("the restore point is gone", 2, |azure| drop(azure.parts.remove(&part(Part::RestorePoints)))),
        ("a disk is attached since", 1, |azure| azure.origin = Some(with_data())),
        ("a disk is detached since", 2, |azure| azure.origin.as_mut().unwrap().disks.truncate(1)),
        ("nothing else", 2, |_| {}),
    ];
    for (what, disks, hand) in hands {
        let mut machine = with_data();
        machine.disks.truncate(disks);
        let mut controller = Controller::new(cloning(&json!({})), Azure::cloning(machine));
        until(&mut controller, |azure| azure.parts.contains_key(&os_disk));
        hand(&mut controller.azure);
        let os_disks =
            |controller: &Controller| controller.azure.disks_made.iter().filter(|id| **id == os_disk).count();
        assert_eq!(os_disks(&controller), 1, "{what}");
        controller.run(&[Fate::StatusLost]);
        assert!(matches!(controller.progress(), Progress::Settled { .. }), "{what}: {:?}", controller.progress());
        assert_eq!(os_disks(&controller), 2, "{what}: the first one is made again");
        assert_eq!(controller.azure.parts.keys().collect::<Vec<_>>(), Vec::<&TemporaryId>::new(), "{what}");
        assert_eq!(controller.status.temporary, [], "{what}");
    }
}

#[test]
fn a_collection_that_somebody_uses_is_left_alone() {
    let mut controller = controller(&json!({}));
    let id = part(Part::RestorePoints);
    until(&mut controller, |azure| azure.restore_points == 1);
    let foreign = facts::RestorePoint {
        name: "nightly".to_owned(),
        provisioning: Provisioning::Succeeded,
        disks: [(DiskPlace::System, disk_restore_point())].into(),
    };
    controller.azure.parts.get_mut(&id).unwrap().restore_points.push(foreign);
    wait(&mut controller, 90);
    assert_eq!(reason(&controller, ConditionType::Ready), "True/Succeeded", "{:?}", controller.progress());
    assert_eq!(controller.azure.parts.keys().collect::<Vec<_>>(), [&id]);
    let left: Vec<_> = controller.status.temporary.iter().filter_map(|left| left.problem.as_deref()).collect();
    assert!(left.len() == 1 && left[0].contains("a restore point that azimage didn't make"), "{left:?}");
    let before = controller.status.clone();
    wait(&mut controller, 30);
    assert_eq!(controller.status, before);
    controller.azure.parts.get_mut(&id).unwrap().restore_points.truncate(1);
    wait(&mut controller, 30);
    assert_clean(&controller);
}

fn disk_restore_point() -> azimage_names::DiskRestorePointId {
    let group = azimage_names::ResourceGroup::new(machine_id().subscription().clone(), "image-work").unwrap();
    let collection = azimage_names::RestorePointCollectionId::within(group, "c").unwrap();
    let point = azimage_names::RestorePointId::new(collection, "nightly").unwrap();
    azimage_names::DiskRestorePointId::new(point, "os_1").unwrap()
}

#[test]
fn a_restore_point_of_nobody_knows_which_disks_is_not_used() {
    let mut controller = controller(&json!({}));
    until(&mut controller, |azure| azure.restore_points == 1);
    let collection = controller.azure.parts.get_mut(&part(Part::RestorePoints)).unwrap();
    collection.restore_points[0].disks.clear();
    assert_eq!(collection.location, Region::parse(HOME).unwrap());
    wait(&mut controller, 10);
    assert_eq!(reason(&controller, ConditionType::Ready), "False/AzureUnavailable", "{:?}", controller.progress());
    assert_eq!(count(&controller, StepName::CreateDisk), 0);
}
