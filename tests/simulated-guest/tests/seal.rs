//! The Linux script in the simulated guest.

use std::time::Instant;

use azimage_core::guest::linux::script;
use azimage_test_simulated_guest::{Azure, preparation};
use serde_json::json;

#[test]
fn a_plain_guest_is_sealed() {
    let mut azure = Azure::new(&json!({}));
    let text = script(&preparation("n-1"));
    let ended = azure.run("seal", &text, 600).expect("it ends");
    assert_eq!(ended.exit, 0, "{}\n{}", ended.output, ended.error);
    println!("{}\n{}", ended.output, ended.error);
    azure.wait(600);
    let console = azure.console();
    println!("{console}");
    assert_eq!(azure.power(), "stopped");
    assert!(console.contains("azimage: sealed n-1"));
    for (path, text) in azure.files() {
        println!("{path} {}", text.chars().take(60).collect::<String>().replace('\n', "|"));
    }
}

#[test]
#[allow(clippy::disallowed_methods)]
fn speed() {
    let text = script(&preparation("n-1"));
    let mut total = std::time::Duration::ZERO;
    for _ in 0..50 {
        let mut azure = Azure::new(&json!({}));
        let begin = Instant::now();
        azure.begin("seal", &text);
        azure.wait(900);
        total += begin.elapsed();
        assert_eq!(azure.power(), "stopped");
    }
    println!("a seal takes {:?}", total / 50);
}
