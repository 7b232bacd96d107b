//! The laws hold of nothing if the scenes that they are tried on never get to the steps they are about.

use std::collections::BTreeMap;

use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use strum::IntoEnumIterator;

use super::{super::*, generated::scenes};

/// Those of copies are taken in the whole lives of `clone.rs`, and those of machines that are deleted in `deleted_source.rs`.
fn of_a_scene() -> impl Iterator<Item = StepName> {
    StepName::iter().filter(|name| !name.is_about_a_part() && !name.cleans_up())
}

#[test]
fn the_scenes_of_the_laws_reach_every_step() {
    let mut runner = TestRunner::deterministic();
    let mut reached: BTreeMap<StepName, u32> = of_a_scene().map(|name| (name, 0)).collect();
    let scenes = scenes();
    for _ in 0..8000 {
        let scene = scenes.new_tree(&mut runner).unwrap().current();
        if let Some(step) = scene.plan().step {
            *reached.entry(step.name).or_default() += 1;
        }
    }
    assert!(reached.values().all(|times| *times >= 5), "{reached:?}");
}
