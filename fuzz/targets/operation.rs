//! The status of an operation, and its address.
#![no_main]

use azimage_azure::OperationUrl;
use azimage_fuzz::{call, client, told};
use futures::executor::block_on;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let _ = std::str::from_utf8(body).map(OperationUrl::parse);
    let Ok(url) = OperationUrl::parse("https://management.azure.com/operations/1?t=1") else { return };
    told(block_on(client(200, body).operation(&call(), &url)));
});
