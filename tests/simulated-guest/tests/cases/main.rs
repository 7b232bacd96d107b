//! The cases of the rig of real guests (`tests/guest`), played with the simulated one: the same verdicts have to come of them.

mod left;
mod play;
mod ways;

use std::collections::BTreeSet;

use azimage_test_guest::cases::{Played, cases};

use ways::{USUAL, ways};

/// Every case is played, but those that say why not.
#[test]
fn each_guest_comes_to_the_end_that_a_real_one_comes_to() {
    let ways = ways();
    let mut wrong = Vec::new();
    for case in cases().iter().filter(|case| !matches!(case.played, Played::Real(_))) {
        let way = ways.iter().find(|way| way.name == case.name).unwrap_or(&USUAL);
        let found = play::play(case, way);
        if !found.is_empty() {
            wrong.push(format!("== {}: {}", case.name, found.join("\n   ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_way_is_one_of_a_case_that_is_played() {
    let cases = cases();
    let mut seen = BTreeSet::new();
    for way in ways() {
        let played = cases.iter().any(|case| case.name == way.name && !matches!(case.played, Played::Real(_)));
        assert!(played, "{} is no case, or an excused one", way.name);
        assert!(seen.insert(way.name), "{} is there twice", way.name);
    }
}
