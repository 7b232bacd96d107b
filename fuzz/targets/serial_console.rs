//! Where the serial console log is, and what storage answers when it is asked for.
#![no_main]

use azimage_fuzz::{call, client, id, told};
use futures::executor::block_on;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    // The first byte is the status, the same of both answers.
    let (status, body) =
        body.split_first().map_or((200, body), |(first, rest)| (200 + u16::from(*first) % 4 * 100, rest));
    let client = client(status, body);
    told(block_on(client.serial_console_log(&call(), &id("virtualMachines/builder"))));
});
