//! Regions, version numbers and resource ids. What is read is written and read again as the same.
#![no_main]

use std::{fmt::Display, str::FromStr};

use azimage_names::{
    GalleryId, ImageDefinitionId, ImageVersionId, Region, RunCommandId, VersionNumber, VirtualMachineId,
};
use libfuzzer_sys::fuzz_target;

fn again<T: FromStr + Display + PartialEq>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        let same = value.to_string().parse::<T>();
        assert!(same.is_ok_and(|same| same == value), "{text}");
    }
}

fuzz_target!(|text: &str| {
    again::<Region>(text);
    again::<VersionNumber>(text);
    again::<VirtualMachineId>(text);
    again::<RunCommandId>(text);
    again::<GalleryId>(text);
    again::<ImageDefinitionId>(text);
    again::<ImageVersionId>(text);
});
