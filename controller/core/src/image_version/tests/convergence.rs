//! From every start and over every crash the plan gets to its end, and does what can't be undone once.

use azimage_crds::{ImageVersion, Reason};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::json;

use super::{
    super::*,
    azure::Azure,
    controller::{Controller, Fate},
    fixtures::*,
};
use crate::Progress;

const OTHER: &str = "northeurope";

fn fates(losing_status: bool) -> impl Strategy<Value = Vec<Fate>> {
    let mut all = vec![
        Fate::Fine,
        Fate::Fine,
        Fate::Restart,
        Fate::KilledBeforeStep,
        Fate::KilledAfterStep,
        Fate::TurnedAway,
        Fate::Slow,
        Fate::OneRead,
        Fate::StepThrottled,
    ];
    if losing_status {
        all.push(Fate::StatusLost);
    }
    vec(select(all), 0..40)
}

/// Legal starts: what an object may find that is made for a machine.
fn starts() -> Vec<(&'static str, ImageVersion, facts::Machine)> {
    let plain = || object(&json!({}));
    let word = || object(&already_generalized());
    let copy = || object(&from_image_version());
    vec![
        ("a running machine", plain(), machine()),
        ("a machine that starts", plain(), machine().powered(Power::Starting)),
        (
            "a machine that another object claimed and left",
            plain(),
            machine().tagged("azimage-owner", "c1/images/old/u-0").marked(),
        ),
        ("a machine that is claimed", plain(), machine().claimed()),
        ("a machine that is marked", plain(), machine().claimed().marked().powered(Power::Stopped)),
        ("a machine that is off", plain(), machine().claimed().marked().powered(Power::Deallocated)),
        ("a sealed machine that stops", word(), machine().powered(Power::Stopping)),
        ("a sealed machine", word(), machine().powered(Power::Stopped)),
        ("a sealed machine that is off", word(), machine().powered(Power::Deallocated)),
        (
            "a generalized machine",
            word(),
            facts::Machine { generalized: true, ..machine().powered(Power::Deallocated) },
        ),
        ("another version", copy(), machine()),
        ("a managed image", object(&from_managed_image()), machine()),
        ("disks", object(&from_disks(&["data"])), machine()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_start_gets_to_a_version_in_every_region_over_crashes_and_a_lost_status(
        (start, object, machine) in select(starts()), fates in fates(true), failing in 0..3u32, home_failing in 0..2u32,
    ) {
        let is_copied = ["another version", "a managed image", "disks"].contains(&start);
        let may_generalize = u32::from(!machine.generalized && !is_copied);
        let mut azure = Azure::new(machine);
        azure.failing = [(OTHER.to_owned(), failing), (HOME.to_owned(), home_failing)].into();
        let mut controller = Controller::new(object, azure);
        controller.targets = vec![target("t", "North Europe", &json!({"spec": {"replicas": 2}})), target("u", "eastus2", &json!({}))];
        controller.run(&fates);
        let settled = matches!(controller.progress(), Progress::Settled { .. });
        // What was announced counts as a try, also if it came to nothing.
        let tired = matches!(
            controller.progress(),
            Progress::Stalled { reason: Reason::PublishFailed | Reason::ReplicationFailed, .. }
        ) && fates.iter().any(|fate| matches!(fate, Fate::TurnedAway | Fate::KilledBeforeStep));
        // Nor that a seal under way was begun already: another one is announced, and if it isn't carried out, its run command is missed.
        let unknown = matches!(
            controller.progress(),
            Progress::Stalled { reason: Reason::GuestPreparationUnknown, .. }
        ) && fates.contains(&Fate::StatusLost)
            && [Fate::TurnedAway, Fate::KilledBeforeStep].iter().any(|fate| fates.contains(fate));
        prop_assert!(settled || tired || unknown, "{start}: {:?} {:?}", controller.progress(), controller.carried_out);
        prop_assert!(controller.azure.generalized == may_generalize || unknown, "{}", start);
        prop_assert!(controller.azure.created == 1 || unknown);
        if settled {
            prop_assert_eq!(controller.regions(), ["eastus2", OTHER, HOME]);
            prop_assert_eq!(controller.status.progress.as_deref(), Some("3/3 regions, 100%"));
        }
        let before = controller.status.clone();
        let carried_out = controller.carried_out.len();
        for _ in 0..3 {
            controller.pass(Fate::Restart);
        }
        if settled {
            prop_assert_eq!(&controller.status, &before, "at rest nothing is written");
        }
        // What was missed may show late, and then it goes on.
        prop_assert!(unknown || controller.carried_out.len() == carried_out, "at rest nothing is done");
    }

    #[test]
    fn a_deletion_at_any_moment_leaves_nothing_of_ours_behind(
        (start, made, machine) in select(starts()), passes in 0..40usize, fates in fates(true),
    ) {
        let mut controller = Controller::new(made, Azure::new(machine));
        controller.targets = vec![target("t", "North Europe", &json!({}))];
        for _ in 0..passes {
            controller.pass(Fate::Fine);
        }
        let was_generalized = controller.azure.generalized;
        controller.object.spec.deletion_policy = azimage_crds::Deletion::Delete;
        controller.object.metadata.deletion_timestamp =
            serde_json::from_value(json!("2026-06-01T00:00:00Z")).unwrap();
        for fate in fates {
            if controller.last.as_ref().is_some_and(|plan| plan.requeue == Requeue::Release) {
                break;
            }
            controller.pass(fate);
        }
        if controller.last.as_ref().is_none_or(|plan| plan.requeue != Requeue::Release) {
            controller.run(&[]);
        }
        prop_assert_eq!(controller.last.as_ref().unwrap().requeue, Requeue::Release, "{}", start);
        prop_assert!(controller.azure.version.is_none());
        prop_assert_eq!(controller.azure.generalized, was_generalized, "an object that goes generalizes nothing");
        let from_machine = start != "another version";
        if from_machine && !controller.azure.machine.generalized {
            prop_assert_ne!(controller.azure.owner(), Some(OURS), "{}", start);
        }
    }

    #[test]
    fn a_region_is_given_up_and_a_foreign_one_kept_over_crashes(fates in fates(false), retain in any::<bool>()) {
        let mut controller = Controller::new(object(&from_image_version()), Azure::new(machine()));
        controller.targets = vec![target("t", "North Europe", &json!({}))];
        controller.run(&[]);
        let version = controller.azure.version.as_mut().unwrap();
        version.targets.push(facts::TargetRegion { exclude_from_latest: Some(false), ..target_region("uksouth") });
        let foreign = version.targets.last().map(|at| facts::TargetRegion { exclude_from_latest: Some(true), ..at.clone() });
        controller.targets = vec![going("t", "northeurope", if retain { "Retain" } else { "Delete" })];
        controller.run(&fates);
        prop_assert!(matches!(controller.progress(), Progress::Settled { .. }), "{:?}", controller.progress());
        let expected = if retain { vec![OTHER, "uksouth", HOME] } else { vec!["uksouth", HOME] };
        prop_assert_eq!(controller.regions(), expected);
        let version = controller.azure.version.as_ref().unwrap();
        let kept = version.targets.iter().find(|target| target.region == region("uksouth")).cloned();
        prop_assert_eq!(kept, foreign, "all of it stays, but it isn't latest there");
        let held = controller.status.regions.iter().any(|region| region.requested_by.contains(&"t".to_owned()));
        prop_assert!(!held, "the target may go");
    }
}

#[test]
fn a_region_that_always_fails_is_repaired_three_times_and_the_rest_goes_on() {
    let mut azure = Azure::new(machine());
    azure.failing = [(OTHER.to_owned(), u32::MAX)].into();
    let mut controller = Controller::new(object(&from_image_version()), azure);
    controller.targets = vec![target("t", OTHER, &json!({})), target("u", "eastus2", &json!({}))];
    controller.run(&[]);
    assert!(matches!(controller.progress(), Progress::Stalled { reason: Reason::ReplicationFailed, .. }));
    let repairs = controller.carried_out.iter().filter(|step| **step == StepName::Repair).count();
    assert_eq!(repairs, 3, "{:?}", controller.carried_out);
    assert_eq!(controller.status.progress.as_deref().map(|text| &text[..3]), Some("2/3"));

    // The target of the failed region goes: the version is what is wanted, and the tries are forgotten.
    controller.targets = vec![going("t", OTHER, "Delete"), target("u", "eastus2", &json!({}))];
    controller.run(&[Fate::Fine]);
    assert!(matches!(controller.progress(), Progress::Settled { .. }), "{:?}", controller.progress());
    assert_eq!(controller.regions(), ["eastus2", HOME]);
    assert!(controller.status.steps.iter().all(|step| step.finished_at.is_some()), "{:?}", controller.status.steps);
}

#[test]
fn a_creation_that_always_fails_is_asked_for_three_times() {
    let mut azure = Azure::new(machine());
    azure.failing = [(HOME.to_owned(), u32::MAX)].into();
    let mut controller = Controller::new(object(&from_image_version()), azure);
    controller.run(&[]);
    assert!(matches!(controller.progress(), Progress::Stalled { reason: Reason::PublishFailed, .. }));
    assert_eq!(controller.carried_out, [StepName::Publish; 3]);
}

#[test]
fn the_way_from_a_running_machine_has_these_steps_and_no_others() {
    let mut controller = Controller::new(object(&json!({})), Azure::new(machine()));
    controller.targets = vec![target("t", OTHER, &json!({}))];
    controller.run(&[]);
    assert_eq!(
        controller.carried_out,
        [
            StepName::ClaimSource,
            StepName::Seal,
            StepName::ForgetSeal,
            StepName::MarkSealed,
            StepName::Deallocate,
            StepName::Generalize,
            StepName::Publish,
            StepName::Update,
        ]
    );
    assert!(controller.status.steps.iter().all(|step| step.finished_at.is_some() && step.attempts == 1));
    assert_eq!(controller.status.operation, None);
}

#[test]
fn a_version_that_somebody_deletes_is_never_made_again() {
    let mut controller = Controller::new(object(&json!({})), Azure::new(machine()));
    controller.run(&[]);
    controller.azure.version = None;
    controller.run(&[Fate::Fine, Fate::Restart]);
    assert!(matches!(controller.progress(), Progress::Stalled { reason: Reason::VersionMissing, .. }));
    assert_eq!(controller.azure.created, 1);
    let before = controller.status.clone();
    controller.pass(Fate::Restart);
    assert_eq!(controller.status, before, "a new process finds it as it stands");
}

#[test]
fn a_version_that_somebody_deletes_before_it_was_seen_is_never_made_again() {
    for fates in [&[][..], &[Fate::Restart]] {
        let mut controller = Controller::new(object(&from_image_version()), Azure::new(machine()));
        while controller.azure.created == 0 {
            controller.pass(Fate::Fine);
        }
        controller.azure.version = None;
        controller.run(fates);
        assert!(matches!(controller.progress(), Progress::Stalled { reason: Reason::VersionMissing, .. }));
        assert_eq!(controller.azure.created, 1);
    }
}

#[test]
fn a_machine_that_is_stopped_by_somebody_before_its_seal_is_proven_is_never_generalized() {
    for power in [Power::Stopped, Power::Deallocated] {
        let mut controller = Controller::new(object(&json!({})), Azure::new(machine()));
        for _ in 0..40 {
            if controller.azure.seal.is_none() {
                controller.pass(Fate::Fine);
            }
        }
        assert!(controller.azure.seal.is_some(), "it never gets to its seal");
        controller.azure.machine.power = power;
        controller.azure.seal = Some(seal(Execution::Unknown));
        controller.run(&[Fate::Fine]);
        assert!(matches!(controller.progress(), Progress::Stalled { reason: Reason::GuestPreparationUnknown, .. }));
        assert_eq!(controller.azure.generalized, 0);
    }
}
