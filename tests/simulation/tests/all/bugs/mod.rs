//! Proof that the checks can fail: deliberate bugs, one at a time, each detected by the laws that judge every run.
//!
//! With a bug a law is broken in one of the first [`SEEDS`] plans of the situation in which it shows; without a bug the
//! very same plans keep all laws.

mod shrinking;
mod situations;

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use azimage_simulation::{
    run::{Outcome, run_with},
    sabotage::Bug,
};
use strum::IntoEnumIterator;
use tokio::time::Instant;

use self::situations::Situation;

/// Plans within which each bug has to be detected.
const SEEDS: u64 = 3;

/// Where the seeds begin, unless `AZIMAGE_SEED` says otherwise.
fn first() -> u64 {
    std::env::var("AZIMAGE_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// Runs a plan with a bug, or without one.
fn run_plan(bug: Option<Bug>, situation: Situation, seed: u64) -> Outcome {
    run_with(&situation.plan(seed), bug).unwrap()
}

/// Does `work` for all items on all cores.
fn in_parallel<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let queue = Mutex::new(items.into_iter().enumerate().rev().collect::<Vec<_>>());
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let Some((index, item)) = queue.lock().unwrap_or_else(PoisonError::into_inner).pop() else {
                        return;
                    };
                    let result = work(item);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((index, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

#[test]
fn each_bug_breaks_a_law_and_without_it_the_same_plans_break_none() {
    let began = Instant::now();
    let chosen = std::env::var("AZIMAGE_BUGS").unwrap_or_default();
    let is_chosen = |bug: &Bug| chosen.is_empty() || chosen.split(',').any(|name| name == bug.to_string());
    let bugs: Vec<Bug> = Bug::iter().filter(is_chosen).collect();
    assert!(!bugs.is_empty(), "AZIMAGE_BUGS names no bug: {chosen}");
    let rows = in_parallel(bugs, |bug| {
        let situation = situations::of(bug);
        let detected = (0..SEEDS).find_map(|tried| {
            let problems = run_plan(Some(bug), situation, first() + tried).problems;
            (!problems.is_empty()).then_some((tried + 1, problems))
        });
        (bug, situation, detected)
    });
    println!("{:<26} {:<22} {:>5}  broken", "bug", "plan", "seeds");
    let (mut missed, mut tried_plans) = (Vec::new(), BTreeSet::new());
    for (bug, situation, detected) in &rows {
        let (bug, name) = (bug.to_string(), situation.name);
        let tried = detected.as_ref().map_or(SEEDS, |(tried, _)| *tried);
        tried_plans.extend((0..tried).map(|tried| (*situation, first() + tried)));
        let laws: BTreeSet<&str> = detected.iter().flat_map(|(_, problems)| problems).map(|it| it.law).collect();
        let laws = laws.into_iter().collect::<Vec<_>>().join(", ");
        let how = detected.as_ref().map_or("NOT DETECTED", |(_, problems)| problems[0].text.as_str());
        println!("{bug:<26} {name:<22} {tried:>5}  {laws}: {how}");
        if detected.is_none() {
            missed.push(bug);
        }
    }
    println!("{} bugs in {:.1} s", rows.len(), began.elapsed().as_secs_f64());
    let began = Instant::now();
    let plans = in_parallel(tried_plans.into_iter().collect(), |(situation, seed)| {
        (situation, seed, run_plan(None, situation, seed))
    });
    println!("{} plans without a bug in {:.1} s", plans.len(), began.elapsed().as_secs_f64());
    // A fault or an event without effect shows nothing. Other seeds have other ids and times.
    let ineffective = |seed: u64, outcome: &Outcome| if seed == 1 { outcome.ineffective.clone() } else { Vec::new() };
    let wrong: Vec<String> = plans
        .iter()
        .filter(|(_, seed, outcome)| !outcome.problems.is_empty() || !ineffective(*seed, outcome).is_empty())
        .map(|(situation, seed, outcome)| {
            format!("{}, seed {seed}: {:#?}, {:#?}", situation.name, outcome.problems, ineffective(*seed, outcome))
        })
        .collect();
    assert!(wrong.is_empty(), "without a bug:\n{}", wrong.join("\n"));
    assert!(missed.is_empty(), "not detected within {SEEDS} seeds: {}", missed.join(", "));
}

#[test]
fn the_page_lists_the_seam_of_each_bug() {
    let page = include_str!("../../../../../docs/simulation.md");
    let rows: Vec<&str> =
        page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`')).map(|row| row.0).collect();
    let bugs: Vec<String> = Bug::iter().map(|bug| bug.to_string()).collect();
    assert_eq!(rows, bugs);
}
