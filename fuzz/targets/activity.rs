//! Entries of the activity log.
#![no_main]

use azimage_fuzz::{call, client, told};
use futures::executor::block_on;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let client = client(200, body);
    let subscription = "0a1b2c3d-0000-0000-0000-00000000abcd".parse().unwrap();
    let call = call();
    told(block_on(client.failure_in_activity_log(&call, &subscription, Default::default(), Default::default())));
});
