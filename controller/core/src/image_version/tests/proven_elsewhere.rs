//! A version proves itself in each of its regions, one after the other.

use azimage_crds::{ConditionType, ImageVersion, RegionValidation, ValidationOutcome};
use serde_json::{Value, json};

use super::{
    azure::Azure,
    controller::{Controller, Fate},
    fixtures::*,
    proven::{SUBNET, ask, assert_clean, message, proven, reason, wait},
};
use crate::Progress;

const NORTH: &str = "northeurope";
const SOUTH: &str = "uksouth";

/// An object that is proven in all regions, with subnets in these.
fn everywhere(subnets: &[&str], more: &Value) -> ImageVersion {
    let subnets: Vec<Value> =
        subnets.iter().map(|region| json!({"region": region, "resourceId": format!("{SUBNET}-{region}")})).collect();
    let asks = json!({"workspace": {"subnets": subnets}, "validation": {"regions": "All", "keepOnFailure": "0s"}});
    proven(&both(&asks, more))
}

/// It is wanted in these regions, too.
fn controller(object: ImageVersion, regions: &[&str]) -> Controller {
    let mut controller = Controller::new(object, Azure::new(machine()));
    controller.targets = regions.iter().map(|region| target(region, region, &json!({}))).collect();
    controller
}

fn told(controller: &Controller) -> Vec<RegionValidation> {
    controller.status.validation.clone().map(|told| told.regions).unwrap_or_default()
}

fn outcomes(controller: &Controller) -> Vec<(String, ValidationOutcome)> {
    told(controller).into_iter().map(|region| (region.name, region.outcome)).collect()
}

fn is(name: &str, outcome: ValidationOutcome) -> (String, ValidationOutcome) {
    (name.to_owned(), outcome)
}

use ValidationOutcome::{Failed, Impossible, Passed};

#[test]
fn each_region_is_proven_with_machines_of_its_own_one_after_the_other() {
    let mut controller = controller(everywhere(&[HOME, NORTH, SOUTH], &json!({})), &[NORTH, SOUTH]);
    let mut said = std::collections::BTreeSet::new();
    for _ in 0..400 {
        controller.pass(Fate::Fine);
        said.insert(reason(&controller, ConditionType::Validated));
        assert!(controller.azure.twins.machines.len() <= 2, "they have the same names in each region");
    }
    assert!(matches!(controller.progress(), Progress::Settled { .. }), "{:?}", controller.progress());
    assert_eq!(outcomes(&controller), [is(NORTH, Passed), is(SOUTH, Passed)]);
    assert_eq!(controller.azure.twins.regions, [HOME, NORTH, SOUTH].map(|at| vec![region(at); 2]).concat());
    assert_eq!(
        message(&controller, ConditionType::Validated),
        "Two machines that were made from the version in each of these regions came up, passed all checks and differ from each other: \
         westeurope, northeurope, uksouth"
    );
    assert!(said.iter().all(|reason| !reason.starts_with("False")), "{said:?}");
    assert_clean(&controller);
    // What is known isn't proven again, and a region that comes later is.
    controller.targets.push(target("east", "eastus2", &json!({})));
    wait(&mut controller, 60);
    assert_eq!(controller.azure.twins.made, 6);
    assert_eq!(reason(&controller, ConditionType::Validated), "False/WorkspaceNotReady");
    assert!(message(&controller, ConditionType::Validated).contains("eastus2"));
    assert_eq!(outcomes(&controller), [is(NORTH, Passed), is(SOUTH, Passed)]);
}

#[test]
fn what_goes_wrong_in_one_region_is_said_of_it_and_holds_up_no_other_one() {
    for (case, subnets, flaw, expected, machines, words) in [
        (
            "a region has no subnet",
            vec![HOME, SOUTH],
            None,
            vec![is(SOUTH, Passed)],
            4,
            "False/WorkspaceNotReady spec.workspace.subnets: there is none in northeurope",
        ),
        (
            "it fails in one region",
            vec![HOME, NORTH, SOUTH],
            Some("VMStartTimedOut"),
            vec![is(NORTH, Failed), is(SOUTH, Passed)],
            6,
            "False/ValidationFailed In northeurope: A machine that was made from the version didn't come up: VMStartTimedOut",
        ),
        (
            "Azure makes no machine in one region",
            vec![HOME, NORTH, SOUTH],
            Some("InternalOperationError"),
            vec![is(NORTH, Impossible), is(SOUTH, Passed)],
            6,
            "False/ValidationImpossible In northeurope: Azure made no machine of any size",
        ),
    ] {
        let mut controller = controller(everywhere(&subnets, &json!({})), &[NORTH, SOUTH]);
        for _ in 0..600 {
            controller.pass(Fate::Fine);
            // One that is being made in the first of the other regions comes to nothing.
            let begun =
                |region: &RegionValidation| region.name == NORTH && region.outcome == ValidationOutcome::Running;
            controller.azure.twins.fails_with = flaw.filter(|_| told(&controller).iter().any(begun));
        }
        assert_eq!(outcomes(&controller), expected, "{case}");
        let said = format!(
            "{} {}",
            reason(&controller, ConditionType::Validated),
            message(&controller, ConditionType::Validated)
        );
        assert!(said.starts_with(words), "{case}: {said}");
        assert!(matches!(controller.progress(), Progress::Stalled { .. }), "{case}: {:?}", controller.progress());
        assert_eq!(reason(&controller, ConditionType::Replicated), "True/Succeeded", "{case}");
        assert_eq!(controller.status.validation.as_ref().map(|told| told.outcome), Some(Passed), "{case}");
        assert!(told(&controller).iter().filter(|region| !region.machines.is_empty()).count() <= 1, "{case}");
        assert_clean(&controller);
        let before = controller.status.clone();
        wait(&mut controller, 30);
        assert_eq!(controller.status, before, "{case}: at rest nothing is written");
        assert!(controller.azure.twins.made <= machines, "{case}: {}", controller.azure.twins.made);
        if flaw.is_some() {
            ask(&mut controller, case);
            wait(&mut controller, 60);
            assert_eq!(outcomes(&controller), [is(NORTH, Passed), is(SOUTH, Passed)], "{case}");
            assert_eq!(told(&controller)[0].attempts, 2, "{case}");
            assert!(matches!(controller.progress(), Progress::Settled { .. }), "{case}: {:?}", controller.progress());
        }
    }
}

#[test]
fn a_region_that_goes_while_it_is_proven_leaves_nothing() {
    let mut controller = controller(everywhere(&[HOME, NORTH], &json!({})), &[NORTH]);
    while controller.azure.twins.regions.len() < 3 {
        controller.pass(Fate::Fine);
    }
    controller.targets = vec![going(NORTH, NORTH, "Delete")];
    wait(&mut controller, 60);
    assert_eq!(controller.regions(), [HOME]);
    assert_eq!(outcomes(&controller), []);
    assert_clean(&controller);
    assert_eq!(reason(&controller, ConditionType::Validated), "True/Succeeded");
}

#[test]
fn whoever_asks_for_the_home_region_alone_again_has_the_machines_deleted() {
    let mut controller = controller(everywhere(&[HOME, NORTH], &json!({})), &[NORTH]);
    while controller.azure.twins.regions.len() < 4 {
        controller.pass(Fate::Fine);
    }
    controller.object.spec.validation.as_mut().unwrap().regions = azimage_crds::ValidationRegions::Home;
    wait(&mut controller, 60);
    assert_eq!(outcomes(&controller), []);
    assert_clean(&controller);
    assert!(matches!(controller.progress(), Progress::Settled { .. }), "{:?}", controller.progress());
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(12))]

    #[test]
    fn whatever_befalls_it_each_region_is_proven_and_nothing_is_left(
        fates in proptest::collection::vec(
            proptest::sample::select(vec![
                Fate::Fine, Fate::Fine, Fate::Fine, Fate::Restart, Fate::KilledBeforeStep, Fate::KilledAfterStep,
                Fate::TurnedAway, Fate::Slow, Fate::OneRead, Fate::StepThrottled,
            ]),
            40..110,
        ),
    ) {
        let mut controller = controller(everywhere(&[HOME, NORTH], &json!({})), &[NORTH]);
        for fate in fates {
            controller.pass(fate);
        }
        wait(&mut controller, 90);
        proptest::prop_assert!(matches!(controller.progress(), Progress::Settled { .. }), "{:?}", controller.progress());
        assert_clean(&controller);
        proptest::prop_assert_eq!(outcomes(&controller), [is(NORTH, Passed)]);
    }
}
