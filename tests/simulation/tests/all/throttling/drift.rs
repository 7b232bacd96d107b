//! Versions at rest.

use std::time::Duration;

use azimage_simulator::JournalEntry;
use serde_json::json;

use super::fleet::{CLIENT, Fleet, RESYNC, run};

const DEFINITIONS: usize = 3;
const VERSIONS: usize = 6;

fn lists(entries: &[JournalEntry]) -> usize {
    entries.iter().filter(|entry| entry.method == "GET" && entry.path.ends_with("/versions")).count()
}

fn version_reads(entries: &[JournalEntry]) -> usize {
    entries.iter().filter(|entry| entry.method == "GET" && entry.path.contains("/versions/")).count()
}

fn writes(entries: &[JournalEntry]) -> Vec<String> {
    let writes = entries.iter().filter(|entry| entry.write);
    writes.map(|entry| format!("{} {}", entry.method, entry.path)).collect()
}

#[test]
fn at_rest_there_is_one_list_for_each_definition_and_period_and_a_change_by_hand_is_noticed_within_one() {
    run(async {
        let mut fleet = Fleet::new(1, DEFINITIONS, &json!({}));
        fleet.namespaces(&["a", "b", "c"]).await;
        for index in 0..DEFINITIONS * VERSIONS {
            fleet.add(["a", "b", "c"][index % 3], index % DEFINITIONS, index).await;
        }
        fleet.start();
        fleet.until_ready(Duration::from_secs(6 * 3600)).await;
        // Until the first list of each definition has brought its versions into step.
        tokio::time::sleep(3 * RESYNC).await;
        let (_, since) = fleet.requests(0);
        let kubernetes = fleet.server.history().len();
        // A period is jittered by a tenth, so ten of them are between ten and eleven times as long.
        let watched = 110 * RESYNC / 10;
        tokio::time::sleep(watched).await;
        let (entries, since) = fleet.requests(since);
        println!(
            "{} versions of {DEFINITIONS} definitions at rest over {} periods: {} lists, {} reads of versions, {} requests, {} writes",
            DEFINITIONS * VERSIONS,
            watched.as_secs() / RESYNC.as_secs(),
            lists(&entries),
            version_reads(&entries),
            entries.len(),
            writes(&entries).len()
        );
        fleet.print_counts();
        assert!((DEFINITIONS * 10..=DEFINITIONS * 11).contains(&lists(&entries)), "{} lists", lists(&entries));
        assert_eq!(version_reads(&entries), 0);
        assert_eq!(entries.len(), lists(&entries), "and nothing else");
        assert_eq!(writes(&entries), Vec::<String>::new());
        assert_eq!(fleet.server.history().len(), kubernetes, "writes to Kubernetes");

        fleet.tag_by_hand(1, 1).await;
        let (_, since) = fleet.requests(since);
        tokio::time::sleep(RESYNC * 11 / 10 + Duration::from_secs(1)).await;
        let (entries, _) = fleet.requests(since);
        let entries: Vec<JournalEntry> =
            entries.into_iter().filter(|entry| entry.principal.as_deref() == Some(CLIENT)).collect();
        let looked = entries.iter().filter(|entry| entry.path == Fleet::path(1, 1) && entry.method == "GET").count();
        assert!(looked > 0, "the change wasn't read: {entries:#?}");
        let others =
            entries.iter().filter(|entry| entry.path.contains("/versions/") && entry.path != Fleet::path(1, 1));
        assert_eq!(others.count(), 0, "only the version that changed is looked at");
    });
}
