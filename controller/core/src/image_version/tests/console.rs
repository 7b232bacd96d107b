//! What the serial console has to say before a machine counts as sealed.

use azimage_crds::ImageVersionStatus;
use serde_json::json;

use super::{super::*, fixtures::*, scene::*, told::*};
use crate::Failure;

const MARK: &str = "MarkSealed Unknown/Sealing GuestPrepared=Sealing Poll";
const WAIT: &str = "- Unknown/Sealing GuestPrepared=Sealing Poll";
const RECLAIM: &str = "ClaimSource Unknown/Sealing GuestPrepared=Sealing Poll";
const UNKNOWN: &str = "- False/GuestPreparationUnknown GuestPrepared=GuestPreparationUnknown Resync";

/// A machine that is off, whose seal was begun so long ago by our own record and by Azure's.
fn off(recorded: Option<i64>, told: Option<i64>) -> Scene {
    let records: Vec<_> = recorded.iter().map(|ago| step(StepName::Seal, 1, false, *ago)).collect();
    scene(&json!({}))
        .machine(machine().claimed().powered(Power::Stopped))
        .seal(facts::RunCommand { started: told.map(before), ..seal(Execution::Succeeded) })
        .console(facts::Console::NoMark)
        .status(azimage_crds::ImageVersionStatus { steps: records, ..steps(&[]) })
}

fn unmarked(mut scene: Scene) -> Scene {
    for step in &mut scene.status.steps {
        step.correlation_id = None;
    }
    scene
}

pub(super) fn rows() -> Vec<Row> {
    // Thirty minutes for the guest, fifteen for the log.
    let patience = 45 * 60;
    let failing =
        |failure: Failure| off(Some(60), Some(50)).observed(|observed| observed.console = Told::Failed(failure));
    let touched = |ago: i64, scene: Scene| {
        let machine = machine().claimed().powered(Power::Stopped);
        let machine = facts::Machine { changed_at: Some(before(ago)), ..machine };
        scene.machine(machine).console(facts::Console::Sealed)
    };
    let switched_off = |scene: Scene| {
        let off = machine().claimed().powered(Power::Stopped);
        scene.machine(facts::Machine { boot_diagnostics: BootDiagnostics::Off, ..off })
    };
    vec![
        row("the mark is there", off(Some(60), Some(50)).console(facts::Console::Sealed), MARK),
        row("the mark is there, and the log may be late", touched(1799, off(Some(9000), None)), WAIT),
        row("the mark is there, and the log isn't late any more", touched(1800, off(Some(9000), None)), MARK),
        row("the mark is there, late", off(Some(9 * 3600), None).console(facts::Console::Sealed), MARK),
        row("no mark yet", off(Some(60), Some(50)), WAIT),
        row("no log yet", off(Some(60), None).observed(|seen| seen.console = Told::Missing(Absent::Resource)), WAIT),
        row("no mark at the end of patience", off(Some(patience), Some(patience)), WAIT),
        row("no mark after it", off(Some(patience + 1), Some(50)), UNKNOWN),
        row("no mark, and the status was lost", off(None, Some(patience)), WAIT),
        row("no mark after patience, and the status was lost", off(None, Some(patience + 1)), UNKNOWN),
        row(
            "no mark, and the status knows only since when it was looked at",
            unmarked(off(Some(60), Some(patience + 1))),
            UNKNOWN,
        ),
        row("no mark, and Azure doesn't say since when either", unmarked(off(Some(patience + 1), None)), UNKNOWN),
        row("no mark, and Azure's clock is ahead", off(None, Some(-600)), WAIT),
        row("no mark, and Azure's clock doesn't matter", off(Some(60), Some(patience + 1)), WAIT),
        row("started after it", off(Some(60), Some(50)).console(facts::Console::StartedSince), UNKNOWN),
        row("the log can't be read", failing(Failure::Unavailable("u".into())), "- False/AzureUnavailable - Retry"),
        row("the log is busy", failing(Failure::Busy("b".into())), "- False/SourceBusy - Retry"),
        row("too many requests", failing(Failure::Throttled), "- False/Throttled - Throttled"),
        row(
            "no right to the log",
            failing(Failure::Denied { action: "a".into(), scope: "s".into() }),
            "- False/AccessDenied - Resync",
        ),
        row("boot diagnostics were switched off", switched_off(off(Some(60), None)), UNKNOWN),
        row(
            "boot diagnostics were switched off before the seal",
            scene(&json!({})).machine(facts::Machine { boot_diagnostics: BootDiagnostics::Off, ..machine().claimed() }),
            "ClaimSource Unknown/Sealing GuestPrepared=Sealing Poll",
        ),
        row(
            "the log of a deallocated machine can't be read, which nobody promised",
            failing(Failure::Busy("b".into())).machine(machine().claimed().powered(Power::Deallocated)),
            WAIT,
        ),
        row(
            "the log of a sealed machine can't be read",
            failing(Failure::Unavailable("u".into())).machine(machine().claimed().marked().powered(Power::Stopped)),
            "- False/AzureUnavailable - Retry",
        ),
        row(
            "the log of a sealed machine shows other words in the place of the mark",
            off(Some(60), None).machine(machine().claimed().marked().powered(Power::Stopped)),
            UNKNOWN,
        ),
    ]
    .into_iter()
    .chain(after_the_mark())
    .collect()
}

/// A machine whose seal was recorded, where its console doesn't tell whether it was started since: by power state, by what is
/// known of the log, and by how long ago we wrote and Azure changed it.
fn after_the_mark() -> Vec<Row> {
    const DEALLOCATE: &str = "Deallocate Unknown/Deallocating Generalized=Deallocating Poll";
    const GENERALIZE: &str = "Generalize Unknown/Progressing Generalized=Progressing Poll";
    let marked = |power: Power, unchanged: Option<i64>, records: Vec<azimage_crds::StepStatus>| {
        let machine = machine().claimed().marked().powered(power);
        scene(&json!({}))
            .machine(facts::Machine { changed_at: unchanged.map(before), ..machine })
            .status(azimage_crds::ImageVersionStatus { steps: records, ..steps(&[]) })
    };
    let stopped = |unchanged, ago| marked(Power::Stopped, unchanged, vec![step(StepName::MarkSealed, 1, true, ago)]);
    let deallocated = |unchanged, finished: bool, ago| {
        let records = vec![step(StepName::MarkSealed, 1, true, 90_000), step(StepName::Deallocate, 1, finished, ago)];
        marked(Power::Deallocated, unchanged, records)
    };
    let failing = |failure: Failure, scene: Scene| scene.observed(|observed| observed.console = Told::Failed(failure));
    let gone = |scene: Scene| scene.observed(|observed| observed.console = Told::Missing(Absent::Resource));
    let for_certain = |scene: Scene| scene.process(told_absent(Memory::default(), Read::Console(console_id()), 3));
    let empty = |scene: Scene| scene.console(facts::Console::Empty);
    let heard = |scene: Scene| scene.console(facts::Console::Sealed);
    let off = |scene: Scene| {
        scene.observed(|observed| {
            observed.console = Told::NotYet;
            if let Told::Found(machine) = &mut observed.virtual_machine {
                machine.boot_diagnostics = BootDiagnostics::Off;
            }
        })
    };
    let busy = |scene: Scene| failing(Failure::Busy("b".into()), scene);
    vec![
        row("an empty log, and Azure changed nothing since the mark", empty(stopped(Some(540), 600)), DEALLOCATE),
        row("an empty log, and Azure changed it since the mark", empty(stopped(Some(539), 600)), UNKNOWN),
        row("an empty log, and Azure doesn't say when it changed it", empty(stopped(None, 600)), UNKNOWN),
        row(
            "an empty log, and our record of the mark was lost",
            empty(marked(Power::Stopped, Some(90_000), vec![])),
            UNKNOWN,
        ),
        row("no log, and Azure changed nothing", gone(stopped(Some(900), 600)), DEALLOCATE),
        row("no log, says one answer, and Azure changed it", gone(stopped(Some(60), 600)), WAIT),
        row("no log for certain, and Azure changed it", for_certain(gone(stopped(Some(60), 600))), UNKNOWN),
        row("boot diagnostics off, and Azure changed nothing", off(stopped(Some(900), 600)), DEALLOCATE),
        row("boot diagnostics off, and Azure changed it", off(stopped(Some(60), 600)), UNKNOWN),
        row("deallocated by us, its log can't be read", busy(deallocated(Some(0), true, 300)), GENERALIZE),
        row("deallocated by us and changed since", busy(deallocated(Some(0), true, 301)), UNKNOWN),
        row("deallocated by us, and its end wasn't seen", busy(deallocated(Some(60), false, 361)), UNKNOWN),
        row("the mark is in the log, which may be late", heard(deallocated(Some(1799), true, 90_000)), WAIT),
        row(
            "the mark is in the log, which isn't late any more",
            heard(deallocated(Some(1800), true, 90_000)),
            GENERALIZE,
        ),
        row("the mark is in the log, and Azure says no time", heard(deallocated(None, true, 90_000)), GENERALIZE),
    ]
}

#[test]
fn a_machine_counts_as_sealed_on_its_guests_own_word_alone() {
    check(&rows());
}

#[test]
fn each_message_says_what_to_do() {
    let message = |scene: Scene| match scene.plan().report.progress {
        crate::Progress::Stalled { message, .. } => message,
        other => panic!("{other:?}"),
    };
    for scene in [off(Some(9 * 3600), None), off(Some(60), None).console(facts::Console::StartedSince)] {
        let told = message(scene);
        assert!(told.contains("not generalized") && told.contains("to try again"), "{told}");
    }
}

#[test]
fn only_the_claim_of_a_machine_to_be_sealed_switches_boot_diagnostics_on() {
    let on = |scene: Scene| match scene.plan().step {
        Some(Step { request: Request::PatchMachine(request), .. }) => request.switch_boot_diagnostics_on,
        step => panic!("{step:?}"),
    };
    let off = |machine| facts::Machine { boot_diagnostics: BootDiagnostics::Off, ..machine };
    assert!(on(scene(&json!({})).machine(off(machine()))));
    assert!(!on(scene(&json!({})).machine(machine())), "they are on");
    let word = scene(&already_generalized()).machine(off(machine()).powered(Power::Stopped));
    assert!(!on(word), "nothing has to be heard of it");
    assert!(!on(scene(&deleted("Delete")).machine(off(machine()).claimed())));
}

#[test]
fn the_console_is_read_only_where_it_decides_and_never_before_the_machine() {
    let reads = |change: fn(Scene) -> Scene| {
        let scene = change(off(Some(60), None)).observed(|observed| observed.console = Told::NotYet);
        scene.next_read()
    };
    let claimed = || machine().claimed().powered(Power::Stopped);
    assert_eq!(reads(|scene| scene), Some(Read::Console(console_id())));
    assert_eq!(
        reads(|scene| scene.machine(machine().claimed())),
        Some(Read::Console(console_id())),
        "it may say that it can't go on"
    );
    let late =
        |ago| off(Some(ago), None).machine(machine().claimed()).observed(|observed| observed.console = Told::NotYet);
    let asks = |scene: Scene| scene.next_read();
    assert_eq!(asks(late(60)), Some(Read::Console(console_id())), "it may say that it can't go on");
    assert_eq!(asks(late(60).seal(seal(Execution::Running))), None, "its unit can't have begun");
    assert_eq!(asks(late(60).seal(super::capture::refused(20))), None, "its unit never begins");
    assert_eq!(
        reads(|scene| scene.seal(seal(Execution::Running))),
        Some(Read::Console(console_id())),
        "the run command proves nothing"
    );
    assert_eq!(reads(|scene| scene.machine(claimed_without_nonce().powered(Power::Stopped))), None, "no word is known");
    let marked = |power| machine().claimed().marked().powered(power);
    for (power, expected) in [
        (Power::Stopped, Some(Read::Console(console_id()))),
        (Power::Deallocated, Some(Read::Console(console_id()))),
        (Power::Deallocating, None),
        (Power::Running, None),
    ] {
        let case = format!("once more before what can't be undone: {power}");
        assert_eq!(asks(late(60).machine(marked(power))), expected, "{case}");
    }
    assert_eq!(reads(|scene| scene.machine(machine().powered(Power::Stopped))), None, "it isn't ours");
    let read = off(Some(60), None).machine(claimed());
    let mut facts = read.observed.facts(&read.validated());
    assert!(facts.consoles.get(&console_id()).is_some());
    facts.forget(&Read::Machine(machine_id()));
    assert_eq!(
        facts.consoles.get(&console_id()),
        None,
        "what the log said before says nothing of the machine as it is now"
    );
}

fn claimed_without_nonce() -> facts::Machine {
    machine().tagged(azimage_crds::OWNER_TAG, OURS)
}

#[test]
fn another_try_is_another_attempt_with_another_word() {
    let mut status = steps(&[(StepName::ClaimSource, 1, true)]);
    status.steps.push(step(StepName::Seal, 1, false, 31 * 60));
    status.steps.push(step(StepName::ForgetSeal, 1, true, 30 * 60));
    let late = scene(&requested())
        .machine(machine().claimed())
        .console(facts::Console::NoMark)
        .status(ImageVersionStatus { steps: status.steps.clone(), ..status.clone() });
    assert_eq!(late.outcome(), RECLAIM);
    record_intent(&mut status, &StepName::ClaimSource.into(), "claim", now(), None);
    let late = late.status(status.clone());
    assert_eq!(late.outcome(), RECLAIM, "it is still called for when its intent is recorded");
    assert!(!late.history().unfinished(StepName::Seal), "nobody goes on under the record of the last one");
    let request = on_machine(late.plan().step, StepName::ClaimSource);
    let known = Scene { object: object(&json!({})), ..late };
    assert_eq!(known.outcome(), RECLAIM, "Azure turned the claim away");
    let written = known.clone().process(super::published::executed(StepName::ClaimSource, 5));
    assert_eq!(written.outcome(), WAIT, "the claim was written, and Azure shows the last one");
    let claimed = facts::Machine { tags: request.tags, ..machine() };
    let anew = known.machine(claimed.clone());
    assert_eq!(anew.outcome(), "Seal Unknown/Sealing GuestPrepared=Sealing Poll");
    let Some(Step { request: Request::PutRunCommand(request), .. }) = anew.plan().step else {
        panic!("a seal was expected")
    };
    let tags = request.tags;
    assert_eq!(tags.get(azimage_crds::SEAL_TAG), claimed.tags.get(azimage_crds::SEAL_TAG));
    assert_ne!(tags.get(azimage_crds::SEAL_TAG), Some(&nonce()));
    record_intent(&mut status, &StepName::Seal.into(), "another", now(), None);
    let record = status.steps.iter().find(|step| step.name == "Seal").unwrap();
    assert_eq!((record.correlation_id.as_deref(), record.finished_at.is_none()), (Some("another"), true));
    assert_eq!(record.attempts, 2, "attempts count through all claims");
}

#[test]
fn a_word_that_this_object_did_not_write_is_none() {
    for nonce in ["", "soon", "1780279200-u-2", "1780279200-u-1 ", "$(reboot)-u-1", "1780279200'u-1"] {
        let machine = claimed_without_nonce().tagged(azimage_crds::SEAL_TAG, nonce);
        assert_eq!(stage::guest::nonce(&scene(&json!({})).validated(), &machine), None, "{nonce}");
    }
}
