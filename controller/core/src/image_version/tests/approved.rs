//! What an image definition's object doesn't allow is stopped before anything is written, and told when it is too late for that.

use std::time::Duration;

use azimage_crds::{ConditionType, ImageDefinition, ImageReference, Reason, VALIDATED_TAG};
use serde_json::{Value, json};

use super::{super::*, fixtures::*, promotion::other_that, promotion::says, scene::*, told::*};

const STOPPED: &str = "- False/SourceNotApproved SourceReady=SourceNotApproved Resync";
const CLAIM: &str = "ClaimSource Unknown/Progressing SourceReady=Progressing Poll";
const SEALING: &str = "- Unknown/Sealing GuestPrepared=Sealing Poll";
const PUBLISH: &str = "Publish Unknown/Publishing Published=Publishing Poll";

fn allows(sources: &Value) -> ImageDefinition {
    let mut object = says(&json!({}));
    object.spec.sources = serde_json::from_value(sources.clone()).unwrap();
    object
}

fn group(name: &str) -> String {
    format!("/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/{name}")
}

fn machines(rule: &Value) -> ImageDefinition {
    allows(&json!({"virtualMachines": rule}))
}

fn cloning() -> Value {
    const SUBNET: &str = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/hub/subnets/work";
    json!({"spec": {
        "source": {"virtualMachine": {"capture": "Clone", "inPlace": null}},
        "workspace": {"resourceGroup": "image-work", "subnets": [{"region": HOME, "resourceId": SUBNET}]},
    }})
}

pub(super) fn rows() -> Vec<Row> {
    let plain = || scene(&json!({}));
    let copy = || scene(&from_image_version());
    let elsewhere = || machines(&json!({"resourceGroups": [group("other")]}));
    let passed = || allows(&json!({"imageVersions": {"validated": true}}));
    let parent = |outcome: &str| {
        let mut parent = other_that("1.0.0", outcome, None);
        parent.spec.definition = "base".into();
        parent
    };
    let tagged = || {
        copy().observed(|observed| {
            let mut source = source_version();
            source.tags.insert(VALIDATED_TAG.into(), "2026-05-31T12:00:00Z".into());
            observed.source_version = Told::Found(source);
        })
    };
    let tags = || machines(&json!({"tags": {"team": "db"}}));
    let claimed = || plain().machine(machine().claimed()).status(steps(&[(StepName::ClaimSource, 1, true)]));
    vec![
        row("nobody says anything", plain().definitions(&[says(&json!({}))]), CLAIM),
        row("any machine may be a source", plain().definitions(&[machines(&json!({}))]), CLAIM),
        row(
            "machines of the group may",
            plain().definitions(&[machines(&json!({"resourceGroups": [group("Build")]}))]),
            CLAIM,
        ),
        row("machines of another group may", plain().definitions(&[elsewhere()]), STOPPED),
        row("machines with another tag may", plain().definitions(&[tags()]), STOPPED),
        row("a machine is to be cloned that isn't allowed", scene(&cloning()).definitions(&[tags()]), STOPPED),
        row("it was claimed before it was forbidden", claimed().definitions(&[tags()]), STOPPED),
        row(
            "its seal was begun before it was forbidden",
            plain()
                .machine(machine().claimed())
                .status(steps(&[(StepName::ClaimSource, 1, true), (StepName::Seal, 1, false)]))
                .definitions(&[tags()]),
            SEALING,
        ),
        row(
            "versions that passed may, and its object says so",
            copy().definitions(&[passed()]).versions(&[parent("Passed")]),
            PUBLISH,
        ),
        row("versions that passed may, and its tag says so", tagged().definitions(&[passed()]), PUBLISH),
        row(
            "its tag says so, and its object doesn't",
            tagged().definitions(&[passed()]).versions(&[parent("Failed")]),
            STOPPED,
        ),
        row("versions that passed may, and it didn't", copy().definitions(&[passed()]), STOPPED),
        row("no versions may", copy().definitions(&[machines(&json!({}))]), STOPPED),
        row("no disks may", scene(&from_disks(&[])).definitions(&[machines(&json!({}))]), STOPPED),
        row("no managed images may", scene(&from_managed_image()).definitions(&[machines(&json!({}))]), STOPPED),
    ]
}

#[test]
fn what_is_not_approved_is_stopped_before_the_first_write() {
    check(&rows());
    let status = scene(&json!({})).definitions(&[machines(&json!({"tags": {"team": "db"}}))]).next_status();
    let said = message(&status, ConditionType::Stalled);
    for part in ["spec.sources.virtualMachines.tags of the ImageDefinition web", "team: db", "team: web"] {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn what_is_forbidden_too_late_is_told_and_goes_on() {
    let begun = |definition: &ImageDefinition| {
        let mut status = steps(&[(StepName::ClaimSource, 1, true), (StepName::Seal, 1, false)]);
        status.source = Some(azimage_crds::SourceStatus::default());
        scene(&json!({})).machine(machine().claimed()).status(status).definitions(std::slice::from_ref(definition))
    };
    let told = begun(&machines(&json!({"tags": {"team": "db"}}))).next_status();
    let why = told.source.clone().unwrap().not_approved.unwrap();
    assert!(why.contains("team: db"), "{why}");
    assert!(told.conditions.iter().all(|it| it.reason != Reason::SourceNotApproved.as_str()), "nothing stops");
    let allowed = Scene { status: told.clone(), ..begun(&machines(&json!({}))) };
    assert_eq!(allowed.next_status().source.unwrap().not_approved, None, "it is allowed again");
    // Once there is a version nobody looks at its source any more.
    let version = version(&[HOME]);
    let made = Scene { status: told, ..begun(&machines(&json!({"tags": {"team": "db"}}))).version(version) };
    assert_eq!(made.next_status().source.unwrap().not_approved, Some(why));
}

#[test]
fn the_image_of_the_machine_is_recorded_and_counts_where_the_machine_is_gone() {
    let image = ImageReference { publisher: Some("Canonical".into()), ..ImageReference::default() };
    let of =
        |publisher: &str| machines(&json!({"imageReferences": [{"publisher": publisher}], "tags": {"team": "db"}}));
    let made = facts::Machine { image: Some(image.clone()), ..machine() };
    let seen = scene(&cloning()).machine(made).next_status();
    assert_eq!(seen.source.as_ref().unwrap().image_reference.as_ref(), Some(&image));
    // The copy is there, and the machine isn't any more: of its tags nobody knows.
    let gone = |publisher: &str| {
        let scene = scene(&cloning()).definitions(&[of(publisher)]);
        let validated = scene.validated();
        let mut facts = scene.observed.facts(&validated);
        let SourceSpec::VirtualMachine { id, clone: Some(clone), .. } = &validated.source else { unreachable!() };
        let copy = facts::Machine { tags: tags(&[(azimage_crds::OWNER_TAG, OURS)]), ..machine() };
        facts.machines.put(clone.machine.clone(), Reading::Found(copy), Duration::ZERO);
        facts.machines.put(id.clone(), Reading::Missing(Absent::Resource), Duration::ZERO);
        let status = azimage_crds::ImageVersionStatus { source: seen.source.clone(), ..Default::default() };
        let history = History { status: &status, ..scene.history() };
        match next(&validated, &history, &facts) {
            Next::Plan(plan) => format!("{:?}", plan.report.progress).contains("SourceNotApproved"),
            Next::Read(_) => false,
        }
    };
    assert_eq!((gone("canonical"), gone("corp")), (false, true));
}
