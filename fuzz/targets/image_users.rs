//! Who uses an image definition, as the resource graph counts them.
#![no_main]

use azimage_fuzz::{call, client, id, told};
use futures::executor::block_on;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let client = client(200, body);
    told(block_on(client.users_of(&call(), &id("galleries/corp/images/web"))));
});
