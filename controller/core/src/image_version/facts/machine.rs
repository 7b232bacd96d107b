//! What Azure says of a virtual machine.

use std::collections::BTreeMap;

use azimage_crds::ImageReference;
use azimage_names::Region;
use jiff::Timestamp;

use super::{AttachedDisk, BootDiagnostics, MarketplacePlan, OsType, Power, Provisioning};

/// A virtual machine.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::struct_excessive_bools, reason = "independent facts of Azure, not a state")]
pub struct Machine {
    /// `properties.vmId`: a new machine of the same name has another.
    pub uid: String,
    /// Its region.
    pub location: Region,
    /// For conditional writes.
    pub etag: Option<String>,
    /// Its tags, whole.
    pub tags: BTreeMap<String, String>,
    /// Operating system of the disk.
    pub os_type: OsType,
    /// `V1` or `V2`; absent when Azure doesn't say.
    pub generation: Option<String>,
    /// Absent means Standard.
    pub security_type: Option<String>,
    /// Whether it starts with secure boot.
    pub secure_boot: bool,
    /// Whether it has a virtual trusted platform module.
    pub vtpm: bool,
    /// `SCSI` or `NVMe`.
    pub disk_controller: Option<String>,
    /// The disk lives on the host and is lost when the machine stops.
    pub ephemeral_os_disk: bool,
    /// The disk is a blob, not a managed disk.
    pub unmanaged_os_disk: bool,
    /// Its managed disks, the OS disk first.
    pub disks: Vec<AttachedDisk>,
    /// Its network interfaces, by their resource ids.
    pub interfaces: Vec<String>,
    /// The image from which it was made, if Azure tells it.
    pub image: Option<ImageReference>,
    /// Its size, such as `Standard_D2s_v5`.
    pub size: Option<String>,
    /// Whether run commands may be used on it.
    pub allows_extensions: bool,
    /// The scale set that the machine belongs to.
    pub scale_set: Option<String>,
    /// Marketplace plan.
    pub plan: Option<MarketplacePlan>,
    /// State of the last change to the resource.
    pub provisioning: Provisioning,
    /// Power state.
    pub power: Power,
    /// Whether the instance view says `OSState/generalized`: the only place where it shows.
    pub generalized: bool,
    /// Whether the guest agent reports.
    pub agent_ready: bool,
    /// What Azure says of the agent.
    pub agent_message: Option<String>,
    /// Where its serial console is recorded.
    pub boot_diagnostics: BootDiagnostics,
    /// When its guest agent reported last, by Azure's clock.
    pub agent_reported_at: Option<Timestamp>,
    /// When Azure made the resource, by its own clock.
    pub created_at: Option<Timestamp>,
    /// When it was read, by Azure's own clock, which is also the guest's. Ours may differ from it.
    pub read_at: Option<Timestamp>,
    /// When Azure last changed it, by the same clock: the time of the instance view's status `ProvisioningState/…`.
    pub changed_at: Option<Timestamp>,
}

impl Machine {
    /// Whether Azure works on the machine.
    pub fn is_being_changed(&self) -> bool {
        matches!(self.provisioning, Provisioning::Creating | Provisioning::Updating | Provisioning::Deleting)
    }
}
