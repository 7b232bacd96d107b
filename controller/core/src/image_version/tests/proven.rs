//! A version proves itself: two machines are made from it, looked into, and deleted, whatever befalls that.

use azimage_crds::{ConditionType, ImageVersion, RECONCILE_REQUESTED_AT, Reason, ValidationOutcome, ValidationTimings};
use azimage_names::Obstacle;
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Value, json};

use super::{
    super::*,
    azure::Azure,
    controller::{Controller, Fate},
    fixtures::*,
};
use crate::{Failure, Progress};

pub(super) const SUBNET: &str = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/hub/subnets/work";

/// An object that is made in place and proven.
pub(super) fn proven(more: &Value) -> ImageVersion {
    let asks = json!({
        "workspace": {"resourceGroup": "image-work", "subnets": [{"region": HOME, "resourceId": SUBNET}]},
        "validation": {
            "vmSizes": ["Standard_D2s_v5", "Standard_D2ds_v5"],
            "checks": [{"name": "web", "script": "true"}],
        },
    });
    object(&json!({"spec": both(&asks, more)}))
}

fn controller(more: &Value) -> Controller {
    Controller::new(proven(more), Azure::new(machine()))
}

pub(super) fn reason(controller: &Controller, kind: ConditionType) -> String {
    let condition = controller.status.conditions.iter().find(|condition| condition.type_ == kind.as_str());
    condition.map(|condition| format!("{}/{}", condition.status, condition.reason)).unwrap_or_default()
}

pub(super) fn message(controller: &Controller, kind: ConditionType) -> &str {
    let condition = controller.status.conditions.iter().find(|condition| condition.type_ == kind.as_str());
    condition.map(|condition| condition.message.as_str()).unwrap_or_default()
}

fn outcome(controller: &Controller) -> Option<ValidationOutcome> {
    controller.status.validation.as_ref().map(|validation| validation.outcome)
}

pub(super) fn ask(controller: &mut Controller, when: &str) {
    let annotations = controller.object.metadata.annotations.get_or_insert_default();
    annotations.insert(RECONCILE_REQUESTED_AT.to_owned(), when.to_owned());
}

pub(super) fn wait(controller: &mut Controller, minutes: i64) {
    for _ in 0..minutes * 2 {
        controller.pass(Fate::Fine);
    }
}

/// Nothing that was made to prove the version is left.
pub(super) fn assert_clean(controller: &Controller) {
    assert!(controller.azure.twins.machines.is_empty());
    let left =
        |id: &crate::temporary::TemporaryId| id.part("u-1").is_some_and(crate::temporary::Part::is_of_a_validation);
    assert!(!controller.azure.parts.keys().any(left), "{:?}", controller.azure.parts.keys());
    let known = controller.status.temporary.iter().filter_map(|known| known.resource_id.parse().ok());
    assert_eq!(known.filter(|id| left(id)).collect::<Vec<_>>(), []);
}

/// The steps that are about the validation.
fn steps(controller: &Controller) -> Vec<StepName> {
    let before = |name: &StepName| name.is_about_a_validation() || *name == StepName::DeleteTemporary;
    controller.carried_out.iter().copied().filter(before).collect()
}

#[test]
fn a_version_is_proven_by_two_machines_that_are_then_deleted() {
    let mut controller = controller(&json!({}));
    controller.targets = vec![target("t", "northeurope", &json!({}))];
    controller.run(&[]);
    assert!(matches!(controller.progress(), Progress::Settled { .. }), "{:?}", controller.progress());
    let expected = [
        vec![StepName::CreateValidationNetwork; 3],
        vec![StepName::CreateValidationMachine; 2],
        vec![StepName::RunChecks; 2],
        vec![StepName::DeleteTemporary; 3],
    ];
    assert_eq!(steps(&controller), expected.concat(), "machines take their interfaces with them");
    assert_clean(&controller);
    assert_eq!(controller.azure.sizes, ["Standard_D2s_v5", "Standard_D2ds_v5"]);
    assert_eq!(reason(&controller, ConditionType::Validated), "True/Succeeded");
    let validation = controller.status.validation.clone().unwrap();
    assert_eq!((validation.outcome, validation.attempts), (ValidationOutcome::Passed, 1));
    assert_eq!((validation.region.as_str(), validation.machines.len()), (HOME, 2));
    for machine in &validation.machines {
        let names: Vec<&str> = machine.checks.iter().map(|check| check.name.as_str()).collect();
        let own = ["Hostname", "Identity", "Clock", "NameResolution", "Units", "Accounts", "RootDisk", "AgentVersion"];
        assert_eq!(names, [&own[..], &["web"]].concat());
        assert!(machine.checks.iter().all(|check| check.passed), "{machine:?}");
        let timings = ValidationTimings {
            provisioning_seconds: Some(45),
            agent_seconds: Some(45),
            kernel_seconds: Some(3),
            agent_start_seconds: Some(7),
            boot_seconds: Some(20),
            first_boot_seconds: Some(31),
        };
        assert_eq!((machine.timings.as_ref(), machine.agent_version.as_deref()), (Some(&timings), Some("2.15.0.1")));
        assert_eq!(machine.console, None);
    }
}

#[test]
fn without_a_validation_there_is_no_word_of_one() {
    let mut controller = Controller::new(object(&json!({})), Azure::new(machine()));
    controller.run(&[]);
    assert_eq!(reason(&controller, ConditionType::Validated), "");
    assert_eq!((outcome(&controller), controller.azure.twins.made), (None, 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_befalls_it_the_version_is_proven_and_nothing_is_left(
        fates in vec(
            select(vec![
                Fate::Fine, Fate::Fine, Fate::Fine, Fate::Restart, Fate::KilledBeforeStep, Fate::KilledAfterStep,
                Fate::TurnedAway, Fate::Slow, Fate::OneRead, Fate::StepThrottled,
            ]),
            0..70,
        ),
    ) {
        let mut controller = controller(&json!({}));
        controller.run(&fates);
        prop_assert!(matches!(controller.progress(), Progress::Settled { .. }), "{:?}", controller.progress());
        assert_clean(&controller);
        prop_assert_eq!(outcome(&controller), Some(ValidationOutcome::Passed));
        prop_assert_eq!((controller.azure.created, controller.azure.generalized), (1, 1));
    }

    #[test]
    fn a_status_that_is_lost_leaves_nothing_behind(lost in 0..90_usize) {
        let mut controller = controller(&json!({}));
        let mut fates = vec![Fate::Fine; lost];
        fates.push(Fate::StatusLost);
        controller.run(&fates);
        prop_assert!(matches!(controller.progress(), Progress::Settled { .. }), "{:?}", controller.progress());
        assert_clean(&controller);
    }
}

/// What the status keeps of the machines' consoles.
fn logs(controller: &Controller) -> Vec<&str> {
    let machines = controller.status.validation.iter().flat_map(|validation| &validation.machines);
    machines.map(|machine| machine.console.as_ref().map_or("", |console| console.log.as_str())).collect()
}

#[test]
fn a_log_that_comes_late_is_waited_for_but_not_for_ever() {
    for (case, late, kept, expected) in [
        ("it is there at once", 0, "0s", "login:"),
        ("it comes after minutes", 4, "0s", "login:"),
        ("it never comes", 99, "0s", ""),
        ("it goes on while the machines are kept", 0, "1h", "panic"),
    ] {
        let mut controller = controller(&json!({"validation": {"keepOnFailure": kept}}));
        controller.azure.twins.says = |_| "azimage: hostname a\n".to_owned();
        if late > 0 {
            controller.azure.twins.console = None;
        }
        while outcome(&controller) != Some(ValidationOutcome::Failed) {
            controller.pass(Fate::Fine);
        }
        wait(&mut controller, if late > 0 { late } else { 1 }.min(5));
        controller.azure.twins.console = match (late, expected) {
            (99, _) => None,
            (_, "panic") => Some("panic"),
            _ => Some("login:"),
        };
        wait(&mut controller, 30);
        assert_eq!(logs(&controller), [expected; 2], "{case}");
        if kept == "0s" {
            assert_clean(&controller);
        }
        assert_eq!(reason(&controller, ConditionType::Stalled), "True/ValidationFailed", "{case}");
    }
}

/// A version of the same image definition that passed, whose machines were provisioned within this time.
fn good(number: i32, seconds: i32) -> ImageVersion {
    let machine = |name: &str, size: &str| json!({"name": name, "vmSize": size, "timings": {"provisioningSeconds": seconds, "agentSeconds": 1}});
    let validation = json!({
        "outcome": "Passed", "region": HOME, "startedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T01:00:00Z",
        "machines": [machine("1", "Standard_D2s_v5"), machine("2", "Standard_D2ds_v5")],
    });
    let name = format!("good-{number}");
    let source = json!({"virtualMachine": {"resourceId": format!("{MACHINE}-{number}")}});
    object(&json!({
        "metadata": {"name": name, "uid": name}, "spec": {"version": format!("0.0.{number}"), "source": source},
        "status": {"conditions": [], "validation": validation},
    }))
}

#[test]
fn a_version_that_is_slower_than_the_last_good_ones_fails_or_warns() {
    for (case, limit, seconds, expected, words) in [
        ("no limit", Value::Null, 10, "True/Succeeded", ""),
        ("as fast", json!({"percent": 50}), 40, "True/Succeeded", ""),
        (
            "slower",
            json!({"percent": 50}),
            20,
            "False/ValidationFailed",
            "The check Speed didn't pass on machine 1, made from the version: provisioning took 45 seconds; the median of the last 3 \
             good versions on Standard_D2s_v5 is 20, and spec.validation.maxSlowdown allows 30, and 1 more",
        ),
        (
            "slower, which warns",
            json!({"percent": 50, "action": "Warn"}),
            20,
            "True/Succeeded",
            "The check Speed warns of machine 1: provisioning took 45 seconds",
        ),
        ("too few to compare with", json!({"percent": 50, "minimumSamples": 4}), 1, "True/Succeeded", ""),
    ] {
        let mut controller = controller(&json!({"validation": {"maxSlowdown": limit}}));
        controller.others = (1..=3).map(|number| good(number, seconds)).collect();
        wait(&mut controller, 60);
        assert_eq!(reason(&controller, ConditionType::Validated), expected, "{case}");
        let said = message(&controller, ConditionType::Validated).to_owned();
        assert!(said.contains(words) && said.contains("Speed") != words.is_empty(), "{case}: {said}");
        let validation = controller.status.validation.clone();
        let checks = &validation.as_ref().unwrap().machines[0].checks;
        assert_eq!(checks.last().unwrap().name, "web", "{case}: the user's come last");
        // What is compared with may change; what was said of this version doesn't.
        controller.others = (1..=9).map(|number| good(number, 5)).collect();
        wait(&mut controller, 30);
        assert_eq!(message(&controller, ConditionType::Validated), said, "{case}");
        let finished =
            |validation: &Option<azimage_crds::ValidationStatus>| validation.as_ref().unwrap().finished_at.clone();
        assert_eq!(finished(&controller.status.validation), finished(&validation), "{case}");
    }
}

/// A flaw of the version, or of Azure, and what comes of it.
type Flaw = (&'static str, fn(&mut Azure), Reason, &'static str);

const FLAWS: [Flaw; 8] = [
    (
        "the image keeps its machine id",
        |azure| {
            azure.twins.says = |name| {
                format!(
                    "azimage: hostname {name}\nazimage: identity machine-id same\nazimage: clock NOW\nazimage: name-server\nazimage: check web 0 1\nazimage: end\n"
                )
            }
        },
        Reason::ValidationFailed,
        "both machines have the same machine-id",
    ),
    (
        "a check fails",
        |azure| {
            azure.twins.says = |name| {
                format!(
                    "azimage: hostname {name}\nazimage: identity machine-id {name}\nazimage: clock NOW\nazimage: name-server\nazimage: check web 3 1\nazimage: check-says web no page\nazimage: end\n"
                )
            }
        },
        Reason::ValidationFailed,
        "The check web didn't pass on machine 1, made from the version: exit code 3: no page, and 1 more",
    ),
    (
        "the checks break off",
        |azure| azure.twins.says = |_| "azimage: hostname a\n".to_owned(),
        Reason::ValidationFailed,
        "didn't come to their end",
    ),
    (
        "the agents never report",
        |azure| azure.twins.silent = true,
        Reason::ValidationFailed,
        "didn't report within 45 minutes",
    ),
    ("the checks hang", |azure| azure.twins.hangs = true, Reason::ValidationFailed, "their time is up"),
    (
        "it was never deprovisioned",
        |azure| azure.twins.fails_with = Some("OSProvisioningTimedOut"),
        Reason::ValidationFailed,
        "though its guest agent runs",
    ),
    (
        "it doesn't start",
        |azure| azure.twins.fails_with = Some("VMStartTimedOut"),
        Reason::ValidationFailed,
        "didn't come up: VMStartTimedOut: no luck",
    ),
    (
        "Azure says something else",
        |azure| azure.twins.fails_with = Some("InternalOperationError"),
        Reason::ValidationImpossible,
        "That is no fault of the version",
    ),
];

#[test]
fn a_version_that_fails_says_why_and_its_machines_go_after_a_while() {
    for (name, flaw, expected, words) in FLAWS {
        let mut controller = controller(&json!({"validation": {"keepOnFailure": "1h"}}));
        flaw(&mut controller.azure);
        for _ in 0..400 {
            controller.pass(Fate::Fine);
            if reason(&controller, ConditionType::Validated).starts_with("False") {
                break;
            }
        }
        assert_eq!(reason(&controller, ConditionType::Validated), format!("False/{expected}"), "{name}");
        assert!(
            message(&controller, ConditionType::Validated).contains(words),
            "{name}: {}",
            message(&controller, ConditionType::Validated)
        );
        assert_eq!(reason(&controller, ConditionType::Stalled), format!("True/{expected}"), "{name}");
        assert_eq!(reason(&controller, ConditionType::Published), "True/Succeeded", "{name}");
        let failed = expected == Reason::ValidationFailed;
        assert_eq!(
            outcome(&controller),
            Some(if failed { ValidationOutcome::Failed } else { ValidationOutcome::Impossible }),
            "{name}"
        );
        assert!(!controller.azure.twins.machines.is_empty(), "{name}: they are kept");
        wait(&mut controller, 5);
        let expected_log = if failed { "login:" } else { "" };
        assert!(logs(&controller).iter().all(|log| *log == expected_log), "{name}: {:?}", logs(&controller));
        assert!(!logs(&controller).is_empty(), "{name}");
        wait(&mut controller, 90);
        assert_clean(&controller);
        assert_eq!(reason(&controller, ConditionType::Stalled), format!("True/{expected}"), "{name}");
        let before = message(&controller, ConditionType::Validated).to_owned();
        assert!(before.contains(words), "{name}: {before}");

        // Mended, it is validated again when somebody asks.
        controller.azure.twins = super::twins::Twins::default();
        wait(&mut controller, 30);
        assert_eq!(controller.azure.twins.made, 0, "{name}: nobody asked");
        ask(&mut controller, name);
        controller.run(&[Fate::Fine]);
        assert!(matches!(controller.progress(), Progress::Settled { .. }), "{name}: {:?}", controller.progress());
        let validation = controller.status.validation.clone().unwrap();
        assert_eq!((validation.outcome, validation.attempts), (ValidationOutcome::Passed, 2), "{name}");
        assert_clean(&controller);
    }
}

#[test]
fn for_want_of_capacity_another_size_is_tried_and_then_a_person_told() {
    for late in [false, true] {
        let mut controller = controller(&json!({}));
        let sold_out = vec!["Standard_D2s_v5"];
        controller.azure.sold_out = if late { (Vec::new(), sold_out) } else { (sold_out, Vec::new()) };
        if !late {
            controller.refuses = None;
        }
        controller.run(&[]);
        assert!(matches!(controller.progress(), Progress::Settled { .. }), "{late}: {:?}", controller.progress());
        assert_clean(&controller);
        let sizes: Vec<_> = controller.status.validation.unwrap().machines.into_iter().map(|it| it.vm_size).collect();
        assert_eq!(sizes, [Some("Standard_D2ds_v5".to_owned()), Some("Standard_D2ds_v5".to_owned())], "{late}");
    }
    let mut controller = controller(&json!({}));
    controller.refuses = Some((
        StepName::CreateValidationMachine,
        Failure::Forbidden { by: Obstacle::Quota, why: "no cores are left".to_owned() },
    ));
    wait(&mut controller, 90);
    assert_eq!(reason(&controller, ConditionType::Stalled), "True/ValidationImpossible");
    assert!(message(&controller, ConditionType::Validated).contains("no fault of the version"));
    // With quota, it goes on when somebody asks.
    controller.refuses = None;
    ask(&mut controller, "again");
    controller.run(&[Fate::Fine]);
    assert!(matches!(controller.progress(), Progress::Settled { .. }), "{:?}", controller.progress());
    assert_clean(&controller);
}

#[test]
fn what_goes_wrong_with_the_validation_holds_up_no_region() {
    let mut controller = controller(&json!({}));
    controller.targets = vec![target("t", "northeurope", &json!({}))];
    controller.azure.twins.silent = true;
    wait(&mut controller, 120);
    assert_eq!(controller.regions(), ["northeurope", HOME]);
    assert_eq!(reason(&controller, ConditionType::Replicated), "True/Succeeded");
    controller.targets.push(target("u", "uksouth", &json!({})));
    wait(&mut controller, 20);
    assert_eq!(controller.regions(), ["northeurope", "uksouth", HOME]);
    assert_eq!(reason(&controller, ConditionType::Stalled), "True/ValidationFailed");
}

#[test]
fn a_machine_that_somebody_deletes_is_no_verdict_on_the_version() {
    let mut controller = controller(&json!({}));
    let delete_one = |controller: &mut Controller| {
        while controller.azure.twins.machines.len() < 2 {
            controller.pass(Fate::Fine);
        }
        controller.pass(Fate::Fine);
        let gone = controller.azure.twins.machines.keys().next().unwrap().clone();
        controller.azure.twins.machines.remove(&gone);
        wait(controller, 15);
    };
    delete_one(&mut controller);
    controller.run(&[]);
    assert!(matches!(controller.progress(), Progress::Settled { .. }), "{:?}", controller.progress());
    assert_eq!((outcome(&controller), controller.azure.twins.made), (Some(ValidationOutcome::Passed), 4));
    assert_clean(&controller);
}

#[test]
fn an_object_that_goes_takes_the_machines_with_it() {
    for policy in ["Retain", "Delete"] {
        let mut controller = controller(&json!({"deletionPolicy": policy}));
        while controller.azure.twins.machines.len() < 2 {
            controller.pass(Fate::Fine);
        }
        controller.object.metadata.deletion_timestamp =
            Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(now()));
        controller.run(&[Fate::Fine]);
        assert_eq!(controller.last.as_ref().map(|plan| plan.requeue), Some(Requeue::Release), "{policy}");
        assert!(controller.azure.twins.machines.is_empty() && controller.azure.parts.is_empty(), "{policy}");
        assert_eq!(controller.azure.version.is_some(), policy == "Retain");
    }
}
