//! What is looked at before a machine is claimed: kept versions, rights, locks.
#![no_main]

use azimage_fuzz::{GROUP, call, client, id, told};
use futures::executor::block_on;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let client = client(200, body);
    let scope = format!("{GROUP}/galleries/corp");
    told(block_on(client.soft_deleted_versions(&call(), &id("galleries/corp/images/web"))));
    told(block_on(client.permissions(&call(), &scope)));
    told(block_on(client.locks(&call(), &scope)));
    told(block_on(client.locations(&call(), &"0a1b2c3d-0000-0000-0000-00000000abcd".parse().unwrap())));
});
