//! The machine is changed in the middle of its copy: the copy is of one machine, or there is none and nothing is left.

use azimage_crds::{ConditionType, Reason};
use serde_json::{Value, json};

use super::{
    super::*,
    azure::Azure,
    clone::{ask, cloning, part, reason, until, wait, with_data},
    controller::Controller,
    fixtures::*,
};
use crate::{
    Progress,
    temporary::{DiskPlace, Part},
};

fn consistency(of: &str) -> Value {
    json!({"source": {"virtualMachine": {"clone": {"consistency": of, "keepOnFailure": "1h"}}}})
}

/// A copy whose first disk is there, and nothing after it.
fn in_the_middle(of: &str) -> Controller {
    let mut controller = Controller::new(cloning(&consistency(of)), Azure::cloning(with_data()));
    until(&mut controller, |azure| azure.parts.contains_key(&part(Part::Disk(DiskPlace::System))));
    controller
}

fn assert_nothing_is_left(controller: &Controller, case: &str) {
    assert!(!controller.azure.copied && controller.azure.parts.is_empty(), "{case}: {:?}", controller.azure.parts);
    assert_eq!(controller.status.temporary, [], "{case}");
}

#[test]
fn what_changes_nothing_of_the_disks_changes_nothing_of_the_copy() {
    type Change = fn(&mut facts::Machine);
    let changes: [(&str, Change); 5] = [
        ("it is restarted", |machine| machine.provisioning = Provisioning::Updating),
        ("it is deallocated", |machine| machine.power = Power::Deallocated),
        ("it is resized", |machine| machine.size = Some("Standard_D8s_v5".to_owned())),
        ("its OS disk is another one", |machine| machine.disks[0].id = Some(disk_id("os-of-tomorrow"))),
        ("a data disk is another one", |machine| machine.disks[1].id = Some(disk_id("data-of-tomorrow"))),
    ];
    for (what, change) in changes {
        for of in ["AcrossDisks", "PerDisk"] {
            let case = format!("{what}, {of}");
            let mut controller = in_the_middle(of);
            let moments = (controller.azure.restore_points, controller.azure.snapshots);
            change(controller.azure.origin.as_mut().unwrap());
            let origin = controller.azure.origin.clone();
            controller.run(&[]);
            assert!(matches!(controller.progress(), Progress::Settled { .. }), "{case}: {:?}", controller.progress());
            assert_eq!((controller.azure.restore_points, controller.azure.snapshots), moments, "{case}");
            assert_eq!(controller.azure.origin, origin, "{case}");
            let size = origin.and_then(|origin| origin.size);
            assert_eq!(controller.azure.sizes.last(), size.as_ref(), "{case}");
            assert_nothing_is_left(&controller, &case);
        }
    }
}

#[test]
fn another_machine_of_its_name_is_not_mixed_into_the_copy() {
    for of in ["AcrossDisks", "PerDisk"] {
        let mut controller = in_the_middle(of);
        controller.azure.origin.as_mut().unwrap().uid = "vm-2".to_owned();
        let before = controller.carried_out.len();
        wait(&mut controller, 30);
        let Progress::Stalled { reason: Reason::CloneFailed, message } = controller.progress() else {
            panic!("{of}: {:?}", controller.progress())
        };
        assert!(message.contains("another vmId"), "{message}");
        assert_eq!(reason(&controller, ConditionType::SourceReady), "False/CloneFailed");
        assert_eq!(controller.carried_out.len(), before, "{of}: it is kept for people to look at");
        wait(&mut controller, 60);
        assert_nothing_is_left(&controller, of);
        let at_rest = controller.status.clone();
        wait(&mut controller, 60);
        assert_eq!(controller.status, at_rest, "{of}");
        ask(&mut controller, "now");
        wait(&mut controller, 1);
        controller.run(&[]);
        assert!(matches!(controller.progress(), Progress::Settled { .. }), "{of}: {:?}", controller.progress());
        let source = controller.status.source.as_ref().and_then(|source| source.virtual_machine_uid.as_deref());
        assert_eq!((source, controller.azure.created), (Some("vm-2"), 1), "{of}");
        assert_nothing_is_left(&controller, of);
    }
}

#[test]
fn a_machine_that_is_deleted_in_the_middle_leaves_nothing_of_its_copy() {
    for of in ["AcrossDisks", "PerDisk"] {
        let mut controller = in_the_middle(of);
        controller.azure.is_gone = true;
        wait(&mut controller, 30);
        let told = controller.progress().clone();
        assert!(matches!(told, Progress::Stalled { reason: Reason::SourceNotFound, .. }), "{of}: {told:?}");
        wait(&mut controller, 60);
        assert_nothing_is_left(&controller, of);
        assert_eq!(reason(&controller, ConditionType::Stalled), "True/SourceNotFound", "{of}");
        let made = controller.carried_out.clone();
        wait(&mut controller, 60);
        assert_eq!(controller.carried_out, made, "{of}");
    }
}

#[test]
fn once_the_copy_is_there_the_machine_matters_no_more() {
    for is_deleted in [true, false] {
        let mut controller = Controller::new(cloning(&json!({})), Azure::cloning(with_data()));
        until(&mut controller, |azure| azure.copied && azure.machine.provisioning == Provisioning::Succeeded);
        controller.azure.is_gone = is_deleted;
        controller.azure.origin.as_mut().unwrap().uid = "vm-2".to_owned();
        controller.run(&[]);
        assert!(matches!(controller.progress(), Progress::Settled { .. }), "{:?}", controller.progress());
        assert_nothing_is_left(&controller, "deleted");
    }
}
