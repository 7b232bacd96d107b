//! The seal's run command ended with an exit code: what is told, and whether it is tried again.

use azimage_crds::ImageVersionStatus;
use serde_json::json;

use super::{super::*, capture::refused, fixtures::*, scene::*};

const RECLAIM: &str = "ClaimSource Unknown/Sealing GuestPrepared=Sealing Poll";
const BUSY: &str = "- False/GuestBusy GuestPrepared=GuestBusy Poll";
const FAILED: &str = "- False/SealFailed GuestPrepared=SealFailed Resync";

fn ended(code: i64, ago: i64, attempts: i32) -> Scene {
    let status = ImageVersionStatus { steps: vec![step(StepName::Seal, attempts, false, ago)], ..steps(&[]) };
    scene(&json!({})).machine(machine().claimed()).console(ConsoleObserved::NoMark).seal(refused(code)).status(status)
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
        row(
            "the guest was busy a while ago, and its agent is away",
            ended(14, 300, 1).machine(VirtualMachineObserved { agent_ready: false, ..machine().claimed() }),
            BUSY,
        ),
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
        let Reading::Found(seal) = &mut scene.observed.seal else { unreachable!("it was found") };
        seal.printed.words = words.to_owned();
        let crate::Progress::Stalled { message, .. } = scene.plan().report.progress else { panic!("it stalls") };
        assert!(message.contains(expected) && message.contains("exit code 1"), "{message}");
    }
}

#[test]
fn what_the_guest_reported_stays_in_the_status() {
    let mut scene = ended(20, 400, 1);
    let Reading::Found(seal) = &mut scene.observed.seal else { unreachable!("it was found") };
    seal.printed = crate::guest::output::read("azimage: found PrivateKey /etc/a.key\nazimage: findings 1 1 0\n", "");
    let status = scene.next_status();
    let hygiene = |status: &ImageVersionStatus| status.guest.clone().unwrap().hygiene.unwrap();
    assert_eq!(hygiene(&status).findings[0].path, "/etc/a.key");
    let gone = scene.status(status).observed(|observed| observed.seal = Reading::Missing(Absent::Resource));
    assert_eq!(hygiene(&gone.next_status()).enforced, 1, "the run command is gone, what it told isn't");
}
