//! In which order the regions of a version get it.

use azimage_crds::{ImageDefinition, RegionLatest, ReplicationTarget};
use serde_json::{Value, json};

use super::super::{
    Candidate, Flags, Order, Waits, choose,
    tests::{HOME, OTHER, at, definition, newest, pinned, region, version},
};
use crate::promotion::{Rule, definition::of_definition, tests::id};

const THIRD: &str = "uksouth";

fn target(name: &str, wave: i32, change: &Value) -> ReplicationTarget {
    let mut object = json!({
        "apiVersion": "azimage.dev/v1alpha1", "kind": "ReplicationTarget",
        "metadata": {"name": format!("{name}-{wave}"), "namespace": "images"},
        "spec": {"region": name, "imageSelector": {}, "wave": wave},
    });
    super::super::tests::merge(&mut object, change);
    serde_json::from_value(object).unwrap()
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

/// An image definition that promotes the newest version, with what became latest before, the last one first.
fn after(history: &[(&str, &str)]) -> ImageDefinition {
    let entry = |(version, action): &(&str, &str)| json!({"version": version, "action": action, "time": at(0), "policy": "Newest"});
    let history: Vec<Value> = history.iter().map(entry).collect();
    definition(&json!({"policy": "Newest"}), &json!({"status": {"conditions": [], "history": history}}))
}

/// The regions that a version gets into in the next write, and those that wait for an earlier wave.
fn next(rule: &Rule, order: Order, own: &Candidate, others: &[Candidate]) -> (Vec<String>, Vec<String>) {
    let line: Vec<Candidate> = others.iter().chain([own]).cloned().collect();
    let choice = choose(rule, &line, None, at(90));
    let is_in = own.regions.keys().filter(|region| own.is_included_at(region)).cloned().collect();
    let flags = Flags { rule, choice: &choice, own, others, order, is_in: &is_in };
    let of = |which: &dyn Fn(&super::super::Flag) -> bool| {
        let regions = own.regions.keys().filter(|region| which(&flags.at(region)));
        regions.map(ToString::to_string).collect::<Vec<_>>()
    };
    (of(&|flag| flag.state == Some(RegionLatest::Entering)), of(&|flag| flag.waits == Some(Waits::ForAnEarlierWave)))
}

#[test]
fn a_region_gets_a_version_once_those_of_earlier_waves_have_it() {
    let (none, included) = (json!({}), Some("Included"));
    let new = |regions: &[(&str, Option<&str>)]| version("1.4.0", "Passed", regions, &none);
    let all = |home, other, third| new(&[(HOME, home), (OTHER, other), (THIRD, third)]);
    let waves = || vec![target(OTHER, 1, &none), target(THIRD, 2, &none)];
    let (promoted, at_once) = (Order::of(&after(&[])), Order { in_waves: false, last: None });
    let rows = vec![
        ("the first wave", all(None, None, None), waves(), promoted, (vec![HOME], vec![OTHER, THIRD])),
        ("the second wave", all(included, None, None), waves(), promoted, (vec![OTHER], vec![THIRD])),
        ("the last wave", all(included, included, None), waves(), promoted, (vec![THIRD], vec![])),
        ("at once", all(None, None, None), waves(), at_once, (vec![OTHER, THIRD, HOME], vec![])),
        ("no target says a wave", all(None, None, None), vec![], promoted, (vec![OTHER, THIRD, HOME], vec![])),
        (
            "the copy of the first wave isn't complete",
            all(Some("absent"), None, None),
            waves(),
            promoted,
            (vec![], vec![OTHER, THIRD]),
        ),
        (
            "the version isn't in a region of an earlier wave yet",
            new(&[(HOME, included), (THIRD, None)]),
            waves(),
            promoted,
            (vec![], vec![THIRD]),
        ),
        (
            "latest is kept out of the region of an earlier wave",
            all(included, None, None),
            vec![target(OTHER, 1, &json!({"spec": {"latest": "Excluded"}})), target(THIRD, 2, &none)],
            promoted,
            (vec![THIRD], vec![]),
        ),
        (
            "two targets of a region: the last wave counts",
            all(included, None, None),
            vec![target(OTHER, 0, &none), target(OTHER, 3, &none), target(THIRD, 2, &none)],
            promoted,
            (vec![THIRD], vec![OTHER]),
        ),
        (
            "a target that selects others",
            all(included, None, None),
            vec![target(OTHER, 1, &json!({"spec": {"imageSelector": {"matchLabels": {"a": "b"}}}}))],
            promoted,
            (vec![OTHER, THIRD], vec![]),
        ),
        (
            "a target that goes says no wave",
            all(included, None, None),
            vec![target(OTHER, 1, &json!({"metadata": {"deletionTimestamp": at(0)}})), target(THIRD, 1, &none)],
            promoted,
            (vec![OTHER], vec![THIRD]),
        ),
    ];
    for (case, own, targets, order, (enters, waits)) in rows {
        let targets: Vec<&ReplicationTarget> = targets.iter().collect();
        let own = Candidate::of(&own, &targets).unwrap();
        let (mut is, expected) = (next(&newest(0), order, &own, &[]), (enters, waits));
        is.0.sort_by_key(|name| expected.0.iter().position(|it| it == name));
        assert_eq!(is, (owned(&expected.0), owned(&expected.1)), "{case}");
    }
}

#[test]
fn a_version_that_is_latest_instead_of_a_newer_one_waits_for_no_wave() {
    let none = json!({});
    let targets = [target(OTHER, 1, &none)];
    let targets: Vec<&ReplicationTarget> = targets.iter().collect();
    let own = version("1.3.0", "Passed", &[(HOME, None), (OTHER, None)], &none);
    let own = Candidate::of(&own, &targets).unwrap();
    let to_own = pinned("1.3.0", azimage_crds::EmptyRegions::Keep);
    for (case, history, at_once) in [
        ("nothing was latest", vec![], false),
        ("an older one was", vec![("1.2.0", "Promoted")], false),
        ("it is becoming latest", vec![("1.3.0", "Promoted"), ("1.2.0", "Promoted")], false),
        ("a newer one was", vec![("1.4.0", "Promoted")], true),
        ("a newer one was taken out", vec![("1.4.0", "Excluded")], true),
        ("it became latest instead of a newer one", vec![("1.3.0", "RolledBack"), ("1.4.0", "Promoted")], true),
        ("the last entry is of an override", vec![("1.3.0", "Overridden"), ("1.4.0", "Promoted")], true),
        ("another one was rolled back to, long ago", vec![("1.2.0", "RolledBack")], false),
    ] {
        let (enters, waits) = next(&to_own, Order::of(&after(&history)), &own, &[]);
        let expected = if at_once { (vec![OTHER, HOME], vec![]) } else { (vec![HOME], vec![OTHER]) };
        assert_eq!((enters, waits), (owned(&expected.0), owned(&expected.1)), "{case}");
    }
    assert!(!Order::of(&definition(&json!({"policy": "Newest", "waves": "AtOnce"}), &none)).in_waves);
}

#[test]
fn a_newer_one_goes_first_in_every_wave_but_stays_where_the_older_one_has_to_wait() {
    let (none, included) = (json!({}), Some("Included"));
    let targets = [target(OTHER, 1, &none)];
    let targets: Vec<&ReplicationTarget> = targets.iter().collect();
    let of = |text: &str, latest| {
        Candidate::of(&version(text, "Passed", &[(HOME, latest), (OTHER, latest)], &none), &targets).unwrap()
    };
    let (old, new) = (of("1.3.0", None), of("1.4.0", included));
    let rule = pinned("1.3.0", azimage_crds::EmptyRegions::Keep);
    let choice = choose(&rule, &[old.clone(), new.clone()], None, at(90));
    let is_in = [HOME, OTHER].map(region).into();
    for (case, history, there) in [
        ("it was promoted before", vec![("1.4.0", "Promoted")], RegionLatest::Leaving),
        // Nobody knows that it is bad, and no region is left empty meanwhile.
        ("the history was lost", vec![], RegionLatest::Kept),
    ] {
        let (order, others) = (Order::of(&after(&history)), [old.clone()]);
        let flags = Flags { rule: &rule, choice: &choice, own: &new, others: &others, order, is_in: &is_in };
        let states = [HOME, OTHER].map(|name| flags.at(&region(name)).state);
        assert_eq!(states, [Some(RegionLatest::Leaving), Some(there)], "{case}");
    }
}

#[test]
fn the_image_definition_tells_which_region_the_others_wait_for() {
    let (none, included) = (json!({}), Some("Included"));
    let targets = [target(OTHER, 1, &none), target(THIRD, 1, &none)];
    let targets: Vec<&ReplicationTarget> = targets.iter().collect();
    let told = |third| {
        let own = version("1.4.0", "Passed", &[(HOME, included), (OTHER, None), (THIRD, third)], &none);
        of_definition(&after(&[]), &id(), &[&own], &targets, false, at(1)).finding.message
    };
    assert_eq!(told(None), "1.4.0 is becoming latest, in each region in which it is complete");
    let own = version("1.4.0", "Passed", &[(HOME, Some("absent")), (OTHER, None), (THIRD, included)], &none);
    let told = of_definition(&after(&[]), &id(), &[&own], &targets, false, at(1)).finding.message;
    assert_eq!(
        told,
        "1.4.0 is latest in uksouth. In northeurope it waits for westeurope, whose wave is earlier (spec.wave of the replication targets)"
    );
}
