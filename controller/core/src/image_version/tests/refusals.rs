//! The seal's run command ended with an exit code: what is told, and whether it is tried again.

use azimage_crds::ImageVersionStatus;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use serde_json::json;

use super::{super::*, capture::refused, fixtures::*, scene::*, told::*};

const RECLAIM: &str = "ClaimSource Unknown/Sealing GuestPrepared=Sealing Poll";
const BUSY: &str = "- False/GuestBusy GuestPrepared=GuestBusy Poll";
const FAILED: &str = "- False/SealFailed GuestPrepared=SealFailed Resync";

fn ended(code: i64, ago: i64, attempts: i32) -> Scene {
    let status = ImageVersionStatus { steps: vec![step(StepName::Seal, attempts, false, ago)], ..steps(&[]) };
    scene(&json!({})).machine(machine().claimed()).console(facts::Console::NoMark).seal(refused(code)).status(status)
}

const STARTED: &str = "- False/GuestPreparationUnknown GuestPrepared=GuestPreparationUnknown Resync";

/// A sealed guest was started before its run command was removed, which ran once more.
fn came_again() -> Scene {
    ended(16, 5000, 1).console(facts::Console::StartedSince)
}

const FORGET: &str = "ForgetSeal False/SealFailed GuestPrepared=SealFailed Poll";
const FORGET_HYGIENE: &str = "ForgetSeal False/HygieneFailed GuestPrepared=HygieneFailed Poll";
const HYGIENE: &str = "- False/HygieneFailed GuestPrepared=HygieneFailed Resync";

/// The status has told this failure of the seal already.
fn told(reason: &str, mut scene: Scene) -> Scene {
    for (kind, state) in [("GuestPrepared", "False"), ("Stalled", "True")] {
        scene.status.conditions.push(Condition {
            type_: kind.into(),
            status: state.into(),
            reason: reason.into(),
            message: "As it was told; set the annotation azimage.dev/reconcile-requested-at to try again".into(),
            last_transition_time: k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(before(600)),
            observed_generation: None,
        });
    }
    scene
}

fn asked(scene: Scene) -> Scene {
    Scene { object: object(&requested()), ..scene }
}

fn without_agent(scene: Scene) -> Scene {
    scene.machine(facts::Machine { agent_ready: false, ..machine().claimed() })
}

fn off(scene: Scene) -> Scene {
    scene.machine(machine().claimed().powered(Power::Stopped))
}

/// The run command was removed when its failure had been told.
fn forgotten(ago: i64) -> Scene {
    ended(20, ago, 1).removed(ago - 60).observed(|observed| observed.seal = Told::Missing(Absent::Resource))
}

pub(super) fn rows() -> Vec<Row> {
    let mut rows: Vec<Row> = [
        (1, "SealFailed"),
        (10, "GuestUnsupported"),
        (11, "GuestUnsupported"),
        (12, "GuestUnsupported"),
        (13, "GuestUnsupported"),
        (15, "SealFailed"),
        (17, "SealFailed"),
        (20, "HygieneFailed"),
        (21, "ScriptFailed"),
        (22, "ScriptFailed"),
        (30, "SealFailed"),
        (35, "SealFailed"),
        (127, "SealFailed"),
        (-1, "SealFailed"),
    ]
    .into_iter()
    .map(|(code, reason)| {
        let expected = format!("- False/{reason} GuestPrepared={reason} Resync");
        row(format!("it ended with {code}"), ended(code, 400, 1), &expected)
    })
    .collect();
    rows.extend(vec![
        row("the guest was busy just now", ended(14, 299, 1), BUSY),
        row("the guest was busy a while ago", ended(14, 300, 1), RECLAIM),
        row("the guest was busy five times", ended(14, 300, 5), RECLAIM),
        row("the guest was busy six times", ended(14, 300, 6), FAILED),
        row("it came too late", ended(16, 299, 1), "- False/Sealing GuestPrepared=Sealing Poll"),
        row("it came too late a while ago", ended(16, 300, 5), RECLAIM),
        row("it came too late six times", ended(16, 300, 6), FAILED),
        row("it came again, too late, when a sealed guest was started", came_again(), STARTED),
        row("it came again, and another attempt is asked for", asked(came_again()), RECLAIM),
        row("it came again, and the console doesn't say why", ended(18, 400, 1), FAILED),
        row(
            "it came again, and the console says why",
            ended(18, 400, 1).console(super::capture::gave_up(crate::guest::console::Aftermath::Restarting)),
            FAILED,
        ),
        row("the guest was busy at each try, which was told", told("SealFailed", ended(14, 900, 1)), FORGET),
        row("it was told, and somebody asks", told("SealFailed", asked(ended(14, 900, 1))), RECLAIM),
        row("hygiene was told", told("HygieneFailed", ended(20, 900, 1)), FORGET_HYGIENE),
        row("something else was told", told("ScriptFailed", ended(20, 900, 1)), HYGIENE),
        row(
            "hygiene was told, and the agent is away",
            told("HygieneFailed", without_agent(ended(20, 900, 1))),
            HYGIENE,
        ),
        row("hygiene was told, and its run command is gone", told("HygieneFailed", forgotten(900)), HYGIENE),
        row(
            "nothing was told, and its run command is gone",
            forgotten(900),
            "- Unknown/Sealing GuestPrepared=Sealing Poll",
        ),
        row(
            "the guest was busy a while ago, and its agent is away",
            ended(14, 300, 1).machine(facts::Machine { agent_ready: false, ..machine().claimed() }),
            BUSY,
        ),
        row("the guest was busy, and somebody turned it off", off(ended(14, 5000, 1)), STARTED),
        row("it came too late, and somebody turned it off", off(ended(16, 5000, 2)), STARTED),
    ]);
    rows
}

#[test]
fn each_exit_code_has_its_reason() {
    check(&rows());
}

#[test]
fn what_the_guest_said_is_told() {
    for (words, expected) in
        [("dpkg is at work (pid 7)", "it said: dpkg is at work (pid 7)"), (" ", "it printed nothing")]
    {
        let mut scene = ended(1, 400, 1);
        let Told::Found(seal) = &mut scene.observed.seal else { unreachable!("it was found") };
        seal.printed.words = words.to_owned();
        let crate::Progress::Stalled { message, .. } = scene.plan().report.progress else { panic!("it stalls") };
        assert!(message.contains(expected) && message.contains("exit code 1"), "{message}");
    }
}

#[test]
fn what_the_guest_reported_stays_in_the_status() {
    let mut scene = ended(20, 400, 1);
    let Told::Found(seal) = &mut scene.observed.seal else { unreachable!("it was found") };
    seal.printed = crate::guest::output::read("azimage: found PrivateKey /etc/a.key\nazimage: findings 1 1 0\n", "");
    let status = scene.next_status();
    let hygiene = |status: &ImageVersionStatus| status.guest.clone().unwrap().hygiene.unwrap();
    assert_eq!(hygiene(&status).findings[0].path, "/etc/a.key");
    let gone = scene.status(status).observed(|observed| observed.seal = Told::Missing(Absent::Resource));
    assert_eq!(hygiene(&gone.next_status()).enforced, 1, "the run command is gone, what it told isn't");
}
