//! Typed calls of Microsoft.Compute.

pub(crate) mod blob;
mod boot_diagnostics;
mod disk;
mod gallery;
mod image_definition;
mod image_version;
mod image_version_body;
mod instance_view;
mod run_command;
mod virtual_machine;

pub use disk::Disk;
pub use gallery::{Gallery, SoftDeletedVersion};
pub use image_definition::{Feature, ImageDefinition};
pub use image_version::{ImageVersion, RegionalReplication, ReplicationStatus};
pub use image_version_body::{
    AdditionalReplicaSet, DataDiskEncryption, ExtendedLocation, ExtendedLocationTarget, ImageSource, ImageVersionBody,
    OsDiskEncryption, OsDiskSecurityProfile, RegionEncryption, SafetyProfile, TargetRegion,
};
pub use instance_view::AgentStatus;
pub use run_command::{RunCommand, RunCommandBody, RunCommandInstance};
pub use virtual_machine::{DataDisk, OsDisk, Plan, VirtualMachine, VirtualMachineUpdate};

/// The api-version of galleries, image definitions and image versions. Later ones silently give a new definition
/// other defaults (Azure documentation, "Trusted Launch validation").
const GALLERIES: &str = "2024-03-03";
/// The api-version of virtual machines and their run commands.
const VIRTUAL_MACHINES: &str = "2025-04-01";

/// The api-version of managed disks.
const DISKS: &str = "2025-01-02";

/// Tags of a resource.
type Tags = std::collections::BTreeMap<String, String>;
