//! A version that doesn't exist yet: each state of the source.

use azimage_crds::{CONSENT_TAG, OWNER_TAG, STEP_TAG};
use serde_json::json;
use strum::IntoEnumIterator;

use super::{super::*, fixtures::*, scene::*};

/// In the order of [`Power`]: starting, running, stopping, stopped, deallocating, deallocated, unknown.
type ByPower = [&'static str; 7];

const BUSY: &str = "- Unknown/SourceBusy SourceReady=SourceBusy Poll";
const CLAIM: &str = "ClaimSource Unknown/Progressing SourceReady=Progressing Poll";
const UNSEALED: &str = "- False/GuestPreparationUnknown GuestPrepared=GuestPreparationUnknown Resync";
const RUNS: &str = "- False/SourceRunning GuestPrepared=SourceRunning Resync";
const SEAL: &str = "Seal Unknown/Sealing GuestPrepared=Sealing Poll";
const SEALING: &str = "- Unknown/Sealing GuestPrepared=Sealing Poll";
const FAILED: &str = "- False/SealFailed GuestPrepared=SealFailed Resync";
const TIMED_OUT: &str = "- False/SealTimedOut GuestPrepared=SealTimedOut Resync";
const FORGET: &str = "ForgetSeal Unknown/Sealing GuestPrepared=Sealing Poll";
const MARK: &str = "MarkSealed Unknown/Sealing GuestPrepared=Sealing Poll";
const DEALLOCATE: &str = "Deallocate Unknown/Deallocating Generalized=Deallocating Poll";
const DEALLOCATING: &str = "- Unknown/Deallocating Generalized=Deallocating Poll";
const GENERALIZE: &str = "Generalize Unknown/Progressing Generalized=Progressing Poll";
const PUBLISH: &str = "Publish Unknown/Publishing Published=Publishing Poll";
const CLAIMED: &str = "- False/SourceClaimed SourceReady=SourceClaimed Resync";
const NOT_BY_US: &str = "- False/AlreadyGeneralized SourceReady=AlreadyGeneralized Resync";

/// Each power state with each seal, for a machine of ours whose seal isn't proven.
fn seals() -> Vec<(&'static str, Scene, ByPower)> {
    let plain = || scene(&json!({}));
    let sealed = |seal: SealObserved| plain().seal(seal);
    let timeout = 30 * 60;
    let begun = |ago: i64, scene: Scene| {
        let status = azimage_crds::ImageVersionStatus {
            steps: vec![step(StepName::Seal, 1, false, ago)],
            ..scene.status.clone()
        };
        scene.status(status)
    };
    let provisioned = |provisioning| SealObserved { provisioning, ..seal(Execution::Unknown) };
    vec![
        ("not begun", plain(), [BUSY, SEAL, BUSY, UNSEALED, BUSY, UNSEALED, BUSY]),
        (
            "running",
            sealed(seal(Execution::Running)),
            [SEALING, SEALING, SEALING, UNSEALED, UNSEALED, UNSEALED, SEALING],
        ),
        (
            "of which Azure doesn't say how far it is",
            sealed(seal(Execution::Unknown)),
            [SEALING, SEALING, SEALING, UNSEALED, UNSEALED, UNSEALED, SEALING],
        ),
        (
            "that succeeded",
            sealed(seal(Execution::Succeeded)),
            [SEALING, SEALING, SEALING, MARK, UNSEALED, UNSEALED, SEALING],
        ),
        (
            "that succeeded, and the guest hasn't said so",
            sealed(seal(Execution::Succeeded)).console(ConsoleObserved::NoMark),
            [SEALING, SEALING, SEALING, SEALING, UNSEALED, UNSEALED, SEALING],
        ),
        (
            "that succeeded, and the guest was started after it said so",
            sealed(seal(Execution::Succeeded)).console(ConsoleObserved::StartedSince),
            [SEALING, SEALING, SEALING, UNSEALED, UNSEALED, UNSEALED, SEALING],
        ),
        (
            "that succeeded, and nothing is known of what the guest should say",
            sealed(SealObserved { nonce: None, ..seal(Execution::Succeeded) }),
            [SEALING, SEALING, SEALING, UNSEALED, UNSEALED, UNSEALED, SEALING],
        ),
        (
            "that succeeded with an exit code that says otherwise",
            sealed(SealObserved { exit_code: Some(1), ..seal(Execution::Succeeded) }),
            [FAILED; 7],
        ),
        ("that failed", sealed(seal(Execution::Failed)), [FAILED; 7]),
        ("that Azure couldn't run", sealed(provisioned(Provisioning::Failed)), [FAILED; 7]),
        ("that is being removed", sealed(provisioned(Provisioning::Deleting)), [SEALING; 7]),
        (
            "that takes as long as it may",
            begun(timeout, sealed(seal(Execution::Running))),
            [SEALING, SEALING, SEALING, UNSEALED, UNSEALED, UNSEALED, SEALING],
        ),
        (
            "that takes too long",
            begun(timeout + 1, sealed(seal(Execution::Succeeded))),
            [TIMED_OUT, TIMED_OUT, TIMED_OUT, MARK, UNSEALED, UNSEALED, TIMED_OUT],
        ),
        (
            "that failed, and another try is asked for",
            scene(&requested()).seal(seal(Execution::Failed)),
            [FAILED, FORGET, FAILED, FAILED, FAILED, FAILED, FAILED],
        ),
        (
            "that takes too long, and another try is asked for",
            begun(timeout + 1, scene(&requested()).seal(seal(Execution::Running))),
            [TIMED_OUT, FORGET, TIMED_OUT, UNSEALED, UNSEALED, UNSEALED, TIMED_OUT],
        ),
    ]
}

fn by_power(case: &str, scene: &Scene, machine: &VirtualMachineObserved, expected: ByPower) -> Vec<Row> {
    Power::iter()
        .zip(expected)
        .map(|(power, expected)| {
            row(format!("{case}, {power}"), scene.clone().machine(machine.clone().powered(power)), expected)
        })
        .collect()
}

pub(super) fn machines() -> Vec<Row> {
    let plain = scene(&json!({}));
    let word = scene(&already_generalized());
    let mut rows = Vec::new();
    rows.extend(by_power("unclaimed", &plain, &machine(), [BUSY, CLAIM, BUSY, UNSEALED, BUSY, UNSEALED, BUSY]));
    rows.extend(by_power(
        "marked as sealed for an owner that is gone",
        &plain,
        &machine().tagged(OWNER_TAG, "c1/images/old/u-0").marked(),
        [BUSY, CLAIM, BUSY, UNSEALED, BUSY, UNSEALED, BUSY],
    ));
    rows.extend(by_power(
        "marked as sealed without an owner",
        &plain,
        &machine().marked(),
        [BUSY, CLAIM, BUSY, UNSEALED, BUSY, UNSEALED, BUSY],
    ));
    rows.extend(by_power(
        "unclaimed, said to be sealed",
        &word,
        &machine(),
        [RUNS, RUNS, BUSY, CLAIM, BUSY, CLAIM, BUSY],
    ));
    for (seal, scene, expected) in seals() {
        rows.extend(by_power(&format!("claimed, with a seal {seal}"), &scene, &machine().claimed(), expected));
        // What the seal says doesn't matter once it was proven.
        let marked = machine().claimed().marked();
        let sealed = [UNSEALED, UNSEALED, DEALLOCATING, DEALLOCATE, DEALLOCATING, GENERALIZE, DEALLOCATING];
        rows.extend(by_power(&format!("marked, with a seal {seal}"), &scene, &marked, sealed));
    }
    for (case, machine) in [("claimed", machine().claimed()), ("claimed and marked", machine().claimed().marked())] {
        rows.extend(by_power(
            &format!("{case}, said to be sealed"),
            &word,
            &machine,
            [RUNS, RUNS, DEALLOCATING, DEALLOCATE, DEALLOCATING, GENERALIZE, DEALLOCATING],
        ));
    }
    let generalized = |machine: VirtualMachineObserved| VirtualMachineObserved { generalized: true, ..machine };
    for (case, machine, expected) in [
        ("not claimed", machine(), NOT_BY_US),
        ("marked, not claimed", machine().marked(), NOT_BY_US),
        ("claimed by somebody else", machine().tagged(OWNER_TAG, "c2/images/web-1/u-9"), CLAIMED),
        ("marked, claimed by somebody else", machine().tagged(OWNER_TAG, "c2/images/web-1/u-9").marked(), CLAIMED),
        ("claimed", machine().claimed(), NOT_BY_US),
        ("claimed and marked", machine().claimed().marked(), PUBLISH),
    ] {
        let machine = generalized(machine);
        rows.extend(by_power(&format!("generalized, {case}"), &plain, &machine, [expected; 7]));
        let case = format!("generalized, {case}, said to be sealed");
        rows.extend(by_power(&case, &word, &machine, [PUBLISH; 7]));
    }
    rows
}

#[test]
fn each_state_of_a_machine_has_its_step_or_its_reason() {
    check(&machines());
}

#[test]
fn a_claim_keeps_the_tags_and_drops_the_mark_of_an_earlier_owner() {
    let scene = scene(&json!({})).machine(machine().tagged("AZIMAGE-OWNER", "c1/images/old/u-0").marked());
    let Some(Step::ClaimSource(request)) = scene.plan().step else { panic!("a claim was expected") };
    assert_eq!(request.tags, tags(&[(CONSENT_TAG, "allowed"), (OWNER_TAG, OURS), ("team", "web")]));
    assert_eq!(request.etag, "1");
}

#[test]
fn a_mark_keeps_the_claim_and_every_other_tag() {
    let scene = scene(&json!({})).machine(machine().claimed().powered(Power::Stopped)).seal(seal(Execution::Succeeded));
    let Some(Step::MarkSealed(request)) = scene.plan().step else { panic!("a mark was expected") };
    let expected = tags(&[(CONSENT_TAG, "allowed"), (OWNER_TAG, OURS), (STEP_TAG, "sealed"), ("team", "web")]);
    assert_eq!(request.tags, expected);
}

#[test]
fn a_machine_made_anew_is_refused_in_every_later_pass_too() {
    let mut known = steps(&[(StepName::ClaimSource, 1, true)]);
    known.source = Some(azimage_crds::SourceStatus {
        virtual_machine_uid: Some("vm-0".into()),
        ..azimage_crds::SourceStatus::default()
    });
    let first = scene(&json!({})).machine(machine().claimed()).status(known);
    let second = first.clone().status(first.next_status());
    for scene in [first, second] {
        assert_eq!(scene.outcome(), "- False/GuestPreparationUnknown SourceReady=GuestPreparationUnknown Resync");
    }
}

#[test]
fn a_version_is_born_in_its_home_region_alone_and_out_of_latest() {
    let settings = json!({"spec": {"publish": {
        "defaultReplicas": 3, "storageAccountType": "Standard_ZRS", "replicationMode": "Shallow",
        "endOfLifeDate": "2027-01-01T00:00:00Z", "blockDeletionBeforeEndOfLife": true, "tags": {"cost": "42"},
    }}});
    let scene = scene(&both(&from_image_version(), &settings)).targets(&[target("t", "eastus2", &json!({}))]);
    let Some(Step::Publish(request)) = scene.plan().step else { panic!("a publish was expected") };
    let home = TargetRegionRequest {
        region: region(HOME),
        replicas: Some(3),
        storage_account_type: Some("Standard_ZRS".into()),
        exclude_from_latest: true,
        preserved: serde_json::Map::new(),
    };
    assert_eq!(request.targets, [home]);
    assert_eq!(request.tags, tags(&[("cost", "42"), (OWNER_TAG, OURS)]));
    assert_eq!((request.storage_account_type, request.replication_mode), ("Standard_ZRS", "Shallow"));
    assert_eq!((request.default_replicas, request.block_deletion), (3, true));
    assert_eq!(request.end_of_life, Some("2027-01-01T00:00:00Z".parse().unwrap()));
}
