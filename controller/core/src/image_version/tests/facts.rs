//! What the status tells of a version that exists, beside how it stands.

use azimage_crds::{ConditionType, RegionState};
use serde_json::json;

use super::{
    super::*,
    fixtures::*,
    published::{OTHER, plain, wide},
    scene::*,
};

fn condition(status: &azimage_crds::ImageVersionStatus, kind: ConditionType) -> (String, String, String) {
    let found = status.conditions.iter().find(|condition| condition.type_ == kind.as_str()).unwrap();
    (found.status.clone(), found.reason.clone(), found.message.clone())
}

#[test]
fn size_and_place_of_a_version_are_told() {
    let status = plain().version(VersionObserved { size_gib: Some(127), ..version(&[HOME]) }).next_status();
    assert_eq!(status.size_gib, Some(127));
    assert_eq!(status.source.unwrap().location.as_deref(), Some(HOME));
}

#[test]
fn a_source_that_needs_no_step_says_so_and_a_machine_was_generalized() {
    let made_from = |source: &str| VersionObserved { source: Some(source.to_owned()), ..version(&[HOME]) };
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
fn an_unknown_state_is_named_and_a_known_one_says_what_is_waited_for() {
    let message = |provisioning| {
        let copying = version(&[HOME, OTHER]).says(OTHER, RegionReplication::Replicating, "");
        condition(&wide().version(copying.provisioned(provisioning)).next_status(), ConditionType::Replicated).2
    };
    assert_eq!(
        message(Provisioning::Other("Hibernating".to_owned())),
        "Azure says Hibernating of the gallery image version; waiting for another state"
    );
    assert_eq!(message(Provisioning::Updating), "Waiting for northeurope to complete");
}

#[test]
fn a_region_that_azure_says_nothing_of_is_pending_while_it_works_and_one_it_was_not_asked_for_is_pending_too() {
    let shown = |version: VersionObserved| {
        let status = wide().version(version).next_status();
        let other = status.regions.iter().find(|region| region.name == OTHER).unwrap();
        (other.state, other.progress, other.detail.clone())
    };
    let mut silent = version(&[HOME, OTHER]).provisioned(Provisioning::Updating);
    silent.replication.remove(&region(OTHER));
    assert_eq!(shown(silent), (RegionState::Pending, 0, None));
    let copied = RegionObserved { state: RegionReplication::Replicating, progress: 40, details: String::new() };
    let mut not_asked = version(&[HOME]);
    not_asked.replication.insert(region(OTHER), copied);
    assert_eq!(shown(not_asked), (RegionState::Pending, 0, None));
    let failed = |detail| version(&[HOME, OTHER]).says(OTHER, RegionReplication::Failed, detail);
    assert_eq!(shown(failed(" no capacity \n")).2.as_deref(), Some("no capacity"));
    assert_eq!(shown(failed(" \n")).2, None);
}
