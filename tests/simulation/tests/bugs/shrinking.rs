//! A seed that fails is cut down to what makes it fail.

use azimage_deliberate_bugs::{Bug, switch_on};
use azimage_simulation::{
    generate::{self, Options},
    plan::{Fault, Plan},
    run::run,
    shrink::shrink,
};

/// Seeds within which one fails.
const SEEDS: u64 = 40;

/// What people do to versions would break the same laws.
const OPTIONS: Options = Options { in_a_thousand: 60, events: true, people: false };

#[test]
fn a_failing_seed_is_cut_down_to_the_one_answer_that_a_bug_believes() {
    switch_on(Some(Bug::BelieveOne404));
    let plans = (1..=SEEDS).map(|seed| generate::plan(seed, OPTIONS));
    let fails = |plan: &Plan| !run(plan).unwrap().problems.is_empty();
    let failing = plans.into_iter().find(fails).expect("a seed fails");
    let core = shrink(&failing, 300).unwrap();
    let text = core.to_yaml().unwrap();
    println!("seed {} comes down to\n{text}", failing.seed);
    assert_eq!(Plan::parse(&text).unwrap(), core);
    assert!(fails(&core), "{text}");
    assert_eq!((core.strikes.len(), core.events.len(), core.world.versions), (1, 0, 1), "{text}");
    assert_eq!(core.strikes[0].fault, Fault::Answer(404), "{text}");
    switch_on(None);
    assert!(!fails(&core), "without the bug all is well: {text}");
}
