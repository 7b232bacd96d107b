//! A copy of a machine is captured: nothing is changed of the machine, no copy runs in a network, and nothing is left.

use azimage_crds::{ConditionType, ImageVersion, RECONCILE_REQUESTED_AT, Reason};
use azimage_names::Obstacle;
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Value, json};

use super::{
    super::*,
    azure::Azure,
    controller::{Controller, Fate},
    fixtures::*,
};
use crate::{
    Failure, Progress,
    temporary::{DiskPlace, Part, TemporaryId},
};

/// An object that clones its machine.
pub(super) fn cloning(more: &Value) -> ImageVersion {
    let clone = json!({
        "source": {"virtualMachine": {"capture": "Clone"}},
        "workspace": {"resourceGroup": "image-work", "subnets": [{"region": HOME, "resourceId": SUBNET}]},
    });
    object(&json!({"spec": both(&clone, more)}))
}

const SUBNET: &str = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/hub/subnets/work";

fn sizes(sizes: &[&str]) -> Value {
    json!({"source": {"virtualMachine": {"clone": {"vmSizes": sizes, "keepOnFailure": "1h"}}}})
}

/// A machine with a data disk, which nobody has to consent for.
pub(super) fn with_data() -> facts::Machine {
    let mut machine = machine();
    machine.tags.clear();
    machine.disks.push(facts::AttachedDisk::plain(Some(disk_id("data")), Some(3), false));
    machine
}

pub(super) fn controller(more: &Value) -> Controller {
    Controller::new(cloning(more), Azure::cloning(with_data()))
}

pub(super) fn part(part: Part) -> TemporaryId {
    let group = azimage_names::ResourceGroup::new(machine_id().subscription().clone(), "image-work").unwrap();
    TemporaryId::of(&group, "u-1", part).unwrap()
}

/// Nothing is left, nothing of the machine was changed.
pub(super) fn assert_clean(controller: &Controller) {
    assert!(!controller.azure.copied, "the copy is left");
    assert_eq!(controller.azure.parts.keys().collect::<Vec<_>>(), Vec::<&TemporaryId>::new());
    assert_eq!(controller.status.temporary, []);
    assert_eq!(controller.azure.origin, Some(with_data()));
}

/// The reason of a condition of the status.
pub(super) fn reason(controller: &Controller, kind: ConditionType) -> String {
    let condition = controller.status.conditions.iter().find(|condition| condition.type_ == kind.as_str());
    condition.map(|condition| format!("{}/{}", condition.status, condition.reason)).unwrap_or_default()
}

/// Asks for another attempt.
pub(super) fn ask(controller: &mut Controller, when: &str) {
    controller
        .object
        .metadata
        .annotations
        .get_or_insert_default()
        .insert(RECONCILE_REQUESTED_AT.to_owned(), when.to_owned());
}

/// The object is deleted after so many passes, and goes: nothing temporary is left then.
fn gone(deletion: &str, passes: usize, fates: &[Fate]) -> Controller {
    let mut controller = controller(&json!({"deletionPolicy": deletion}));
    for _ in 0..passes {
        controller.pass(Fate::Fine);
    }
    controller.object.metadata.deletion_timestamp = Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(now()));
    controller.run(fates);
    assert_eq!(controller.last.as_ref().map(|plan| plan.requeue), Some(Requeue::Release));
    controller.status.temporary.clear();
    assert_clean(&controller);
    controller
}

/// Looks again and again, for so many minutes.
pub(super) fn wait(controller: &mut Controller, minutes: i64) {
    for _ in 0..minutes * 2 {
        controller.pass(Fate::Fine);
    }
}

/// Goes on until something is so in Azure.
pub(super) fn until(controller: &mut Controller, is: impl Fn(&Azure) -> bool) {
    for _ in 0..200 {
        if is(&controller.azure) {
            return;
        }
        controller.pass(Fate::Fine);
    }
    panic!("it never comes to that: {:?}", controller.last);
}

#[test]
fn the_way_from_a_copy_has_these_steps_and_no_others() {
    let mut controller = controller(&json!({}));
    controller.targets = vec![target("t", "northeurope", &json!({}))];
    controller.run(&[]);
    assert!(matches!(controller.progress(), Progress::Settled { .. }), "{:?}", controller.progress());
    let deletions = controller.carried_out.iter().filter(|step| **step == StepName::DeleteTemporary).count();
    assert_eq!(
        deletions, 3,
        "the machine with its disks and interface, the group, the restore point with its collection"
    );
    let others: Vec<StepName> =
        controller.carried_out.iter().copied().filter(|step| *step != StepName::DeleteTemporary).collect();
    assert_eq!(
        others,
        [
            StepName::CreateRestorePointCollection,
            StepName::CreateRestorePoint,
            StepName::CreateDisk,
            StepName::CreateDisk,
            StepName::CreateSecurityGroup,
            StepName::CreateInterface,
            StepName::CreateMachine,
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
    assert_clean(&controller);
    assert_eq!(reason(&controller, ConditionType::CleanedUp), "True/Succeeded");
    assert!(controller.status.steps.iter().all(|step| step.finished_at.is_some()), "{:#?}", controller.status.steps);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_befalls_it_one_version_is_made_and_nothing_is_left(
        fates in vec(
            select(vec![
                Fate::Fine,
                Fate::Fine,
                Fate::Fine,
                Fate::Restart,
                Fate::KilledBeforeStep,
                Fate::KilledAfterStep,
                Fate::TurnedAway,
                Fate::Slow,
                Fate::OneRead,
                Fate::StepThrottled,
                Fate::StatusLost,
            ]),
            0..60,
        ),
    ) {
        let mut controller = controller(&json!({}));
        controller.run(&fates);
        // What nobody knows of the seal after several losses, the console tells some looks later.
        wait(&mut controller, 5);
        controller.run(&[]);
        prop_assert!(matches!(controller.progress(), Progress::Settled { .. }), "{:?}", controller.progress());
        prop_assert_eq!((controller.azure.created, controller.azure.generalized), (1, 1));
        assert_clean(&controller);
    }

    #[test]
    fn a_status_that_is_lost_once_leaves_nothing_behind(lost in 0..90_usize, fates in vec(
        select(vec![Fate::Fine, Fate::Restart, Fate::KilledBeforeStep, Fate::KilledAfterStep, Fate::Slow]), 0..20,
    )) {
        let mut controller = controller(&json!({}));
        let before = vec![Fate::Fine; lost];
        controller.run(&[before, vec![Fate::StatusLost], fates].concat());
        prop_assert!(matches!(controller.progress(), Progress::Settled { .. }), "{:?}", controller.progress());
        prop_assert_eq!((controller.azure.created, controller.azure.generalized), (1, 1));
        assert_clean(&controller);
        prop_assert_eq!(reason(&controller, ConditionType::CleanedUp), "True/Succeeded");
    }

    #[test]
    fn an_object_that_goes_in_the_middle_leaves_nothing(passes in 0..80_usize, fates in vec(
        select(vec![
            Fate::Fine, Fate::Restart, Fate::KilledBeforeStep, Fate::KilledAfterStep, Fate::Slow, Fate::StatusLost,
        ]),
        0..20,
    )) {
        let controller = gone("Delete", passes, &fates);
        prop_assert!(controller.azure.version.is_none());
    }

    #[test]
    fn an_object_that_goes_and_retains_its_version_leaves_nothing_else(passes in 0..80_usize, fates in vec(
        select(vec![Fate::Fine, Fate::Restart, Fate::KilledBeforeStep, Fate::KilledAfterStep, Fate::Slow]), 0..20,
    )) {
        gone("Retain", passes, &fates);
    }
}

#[test]
fn a_size_that_is_not_to_be_had_is_followed_by_the_next() {
    for (at_once, later) in [(vec!["A1", "A2"], vec![]), (vec![], vec!["A1", "A2"]), (vec!["A1"], vec!["A2"])] {
        let mut controller = controller(&sizes(&["A1", "A2", "A3"]));
        controller.azure.sold_out = (at_once.clone(), later.clone());
        controller.run(&[]);
        assert!(matches!(controller.progress(), Progress::Settled { .. }), "{:?}", controller.progress());
        assert_eq!(controller.azure.sizes.last().map(String::as_str), Some("A3"), "{at_once:?} {later:?}");
        assert_clean(&controller);
    }
}

#[test]
fn where_no_size_is_to_be_had_a_person_is_told_and_what_was_made_is_deleted_after_a_while() {
    for (at_once, later) in [(vec!["A1", "A2"], vec![]), (vec![], vec!["A1", "A2"])] {
        let mut controller = controller(&sizes(&["A1", "A2"]));
        controller.azure.sold_out = (at_once, later);
        controller.run(&[]);
        assert!(
            matches!(controller.progress(), Progress::Stalled { reason: Reason::CloneFailed, .. }),
            "{:?}",
            controller.progress()
        );
        wait(&mut controller, 90);
        assert_clean(&controller);
        let made = controller.azure.sizes.len();
        assert!((2..=6).contains(&made), "{made}");
        wait(&mut controller, 90);
        assert_eq!(controller.azure.sizes.len(), made, "it isn't tried again unasked");
    }
}

#[test]
fn where_nobody_was_told_why_a_copy_failed_the_next_size_is_tried_and_in_the_end_a_person_is_told() {
    for (sizes_list, sold_out, ends_well) in [
        (vec!["A1", "A2"], vec!["A1"], true),
        (vec!["A1", "A2"], vec!["A1", "A2"], false),
        (vec![], vec!["Standard_D2s_v5"], false),
    ] {
        let mut controller = controller(&sizes(&sizes_list));
        controller.azure.sold_out = (vec![], sold_out);
        for pass in 0..200 {
            controller.pass(if pass % 6 == 0 { Fate::Restart } else { Fate::Fine });
        }
        controller.run(&[]);
        assert_eq!(controller.azure.created, u32::from(ends_well), "{sizes_list:?} {:?}", controller.progress());
        assert!(controller.azure.sizes.len() <= 4, "{:?}", controller.azure.sizes);
        wait(&mut controller, 90);
        assert_clean(&controller);
    }
}

#[test]
fn a_copy_that_fails_is_kept_for_a_while_and_another_one_is_made_when_somebody_asks() {
    for keep in ["0s", "1h"] {
        let mut controller = controller(&json!({"source": {"virtualMachine": {"clone": {"keepOnFailure": keep}}}}));
        until(&mut controller, |azure| azure.seal.is_some());
        controller.azure.seal.as_mut().unwrap().exit_code = Some(21);
        controller.azure.seal.as_mut().unwrap().execution = Execution::Failed;
        controller.pass(Fate::Slow);
        controller.pass(Fate::Slow);
        assert_eq!(reason(&controller, ConditionType::Stalled), "True/ScriptFailed");
        if keep == "1h" {
            wait(&mut controller, 50);
            assert!(controller.azure.copied, "people may look at it");
            assert_eq!(reason(&controller, ConditionType::CleanedUp), "False/CloneFailed");
        }
        wait(&mut controller, 60);
        assert_clean(&controller);
        assert_eq!(reason(&controller, ConditionType::Stalled), "True/ScriptFailed", "why stays told");
        assert_eq!(reason(&controller, ConditionType::CleanedUp), "True/Succeeded");

        ask(&mut controller, "now");
        // Whoever goes on with the next attempt doesn't know of the last one's steps.
        controller.run(&[Fate::Restart; 40]);
        assert!(matches!(controller.progress(), Progress::Settled { .. }), "{:?}", controller.progress());
        assert_clean(&controller);
    }
}

#[test]
fn a_kept_copy_is_deleted_before_another_one_is_made() {
    let mut controller = controller(&json!({}));
    until(&mut controller, |azure| azure.seal.is_some());
    controller.azure.machine.power = Power::Stopped;
    controller.azure.seal = None;
    wait(&mut controller, 90);
    assert!(matches!(controller.progress(), Progress::Stalled { .. }), "{:?}", controller.progress());
    ask(&mut controller, "now");
    wait(&mut controller, 5);
    controller.run(&[]);
    assert!(matches!(controller.progress(), Progress::Settled { .. }), "{:?}", controller.progress());
    assert_eq!(controller.azure.sizes.len(), 2);
    assert_clean(&controller);
}

#[test]
fn foreign_hands_on_the_copy_end_the_attempt_and_nothing_else() {
    type Hand = fn(&mut Azure);
    let hands: [(&str, Hand, Reason); 4] = [
        ("it is deleted", |azure| azure.copied = false, Reason::CloneFailed),
        ("it is turned off", |azure| azure.machine.power = Power::Stopped, Reason::CloneFailed),
        ("it is generalized", |azure| azure.machine.generalized = true, Reason::CloneFailed),
        ("it is retagged", |azure| azure.machine.tags.clear(), Reason::NameTaken),
    ];
    for (what, hand, expected) in hands {
        let mut controller = controller(&json!({}));
        controller.azure.silent = true;
        until(&mut controller, |azure| azure.copied && azure.machine.provisioning == Provisioning::Succeeded);
        hand(&mut controller.azure);
        controller.run(&[Fate::Slow]);
        assert!(
            matches!(controller.progress(), Progress::Stalled { reason, .. } if *reason == expected),
            "{what}: {:?}",
            controller.progress()
        );
        assert_eq!((controller.azure.created, &controller.azure.origin), (0, &Some(with_data())), "{what}");
        wait(&mut controller, 100);
        if what == "it is retagged" {
            assert!(controller.azure.copied, "what isn't surely ours is left alone");
        } else {
            assert_clean(&controller);
        }
    }
}

#[test]
fn a_copy_whose_agent_is_silent_is_given_up() {
    let mut controller = controller(&json!({}));
    controller.azure.silent = true;
    until(&mut controller, |azure| azure.copied);
    wait(&mut controller, 50);
    assert!(matches!(controller.progress(), Progress::Stalled { reason: Reason::CloneFailed, .. }));
}

#[test]
fn a_network_that_somebody_opens_is_closed_before_the_copy_is_made() {
    let mut controller = controller(&json!({}));
    let (group, interface) = (part(Part::SecurityGroup), part(Part::Interface));
    until(&mut controller, |azure| azure.parts.contains_key(&interface));
    controller.azure.parts.get_mut(&group).unwrap().network = facts::Network::Rules(Vec::new());
    let open = facts::Network::Interface { security_group: None, is_public: true };
    controller.azure.parts.get_mut(&interface).unwrap().network = open;
    controller.run(&[]);
    assert!(matches!(controller.progress(), Progress::Settled { .. }), "{:?}", controller.progress());
}

#[test]
fn what_has_the_name_of_a_part_and_another_owner_is_neither_used_nor_deleted() {
    for taken in [Part::RestorePoints, Part::Disk(DiskPlace::Data(3)), Part::SecurityGroup, Part::Interface] {
        let mut controller = controller(&json!({}));
        let foreign = facts::Temporary {
            location: region(HOME),
            tags: tags(&[("azimage-owner", "c1/images/other/u-9")]),
            provisioning: Provisioning::Succeeded,
            network: facts::Network::None,
            restore_points: Vec::new(),
        };
        controller.azure.parts.insert(part(taken), foreign.clone());
        controller.run(&[]);
        assert!(
            matches!(controller.progress(), Progress::Stalled { reason: Reason::NameTaken, .. }),
            "{taken}: {:?}",
            controller.progress()
        );
        wait(&mut controller, 90);
        assert_eq!(controller.azure.parts.len(), 1, "{taken}");
        assert_eq!(controller.azure.parts.get(&part(taken)), Some(&foreign));
    }
}

#[test]
fn what_cannot_be_deleted_holds_up_neither_the_regions_nor_the_rest() {
    let mut controller = controller(&json!({}));
    controller.targets = vec![target("t", "northeurope", &json!({}))];
    controller.refuses = Some((StepName::DeleteTemporary, lock()));
    wait(&mut controller, 60);
    assert_eq!(reason(&controller, ConditionType::Ready), "True/Succeeded", "{:?}", controller.progress());
    assert_eq!(controller.regions(), ["northeurope", HOME]);
    assert_eq!(reason(&controller, ConditionType::CleanedUp), "False/CleanUpFailed");
    let problems: Vec<_> = controller.status.temporary.iter().filter_map(|left| left.problem.as_deref()).collect();
    assert!(problems.contains(&"ScopeLocked: the scope is locked"), "{problems:?}");

    controller.refuses = None;
    wait(&mut controller, 30);
    assert_clean(&controller);
    assert_eq!(reason(&controller, ConditionType::CleanedUp), "True/Succeeded");
    assert_eq!(reason(&controller, ConditionType::Ready), "True/Succeeded");
}

#[test]
fn a_source_that_goes_once_its_copy_is_there_matters_no_more() {
    let mut controller = controller(&json!({}));
    until(&mut controller, |azure| azure.copied);
    let changed = facts::Machine { generalized: true, provisioning: Provisioning::Deleting, ..with_data() };
    controller.azure.origin = Some(changed.clone());
    controller.run(&[]);
    assert!(matches!(controller.progress(), Progress::Settled { .. }), "{:?}", controller.progress());
    assert_eq!(controller.azure.origin, Some(changed));
}

#[test]
fn a_workspace_that_lacks_something_is_told_before_anything_is_made() {
    let elsewhere = json!({"workspace": {"subnets": [{"region": "northeurope", "resourceId": SUBNET}]}});
    let mut controller = controller(&elsewhere);
    controller.run(&[]);
    let Progress::Stalled { reason: Reason::WorkspaceNotReady, message } = controller.progress() else {
        panic!("{:?}", controller.progress())
    };
    assert!(message.contains(HOME) && message.contains("add one"), "{message}");
    assert_eq!(controller.carried_out, []);
}

#[test]
fn units_are_masked_in_a_copy_of_linux_and_refused_for_windows_before_anything_is_made() {
    let units = json!({"source": {"virtualMachine": {"clone": {"maskUnits": ["backup.timer"]}}}});
    let mut controller = controller(&units);
    until(&mut controller, |azure| azure.seal.is_some());
    let SourceSpec::VirtualMachine { guest, .. } = &controller.validated().source else { panic!() };
    assert_eq!(guest.preparation("n", now()).mask_units, ["backup.timer"]);

    let windows = facts::Machine { os_type: OsType::Windows, ..with_data() };
    let mut controller = Controller::new(cloning(&units), Azure::cloning(windows));
    controller.azure.machine.os_type = OsType::Windows;
    controller.run(&[]);
    let Progress::Stalled { reason: Reason::SourceUnsupported, message } = controller.progress() else {
        panic!("{:?}", controller.progress())
    };
    assert!(message.contains("clone.maskUnits"), "{message}");
    assert_eq!(controller.carried_out, []);
}

#[test]
fn the_way_tells_what_goes_on_in_reasons_of_its_own() {
    let mut controller = controller(&sizes(&["A1", "A2"]));
    controller.azure.sold_out = (vec!["A1"], vec![]);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..80 {
        controller.pass(Fate::Fine);
        seen.insert(reason(&controller, ConditionType::Ready));
    }
    for expected in ["Unknown/Cloning", "False/CapacityUnavailable", "Unknown/CleaningUp", "True/Succeeded"] {
        assert!(seen.contains(expected), "{expected}: {seen:?}");
    }
}

/// The message of a condition of the status.
pub(super) fn message(controller: &Controller, kind: ConditionType) -> &str {
    let condition = controller.status.conditions.iter().find(|condition| condition.type_ == kind.as_str());
    condition.map_or("", |condition| condition.message.as_str())
}

#[test]
fn what_isnt_about_the_copy_heals_by_itself_though_the_copy_was_deleted_meanwhile() {
    for machine in [false, true] {
        let mut controller = controller(&json!({}));
        let is_there = |azure: &Azure| azure.copied || !machine && !azure.parts.is_empty();
        until(&mut controller, is_there);
        controller.azure.no_definition = true;
        wait(&mut controller, 30);
        assert_eq!(reason(&controller, ConditionType::Stalled), "True/DefinitionNotFound");
        assert_eq!(reason(&controller, ConditionType::CleanedUp), "Unknown/WaitingForEarlierStep");
        assert!(message(&controller, ConditionType::CleanedUp).contains("is kept until 20"));
        assert!(!message(&controller, ConditionType::Stalled).contains("the copy"), "it isn't about the copy");
        wait(&mut controller, 90);
        assert_clean(&controller);
        assert_eq!(reason(&controller, ConditionType::Stalled), "True/DefinitionNotFound");
        assert_eq!(reason(&controller, ConditionType::CleanedUp), "True/Succeeded");
        controller.azure.no_definition = false;
        wait(&mut controller, 60);
        assert!(matches!(controller.progress(), Progress::Settled { .. }), "{:?}", controller.progress());
        assert_clean(&controller);
    }
}

#[test]
fn a_lock_that_comes_between_two_attempts_and_goes_again_ends_none() {
    let mut controller = controller(&json!({"source": {"virtualMachine": {"clone": {"keepOnFailure": "0s"}}}}));
    controller.azure.silent = true;
    wait(&mut controller, 90);
    assert_eq!(reason(&controller, ConditionType::Stalled), "True/CloneFailed");
    assert_clean(&controller);
    controller.azure.silent = false;
    let scope = part(Part::Machine).to_string().split("/providers/").next().unwrap().to_owned();
    controller.azure.locks = vec![facts::Lock { name: "keep".to_owned(), scope, read_only: true }];
    ask(&mut controller, "now");
    wait(&mut controller, 60);
    assert_eq!(reason(&controller, ConditionType::Stalled), "True/ScopeLocked");
    controller.azure.locks.clear();
    wait(&mut controller, 60);
    assert!(matches!(controller.progress(), Progress::Settled { .. }), "{:?}", controller.progress());
    assert_clean(&controller);
}

#[test]
fn a_deletion_that_azure_accepts_and_that_fails_later_is_told_and_asked_for_every_ten_minutes() {
    for (is_told, expected) in [(true, "ScopeLocked: locked below"), (false, "accepted its deletion again and again")] {
        let mut controller = controller(&json!({}));
        controller.azure.failing_deletions = Some(is_told);
        wait(&mut controller, 60);
        assert_eq!(reason(&controller, ConditionType::CleanedUp), "False/CleanUpFailed");
        let told = message(&controller, ConditionType::CleanedUp);
        assert!(told.contains(expected), "{told}");
        assert_eq!(reason(&controller, ConditionType::Ready), "True/Succeeded");
        let deletions = |controller: &Controller| {
            controller.carried_out.iter().filter(|step| **step == StepName::DeleteTemporary).count()
        };
        let before = deletions(&controller);
        wait(&mut controller, 120);
        // The machine and the collection, each five or six times an hour.
        assert!((16..=26).contains(&(deletions(&controller) - before)), "{}", deletions(&controller) - before);
        controller.azure.failing_deletions = None;
        wait(&mut controller, 30);
        assert_clean(&controller);
        assert_eq!(reason(&controller, ConditionType::CleanedUp), "True/Succeeded");
    }
}

#[test]
fn what_is_busy_for_a_while_as_it_goes_is_no_failure() {
    let busy = || Failure::Busy("NicReservedForAnotherVm: for 180 seconds".to_owned());
    for (minutes, expected) in [(3, "Unknown/CleaningUp"), (30, "False/CleanUpFailed")] {
        let mut controller = controller(&json!({}));
        controller.refuses = Some((StepName::DeleteTemporary, busy()));
        until(&mut controller, |azure| {
            azure.version.as_ref().is_some_and(|it| it.home() == Some(&RegionReplication::Completed))
        });
        wait(&mut controller, minutes);
        assert_eq!(reason(&controller, ConditionType::CleanedUp), expected);
        controller.refuses = None;
        wait(&mut controller, 30);
        assert_clean(&controller);
    }
}

#[test]
fn a_copy_of_which_no_version_comes_in_a_day_is_deleted() {
    for step in [StepName::CreateMachine, StepName::Deallocate] {
        let mut controller = controller(&json!({}));
        controller.refuses = Some((step, lock()));
        wait(&mut controller, 60);
        assert!(controller.status.temporary.len() > 3, "{step}");
        controller.sleep(24);
        wait(&mut controller, 15);
        assert_clean(&controller);
        assert_eq!(reason(&controller, ConditionType::Stalled), "True/CloneFailed", "{step}");
        let told = message(&controller, ConditionType::Stalled);
        assert!(told.contains("within 24 hours") && told.contains("the scope is locked"), "{told}");
        controller.refuses = None;
        wait(&mut controller, 30);
        assert_clean(&controller);
        ask(&mut controller, "now");
        wait(&mut controller, 60);
        assert!(matches!(controller.progress(), Progress::Settled { .. }), "{step}: {:?}", controller.progress());
        assert_clean(&controller);
    }
}

#[test]
fn who_suspends_an_object_with_a_copy_is_told_that_it_goes_on_running() {
    let mut controller = controller(&json!({}));
    until(&mut controller, |azure| azure.copied);
    let plain = controller.object.clone();
    controller.object.spec.suspend = true;
    controller.pass(Fate::Fine);
    let Progress::Stalled { reason: Reason::Suspended, message } = controller.progress() else {
        panic!("{:?}", controller.progress())
    };
    assert!(message.contains("goes on running") && message.contains("status.temporary"), "{message}");
    controller.object = plain;
    controller.run(&[]);
    controller.object.spec.suspend = true;
    controller.pass(Fate::Fine);
    assert!(matches!(controller.progress(), Progress::Idle { .. }), "{:?}", controller.progress());
}

#[test]
fn a_copy_that_somebody_retags_is_told_in_the_very_pass_that_finds_it() {
    let mut controller = controller(&json!({}));
    until(&mut controller, |azure| azure.version.is_some());
    controller.azure.machine.tags.clear();
    for _ in 0..60 {
        controller.pass(Fate::Fine);
        let is_stuck = controller.status.temporary.iter().any(|known| known.problem.is_some());
        let told = reason(&controller, ConditionType::CleanedUp);
        assert!(told != "True/Succeeded" && is_stuck == (told == "False/CleanUpFailed"), "{is_stuck} {told}");
    }
    assert_eq!(reason(&controller, ConditionType::CleanedUp), "False/CleanUpFailed");
}

fn lock() -> Failure {
    Failure::Forbidden { by: Obstacle::Lock, why: "ScopeLocked: the scope is locked".to_owned() }
}

#[test]
fn what_azure_refuses_for_a_while_ends_no_attempt_and_costs_the_agent_no_time() {
    for step in [StepName::CreateDisk, StepName::CreateMachine, StepName::Deallocate, StepName::Publish] {
        let mut controller = controller(&json!({"source": {"virtualMachine": {"clone": {"keepOnFailure": "0s"}}}}));
        controller.refuses = Some((step, lock()));
        wait(&mut controller, 120);
        assert_eq!(reason(&controller, ConditionType::Stalled), "True/ScopeLocked", "{step}");
        assert!(!controller.status.temporary.is_empty(), "{step}");
        controller.refuses = None;
        wait(&mut controller, 60);
        assert!(matches!(controller.progress(), Progress::Settled { .. }), "{step}: {:?}", controller.progress());
        assert_eq!(controller.azure.sizes.len(), 1, "{step}");
        assert_clean(&controller);
    }
}

#[test]
fn a_verdict_holds_though_azure_does_not_show_the_copy_once() {
    let mut controller = controller(&json!({}));
    until(&mut controller, |azure| azure.seal.is_some());
    controller.azure.seal.as_mut().unwrap().exit_code = Some(21);
    controller.azure.seal.as_mut().unwrap().execution = Execution::Failed;
    wait(&mut controller, 5);
    assert_eq!(reason(&controller, ConditionType::Stalled), "True/ScriptFailed");
    controller.azure.copied = false;
    controller.pass(Fate::Slow);
    controller.azure.copied = true;
    wait(&mut controller, 5);
    assert_eq!(reason(&controller, ConditionType::Stalled), "True/ScriptFailed");
    wait(&mut controller, 60);
    assert_clean(&controller);
}

#[test]
fn a_version_that_azure_fails_to_make_for_good_leaves_nothing_of_the_copy() {
    for asks in [false, true] {
        let mut controller = controller(&json!({}));
        until(&mut controller, |azure| azure.version.is_some());
        let fail = |controller: &mut Controller, minutes: i64| {
            for _ in 0..minutes * 2 {
                let version = controller.azure.version.as_mut().unwrap();
                version.provisioning = Provisioning::Failed;
                version.replication.clear();
                controller.pass(Fate::Slow);
            }
        };
        fail(&mut controller, 30);
        assert_eq!(reason(&controller, ConditionType::Stalled), "True/PublishFailed");
        assert!(controller.azure.copied, "somebody may ask for another try");
        fail(&mut controller, 90);
        for _ in 0..90 {
            let version = controller.azure.version.as_mut().unwrap();
            version.provisioning = Provisioning::Failed;
            version.replication.clear();
            controller.pass(Fate::Fine);
        }
        assert_clean(&controller);
        if asks {
            ask(&mut controller, "now");
            let publishes = |controller: &Controller| {
                controller.carried_out.iter().filter(|step| **step == StepName::Publish).count()
            };
            let before = publishes(&controller);
            fail(&mut controller, 10);
            assert_eq!(publishes(&controller), before, "there is nothing to make it from");
        }
        assert_eq!(reason(&controller, ConditionType::Stalled), "True/PublishFailed");
    }
}

#[test]
fn what_of_a_failed_copy_cannot_be_deleted_is_asked_for_every_ten_minutes_and_why_it_failed_stays_told() {
    let mut controller = controller(&json!({"source": {"virtualMachine": {"clone": {"keepOnFailure": "0s"}}}}));
    controller.azure.silent = true;
    controller.refuses = Some((StepName::DeleteTemporary, lock()));
    until(&mut controller, |azure| azure.copied);
    wait(&mut controller, 60);
    let mut asked = 0;
    for _ in 0..120 {
        controller.pass(Fate::Fine);
        asked += u32::from(controller.last.as_ref().is_some_and(|plan| plan.step.is_some()));
        assert_eq!(reason(&controller, ConditionType::Stalled), "True/CloneFailed");
    }
    // The machine and the collection, each six times an hour.
    assert!((6..=21).contains(&asked), "{asked}");
    assert_eq!(reason(&controller, ConditionType::CleanedUp), "False/CleanUpFailed");
    controller.refuses = None;
    wait(&mut controller, 60);
    assert_clean(&controller);
    assert_eq!(reason(&controller, ConditionType::Stalled), "True/CloneFailed");
}

#[test]
fn what_is_said_of_somebody_elses_resource_is_written_once() {
    let mut controller = controller(&json!({"source": {"virtualMachine": {"clone": {"keepOnFailure": "0s"}}}}));
    let id = part(Part::Disk(DiskPlace::System));
    until(&mut controller, |azure| azure.parts.contains_key(&id));
    controller.azure.parts.get_mut(&id).unwrap().tags.clear();
    wait(&mut controller, 60);
    let before = controller.status.clone();
    assert_eq!(reason(&controller, ConditionType::Stalled), "True/NameTaken");
    wait(&mut controller, 60);
    assert_eq!(controller.status, before);
    assert!(controller.azure.parts.contains_key(&id));
}
