//! A storm of 429.

use std::time::Duration;

use serde_json::json;

use super::fleet::{Fleet, run};

#[test]
fn in_a_storm_all_get_ready_none_asks_inside_a_told_pause_and_the_small_namespace_does_not_wait_for_the_large_one() {
    run(async {
        // A twentieth of what Azure lets pass: 12 reads and 10 writes at once, then a little more than a read a second.
        let mut fleet = Fleet::new(1, 6, &json!({"factor": 0.05}));
        fleet.namespaces(&["large", "middle", "small"]).await;
        for number in 0..24 {
            fleet.add("large", number % 3, number).await;
        }
        for number in 0..6 {
            fleet.add("middle", 3 + number % 2, number).await;
        }
        for number in 0..2 {
            fleet.add("small", 5, number).await;
        }
        fleet.start();
        let took = fleet.until_ready(Duration::from_secs(48 * 3600)).await;
        fleet.print_counts();
        println!("ready after {took:?}");
        let (entries, _) = fleet.requests(0);
        let refused = entries.iter().filter(|entry| entry.status == Some(429)).count();
        let inside = entries.iter().filter(|entry| entry.inside_told_pause).count();
        println!("{} requests, {refused} refused, {inside} inside a told pause", entries.len());
        assert!(refused > 0, "no storm");
        assert_eq!(inside, 0, "requests inside a told pause");
        assert!(refused * 4 < entries.len(), "pacing keeps refusals few");
        assert!(took["small"] <= took["large"], "{took:?}");
    });
}
