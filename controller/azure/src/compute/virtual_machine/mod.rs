//! Virtual machines.

mod image_reference;

pub use image_reference::ImageReference;

use azimage_names::{
    Region, VirtualMachineId,
    values::{
        BootDiagnostics, DiskController, HyperVGeneration, OsType, PowerState, Priority, ProvisioningState,
        SecurityType,
    },
};
use http::Method;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AgentStatus, Tags, VIRTUAL_MACHINES, boot_diagnostics::DiagnosticsProfile, instance_view::InstanceView};
use crate::{
    arm::call::Call,
    arm::client::{Accepted, Client},
    arm::error::Error,
    arm::json::{null_as_default, optional_timestamp},
};

/// A virtual machine, with what decides whether an image can be taken from it.
#[expect(clippy::struct_excessive_bools, reason = "they are members of Azure's own")]
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(from = "Wire")]
pub struct VirtualMachine {
    /// Changes with each write to the machine; for `If-Match`.
    pub etag: Option<String>,
    /// Its region.
    pub location: Region,
    /// Tags.
    pub tags: Tags,
    /// Unique id that survives everything but deletion: a machine of the same name made later has another.
    pub vm_id: Option<String>,
    /// When it was created.
    pub time_created: Option<Timestamp>,
    /// State of its last write; absent counts as Succeeded.
    pub provisioning_state: Option<ProvisioningState>,
    /// Operating system of the OS disk.
    pub os_type: Option<OsType>,
    /// Hardware generation, from the instance view.
    pub hyper_v_generation: Option<HyperVGeneration>,
    /// Security type.
    pub security_type: SecurityType,
    /// Whether it starts with secure boot.
    pub secure_boot: bool,
    /// Whether it has a virtual trusted platform module.
    pub vtpm: bool,
    /// How its disks are attached, where Azure says so.
    pub disk_controller: Option<DiskController>,
    /// The OS disk.
    pub os_disk: OsDisk,
    /// Data disks; an image version takes all of them along.
    pub data_disks: Vec<DataDisk>,
    /// Resource ids of its network interfaces.
    pub interfaces: Vec<String>,
    /// The image from which it was made, if it was made from one.
    pub image: Option<ImageReference>,
    /// Marketplace plan.
    pub plan: Option<Plan>,
    /// Size, for example `Standard_D2s_v5`.
    pub size: Option<String>,
    /// Whether extensions and run commands may be used on it; absent means yes.
    pub allows_extensions: bool,
    /// Price class.
    pub priority: Priority,
    /// Id of the scale set it belongs to.
    pub scale_set: Option<String>,
    /// Where its serial console is recorded.
    pub boot_diagnostics: BootDiagnostics,
    /// Power state. `None` also when the instance view is not there yet: for some seconds after creation.
    pub power_state: Option<PowerState>,
    /// Whether it is generalized, as far as the instance view tells: `false` without a power state means nothing.
    pub generalized: bool,
    /// The guest agent's report.
    pub agent: Option<AgentStatus>,
    /// When it was read, by Azure's own clock, which is also the guest's (RFC 9110, the header field `Date`).
    pub read_at: Option<Timestamp>,
    /// When the last operation on it ended, by Azure's own clock, as the instance view says. What a guest does by itself, such
    /// as powering off, is no operation.
    pub changed_at: Option<Timestamp>,
}

/// The OS disk of a virtual machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OsDisk {
    /// A managed disk, which a source must have.
    pub managed: bool,
    /// Kept on the host only, which a source must not be.
    pub ephemeral: bool,
    /// How the host serves it.
    pub host: DiskOnHost,
    /// Resource id of the managed disk, which tells all else.
    pub id: Option<String>,
}

/// A data disk of a virtual machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataDisk {
    /// Logical unit number.
    pub lun: i32,
    /// A managed disk.
    pub managed: bool,
    /// Resource id of the managed disk.
    pub id: Option<String>,
    /// How the host serves it.
    pub host: DiskOnHost,
}

/// How the host of a virtual machine serves one of its disks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiskOnHost {
    /// It caches reads and writes (`caching` is `ReadWrite`).
    pub caches_writes: bool,
    /// Writes are accelerated (`writeAcceleratorEnabled`).
    pub accelerates_writes: bool,
}

/// A plan of the Marketplace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Plan {
    /// Plan name.
    pub name: Option<String>,
    /// Publisher.
    pub publisher: Option<String>,
    /// Product.
    pub product: Option<String>,
}

#[derive(Deserialize)]
struct Wire {
    etag: Option<String>,
    location: Region,
    #[serde(default, deserialize_with = "null_as_default")]
    tags: Tags,
    plan: Option<Plan>,
    #[serde(default, deserialize_with = "null_as_default")]
    properties: Properties,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    vm_id: Option<String>,
    #[serde(default, deserialize_with = "optional_timestamp")]
    time_created: Option<Timestamp>,
    provisioning_state: Option<ProvisioningState>,
    #[serde(default, deserialize_with = "null_as_default")]
    hardware_profile: HardwareProfile,
    #[serde(default, deserialize_with = "null_as_default")]
    os_profile: OsProfile,
    #[serde(default, deserialize_with = "null_as_default")]
    storage_profile: StorageProfile,
    #[serde(default, deserialize_with = "null_as_default")]
    security_profile: SecurityProfile,
    #[serde(default, deserialize_with = "null_as_default")]
    diagnostics_profile: DiagnosticsProfile,
    #[serde(default, deserialize_with = "null_as_default")]
    network_profile: NetworkProfile,
    priority: Option<Priority>,
    virtual_machine_scale_set: Option<Reference>,
    instance_view: Option<InstanceView>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct HardwareProfile {
    vm_size: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NetworkProfile {
    #[serde(default, deserialize_with = "null_as_default")]
    network_interfaces: Vec<Reference>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OsProfile {
    allow_extension_operations: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SecurityProfile {
    security_type: Option<SecurityType>,
    #[serde(default, deserialize_with = "null_as_default")]
    uefi_settings: UefiSettings,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct UefiSettings {
    secure_boot_enabled: Option<bool>,
    v_tpm_enabled: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StorageProfile {
    image_reference: Option<ImageReference>,
    os_disk: Option<WireDisk>,
    #[serde(default, deserialize_with = "null_as_default")]
    data_disks: Vec<WireDisk>,
    disk_controller_type: Option<DiskController>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireDisk {
    os_type: Option<OsType>,
    lun: Option<i32>,
    managed_disk: Option<Reference>,
    diff_disk_settings: Option<DiffDiskSettings>,
    caching: Option<String>,
    write_accelerator_enabled: Option<bool>,
}

impl WireDisk {
    fn host(&self) -> DiskOnHost {
        DiskOnHost {
            caches_writes: self.caching.as_ref().is_some_and(|caching| caching.eq_ignore_ascii_case("ReadWrite")),
            accelerates_writes: self.write_accelerator_enabled.unwrap_or(false),
        }
    }
}

#[derive(Deserialize)]
struct DiffDiskSettings {
    option: Option<String>,
}

#[derive(Deserialize)]
struct Reference {
    id: Option<String>,
}

impl From<Wire> for VirtualMachine {
    fn from(wire: Wire) -> Self {
        let Properties {
            storage_profile, security_profile, diagnostics_profile, network_profile, instance_view, ..
        } = wire.properties;
        let view = instance_view.unwrap_or_default();
        Self {
            etag: wire.etag,
            location: wire.location,
            tags: wire.tags,
            vm_id: wire.properties.vm_id,
            time_created: wire.properties.time_created,
            read_at: None,
            changed_at: view.changed_at(),
            provisioning_state: wire.properties.provisioning_state,
            os_type: storage_profile.os_disk.as_ref().and_then(|disk| disk.os_type.clone()),
            boot_diagnostics: diagnostics_profile.into(),
            power_state: view.power_state(),
            generalized: view.generalized(),
            agent: view.agent(),
            hyper_v_generation: view.hyper_v_generation,
            secure_boot: security_profile.uefi_settings.secure_boot_enabled.unwrap_or(false),
            vtpm: security_profile.uefi_settings.v_tpm_enabled.unwrap_or(false),
            security_type: security_profile.security_type.unwrap_or_default(),
            disk_controller: storage_profile.disk_controller_type,
            os_disk: storage_profile.os_disk.map(os_disk).unwrap_or_default(),
            data_disks: storage_profile.data_disks.into_iter().map(data_disk).collect(),
            interfaces: network_profile.network_interfaces.into_iter().filter_map(|interface| interface.id).collect(),
            image: storage_profile.image_reference,
            plan: wire.plan,
            size: wire.properties.hardware_profile.vm_size,
            allows_extensions: wire.properties.os_profile.allow_extension_operations.unwrap_or(true),
            priority: wire.properties.priority.unwrap_or_default(),
            scale_set: wire.properties.virtual_machine_scale_set.and_then(|reference| reference.id),
        }
    }
}

fn os_disk(wire: WireDisk) -> OsDisk {
    let host = wire.host();
    let local = wire.diff_disk_settings.and_then(|settings| settings.option);
    OsDisk {
        managed: wire.managed_disk.is_some(),
        ephemeral: local.is_some_and(|option| option.eq_ignore_ascii_case("Local")),
        host,
        id: wire.managed_disk.and_then(|disk| disk.id),
    }
}

fn data_disk(wire: WireDisk) -> DataDisk {
    DataDisk {
        lun: wire.lun.unwrap_or(0),
        host: wire.host(),
        managed: wire.managed_disk.is_some(),
        id: wire.managed_disk.and_then(|disk| disk.id),
    }
}

/// A change of a virtual machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualMachineUpdate {
    /// The whole map of tags.
    pub tags: Tags,
    /// Switch boot diagnostics on, with storage that Azure manages; else they stay as they are.
    pub switch_boot_diagnostics_on: bool,
}

impl Serialize for VirtualMachineUpdate {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { tags, switch_boot_diagnostics_on } = self;
        let properties = switch_boot_diagnostics_on
            .then(|| serde_json::json!({"diagnosticsProfile": {"bootDiagnostics": {"enabled": true}}}));
        WireUpdate { tags, properties }.serialize(serializer)
    }
}

#[derive(Serialize)]
struct WireUpdate<'a> {
    tags: &'a Tags,
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<serde_json::Value>,
}

const NO_BODY: Option<&()> = None;

impl Client {
    /// Reads a virtual machine with its instance view (Azure REST: Virtual Machines - Get).
    pub async fn virtual_machine(&self, call: &Call, id: &VirtualMachineId) -> Result<VirtualMachine, Error> {
        let (machine, read_at) = self.get_dated(call, id, "$expand=instanceView", VIRTUAL_MACHINES).await?;
        Ok(VirtualMachine { read_at, ..machine })
    }

    /// Changes a machine, if it has not changed since `etag` was read (Azure REST: Virtual Machines - Update). Otherwise
    /// [`crate::ErrorKind::PreconditionFailed`].
    pub async fn update_virtual_machine(
        &self,
        call: &Call,
        id: &VirtualMachineId,
        update: &VirtualMachineUpdate,
        etag: &str,
    ) -> Result<Accepted, Error> {
        self.write(call, Method::PATCH, &id.to_string(), VIRTUAL_MACHINES, Some(update), Some(etag)).await
    }

    /// Stops a virtual machine and gives its host back (Azure REST: Virtual Machines - Deallocate). Also needed after
    /// a guest has shut itself down.
    pub async fn deallocate(&self, call: &Call, id: &VirtualMachineId) -> Result<Accepted, Error> {
        self.write(call, Method::POST, &format!("{id}/deallocate"), VIRTUAL_MACHINES, NO_BODY, None).await
    }

    /// Marks a virtual machine as generalized, for ever: it can never be started again (Azure REST: Virtual Machines
    /// - Generalize). Synchronous, and visible in the instance view only.
    pub async fn generalize(&self, call: &Call, id: &VirtualMachineId) -> Result<Accepted, Error> {
        self.write(call, Method::POST, &format!("{id}/generalize"), VIRTUAL_MACHINES, NO_BODY, None).await
    }
}

#[cfg(test)]
mod tests;
