//! Machines that can't be copied, and copies with which Azure doesn't go on: a reason with a name before anything is made, or an end
//! with nothing left.

use azimage_crds::{ConditionType, Reason};
use azimage_names::Obstacle;
use serde_json::{Value, json};

use super::{
    super::*,
    clone::{ask, assert_clean, controller, part, reason, wait, with_data},
    controller::Controller,
    fixtures::*,
};
use crate::{
    Failure, Progress,
    temporary::{DiskPlace, Part},
};

fn per_disk() -> Value {
    json!({"source": {"virtualMachine": {"clone": {"consistency": "PerDisk"}}}})
}

#[test]
fn a_machine_that_cannot_be_copied_is_told_before_anything_is_made() {
    type Flaw = fn(&mut facts::Machine);
    let flaws: [(&str, Flaw, Reason, &str); 8] = [
        ("ephemeral", |machine| machine.ephemeral_os_disk = true, Reason::SourceUnsupported, "ephemeral"),
        ("a blob", |machine| machine.unmanaged_os_disk = true, Reason::SourceUnsupported, "managed disk"),
        (
            "confidential",
            |machine| machine.security_type = Some("ConfidentialVM".to_owned()),
            Reason::SourceUnsupported,
            "ConfidentialVM",
        ),
        (
            "an accelerated OS disk",
            |machine| machine.disks[0].is_write_accelerated = true,
            Reason::SourceUnsupported,
            "write-accelerated",
        ),
        (
            "an accelerated data disk",
            |machine| machine.disks[1].is_write_accelerated = true,
            Reason::RestorePointUnavailable,
            "LUN 3 is write-accelerated",
        ),
        ("generalized", |machine| machine.generalized = true, Reason::AlreadyGeneralized, "generalized already"),
        (
            "claimed",
            |machine| machine.tags = tags(&[("azimage-owner", "c2/images/other/u-9")]),
            Reason::SourceClaimed,
            "c2/images/other/u-9",
        ),
        ("elsewhere", |machine| machine.location = region("northeurope"), Reason::WorkspaceNotReady, "northeurope"),
    ];
    for (what, flaw, expected, word) in flaws {
        let mut machine = with_data();
        flaw(&mut machine);
        let mut controller = controller(&json!({}));
        controller.azure.origin = Some(machine);
        refuses(&mut controller, what, expected, word);
    }
    let mut controller = controller(&per_disk());
    controller.azure.origin.as_mut().unwrap().disks[1].is_write_accelerated = true;
    controller.run(&[]);
    assert!(matches!(controller.progress(), Progress::Settled { .. }), "{:?}", controller.progress());
}

#[test]
fn a_disk_that_cannot_be_copied_is_told_before_anything_is_made() {
    let elsewhere = "/subscriptions/00000000-0000-0000-0000-000000000009/resourceGroups/k/providers/Microsoft.Compute/diskEncryptionSets/k";
    let encrypted = |with| facts::Disk { encryption: Some(with), ..disk() };
    let flaws = [
        ("UltraSSD_LRS", facts::Disk { storage: Some("UltraSSD_LRS".to_owned()), ..disk() }),
        ("PremiumV2_LRS", facts::Disk { storage: Some("PremiumV2_LRS".to_owned()), ..disk() }),
        ("shared", facts::Disk { is_shared: true, ..disk() }),
        ("4096", facts::Disk { size_gib: Some(4096), ..disk() }),
        ("inside of the guest", encrypted(facts::Encryption::Guest)),
        (elsewhere, encrypted(facts::Encryption::CustomerKey(elsewhere.to_owned()))),
        ("VMGuestStateOnly", encrypted(facts::Encryption::Confidential("VMGuestStateOnly".to_owned()))),
    ];
    for (word, flawed) in flaws {
        let mut controller = controller(&json!({}));
        controller.azure.odd_disk = Some(flawed);
        refuses(&mut controller, word, Reason::SourceUnsupported, word);
    }
}

/// Whatever was in the way is gone: the version is made.
fn assert_it_goes_on(controller: &mut Controller, case: &dyn std::fmt::Display) {
    wait(controller, 1);
    controller.run(&[]);
    assert!(matches!(controller.progress(), Progress::Settled { .. }), "{case}: {:?}", controller.progress());
}

fn refuses(controller: &mut Controller, what: &str, expected: Reason, word: &str) {
    wait(controller, 20);
    let Progress::Stalled { reason, message } = controller.progress() else {
        panic!("{what}: {:?}", controller.progress())
    };
    assert_eq!(*reason, expected, "{what}");
    assert!(message.contains(word), "{what}: '{word}' isn't in: {message}");
    assert_eq!(controller.carried_out, [], "{what}");
    assert_eq!(controller.status.temporary, [], "{what}");
}

#[test]
fn the_status_has_room_for_the_copy_of_sixty_four_data_disks() {
    let places = || std::iter::once(DiskPlace::System).chain((0..64).map(DiskPlace::Data));
    let network = [Part::SecurityGroup, Part::Interface, Part::Machine];
    let parts = places().map(Part::Snapshot).chain(places().map(Part::Disk)).chain(network).collect::<Vec<_>>();
    let mut status = azimage_crds::ImageVersionStatus::default();
    let temporary = parts.iter().map(|of| part(*of)).collect();
    status = next_status(&status, &Report { temporary, ..Report::default() }, GENERATION, None, now());
    let makes = parts.iter().map(|part| StepKey::on_part(StepName::that_makes(*part), *part));
    let deletes = parts.iter().map(|part| StepKey::on_part(StepName::DeleteTemporary, *part));
    for key in makes.chain(deletes) {
        record_intent(&mut status, &key, &"c".repeat(36), now(), Some(now()));
    }
    // As the definition limits them, with what is done to the copy besides.
    assert_eq!((status.temporary.len(), status.steps.len()), (133, 266));
    let size = serde_json::to_string(&status).unwrap().len();
    assert!(size < 200_000, "{size}");
}

fn keep(keep: &str) -> Value {
    json!({"source": {"virtualMachine": {"clone": {"keepOnFailure": keep, "consistency": "PerDisk"}}}})
}

#[test]
fn what_azure_fails_to_make_for_good_is_not_asked_for_again_and_leaves_nothing() {
    for (step, code, expected) in [
        (StepName::CreateSnapshot, "SnapshotsLimitReached", Reason::QuotaExceeded),
        (StepName::CreateSnapshot, "RequestDisallowedByPolicy", Reason::CloneFailed),
        (StepName::CreateDisk, "InvalidParameter", Reason::CloneFailed),
    ] {
        let mut controller = controller(&keep("0s"));
        controller.azure.failing_part = Some((step, code));
        wait(&mut controller, 60);
        let Progress::Stalled { reason, message } = controller.progress() else {
            panic!("{code}: {:?}", controller.progress())
        };
        assert!(*reason == expected && message.contains(code) && message.contains("as Azure says"), "{message}");
        let asked = controller.carried_out.iter().filter(|carried_out| **carried_out == step).count();
        assert_eq!(asked, 1, "{code}");
        assert_clean(&controller);
        controller.azure.failing_part = None;
        ask(&mut controller, "now");
        assert_it_goes_on(&mut controller, &code);
        assert_clean(&controller);
    }
}

#[test]
fn what_fails_and_may_pass_is_asked_for_a_few_times() {
    let mut controller = controller(&keep("0s"));
    controller.azure.failing_part = Some((StepName::CreateDisk, "InternalOperationError"));
    wait(&mut controller, 60);
    assert!(matches!(controller.progress(), Progress::Stalled { reason: Reason::CloneFailed, .. }));
    let asked = controller.carried_out.iter().filter(|step| **step == StepName::CreateDisk).count();
    assert!((3..=5).contains(&asked), "{asked}");
    assert_clean(&controller);
}

#[test]
fn each_refusal_says_what_is_to_be_mended_and_no_size_is_tried_for_it() {
    let forbidden = |by| Failure::Forbidden { by, why: "Code: as Azure says".to_owned() };
    let full =
        || Failure::Refused("SubnetIsFull: Subnet work does not have enough capacity for 1 IP addresses.".to_owned());
    for (step, failure, expected, word) in [
        (StepName::CreateSnapshot, forbidden(Obstacle::Quota), Reason::QuotaExceeded, "Have it raised"),
        (StepName::CreateDisk, forbidden(Obstacle::Quota), Reason::QuotaExceeded, "Have it raised"),
        (StepName::CreateDisk, forbidden(Obstacle::Policy), Reason::DisallowedByPolicy, "spec.workspace.tags"),
        (StepName::CreateInterface, full(), Reason::WorkspaceNotReady, "spec.workspace.subnets"),
        (StepName::CreateInterface, forbidden(Obstacle::Policy), Reason::DisallowedByPolicy, "spec.workspace.tags"),
    ] {
        let mut controller = controller(&keep("0s"));
        controller.refuses = Some((step, failure));
        wait(&mut controller, 60);
        let stalled = controller.status.conditions.iter().find(|known| known.type_ == "Stalled").unwrap();
        assert_eq!((stalled.status.as_str(), stalled.reason.as_str()), ("True", expected.as_str()), "{step}");
        assert!(stalled.message.contains(word), "{step}: {}", stalled.message);
        controller.refuses = None;
        assert_it_goes_on(&mut controller, &step);
        assert_eq!(controller.azure.sizes.len(), 1, "{step}");
        assert_clean(&controller);
    }
}

#[test]
fn a_copy_with_which_azure_refuses_to_go_on_for_a_day_leaves_nothing() {
    for step in [StepName::CreateDisk, StepName::CreateInterface, StepName::Deallocate, StepName::Publish] {
        let mut controller = controller(&json!({}));
        let why = "ScopeLocked: the scope is locked".to_owned();
        controller.refuses = Some((step, Failure::Forbidden { by: Obstacle::Lock, why }));
        wait(&mut controller, 30);
        controller.sleep(22);
        wait(&mut controller, 30);
        assert_eq!(reason(&controller, ConditionType::Stalled), "True/ScopeLocked", "{step}");
        assert!(!controller.status.temporary.is_empty(), "{step}");
        controller.sleep(1);
        wait(&mut controller, 30);
        let Progress::Stalled { reason: Reason::CloneFailed, message } = controller.progress() else {
            panic!("{step}: {:?}", controller.progress())
        };
        assert!(message.contains("within 24 hours") && message.contains("ScopeLocked"), "{step}: {message}");
        assert_clean(&controller);
        let at_rest = (controller.status.clone(), controller.carried_out.len());
        controller.sleep(48);
        wait(&mut controller, 10);
        assert_eq!((controller.status.clone(), controller.carried_out.len()), at_rest, "{step}");
        controller.refuses = None;
        ask(&mut controller, "now");
        assert_it_goes_on(&mut controller, &step);
        assert_clean(&controller);
    }
}

#[test]
fn all_that_is_made_in_the_workspace_has_the_tags_that_are_asked_for() {
    let mut controller = controller(&json!({"workspace": {"tags": {"cost-center": "42"}}}));
    let mut tagged = 0;
    loop {
        controller.pass(super::controller::Fate::Fine);
        if matches!(controller.progress(), Progress::Settled { .. }) {
            break;
        }
        let step = controller.last.as_ref().and_then(|plan| plan.step.clone());
        let tags = match step.map(|step| step.request) {
            Some(Request::PutRestorePoints(request)) => request.tags,
            Some(Request::PutSnapshot(request)) => request.tags,
            Some(Request::PutDisk(request)) => request.tags,
            Some(Request::PutSecurityGroup(request)) => request.tags,
            Some(Request::PutInterface(request)) => request.tags,
            Some(Request::PutMachine(request)) => request.tags,
            Some(Request::PatchMachine(request)) => request.tags,
            Some(Request::PutRunCommand(request)) => request.tags,
            _ => continue,
        };
        assert_eq!(tags.get("cost-center").map(String::as_str), Some("42"), "{tags:?}");
        tagged += 1;
    }
    assert!(tagged >= 9, "{tagged}");
}
