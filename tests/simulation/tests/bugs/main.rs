//! Proof that the checks can fail: bugs on purpose, each alone, and each found.
//!
//! Without a bug the lives of all stories are in order; with a bug one of the first [`SEEDS`] lives of its story isn't.

#![allow(clippy::unwrap_used, reason = "a failed expectation is the end of a test, in its helpers too")]

mod expected;
mod laws;
mod shrinking;
mod story;
mod wire;
mod world;

use std::{
    cell::Cell,
    sync::{Mutex, Once},
};

use azimage_deliberate_bugs::{Bug, switch_on};
use strum::IntoEnumIterator;
use tokio::time::Instant;

use self::{story::Story, world::World};

thread_local! {
    static PANICS: Cell<u32> = const { Cell::new(0) };
}

/// Panics on this thread since the last life began.
fn panics() -> u32 {
    PANICS.get()
}

fn count_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            PANICS.set(PANICS.get() + 1);
            if !azimage_deliberate_bugs::is_on(Bug::PanicOnUnknownState) {
                usual(panic);
            }
        }));
    });
}

/// Seeds within which each bug has to be found, in the story that brings it to light.
const SEEDS: u64 = 3;

/// Where the seeds begin, unless `AZIMAGE_SEED` says otherwise.
fn first() -> u64 {
    std::env::var("AZIMAGE_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// Lives a life with a bug, or without one, and says what is wrong with it.
fn life(bug: Option<Bug>, story: Story, seed: u64) -> Vec<String> {
    count_panics();
    PANICS.set(0);
    switch_on(bug);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let world = runtime.block_on(World::live(story, seed)).unwrap();
    switch_on(None);
    laws::broken(&world)
}

/// Does `work` for all items on all cores.
fn in_parallel<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let queue = Mutex::new(items.into_iter().enumerate().rev().collect::<Vec<_>>());
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().ok().and_then(|mut queue| queue.pop());
                    let Some((place, item)) = next else { return };
                    let result = work(item);
                    if let Ok(mut done) = done.lock() {
                        done.push((place, result));
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}

#[test]
fn without_a_bug_nothing_is_found_and_each_bug_is_found() {
    let began = Instant::now();
    let chosen = std::env::var("AZIMAGE_BUGS").unwrap_or_default();
    let is_chosen = |bug: &Bug| chosen.is_empty() || chosen.split(',').any(|name| name == bug.to_string());
    let bugs: Vec<Bug> = Bug::iter().filter(is_chosen).collect();
    assert!(!bugs.is_empty(), "AZIMAGE_BUGS names no bug: {chosen}");
    let tells = |story: &Story| chosen.is_empty() || bugs.iter().any(|bug| expected::story(*bug) == *story);
    let lives = in_parallel(Story::iter().filter(tells).collect(), |story| (story, life(None, story, first())));
    let wrong: Vec<String> = lives
        .iter()
        .filter(|(_, problems)| !problems.is_empty())
        .map(|(story, problems)| format!("{story}, seed {}: {problems:#?}", first()))
        .collect();
    println!("{} lives without a bug in {:.1} s", lives.len(), began.elapsed().as_secs_f64());
    assert!(wrong.is_empty(), "without a bug:\n{}", wrong.join("\n"));

    let began = Instant::now();
    let rows = in_parallel(bugs, |bug| {
        let story = expected::story(bug);
        let found = (0..SEEDS).find_map(|tried| {
            let problems = life(Some(bug), story, first() + tried);
            (!problems.is_empty()).then(|| (tried + 1, problems.join("; ")))
        });
        (bug, story, found)
    });
    println!("{:<26} {:<20} {:>5}  found", "bug", "story", "seeds");
    let mut missed = Vec::new();
    for (bug, story, found) in &rows {
        let (bug, story) = (bug.to_string(), story.to_string());
        if let Some((seeds, problems)) = found {
            println!("{bug:<26} {story:<20} {seeds:>5}  {problems}");
        } else {
            println!("{bug:<26} {story:<20} {SEEDS:>5}  NOT FOUND");
            missed.push(bug);
        }
    }
    println!("{} bugs in {:.1} s", rows.len(), began.elapsed().as_secs_f64());
    assert!(missed.is_empty(), "not found within {SEEDS} seeds: {}", missed.join(", "));
}
