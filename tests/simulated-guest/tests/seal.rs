//! The Linux script in the simulated guest.

use azimage_core::guest::linux::script;
use azimage_test_simulated_guest::{Azure, preparation};
use serde_json::json;

#[test]
fn a_plain_guest_is_sealed() {
    let mut azure = Azure::new(&json!({}));
    let ended = azure.run("seal", &script(&preparation("n-1")), 600).expect("it ends");
    assert_eq!(ended.exit, 0, "{}\n{}", ended.output, ended.error);
    println!("{}\n{}", ended.output, ended.error);
    azure.wait(600);
    let console = azure.console();
    println!("{console}");
    assert_eq!(azure.power(), "stopped");
    assert!(console.contains("azimage: sealed n-1"));
}
