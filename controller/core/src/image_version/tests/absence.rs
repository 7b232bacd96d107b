//! A version that doesn't exist yet, and something that Azure says isn't there: doubted first.

use std::time::Duration;

use azimage_crds::ImageVersionStatus;
use serde_json::json;

use super::{super::*, fixtures::*, scene::*, told::*};

/// What is missing, once it is doubted, once it is believed, and the scene.
fn cases() -> Vec<(&'static str, Read, &'static str, &'static str, Scene)> {
    let plain = || scene(&json!({}));
    vec![
        (
            "the machine",
            Read::Machine(machine_id()),
            "- False/SourceNotFound - Poll",
            "- False/SourceNotFound SourceReady=SourceNotFound Resync",
            plain().observed(|observed| observed.virtual_machine = Told::Missing(Absent::Resource)),
        ),
        (
            "the source version",
            Read::Version(source_id()),
            "- False/SourceNotFound - Poll",
            "- False/SourceNotFound SourceReady=SourceNotFound Resync",
            scene(&from_image_version()).observed(|observed| observed.source_version = Told::Missing(Absent::Parent)),
        ),
        (
            "the definition",
            Read::Definition(version_id().definition().clone()),
            "- False/DefinitionNotFound - Poll",
            "- False/DefinitionNotFound Compatible=DefinitionNotFound Resync",
            plain().observed(|observed| observed.definition = Told::Missing(Absent::Resource)),
        ),
        (
            "the gallery",
            Read::Definition(version_id().definition().clone()),
            "- False/GalleryNotFound - Poll",
            "- False/GalleryNotFound Compatible=GalleryNotFound Resync",
            plain().observed(|observed| {
                observed.version = Told::Missing(Absent::Parent);
                observed.definition = Told::Missing(Absent::Parent);
            }),
        ),
        (
            "the gallery, where Azure speaks of the definition",
            Read::Definition(version_id().definition().clone()),
            "- False/GalleryNotFound - Poll",
            "- False/GalleryNotFound Compatible=GalleryNotFound Resync",
            plain().observed(|observed| {
                observed.definition = Told::Missing(Absent::Resource);
                observed.gallery = Told::Missing(Absent::Resource);
            }),
        ),
        (
            "the seal of a machine that is stopped",
            Read::RunCommand(seal_id()),
            "- Unknown/Sealing GuestPrepared=Sealing Poll",
            "- False/GuestPreparationUnknown GuestPrepared=GuestPreparationUnknown Resync",
            plain()
                .machine(machine().claimed().powered(Power::Stopped))
                .console(facts::Console::NoMark)
                .status(sealed_since(0)),
        ),
        (
            "the seal of a machine that runs",
            Read::RunCommand(seal_id()),
            "- Unknown/Sealing GuestPrepared=Sealing Poll",
            "Seal Unknown/Sealing GuestPrepared=Sealing Poll",
            plain().machine(machine().claimed()).status(sealed_since(61)),
        ),
    ]
}

fn sealed_since(seconds: i64) -> ImageVersionStatus {
    ImageVersionStatus { steps: vec![step(StepName::Seal, 1, false, seconds)], ..ImageVersionStatus::default() }
}

fn gone(scene: &Scene, what: &Read, times: u32) -> Scene {
    scene.clone().process(found_absent(what.clone(), times))
}

pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (what, read, doubted, believed, scene) in cases() {
        rows.push(row(format!("{what} is missing, says one answer"), scene.clone(), doubted));
        rows.push(row(format!("{what} is missing, say three answers"), gone(&scene, &read, 2), doubted));
        rows.push(row(format!("{what} is missing for certain"), gone(&scene, &read, 3), believed));
        rows.push(row(
            format!("{what} is missing, and so was something else"),
            gone(&scene, &own_version(), 3),
            doubted,
        ));
        if believed.ends_with("Resync") {
            let known = gone(&scene, &read, 3);
            let known = known.clone().status(ImageVersionStatus { steps: scene.status.steps, ..known.next_status() });
            rows.push(row(
                format!("{what} is missing, as a new process finds it on record"),
                known.process(patient()),
                believed,
            ));
        }
    }
    let recorded = scene(&json!({})).machine(machine().claimed()).status(sealed_since(0));
    let announced = |name: StepName, id: &str| patient().after(Event::Announces(name.into(), id), Duration::ZERO);
    let (begins, looks) =
        ("Seal Unknown/Sealing GuestPrepared=Sealing Poll", "- Unknown/Sealing GuestPrepared=Sealing Poll");
    rows.extend(vec![
        row(
            "the seal of a machine that runs was announced by this process",
            recorded.clone().process(announced(StepName::Seal, "correlation")),
            begins,
        ),
        row(
            "it was announced by an earlier process, which may have begun it",
            recorded.clone().process(patient()),
            looks,
        ),
        row("another step was announced since", recorded.process(announced(StepName::Update, "another")), looks),
    ]);
    rows
}

#[test]
fn what_is_missing_is_doubted_before_it_is_believed() {
    check(&rows());
}

#[test]
fn a_new_process_believes_what_the_status_says_of_both_the_condition_and_the_whole() {
    let missing = scene(&json!({})).observed(|observed| observed.virtual_machine = Told::Missing(Absent::Resource));
    let status = gone(&missing, &Read::Machine(machine_id()), 3).next_status();
    let (doubted, believed) =
        ("- False/SourceNotFound - Poll", "- False/SourceNotFound SourceReady=SourceNotFound Resync");
    let mut table = Vec::new();
    for (case, kind, reason, expected) in [
        ("it says so", "Ready", "SourceNotFound", believed),
        ("the whole stands still for something else", "Stalled", "ConsentMissing", doubted),
        ("the condition is false for something else", "SourceReady", "ConsentMissing", doubted),
    ] {
        let mut status = status.clone();
        let condition = status.conditions.iter_mut().find(|condition| condition.type_ == kind).unwrap();
        condition.reason = reason.to_owned();
        table.push(row(case, missing.clone().status(status).process(patient()), expected));
    }
    check(&table);
}

#[test]
fn nothing_is_begun_before_the_version_is_certain_not_to_be_there() {
    const UNSURE: &str = "- Unknown/Progressing - Poll";
    let generalized = facts::Machine { generalized: true, ..machine().powered(Power::Deallocated) };
    let claim = "ClaimSource Unknown/Progressing SourceReady=Progressing Poll";
    let publish = "Publish Unknown/Publishing Published=Publishing Poll";
    let mut table = Vec::new();
    let mut add = |case: &str, scene: Scene, sure: &str| {
        for (unseen, expected) in [(0, UNSURE), (1, UNSURE), (2, sure)] {
            let process = doubting([(Doubt::NoVersion, unseen)].into());
            table.push(row(format!("{case}, after {unseen} looks"), scene.clone().process(process), expected));
        }
        let begun = scene.status(steps(&[(StepName::ClaimSource, 1, false)])).process(Memory::default());
        table.push(row(format!("{case}, and a first step is on record"), begun, sure));
    };
    add("a machine", scene(&json!({})), claim);
    add("a machine that is generalized", scene(&already_generalized()).machine(generalized), publish);
    add("a version", scene(&from_image_version()), publish);
    add("a managed image", scene(&from_managed_image()), publish);
    add("disks", scene(&from_disks(&["data"])), publish);
    let stalled = scene(&json!({})).machine(machine().powered(Power::Stopped)).process(Memory::default());
    table.push(row(
        "what needs a person is said at once",
        stalled,
        "- False/GuestPreparationUnknown GuestPrepared=GuestPreparationUnknown Resync",
    ));
    check(&table);
    let unsure = |scene: Scene| scene.plan().report.confirming.is_some();
    assert!(unsure(scene(&json!({})).process(Memory::default())), "only the version is looked at again");
    assert!(!unsure(scene(&json!({}))));
    let looked = |scene: &Scene| scene.decided().doubts.get(&Doubt::NoVersion).copied();
    assert_eq!(looked(&scene(&json!({}))), Some(10));
    assert_eq!(looked(&scene(&json!({})).version(version(&[HOME]))), None);
}
