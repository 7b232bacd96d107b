//! Typed calls of Microsoft.Compute.

pub(crate) mod blob;
mod boot_diagnostics;
mod disk;
mod gallery;
mod image_definition;
mod image_definition_body;
mod image_version;
mod image_version_body;
mod instance_view;
mod managed_image;
mod new_machine;
mod restore_point;
mod run_command;
mod snapshot;
mod virtual_machine;

pub use boot_diagnostics::BootRecord;
pub use disk::{Disk, DiskBody, DiskOrigin};
pub use gallery::{Gallery, SoftDeletedVersion};
pub use image_definition::{Feature, ImageDefinition};
pub use image_definition_body::{AtLeastAtMost, ImageDefinitionBody, ImageDefinitionSettings, NewImageDefinition};
pub use image_version::{ImageVersion, RegionalReplication, ReplicationStatus};
pub use image_version_body::{
    AdditionalReplicaSet, DataDiskEncryption, ExtendedLocation, ExtendedLocationTarget, ImageSource, ImageVersionBody,
    OsDiskEncryption, OsDiskSecurityProfile, RegionEncryption, SafetyProfile, TargetRegion,
};
pub use instance_view::AgentStatus;
pub use managed_image::{ImageDisk, ManagedImage};
pub use new_machine::{FromImage, NewMachineBody, NewStorage, TrustedLaunch};
pub use restore_point::{RestorePoint, RestorePointCollectionBody};
pub use run_command::{RunCommand, RunCommandBody, RunCommandInstance};
pub use snapshot::SnapshotBody;
pub use virtual_machine::{DataDisk, DiskOnHost, ImageReference, OsDisk, Plan, VirtualMachine, VirtualMachineUpdate};

/// The api-version of galleries, image definitions and image versions. Later ones silently give a new definition
/// other defaults (Azure documentation, "Trusted Launch validation").
const GALLERIES: &str = "2024-03-03";
/// The api-version of virtual machines, their run commands and restore points, and managed images.
pub(crate) const VIRTUAL_MACHINES: &str = "2025-04-01";

/// The api-version of managed disks.
pub(crate) const DISKS: &str = "2025-01-02";

/// Tags of a resource.
pub(crate) type Tags = std::collections::BTreeMap<String, String>;
