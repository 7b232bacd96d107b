//! A version that exists: each state of it and of its regions.

use azimage_crds::OWNER_TAG;
use serde_json::{Value, json};

use super::{super::*, fixtures::*, scene::*, told::*};
use crate::Failure;

const EXISTS: &str = "- False/VersionExists Published=VersionExists Resync";
const DIFFERS: &str = "- False/VersionDiffers Published=VersionDiffers Resync";
const CREATING: &str = "- Unknown/Publishing Published=Publishing Poll";
const AGAIN: &str = "Publish False/PublishFailed Published=PublishFailed Retry";
const NEVER_CREATED: &str = "- False/PublishFailed Published=PublishFailed Resync";
const DONE: &str = "- True/Succeeded - Resync";
const COPYING: &str = "- Unknown/Replicating Replicated=Replicating Poll";
const UPDATE: &str = "Update Unknown/Replicating Replicated=Replicating Poll";
const REPAIR: &str = "Repair False/RegionFailed Replicated=RegionFailed Retry";
const REPAIR_HOME: &str = "Repair False/RegionFailed Published=RegionFailed Retry";
const REFUSED: &str = "- False/RegionRefused Replicated=RegionRefused Resync";
const GIVEN_UP: &str = "- False/ReplicationFailed Replicated=ReplicationFailed Resync";

pub(super) const OTHER: &str = "northeurope";

pub(super) fn plain() -> Scene {
    scene(&json!({}))
}

/// An object with a target in northeurope.
pub(super) fn wide() -> Scene {
    plain().targets(&[target("t", "North Europe", &json!({}))])
}

fn published(change: &Value) -> Scene {
    scene(&json!({"spec": {"publish": change}}))
}

fn changed(change: impl FnOnce(&mut facts::Version)) -> facts::Version {
    let mut version = version(&[HOME]);
    change(&mut version);
    version
}

pub(super) fn rows() -> Vec<Row> {
    [ownership(), adoption(), creation(), failed_creation(), replication(), differences(), unheeded(), repairs()]
        .concat()
}

fn ownership() -> Vec<Row> {
    let sourced = |source: &str| changed(|version| version.source = Some(source.to_owned()));
    vec![
        row("all is as it should be", plain().version(version(&[HOME])), DONE),
        row("somebody else's", plain().version(version(&[HOME]).owned_by("c1/images/web-1/u-0")), EXISTS),
        row("another cluster's", plain().version(version(&[HOME]).owned_by("c2/images/web-1/u-1")), EXISTS),
        row("made by hand", plain().version(changed(|version| version.tags.clear())), EXISTS),
        row("with an owner that says nothing", plain().version(version(&[HOME]).owned_by("me")), EXISTS),
        row(
            "ours by a tag whose name Azure spells otherwise",
            plain().version(changed(|version| version.tags = tags(&[("Azimage-Owner", OURS)]))),
            DONE,
        ),
        row(
            "somebody else's, being deleted",
            plain().version(version(&[HOME]).owned_by("x").provisioned(Provisioning::Deleting)),
            EXISTS,
        ),
        row("made from another machine", plain().version(sourced(SOURCE_VERSION)), DIFFERS),
        row("made from our machine in capitals", plain().version(sourced(&MACHINE.to_uppercase())), DONE),
        row("of which Azure doesn't tell the source", plain().version(changed(|version| version.source = None)), DONE),
        row("shallow", plain().version(changed(|version| version.replication_mode = "Shallow".into())), DIFFERS),
        row(
            "full in small letters",
            plain().version(changed(|version| version.replication_mode = "full".into())),
            DONE,
        ),
        row(
            "being deleted by somebody",
            plain().version(version(&[HOME]).provisioned(Provisioning::Deleting)),
            "- Unknown/VersionMissing Published=VersionMissing Poll",
        ),
        row(
            "whatever the machine is now",
            plain().machine(facts::Machine { tags: tags(&[]), ..machine() }).version(version(&[HOME])),
            DONE,
        ),
    ]
}

/// How a version of another owner is taken over.
fn adoption() -> Vec<Row> {
    const ADOPTS: &str = "Update Unknown/Adopted Published=Adopted Poll";
    let adopting = || scene(&json!({"spec": {"adoption": "IfIdentical"}}));
    let of = |owner: &str| version(&[HOME, OTHER]).owned_by(owner);
    let gone = "c1/images/web-1/u-0";
    let was = |former: Option<&str>, resource_id: Option<&str>| {
        let status = json!({"conditions": [], "adoptedFrom": former, "resourceId": resource_id});
        serde_json::from_value(status).unwrap()
    };
    vec![
        row("adopted: its owner is gone", adopting().version(of(gone)), ADOPTS),
        row("adopted: another cluster's", adopting().version(of("c2/images/web-1/u-9")), ADOPTS),
        row("adopted: made by hand", adopting().version(changed(|version| version.tags.clear())), ADOPTS),
        row("adopted: of an unknown source", adopting().version(facts::Version { source: None, ..of(gone) }), ADOPTS),
        row("not adopted: the object doesn't say so", plain().version(of(gone)), EXISTS),
        row("not adopted: its owner's tag says nothing", adopting().version(of("me")), EXISTS),
        row("not adopted: of another namespace here", adopting().version(of("c1/other/web-1/u-0")), EXISTS),
        row(
            "not adopted: of another source",
            adopting().version(facts::Version { source: Some(SOURCE_VERSION.into()), ..of(gone) }),
            DIFFERS,
        ),
        row(
            "not adopted: shallow",
            adopting().version(facts::Version { replication_mode: "Shallow".into(), ..of(gone) }),
            DIFFERS,
        ),
        row(
            "not adopted: of another storage",
            adopting().version(facts::Version { storage_account_type: "Premium_LRS".into(), ..of(gone) }),
            DIFFERS,
        ),
        row(
            "not adopted: in latest",
            adopting().version(facts::Version { exclude_from_latest: false, ..of(gone) }),
            DIFFERS,
        ),
        row("not adopted: unfinished", adopting().version(of(gone).provisioned(Provisioning::Creating)), EXISTS),
        row("not adopted: failed", adopting().version(of(gone).provisioned(Provisioning::Failed)), EXISTS),
        row("adopted: begun before, and not seen", adopting().version(of(gone)).status(was(Some(gone), None)), ADOPTS),
        row(
            "not adopted: another one took it",
            adopting().version(of("c2/a/b/u-9")).status(was(Some(gone), None)),
            EXISTS,
        ),
        row("not adopted: it was ours", adopting().version(of(gone)).status(was(None, Some("x"))), EXISTS),
    ]
}

#[test]
fn an_adoption_writes_the_owner_and_nothing_else_and_remembers_whose_it_was() {
    let found = facts::Version {
        default_replicas: 4,
        block_deletion: true,
        ..version(&[HOME, OTHER]).owned_by("c2/images/web-1/u-9")
    };
    let adopting = scene(&json!({"spec": {"adoption": "IfIdentical"}}));
    let scene = adopting.targets(&[target("t", "eastus2", &json!({}))]).version(found.clone());
    let Some(Step { request: Request::PutVersion(request), .. }) = scene.plan().step else {
        panic!("it isn't written")
    };
    let owner = stage::replicate::words::Difference::Tag { name: OWNER_TAG.into() };
    let differs = stage::replicate::compare::differences(&found, &request);
    assert_eq!(differs.into_iter().map(|differs| differs.what).collect::<Vec<_>>(), [owner]);
    assert_eq!(request.tags[OWNER_TAG], OURS);
    assert_eq!(scene.next_status().adopted_from.as_deref(), Some("c2/images/web-1/u-9"));
}

#[test]
fn a_version_of_an_object_that_lives_is_not_adopted() {
    let mut validated = scene(&json!({"spec": {"adoption": "IfIdentical"}})).validated();
    validated.other_uids = vec!["u-0".to_owned()];
    let scene = scene(&json!({})).version(version(&[HOME]).owned_by("c1/images/web-1/u-0"));
    let plan = plan(&validated, &scene.history(), &scene.pass().1);
    assert_eq!(plan.step, None);
    assert!(
        matches!(&plan.report.progress, crate::Progress::Stalled { message, .. } if message.contains("lives")),
        "{plan:?}"
    );
}

fn creation() -> Vec<Row> {
    let home = |state| version(&[HOME]).says(HOME, state, "");
    let failed = || home(RegionReplication::Failed).provisioned(Provisioning::Failed);
    let tried = |attempts| steps(&[(StepName::Publish, attempts, false)]);
    let silent = |provisioning| {
        let mut version = version(&[HOME]).provisioned(provisioning);
        version.replication.clear();
        version
    };
    vec![
        row("being created", plain().version(silent(Provisioning::Creating)), CREATING),
        row(
            "being created, long ago",
            plain().version(silent(Provisioning::Creating)).status(ancient(StepName::Publish)),
            CREATING,
        ),
        row("created, while the home region copies", plain().version(home(RegionReplication::Replicating)), CREATING),
        row(
            "created, and Azure says nothing of the home region",
            plain().version(silent(Provisioning::Succeeded)),
            CREATING,
        ),
        row(
            "created, and Azure says nothing useful of the home region",
            plain().version(home(RegionReplication::Unknown)),
            CREATING,
        ),
        row(
            "created again, after it had failed",
            plain().version(failed().provisioned(Provisioning::Updating)).status(tried(2)),
            CREATING,
        ),
        row("creation failed", plain().version(failed()), AGAIN),
        row(
            "creation failed, and Azure says nothing of the home region",
            plain().version(silent(Provisioning::Failed)),
            AGAIN,
        ),
        row("creation was canceled", plain().version(failed().provisioned(Provisioning::Canceled)), AGAIN),
        row("creation failed once", plain().version(failed()).status(tried(1)), AGAIN),
        row(
            "creation failed twice, and this process is about to try it for the third time",
            plain().version(failed()).status(tried(3)).process(announces(StepName::Publish)),
            AGAIN,
        ),
        row("creation failed three times", plain().version(failed()).status(tried(3)), NEVER_CREATED),
        row(
            "creation failed three times, the last of them by this process",
            plain().version(failed()).status(tried(3)).process(follows(StepName::Publish)),
            NEVER_CREATED,
        ),
        row("another try is asked for", scene(&requested()).version(failed()).status(tried(3)), AGAIN),
        row(
            "creation failed after it had been complete",
            plain().version(failed()).status(steps(&[(StepName::Publish, 3, true)])),
            "Repair False/RegionFailed Published=RegionFailed Retry",
        ),
        row(
            "this process has just asked again",
            plain().version(failed()).process(executed(StepName::Publish, 59)),
            "- False/PublishFailed Published=PublishFailed Poll",
        ),
        row(
            "this process asked again a while ago",
            plain().version(failed()).process(executed(StepName::Publish, 61)),
            AGAIN,
        ),
    ]
}

/// A creation that failed, and what is known of its operation.
fn failed_creation() -> Vec<Row> {
    let failed = || version(&[HOME]).says(HOME, RegionReplication::Failed, "").provisioned(Provisioning::Failed);
    let tried = |attempts| steps(&[(StepName::Publish, attempts, false)]);
    vec![
        row(
            "creation failed for what passes, says its operation",
            ended_with("DiskCopyFailed", "It did not finish.", plain().version(failed()).status(tried(1))),
            AGAIN,
        ),
        row(
            "creation failed just now, says its operation",
            ended_with("DiskCopyFailed", "It did not finish.", plain().version(failed()).status(tried(1)))
                .process(carried_out_now(StepName::Publish)),
            AGAIN,
        ),
        row(
            "creation failed for what no repetition cures, says its operation",
            ended_with("InvalidParameter", "It is too large.", plain().version(failed()).status(tried(1))),
            NEVER_CREATED,
        ),
        row(
            "creation failed for what no repetition cures, says the status to another process",
            plain().version(failed()).status(recorded_failure(
                StepName::Publish,
                "InvalidParameter",
                "It is too large.",
            )),
            NEVER_CREATED,
        ),
        row(
            "it is asked for once more all the same",
            scene(&requested()).version(failed()).status(recorded_failure(
                StepName::Publish,
                "InvalidParameter",
                "It is too large.",
            )),
            AGAIN,
        ),
        row(
            "creation failed, and its operation can't be read",
            plain()
                .version(failed())
                .status(tried(1))
                .process(follows(StepName::Publish))
                .observed(|observed| observed.operation = Told::Failed(Failure::Unavailable("no answer".into()))),
            AGAIN,
        ),
        row(
            "creation failed, and its operation has to be read later",
            plain()
                .version(failed())
                .status(tried(1))
                .process(follows(StepName::Publish))
                .observed(|observed| observed.operation = Told::Failed(Failure::Throttled)),
            "- False/Throttled - Throttled",
        ),
    ]
}

fn replication() -> Vec<Row> {
    let two = || version(&[HOME, OTHER]);
    let says = |state| two().says(OTHER, state, "");
    vec![
        row("both regions are complete", wide().version(two()), DONE),
        row("a region copies", wide().version(says(RegionReplication::Replicating)), COPYING),
        row("Azure says nothing useful of a region", wide().version(says(RegionReplication::Unknown)), COPYING),
        row("being updated", wide().version(two().provisioned(Provisioning::Updating)), COPYING),
        row("being moved by the platform", wide().version(two().provisioned(Provisioning::Migrating)), COPYING),
        row(
            "in a state that nobody knows",
            wide().version(two().provisioned(Provisioning::Other("Levitating".into()))),
            COPYING,
        ),
        row(
            "Azure says of a region what nobody knows",
            wide().version(says(RegionReplication::Other("Levitating".into()))),
            COPYING,
        ),
        row(
            "being updated for a repair, long ago",
            wide().version(two().provisioned(Provisioning::Updating)).status(ancient(StepName::Repair)),
            COPYING,
        ),
        row("a foreign region copies", plain().version(says(RegionReplication::Replicating)), DONE),
        row("a foreign region failed", plain().version(says(RegionReplication::Failed)), DONE),
        row("a target wants another region", wide().version(version(&[HOME])), UPDATE),
        row(
            "a target wants another region while Azure is busy",
            wide().version(version(&[HOME]).provisioned(Provisioning::Updating)),
            COPYING,
        ),
        row(
            "a target wants another region, and that was just asked for",
            wide().version(version(&[HOME])).process(executed(StepName::Update, 59)),
            COPYING,
        ),
        row(
            "a target goes and says Delete",
            plain().targets(&[going("t", OTHER, "Delete")]).version(two()).status(asked_for(&["t"])),
            UPDATE,
        ),
        row(
            "a target goes and says Retain",
            plain().targets(&[going("t", OTHER, "Retain")]).version(two()).status(asked_for(&["t"])),
            DONE,
        ),
        row("a target went without a word", plain().version(two()).status(asked_for(&["t"])), DONE),
        row(
            "a target goes and says Delete, but nobody knows that it asked",
            plain().targets(&[going("t", OTHER, "Delete")]).version(two()),
            DONE,
        ),
    ]
}

fn differences() -> Vec<Row> {
    let made = |change: &dyn Fn(&mut facts::Version)| plain().version(changed(change));
    vec![
        row("in latest", made(&|version| version.exclude_from_latest = false), UPDATE),
        row(
            "latest in a foreign region by its own flag",
            made(&|version| {
                version
                    .targets
                    .push(facts::TargetRegion { exclude_from_latest: Some(false), ..target_region("uksouth") });
            }),
            UPDATE,
        ),
        row(
            "a foreign region has no flag of its own",
            made(&|version| {
                version.targets.push(facts::TargetRegion { exclude_from_latest: None, ..target_region("uksouth") });
            }),
            DONE,
        ),
        row("in latest in one region", made(&|version| version.targets[0].exclude_from_latest = Some(false)), UPDATE),
        row("regions can't be removed", made(&|version| version.allow_deletion_of_regions = Some(false)), DONE),
        row(
            "Azure doesn't say whether regions can be removed",
            made(&|version| version.allow_deletion_of_regions = None),
            DONE,
        ),
        row("other default replicas", made(&|version| version.default_replicas = 2), UPDATE),
        row("other replicas", made(&|version| version.targets[0].replicas = Some(2)), UPDATE),
        row("replicas by default", made(&|version| version.targets[0].replicas = None), DONE),
        row("storage by default", made(&|version| version.targets[0].storage_account_type = None), DONE),
        row("a tag of somebody else's", made(&|version| version.tags.extend(tags(&[("cost", "1")]))), DONE),
        row("a tag is missing", published(&json!({"tags": {"cost": "42"}})).version(version(&[HOME])), UPDATE),
        row(
            "a tag has another value",
            published(&json!({"tags": {"cost": "42"}}))
                .version(changed(|version| version.tags.extend(tags(&[("cost", "1")])))),
            UPDATE,
        ),
        row(
            "a tag's name is spelled otherwise",
            published(&json!({"tags": {"cost": "42"}}))
                .version(changed(|version| version.tags.extend(tags(&[("COST", "42")])))),
            DONE,
        ),
        row(
            "an end of life",
            published(&json!({"endOfLifeDate": "2027-01-01T00:00:00Z"})).version(version(&[HOME])),
            UPDATE,
        ),
        row(
            "the same end of life, with fractions",
            published(&json!({"endOfLifeDate": "2027-01-01T00:00:00.5Z"}))
                .version(changed(|version| version.end_of_life = Some("2027-01-01T00:00:00Z".parse().unwrap()))),
            DONE,
        ),
        row("no end of life any more", made(&|version| version.end_of_life = Some(now())), UPDATE),
        row(
            "deletion is to be blocked",
            published(&json!({"endOfLifeDate": "2027-01-01T00:00:00Z", "blockDeletionBeforeEndOfLife": true}))
                .version(changed(|version| version.end_of_life = Some("2027-01-01T00:00:00Z".parse().unwrap()))),
            UPDATE,
        ),
        row(
            "a target asks for other storage",
            plain()
                .targets(&[target("t", HOME, &json!({"spec": {"storageAccountType": "Premium_LRS"}}))])
                .version(version(&[HOME])),
            DONE,
        ),
        row(
            "a target asks for more replicas at home",
            plain().targets(&[target("t", HOME, &json!({"spec": {"replicas": 5}}))]).version(version(&[HOME])),
            UPDATE,
        ),
        row(
            "in latest, and a region failed",
            wide().version(facts::Version {
                exclude_from_latest: false,
                ..version(&[HOME, OTHER]).says(OTHER, RegionReplication::Failed, "")
            }),
            UPDATE,
        ),
    ]
}

fn unheeded() -> Vec<Row> {
    let refused = |replicas: i32| {
        let refusal = json!({"target": "t", "region": OTHER, "replicas": replicas, "message": "it is closed"});
        serde_json::from_value(json!({"observedGeneration": GENERATION, "resourceId": "x", "refusals": [refusal]}))
            .unwrap()
    };
    let undone = |what: &str| {
        let stalled = json!({
            "type": "Stalled", "status": "True", "reason": "ChangeReverted", "lastTransitionTime": before(60),
            "message": format!("{what} (Azure has 1)"),
        });
        serde_json::from_value(json!({"observedGeneration": GENERATION, "resourceId": "x", "conditions": [stalled]}))
            .unwrap()
    };
    let tagged = || {
        published(&json!({"tags": {"cost": "42"}}))
            .version(changed(|version| version.tags.extend(tags(&[("cost", "1")]))))
    };
    vec![
        row("a target's region is refused", wide().version(version(&[HOME])).status(refused(1)), REFUSED),
        row("it was refused with other replicas", wide().version(version(&[HOME])).status(refused(2)), UPDATE),
        row("it is there all the same", wide().version(version(&[HOME, OTHER])).status(refused(1)), DONE),
        row("its target is gone", plain().version(version(&[HOME])).status(refused(1)), DONE),
        row(
            "it is refused, and somebody asks",
            scene(&requested()).targets(&wide().targets).version(version(&[HOME])).status(refused(1)),
            UPDATE,
        ),
        row("a change didn't last", tagged().status(undone("tag cost")), "- False/ChangeReverted - Resync"),
        row("another change didn't last", tagged().status(undone("tag team")), UPDATE),
    ]
}

fn repairs() -> Vec<Row> {
    let failing =
        |at: &str| version(&[HOME, OTHER]).says(at, RegionReplication::Failed, "Failed with internal server error");
    let tried = |attempts| steps(&[(StepName::Repair, attempts, false)]);
    vec![
        row("a region failed", wide().version(failing(OTHER)), REPAIR),
        row(
            "a region failed, and so says the version",
            wide().version(failing(OTHER).provisioned(Provisioning::Failed)),
            REPAIR,
        ),
        row("the home region failed", wide().version(failing(HOME)), REPAIR_HOME),
        row(
            "both regions failed",
            wide().version(failing(HOME).says(OTHER, RegionReplication::Failed, "")),
            REPAIR_HOME,
        ),
        row("a region failed, and one try was made", wide().version(failing(OTHER)).status(tried(1)), REPAIR),
        row(
            "a region failed, and this process is about to repair it for the third time",
            wide().version(failing(OTHER)).status(tried(3)).process(announces(StepName::Repair)),
            REPAIR,
        ),
        row("a region failed for good", wide().version(failing(OTHER)).status(tried(3)), GIVEN_UP),
        row(
            "a region failed for what no repetition cures",
            wide().version(failing(OTHER)).status(recorded_failure(
                StepName::Repair,
                "InvalidParameter",
                "It is too large.",
            )),
            GIVEN_UP,
        ),
        row(
            "an update failed for what no repetition cures, and no region did",
            plain().version(version(&[HOME]).provisioned(Provisioning::Failed)).status(recorded_failure(
                StepName::Update,
                "InvalidParameter",
                "It is wrong.",
            )),
            GIVEN_UP,
        ),
        row(
            "a region failed for good, and another try is asked for",
            scene(&requested()).targets(&wide().targets).version(failing(OTHER)).status(tried(3)),
            REPAIR,
        ),
        row(
            "a region failed anew, after repairs that helped",
            wide().version(failing(OTHER)).status(steps(&[(StepName::Repair, 4, true)])),
            REPAIR,
        ),
        row(
            "a repair was just asked for",
            wide().version(failing(OTHER)).process(executed(StepName::Repair, 10)),
            "- False/RegionFailed Replicated=RegionFailed Poll",
        ),
        row(
            "the version failed, and no region did",
            plain().version(version(&[HOME]).provisioned(Provisioning::Failed)),
            REPAIR,
        ),
        row(
            "the last write of the version was canceled, and no region failed",
            plain().version(version(&[HOME]).provisioned(Provisioning::Canceled)),
            REPAIR,
        ),
        row(
            "the version failed for good, and no region did",
            plain().version(version(&[HOME]).provisioned(Provisioning::Failed)).status(tried(3)),
            GIVEN_UP,
        ),
        row(
            "the version failed for good, and another try is asked for",
            scene(&requested()).version(version(&[HOME]).provisioned(Provisioning::Failed)).status(tried(3)),
            REPAIR,
        ),
        row(
            "the target of a failed region goes",
            plain().targets(&[going("t", OTHER, "Delete")]).version(failing(OTHER)).status(asked_for(&["t"])),
            UPDATE,
        ),
    ]
}

/// A status in which northeurope was asked for.
pub(super) fn asked_for(by: &[&str]) -> azimage_crds::ImageVersionStatus {
    let regions = json!([{"name": OTHER, "state": "Completed", "progress": 100, "requestedBy": by}]);
    let status = json!({"observedGeneration": GENERATION, "resourceId": "x", "conditions": [], "regions": regions});
    serde_json::from_value(status).unwrap()
}

/// A status in which a step was begun longer ago than it should take.
fn ancient(name: StepName) -> azimage_crds::ImageVersionStatus {
    azimage_crds::ImageVersionStatus { steps: vec![step(name, 1, false, 7 * 3600)], ..steps(&[]) }
}

pub(super) fn executed(name: StepName, seconds_ago: i64) -> Memory {
    carried_out(patient(), name, seconds_ago, true)
}

/// A process that is about to carry out the step that stands on record.
fn announces(name: StepName) -> Memory {
    patient().after(Event::Announces(name.into(), "correlation"), std::time::Duration::ZERO)
}

/// A process that carried out the step that stands on record, and knows where its operation is read.
pub(super) fn follows(name: StepName) -> Memory {
    let (step, at) = (name.into(), before(300));
    let event = Event::Accepted { step, id: "correlation", proven: true, followed: true, at };
    patient().after(event, std::time::Duration::ZERO)
}

/// The same, a moment ago.
fn carried_out_now(name: StepName) -> Memory {
    let (step, at) = (name.into(), before(5));
    let event = Event::Accepted { step, id: "correlation", proven: true, followed: true, at };
    patient().after(event, std::time::Duration::ZERO)
}

/// The operation of the creation failed with this code and text.
fn ended_with(code: &str, text: &str, scene: Scene) -> Scene {
    let failed = Operation::failed(code, text);
    scene.process(follows(StepName::Publish)).observed(|observed| observed.operation = Told::Found(failed))
}

/// A status that says why the last attempt at a step failed.
pub(super) fn recorded_failure(name: StepName, code: &str, text: &str) -> azimage_crds::ImageVersionStatus {
    let failure = azimage_crds::StepFailure { code: code.to_owned(), message: text.to_owned() };
    let record = azimage_crds::StepStatus { failure: Some(failure), ..step(name, 1, false, 60) };
    azimage_crds::ImageVersionStatus { steps: vec![record], ..steps(&[]) }
}

/// A process that carried out a step so long ago; `proven`: the answer was surely Azure's.
pub(super) fn carried_out(process: Memory, name: StepName, seconds_ago: i64, proven: bool) -> Memory {
    let event = Event::Accepted { step: name.into(), id: "x", proven, followed: false, at: before(seconds_ago) };
    process.after(event, std::time::Duration::ZERO)
}

#[test]
fn each_state_of_a_version_has_its_step_or_its_reason() {
    check(&rows());
}

#[test]
fn why_azure_failed_is_told_and_kept_until_another_attempt_is_accepted() {
    let failed = version(&[HOME]).says(HOME, RegionReplication::Failed, "").provisioned(Provisioning::Failed);
    let text = "The source resource size 2520 exceeds the max size 2048 supported.";
    let open = plain().version(failed.clone()).status(steps(&[(StepName::Publish, 1, false)]));
    let status = ended_with("DiskCopyFailed", text, open.clone()).next_status();
    let told = |status: &azimage_crds::ImageVersionStatus| {
        let published = message(status, azimage_crds::ConditionType::Published).to_owned();
        (published.contains(&format!("DiskCopyFailed: {}", text.trim_end_matches('.'))), published)
    };
    assert!(told(&status).0, "{}", told(&status).1);
    assert_eq!(status.steps[0].failure.as_ref().unwrap().code, "DiskCopyFailed");
    let another = plain().version(failed.clone()).status(status.clone());
    assert!(told(&another.next_status()).0, "another process says so, too");
    let mut announced = status.clone();
    record_intent(&mut announced, &StepName::Publish.into(), "b", now(), None);
    assert!(announced.steps[0].failure.is_some(), "nothing else is known before it is carried out");
    let begun = Report { begun: Some(StepName::Publish.into()), ..Report::default() };
    assert_eq!(next_status(&announced, &begun, GENERATION, None, now()).steps[0].failure, None);
    let creating = plain().version(failed.provisioned(Provisioning::Creating)).status(announced);
    assert_eq!(creating.next_status().steps[0].failure, None);
    let logged = facts::bounded("DiskCopyFailed", text);
    let by_another = open.clone().observed(|observed| observed.activity = Told::Found(Some(logged.clone())));
    assert!(told(&by_another.next_status()).0, "the activity log says so to another process");
    assert_eq!(by_another.next_status().steps[0].failure, Some(logged));
    let silent = open.next_status();
    let unknown = message(&silent, azimage_crds::ConditionType::Published);
    assert!(unknown.contains("this process doesn't know why"), "{unknown}");
}

#[test]
fn the_attempts_that_are_told_are_those_that_were_made() {
    let failed = version(&[HOME]).says(HOME, RegionReplication::Failed, "").provisioned(Provisioning::Failed);
    let status = plain().version(failed).status(steps(&[(StepName::Publish, 3, false)])).next_status();
    assert!(message(&status, azimage_crds::ConditionType::Published).contains("3 attempts failed"), "{status:?}");
    assert_eq!(status.steps[0].attempts, 3);
}

#[test]
fn what_takes_longer_than_it_should_is_told_and_waited_for() {
    let creating = plain().version(version(&[HOME]).provisioned(Provisioning::Creating));
    let told = |scene: &Scene| message(&scene.next_status(), azimage_crds::ConditionType::Ready).contains("longer");
    assert!(!told(&creating.clone().status(steps(&[(StepName::Publish, 1, false)]))));
    assert!(told(&creating.status(ancient(StepName::Publish))));
    let updating = wide().version(version(&[HOME, OTHER]).provisioned(Provisioning::Updating));
    assert!(told(&updating.status(ancient(StepName::Update))));
}

#[test]
fn a_version_that_was_once_seen_has_its_whole_capture_behind_it() {
    let open =
        [StepName::ClaimSource, StepName::Seal, StepName::MarkSealed, StepName::Deallocate, StepName::Generalize];
    let records: Vec<_> = open.into_iter().map(|name| (name, 1, false)).collect();
    let status = plain().version(version(&[HOME])).status(steps(&records)).next_status();
    assert!(status.steps.iter().all(|step| step.finished_at.is_some()), "{:?}", status.steps);
    assert!(status.resource_id.is_some());
}
