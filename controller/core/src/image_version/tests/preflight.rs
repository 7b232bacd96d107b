//! What is asked before the first change: disks, rights, locks, the version number.

use std::collections::BTreeSet;

use azimage_crds::{CONSENT_TAG, Reason};
use serde_json::json;

use super::{super::*, fixtures::*, scene::*, told::*};
use crate::Failure;

const FINE: &str = "ClaimSource Unknown/Progressing SourceReady=Progressing Poll";
const GENERALIZE: &str = "Generalize Unknown/Progressing Generalized=Progressing Poll";
const PUBLISH: &str = "Publish Unknown/Publishing Published=Publishing Poll";
const VERSION_WRITE: &str = "Microsoft.Compute/galleries/images/versions/write";

fn refused(condition: &str, reason: Reason) -> String {
    format!("- False/{reason} {condition}={reason} Resync")
}

/// A machine with this OS disk.
fn with(disk: facts::Disk) -> Scene {
    scene(&json!({})).observed(|observed| observed.disk = Told::Found(disk))
}

/// A machine whose second disk is this one.
fn with_data(disk: facts::Disk) -> Scene {
    let mut machine = machine();
    machine.disks.push(facts::AttachedDisk::plain(Some(disk_id("data")), Some(0), false));
    scene(&json!({})).machine(machine).observed(|observed| {
        observed.disks.insert("data".to_owned(), disk);
    })
}

fn of_size(size: Option<&str>) -> Scene {
    let machine = facts::Machine { size: size.map(ToOwned::to_owned), ..machine() };
    with(facts::Disk { architecture: None, ..disk() }).machine(machine)
}

fn arm(scene: Scene) -> Scene {
    scene.definition(facts::Definition { architecture: "Arm64".into(), ..definition() })
}

fn encrypted(encryption: facts::Encryption) -> facts::Disk {
    facts::Disk { encryption: Some(encryption), ..disk() }
}

fn architectures() -> Vec<Row> {
    let other = refused("Compatible", Reason::ArchitectureMismatch);
    let arm64 = || facts::Disk { architecture: Some("arm64".into()), ..disk() };
    let generation = |disk: Option<&str>, machine_tells: Option<&str>| {
        let machine = facts::Machine { generation: machine_tells.map(ToOwned::to_owned), ..machine() };
        with(facts::Disk { generation: disk.map(ToOwned::to_owned), ..super::fixtures::disk() }).machine(machine)
    };
    vec![
        row("an Arm disk for an x64 definition", with(arm64()), &other),
        row("an Arm disk for an Arm definition", arm(with(arm64())), FINE),
        row("an x64 disk for an Arm definition", arm(with(disk())), &other),
        row("a new architecture", with(facts::Disk { architecture: Some("RiscV".into()), ..disk() }), &other),
        row("an old disk, and the size is x64's", of_size(Some("Standard_D2s_v3")), FINE),
        row("an old disk, and the size is Arm's", of_size(Some("Standard_D2ps_v5")), &other),
        row("an old disk, and the size is Arm's, as the definition is", arm(of_size(Some("Standard_D2ps_v5"))), FINE),
        row("neither disk nor size tell", of_size(None), &other),
        row("the disk tells and the size is unknown", of_size(None).observed(|o| o.disk = Told::Found(disk())), FINE),
        row(
            "an Arm disk, claimed: the guest's work goes on",
            with(arm64()).machine(machine().claimed()),
            "Seal Unknown/Sealing GuestPrepared=Sealing Poll",
        ),
        row(
            "an Arm disk, sealed: it isn't generalized",
            with(arm64()).machine(machine().claimed().marked().powered(Power::Deallocated)),
            &other,
        ),
        row("the disk alone tells the generation", generation(Some("V2"), None), FINE),
        row(
            "the disk alone tells another generation",
            generation(Some("V1"), None),
            &refused("Compatible", Reason::GenerationMismatch),
        ),
        row("the machine's word on the generation counts", generation(Some("V1"), Some("V2")), FINE),
        row(
            "nothing tells the generation, which means V1",
            generation(None, None),
            &refused("Compatible", Reason::GenerationMismatch),
        ),
    ]
}

fn disks() -> Vec<Row> {
    let unsupported = refused("SourceReady", Reason::SourceUnsupported);
    let flaws = vec![
        ("an ultra disk", facts::Disk { storage: Some("ultrassd_lrs".into()), ..disk() }),
        ("a premium disk of version 2", facts::Disk { storage: Some("PremiumV2_LRS".into()), ..disk() }),
        ("a disk that is too large", facts::Disk { size_gib: Some(2049), ..disk() }),
        ("a disk under a customer's key", encrypted(facts::Encryption::CustomerKey("/set".into()))),
        ("a disk that the guest encrypts", encrypted(facts::Encryption::Guest)),
        ("a confidential disk", encrypted(facts::Encryption::Confidential("ConfidentialVM_NonPersistedTPM".into()))),
    ];
    let mut rows = Vec::new();
    for (case, flawed) in flaws {
        rows.push(row(case, with(flawed.clone()), &unsupported));
        rows.push(row(format!("{case}, for data"), with_data(flawed.clone()), &unsupported));
        let deallocated = facts::Machine { generalized: true, ..machine().powered(Power::Deallocated) };
        let generalized = scene(&already_generalized()).machine(deallocated);
        rows.push(row(
            format!("{case}, generalized already"),
            generalized.observed(|observed| observed.disk = Told::Found(flawed)),
            &unsupported,
        ));
    }
    let unknown = facts::Machine { disks: vec![facts::AttachedDisk::plain(None, None, true)], ..machine() };
    let unavailable = "- False/AzureUnavailable - Retry";
    rows.extend(vec![
        row("a disk of the largest size", with_data(facts::Disk { size_gib: Some(2048), ..disk() }), FINE),
        row(
            "a data disk tells no architecture",
            with_data(facts::Disk { architecture: None, generation: None, ..disk() }),
            FINE,
        ),
        row(
            "a disk that may not be read",
            scene(&json!({})).observed(|o| o.disk = denied()),
            "- False/AccessDenied - Resync",
        ),
        row(
            "a disk that isn't shown",
            scene(&json!({})).observed(|o| o.disk = Told::Missing(Absent::Resource)),
            unavailable,
        ),
        row("a disk without an id", scene(&json!({})).machine(unknown), unavailable),
    ]);
    rows
}

fn denied<T>() -> Told<T> {
    Told::Failed(Failure::Denied { action: "a/read".into(), scope: "/s".into() })
}

fn numbers() -> Vec<Row> {
    let kept = |scene: Scene, soft_delete| {
        scene.observed(|observed| {
            observed.gallery = Told::Found(facts::Gallery { soft_delete });
            observed.soft_deleted = Told::Found(BTreeSet::from([version_id().version()]));
        })
    };
    let sealed = || machine().claimed().marked().powered(Power::Deallocated);
    let generalized = || facts::Machine { generalized: true, ..sealed() };
    let exists = refused("Published", Reason::VersionExists);
    let ended = refused("Published", Reason::InvalidSpec);
    let ending = |date: &str| scene(&json!({"spec": {"publish": {"endOfLifeDate": date}}}));
    vec![
        row("its life has ended already", ending("2001-01-01T00:00:00Z"), &ended),
        row(
            "its life has ended already, and the guest is sealed",
            ending("2001-01-01T00:00:00Z").machine(generalized()),
            &ended,
        ),
        row("its life hasn't ended yet", ending("2199-01-01T00:00:00Z"), FINE),
        row("the number is kept", kept(scene(&json!({})), true), &exists),
        row("the number of a copy is kept", kept(scene(&from_image_version()), true), &exists),
        row("the gallery keeps nothing any more", kept(scene(&json!({})), false), FINE),
        row("the number is kept since the seal", kept(scene(&json!({})).machine(sealed()), true), GENERALIZE),
        row(
            "the number is kept since the machine was generalized",
            kept(scene(&json!({})).machine(generalized()), true),
            &exists,
        ),
        row(
            "another number is kept",
            kept(scene(&json!({})), true)
                .observed(|o| o.soft_deleted = Told::Found(BTreeSet::from(["1.0.1".parse().unwrap()]))),
            FINE,
        ),
        row(
            "Azure says once that it knows of nothing kept",
            kept(scene(&json!({})), true).observed(|o| o.soft_deleted = Told::Missing(Absent::Resource)),
            "- False/AzureUnavailable - Retry",
        ),
        row(
            "Azure says again and again that it knows of nothing kept",
            kept(scene(&json!({})), true)
                .observed(|o| o.soft_deleted = Told::Missing(Absent::Resource))
                .process(absent(Read::SoftDeleted(version_id().definition().clone()))),
            FINE,
        ),
        row(
            "the gallery may not be read",
            scene(&json!({})).observed(|o| o.gallery = denied()),
            "- False/AccessDenied - Resync",
        ),
        row(
            "what is kept may not be read",
            kept(scene(&json!({})), true).observed(|o| o.soft_deleted = denied()),
            "- False/AccessDenied - Resync",
        ),
        row(
            "the gallery isn't shown",
            scene(&from_image_version()).observed(|o| o.gallery = Told::Missing(Absent::Resource)),
            "- False/AzureUnavailable - Retry",
        ),
    ]
}

fn lock(scope: &str, read_only: bool) -> Scene {
    scene(&json!({})).observed(|observed| {
        observed.locks = Told::Found(vec![facts::Lock { name: "keep".into(), scope: scope.into(), read_only }]);
    })
}

fn rights_on(change: impl FnOnce(&mut Observed)) -> Scene {
    scene(&json!({})).observed(change)
}

/// Several passes were told that something doesn't exist.
fn absent(what: Read) -> Memory {
    told_absent(patient(), what, 3)
}

fn no_locks() -> Memory {
    let scopes = [Scope::Definition(version_id().definition().clone()), Scope::Machine(machine_id())];
    scopes.into_iter().fold(patient(), |memory, scope| told_absent(memory, Read::Locks(scope), 3))
}

fn rights() -> Vec<Row> {
    let (version, machine_denied) =
        (refused("Compatible", Reason::AccessDenied), refused("SourceReady", Reason::AccessDenied));
    let (gallery_locked, machine_locked) =
        (refused("Compatible", Reason::ScopeLocked), refused("SourceReady", Reason::ScopeLocked));
    let definition = version_id().definition().to_string();
    let gallery = version_id().definition().gallery().to_string();
    let seals = [
        "Microsoft.Compute/virtualMachines/write",
        "Microsoft.Compute/virtualMachines/deallocate/action",
        "Microsoft.Compute/virtualMachines/generalize/action",
    ];
    let without_commands = || Told::Found(vec![permission(&seals)]);
    vec![
        row(
            "versions may not be written",
            rights_on(|o| o.version_rights = Told::Found(vec![permission(&["*/read"])])),
            &version,
        ),
        row("nothing may be done there", rights_on(|o| o.version_rights = Told::Found(Vec::new())), &version),
        row(
            "one role of several is enough",
            rights_on(|o| o.version_rights = Told::Found(vec![permission(&["*/read"]), permission(&[VERSION_WRITE])])),
            FINE,
        ),
        row(
            "who may not ask goes on",
            rights_on(|o| (o.version_rights, o.machine_rights, o.locks) = (denied(), denied(), denied())),
            FINE,
        ),
        row(
            "an Azure that doesn't know the question",
            rights_on(|o| o.version_rights = Told::Failed(Failure::Refused("no".into()))),
            FINE,
        ),
        row(
            "an Azure that says once that there are no locks",
            rights_on(|o| o.locks = Told::Missing(Absent::Resource)),
            "- False/AzureUnavailable - Retry",
        ),
        row(
            "an Azure that says again and again that there are no locks",
            rights_on(|o| o.locks = Told::Missing(Absent::Resource)).process(no_locks()),
            FINE,
        ),
        row(
            "an Azure that says once that there are no rights",
            rights_on(|o| o.version_rights = Told::Missing(Absent::Resource)),
            "- False/AzureUnavailable - Retry",
        ),
        row(
            "an Azure that doesn't answer",
            rights_on(|o| o.version_rights = Told::Failed(Failure::Unavailable("no".into()))),
            "- False/AzureUnavailable - Retry",
        ),
        row(
            "the machine may be read alone",
            rights_on(|o| o.machine_rights = Told::Found(vec![permission(&["*/read"])])),
            &machine_denied,
        ),
        row("nothing may be run in the guest", rights_on(|o| o.machine_rights = without_commands()), &machine_denied),
        row(
            "nothing may be run in the guest, and nothing has to",
            scene(&already_generalized())
                .machine(machine().powered(Power::Stopped))
                .observed(|o| o.machine_rights = without_commands()),
            FINE,
        ),
        row(
            "the rights go after the claim",
            rights_on(|o| o.machine_rights = Told::Found(Vec::new())).machine(machine().claimed()),
            "Seal Unknown/Sealing GuestPrepared=Sealing Poll",
        ),
        row(
            "a copy is asked for without a look",
            scene(&from_image_version()).observed(|o| o.version_rights = Told::Found(Vec::new())),
            PUBLISH,
        ),
        row("the gallery is locked", lock(&gallery, true), &gallery_locked),
        row("the definition is locked", lock(&definition, true), &gallery_locked),
        row(
            "the subscription is locked",
            lock("/subscriptions/00000000-0000-0000-0000-000000000001", true),
            &gallery_locked,
        ),
        row("the gallery may not be deleted", lock(&gallery, false), FINE),
        row("another version is locked", lock(&format!("{definition}/versions/9.0.0"), true), FINE),
        row("the machine is locked", lock(MACHINE, true), &machine_locked),
        row(
            "a lock after the claim",
            lock(MACHINE, true).machine(machine().claimed()),
            "Seal Unknown/Sealing GuestPrepared=Sealing Poll",
        ),
        row(
            "consent comes first",
            lock(MACHINE, true).machine(machine().tagged(CONSENT_TAG, "no")),
            &refused("SourceReady", Reason::ConsentMissing),
        ),
    ]
}

pub(super) fn rows() -> Vec<Row> {
    [architectures(), disks(), numbers(), rights()].concat()
}

#[test]
fn what_azure_would_refuse_is_told_before_the_first_change() {
    check(&rows());
}

#[test]
fn it_is_told_with_what_is_at_fault() {
    let told = |scene: Scene, words: &[&str]| {
        let status = scene.next_status();
        let said = message(&status, azimage_crds::ConditionType::Stalled);
        for word in words {
            assert!(said.contains(word), "'{word}' isn't in: {said}");
        }
    };
    told(with_data(facts::Disk { size_gib: Some(4096), ..disk() }), &["/disks/data", "4096"]);
    told(with(encrypted(facts::Encryption::CustomerKey("/set".into()))), &["/disks/os", "/set"]);
    told(lock(MACHINE, true), &["keep", MACHINE, "ScopeLocked"]);
    told(rights_on(|o| o.version_rights = Told::Found(Vec::new())), &[VERSION_WRITE, "/galleries/corp/images/web"]);
    told(
        rights_on(|o| o.machine_rights = Told::Found(vec![permission(&["*/read"])])),
        &["virtualMachines/write", MACHINE],
    );
    told(with(facts::Disk { architecture: Some("Arm64".into()), ..disk() }), &["Arm64", "x64"]);
}

#[test]
fn a_guest_that_is_being_sealed_is_not_asked_for_its_disks_at_each_look() {
    let (_, facts) = scene(&json!({})).machine(machine().claimed()).seal(seal(Execution::Running)).pass();
    assert_eq!(facts.disks.get(&disk_id("os")), None);
    assert_eq!(facts.permissions.get(&Scope::Machine(machine_id())), None);
    let (_, facts) = scene(&json!({})).pass();
    assert!(facts.disks.get(&disk_id("os")).is_some() && facts.locks.get(&Scope::Machine(machine_id())).is_some());
}
