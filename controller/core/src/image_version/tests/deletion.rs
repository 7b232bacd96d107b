//! An object that is being deleted.

use azimage_crds::{CONSENT_TAG, OWNER_TAG, StepStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde_json::json;

use super::{super::*, fixtures::*, published::executed, scene::*, told::*};
use crate::Failure;

const LET_GO: &str = "- Unknown/Deleting - Release";
const CONFIRM: &str = "- Unknown/Deleting - Poll";
const DELETE: &str = "Delete Unknown/Deleting - Poll";
const FORGET: &str = "ForgetSeal Unknown/Deleting - Poll";
const RELEASE: &str = "ReleaseSource Unknown/Deleting - Poll";
const BLOCKED: &str = "- False/DeletionBlocked - Resync";

fn going() -> Scene {
    scene(&deleted("Delete"))
}

fn found_gone(scene: Scene, times: u32) -> Scene {
    scene.process(found_absent(own_version(), times))
}

fn seen() -> azimage_crds::ImageVersionStatus {
    azimage_crds::ImageVersionStatus { resource_id: Some("x".into()), ..steps(&[]) }
}

fn blocked_until(end: Option<&str>) -> facts::Version {
    facts::Version {
        block_deletion: true,
        end_of_life: end.map(|end| end.parse().unwrap()),
        ..version(&["westeurope"])
    }
}

/// An object that goes while the guest of its machine is being sealed, since so many seconds.
fn under_way(ago: i64) -> Scene {
    let status = azimage_crds::ImageVersionStatus { steps: vec![step(StepName::Seal, 1, false, ago)], ..steps(&[]) };
    let command = facts::RunCommand { ended: Some(before(ago)), ..seal(Execution::Succeeded) };
    going().machine(machine().claimed()).seal(command).status(status)
}

fn no_command(scene: Scene) -> Scene {
    scene.observed(|observed| observed.seal = Told::Missing(Absent::Resource))
}

fn off(scene: Scene) -> Scene {
    scene.machine(machine().claimed().powered(Power::Stopped))
}

fn stalled_since_the_seal() -> azimage_crds::ImageVersionStatus {
    let failed = scene(&json!({}))
        .machine(machine().claimed())
        .console(super::capture::gave_up(crate::guest::console::Aftermath::Unchanged));
    no_command(failed.status(azimage_crds::ImageVersionStatus {
        steps: vec![step(StepName::Seal, 1, false, 600), step(StepName::ForgetSeal, 1, true, 500)],
        ..steps(&[])
    }))
    .next_status()
}

#[allow(clippy::too_many_lines, reason = "a table")]
pub(super) fn rows() -> Vec<Row> {
    let claimed = || going().machine(machine().claimed());
    let begun = |seconds_ago| azimage_crds::ImageVersionStatus {
        steps: vec![step(StepName::Publish, 1, false, seconds_ago)],
        ..steps(&[])
    };
    let accepted = |seconds_ago| {
        let record = step(StepName::Publish, 1, false, 1000);
        let record = StepStatus { accepted_at: Some(Time(before(seconds_ago))), ..record };
        azimage_crds::ImageVersionStatus { steps: vec![record], ..steps(&[]) }
    };
    let copy = || scene(&both(&deleted("Delete"), &from_image_version()));
    let unread = |failure| Told::Failed(failure);
    vec![
        row("it retains the version", scene(&deleted("Retain")).version(version(&["westeurope"])), LET_GO),
        row("it retains the version and its claim", scene(&deleted("Retain")).machine(machine().claimed()), LET_GO),
        row(
            "it is suspended and retains the version",
            scene(&both(&deleted("Retain"), &json!({"spec": {"suspend": true}}))),
            LET_GO,
        ),
        row(
            "it is suspended and deletes the version",
            scene(&both(&deleted("Delete"), &json!({"spec": {"suspend": true}}))).version(version(&["westeurope"])),
            DELETE,
        ),
        row("the version is ours", going().version(version(&["westeurope"])), DELETE),
        row(
            "a scale set uses the version",
            going().version(version(&["westeurope"])).observed(|observed| {
                let region = azimage_names::Region::parse("West Europe").ok();
                observed.scale_sets = Told::Found(vec![facts::ScaleSet { id: "/front".to_owned(), region }]);
            }),
            BLOCKED,
        ),
        row(
            "a scale set uses the version where it isn't",
            going().version(version(&["westeurope"])).observed(|observed| {
                let region = azimage_names::Region::parse("northeurope").ok();
                observed.scale_sets = Told::Found(vec![facts::ScaleSet { id: "/front".to_owned(), region }]);
            }),
            DELETE,
        ),
        row(
            "nobody says now which scale sets use the version",
            going().version(version(&["westeurope"])).observed(|observed| {
                observed.scale_sets = Told::Failed(Failure::Unavailable("no answer".to_owned()));
            }),
            "- False/AzureUnavailable - Retry",
        ),
        row(
            "the version is ours and still being created",
            going().version(version(&["westeurope"]).provisioned(Provisioning::Creating)),
            DELETE,
        ),
        row(
            "the version is ours and failed",
            going().version(version(&["westeurope"]).provisioned(Provisioning::Failed)),
            DELETE,
        ),
        row(
            "the deletion was just asked for",
            going().version(version(&["westeurope"])).process(executed(StepName::Delete, 30)),
            CONFIRM,
        ),
        row(
            "the deletion failed, says its operation",
            going()
                .version(version(&["westeurope"]).provisioned(Provisioning::Failed))
                .status(steps(&[(StepName::Delete, 1, false)]))
                .process(super::published::follows(StepName::Delete))
                .observed(|observed| observed.operation = Told::Found(Operation::failed("Conflict", "in use"))),
            "Delete False/DeletionBlocked - Retry",
        ),
        row(
            "the deletion failed, says the status",
            going()
                .version(version(&["westeurope"]).provisioned(Provisioning::Failed))
                .status(super::published::recorded_failure(StepName::Delete, "Conflict", "in use")),
            "Delete False/DeletionBlocked - Retry",
        ),
        row(
            "the deletion had no effect, and nobody knows why",
            going()
                .version(version(&["westeurope"]))
                .status(steps(&[(StepName::Delete, 1, false)]))
                .process(super::published::follows(StepName::Delete)),
            "Delete False/DeletionBlocked - Retry",
        ),
        row(
            "the deletion goes on, says its operation",
            going()
                .version(version(&["westeurope"]))
                .status(steps(&[(StepName::Delete, 1, false)]))
                .process(super::published::follows(StepName::Delete))
                .observed(|observed| observed.operation = Told::Found(Operation::UnderWay)),
            CONFIRM,
        ),
        row(
            "the deletion was asked for by another process",
            going().version(version(&["westeurope"])).status(steps(&[(StepName::Delete, 1, false)])),
            DELETE,
        ),
        row(
            "the version is being deleted",
            going().version(version(&["westeurope"]).provisioned(Provisioning::Deleting)),
            CONFIRM,
        ),
        row("the version is somebody else's", going().version(version(&["westeurope"]).owned_by("me")), LET_GO),
        row("the version can't be deleted yet", going().version(blocked_until(Some("2027-01-01T00:00:00Z"))), BLOCKED),
        row("the version's end of life is past", going().version(blocked_until(Some("2026-01-01T00:00:00Z"))), DELETE),
        row("the version has no end of life", going().version(blocked_until(None)), DELETE),
        row(
            "an end of life alone blocks nothing",
            going().version(facts::Version { block_deletion: false, ..blocked_until(Some("2027-01-01T00:00:00Z")) }),
            DELETE,
        ),
        row("the version is gone, says one answer", going().status(seen()), CONFIRM),
        row("the version is gone, say two answers", found_gone(going().status(seen()), 1), CONFIRM),
        row("the version is gone, say three answers", found_gone(going().status(seen()), 2), LET_GO),
        row("nothing was ever begun", going(), LET_GO),
        row(
            "the status was lost, so nobody knows what was begun",
            going().status(azimage_crds::ImageVersionStatus::default()),
            CONFIRM,
        ),
        row("and another answer says so, of a status that is there again", found_gone(going(), 1), CONFIRM),
        row("and a third", found_gone(going(), 2), LET_GO),
        row("the version was just asked for and isn't shown yet", found_gone(going().status(begun(299)), 9), CONFIRM),
        row("the version was just accepted and isn't shown yet", found_gone(going().status(accepted(899)), 9), CONFIRM),
        row("the version was accepted a while ago", found_gone(going().status(accepted(901)), 2), LET_GO),
        row("the version was asked for a while ago", found_gone(going().status(begun(301)), 2), LET_GO),
        row("the version was asked for a while ago, says one answer", going().status(begun(301)), CONFIRM),
        row("the claim is still on the machine", claimed(), RELEASE),
        row(
            "the claim is still on the machine, whose consent is gone",
            going().machine(facts::Machine { tags: tags(&[(OWNER_TAG, OURS)]), ..machine() }),
            RELEASE,
        ),
        row("a seal is under way", under_way(600), CONFIRM),
        row("a seal is under way, and its run command is gone", no_command(under_way(600)), CONFIRM),
        row("a seal was under way for as long as it may", under_way(1800), CONFIRM),
        row("a seal was under way for longer than it may", under_way(1801), FORGET),
        row("a seal was under way for longer, and its run command is gone", no_command(under_way(1801)), RELEASE),
        row(
            "a seal was under way for longer, and nobody is there to remove its run command",
            under_way(1801).machine(facts::Machine { agent_ready: false, ..machine().claimed() }),
            RELEASE,
        ),
        row("a seal is under way that has turned the machine off", off(under_way(600)), RELEASE),
        row("a seal was refused", under_way(600).seal(super::capture::refused(20)), FORGET),
        row(
            "the run command of the seal is being removed",
            under_way(1801)
                .seal(facts::RunCommand { provisioning: Provisioning::Deleting, ..seal(Execution::Succeeded) }),
            CONFIRM,
        ),
        row(
            "the run command of the seal has to be read later",
            under_way(600).observed(|observed| observed.seal = Told::Failed(Failure::Throttled)),
            "- False/Throttled - Throttled",
        ),
        row("a seal failed, says the status", no_command(under_way(600)).status(stalled_since_the_seal()), RELEASE),
        row(
            "a seal failed, says the status, and the deletion says how it stands now",
            no_command(under_way(600)).status(azimage_crds::ImageVersionStatus {
                conditions: stalled_since_the_seal()
                    .conditions
                    .into_iter()
                    .filter(|condition| condition.type_ != "Stalled")
                    .collect(),
                ..stalled_since_the_seal()
            }),
            RELEASE,
        ),
        row("the claim was just taken away", claimed().process(executed(StepName::ReleaseSource, 5)), CONFIRM),
        row(
            "the claim can't be taken away conditionally",
            going().machine(facts::Machine { etag: None, ..machine().claimed() }),
            LET_GO,
        ),
        row(
            "the claim is on a generalized machine",
            going().machine(facts::Machine { generalized: true, ..machine().claimed() }),
            LET_GO,
        ),
        row(
            "the machine is claimed by another",
            going().machine(machine().tagged(OWNER_TAG, "c1/images/web-2/u-2")),
            LET_GO,
        ),
        row(
            "the machine can't be read, which doesn't hold up the deletion",
            going().observed(|observed| observed.virtual_machine = unread(Failure::Unavailable("no answer".into()))),
            LET_GO,
        ),
        row(
            "the look at the machine waits for its turn, so its claim is not forgotten",
            going().observed(|observed| observed.virtual_machine = unread(Failure::Throttled)),
            "- False/Throttled - Throttled",
        ),
        row(
            "the machine is gone",
            going().observed(|observed| observed.virtual_machine = Told::Missing(Absent::Resource)),
            LET_GO,
        ),
        row("it was made from a version", copy(), LET_GO),
        row("it was made from a version and is gone", found_gone(copy().status(seen()), 2), LET_GO),
        row(
            "the version can't be read",
            going().observed(|observed| observed.version = Told::Failed(Failure::Throttled)),
            "- False/Throttled - Throttled",
        ),
        row(
            "the version may not be read",
            going().observed(|observed| {
                observed.version = Told::Failed(Failure::Denied { action: "a".into(), scope: "s".into() });
            }),
            "- False/AccessDenied - Resync",
        ),
    ]
}

#[test]
fn each_state_of_a_deletion_has_its_step_or_its_reason() {
    check(&rows());
}

#[test]
fn one_answer_suffices_of_a_version_that_was_never_begun_unless_the_status_was_lost() {
    for (observed_generation, expected) in [(None, CONFIRM), (Some(-1), CONFIRM), (Some(1), LET_GO), (Some(2), LET_GO)]
    {
        let status = azimage_crds::ImageVersionStatus { observed_generation, ..steps(&[]) };
        assert_eq!(going().status(status).outcome(), expected, "{observed_generation:?}");
    }
}

#[test]
fn a_block_ends_at_its_end() {
    for (end, expected) in [(now(), DELETE), (before(-1), BLOCKED)] {
        let scene = going().version(blocked_until(Some(&end.to_string())));
        assert_eq!(scene.outcome(), expected, "{end}");
    }
}

#[test]
fn a_release_takes_our_tags_and_no_others() {
    let scene = going().machine(machine().claimed().marked());
    let request = on_machine(scene.plan().step, StepName::ReleaseSource);
    assert_eq!(request.tags, tags(&[(CONSENT_TAG, "allowed"), ("team", "web")]));
}

#[test]
fn an_object_that_retains_reads_nothing_but_a_machine_that_it_may_hold() {
    let reads = |steps: Vec<azimage_crds::StepStatus>| {
        let status = azimage_crds::ImageVersionStatus { steps, ..super::fixtures::steps(&[]) };
        let scene = scene(&deleted("Retain")).status(status);
        next_read(&scene.validated(), &scene.history(), &Facts::default())
    };
    let claimed = || step(StepName::ClaimSource, 1, true, 900);
    assert_eq!(reads(vec![]), None);
    assert_eq!(reads(vec![claimed()]), Some(Read::Machine(machine_id())));
    assert_eq!(reads(vec![claimed(), step(StepName::Publish, 1, true, 600)]), None);
}

#[test]
fn who_deletes_an_object_is_told_that_its_machine_is_left_sealed() {
    let parting = |scene: &Scene| scene.plan().report.parting;
    let powered = |power| under_way(8 * 3600).machine(machine().claimed().powered(power));
    for power in [Power::Stopped, Power::Deallocated] {
        let told = parting(&powered(power)).unwrap();
        assert!(told.contains("builder is ") && told.contains("provisions it again"), "{told}");
    }
    assert!(parting(&going().machine(machine().claimed().marked().powered(Power::Deallocated))).is_some());
    assert_eq!(parting(&powered(Power::Running)), None, "it wasn't powered off");
    let claimed =
        azimage_crds::ImageVersionStatus { steps: vec![step(StepName::ClaimSource, 1, true, 24 * 3600)], ..steps(&[]) };
    let only_claimed = no_command(powered(Power::Stopped).status(claimed));
    assert_eq!(parting(&only_claimed), None, "nothing was run in its guest");
}
