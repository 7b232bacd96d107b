//! What a version is made from.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use crate::rules;

/// What the version is made from: exactly one of the members.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new(
        "[has(self.virtualMachine), has(self.imageVersion), has(self.managedImage), has(self.disks)].exists_one(is, is)"
    )
    .message("set exactly one of virtualMachine, imageVersion, managedImage and disks")
)]
pub struct Source {
    /// A virtual machine, whose guest is sealed and which is generalized.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtual_machine: Option<VirtualMachineSource>,

    /// Another gallery image version, whose content is copied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_version: Option<ImageVersionSource>,

    /// A managed image, whose content is copied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub managed_image: Option<ManagedImageSource>,

    /// Managed disks or snapshots, whose content is copied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disks: Option<DisksSource>,
}

/// A virtual machine as the source.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = rules::only_for_a_clone(),
    validation = rules::only_in_place(),
    validation = rules::a_clone_is_sealed()
)]
pub struct VirtualMachineSource {
    /// The resource id of the virtual machine. The version is made in its region.
    #[schemars(length(min = 1, max = 400))]
    #[x_kube(validation = rules::no_vhd(), validation = rules::virtual_machine_id())]
    pub resource_id: String,

    /// How the machine is captured. `Clone` captures a copy of it that runs without a network in `spec.workspace`, and
    /// changes nothing of the machine itself. `InPlace` generalizes the machine itself: it can never be started again. The
    /// machine must then also carry the Azure tag `azimage-generalize: allowed`.
    #[serde(default)]
    pub capture: Capture,

    /// How the copy is made, of `capture: Clone`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clone: Option<CloneSettings>,

    /// What becomes of the machine, of `capture: InPlace`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_place: Option<InPlaceSettings>,

    /// How the guest is prepared.
    #[serde(default)]
    pub guest: Guest,
}

/// How a virtual machine is captured.
#[derive(schemars::JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Capture {
    /// A copy of the machine is made from a restore point or a snapshot of its disks, and generalized instead of it. The machine itself isn't
    /// stopped or changed.
    #[default]
    Clone,
    /// The machine itself is generalized, for ever.
    InPlace,
}

/// How the copy of a machine is made.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CloneSettings {
    /// Sizes for the copy, such as `Standard_D2s_v5`, tried in this order until there is one to be had. Without any it has the
    /// size of the machine.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8), inner(length(min = 1, max = 64)))]
    #[x_kube(validation = rules::vm_sizes(), validation = rules::distinct_vm_sizes())]
    pub vm_sizes: Vec<String>,

    /// Units of the copy's systemd, such as `backup.timer`, that are stopped and can't be started again before anything else is
    /// run in it: what mustn't happen twice. In the version they are as on the machine. Linux only. What runs before the copy's
    /// guest agent reports isn't held back by it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(length(min = 1, max = 255)))]
    #[x_kube(
        validation = rules::units(),
        validation = rules::distinct_units(),
        validation = rules::no_units_of_the_capture()
    )]
    pub mask_units: Vec<String>,

    /// How long the copy is kept for you to look at when it can't be captured, from 0s to 168h. Then it is deleted.
    #[serde(default = "default_keep_on_failure")]
    #[schemars(length(min = 2, max = 16))]
    #[x_kube(validation = rules::keep_on_failure())]
    pub keep_on_failure: String,

    /// How well the disks of the copy go together, of a machine with data disks. `AcrossDisks`, the default: all as they were at one
    /// moment, from a crash-consistent restore point of the machine; where Azure makes none, no copy is made. `PerDisk`: each as it
    /// was at a moment of its own, from snapshots; what is spread over several disks may be torn.
    #[serde(default)]
    pub consistency: Consistency,
}

/// How well the disks of a copy go together. A machine without data disks is copied from a snapshot of its OS disk either way.
#[derive(schemars::JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Consistency {
    /// All disks are as they were at one moment, as after a power failure: they are copied from a crash-consistent restore point of
    /// the machine. Where Azure makes none, no copy is made.
    #[default]
    AcrossDisks,
    /// Each disk is as it was at one moment, and at another one than the others: they are copied from snapshots that are made one
    /// after the other. What is spread over several disks of a machine that runs, such as a striped file system or a database
    /// with its log on another disk, may be torn.
    PerDisk,
}

impl Default for CloneSettings {
    fn default() -> Self {
        Self {
            vm_sizes: Vec::new(),
            mask_units: Vec::new(),
            keep_on_failure: default_keep_on_failure(),
            consistency: Consistency::default(),
        }
    }
}

fn default_keep_on_failure() -> String {
    "1h".to_owned()
}

/// What becomes of a machine that is captured in place.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InPlaceSettings {
    /// How long a snapshot of the OS disk is kept, made before the seal begins, so that the machine can be had back: from 1h to
    /// 720h, or 0s for no snapshot. It outlives this object. Of a guest that was sealed before none is made.
    #[serde(default = "default_keep_disk_snapshot_for")]
    #[schemars(length(min = 2, max = 16))]
    #[x_kube(validation = rules::keep_disk_snapshot_for())]
    pub keep_disk_snapshot_for: String,

    /// What becomes of the machine when the version is complete in its home region.
    #[serde(default)]
    pub source_cleanup: SourceCleanup,
}

impl Default for InPlaceSettings {
    fn default() -> Self {
        Self { keep_disk_snapshot_for: default_keep_disk_snapshot_for(), source_cleanup: SourceCleanup::default() }
    }
}

/// What becomes of a machine that was generalized, and can never be started again.
#[derive(schemars::JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SourceCleanup {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is deleted, and then its network interfaces, its disks, those with data too, and its public addresses: what is its own
    /// when that begins, as `status.sourceCleanup` lists it, and nothing else uses.
    Delete,
}

fn default_keep_disk_snapshot_for() -> String {
    "168h".to_owned()
}

/// How the guest of a virtual machine is prepared.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = rules::only_for_a_seal())]
pub struct Guest {
    /// Whether the guest still has to be sealed.
    #[serde(default)]
    pub prepare: Prepare,

    /// What to do about what the guest holds that belongs to one machine alone and that the seal doesn't remove, such as
    /// private keys, other accounts or identities of agents.
    #[serde(default)]
    pub hygiene: Hygiene,

    /// What may stay all the same: at most 64 paths, each with its reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["path".into()]))]
    pub allow: Vec<AllowedPath>,

    /// A script of your own, run in the guest before anything is removed, at most 16 KiB: for `/bin/sh` or what its first
    /// line names, on Windows for PowerShell. If it fails, everything stops while nothing is lost. What it leaves in the
    /// file that the variable `AZIMAGE_EVIDENCE` names is kept in `status.guest`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 16384))]
    #[x_kube(validation = rules::script())]
    pub script: Option<String>,

    /// How long the script may take, from 10s to 1h.
    #[serde(default = "default_script_timeout")]
    #[schemars(length(min = 2, max = 16))]
    #[x_kube(validation = rules::script_timeout())]
    pub script_timeout: String,

    /// How long the guest may take from the start of its preparation to its power-off, from 25m to 24h; the script's own
    /// time comes on top, and on Windows twenty minutes for Sysprep. Its serial console log has fifteen minutes more to show that it is sealed.
    #[serde(default = "default_timeout")]
    #[schemars(length(min = 2, max = 16))]
    #[x_kube(validation = rules::timeout())]
    pub timeout: String,
}

impl Default for Guest {
    fn default() -> Self {
        Self {
            prepare: Prepare::default(),
            hygiene: Hygiene::default(),
            allow: Vec::new(),
            script: None,
            script_timeout: default_script_timeout(),
            timeout: default_timeout(),
        }
    }
}

fn default_timeout() -> String {
    "30m".to_owned()
}

fn default_script_timeout() -> String {
    "10m".to_owned()
}

/// What to do about what belongs to one machine alone.
#[derive(schemars::JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hygiene {
    /// Secrets, ways to log in and identities stop everything while nothing is lost; the rest is only told.
    #[default]
    Enforce,
    /// What is found is told in `status.guest`, and nothing stops.
    Report,
    /// Nothing is looked for.
    Off,
}

/// A path that may stay in the guest.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AllowedPath {
    /// The path, whole, or its beginning with a `*` at the end. A path with line breaks, or one that is longer, can only be
    /// allowed by its beginning.
    #[schemars(length(min = 1, max = 256))]
    #[x_kube(validation = rules::guest_path())]
    pub path: String,

    /// Why it may stay, for whoever reads the object later.
    #[schemars(length(min = 1, max = 256))]
    pub reason: String,
}

/// Whether the guest still has to be sealed.
#[derive(schemars::JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Prepare {
    /// Remove accounts, keys and machine identity, say so on the serial console, and power the machine off (Linux:
    /// cloud-init and the Azure agent). Boot diagnostics are switched on for it if they are off.
    #[default]
    Deprovision,
    /// The guest was sealed before and the machine is off; only generalize it, if Azure doesn't say so already.
    AlreadyGeneralized,
}

/// Another gallery image version as the source.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageVersionSource {
    /// The resource id of the gallery image version, which may be in another gallery or another subscription of the same
    /// tenant. The new version is made in its region.
    #[schemars(length(min = 1, max = 512))]
    #[x_kube(validation = rules::no_vhd(), validation = rules::image_version_id())]
    pub resource_id: String,
}

/// A managed image as the source.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManagedImageSource {
    /// The resource id of the managed image, which is of a generalized system. The version is made in its region.
    #[schemars(length(min = 1, max = 512))]
    #[x_kube(validation = rules::no_vhd(), validation = rules::managed_image_id())]
    pub resource_id: String,
}

/// Managed disks or snapshots as the source: one with the operating system, and those with data.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DisksSource {
    /// The disk with the operating system. The version is made in its region.
    pub os_disk: OsDiskSource,

    /// The disks with data, at most 64, in the region of the operating system's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["lun".into()]))]
    pub data_disks: Vec<DataDiskSource>,

    /// Your word that the system on the disk is generalized. Azure doesn't tell it of a disk, and nothing can be run on one.
    pub prepare: DisksPrepare,
}

/// The disk with the operating system.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OsDiskSource {
    /// The resource id of a managed disk that is attached to no machine, or of a snapshot.
    #[schemars(length(min = 1, max = 512))]
    #[x_kube(validation = rules::no_vhd(), validation = rules::disk_or_snapshot_id())]
    pub resource_id: String,
}

/// A disk with data.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DataDiskSource {
    /// The logical unit number that the disk has in machines that are made from the version, 0 to 63.
    #[schemars(range(min = 0, max = 63))]
    pub lun: i32,

    /// The resource id of a managed disk that is attached to no machine, or of a snapshot.
    #[schemars(length(min = 1, max = 512))]
    #[x_kube(validation = rules::no_vhd(), validation = rules::disk_or_snapshot_id())]
    pub resource_id: String,
}

/// Whether the system on a disk is generalized.
#[derive(schemars::JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DisksPrepare {
    /// It was sealed before: with cloud-init and the Azure agent, or with Sysprep.
    AlreadyGeneralized,
}
