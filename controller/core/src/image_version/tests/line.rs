//! From what the version was made: in its status, in its tags, and what is told of its ancestors.

use azimage_crds::{ConditionType, ImageReference, ImageVersionStatus, Provenance};
use serde_json::json;

use super::{super::*, fixtures::*, promotion::other_that, scene::*, told::*};

fn made_from() -> ImageReference {
    ImageReference {
        publisher: Some("Canonical".into()),
        offer: Some("ubuntu".into()),
        sku: Some("server".into()),
        version: Some("24.04.202610010".into()),
        id: None,
    }
}

/// The object of the source version, which came to this.
fn base(outcome: &str) -> azimage_crds::ImageVersion {
    let mut base = other_that("1.0.0", outcome, None);
    base.spec.definition = "base".into();
    base.metadata.uid = Some("u-base".into());
    let line = json!({"steps": 1, "ancestors": [{"kind": "MarketplaceImage", "id": "Canonical:ubuntu:server:24.04"}]});
    base.status.as_mut().unwrap().provenance = serde_json::from_value(line).unwrap();
    base
}

fn ids(line: Option<&Provenance>) -> Vec<&str> {
    line.into_iter().flat_map(|line| &line.ancestors).map(|it| it.id.as_str()).collect()
}

/// The tags of the request that makes the version.
fn creation(scene: &Scene) -> std::collections::BTreeMap<String, String> {
    match scene.plan().step {
        Some(Step { name: StepName::Publish, request: Request::PutVersion(request), .. }) => request.tags,
        step => panic!("{step:?}"),
    }
}

/// The condition of the ancestors, if it is there.
fn told(status: &ImageVersionStatus) -> String {
    let condition = status.conditions.iter().find(|it| it.type_ == ConditionType::AncestorsGood.as_str());
    condition.map_or_else(|| "-".to_owned(), |it| format!("{}/{}", it.status, it.reason))
}

#[test]
fn the_line_stands_in_the_status_before_anything_is_made_and_in_the_tags_of_the_version() {
    let sealed = facts::Machine {
        image: Some(made_from()),
        generalized: true,
        ..machine().claimed().marked().powered(Power::Deallocated)
    };
    let first = scene(&json!({})).machine(facts::Machine { image: Some(made_from()), ..machine() }).next_status();
    let line = first.provenance.clone();
    assert_eq!(ids(line.as_ref()), [MACHINE, "Canonical:ubuntu:server:24.04.202610010"]);
    assert_eq!(line.unwrap().ancestors[0].uid.as_deref(), Some("vm-1"));
    let tags = creation(&scene(&json!({})).machine(sealed).status(first));
    assert_eq!(tags["azimage-root"], "Canonical:ubuntu:server:24.04.202610010");
    assert_eq!(tags["azimage-made-from-1"], format!("{MACHINE} vm-1"));
    assert_eq!(tags["azimage-steps"], "1");
}

#[test]
fn a_version_of_a_version_carries_its_line_by_its_object_or_its_tags() {
    let by_object = scene(&from_image_version()).versions(&[base("Passed")]);
    let tags = creation(&by_object);
    assert_eq!(tags["azimage-made-from-1"], format!("{SOURCE_VERSION} u-base"));
    assert_eq!((tags["azimage-root"].as_str(), tags["azimage-steps"].as_str()), ("Canonical:ubuntu:server:24.04", "2"));
    let by_tags = scene(&from_image_version()).observed(|observed| {
        let mut source = source_version();
        for (name, value) in [("azimage-root", "Canonical:ubuntu:server:24.04"), ("azimage-steps", "1")] {
            source.tags.insert(name.into(), value.into());
        }
        source.tags.insert(azimage_crds::OWNER_TAG.into(), "c2/images/base/u-base".into());
        observed.source_version = Told::Found(source);
    });
    assert_eq!(creation(&by_tags), tags);
    assert_eq!((told(&by_object.next_status()), told(&by_tags.next_status())), ("True/Succeeded".into(), "-".into()));
}

#[test]
fn a_version_that_exists_keeps_its_line_and_never_writes_for_it() {
    let at_rest = || {
        scene(&from_image_version()).version(facts::Version { source: Some(SOURCE_VERSION.into()), ..version(&[HOME]) })
    };
    let status = scene(&from_image_version()).versions(&[base("Passed")]).next_status();
    let kept = at_rest().status(ImageVersionStatus { resource_id: Some("x".into()), ..status.clone() });
    let after = kept.next_status();
    assert_eq!(after.provenance, status.provenance, "its parent's object is gone");
    assert_eq!(kept.plan().step, None, "nothing is written to Azure");
    let mut tagged = version(&[HOME]);
    tagged.source = Some(SOURCE_VERSION.into());
    tagged.tags.extend(creation(&scene(&from_image_version()).versions(&[base("Passed")])));
    let lost = at_rest().version(tagged);
    let after = lost.next_status();
    assert_eq!(
        ids(after.provenance.as_ref()),
        ids(status.provenance.as_ref()),
        "the status was lost, and the tags tell it"
    );
    assert_eq!(lost.plan().step, None);
    let foreign = at_rest().version(facts::Version { tags: tags(&[("azimage-steps", "7")]), ..version(&[HOME]) });
    assert_eq!(foreign.next_status().provenance, None, "the version is somebody else's");
}

#[test]
fn a_version_says_that_an_ancestor_was_withdrawn_and_goes_on() {
    let made = |outcome: &str| {
        let status = scene(&from_image_version()).versions(&[base("Passed")]).next_status();
        let status = ImageVersionStatus { resource_id: Some("x".into()), ..status };
        let version = facts::Version { source: Some(SOURCE_VERSION.into()), ..version(&[HOME]) };
        scene(&from_image_version()).version(version).status(status).versions(&[base(outcome)])
    };
    let (good, bad) = (made("Passed"), made("Failed"));
    assert_eq!(told(&good.next_status()), "True/Succeeded");
    let status = bad.next_status();
    assert_eq!(told(&status), "False/AncestorWithdrawn");
    assert!(
        message(&status, ConditionType::AncestorsGood).contains("base/versions/1.0.0, which failed its validation")
    );
    assert_eq!((good.outcome(), bad.outcome()), (bad.outcome(), good.outcome()), "nothing else differs");
    let orphaned = Scene { status: status.clone(), versions: Vec::new(), ..bad };
    assert_eq!(told(&orphaned.next_status()), "False/AncestorWithdrawn", "what was told stays told");
    let mended = Scene { status, ..good };
    assert_eq!(told(&mended.next_status()), "True/Succeeded");
}
