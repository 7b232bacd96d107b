//! Whole lives of image versions under virtual time: the very controller, through faults and crashes at any request.

#![allow(clippy::unwrap_used, reason = "a failed expectation is the end of a test, in its helpers too")]

use azimage_simulation::life::{Options, Outcome, live};

/// How many seeds a run tries, unless `AZIMAGE_LIVES` says otherwise.
const LIVES: u64 = 12;

fn run(options: Options) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(live(options)).unwrap()
}

#[test]
fn an_undisturbed_life_gets_ready_with_the_seven_writes_that_it_needs() {
    let outcome = run(Options::of(1, 0));
    assert_eq!(outcome.problems, Vec::<String>::new(), "{:#?}", outcome.writes);
    assert_eq!(outcome.writes.len(), 7, "{:#?}", outcome.writes);
}

#[test]
fn no_law_is_broken_and_all_get_ready_whatever_goes_wrong_on_the_way() {
    let lives = std::env::var("AZIMAGE_LIVES").ok().and_then(|text| text.parse().ok()).unwrap_or(LIVES);
    let first = std::env::var("AZIMAGE_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let (mut crashes, mut requests, mut failed) = (0, 0, Vec::new());
    for seed in first..first + lives {
        let outcome = run(Options::of(seed, 60));
        crashes += outcome.crashes;
        requests += outcome.azure_requests;
        if !outcome.problems.is_empty() {
            failed.push(format!("seed {seed}: {:#?}\n{:#?}", outcome.problems, outcome.writes));
        }
    }
    println!("{lives} lives, {crashes} crashes, {requests} requests to Azure");
    assert!(failed.is_empty(), "{} of {lives} lives went wrong:\n{}", failed.len(), failed.join("\n"));
}
