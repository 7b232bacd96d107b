//! Managed images and disks as the source: what is looked at before a version is made from them.

use azimage_crds::Reason;
use azimage_names::DiskOrSnapshotId;

use super::{super::*, fixtures::*, scene::*, told::*};

const PUBLISH: &str = "Publish Unknown/Publishing Published=Publishing Poll";
const BUSY: &str = "- Unknown/SourceBusy SourceReady=SourceBusy Poll";
const SNAPSHOT: &str =
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/build/providers/Microsoft.Compute/snapshots/os";

fn refused(reason: Reason) -> String {
    format!("- False/{reason} SourceReady={reason} Resync")
}

fn misfit(reason: Reason) -> String {
    format!("- False/{reason} Compatible={reason} Resync")
}

fn plan_of(name: &str) -> MarketplacePlan {
    MarketplacePlan { name: name.into(), publisher: "corp".into(), product: "web".into() }
}

pub(super) fn rows() -> Vec<Row> {
    [images(), disks(), fitting()].concat()
}

#[allow(clippy::too_many_lines, reason = "a table")]
fn images() -> Vec<Row> {
    let with = |image: facts::ManagedImage| {
        scene(&from_managed_image()).observed(|observed| observed.managed_image = Told::Found(Box::new(image)))
    };
    let base = managed_image;
    let missing = |times| {
        scene(&from_managed_image())
            .observed(|observed| observed.managed_image = Told::Missing(Absent::Resource))
            .process(found_absent(Read::ManagedImage(MANAGED_IMAGE.parse().unwrap()), times))
    };
    let unsupported = refused(Reason::SourceUnsupported);
    vec![
        row("the image is there", with(base()), PUBLISH),
        row("the image isn't shown", missing(0), "- False/SourceNotFound - Poll"),
        row("the image doesn't exist", missing(9), &refused(Reason::SourceNotFound)),
        row(
            "the image can't be read",
            scene(&from_managed_image()).observed(|observed| {
                observed.managed_image = Told::Failed(crate::Failure::Denied { action: "a".into(), scope: "s".into() });
            }),
            "- False/AccessDenied - Resync",
        ),
        row(
            "the image is being made",
            with(facts::ManagedImage { provisioning: Provisioning::Creating, ..base() }),
            BUSY,
        ),
        row(
            "the image is in a state that nobody knows",
            with(facts::ManagedImage { provisioning: Provisioning::Other("Levitating".into()), ..base() }),
            BUSY,
        ),
        row(
            "the image could not be made",
            with(facts::ManagedImage { provisioning: Provisioning::Failed, ..base() }),
            &refused(Reason::SourceFailed),
        ),
        row(
            "the image is of a specialized system",
            with(facts::ManagedImage { os_state: Some("Specialized".into()), ..base() }),
            &unsupported,
        ),
        row(
            "Azure doesn't tell whether it is generalized",
            with(facts::ManagedImage { os_state: None, ..base() }),
            &unsupported,
        ),
        row("Azure tells no system of the image", with(facts::ManagedImage { os_type: None, ..base() }), &unsupported),
        row(
            "a disk of the image is too large",
            with(facts::ManagedImage { largest_gib: Some(2049), ..base() }),
            &unsupported,
        ),
        row(
            "a disk of the image is on storage that doesn't go",
            with(facts::ManagedImage { storage: vec!["Premium_LRS".into(), "ultrassd_lrs".into()], ..base() }),
            &unsupported,
        ),
        row(
            "the image is under a key of the customer",
            with(facts::ManagedImage { disk_encryption_set: Some("/set".into()), ..base() }),
            &unsupported,
        ),
    ]
}

#[allow(clippy::too_many_lines, reason = "a table")]
fn disks() -> Vec<Row> {
    let with = |system: facts::Disk, data: facts::Disk| {
        scene(&from_disks(&["data"])).observed(|observed| {
            observed.disks = [("os".to_owned(), system), ("data".to_owned(), data)].into();
        })
    };
    let plain = || facts::Disk { os_type: None, architecture: None, generation: None, ..disk() };
    let system = |change: fn(facts::Disk) -> facts::Disk| with(change(disk()), plain());
    let data = |change: fn(facts::Disk) -> facts::Disk| with(disk(), change(plain()));
    let missing = |times| {
        let id = DiskOrSnapshotId::parse(SNAPSHOT).unwrap();
        scene(&from_disks(&[]))
            .observed(|observed| observed.disk = Told::Missing(Absent::Resource))
            .process(found_absent(Read::of_disk(&id), times))
    };
    let unsupported = refused(Reason::SourceUnsupported);
    vec![
        row("the disks are there", with(disk(), plain()), PUBLISH),
        row("the system's disk alone is there", scene(&from_disks(&[])), PUBLISH),
        row("a disk isn't shown", missing(0), "- False/SourceNotFound - Poll"),
        row("a disk doesn't exist", missing(9), &refused(Reason::SourceNotFound)),
        row("a disk is being made", data(|disk| facts::Disk { provisioning: Provisioning::Creating, ..disk }), BUSY),
        row(
            "a disk could not be made",
            data(|disk| facts::Disk { provisioning: Provisioning::Failed, ..disk }),
            &refused(Reason::SourceFailed),
        ),
        row(
            "a snapshot's data is still copied",
            system(|disk| facts::Disk { is_complete: false, state: None, ..disk }),
            BUSY,
        ),
        row(
            "a disk is attached",
            system(|disk| facts::Disk { attached_to: Some(MACHINE.into()), ..disk }),
            &unsupported,
        ),
        row(
            "a disk is attached, as its state alone tells",
            data(|disk| facts::Disk { state: Some(DiskState::Attached), ..disk }),
            &unsupported,
        ),
        row(
            "a deallocated machine has a disk",
            data(|disk| facts::Disk { state: Some(DiskState::Reserved), ..disk }),
            &unsupported,
        ),
        row(
            "a hibernated machine has a disk",
            data(|disk| facts::Disk { state: Some(DiskState::Frozen), ..disk }),
            &unsupported,
        ),
        row(
            "a disk is being uploaded",
            data(|disk| facts::Disk { state: Some(DiskState::ActiveUpload), ..disk }),
            BUSY,
        ),
        row("a disk is being exported", data(|disk| facts::Disk { state: Some(DiskState::ActiveSas), ..disk }), BUSY),
        row(
            "a disk is in a state that nobody knows",
            data(|disk| facts::Disk { state: Some(DiskState::Other("Levitating".into())), ..disk }),
            PUBLISH,
        ),
        row("there is no system on the disk", system(|disk| facts::Disk { os_type: None, ..disk }), &unsupported),
        row(
            "a disk with data is in another region",
            data(|disk| facts::Disk { location: region("northeurope"), ..disk }),
            &unsupported,
        ),
        row(
            "a disk with data is on storage that doesn't go",
            data(|disk| facts::Disk { storage: Some("PremiumV2_LRS".into()), ..disk }),
            &unsupported,
        ),
        row("a disk is too large", data(|disk| facts::Disk { size_gib: Some(4096), ..disk }), &unsupported),
        row(
            "a disk is encrypted by its guest",
            system(|disk| facts::Disk { encryption: Some(facts::Encryption::Guest), ..disk }),
            &unsupported,
        ),
        row(
            "a disk is under a key of the customer",
            data(|disk| facts::Disk { encryption: Some(facts::Encryption::CustomerKey("/set".into())), ..disk }),
            &unsupported,
        ),
        row(
            "a disk is a confidential machine's",
            system(|disk| facts::Disk {
                encryption: Some(facts::Encryption::Confidential("ConfidentialVM".into())),
                ..disk
            }),
            &unsupported,
        ),
    ]
}

#[allow(clippy::too_many_lines, reason = "a table")]
fn fitting() -> Vec<Row> {
    let image = || scene(&from_managed_image());
    let of_image = |image: facts::ManagedImage| {
        scene(&from_managed_image()).observed(|observed| observed.managed_image = Told::Found(Box::new(image)))
    };
    let of_disk = |disk: facts::Disk| scene(&from_disks(&[])).observed(|observed| observed.disk = Told::Found(disk));
    let security = |kind: &str| facts::Definition { security_type: Some(kind.into()), ..definition() };
    let selling = || facts::Definition { plan: Some(plan_of("a")), ..definition() };
    vec![
        row(
            "the image is of another system",
            of_image(facts::ManagedImage { os_type: Some(OsType::Windows), ..managed_image() }),
            &misfit(Reason::OsTypeMismatch),
        ),
        row(
            "the image is of another generation",
            of_image(facts::ManagedImage { generation: Some("V1".into()), ..managed_image() }),
            &misfit(Reason::GenerationMismatch),
        ),
        row(
            "the image tells no generation, and so is V1",
            of_image(facts::ManagedImage { generation: None, ..managed_image() }),
            &misfit(Reason::GenerationMismatch),
        ),
        row(
            "the definition is for Arm64, and images are of x64 alone",
            image().definition(facts::Definition { architecture: "Arm64".into(), ..definition() }),
            &misfit(Reason::ArchitectureMismatch),
        ),
        row(
            "the definition is for specialized images",
            image().definition(facts::Definition { specialized: true, ..definition() }),
            &misfit(Reason::DefinitionSpecialized),
        ),
        row(
            "the definition is confidential",
            image().definition(security("ConfidentialVM")),
            &misfit(Reason::SourceUnsupported),
        ),
        row(
            "the definition is for several security types, which takes images",
            image().definition(security("TrustedLaunchSupported")),
            PUBLISH,
        ),
        row("the definition has a plan, of which images tell nothing", image().definition(selling()), PUBLISH),
        row(
            "the disk is of another system",
            of_disk(facts::Disk { os_type: Some(OsType::Windows), ..disk() }),
            &misfit(Reason::OsTypeMismatch),
        ),
        row(
            "the disk is of another generation",
            of_disk(facts::Disk { generation: Some("V1".into()), ..disk() }),
            &misfit(Reason::GenerationMismatch),
        ),
        row(
            "the disk is of another architecture",
            of_disk(facts::Disk { architecture: Some("Arm64".into()), ..disk() }),
            &misfit(Reason::ArchitectureMismatch),
        ),
        row("the disk tells no architecture", of_disk(facts::Disk { architecture: None, ..disk() }), PUBLISH),
        row(
            "the disk has a plan, and the definition has none",
            of_disk(facts::Disk { plan: Some(plan_of("a")), ..disk() }),
            &misfit(Reason::PurchasePlanMismatch),
        ),
        row(
            "the disk has the definition's plan",
            of_disk(facts::Disk { plan: Some(plan_of("a")), ..disk() }).definition(selling()),
            PUBLISH,
        ),
        row(
            "the definition of a disk is confidential",
            of_disk(disk()).definition(security("ConfidentialVM")),
            &misfit(Reason::SourceUnsupported),
        ),
    ]
}

#[test]
fn each_image_and_disk_has_its_step_or_its_reason() {
    check(&rows());
}

fn created(scene: &Scene) -> VersionRequest {
    match scene.plan().step {
        Some(Step { request: Request::PutVersion(request), .. }) => *request,
        step => panic!("a version was expected, not {step:?}"),
    }
}

#[test]
fn a_version_is_made_in_the_region_of_its_source_and_names_it() {
    let away = region("northeurope");
    let image = facts::ManagedImage { location: away.clone(), ..managed_image() };
    let of_image =
        scene(&from_managed_image()).observed(|observed| observed.managed_image = Told::Found(Box::new(image)));
    let request = created(&of_image);
    assert_eq!((request.location.clone(), request.targets[0].region.clone()), (away.clone(), away.clone()));
    assert_eq!(request.source.unwrap().to_string(), MANAGED_IMAGE);

    let disk = facts::Disk { location: away.clone(), ..disk() };
    let of_disks = scene(&from_disks(&["a", "b"])).observed(|observed| observed.disk = Told::Found(disk));
    let request = created(&of_disks);
    assert_eq!(request.location, away);
    let source = request.source.unwrap();
    assert_eq!(source.to_string(), SNAPSHOT);
    let data = [(1, disk_id("a").to_string()), (2, disk_id("b").to_string())];
    assert_eq!(source.data_disks(), data.into());
}

#[test]
fn a_version_of_other_disks_is_not_what_was_asked_for() {
    let made = |os: &str, data: &[(u8, &str)]| facts::Version {
        source: Some(os.to_owned()),
        data_sources: data.iter().map(|(lun, name)| (*lun, disk_id(name).to_string().to_uppercase())).collect(),
        ..version(&[HOME])
    };
    for (case, version, expected) in [
        ("the same", made(&SNAPSHOT.to_lowercase(), &[(1, "a"), (2, "b")]), None),
        ("another system", made(&disk_id("os").to_string(), &[(1, "a"), (2, "b")]), Some("spec.source: ")),
        ("one disk less", made(SNAPSHOT, &[(1, "a")]), Some("spec.source.disks.dataDisks: ")),
        ("another disk", made(SNAPSHOT, &[(1, "a"), (2, "c")]), Some("spec.source.disks.dataDisks: ")),
        ("another lun", made(SNAPSHOT, &[(1, "a"), (3, "b")]), Some("spec.source.disks.dataDisks: ")),
        ("none is told", facts::Version { source: None, ..version(&[HOME]) }, None),
    ] {
        let said = match scene(&from_disks(&["a", "b"])).version(version).plan().report.progress {
            crate::Progress::Stalled { reason: Reason::VersionDiffers, message } => Some(message),
            _ => None,
        };
        assert_eq!(said.is_some(), expected.is_some(), "{case}: {said:?}");
        assert!(said.unwrap_or_default().starts_with(expected.unwrap_or_default()), "{case}");
    }
}

#[test]
fn the_status_tells_what_was_seen_of_an_image_or_a_disk() {
    let expected = azimage_crds::SourceStatus {
        location: Some(HOME.into()),
        os_type: Some("Linux".into()),
        hyper_v_generation: Some("V2".into()),
        ..azimage_crds::SourceStatus::default()
    };
    assert_eq!(scene(&from_managed_image()).next_status().source.unwrap(), expected);
    assert_eq!(scene(&from_disks(&[])).next_status().source.unwrap(), expected);
}
