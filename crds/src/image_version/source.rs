//! What a version is made from.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use crate::rules;

/// What the version is made from: exactly one of the members.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("has(self.virtualMachine) != has(self.imageVersion)")
        .message("set exactly one of virtualMachine and imageVersion")
)]
pub struct Source {
    /// A virtual machine, whose guest is sealed and which is generalized.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtual_machine: Option<VirtualMachineSource>,

    /// Another gallery image version, whose content is copied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_version: Option<ImageVersionSource>,
}

/// A virtual machine as the source.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VirtualMachineSource {
    /// The resource id of the virtual machine. The version is made in its region.
    #[schemars(length(min = 1, max = 400))]
    #[x_kube(validation = rules::virtual_machine_id())]
    pub resource_id: String,

    /// How the machine is captured. `InPlace` generalizes the machine itself: it can never be started again. The
    /// machine must also carry the Azure tag `azimage-generalize: allowed`.
    pub capture: Capture,

    /// How the guest is prepared.
    #[serde(default)]
    pub guest: Guest,
}

/// How a virtual machine is captured.
#[derive(schemars::JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Capture {
    /// The machine itself is generalized, for ever.
    InPlace,
}

/// How the guest of a virtual machine is prepared.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Guest {
    /// Whether the guest still has to be sealed.
    #[serde(default)]
    pub prepare: Prepare,

    /// How long the guest may take from the start of the seal to its power-off, from 10s to 24h. Its serial console log has
    /// fifteen minutes more to show that it is sealed.
    #[serde(default = "default_timeout")]
    #[schemars(length(min = 2, max = 16))]
    #[x_kube(validation = rules::timeout())]
    pub timeout: String,
}

impl Default for Guest {
    fn default() -> Self {
        Self { prepare: Prepare::default(), timeout: default_timeout() }
    }
}

fn default_timeout() -> String {
    "30m".to_owned()
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
    /// The resource id of the gallery image version. The new version is made in its region.
    #[schemars(length(min = 1, max = 512))]
    #[x_kube(validation = rules::image_version_id())]
    pub resource_id: String,
}
