//! A version that doesn't exist yet: each state of the source.

use azimage_crds::{CONSENT_TAG, OWNER_TAG, SEAL_TAG, STEP_TAG};
use kube::ResourceExt;
use serde_json::json;

use super::{super::*, fixtures::*, scene::*, told::*};
use crate::guest::console::{Aftermath, SealFailure};

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
const FORGET_LAST: &str = "ForgetLastSeal Unknown/Sealing GuestPrepared=Sealing Poll";
const RECLAIM: &str = "ClaimSource Unknown/Sealing GuestPrepared=Sealing Poll";
const MARK: &str = "MarkSealed Unknown/Sealing GuestPrepared=Sealing Poll";
const DEALLOCATE: &str = "Deallocate Unknown/Deallocating Generalized=Deallocating Poll";
const DEALLOCATING: &str = "- Unknown/Deallocating Generalized=Deallocating Poll";
const GENERALIZE: &str = "Generalize Unknown/Progressing Generalized=Progressing Poll";
const PUBLISH: &str = "Publish Unknown/Publishing Published=Publishing Poll";
const CLAIMED: &str = "- False/SourceClaimed SourceReady=SourceClaimed Resync";
const NOT_BY_US: &str = "- False/AlreadyGeneralized SourceReady=AlreadyGeneralized Resync";

/// A run command that ended with this exit code.
pub(super) fn refused(code: i64) -> facts::RunCommand {
    facts::RunCommand { exit_code: Some(code), ended: Some(before(400)), ..seal(Execution::Failed) }
}

pub(super) fn gave_up(aftermath: Aftermath) -> facts::Console {
    facts::Console::Failed(SealFailure { step: "account".into(), aftermath, detail: "azureuser is still there".into() })
}

/// A machine of which our record tells that it was claimed, and no more.
fn claimed_only(scene: Scene) -> Scene {
    let steps = vec![step(StepName::ClaimSource, 1, true, CLAIMED_AGO)];
    let status = azimage_crds::ImageVersionStatus { steps, ..scene.status.clone() };
    scene.status(status)
}

/// A claimed machine beside what another attempt has left.
fn beside_another_attempt() -> Vec<(&'static str, Scene, ByPower)> {
    let silent = |scene: Scene| scene.console(facts::Console::NoMark);
    let other = || {
        let seal = facts::RunCommand { nonce: Some("1-u-1".into()), ..seal(Execution::Succeeded) };
        silent(scene(&json!({})).seal(seal))
    };
    let begun = |scene: Scene| {
        let steps = vec![step(StepName::Seal, 1, false, 60)];
        let status = azimage_crds::ImageVersionStatus { steps, ..scene.status.clone() };
        scene.status(status)
    };
    let for_certain = |scene: Scene| scene.process(told_absent(Memory::default(), Read::RunCommand(seal_id()), 3));
    let removed = || {
        let mut scene = begun(silent(scene(&json!({}))));
        scene.status.steps.push(step(StepName::ForgetLastSeal, 1, true, 40));
        for_certain(scene.observed(|observed| observed.seal = Told::Missing(Absent::Resource)))
    };
    vec![
        ("of another attempt", other(), [BUSY, FORGET_LAST, BUSY, SEALING, SEALING, SEALING, BUSY]),
        (
            "of another attempt, where this one's may not show yet",
            begun(other()),
            [BUSY, SEALING, BUSY, SEALING, SEALING, SEALING, BUSY],
        ),
        (
            "of another attempt, as was told for certain",
            for_certain(begun(other())),
            [BUSY, FORGET_LAST, BUSY, SEALING, SEALING, SEALING, BUSY],
        ),
        (
            "whose record comes before the removal of another attempt's",
            removed(),
            [BUSY, SEAL, BUSY, UNSEALED, SEALING, UNSEALED, BUSY],
        ),
    ]
}

/// Each power state with each seal, for a machine of ours whose seal isn't proven.
fn seals() -> Vec<(&'static str, Scene, ByPower)> {
    let plain = || scene(&json!({}));
    let sealed = |seal: facts::RunCommand| plain().seal(seal);
    let timeout = 30 * 60;
    let begun = |ago: i64, scene: Scene| {
        let status = azimage_crds::ImageVersionStatus {
            steps: vec![step(StepName::Seal, 1, false, ago)],
            ..scene.status.clone()
        };
        scene.status(status)
    };
    let silent = |scene: Scene| scene.console(facts::Console::NoMark);
    let by_word = [SEALING, SEALING, SEALING, MARK, SEALING, MARK, SEALING];
    let provisioned = |provisioning| facts::RunCommand { provisioning, ..seal(Execution::Unknown) };
    vec![
        ("not begun", silent(claimed_only(plain())), [BUSY, SEAL, BUSY, UNSEALED, BUSY, UNSEALED, BUSY]),
        (
            "of which nothing is known but that the guest says it is sealed",
            plain(),
            [BUSY, SEAL, BUSY, MARK, SEALING, MARK, BUSY],
        ),
        ("running", silent(sealed(seal(Execution::Running))), [SEALING; 7]),
        ("about to run", silent(sealed(seal(Execution::Pending))), [SEALING; 7]),
        ("of which Azure doesn't say how far it is", silent(sealed(seal(Execution::Unknown))), [SEALING; 7]),
        ("that succeeded, and the guest hasn't said so", silent(sealed(seal(Execution::Succeeded))), [SEALING; 7]),
        ("that succeeded", sealed(seal(Execution::Succeeded)), by_word),
        ("whose run command Azure lost sight of", sealed(seal(Execution::Unknown)), by_word),
        ("whose run command failed", sealed(facts::RunCommand { exit_code: None, ..seal(Execution::Failed) }), by_word),
        (
            "whose run command timed out",
            sealed(facts::RunCommand { exit_code: None, ..seal(Execution::TimedOut) }),
            by_word,
        ),
        (
            "whose run command was canceled",
            sealed(facts::RunCommand { exit_code: None, ..seal(Execution::Canceled) }),
            by_word,
        ),
        (
            "whose run command can go, with time enough",
            silent(sealed(facts::RunCommand { started: Some(before(180)), ..seal(Execution::Succeeded) })),
            [SEALING, FORGET, SEALING, SEALING, SEALING, SEALING, SEALING],
        ),
        (
            "whose run command would go too late",
            silent(sealed(facts::RunCommand { started: Some(before(181)), ..seal(Execution::Succeeded) })),
            [SEALING; 7],
        ),
        (
            "that succeeded, and the guest was started after it said so",
            sealed(seal(Execution::Succeeded)).console(facts::Console::StartedSince),
            [SEALING, SEALING, SEALING, UNSEALED, SEALING, UNSEALED, SEALING],
        ),
        (
            "that the guest gave up",
            sealed(seal(Execution::Succeeded)).console(gave_up(Aftermath::Restarting)),
            [FAILED, FAILED, FAILED, FAILED, SEALING, FAILED, FAILED],
        ),
        (
            "of another attempt, which is being removed",
            silent(sealed(facts::RunCommand { nonce: None, ..provisioned(Provisioning::Deleting) })),
            [SEALING, SEALING, SEALING, SEALING, SEALING, SEALING, SEALING],
        ),
        (
            "that ended with an exit code",
            silent(sealed(facts::RunCommand { exit_code: Some(1), ..seal(Execution::Succeeded) })),
            [FAILED, FAILED, FAILED, FAILED, SEALING, FAILED, FAILED],
        ),
        (
            "that Azure couldn't run",
            silent(sealed(facts::RunCommand { started: None, ..provisioned(Provisioning::Failed) })),
            [FAILED, FAILED, FAILED, SEALING, SEALING, SEALING, FAILED],
        ),
        ("whose run command was removed", silent(begun(200, plain())).removed(100), [SEALING; 7]),
        ("that takes as long as it may", silent(begun(timeout, sealed(seal(Execution::Running)))), [SEALING; 7]),
        (
            "that takes too long",
            begun(timeout + 1, sealed(seal(Execution::Succeeded))),
            [TIMED_OUT, TIMED_OUT, TIMED_OUT, MARK, SEALING, MARK, TIMED_OUT],
        ),
        (
            "that failed, and another try is asked for",
            silent(scene(&requested()).seal(refused(1))),
            [FAILED, RECLAIM, FAILED, FAILED, SEALING, FAILED, FAILED],
        ),
        (
            "that the guest gave up, and another try is asked for",
            begun(600, scene(&requested())).removed(500).console(gave_up(Aftermath::Unchanged)),
            [FAILED, RECLAIM, FAILED, FAILED, SEALING, FAILED, FAILED],
        ),
        (
            "that takes too long, and another try is asked for",
            silent(begun(timeout + 1, scene(&requested()).seal(seal(Execution::Running)))),
            [TIMED_OUT, RECLAIM, TIMED_OUT, SEALING, SEALING, SEALING, TIMED_OUT],
        ),
    ]
}

fn by_power(case: &str, scene: &Scene, machine: &facts::Machine, expected: ByPower) -> Vec<Row> {
    Power::KNOWN
        .iter()
        .zip(expected)
        .map(|(power, expected)| {
            row(format!("{case}, {power}"), scene.clone().machine(machine.clone().powered(power.clone())), expected)
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
    for (seal, scene, expected) in seals().into_iter().chain(beside_another_attempt()) {
        let started_since = scene.observed.console == Told::Found(facts::Console::StartedSince);
        let failed = matches!(scene.observed.console, Told::Found(facts::Console::Failed(_)));
        let asked = !scene.object.annotations().is_empty();
        rows.extend(by_power(&format!("claimed, with a seal {seal}"), &scene, &machine().claimed(), expected));
        // What the run command says doesn't matter once the seal was proven, but what the guest said last does.
        let running = if asked { RECLAIM } else { UNSEALED };
        let marked = machine().claimed().marked();
        let (stopped, deallocated) =
            if started_since || failed { (UNSEALED, UNSEALED) } else { (DEALLOCATE, GENERALIZE) };
        let sealed = [UNSEALED, running, DEALLOCATING, stopped, DEALLOCATING, deallocated, DEALLOCATING];
        let heard = if started_since || failed { scene } else { scene.console(facts::Console::Sealed) };
        rows.extend(by_power(&format!("marked, with a seal {seal}"), &heard, &marked, sealed));
    }
    for (case, machine) in [("claimed", machine().claimed()), ("claimed and marked", machine().claimed().marked())] {
        rows.extend(by_power(
            &format!("{case}, said to be sealed"),
            &word,
            &machine,
            [RUNS, RUNS, DEALLOCATING, DEALLOCATE, DEALLOCATING, GENERALIZE, DEALLOCATING],
        ));
    }
    let generalized = |machine: facts::Machine| facts::Machine { generalized: true, ..machine };
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
fn a_deallocation_that_failed_tells_why_and_is_tried_again_later_each_time() {
    let off = scene(&json!({})).machine(machine().claimed().marked().powered(Power::Stopped));
    let off = off.status(steps(&[(StepName::Deallocate, 1, false)]));
    let failed = Operation::failed("AllocationFailed", "It did not work.");
    let failed = off
        .process(super::published::follows(StepName::Deallocate))
        .observed(|observed| observed.operation = Told::Found(failed));
    assert_eq!(failed.outcome(), "Deallocate False/Deallocating Generalized=Deallocating Retry");
    let status = failed.next_status();
    let told = message(&status, azimage_crds::ConditionType::Ready);
    assert!(told.contains("AllocationFailed: It did not work"), "{told}");
}

#[test]
fn a_claim_keeps_the_tags_and_drops_the_mark_of_an_earlier_owner() {
    let scene = scene(&json!({})).machine(machine().tagged("AZIMAGE-OWNER", "c1/images/old/u-0").marked());
    let request = on_machine(scene.plan().step, StepName::ClaimSource);
    let nonce = crate::guest::attempt::nonce("u-1", now());
    let expected = [(CONSENT_TAG, "allowed"), (OWNER_TAG, OURS), (SEAL_TAG, &nonce), ("team", "web")];
    assert_eq!(request.tags, tags(&expected));
    assert_eq!(request.etag, "1");
}

#[test]
fn a_mark_keeps_the_claim_and_every_other_tag() {
    let scene = scene(&json!({})).machine(machine().claimed().powered(Power::Stopped)).seal(seal(Execution::Succeeded));
    let request = on_machine(scene.plan().step, StepName::MarkSealed);
    let nonce = nonce();
    let expected =
        tags(&[(CONSENT_TAG, "allowed"), (OWNER_TAG, OURS), (SEAL_TAG, &nonce), (STEP_TAG, "sealed"), ("team", "web")]);
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
    let Some(Step { request: Request::PutVersion(request), .. }) = scene.plan().step else {
        panic!("a publish was expected")
    };
    let home = TargetRegionRequest {
        region: region(HOME),
        replicas: Some(3),
        storage_account_type: Some("Standard_ZRS".into()),
        exclude_from_latest: true,
        preserved: serde_json::Map::new(),
    };
    assert_eq!(request.targets, [home]);
    let line = [("azimage-root", SOURCE_VERSION), ("azimage-steps", "2")];
    assert_eq!(request.tags, tags(&[&[("cost", "42"), (OWNER_TAG, OURS)][..], &line].concat()));
    assert_eq!((request.storage_account_type, request.replication_mode), ("Standard_ZRS", "Shallow"));
    assert_eq!((request.default_replicas, request.block_deletion), (3, true));
    assert_eq!(request.end_of_life, Some("2027-01-01T00:00:00Z".parse().unwrap()));
}
