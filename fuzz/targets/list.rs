//! Lists of image versions and of run commands, page by page: a line is a page. No page leads away from Azure.
#![no_main]

use azimage_fuzz::{Pages, call, id, over, told};
use futures::executor::block_on;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    told(block_on(over(Pages::of(input)).image_versions(&call(), &id("galleries/corp/images/web"))));
    told(block_on(over(Pages::of(input)).run_commands(&call(), &id("virtualMachines/builder"))));
});
