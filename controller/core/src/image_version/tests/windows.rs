//! A Windows guest: its run command lasts until the seal's end, and its last word proves it as well as the console does.

use serde_json::json;

use super::{super::*, capture::gave_up, fixtures::*, scene::*};
use crate::guest::console::Aftermath;

const SEALING: &str = "- Unknown/Sealing GuestPrepared=Sealing Poll";
const MARK: &str = "MarkSealed Unknown/Sealing GuestPrepared=Sealing Poll";
const DEALLOCATE: &str = "Deallocate Unknown/Deallocating Generalized=Deallocating Poll";
const FAILED: &str = "- False/SealFailed GuestPrepared=SealFailed Resync";
const UNKNOWN: &str = "- False/GuestPreparationUnknown GuestPrepared=GuestPreparationUnknown Resync";

fn windows() -> VirtualMachineObserved {
    VirtualMachineObserved { os_type: OsType::Windows, ..machine().claimed() }
}

fn said(word: ConsoleObserved, command: SealObserved) -> Scene {
    let of = DefinitionObserved { os_type: OsType::Windows, ..definition() };
    scene(&json!({}))
        .definition(of)
        .machine(windows())
        .console(ConsoleObserved::NoMark)
        .seal(SealObserved { said: word, ..command })
}

fn marked_ago(seconds: i64, scene: Scene) -> Scene {
    let steps = vec![step(StepName::MarkSealed, 1, true, seconds)];
    scene.machine(windows().marked()).status(azimage_crds::ImageVersionStatus { steps, ..super::fixtures::steps(&[]) })
}

pub(super) fn rows() -> Vec<Row> {
    let sealed = || said(ConsoleObserved::Sealed, seal(Execution::Succeeded));
    let running = || said(ConsoleObserved::NoMark, seal(Execution::Running));
    vec![
        row("the run command runs", running(), SEALING),
        row("the run command has said that it is sealed", sealed(), MARK),
        row(
            "it has said so, and ended with an exit code",
            said(ConsoleObserved::Sealed, super::capture::refused(1)),
            FAILED,
        ),
        row(
            "it said so of another attempt",
            said(ConsoleObserved::Sealed, SealObserved { nonce: Some("1-u-1".into()), ..seal(Execution::Succeeded) }),
            "ForgetSeal Unknown/Sealing GuestPrepared=Sealing Poll",
        ),
        row(
            "a Linux guest's run command can't say so",
            sealed().definition(definition()).machine(machine().claimed()),
            SEALING,
        ),
        row("it said that it failed", said(gave_up(Aftermath::Unchanged).clone(), super::capture::refused(36)), FAILED),
        row(
            "the console says that it failed, and the agent is gone",
            running().console(gave_up(Aftermath::Broken)),
            FAILED,
        ),
        row(
            "the console says that it is sealed, and it is off",
            running().machine(windows().powered(Power::Stopped)).console(ConsoleObserved::Sealed),
            MARK,
        ),
        row("it runs on, just marked", marked_ago(599, sealed()), DEALLOCATE),
        row("it runs on for long", marked_ago(600, sealed()), UNKNOWN),
        row("it runs, and nobody knows when it was marked", sealed().machine(windows().marked()), UNKNOWN),
    ]
}

#[test]
fn a_windows_guest_is_sealed_on_its_own_word_while_it_runs_or_when_it_is_off() {
    check(&rows());
}

#[test]
fn the_run_command_of_a_windows_guest_stays_until_its_last_word() {
    let begun = said(ConsoleObserved::NoMark, SealObserved { started: Some(before(60)), ..seal(Execution::Succeeded) });
    assert_eq!(begun.outcome(), SEALING);
    let linux = begun.definition(definition()).machine(machine().claimed());
    assert_eq!(linux.outcome(), "ForgetSeal Unknown/Sealing GuestPrepared=Sealing Poll");
}
