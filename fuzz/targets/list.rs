//! Lists of image versions, page by page: a line is a page. No page leads away from Azure.
#![no_main]

use azimage_fuzz::{Pages, call, id, over, told};
use futures::executor::block_on;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut pages = azimage_azure::Pages::default();
    let client = over(Pages::of(input));
    told(block_on(client.image_versions_on(&call(), &id("galleries/corp/images/web"), &mut pages)));
});
