//! Errors: their bodies, the missing right in them, `Retry-After`. The first two bytes are the status.
#![no_main]

use azimage_fuzz::{call, client, id, told};
use futures::executor::block_on;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some(([high, low], body)) = input.split_first_chunk() else { return };
    let status = 300 + u16::from_be_bytes([*high, *low]) % 300;
    told(block_on(client(status, body).gallery(&call(), &id("galleries/corp"))));
    told(block_on(client(status, body).deallocate(&call(), &id("virtualMachines/builder"))));
});
