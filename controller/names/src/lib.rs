//! Names of Azure, parsed once and compared in normal form.
//!
//! Azure accepts one name in several spellings and answers with yet another: regions come back as display names
//! ("North Europe" for `northeurope`), resource ids in any letter case. The types here keep what was given for
//! display and compare what is meant, so that no caller compares strings. So do the [`values`] of Azure's enumerations.
//!
//! Nothing here does I/O, and every parser accepts untrusted text.

mod disk_or_snapshot_id;
mod form;
mod id;
pub mod kind;
mod name;
mod obstacle;
mod region;
mod resource_group;
mod resource_id;
mod subscription_id;
mod text;
pub mod values;
mod version_number;

pub use disk_or_snapshot_id::DiskOrSnapshotId;
pub use form::ResourceIdError;
pub use id::{Id, Kind};
pub use kind::{
    DiskId, DiskRestorePointId, GalleryId, ImageDefinitionId, ImageVersionId, InterfaceId, ManagedImageId,
    PublicAddressId, RestorePointCollectionId, RestorePointId, RunCommandId, SecurityGroupId, SnapshotId, SubnetId,
    VirtualMachineId, VirtualNetworkId,
};
pub use name::NameError;
pub use obstacle::Obstacle;
pub use region::{Region, RegionError};
pub use resource_group::ResourceGroup;
pub use resource_id::ResourceId;
pub use subscription_id::{SubscriptionId, SubscriptionIdError};
pub use version_number::{VersionNumber, VersionNumberError};
