//! What the status tells of a version that exists, beside how it stands.

use azimage_crds::{ConditionType, ImageVersionStatus, RegionState};
use serde_json::json;

use super::{
    super::*,
    fixtures::*,
    published::{OTHER, plain, wide},
    scene::*,
};

fn condition(status: &ImageVersionStatus, kind: ConditionType) -> (String, String, String) {
    let found = status.conditions.iter().find(|condition| condition.type_ == kind.as_str()).unwrap();
    (found.status.clone(), found.reason.clone(), found.message.clone())
}

#[test]
fn size_and_place_of_a_version_are_told() {
    let status = plain().version(facts::Version { size_gib: Some(127), ..version(&[HOME]) }).next_status();
    assert_eq!(status.size_gib, Some(127));
    assert_eq!(status.source.unwrap().location.as_deref(), Some(HOME));
}

#[test]
fn a_source_that_needs_no_step_says_so_and_a_machine_was_generalized() {
    let made_from = |source: &str| facts::Version { source: Some(source.to_owned()), ..version(&[HOME]) };
    let copied = scene(&from_image_version()).version(made_from(SOURCE_VERSION)).next_status();
    let captured = plain().version(version(&[HOME])).next_status();
    for kind in [ConditionType::GuestPrepared, ConditionType::Generalized] {
        assert_eq!(condition(&copied, kind).1, "NotNeeded", "{kind:?}");
        assert_eq!(condition(&captured, kind).1, "Succeeded", "{kind:?}");
    }
}

#[test]
fn what_was_seen_when_the_version_was_made_stays_unless_it_is_false_or_unknown() {
    for (truth, reason, stays) in
        [("True", "Succeeded", true), ("False", "SourceBusy", false), ("True", "OfALaterRelease", false)]
    {
        let status = serde_json::from_value(json!({
            "observedGeneration": GENERATION,
            "conditions": [{
                "type": "SourceReady", "status": truth, "reason": reason, "message": "As it was",
                "observedGeneration": GENERATION, "lastTransitionTime": "2026-05-01T00:00:00Z",
            }],
        }));
        let status = plain().status(status.unwrap()).version(version(&[HOME])).next_status();
        let expected = if stays { "As it was" } else { "The version was made from it" };
        assert_eq!(condition(&status, ConditionType::SourceReady).2, expected, "{truth} {reason}");
    }
}

#[test]
fn messages_say_what_is_waited_for_and_what_is_there() {
    let with = |regions: &[&str]| wide().version(version(regions));
    let copying = || version(&[HOME, OTHER]).says(OTHER, RegionReplication::Replicating, "");
    let updating = |version: facts::Version| version.provisioned(Provisioning::Updating);
    let given_up = |region: &str| {
        let status = json!({"conditions": [], "regions": [{"name": region, "state": "Completed", "progress": 100, "requestedBy": ["g"]}]});
        wide()
            .targets(&[target("t", OTHER, &json!({})), going("g", region, "Delete")])
            .status(serde_json::from_value(status).unwrap())
    };
    let late = |seconds| ImageVersionStatus {
        steps: vec![step(StepName::Update, 1, false, seconds)],
        ..ImageVersionStatus::default()
    };
    let failed =
        |detail| version(&[HOME]).provisioned(Provisioning::Failed).says(HOME, RegionReplication::Failed, detail);
    let (published, replicated) = (ConditionType::Published, ConditionType::Replicated);
    let cases = vec![
        (plain().version(version(&[HOME])), replicated, "The region is complete"),
        (with(&[HOME, OTHER]), replicated, "All 2 regions are complete"),
        (wide().version(updating(copying())), replicated, "Waiting for northeurope to complete"),
        (wide().version(updating(version(&[HOME, OTHER]))), replicated, "Azure is updating the gallery image version"),
        (
            wide().version(copying().provisioned(Provisioning::Other("Hibernating".to_owned()))),
            replicated,
            "Azure says Hibernating of the gallery image version; waiting for another state",
        ),
        (
            given_up("uksouth")
                .targets(&[target("t", OTHER, &json!({})), target("u", "uksouth", &json!({}))])
                .version(updating(copying())),
            replicated,
            "Waiting for northeurope, uksouth to complete. Azure isn't asked for another change of the version meanwhile; next: add \
             region uksouth",
        ),
        (
            given_up("uksouth").version(updating(version(&[HOME, OTHER, "uksouth"]))),
            replicated,
            "Waiting for Azure to remove uksouth",
        ),
        (
            given_up("uksouth").version({
                let version = version(&[HOME, OTHER, "uksouth"]);
                updating(version.says(OTHER, RegionReplication::Replicating, ""))
            }),
            replicated,
            "Waiting for northeurope to complete and for Azure to remove uksouth",
        ),
        (wide().version(updating(copying())).status(late(6 * 3600)), replicated, "Waiting for northeurope to complete"),
        (
            wide().version(updating(copying())).status(late(6 * 3600 + 1)),
            replicated,
            "Waiting for northeurope to complete; it takes longer than expected, and is waited for",
        ),
        (
            plain().version(failed("out of disks")),
            published,
            "Azure failed to create the gallery image version: out of disks; trying again",
        ),
        (
            plain().version(failed("")),
            published,
            "Azure failed to create the gallery image version, and this process doesn't know why: Azure's activity log \
             tells it, under the id in status.steps; trying again",
        ),
    ];
    for (scene, kind, expected) in cases {
        assert_eq!(condition(&scene.next_status(), kind).2, expected);
    }
}

#[test]
fn a_region_that_azure_says_nothing_of_is_pending_while_it_works_and_one_it_was_not_asked_for_is_pending_too() {
    let shown = |version: facts::Version| {
        let status = wide().version(version).next_status();
        let other = status.regions.iter().find(|region| region.name == OTHER).unwrap();
        (other.state, other.progress, other.detail.clone())
    };
    let mut silent = version(&[HOME, OTHER]).provisioned(Provisioning::Updating);
    silent.replication.remove(&region(OTHER));
    assert_eq!(shown(silent), (RegionState::Pending, 0, None));
    let copied = facts::RegionCopy { state: RegionReplication::Replicating, progress: 40, details: String::new() };
    let mut not_asked = version(&[HOME]);
    not_asked.replication.insert(region(OTHER), copied);
    assert_eq!(shown(not_asked), (RegionState::Pending, 0, None));
    let failed = |detail| version(&[HOME, OTHER]).says(OTHER, RegionReplication::Failed, detail);
    assert_eq!(shown(failed(" no capacity \n")).2.as_deref(), Some("no capacity"));
    assert_eq!(shown(failed(" \n")).2, None);
}
