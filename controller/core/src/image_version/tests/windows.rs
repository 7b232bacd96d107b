//! A Windows guest: its run command lasts until the seal's end, and its last word proves it as well as the console does.

use serde_json::json;

use super::{super::*, capture::gave_up, fixtures::*, scene::*, told::*};
use crate::guest::console::Aftermath;

const SEALING: &str = "- Unknown/Sealing GuestPrepared=Sealing Poll";
const MARK: &str = "MarkSealed Unknown/Sealing GuestPrepared=Sealing Poll";
const DEALLOCATE: &str = "Deallocate Unknown/Deallocating Generalized=Deallocating Poll";
const FAILED: &str = "- False/SealFailed GuestPrepared=SealFailed Resync";
const UNKNOWN: &str = "- False/GuestPreparationUnknown GuestPrepared=GuestPreparationUnknown Resync";

fn windows() -> facts::Machine {
    facts::Machine { os_type: OsType::Windows, ..machine().claimed() }
}

fn said(word: facts::Console, command: facts::RunCommand) -> Scene {
    let of = facts::Definition { os_type: OsType::Windows, ..definition() };
    scene(&json!({}))
        .definition(of)
        .machine(windows())
        .console(facts::Console::NoMark)
        .seal(facts::RunCommand { said: word, ..command })
}

fn marked_ago(seconds: i64, scene: Scene) -> Scene {
    let steps = vec![step(StepName::MarkSealed, 1, true, seconds)];
    scene.machine(windows().marked()).status(azimage_crds::ImageVersionStatus { steps, ..super::fixtures::steps(&[]) })
}

/// It was marked 100 seconds ago and runs, its deallocation was begun, and Azure changed it last so many seconds ago.
fn deallocated(begun: i64, changed: Option<i64>) -> Scene {
    let ended = facts::RunCommand { ended: Some(before(160)), ..seal(Execution::Succeeded) };
    let mut scene = marked_ago(100, said(facts::Console::Sealed, ended));
    scene.status.steps.push(step(StepName::Deallocate, 1, false, begun));
    scene.observed(|observed| {
        let Told::Found(machine) = &mut observed.virtual_machine else { unreachable!("it was found") };
        machine.changed_at = Some(before(changed.unwrap_or(100)));
    })
}

pub(super) fn rows() -> Vec<Row> {
    let ended = |ago: i64| facts::RunCommand { ended: Some(before(ago)), ..seal(Execution::Succeeded) };
    let sealed = || said(facts::Console::Sealed, ended(60));
    let changed = |ago: Option<i64>, scene: Scene| {
        scene.observed(|observed| {
            let Told::Found(machine) = &mut observed.virtual_machine else { unreachable!("it was found") };
            machine.changed_at = ago.map(before);
        })
    };
    let off = || {
        let records = vec![step(StepName::Seal, 1, false, 1200)];
        said(facts::Console::NoMark, seal(Execution::Running))
            .machine(windows().powered(Power::Stopped))
            .console(facts::Console::Sealed)
            .status(azimage_crds::ImageVersionStatus { steps: records, ..super::fixtures::steps(&[]) })
    };
    let running = || said(facts::Console::NoMark, seal(Execution::Running));
    vec![
        row("the run command runs", running(), SEALING),
        row("the run command has said that it is sealed", sealed(), MARK),
        row("it said so as long ago as a sealed guest waits", said(facts::Console::Sealed, ended(599)), MARK),
        row("it said so longer ago", said(facts::Console::Sealed, ended(600)), UNKNOWN),
        row("nobody knows when it said so", said(facts::Console::Sealed, seal(Execution::Succeeded)), UNKNOWN),
        row("it said so, and Azure changed the machine after the seal began", changed(Some(60), sealed()), UNKNOWN),
        row("it said so, and Azure doesn't say when it changed the machine", changed(None, sealed()), UNKNOWN),
        row(
            "it has said so, and ended with an exit code",
            said(facts::Console::Sealed, super::capture::refused(1)),
            FAILED,
        ),
        row(
            "it said so of another attempt",
            said(
                facts::Console::Sealed,
                facts::RunCommand { nonce: Some("1-u-1".into()), ..seal(Execution::Succeeded) },
            ),
            "ForgetLastSeal Unknown/Sealing GuestPrepared=Sealing Poll",
        ),
        row(
            "a Linux guest's run command can't say so",
            sealed().definition(definition()).machine(machine().claimed()),
            "ForgetSeal Unknown/Sealing GuestPrepared=Sealing Poll",
        ),
        row("it said that it failed", said(gave_up(Aftermath::Unchanged).clone(), super::capture::refused(36)), FAILED),
        row(
            "the console says that it failed, and the agent is gone",
            running().console(gave_up(Aftermath::Broken)),
            FAILED,
        ),
        row("the console says that it is sealed, and it is off", off(), MARK),
        row("the same, and Azure changed it as the seal began", changed(Some(1020), off()), MARK),
        row("the same, and Azure changed it since", changed(Some(1019), off()), UNKNOWN),
        row("the same, and Azure doesn't say when", changed(None, off()), UNKNOWN),
        row("it runs on, just marked", marked_ago(599, sealed()), DEALLOCATE),
        row(
            "it runs on, just marked, and Azure changed it since",
            changed(Some(100), marked_ago(599, sealed())),
            UNKNOWN,
        ),
        row("it runs on, and its deallocation was begun", deallocated(60, None), DEALLOCATE),
        row("it runs on, and Azure ended its deallocation without a change", deallocated(60, Some(61)), DEALLOCATE),
        row("it runs again after a deallocation that ended without effect", deallocated(60, Some(30)), UNKNOWN),
        row("it runs on, and a deallocation belongs to an earlier seal", deallocated(900, Some(100)), DEALLOCATE),
        row("it runs on for long", marked_ago(600, sealed()), UNKNOWN),
        row("it runs, and nobody knows when it was marked", sealed().machine(windows().marked()), UNKNOWN),
    ]
}

#[test]
fn a_windows_guest_is_sealed_on_its_own_word_while_it_runs_or_when_it_is_off() {
    check(&rows());
}

#[test]
fn the_end_of_the_log_of_a_seal_that_failed_is_told() {
    let printed =
        crate::guest::output::read("azimage: failed n unattended", "SYSPRP Package A failed\r\nhr = 0x80073cf2\r\n");
    let failed = facts::RunCommand { printed, ..super::capture::refused(36) };
    let scene = said(gave_up(Aftermath::Unchanged).clone(), failed);
    let crate::Progress::Stalled { message, .. } = scene.plan().report.progress else { panic!("it stalls") };
    assert!(message.contains("The end of its log: SYSPRP Package A failed; hr = 0x80073cf2"), "{message}");
}

#[test]
fn the_run_command_of_a_windows_guest_stays_until_its_last_word() {
    let begun =
        said(facts::Console::NoMark, facts::RunCommand { started: Some(before(60)), ..seal(Execution::Succeeded) });
    assert_eq!(begun.outcome(), SEALING);
    let linux = begun.definition(definition()).machine(machine().claimed());
    assert_eq!(linux.outcome(), "ForgetSeal Unknown/Sealing GuestPrepared=Sealing Poll");
}
