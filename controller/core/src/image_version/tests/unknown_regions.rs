//! Regions that the gallery's subscription doesn't have: whoever asks for one is told at once, and Azure isn't asked for it.

use std::collections::BTreeSet;

use azimage_crds::RegionState;
use azimage_names::Region;
use serde_json::json;

use super::{super::*, fixtures::*, scene::*, told::*};
use crate::Failure;

const HOME: &str = "westeurope";
const NORTH: &str = "northeurope";
const TYPO: &str = "northeurop";
const DONE: &str = "- True/Succeeded - Resync";
const UPDATE: &str = "Update Unknown/Replicating Replicated=Replicating Poll";
const UNKNOWN: &str = "- False/RegionUnknown Replicated=RegionUnknown Resync";

fn regions(names: &[&str]) -> Told<BTreeSet<Region>> {
    Told::Found(names.iter().map(|name| region(name)).collect())
}

/// A version that is complete in these regions, and one target for each of others, with what Azure tells of the subscription.
fn asked(there: &[&str], asked: &[&str], told: Told<BTreeSet<Region>>) -> Scene {
    let targets: Vec<_> = asked.iter().map(|name| target(&format!("to-{name}"), name, &json!({}))).collect();
    scene(&json!({})).version(version(there)).targets(&targets).observed(|observed| observed.regions = told)
}

/// The same, of which the status says already that the last one isn't there.
fn told_before(unknown: bool, told: Told<BTreeSet<Region>>) -> Scene {
    let refusal = json!({"region": TYPO, "replicas": 1, "message": "there is none", "unknown": unknown});
    let status = json!({"observedGeneration": GENERATION, "resourceId": "x", "refusals": [refusal]});
    asked(&[HOME], &[TYPO], told).status(serde_json::from_value(status).unwrap())
}

pub(super) fn rows() -> Vec<Row> {
    let known = || regions(&[HOME, NORTH, "eastus2"]);
    let denied = || Told::Failed(Failure::Denied { action: "a".into(), scope: "s".into() });
    let busy = || Told::Failed(Failure::Throttled);
    vec![
        row("one that is there", asked(&[HOME], &[NORTH], known()), UPDATE),
        row("one that isn't", asked(&[HOME], &[TYPO], known()), UNKNOWN),
        row("one that isn't, beside one that is", asked(&[HOME], &[TYPO, NORTH], known()), UPDATE),
        row("the latter is complete", asked(&[HOME, NORTH], &[TYPO, NORTH], known()), UNKNOWN),
        row("the version has it", asked(&[HOME, TYPO], &[TYPO], known()), DONE),
        row("nobody may read the list", asked(&[HOME], &[TYPO], denied()), UPDATE),
        row("Azure has no such list", asked(&[HOME], &[TYPO], Told::Missing(Absent::Resource)), UPDATE),
        row("Azure asks for a pause", asked(&[HOME], &[TYPO], busy()), UPDATE),
        row("the list isn't the whole one", asked(&[HOME], &[TYPO], regions(&[NORTH])), UPDATE),
        row("the list is empty", asked(&[HOME], &[TYPO], regions(&[])), UPDATE),
        row("it was told before", told_before(true, known()), UNKNOWN),
        row("it was told before, and the list isn't there yet", told_before(true, busy()), UNKNOWN),
        row("it was told before, and is there now", told_before(true, regions(&[HOME, TYPO])), UPDATE),
        row("Azure refused it before", told_before(false, known()), UNKNOWN),
    ]
}

#[test]
fn what_is_not_there_is_never_asked_for() {
    check(&rows());
}

#[test]
fn who_asks_for_it_is_told_by_the_status_and_the_others_go_on() {
    let scene = asked(&[HOME], &[TYPO, NORTH], regions(&[HOME, NORTH]));
    let plan = scene.plan();
    let Some(Step { request: Request::PutVersion(request), .. }) = plan.step else { panic!("{plan:?}") };
    let names: Vec<&str> = request.targets.iter().map(|target| target.region.as_str()).collect();
    assert_eq!(names, [HOME, NORTH]);
    let status = scene.next_status();
    let [refusal] = status.refusals.as_slice() else { panic!("{status:?}") };
    assert_eq!((refusal.region.as_str(), refusal.unknown), (TYPO, true));
    assert!(refusal.message.contains("is northeurope meant?"), "{}", refusal.message);
    let shown = status.regions.iter().find(|region| region.name == TYPO).unwrap();
    assert_eq!((shown.state, shown.requested_by.as_slice()), (RegionState::Refused, &["to-northeurop".to_owned()][..]));
}

#[test]
fn it_is_told_while_the_version_is_still_to_be_made() {
    let begun = scene(&json!({}))
        .targets(&[target("t", TYPO, &json!({}))])
        .observed(|observed| observed.regions = regions(&[HOME, NORTH]));
    let source = azimage_crds::SourceStatus { location: Some(HOME.into()), ..Default::default() };
    let status = azimage_crds::ImageVersionStatus { source: Some(source), ..begun.status.clone() };
    let scene = begun.clone().status(status);
    assert_eq!(scene.plan().step.map(|step| step.name), Some(StepName::ClaimSource), "nothing waits for it");
    assert!(scene.next_status().refusals.iter().any(|refusal| refusal.unknown && refusal.region == TYPO));
    let unread = scene.observed(|observed| observed.regions = Told::Failed(Failure::Throttled));
    assert_eq!(unread.plan().step.map(|step| step.name), Some(StepName::ClaimSource));
    assert_eq!(unread.next_status().refusals, []);
}

#[test]
fn the_list_is_read_only_where_somebody_asks_for_a_new_region() {
    let reads = |there: &[&str], asked_for: &[&str]| {
        let (_, facts) = asked(there, asked_for, regions(&[HOME])).pass();
        facts.regions.get(version_id().definition().gallery().subscription()).is_some()
    };
    assert!(reads(&[HOME], &[NORTH]));
    assert!(!reads(&[HOME, NORTH], &[NORTH]));
    assert!(!reads(&[HOME], &[]));
}
