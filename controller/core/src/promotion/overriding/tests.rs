//! A version that didn't pass is latest by an override alone, and that stands in the history for ever.

use azimage_crds::{HistoryAction, ImageDefinition, ImageVersion, LATEST_CHANGED_BY};
use serde_json::{Value, json};

use super::{
    super::{
        Choice, Latest, PinProblem, Promotion, Rule, Why, choose, concern_of_definition,
        tests::{HOME, at, definition, number, told, version},
    },
    *,
};

const WHY: &str = "CVE-2026-1, validated by hand";

fn bad(outcome: &str, latest: Option<&str>) -> ImageVersion {
    version("1.4.0", outcome, &[(HOME, latest)], &json!({}))
}

fn good() -> ImageVersion {
    version("1.3.0", "Passed", &[(HOME, Some("Included"))], &json!({}))
}

fn overrides() -> Value {
    json!({"policy": "Pinned", "pinned": "1.4.0", "override": {"version": "1.4.0", "reason": WHY}})
}

/// The status of an object in which the override stands.
fn recorded() -> Value {
    let told = json!({"version": "1.4.0", "reason": WHY, "since": at(0)});
    json!({"status": {"conditions": [], "override": told}})
}

fn entries(latest: &Latest) -> Vec<String> {
    let of = |entry: &HistoryEntry| format!("{} {}", entry.action, entry.version);
    latest.history.iter().map(of).collect()
}

#[test]
fn a_version_that_did_not_pass_may_be_pinned_by_an_override_that_stands_in_the_history() {
    let (pin, word) = (json!({"policy": "Pinned", "pinned": "1.4.0"}), overrides());
    let suspended = json!({"spec": {"suspend": true}});
    let elsewhere =
        json!({"status": {"conditions": [], "override": {"version": "1.4.0", "reason": "x", "since": at(0)}}});
    let (chosen, kept) = (Choice::Version(number("1.4.0")), |why| Choice::AsItIs(Why::Pinned(number("1.4.0"), why)));
    let rows = vec![
        ("it failed, and nobody overrides", bad("Failed", None), &pin, recorded(), kept(PinProblem::Failed)),
        (
            "it failed, and the word isn't in the history",
            bad("Failed", None),
            &word,
            json!({}),
            kept(PinProblem::Failed),
        ),
        ("it failed, and another word is", bad("Failed", None), &word, elsewhere, kept(PinProblem::Failed)),
        ("it failed, and the word is", bad("Failed", None), &word, recorded(), chosen.clone()),
        ("it is being validated", bad("Running", None), &word, recorded(), chosen.clone()),
        ("it has no validation", bad("none", None), &word, recorded(), chosen.clone()),
        ("it passed, and needs no word", bad("Passed", None), &pin, json!({}), chosen),
        (
            "it never may be latest",
            version("1.4.0", "Failed", &[(HOME, None)], &json!({"spec": {"latest": "Never"}})),
            &word,
            recorded(),
            kept(PinProblem::Never),
        ),
        (
            "it isn't its object's own",
            version("1.4.0", "Failed", &[(HOME, None)], &json!({"status": {"resourceId": null}})),
            &word,
            recorded(),
            kept(PinProblem::NotPublished),
        ),
    ];
    for (case, own, policy, status, expected) in rows {
        let object = definition(policy, &status);
        let id = crate::image_version::id_of(&own).unwrap();
        let other = good();
        let promotion = Promotion::of(&own, &id, &[&object], &[&own, &other], &[]);
        let own = Candidate::of(&own, &[]).unwrap().overridden(promotion.overridden);
        let mut line = promotion.others;
        line.push(own);
        assert_eq!(choose(&promotion.rule, &line, None, at(90)), expected, "{case}");
    }
    let id = crate::image_version::id_of(&good()).unwrap();
    let (mut object, none) = (definition(&overrides(), &recorded()), definition(&overrides(), &json!({})));
    let of = |object: &ImageDefinition| Promotion::of(&good(), &id, &[object], &[], &[]).overridden;
    assert_eq!((of(&object), of(&none)), (Some(number("1.4.0")), None));
    object.spec.suspend = suspended["spec"]["suspend"] == true;
    assert_eq!(of(&object), Some(number("1.4.0")), "what is latest stays so while nothing is promoted");
    assert!(matches!(Rule::of(&object), Rule::None { .. }));
    let hash = |object: &ImageDefinition| {
        use std::hash::{DefaultHasher, Hash as _, Hasher as _};
        let mut hasher = DefaultHasher::new();
        concern_of_definition(object).hash(&mut hasher);
        hasher.finish()
    };
    object.spec.suspend = false;
    assert_ne!(hash(&object), hash(&none), "the versions hear of it");
}

#[test]
fn an_override_is_recorded_once_with_who_said_it_and_why() {
    let stamp = json!({"metadata": {"annotations": {LATEST_CHANGED_BY: "ada"}}});
    let first = told(&overrides(), &stamp, &[good(), bad("Failed", None)], 90);
    assert_eq!(entries(&first), ["Promoted 1.3.0", "Overridden 1.4.0"], "what is latest is told as it is seen");
    let entry = &first.history[1];
    assert_eq!((entry.user.as_deref(), entry.reason.as_deref(), &entry.time), (Some("ada"), Some(WHY), &Time(at(90))));
    assert!(first.finding.message.contains("1.4.0 is becoming latest"), "{}", first.finding.message);
    let next = |status: &Latest, policy: &Value, versions: &[ImageVersion]| {
        let status = json!({"status": {
            "conditions": [], "override": status.overriding, "history": status.history, "latest": status.latest,
        }});
        told(policy, &status, versions, 91)
    };
    let again = next(&first, &overrides(), &[good(), bad("Failed", None)]);
    assert_eq!((&again.history, &again.overriding), (&first.history, &first.overriding), "it is written once");
    let included = next(&again, &overrides(), &[good(), bad("Failed", Some("Included"))]);
    assert_eq!(entries(&included), ["Promoted 1.4.0", "Promoted 1.3.0", "Overridden 1.4.0"]);
    assert!(included.finding.message.contains("although it didn't pass"), "{}", included.finding.message);
    // Taken out and set again it is another one.
    let newest = json!({"policy": "Newest"});
    let out = next(&included, &newest, &[good(), bad("Failed", Some("Leaving"))]);
    assert_eq!(out.overriding, None);
    let anew = next(&out, &overrides(), &[good(), bad("Failed", None)]);
    assert_eq!(entries(&anew).iter().filter(|entry| entry.starts_with("Overridden")).count(), 2);
}

#[test]
fn overrides_outlive_every_other_change_and_have_a_bound_of_their_own() {
    let entry = |action: &str, number: usize| json!({"version": format!("1.0.{number}"), "action": action, "time": at(0), "policy": "Pinned"});
    let history = |changes: usize, overrides: usize| {
        let changes = (0..changes).map(|number| entry("Promoted", number));
        let all: Vec<Value> = changes.chain((0..overrides).map(|number| entry("Overridden", number))).collect();
        json!({"status": {"conditions": [], "history": all}})
    };
    let is = |entries: &[String], action: &str| entries.iter().filter(|entry| entry.starts_with(action)).count();
    for (changes, overrides, after) in [(32, 1, (32, 2)), (40, 63, (32, 64))] {
        let latest = told(&super::tests::overrides(), &history(changes, overrides), &[good(), bad("Failed", None)], 90);
        let entries = entries(&latest);
        assert_eq!((is(&entries, "Promoted"), is(&entries, "Overridden")), after);
        assert!(latest.overriding.is_some());
    }
    let full = told(&overrides(), &history(32, 64), &[good(), bad("Failed", None)], 90);
    assert_eq!((full.overriding, full.history.len()), (None, 96), "one that can't be recorded doesn't count");
    assert!(full.stalled.is_some() && full.finding.message.contains("no room"), "{}", full.finding.message);
    assert_eq!(HistoryAction::Overridden.to_string(), "Overridden");
}

#[test]
fn what_is_latest_by_an_override_leaves_only_by_a_definite_word() {
    let conflict =
        json!({"type": "Stalled", "status": "True", "reason": "Conflict", "message": "", "lastTransitionTime": at(0)});
    let waits = json!({"status": {"conditions": [conflict]}});
    let going = json!({"metadata": {"deletionTimestamp": at(0), "finalizers": ["f"]}});
    let pin = json!({"policy": "Pinned", "pinned": "1.4.0"});
    for (case, policy, change, latest, expected) in [
        ("its definition's object lost its status", overrides(), json!({}), Some("Included"), true),
        ("it waits for another object", overrides(), waits, Some("Kept"), true),
        ("the word is taken back", pin, recorded(), Some("Included"), false),
        ("the object goes", overrides(), going, Some("Included"), false),
        ("the word doesn't stand in the history yet", overrides(), json!({}), None, false),
        ("it is being taken out", overrides(), json!({}), Some("Leaving"), false),
    ] {
        let (own, object) = (bad("Failed", latest), definition(&policy, &change));
        let id = crate::image_version::id_of(&own).unwrap();
        let found = Promotion::of(&own, &id, &[&object], &[&own], &[]).overridden;
        assert_eq!(found, expected.then(|| number("1.4.0")), "{case}");
    }
}
