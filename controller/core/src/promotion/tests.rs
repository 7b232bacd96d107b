//! Which version is chosen, and what its flags come to.

use std::{collections::BTreeMap, time::Duration};

use azimage_crds::{
    EmptyRegions, HistoryAction, ImageDefinition, ImageVersion, ImageVersionStatus, LineState, PromotionPolicy,
    RegionLatest, ReplicationTarget,
};
use azimage_names::{ImageDefinitionId, Region, VersionNumber};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::Truth;

const GALLERY: &str = "00000000-0000-0000-0000-000000000001";
pub(super) const HOME: &str = "westeurope";
pub(super) const OTHER: &str = "northeurope";

pub(super) fn at(hour: i64) -> Timestamp {
    Timestamp::from_second(1_780_000_000 + 3600 * hour).unwrap()
}

pub(super) fn number(text: &str) -> VersionNumber {
    VersionNumber::parse(text).unwrap()
}

pub(super) fn region(name: &str) -> Region {
    Region::parse(name).unwrap()
}

pub(super) fn id() -> ImageDefinitionId {
    let id =
        format!("/subscriptions/{GALLERY}/resourceGroups/images/providers/Microsoft.Compute/galleries/corp/images/web");
    ImageDefinitionId::parse(&id).unwrap()
}

pub(super) fn merge(object: &mut Value, change: &Value) {
    match (object, change) {
        (Value::Object(object), Value::Object(change)) => {
            for (key, value) in change {
                merge(object.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (object, change) => *object = change.clone(),
    }
}

/// A version with this outcome of its validation, ended at hour 0, and these regions: complete, with latest there.
pub(super) fn version(text: &str, outcome: &str, regions: &[(&str, Option<&str>)], change: &Value) -> ImageVersion {
    let regions: Vec<_> = regions
        .iter()
        .map(|(name, latest)| match latest {
            Some("absent") => json!({"name": name, "state": "Replicating"}),
            latest => json!({"name": name, "state": "Completed", "latest": latest, "requestedBy": ["home"]}),
        })
        .collect();
    let validation = (outcome != "none")
        .then(|| json!({"outcome": outcome, "region": HOME, "startedAt": at(-1), "finishedAt": at(0), "attempts": 1}));
    let mut object = json!({
        "apiVersion": "azimage.dev/v1alpha1", "kind": "ImageVersion",
        "metadata": {"name": format!("web-{text}"), "namespace": "images", "uid": text, "generation": 1},
        "spec": {
            "gallery": {"subscriptionId": GALLERY, "resourceGroup": "images", "name": "corp"},
            "definition": "web", "version": text, "source": {},
        },
        "status": {
            "observedGeneration": 1, "resourceId": "x", "conditions": [], "regions": regions, "validation": validation,
        },
    });
    merge(&mut object, change);
    serde_json::from_value(object).unwrap()
}

pub(super) fn definition(latest: &Value, change: &Value) -> ImageDefinition {
    let mut object = json!({
        "apiVersion": "azimage.dev/v1alpha1", "kind": "ImageDefinition",
        "metadata": {"name": "web", "namespace": "images", "uid": "d", "generation": 1},
        "spec": {
            "gallery": {"subscriptionId": GALLERY, "resourceGroup": "images", "name": "corp"},
            "management": "Observe", "latest": latest,
        },
    });
    merge(&mut object, change);
    serde_json::from_value(object).unwrap()
}

pub(super) fn line(versions: &[ImageVersion]) -> Vec<Candidate> {
    versions.iter().filter_map(|it| Candidate::of(it, &[])).collect()
}

pub(super) fn newest(hours: u64) -> Rule {
    Rule::Newest { soak: Duration::from_secs(3600 * hours), empty: EmptyRegions::Keep }
}

pub(super) fn pinned(text: &str, empty: EmptyRegions) -> Rule {
    Rule::Pinned { number: number(text), empty }
}

#[test]
fn the_newest_that_passed_and_soaked_is_chosen_or_the_one_that_is_pinned() {
    let none = json!({});
    let old = || version("1.9.0", "Passed", &[(HOME, Some("Included"))], &none);
    let new = |outcome: &str| version("1.10.0", outcome, &[(HOME, None)], &none);
    let changed = |change: Value| version("1.10.0", "Passed", &[(HOME, None)], &change);
    let lost = json!({"status": {"observedGeneration": null, "resourceId": null, "regions": [], "validation": null}});
    let is = |text: &str| Choice::Version(number(text));
    let pin = |problem| Choice::AsItIs(Why::Pinned(number("1.10.0"), problem));
    let to_new = || pinned("1.10.0", EmptyRegions::Keep);
    let rows: Vec<(&str, Rule, Vec<ImageVersion>, i64, Choice)> = vec![
        ("the newest passed", newest(0), vec![old(), new("Passed")], 0, is("1.10.0")),
        ("the newest failed", newest(0), vec![old(), new("Failed")], 0, is("1.9.0")),
        ("the newest is being validated", newest(0), vec![old(), new("Running")], 0, is("1.9.0")),
        ("the newest has no validation", newest(0), vec![old(), new("none")], 0, is("1.9.0")),
        ("the newest soaks", newest(24), vec![old(), new("Passed")], 23, is("1.9.0")),
        ("the newest has soaked", newest(24), vec![old(), new("Passed")], 24, is("1.10.0")),
        ("the clock jumped back, and what is latest stays", newest(24), vec![old()], -90, is("1.9.0")),
        ("the only one soaks", newest(24), vec![new("Passed")], 1, Choice::AsItIs(Why::AllSoak)),
        ("nothing passed", newest(0), vec![new("Failed")], 1, Choice::AsItIs(Why::NothingPassed)),
        ("there are none", newest(0), vec![], 1, Choice::AsItIs(Why::NothingPassed)),
        (
            "the newest never may be",
            newest(0),
            vec![old(), changed(json!({"spec": {"latest": "Never"}}))],
            1,
            is("1.9.0"),
        ),
        (
            "the newest is being deleted",
            newest(0),
            vec![old(), changed(json!({"metadata": {"deletionTimestamp": at(1)}}))],
            1,
            is("1.9.0"),
        ),
        (
            "the newest isn't its object's own",
            newest(0),
            vec![old(), changed(json!({"status": {"resourceId": null}}))],
            1,
            is("1.9.0"),
        ),
        ("what was latest lost its status", newest(0), vec![version("1.9.0", "none", &[], &lost)], 1, is("1.9.0")),
        ("the older one is pinned", pinned("1.9.0", EmptyRegions::Keep), vec![old(), new("Passed")], 1, is("1.9.0")),
        ("the pinned one needn't soak", to_new(), vec![old(), new("Passed")], -90, is("1.10.0")),
        ("the pinned one failed", to_new(), vec![old(), new("Failed")], 1, pin(PinProblem::Failed)),
        ("the pinned one isn't validated", to_new(), vec![old(), new("none")], 1, pin(PinProblem::NotValidated)),
        ("the pinned one has no object", to_new(), vec![old()], 1, pin(PinProblem::NoObject)),
        (
            "the pinned one is being deleted",
            to_new(),
            vec![changed(json!({"metadata": {"deletionTimestamp": at(1)}}))],
            1,
            pin(PinProblem::Going),
        ),
        (
            "the pinned one never may be",
            to_new(),
            vec![changed(json!({"spec": {"latest": "Never"}}))],
            1,
            pin(PinProblem::Never),
        ),
        (
            "the pinned one isn't its object's own",
            to_new(),
            vec![changed(json!({"status": {"resourceId": null}}))],
            1,
            pin(PinProblem::NotPublished),
        ),
        (
            "none is promoted",
            Rule::Nothing { empty: EmptyRegions::Keep },
            vec![old()],
            1,
            Choice::AsItIs(Why::PolicyNone),
        ),
        ("none is latest", Rule::Nothing { empty: EmptyRegions::Allow }, vec![old()], 1, Choice::Nothing),
        ("nobody says", Rule::default(), vec![old()], 1, Choice::AsItIs(Why::Unruled(Unruled::NoObject))),
    ];
    for (case, rule, versions, hour, expected) in rows {
        let current = Some(number("1.9.0"));
        assert_eq!(choose(&rule, &line(&versions), current, at(hour)), expected, "{case}");
    }
}

/// The flag of a version among others at home, as one word.
fn flag(rule: &Rule, own: &ImageVersion, others: &[ImageVersion], is_in: bool) -> String {
    let (own, others) = (Candidate::of(own, &[]).unwrap(), line(others));
    let mut all = others.clone();
    all.push(own.clone());
    let choice = choose(rule, &all, None, at(90));
    let is_in = if is_in { [region(HOME)].into() } else { [].into() };
    let order = Order::default();
    let flag = Flags { rule, choice: &choice, own: &own, others: &others, order, is_in: &is_in }.at(&region(HOME));
    assert!(!flag.include || own.passed.is_passed(), "what didn't pass is never included");
    let word = if flag.include { "in" } else { "out" };
    match (flag.state, flag.waits) {
        (_, Some(Waits::ForTheCopy)) => format!("{word}, waits for the copy"),
        (_, Some(Waits::ForANewerOne(newer))) => format!("{word}, waits for {newer}"),
        (_, Some(Waits::Barred)) => format!("{word}, barred"),
        (_, Some(Waits::ForTheProof)) => format!("{word}, waits for the proof"),
        (_, Some(Waits::ForAnEarlierWave)) => format!("{word}, waits for an earlier wave"),
        (Some(state), None) => format!("{word}, {state}"),
        (None, None) => word.to_owned(),
    }
}

/// What is the case, what the definition's object says, the version and the others, whether Azure includes it, and what its flag comes to.
type Row<'a> = (&'a str, Rule, ImageVersion, Vec<ImageVersion>, bool, &'a str);

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn a_version_is_included_where_it_is_chosen_complete_and_no_newer_one_is() {
    let none = json!({});
    let at_home = |text: &str, latest: Option<&str>| version(text, "Passed", &[(HOME, latest)], &none);
    let failed = |latest: Option<&str>| version("1.4.0", "Failed", &[(HOME, latest)], &none);
    let elsewhere = |text: &str| version(text, "Passed", &[(OTHER, None)], &none);
    let never =
        |latest: Option<&str>| version("1.4.0", "Passed", &[(HOME, latest)], &json!({"spec": {"latest": "Never"}}));
    let to_old = || pinned("1.3.0", EmptyRegions::Keep);
    let (included, kept, leaving) = (Some("Included"), Some("Kept"), Some("Leaving"));
    let rows: Vec<Row<'_>> = vec![
        ("it is chosen", newest(0), at_home("1.4.0", None), vec![], false, "in, Entering"),
        ("it is chosen and in", newest(0), at_home("1.4.0", included), vec![], true, "in, Included"),
        (
            "its copy isn't complete",
            newest(0),
            version("1.4.0", "Passed", &[(HOME, Some("absent"))], &none),
            vec![],
            false,
            "out, waits for the copy",
        ),
        ("it failed", newest(0), failed(None), vec![], false, "out"),
        ("it failed, and was latest", newest(0), failed(included), vec![], true, "out, Leaving"),
        (
            "it failed, and the region has no other",
            to_old(),
            failed(included),
            vec![elsewhere("1.3.0")],
            true,
            "out, Leaving",
        ),
        (
            "somebody included what isn't validated",
            newest(0),
            version("1.4.0", "none", &[(HOME, None)], &none),
            vec![],
            true,
            "out, Leaving",
        ),
        (
            "a newer one is chosen",
            newest(0),
            at_home("1.3.0", included),
            vec![at_home("1.4.0", None)],
            true,
            "in, Included",
        ),
        (
            "a newer one is chosen, and it never was in",
            newest(0),
            at_home("1.3.0", None),
            vec![at_home("1.4.0", None)],
            false,
            "out",
        ),
        (
            "a newer one is chosen, and somebody included this one",
            newest(0),
            at_home("1.3.0", None),
            vec![at_home("1.4.0", included)],
            true,
            "out, Leaving",
        ),
        (
            "an older one is pinned",
            to_old(),
            at_home("1.4.0", included),
            vec![at_home("1.3.0", included)],
            true,
            "out, Leaving",
        ),
        (
            "an older one is pinned, and is complete",
            to_old(),
            at_home("1.4.0", included),
            vec![at_home("1.3.0", None)],
            true,
            "out, Leaving",
        ),
        (
            "an older one is pinned, and isn't there",
            to_old(),
            at_home("1.4.0", included),
            vec![elsewhere("1.3.0")],
            true,
            "in, Kept",
        ),
        (
            "it isn't there, and the region may be empty",
            pinned("1.3.0", EmptyRegions::Allow),
            at_home("1.4.0", included),
            vec![elsewhere("1.3.0")],
            true,
            "out, Leaving",
        ),
        (
            "it isn't there, and a still older one is in",
            to_old(),
            at_home("1.4.0", included),
            vec![elsewhere("1.3.0"), at_home("1.2.0", included)],
            true,
            "out, Leaving",
        ),
        ("it is there now", to_old(), at_home("1.4.0", kept), vec![at_home("1.3.0", None)], true, "out, Leaving"),
        (
            "somebody includes it again",
            to_old(),
            at_home("1.4.0", None),
            vec![elsewhere("1.3.0")],
            true,
            "out, Leaving",
        ),
        (
            "it is pinned, and a newer one is in",
            to_old(),
            at_home("1.3.0", None),
            vec![at_home("1.4.0", included)],
            false,
            "out, waits for 1.4.0",
        ),
        (
            "it is pinned, and a newer one leaves",
            to_old(),
            at_home("1.3.0", None),
            vec![at_home("1.4.0", leaving)],
            false,
            "out, waits for 1.4.0",
        ),
        (
            "it is pinned, and a newer one is out",
            to_old(),
            at_home("1.3.0", None),
            vec![at_home("1.4.0", None)],
            false,
            "in, Entering",
        ),
        (
            "a newer one is in that nobody works on",
            to_old(),
            at_home("1.3.0", None),
            vec![version("1.4.0", "Passed", &[(HOME, included)], &json!({"spec": {"suspend": true}}))],
            false,
            "in, Entering",
        ),
        (
            "it never may be, and another one is in",
            newest(0),
            never(included),
            vec![at_home("1.3.0", included)],
            true,
            "out, Leaving",
        ),
        (
            "it never may be, and no other is there",
            newest(0),
            never(included),
            vec![elsewhere("1.3.0")],
            true,
            "in, Kept",
        ),
        ("nobody says, and it is in", Rule::default(), at_home("1.4.0", included), vec![], true, "in, Included"),
        (
            "nobody says, and somebody included it",
            Rule::default(),
            at_home("1.4.0", None),
            vec![],
            true,
            "out, Leaving",
        ),
        (
            "none is promoted, and it is in",
            Rule::Nothing { empty: EmptyRegions::Keep },
            at_home("1.4.0", included),
            vec![],
            true,
            "in, Included",
        ),
        (
            "none is to be latest",
            Rule::Nothing { empty: EmptyRegions::Allow },
            at_home("1.4.0", included),
            vec![],
            true,
            "out, Leaving",
        ),
    ];
    for (case, rule, own, others, is_in, expected) in rows {
        assert_eq!(flag(&rule, &own, &others, is_in), expected, "{case}");
    }
}

#[test]
fn a_target_that_selects_a_version_keeps_it_out_of_its_region() {
    let target = |change: Value| -> ReplicationTarget {
        let mut object = json!({
            "apiVersion": "azimage.dev/v1alpha1", "kind": "ReplicationTarget",
            "metadata": {"name": "t", "namespace": "images", "uid": "t"},
            "spec": {"region": "West Europe", "imageSelector": {}, "latest": "Excluded"},
        });
        merge(&mut object, &change);
        serde_json::from_value(object).unwrap()
    };
    let own = version("1.4.0", "Passed", &[(HOME, Some("Included"))], &json!({}));
    for (case, change, barred) in [
        ("it selects it", json!({}), true),
        ("it selects others", json!({"spec": {"imageSelector": {"matchLabels": {"a": "b"}}}}), false),
        ("it lets them be latest", json!({"spec": {"latest": "Allowed"}}), false),
        ("it goes", json!({"metadata": {"deletionTimestamp": at(0)}}), false),
        ("it is of another namespace", json!({"metadata": {"namespace": "other"}}), false),
        ("it is of another region", json!({"spec": {"region": "North Europe"}}), false),
    ] {
        let target = target(change);
        let own = Candidate::of(&own, &[&target]).unwrap();
        let (rule, choice) = (newest(0), Choice::Version(own.number));
        let (order, is_in) = (Order::default(), [region(HOME)].into());
        let flags = Flags { rule: &rule, choice: &choice, own: &own, others: &[], order, is_in: &is_in };
        let flag = flags.at(&region(HOME));
        assert_eq!((flag.include, flag.waits == Some(Waits::Barred)), (!barred, barred), "{case}");
    }
}

#[test]
fn a_status_that_was_lost_is_made_up_for_by_the_tag_and_no_failure_is() {
    let tag = |text: &str| BTreeMap::from([("Azimage-Validated".to_owned(), text.to_owned())]);
    let of = |outcome: &str| version("1.4.0", outcome, &[], &json!({})).status.unwrap();
    let lost = || ImageVersionStatus { resource_id: None, ..of("none") };
    let (then, none) = (at(-5), BTreeMap::new());
    for (case, outcome, is_ours, tags, expected) in [
        ("the status says so", "Passed", true, &none, Passed::At(at(0))),
        ("the status says so, and the tag another time", "Passed", true, &tag(&then.to_string()), Passed::At(at(0))),
        ("somebody set the tag, and it was never validated", "none", true, &tag(&then.to_string()), Passed::NotYet),
        ("somebody set the tag, and it is being validated", "Running", true, &tag(&then.to_string()), Passed::NotYet),
        ("nobody can tell", "Impossible", true, &tag(&then.to_string()), Passed::NotYet),
        ("it failed since", "Failed", true, &tag(&then.to_string()), Passed::Failed),
        ("nobody says so", "none", true, &none, Passed::NotYet),
        ("it is being validated", "Running", true, &none, Passed::NotYet),
    ] {
        assert_eq!(passed(&of(outcome), is_ours, tags), expected, "{case}");
    }
    assert_eq!(passed(&lost(), true, &tag(&then.to_string())), Passed::At(then), "only the tag says so");
    assert_eq!(passed(&lost(), false, &tag(&then.to_string())), Passed::NotYet, "the version is of another owner");
    assert_eq!(passed(&lost(), true, &tag("yes")), Passed::NotYet, "the tag says nothing");
}

pub(super) fn told(latest: &Value, change: &Value, versions: &[ImageVersion], hour: i64) -> Latest {
    let object = definition(latest, change);
    of_definition(&object, &id(), &versions.iter().collect::<Vec<_>>(), &[], true, at(hour))
}

#[test]
fn a_definition_tells_what_is_latest_and_what_becomes_of_the_others() {
    let none = json!({});
    let at_home = |text: &str, outcome: &str, latest: Option<&str>| version(text, outcome, &[(HOME, latest)], &none);
    let versions = [
        at_home("1.2.0", "Passed", Some("Included")),
        at_home("1.3.0", "Passed", Some("Included")),
        at_home("1.4.0", "Failed", None),
        at_home("1.5.0", "Running", None),
        at_home("1.6.0", "Passed", None),
    ];
    let latest = told(&json!({"policy": "Newest", "soak": "48h"}), &none, &versions, 24);
    let states: Vec<_> = latest.versions.iter().map(|it| (it.version.as_str(), it.state)).collect();
    assert_eq!(
        states,
        [
            ("1.6.0", LineState::Soaking),
            ("1.5.0", LineState::NotValidated),
            ("1.4.0", LineState::Failed),
            ("1.3.0", LineState::Latest),
            ("1.2.0", LineState::Superseded),
        ]
    );
    assert_eq!(latest.versions[0].soaks_until.as_ref().unwrap().0, at(48));
    let is = latest.latest.as_ref().unwrap();
    assert_eq!((is.version.as_str(), is.regions.as_slice()), ("1.3.0", &[HOME.to_owned()][..]));
    assert_eq!((latest.finding.truth, latest.finding.message.as_str()), (Truth::True, "1.3.0 is latest in westeurope"));
    assert_eq!(latest.stalled, None);
    let entry = &latest.history[0];
    assert_eq!(
        (entry.version.as_str(), entry.action, entry.policy),
        ("1.3.0", HistoryAction::Promoted, PromotionPolicy::Newest)
    );
}

#[test]
fn a_definition_keeps_the_history_of_what_was_latest() {
    let none = json!({});
    let at_home = |text: &str, latest: Option<&str>| version(text, "Passed", &[(HOME, latest)], &none);
    let was = |text: &str| {
        let reason = json!({"azimage.dev/reason": "it loses logs"});
        let latest = json!({"version": text, "resourceId": "x", "since": at(-9), "regions": [HOME]});
        json!({"metadata": {"annotations": reason}, "status": {"conditions": [], "latest": latest}})
    };
    let (newest, to_old) = (json!({"policy": "Newest"}), json!({"policy": "Pinned", "pinned": "1.3.0"}));
    let rows = [
        ("it is the same", &newest, "1.4.0", [Some("Included"), Some("Included")], Some("1.4.0"), None),
        (
            "another one is pinned and has to wait",
            &to_old,
            "1.4.0",
            [Some("Included"), Some("Leaving")],
            Some("1.4.0"),
            None,
        ),
        (
            "it is rolled back",
            &to_old,
            "1.4.0",
            [Some("Included"), None],
            Some("1.3.0"),
            Some(HistoryAction::RolledBack),
        ),
        (
            "it is promoted",
            &newest,
            "1.3.0",
            [Some("Included"), Some("Included")],
            Some("1.4.0"),
            Some(HistoryAction::Promoted),
        ),
        ("nothing is latest any more", &newest, "1.4.0", [None, None], None, Some(HistoryAction::Excluded)),
    ];
    for (case, policy, before, [old, new], is, action) in rows {
        let versions = [at_home("1.3.0", old), at_home("1.4.0", new)];
        let latest = told(policy, &was(before), &versions, 90);
        assert_eq!(latest.latest.as_ref().map(|latest| latest.version.as_str()), is, "{case}");
        assert_eq!(latest.history.first().map(|entry| entry.action), action, "{case}");
        let reason = latest.history.first().and_then(|entry| entry.reason.as_deref());
        assert_eq!(reason, action.map(|_| "it loses logs"), "{case}");
    }
}

/// What is the case, what the object says, the versions, the reason, whether a person has to act, and the message.
type Told<'a> = (&'a str, Value, Vec<ImageVersion>, &'a str, bool, &'a str);

#[test]
fn a_definition_says_why_what_is_wanted_is_not_so() {
    let none = json!({});
    let at_home = |text: &str, latest: Option<&str>| version(text, "Passed", &[(HOME, latest)], &none);
    let elsewhere = version("1.3.0", "Passed", &[(OTHER, None)], &none);
    let pin = |text: &str| json!({"policy": "Pinned", "pinned": text});
    let rows: Vec<Told<'_>> = vec![
        (
            "what is pinned has no object",
            pin("9.9.9"),
            vec![at_home("1.4.0", Some("Included"))],
            "PinnedUnusable",
            true,
            "spec.latest.pinned: 9.9.9 can't be latest: no ImageVersion of this namespace stands for it; 1.4.0 stays latest",
        ),
        (
            "a region has no other",
            pin("1.3.0"),
            vec![at_home("1.4.0", Some("Kept")), elsewhere],
            "RegionWouldBeEmpty",
            false,
            "1.4.0 stays latest in westeurope, where 1.3.0 isn't complete and no other version is latest; whether somebody follows \
             latest there isn't known. Replicate 1.3.0 to these regions, or set spec.latest.emptyRegions to Allow to have none latest there",
        ),
        (
            "nothing is promoted",
            json!({}),
            vec![at_home("1.4.0", None)],
            "NotNeeded",
            false,
            "spec.latest.policy is None, so no version is promoted; no version is latest",
        ),
        (
            "nothing has passed",
            json!({"policy": "Newest"}),
            vec![],
            "NotValidated",
            false,
            "No version has passed its validation that may be latest; no version is latest",
        ),
    ];
    for (case, policy, versions, reason, stalled, message) in rows {
        let latest = told(&policy, &none, &versions, 90);
        assert_eq!((latest.finding.reason.as_str(), latest.finding.message.as_str()), (reason, message), "{case}");
        assert_eq!(latest.stalled.is_some(), stalled, "{case}");
    }
}

#[test]
fn a_region_that_would_be_empty_is_told_with_whether_somebody_follows_latest_there() {
    let none = json!({});
    let versions = [
        version("1.4.0", "Passed", &[(HOME, Some("Kept"))], &none),
        version("1.3.0", "Passed", &[(OTHER, None)], &none),
    ];
    let follower = |region: &str| json!({"users": {"followers": [{"region": region, "scaleSets": 2}]}});
    let rows = [
        ("it was never asked", none.clone(), "; whether somebody follows latest there isn't known. "),
        ("nobody is seen", json!({"users": {}}), "; nobody is known to follow latest there (status.users). "),
        ("somebody elsewhere", follower(OTHER), "; nobody is known to follow latest there (status.users). "),
        (
            "somebody there",
            follower(HOME),
            "; in westeurope machines or scale sets follow latest, and would get no new machines ",
        ),
    ];
    for (case, status, words) in rows {
        let latest = told(&json!({"policy": "Pinned", "pinned": "1.3.0"}), &json!({"status": status}), &versions, 90);
        assert_eq!(latest.finding.reason.as_str(), "RegionWouldBeEmpty", "{case}");
        assert!(latest.finding.message.contains(words), "{case}: {}", latest.finding.message);
    }
}

#[test]
fn of_several_objects_the_one_counts_that_is_not_in_conflict() {
    let policy = json!({"policy": "Newest"});
    let object = |uid: &str, change: &Value| {
        let mut own = json!({"metadata": {"uid": uid, "creationTimestamp": at(0)}});
        merge(&mut own, change);
        definition(&policy, &own)
    };
    let conflict = json!({"status": {"conditions": [{
        "type": "Stalled", "status": "True", "reason": "Conflict", "message": "", "lastTransitionTime": at(0),
    }]}});
    let older = json!({"metadata": {"creationTimestamp": at(-9)}});
    let owner = json!({"status": {"conditions": [], "owned": true}});
    let goes = json!({"metadata": {"deletionTimestamp": at(0)}});
    let suspended = json!({"spec": {"suspend": true}});
    for (case, a, b, counts) in [
        ("one is in conflict", object("a", &conflict), object("b", &json!({})), Some("b")),
        ("one is older", object("a", &json!({})), object("b", &older), Some("b")),
        ("one owns it", object("a", &older), object("b", &owner), Some("b")),
        ("both go", object("a", &goes), object("b", &goes), None),
    ] {
        let (_, found) = Rule::of_namespace(&[&a, &b], &id());
        assert_eq!(found.and_then(|it| it.metadata.uid.as_deref()), counts, "{case}");
    }
    let object = object("a", &suspended);
    assert_eq!(Rule::of(&object), Rule::None { why: Unruled::Suspended });
}

#[test]
fn a_version_serves_the_regions_in_which_no_newer_one_is() {
    let none = json!({});
    let old = version("1.3.0", "Passed", &[(HOME, Some("Included")), (OTHER, Some("Included"))], &none);
    let new = version("1.4.0", "Passed", &[(HOME, Some("Included"))], &none);
    let line = line(&[old, new]);
    let names = |it: &Candidate| it.serves(&line).iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!((names(&line[0]), names(&line[1])), (vec![OTHER.to_owned()], vec![HOME.to_owned()]));
    assert_eq!(line[0].latest_at(&region(HOME)), Some(RegionLatest::Included));
}

#[test]
fn while_one_is_promoted_the_former_stays_latest_until_it_is_in() {
    let none = json!({});
    let is = json!({"latest": {"version": "1.3.0", "resourceId": "x", "since": at(1), "regions": [OTHER, HOME]}, "conditions": []});
    let object = definition(&json!({"policy": "Newest"}), &json!({"status": is}));
    let old = version("1.3.0", "Passed", &[(HOME, Some("Included")), (OTHER, Some("Included"))], &none);
    let told = |home: Option<&str>, other: Option<&str>, change: &Value| {
        let new = version("1.4.0", "Passed", &[(HOME, home), (OTHER, other)], change);
        of_definition(&object, &id(), &[&old, &new], &[], false, at(9))
    };
    let silent = json!({"status": {"observedGeneration": null}});
    for (case, home, other, change, version, regions) in [
        ("it is about to enter", Some("Entering"), Some("Entering"), &none, "1.3.0", ["1.3.0", "1.3.0"]),
        ("it is in one region", Some("Included"), Some("Entering"), &none, "1.4.0", ["1.3.0", "1.4.0"]),
        ("it is in both", Some("Included"), Some("Included"), &none, "1.4.0", ["1.4.0", "1.4.0"]),
        ("it says nothing yet", None, None, &silent, "1.3.0", ["1.3.0", "1.3.0"]),
    ] {
        let told = told(home, other, change);
        assert_eq!(told.latest.unwrap().version, version, "{case}");
        let shown: Vec<_> = told.regions.iter().map(|it| (it.name.as_str(), it.version.as_str())).collect();
        assert_eq!(shown, [(OTHER, regions[0]), (HOME, regions[1])], "{case}");
        assert_eq!(told.history.len(), usize::from(version == "1.4.0"), "{case}");
        assert_eq!(told.unsure, change == &silent, "{case}");
    }
}

fn generated() -> impl Strategy<Value = Vec<Candidate>> {
    let latest = prop_oneof![
        3 => Just(None),
        3 => Just(Some(RegionLatest::Included)),
        1 => Just(Some(RegionLatest::Kept)),
        1 => Just(Some(RegionLatest::Leaving)),
    ];
    let passed = prop_oneof![
        8 => Just(Passed::At(at(0))),
        2 => Just(Passed::NotYet),
        2 => Just(Passed::Failed),
        1 => Just(Passed::Overridden),
    ];
    let proof = prop_oneof![4 => Just(Proof::Given), 1 => Just(Proof::Missing), 1 => Just(Proof::Failed)];
    let here = (any::<bool>(), proof, latest).prop_map(|(complete, proof, latest)| candidate::At {
        complete: complete || latest.is_some(),
        proof,
        latest,
    });
    let waves = [0..3_i32, 0..3_i32];
    let one = (passed, proptest::bool::weighted(0.8), [here.clone(), here], proptest::bool::weighted(0.1), waves);
    proptest::collection::vec(one, 1..5).prop_map(|all| {
        type Of = (Passed, bool, [candidate::At; 2], bool, [i32; 2]);
        let of = |(patch, (passed, allowed, at, barred, waves)): (u32, Of)| {
            let both = || [HOME, OTHER].into_iter().map(region);
            Candidate {
                number: VersionNumber::new(1, 0, patch).unwrap(),
                name: patch.to_string(),
                passed,
                allowed,
                going: false,
                rests: false,
                published: true,
                silent: false,
                regions: both().zip(at).collect(),
                barred: if barred { [region(HOME)].into() } else { [].into() },
                waves: Waves(both().zip(waves).collect()),
            }
        };
        (0..).zip(all).map(of).collect()
    })
}

fn rules() -> impl Strategy<Value = Rule> {
    let empty = prop_oneof![Just(EmptyRegions::Keep), Just(EmptyRegions::Allow)];
    let soak = prop_oneof![Just(Duration::ZERO), Just(Duration::from_secs(360_000))];
    (0..4, empty, 0..5_u32, soak).prop_map(|(which, empty, patch, soak)| match which {
        0 => Rule::default(),
        1 => Rule::Nothing { empty },
        2 => Rule::Newest { soak, empty },
        _ => Rule::Pinned { number: VersionNumber::new(1, 0, patch).unwrap(), empty },
    })
}

fn orders() -> impl Strategy<Value = Order> {
    let last = proptest::option::of((0..5_u32, any::<bool>()));
    (any::<bool>(), last).prop_map(|(in_waves, last)| Order {
        in_waves,
        last: last.map(|(patch, back)| (VersionNumber::new(1, 0, patch).unwrap(), back)),
    })
}

/// What becomes of the regions when each version's reconcile writes its flags, all at once. The flags that were written.
fn round(rule: &Rule, order: Order, line: &mut [Candidate]) -> Vec<BTreeMap<Region, Flag>> {
    let before = line.to_vec();
    let choice = choose(rule, &before, None, at(90));
    let mut written = Vec::new();
    for (own, was) in line.iter_mut().zip(&before) {
        let others: Vec<Candidate> = before.iter().filter(|it| it.number != own.number).cloned().collect();
        let is_in = was.regions.iter().filter(|(_, at)| at.latest.is_some()).map(|(region, _)| region.clone());
        let is_in = is_in.collect();
        let flags = Flags { rule, choice: &choice, own: was, others: &others, order, is_in: &is_in };
        let all: BTreeMap<Region, Flag> = was.regions.keys().map(|at| (at.clone(), flags.at(at))).collect();
        for (region, here) in &mut own.regions {
            let flag = all[region];
            let entered = flag.state == Some(RegionLatest::Entering);
            let state = if entered { Some(RegionLatest::Included) } else { flag.state };
            here.latest = state.filter(|_| flag.include);
        }
        written.push(all);
    }
    written
}

proptest! {
    #[test]
    fn what_did_not_pass_is_never_included_and_no_region_loses_its_last_one_unless_it_may(
        rule in rules(), order in orders(), line in generated(),
    ) {
        let mut line = line;
        let is_good = |it: &Candidate, at: &Region| {
            it.passed.is_passed() && !it.barred.contains(at) && it.regions[at].proof != Proof::Failed
        };
        // A region that somebody here promoted a version in which may still be latest there.
        let was_served = |line: &[Candidate], at: &Region| {
            let ours = |it: &Candidate| matches!(it.latest_at(at), Some(RegionLatest::Included | RegionLatest::Kept));
            line.iter().any(|it| ours(it) && is_good(it, at))
        };
        let both = [HOME, OTHER].map(region);
        let served = both.clone().map(|at| was_served(&line, &at));
        for _ in 0..6 {
            let before = line.clone();
            let choice = choose(&rule, &before, None, at(90));
            let written = round(&rule, order, &mut line);
            for (it, flags) in before.iter().zip(&written) {
                for (at, flag) in flags.iter().filter(|(_, flag)| flag.include) {
                    prop_assert!(is_good(it, at), "{:?}", it);
                    let is_new = it.latest_at(at).is_none();
                    prop_assert!(!is_new || choice == Choice::Version(it.number), "{:?}", it);
                    prop_assert!(!is_new || it.regions[at].is_usable(), "{:?}", it);
                    let waits = order.waits_for(it, at, |other| it.latest_at(other).is_some());
                    prop_assert!(!is_new || waits.is_none(), "{:?}", flag);
                }
            }
        }
        for (at, was_served) in both.iter().zip(served) {
            let is_served = line.iter().any(|it| it.latest_at(at).is_some());
            prop_assert!(!rule.keeps_empty_regions() || !was_served || is_served, "{:?}", line);
        }
        let settled = line.clone();
        round(&rule, order, &mut line);
        prop_assert_eq!(settled, line, "it comes to rest");
    }
}
