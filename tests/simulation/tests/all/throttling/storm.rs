//! A storm of 429.

use std::{collections::BTreeMap, time::Duration};

use azimage_simulator::JournalEntry;
use serde_json::json;

use super::fleet::{Fleet, run};

/// Objects of several namespaces, all made at once.
struct Storm {
    /// What Azure lets pass, as a multiple of what it really does.
    factor: f64,
    namespaces: Vec<(&'static str, usize)>,
    definitions: usize,
}

/// What came of it.
struct Outcome {
    took: BTreeMap<String, Duration>,
    requests: Vec<JournalEntry>,
    /// By object; and those of them that say that it waits.
    writes: BTreeMap<String, usize>,
    throttled: BTreeMap<String, usize>,
    /// By object.
    reads: BTreeMap<String, usize>,
    held_back: u64,
}

impl Storm {
    #[allow(clippy::disallowed_methods, reason = "how long it really takes")]
    fn passes(&self) -> Outcome {
        let begun = std::time::Instant::now();
        run(async {
            let mut fleet = Fleet::new(1, self.definitions, &json!({"factor": self.factor}));
            let names: Vec<&str> = self.namespaces.iter().map(|(name, _)| *name).collect();
            fleet.namespaces(&names).await;
            let mut number = 0;
            for (namespace, count) in &self.namespaces {
                for _ in 0..*count {
                    fleet.add(namespace, number % self.definitions, number).await;
                    number += 1;
                }
            }
            fleet.start();
            let took = fleet.until_ready(Duration::from_secs(48 * 3600)).await;
            println!("{number} objects, {:?}, limits times {}:", self.namespaces, self.factor);
            fleet.print_counts();
            let (requests, _) = fleet.requests(0);
            let outcome = Outcome {
                took,
                requests,
                writes: fleet.writes(|_, _| true),
                throttled: fleet.writes(|before, after| before != "Throttled" && after == "Throttled"),
                reads: fleet.reads(),
                held_back: fleet.budgets.counts().values().map(|counts| counts.held_back).max().unwrap_or_default(),
            };
            println!(
                "{} requests, {} refused, {} inside a told pause, {} held back; Kubernetes: at most {} writes and {} reads of an object, {} that say that it waits; Ready after {:?}; {:.1} s of real time",
                outcome.requests.len(),
                outcome.refused(),
                outcome.inside(),
                outcome.held_back,
                most(&outcome.writes),
                most(&outcome.reads),
                most(&outcome.throttled),
                outcome.took.iter().map(|(name, took)| (name.as_str(), took.as_secs())).collect::<Vec<_>>(),
                begun.elapsed().as_secs_f64(),
            );
            outcome
        })
    }
}

impl Outcome {
    fn refused(&self) -> usize {
        self.requests.iter().filter(|entry| entry.status == Some(429)).count()
    }

    fn inside(&self) -> usize {
        self.requests.iter().filter(|entry| entry.inside_told_pause).count()
    }
}

fn most(counts: &BTreeMap<String, usize>) -> usize {
    counts.values().copied().max().unwrap_or_default()
}

/// What must hold in every storm.
fn holds(outcome: &Outcome, calm: &Outcome) {
    assert!(outcome.refused() > 0, "no storm");
    assert_eq!(outcome.inside(), 0, "requests inside a told pause");
    // Passes that are put off write nothing, but that an object says that it waits: at once if it says nothing yet,
    // and else after five minutes, and once. When it goes on it says so.
    let longest = outcome.took.values().max().map_or(0, |took| usize::try_from(took.as_secs()).unwrap());
    for (object, writes) in &outcome.writes {
        let waits = outcome.throttled.get(object).copied().unwrap_or_default();
        assert!(waits <= 1 + longest / 300, "{object} said {waits} times that it waits");
        let allowed = most(&calm.writes) + 2 * waits;
        assert!(*writes <= allowed, "{writes} writes of {object} to Kubernetes, {allowed} are allowed");
    }
}

fn calm() -> Outcome {
    Storm { factor: 1.0, namespaces: vec![("alone", 2)], definitions: 1 }.passes()
}

#[test]
fn in_a_storm_all_get_ready_none_asks_inside_a_told_pause_and_a_small_namespace_does_not_wait_for_a_large_one() {
    // A twentieth of what Azure lets pass: 12 reads and 10 writes at once, then a little more than a read a second.
    let alone = Storm { factor: 0.05, namespaces: vec![("small", 2)], definitions: 6 }.passes();
    let calm = calm();
    // The order in which objects begin is kube's, and differs from run to run: what takes how long is that of the usual one.
    let mut times: Vec<_> = (0..3)
        .map(|_| {
            let namespaces = vec![("large", 24), ("middle", 6), ("small", 2)];
            let outcome = Storm { factor: 0.05, namespaces, definitions: 6 }.passes();
            holds(&outcome, &calm);
            assert!(outcome.refused() * 10 < outcome.requests.len(), "pacing keeps refusals few");
            assert!(outcome.took["small"] < outcome.took["large"], "{:?}", outcome.took);
            outcome.took["small"]
        })
        .collect();
    times.sort();
    // With a share of a third it may take three times as long, but most of its time it waits for the copy.
    let (small, by_itself) = (times[1], alone.took["small"]);
    assert!(small < by_itself * 9 / 5, "{small:?}, and {by_itself:?} alone");
}

#[test]
fn where_azure_lets_one_request_pass_at_a_time_passes_of_several_requests_still_come_to_their_end() {
    // Buckets of one request, and one in ten seconds; a pass that begins needs four reads and a write.
    let outcome = Storm { factor: 0.004, namespaces: vec![("large", 4), ("small", 1)], definitions: 2 }.passes();
    holds(&outcome, &calm());
}

#[test]
fn where_bursts_are_smaller_than_a_pass_every_object_gets_ready() {
    let outcome = Storm { factor: 0.015, namespaces: vec![("large", 8), ("small", 2)], definitions: 3 }.passes();
    holds(&outcome, &calm());
    assert!(outcome.took["small"] < outcome.took["large"], "{:?}", outcome.took);
}

/// Long, so it is run by its own command (docs/testing.md).
#[test]
#[ignore = "hundreds of objects: run by its own command"]
fn hundreds_of_objects_get_ready_in_a_storm() {
    let namespaces = vec![("large", 200), ("medium", 80), ("middle", 24), ("small", 4), ("tiny", 1)];
    let outcome = Storm { factor: 0.1, namespaces, definitions: 12 }.passes();
    holds(&outcome, &calm());
    for small in ["small", "tiny"] {
        assert!(outcome.took[small] * 2 < outcome.took["large"], "{:?}", outcome.took);
    }
}

#[test]
fn work_under_way_does_not_wait_for_looks_at_what_rests() {
    const RESTING: usize = 20;
    let took = |resting: usize| {
        run(async move {
            let mut fleet = Fleet::new(1, RESTING + 1, &json!({"factor": 0.01}));
            fleet.namespaces(&["rests", "works"]).await;
            for definition in 0..resting {
                fleet.add("rests", definition, 0).await;
            }
            fleet.start();
            fleet.until_ready(Duration::from_secs(24 * 3600)).await;
            // Until the first list of each definition has brought its version into step.
            tokio::time::sleep(Duration::from_secs(3600)).await;
            let (_, since) = fleet.requests(0);
            for number in 1..5 {
                fleet.add("works", RESTING, number).await;
            }
            let took = fleet.until_ready(Duration::from_secs(24 * 3600)).await["works"];
            let lists = |entries: &[JournalEntry]| {
                entries.iter().filter(|entry| entry.method == "GET" && entry.path.ends_with("/versions")).count()
            };
            let (meanwhile, since) = fleet.requests(since);
            tokio::time::sleep(Duration::from_secs(3600)).await;
            let (after, _) = fleet.requests(since);
            println!(
                "{resting} definitions at rest: works was Ready after {} s; {} lists meanwhile, {} in an hour after",
                took.as_secs(),
                lists(&meanwhile),
                lists(&after)
            );
            let inside = meanwhile.iter().chain(&after).filter(|entry| entry.inside_told_pause).count();
            assert_eq!(inside, 0, "requests inside a told pause");
            assert!(lists(&after) >= resting, "and they aren't forgotten");
            took
        })
    };
    // The order in which objects begin is kube's, and differs from run to run.
    let usual = |resting: usize| {
        let mut times = [took(resting), took(resting), took(resting)];
        times.sort();
        times[1]
    };
    let (alone, beside) = (usual(0), usual(RESTING));
    assert!(beside <= alone * 3 / 2, "{beside:?} beside looks at what rests, and {alone:?} alone");
}
