//! What an image definition is.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use crate::rules;

/// What an image definition is. Most of it Azure never changes; an absent field is left in Azure as it is.
#[derive(KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = rules::generation_1_is_standard(),
    validation = rules::generation_1_is_scsi(),
    validation = rules::generation_1_is_x64()
)]
pub struct DefinitionProperties {
    /// The operating system. Azure can't change it.
    pub os_type: OsType,

    /// The generation of virtual hardware. Newer machine sizes are generation 2 alone. Azure can't change it.
    #[serde(default, rename = "hyperVGeneration")]
    pub hyper_v_generation: HyperVGeneration,

    /// The processors. Azure can't change it.
    #[serde(default)]
    pub architecture: Architecture,

    /// Which protection machines from it have. Versions are made from machines that have the same, `TrustedLaunch` or `Standard`. Those
    /// that end in `Supported` leave it open, and Azure then takes no virtual machine as the source of a version. Azure can't change it.
    #[serde(default)]
    pub security_type: SecurityType,

    /// How machines from it may attach their disks. Newer machine sizes need `NVMe`. Azure can't change it.
    #[serde(default = "default_controllers")]
    #[schemars(length(min = 1, max = 2))]
    #[x_kube(validation = rules::controllers_have_scsi(), merge_strategy = ListMerge::Set)]
    pub disk_controller_types: Vec<DiskControllerType>,

    /// Whether its images support accelerated networking; absent where nothing is said of it. Azure can't change it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accelerated_networking: Option<bool>,

    /// Whether machines from it may hibernate; absent where nothing is said of it. Azure can't change it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hibernation: Option<bool>,

    /// By which people know the image. Unique in the gallery; Azure can't change it.
    pub identifier: Identifier,

    /// The machine sizes that are recommended for it: information for its users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recommended: Option<Recommended>,

    /// The Marketplace plan that its sources have. Azure can't change it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purchase_plan: Option<PurchasePlan>,

    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub description: Option<String>,

    /// When it reaches the end of its life: information for its users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_of_life_date: Option<Time>,

    /// Its licence agreement, or the address of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub eula: Option<String>,

    /// The address of its privacy statement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    #[x_kube(validation = rules::web_address())]
    pub privacy_statement_uri: Option<String>,

    /// The address of its release notes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    #[x_kube(validation = rules::web_address())]
    pub release_note_uri: Option<String>,

    /// Tags on the image definition, at most 40, beside those that others set. Names beginning with `azimage-` are the controller's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(length(max = 40), schema_with = "tags_schema")]
    #[x_kube(validation = rules::tag_names(), validation = rules::no_own_tags(), validation = rules::distinct_tags())]
    pub tags: BTreeMap<String, String>,
}

fn default_controllers() -> Vec<DiskControllerType> {
    vec![DiskControllerType::Scsi, DiskControllerType::Nvme]
}

fn tags_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": "object",
        "maxProperties": 40,
        "additionalProperties": {"type": "string", "maxLength": 256},
    })
}

/// By which people know an image, as with images of the Marketplace.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identifier {
    /// Who makes it.
    #[schemars(length(min = 1, max = 128))]
    #[x_kube(validation = rules::identifier())]
    pub publisher: String,

    /// The family of images.
    #[schemars(length(min = 1, max = 64))]
    #[x_kube(validation = rules::identifier())]
    pub offer: String,

    /// The member of the family.
    #[schemars(length(min = 1, max = 64))]
    #[x_kube(validation = rules::identifier())]
    pub sku: String,
}

/// The machine sizes that are recommended for an image.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recommended {
    /// How many virtual processors.
    #[serde(default, rename = "vCPUs", skip_serializing_if = "Option::is_none")]
    pub v_cpus: Option<AtLeastAtMost>,

    /// How much memory, in GiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<AtLeastAtMost>,
}

/// Two limits.
#[derive(KubeSchema, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = rules::least_before_most())]
pub struct AtLeastAtMost {
    /// At least so much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100_000))]
    pub min: Option<i32>,

    /// At most so much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100_000))]
    pub max: Option<i32>,
}

/// A Marketplace plan.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PurchasePlan {
    /// Its name.
    #[schemars(length(min = 1, max = 128))]
    #[x_kube(validation = rules::identifier())]
    pub name: String,

    /// Its publisher.
    #[schemars(length(min = 1, max = 128))]
    #[x_kube(validation = rules::identifier())]
    pub publisher: String,

    /// Its product.
    #[schemars(length(min = 1, max = 128))]
    #[x_kube(validation = rules::identifier())]
    pub product: String,
}

/// An operating system.
#[derive(
    schemars::JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, strum::IntoStaticStr,
)]
pub enum OsType {
    /// Linux.
    Linux,
    /// Windows.
    Windows,
}

/// A generation of virtual hardware.
#[derive(
    schemars::JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, strum::IntoStaticStr,
)]
pub enum HyperVGeneration {
    /// BIOS.
    V1,
    /// UEFI.
    #[default]
    V2,
}

/// A processor architecture.
#[derive(
    schemars::JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, strum::IntoStaticStr,
)]
pub enum Architecture {
    /// x86-64.
    #[default]
    #[serde(rename = "x64")]
    #[strum(serialize = "x64")]
    X64,
    /// 64-bit Arm.
    Arm64,
}

/// Which protection machines from an image may have (Azure REST: the feature `SecurityType`).
#[derive(
    schemars::JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, strum::IntoStaticStr,
)]
pub enum SecurityType {
    /// None.
    Standard,
    /// Trusted Launch or none.
    TrustedLaunchSupported,
    /// Trusted Launch alone.
    #[default]
    TrustedLaunch,
    /// Confidential VM or none.
    ConfidentialVmSupported,
    /// Confidential VM alone.
    #[serde(rename = "ConfidentialVM")]
    #[strum(serialize = "ConfidentialVM")]
    ConfidentialVm,
    /// Any of the three.
    TrustedLaunchAndConfidentialVmSupported,
}

/// How disks are attached (Azure REST: the feature `DiskControllerTypes`).
#[derive(
    schemars::JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, strum::IntoStaticStr,
)]
pub enum DiskControllerType {
    /// SCSI.
    #[serde(rename = "SCSI")]
    #[strum(serialize = "SCSI")]
    Scsi,
    /// `NVMe`.
    #[serde(rename = "NVMe")]
    #[strum(serialize = "NVMe")]
    Nvme,
}
