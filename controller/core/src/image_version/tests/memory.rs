//! What is remembered of earlier passes: a version that vanished, steps that don't show yet, a status that was lost.

use std::{collections::BTreeMap, sync::Arc};

use azimage_crds::{ConditionType, ImageVersionStatus, StepStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use serde_json::json;

use super::{
    super::*,
    fixtures::*,
    published::{carried_out, executed},
    scene::*,
    told::*,
};
use crate::{Failure, Progress};

const LOOK_AGAIN: &str = "- False/VersionMissing - Poll";
const GONE: &str = "- False/VersionMissing Published=VersionMissing Resync";

fn published() -> ImageVersionStatus {
    ImageVersionStatus { resource_id: Some("x".into()), ..steps(&[(StepName::Publish, 1, true)]) }
}

fn vanished(times: u32) -> Scene {
    scene(&json!({})).status(published()).process(found_absent(own_version(), times))
}

/// Azure accepted the creation of the version, says the status, and nobody saw it.
fn accepted(seconds_ago: i64) -> Scene {
    let record = step(StepName::Publish, 1, false, seconds_ago + 5);
    let record = StepStatus { accepted_at: Some(Time(before(seconds_ago))), ..record };
    scene(&json!({})).status(ImageVersionStatus { steps: vec![record], ..steps(&[]) })
}

/// A creation that was answered with success so long ago, and not surely by Azure.
fn answered(seconds_ago: i64) -> Memory {
    carried_out(patient(), StepName::Publish, seconds_ago, false)
}

#[allow(clippy::too_many_lines, reason = "a table")]
pub(super) fn rows() -> Vec<Row> {
    let definition = |reading| move |observed: &mut Observed| observed.definition = reading;
    let parent = |observed: &mut Observed| observed.version = Told::Missing(Absent::Parent);
    vec![
        row("the version vanished, says one answer", vanished(0), LOOK_AGAIN),
        row("the version vanished, say three answers", vanished(2), LOOK_AGAIN),
        row("the version vanished for certain", vanished(3), GONE),
        row(
            "the definition vanished with it",
            vanished(3).observed(definition(Told::Missing(Absent::Resource))).observed(parent),
            GONE,
        ),
        row(
            "the gallery vanished with it",
            vanished(3).observed(definition(Told::Missing(Absent::Parent))).observed(parent),
            GONE,
        ),
        row(
            "the version vanished, and the definition can't be read",
            vanished(3).observed(definition(Told::Failed(Failure::Throttled))),
            "- False/Throttled - Throttled",
        ),
        row(
            "the version vanished, as a new process finds it on record",
            {
                let before = vanished(3);
                before.clone().status(before.next_status()).process(Memory::default())
            },
            GONE,
        ),
        row(
            "only a step on record says that the version was there",
            vanished(3).status(steps(&[(StepName::Update, 1, true)])),
            GONE,
        ),
        row(
            "a creation that was begun and never seen is begun again",
            scene(&json!({}))
                .machine(facts::Machine { generalized: true, ..machine().claimed().marked() })
                .status(steps(&[(StepName::Publish, 1, false)])),
            "Publish Unknown/Publishing Published=Publishing Poll",
        ),
        row(
            "a creation that was just accepted isn't shown yet",
            scene(&json!({})).process(executed(StepName::Publish, 899)),
            "- Unknown/Publishing Published=Publishing Poll",
        ),
        row(
            "a creation that was just accepted by who knows whom isn't shown yet",
            scene(&json!({})).process(answered(299)),
            "- Unknown/Publishing Published=Publishing Poll",
        ),
        row(
            "a creation that was accepted by who knows whom a while ago isn't shown",
            scene(&from_image_version()).process(answered(301)),
            "Publish Unknown/Publishing Published=Publishing Poll",
        ),
        row(
            "a creation that was accepted a while ago isn't shown",
            scene(&from_image_version()).process(executed(StepName::Publish, 901)),
            LOOK_AGAIN,
        ),
        row(
            "a creation that was accepted a while ago isn't shown for certain",
            vanished(3).status(ImageVersionStatus::default()).process(told_absent(
                executed(StepName::Publish, 901),
                own_version(),
                3,
            )),
            GONE,
        ),
        row(
            "a creation that another process saw accepted isn't shown yet",
            accepted(899),
            "- Unknown/Publishing Published=Publishing Poll",
        ),
        row("a creation that another process saw accepted a while ago isn't shown", accepted(901), LOOK_AGAIN),
        row(
            "a version that was seen is gone, though it was asked for just now",
            accepted(899).status(ImageVersionStatus { resource_id: Some("x".into()), ..accepted(899).status }),
            LOOK_AGAIN,
        ),
        row(
            "a claim that was just written isn't shown yet",
            scene(&json!({})).process(executed(StepName::ClaimSource, 59)),
            "- Unknown/Progressing SourceReady=Progressing Poll",
        ),
        row(
            "a claim that was written a while ago isn't shown",
            scene(&json!({})).process(executed(StepName::ClaimSource, 60)),
            "ClaimSource Unknown/Progressing SourceReady=Progressing Poll",
        ),
        row(
            "a seal that was begun less than three minutes ago isn't shown yet",
            scene(&json!({})).machine(machine().claimed()).process(executed(StepName::Seal, 179)),
            "- Unknown/Sealing GuestPrepared=Sealing Poll",
        ),
        row(
            "a seal that was begun three minutes ago isn't shown",
            scene(&json!({})).machine(machine().claimed()).process(executed(StepName::Seal, 180)),
            "Seal Unknown/Sealing GuestPrepared=Sealing Poll",
        ),
        row(
            "a machine that was just generalized doesn't show it yet",
            scene(&json!({}))
                .machine(machine().claimed().marked().powered(Power::Deallocated))
                .process(executed(StepName::Generalize, 5)),
            "- Unknown/Progressing Generalized=Progressing Poll",
        ),
    ]
}

#[test]
fn what_is_remembered_decides_as_it_should() {
    check(&rows());
}

#[test]
fn patience_ends_when_the_effect_shows() {
    let after = |scene: &Scene| scene.decided();
    let waits = |remembered: &Memory, name: StepName| {
        remembered.executed.get(&name.into()).is_some_and(|executed| !executed.shows)
    };
    let claim = scene(&json!({})).process(executed(StepName::ClaimSource, 5));
    assert!(waits(&after(&claim), StepName::ClaimSource), "not shown yet");
    assert!(!waits(&after(&claim.machine(machine().claimed())), StepName::ClaimSource), "shown");
    let publish = scene(&json!({})).process(executed(StepName::Publish, 5));
    let creating = publish.version(version(&[HOME]).provisioned(Provisioning::Creating));
    assert!(!waits(&after(&creating), StepName::Publish), "under way");
    assert!(
        after(&creating).accepted_at(StepName::Publish).is_some(),
        "the status that says so may not have been written"
    );
}

#[test]
fn what_azure_accepted_is_recorded_even_if_the_status_could_not_be_written_at_once() {
    let begun = scene(&json!({})).status(steps(&[(StepName::Publish, 1, false), (StepName::Generalize, 1, false)]));
    let accepted =
        |scene: &Scene| scene.next_status().steps.into_iter().map(|step| step.accepted_at).collect::<Vec<_>>();
    assert_eq!(accepted(&begun.clone().process(executed(StepName::Publish, 7))), [Some(Time(before(7))), None]);
    assert_eq!(accepted(&begun.process(executed(StepName::Generalize, 7))), [None, None]);
}

#[test]
fn answers_that_a_version_is_gone_count_only_in_a_row() {
    let count = |scene: &Scene, what: Read| scene.decided().doubts.get(&Doubt::Absent(what)).copied();
    assert_eq!(count(&vanished(0), own_version()), Some(1));
    assert_eq!(count(&vanished(2), own_version()), Some(3));
    assert_eq!(count(&vanished(2).version(version(&[HOME])), own_version()), None);
    let another = scene(&json!({})).observed(|observed| observed.virtual_machine = Told::Missing(Absent::Resource));
    let definition = Read::Definition(version_id().definition().clone());
    let counted = another.process(found_absent(definition.clone(), 2));
    assert_eq!(count(&counted, Read::Machine(machine_id())), Some(1));
    assert_eq!(count(&counted, definition), None, "it was something else that was gone");
}

#[test]
fn one_answer_counts_once_however_many_passes_go_on_from_it() {
    use std::time::Duration;
    let doubt = Doubt::Absent(Read::Machine(machine_id()));
    let mut plan = vanished(0).plan();
    plan.report.doubts = [doubt.clone()].into();
    let told = || {
        let mut facts = Facts::default();
        facts.machines.put(machine_id(), Reading::Missing(Absent::Resource), Duration::ZERO);
        facts
    };
    let decided = |memory: Memory, facts: Facts| memory.after(Event::Decided(&plan, Box::new(facts)), Duration::ZERO);
    let mut memory = decided(Memory::default(), told());
    for _ in 0..3 {
        let mut prepared = memory.after(Event::Prepared, Duration::ZERO);
        let validated = vanished(0).validated();
        let facts = prepared.take_facts(Question::default(), &validated, Duration::ZERO);
        assert!(facts.machines.get(&machine_id()).is_some());
        memory = decided(prepared, facts);
        assert_eq!(memory.doubts.get(&doubt), Some(&1));
    }
    assert_eq!(decided(memory, told()).doubts.get(&doubt), Some(&2));
}

#[test]
fn an_intent_counts_its_attempts_until_its_effect_is_seen() {
    let mut status = ImageVersionStatus::default();
    record_intent(&mut status, &StepName::Repair.into(), "a", before(30), None);
    record_intent(&mut status, &StepName::Repair.into(), "b", before(20), None);
    let [record] = status.steps.as_slice() else { panic!("one record was expected") };
    assert_eq!((record.attempts, record.correlation_id.as_deref()), (2, Some("b")));
    assert_eq!((record.started_at.0, &record.finished_at), (before(20), &None));
    let done = Report { finished: [StepName::Repair.into()].into(), ..Report::default() };
    let mut status = next_status(&status, &done, 1, None, before(10));
    assert_eq!(status.steps[0].finished_at.as_ref().map(|time| time.0), Some(before(10)));
    record_intent(&mut status, &StepName::Repair.into(), "c", now(), None);
    assert_eq!((status.steps[0].attempts, &status.steps[0].finished_at), (1, &None), "counted anew");
}

#[test]
fn a_lost_record_of_a_creation_is_told_at_once_with_its_acceptance() {
    let creating = scene(&json!({}))
        .version(version(&[HOME]).provisioned(Provisioning::Creating))
        .status(ImageVersionStatus::default())
        .process(executed(StepName::Publish, 5));
    let status = creating.next_status();
    let publish = status.steps.iter().find(|step| step.name == "Publish").unwrap();
    assert_eq!(publish.accepted_at.as_ref().map(|at| at.0), Some(before(5)));
}

#[test]
fn an_operation_whose_record_was_lost_counts_from_when_it_is_seen() {
    let sealing = scene(&json!({}))
        .machine(machine().claimed())
        .seal(seal(Execution::Running))
        .status(ImageVersionStatus::default());
    let status = sealing.next_status();
    let operation = status.operation.as_ref().unwrap();
    assert_eq!((operation.name.as_str(), operation.started_at.0), ("Seal", now()));
    let later = jiff::Timestamp::from_second(now().as_second() + 31 * 60).unwrap();
    let history = History { status: &status, memory: &Memory::default(), now: later, resync: PACE.resync };
    let validated = sealing.validated();
    let plan = plan(&validated, &history, &sealing.observed.facts(&validated));
    let crate::Progress::Stalled { reason, .. } = plan.report.progress else { panic!("{:?}", plan.report.progress) };
    assert_eq!(reason, azimage_crds::Reason::SealTimedOut);
}

#[test]
fn a_reading_that_fails_leaves_what_was_found_before() {
    let complete = scene(&json!({})).version(version(&[HOME]));
    let before = complete.next_status();
    let silent = complete
        .clone()
        .status(before.clone())
        .observed(|observed| observed.version = Told::Failed(Failure::Unavailable("no answer".into())));
    let after = silent.next_status();
    assert_eq!(after.regions, before.regions);
    assert_eq!(after.resource_id, before.resource_id);
    assert_eq!(message(&after, ConditionType::Published), message(&before, ConditionType::Published));
}

#[test]
fn at_rest_one_read_is_enough_and_a_suspended_object_needs_none() {
    let rest = scene(&json!({})).version(version(&[HOME]));
    let reads = |scene: &Scene, observed: &Observed| {
        let validated = scene.validated();
        next_read(&validated, &scene.history(), &observed.facts(&validated))
    };
    let mut observed = Observed::default();
    assert_eq!(reads(&rest, &observed), Some(own_version()));
    observed.version = rest.observed.version.clone();
    assert_eq!(reads(&rest, &observed), None);
    let suspended = scene(&json!({"spec": {"suspend": true}}));
    assert_eq!(reads(&suspended, &Observed::default()), None);
}

#[test]
fn a_version_at_rest_is_looked_at_in_the_list_and_read_by_itself_only_if_that_shows_something_else() {
    let rest = scene(&json!({})).status(published()).version(version(&[HOME]));
    let seen = version(&[HOME]);
    let entry = |change: fn(&mut facts::Version)| {
        let mut entry = facts::Version { replication: BTreeMap::new(), ..seen.clone() };
        change(&mut entry);
        Told::Found(Arc::new(entry))
    };
    let own = || Some(own_version());
    let list = || Some(Read::ListedVersion(version_id()));
    for (case, listed, expected) in [
        ("nothing was listed yet", Told::NotYet, list()),
        ("the list shows what was last seen", entry(|_| {}), None),
        ("something is under way", entry(|entry| entry.provisioning = Provisioning::Updating), own()),
        ("a tag differs", entry(|entry| entry.tags.clear()), own()),
        ("a region is missing", entry(|entry| entry.targets.clear()), own()),
        ("it is offered as latest", entry(|entry| entry.exclude_from_latest = false), own()),
        ("its end of life differs", entry(|entry| entry.end_of_life = Some(before(1))), own()),
        ("it isn't listed, which proves nothing", Told::Missing(Absent::Resource), own()),
        ("there is no definition, which proves nothing", Told::Missing(Absent::Parent), own()),
        ("the list has to wait", Told::Failed(Failure::Throttled), None),
        ("the list can't be read", Told::Failed(Failure::Unavailable("u".into())), own()),
    ] {
        let observed = Observed { seen: Some(Arc::new(seen.clone())), listed, ..Observed::default() };
        let validated = rest.validated();
        let facts = observed.facts(&validated);
        assert_eq!(next_read(&validated, &rest.history(), &facts), expected, "{case}");
        if expected.is_some() {
            continue;
        }
        let plan = plan(&validated, &rest.history(), &facts);
        if case == "the list shows what was last seen" {
            assert!(plan.rests(), "{plan:?}");
            assert_eq!(plan, rest.plan(), "the same as after a read of the version itself");
        } else {
            assert!(!plan.rests() && plan.step.is_none(), "{case}: {plan:?}");
        }
    }
    let never_read = Observed { listed: entry(|_| {}), ..Observed::default() };
    let validated = rest.validated();
    assert_eq!(
        next_read(&validated, &rest.history(), &never_read.facts(&validated)),
        own(),
        "a list says nothing of regions' copies"
    );
}

#[test]
fn a_pause_that_azure_asks_for_is_no_failure() {
    assert_eq!(Failure::Throttled.requeue(), Requeue::Throttled);
    assert!(!Failure::Throttled.is_permanent());
    assert!(matches!(Failure::Throttled.progress("go on"), Progress::Retrying { .. }));
}

#[test]
fn the_seal_is_read_only_of_a_machine_of_ours_that_is_not_generalized() {
    let reads = |machine: facts::Machine| {
        let scene = scene(&json!({})).machine(machine).observed(|observed| observed.seal = Told::NotYet);
        scene.next_read()
    };
    assert_eq!(reads(machine()), None);
    assert!(matches!(reads(machine().claimed()), Some(Read::RunCommand(_))));
    assert_eq!(reads(facts::Machine { generalized: true, ..machine().claimed() }), None);
}
