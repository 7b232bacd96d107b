//! The Linux script in the simulated guest.

use azimage_core::guest::linux::script;
use azimage_test_simulated_guest::{Azure, preparation};
use serde_json::json;

/// Nanoseconds that this thread has had a processor.
fn worked() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split_whitespace().next().and_then(|count| count.parse().ok()).unwrap_or_default()
}

/// How long a seal takes: `cargo test --profile simulation -p azimage-test-simulated-guest -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn how_long_a_seal_takes() {
    let mut total = 0;
    for number in 0..21 {
        let mut azure = Azure::new(&json!({}));
        let text = script(&preparation(&format!("n-{number}"), azure.now));
        let begin = worked();
        azure.begin("seal", &text);
        azure.wait(900);
        // The first one reads what the others find read.
        total += if number > 0 { worked() - begin } else { 0 };
        assert_eq!(azure.power(), "stopped");
    }
    println!("a seal takes {} microseconds of a processor", total / 20_000);
}
