//! A machine that is captured itself and deleted after it, with what belonged to it alone, and nothing else.

use azimage_crds::{ConditionType, OWNER_TAG, Reason, SourceCleanupState};
use azimage_names::Obstacle;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Value, json};

use super::{
    super::*,
    azure::Azure,
    controller::{Controller, Fate},
    fixtures::*,
    scene::*,
    told::*,
};
use crate::{
    Failure, Progress,
    belonging::{BelongingId, BelongingPart},
    temporary::DiskPlace,
};

const NETWORK: &str =
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/network/providers/Microsoft.Network";

fn id(part: BelongingPart, text: &str) -> BelongingId {
    BelongingId::parse(part, text).unwrap()
}

fn interface() -> BelongingId {
    id(BelongingPart::Interface(0), &format!("{NETWORK}/networkInterfaces/builder-nic"))
}

fn address() -> BelongingId {
    id(BelongingPart::Address(0), &format!("{NETWORK}/publicIPAddresses/builder-ip"))
}

fn os_disk() -> BelongingId {
    BelongingId::Disk(disk_id("os"))
}

fn data_disk() -> BelongingId {
    BelongingId::Disk(disk_id("data"))
}

/// A machine with an interface that has a public address, and a data disk.
fn whole() -> facts::Machine {
    let data = facts::AttachedDisk::plain(Some(disk_id("data")), Some(3), false);
    let mut machine = machine();
    machine.disks.push(data);
    machine.interfaces = vec![interface().to_string()];
    machine
}

fn cleanup(mode: &str) -> Value {
    json!({"spec": {"source": {"virtualMachine": {"inPlace": {"sourceCleanup": mode}}}}})
}

/// An Azure with that machine and what belongs to it.
fn azure() -> Azure {
    let mut azure = Azure::new(whole());
    let used = |uid: &str, by: String, addresses: Vec<String>| facts::Belonging {
        uid: Some(uid.to_owned()),
        provisioning: Provisioning::Succeeded,
        used_by: vec![by],
        is_shared: false,
        addresses,
    };
    let machine = || machine_id().to_string();
    azure.belongings.insert(interface(), used("nic-1", machine(), vec![address().to_string()]));
    azure.belongings.insert(os_disk(), used("os-1", machine(), Vec::new()));
    azure.belongings.insert(data_disk(), used("data-1", machine(), Vec::new()));
    azure.belongings.insert(address(), used("ip-1", format!("{}/ipConfigurations/c", interface()), Vec::new()));
    azure
}

pub(super) fn controller() -> Controller {
    Controller::new(object(&cleanup("Delete")), azure())
}

/// Looks again and again, for so many minutes.
fn wait(controller: &mut Controller, minutes: i64) {
    for _ in 0..minutes * 2 {
        controller.pass(Fate::Fine);
    }
}

fn until(controller: &mut Controller, is: impl Fn(&Controller) -> bool) {
    for _ in 0..200 {
        if is(controller) {
            return;
        }
        controller.pass(Fate::Fine);
    }
    panic!("it never comes to that: {:?}", controller.last);
}

fn told(controller: &Controller, kind: ConditionType) -> String {
    let condition = controller.status.conditions.iter().find(|condition| condition.type_ == kind.as_str());
    condition.map(|it| format!("{}/{}: {}", it.status, it.reason, it.message)).unwrap_or_default()
}

fn is_ready(controller: &Controller) -> bool {
    told(controller, ConditionType::Ready).starts_with("True/Succeeded")
}

/// How it stands with each part.
fn states(controller: &Controller) -> Vec<(String, SourceCleanupState)> {
    controller.status.source_cleanup.iter().map(|known| (known.part.clone(), known.state)).collect()
}

fn state_of(controller: &Controller, part: &str) -> SourceCleanupState {
    states(controller).into_iter().find(|(known, _)| known == part).unwrap().1
}

#[test]
fn it_is_deleted_with_what_belonged_to_it_in_order_and_all_is_written_down_before() {
    let mut controller = controller();
    until(&mut controller, |controller| !controller.status.source_cleanup.is_empty());
    assert!(!controller.azure.is_gone, "it is written down first");
    let parts: Vec<_> = states(&controller).into_iter().map(|(part, _)| part).collect();
    assert_eq!(parts, ["machine", "interface0", "os-disk", "lun3-disk", "address0"]);
    assert!(!is_ready(&controller), "it isn't Ready while the machine is being deleted");
    controller.run(&[]);
    assert!(is_ready(&controller), "{:?}", controller.progress());
    assert!(controller.azure.is_gone && controller.azure.belongings.is_empty(), "{:?}", controller.azure.belongings);
    assert!(told(&controller, ConditionType::CleanedUp).starts_with("True/Succeeded: The machine and"));
    let deleted: Vec<_> = controller.status.steps.iter().filter(|step| step.name == "DeleteSource").collect();
    let subjects: Vec<_> = deleted.iter().map(|step| step.subject.as_str()).collect();
    assert_eq!(subjects, ["machine", "interface0", "os-disk", "lun3-disk", "address0"]);
    assert!(deleted.iter().all(|step| step.finished_at.is_some()));
}

#[test]
fn without_the_word_for_it_nothing_is_deleted() {
    let mut controller = Controller::new(object(&cleanup("Keep")), azure());
    controller.run(&[]);
    assert!(is_ready(&controller));
    assert!(!controller.azure.is_gone && controller.azure.belongings.len() == 4);
    assert_eq!(controller.status.source_cleanup, []);
}

#[test]
fn what_azure_deletes_with_the_machine_is_seen_to_be_gone() {
    let mut controller = controller();
    controller.azure.goes_with_it = vec![os_disk(), interface()];
    controller.azure.belongings.get_mut(&address()).unwrap().used_by.clear();
    controller.run(&[]);
    assert!(is_ready(&controller), "{:?}", controller.progress());
    assert!(states(&controller).iter().all(|(_, state)| *state == SourceCleanupState::Deleted));
    let deletions = controller.carried_out.iter().filter(|step| **step == StepName::DeleteSource).count();
    assert_eq!(deletions, 3, "machine, data disk and address");
}

#[test]
fn what_is_used_elsewhere_or_another_of_its_name_stays() {
    let other = format!("{NETWORK}/networkInterfaces/other/ipConfigurations/c");
    let change: [(BelongingId, &str, Option<&str>); 3] = [
        (data_disk(), "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/other", None),
        (address(), &other, None),
        (os_disk(), "", Some("os-2")),
    ];
    for (id, user, uid) in change {
        let mut controller = controller();
        until(&mut controller, |controller| controller.azure.is_gone);
        let changed = controller.azure.belongings.get_mut(&id).unwrap();
        if !user.is_empty() {
            changed.used_by = vec![user.to_owned()];
        }
        changed.uid = uid.map(str::to_owned).or(changed.uid.clone());
        controller.run(&[]);
        assert!(is_ready(&controller), "{:?}", controller.progress());
        assert_eq!(controller.azure.belongings.keys().collect::<Vec<_>>(), [&id]);
        let cleaned = told(&controller, ConditionType::CleanedUp);
        let kept = states(&controller).iter().filter(|(_, state)| *state == SourceCleanupState::Kept).count();
        if uid.is_some() {
            // The disk that was the machine's is gone.
            assert_eq!((kept, cleaned.starts_with("True/Succeeded")), (0, true), "{cleaned}");
            continue;
        }
        assert!(cleaned.starts_with("False/SourceKept") && cleaned.contains(user), "{cleaned}");
        controller.azure.belongings.get_mut(&id).unwrap().used_by.clear();
        wait(&mut controller, 60);
        assert!(controller.azure.belongings.contains_key(&id), "somebody has used it since");
    }
}

#[test]
fn what_is_shared_or_unknown_by_its_id_stays_from_the_start() {
    for change in [0, 1, 2] {
        let mut controller = controller();
        let data = controller.azure.belongings.get_mut(&data_disk()).unwrap();
        match change {
            0 => data.is_shared = true,
            1 => data.uid = None,
            _ => data.used_by.push("/another/machine".to_owned()),
        }
        controller.run(&[]);
        assert!(is_ready(&controller), "{:?}", controller.progress());
        assert_eq!(state_of(&controller, "lun3-disk"), SourceCleanupState::Kept);
        assert_eq!(controller.azure.belongings.keys().collect::<Vec<_>>(), [&data_disk()]);
        assert!(told(&controller, ConditionType::CleanedUp).starts_with("False/SourceKept"));
    }
}

#[test]
fn a_machine_that_isnt_surely_the_one_stays_with_all_that_belongs_to_it() {
    type Change = fn(&mut Controller);
    let cases: [(&str, Change); 4] = [
        ("another one of its name", |controller| controller.azure.machine.uid = "vm-2".to_owned()),
        ("azimage-owner", |controller| {
            controller.azure.machine.tags.insert(OWNER_TAG.to_owned(), "c9/a/b/c".to_owned());
        }),
        ("virtualMachineUid", |controller| controller.status.source = None),
        ("isn't there", |controller| controller.azure.is_gone = true),
    ];
    for (words, change) in cases {
        let mut controller = controller();
        until(&mut controller, |controller| controller.azure.created == 1);
        change(&mut controller);
        controller.run(&[]);
        assert!(is_ready(&controller), "{words}: {:?}", controller.progress());
        assert_eq!(controller.azure.belongings.len(), 4);
        let cleaned = told(&controller, ConditionType::CleanedUp);
        assert!(cleaned.starts_with("False/SourceKept") && cleaned.contains(words), "{cleaned}");
        assert!(!controller.carried_out.contains(&StepName::DeleteSource));
        // What stays told is looked at no more.
        let status = controller.status.clone();
        wait(&mut controller, 10);
        assert_eq!(controller.status, status);
    }
}

#[test]
fn a_machine_that_changes_hands_after_all_was_written_down_stays() {
    let mut controller = controller();
    until(&mut controller, |controller| !controller.status.source_cleanup.is_empty());
    controller.azure.machine.tags.insert(OWNER_TAG.to_owned(), "c9/a/b/c".to_owned());
    controller.run(&[]);
    assert!(is_ready(&controller), "{:?}", controller.progress());
    assert!(states(&controller).iter().all(|(_, state)| *state == SourceCleanupState::Kept));
    assert!(!controller.azure.is_gone && controller.azure.belongings.len() == 4);
}

#[test]
fn a_new_machine_of_its_name_keeps_what_it_took() {
    let mut controller = controller();
    until(&mut controller, |controller| controller.azure.is_gone);
    controller.azure.is_gone = false;
    controller.azure.machine.uid = "vm-2".to_owned();
    controller.azure.belongings.get_mut(&os_disk()).unwrap().used_by = vec![machine_id().to_string()];
    wait(&mut controller, 40);
    assert!(is_ready(&controller), "{:?}", controller.progress());
    assert!(!controller.azure.is_gone);
    assert_eq!(controller.azure.belongings.keys().collect::<Vec<_>>(), [&os_disk()]);
    let cleaned = told(&controller, ConditionType::CleanedUp);
    assert!(cleaned.contains("a new machine of the name"), "{cleaned}");
}

#[test]
fn what_azure_refuses_is_told_holds_up_nothing_and_is_tried_again() {
    let mut controller = controller();
    let why = "ScopeLocked: the scope is locked".to_owned();
    controller.refuses = Some((StepName::DeleteSource, Failure::Forbidden { by: Obstacle::Lock, why }));
    wait(&mut controller, 60);
    assert!(is_ready(&controller), "{:?}", controller.progress());
    let cleaned = told(&controller, ConditionType::CleanedUp);
    assert!(cleaned.starts_with("False/CleanUpFailed") && cleaned.contains("ScopeLocked"), "{cleaned}");
    controller.refuses = None;
    wait(&mut controller, 40);
    assert!(is_ready(&controller), "{:?}", controller.progress());
    assert!(controller.azure.is_gone && controller.azure.belongings.is_empty());
    assert!(told(&controller, ConditionType::CleanedUp).starts_with("True/Succeeded"));
}

#[test]
fn nothing_goes_before_the_version_is_complete_in_its_home_region() {
    let mut controller = controller();
    controller.azure.failing.insert(HOME.to_owned(), 100);
    wait(&mut controller, 120);
    assert!(controller.azure.created == 1 && !controller.azure.is_gone);
    assert_eq!(controller.status.source_cleanup, []);
    controller.azure.failing.clear();
    wait(&mut controller, 90);
    assert!(controller.azure.is_gone || !is_ready(&controller), "{:?}", controller.progress());
}

#[test]
fn answers_that_arent_true_prove_nothing() {
    let mut controller = controller();
    until(&mut controller, |controller| controller.azure.is_gone);
    controller.azure.lies = true;
    controller.pass(Fate::Fine);
    controller.pass(Fate::Fine);
    controller.azure.lies = false;
    controller.run(&[]);
    assert!(controller.azure.belongings.is_empty(), "{:?}", controller.azure.belongings);
}

#[test]
fn an_object_that_goes_in_the_middle_leaves_the_rest_and_says_so() {
    let mut controller = controller();
    until(&mut controller, |controller| controller.azure.is_gone);
    controller.object.metadata.deletion_timestamp = Some(Time(now()));
    controller.run(&[]);
    let last = controller.last.as_ref().unwrap();
    assert_eq!(last.requeue, Requeue::Release);
    let parting = last.report.parting.as_deref().unwrap_or_default();
    assert!(parting.contains("aren't deleted yet"), "{parting}");
    assert_eq!(controller.azure.belongings.len(), 4);
}

#[test]
fn what_would_refuse_it_is_asked_before_the_claim() {
    const FINE: &str = "ClaimSource Unknown/Progressing SourceReady=Progressing Poll";
    const DENIED: &str = "- False/AccessDenied SourceReady=AccessDenied Resync";
    const LOCKED: &str = "- False/ScopeLocked SourceReady=ScopeLocked Resync";
    let rights = |mode: &str, without: &str| {
        let given = facts::Permission { actions: vec!["*".to_owned()], not_actions: vec![without.to_owned()] };
        scene(&cleanup(mode)).observed(|observed| {
            observed.version_rights = Told::Found(vec![given.clone()]);
            observed.machine_rights = Told::Found(vec![given]);
        })
    };
    let lock = facts::Lock { name: "keep".into(), scope: MACHINE.into(), read_only: false };
    let locked =
        |mode: &str| scene(&cleanup(mode)).observed(|observed| observed.locks = Told::Found(vec![lock.clone()]));
    let mut rows = Vec::new();
    rows.push(row("all is given", scene(&cleanup("Delete")), FINE));
    for right in ["Microsoft.Compute/virtualMachines/delete", "Microsoft.Compute/disks/delete"] {
        rows.push(row("a right isn't given", rights("Delete", right), DENIED));
    }
    rows.push(row("nobody asks for it", rights("Keep", "Microsoft.Compute/virtualMachines/delete"), FINE));
    rows.push(row("a lock that forbids deletions alone", locked("Delete"), LOCKED));
    rows.push(row("such a lock where nothing is deleted", locked("Keep"), FINE));
    check(&rows);
    let denied = rights("Delete", "Microsoft.Compute/disks/delete").plan();
    let Progress::Stalled { reason: Reason::AccessDenied, message } = denied.report.progress else { panic!() };
    assert!(message.contains("disks/delete on ") && message.contains("sourceCleanup to Keep"), "{message}");
}

#[test]
fn the_disk_of_the_system_has_its_part() {
    assert_eq!("os-disk".parse(), Ok(BelongingPart::Disk(DiskPlace::System)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_befalls_it_all_that_is_known_goes_and_what_isnt_known_stays_told(
        fates in vec(
            select(vec![
                Fate::Fine,
                Fate::Fine,
                Fate::Restart,
                Fate::KilledBeforeStep,
                Fate::KilledAfterStep,
                Fate::TurnedAway,
                Fate::Slow,
                Fate::OneRead,
                Fate::StepThrottled,
            ]),
            0..90,
        ),
        lost in select(vec![false, false, true]),
    ) {
        let mut controller = controller();
        for fate in &fates {
            controller.pass(*fate);
        }
        // After the version is there a lost status costs nothing but what is known of the machine.
        let is_lost = lost && controller.azure.version.is_some();
        if is_lost {
            controller.pass(Fate::StatusLost);
        }
        // What can't be deleted just now is tried again after a while.
        wait(&mut controller, 60);
        controller.run(&[]);
        prop_assert!(is_ready(&controller), "{:?}", controller.progress());
        prop_assert_eq!((controller.azure.created, controller.azure.generalized), (1, 1));
        let cleaned = told(&controller, ConditionType::CleanedUp);
        let all_gone = controller.azure.is_gone && controller.azure.belongings.is_empty();
        prop_assert!(
            all_gone && cleaned.starts_with("True/Succeeded") || is_lost && cleaned.starts_with("False/SourceKept"),
            "{}", cleaned
        );
    }
}
