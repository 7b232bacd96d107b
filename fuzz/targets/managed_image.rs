//! A managed image.
#![no_main]

use azimage_fuzz::{call, client, id, told};
use futures::executor::block_on;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let client = client(200, body);
    told(block_on(client.managed_image(&call(), &id("images/golden"))));
});
