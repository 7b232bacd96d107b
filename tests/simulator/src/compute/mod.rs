//! The Compute provider: virtual machines and their run commands, disks, images, galleries, definitions, versions.

pub(crate) mod boot_diagnostics;
pub(crate) mod capacity;
pub(crate) mod captured;
pub(crate) mod definition_put;
pub(crate) mod disk;
pub(crate) mod disk_put;
pub(crate) mod gallery;
pub(crate) mod image;
pub(crate) mod instance_view;
pub(crate) mod interlock;
pub(crate) mod linked;
pub(crate) mod machine_create;
pub(crate) mod machine_delete;
pub(crate) mod machine_parts;
pub(crate) mod machine_profile;
pub(crate) mod machine_write;
pub(crate) mod managed_image;
pub(crate) mod power;
pub(crate) mod replication;
pub(crate) mod run_command;
pub(crate) mod run_command_put;
pub(crate) mod source;
pub(crate) mod targets;
pub(crate) mod version;
pub(crate) mod version_put;
pub(crate) mod virtual_machine;
