//! The Compute provider: virtual machines and their run commands, disks, images, galleries, definitions, versions.

pub(crate) mod disk;
pub(crate) mod gallery;
pub(crate) mod image;
pub(crate) mod machine;
pub(crate) mod run_command;
pub(crate) mod version;
