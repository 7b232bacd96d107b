//! What is known of a version that proves itself.

// Outside of the type, as the derived one of its schema has the same names.
#![allow(clippy::struct_field_names, reason = "figures name their units")]

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// How it stands with the validation of a version.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ValidationStatus {
    /// What it has come to.
    pub outcome: ValidationOutcome,

    /// The home region of the version, in which machines are made from it first.
    #[schemars(length(min = 1, max = 64))]
    pub region: String,

    /// When it began.
    pub started_at: Time,

    /// When it was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Time>,

    /// When it passed, by Azure's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub azure_time: Option<Time>,

    /// How often it began.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub attempts: i32,

    /// It failed, and begins again once the machines of the last attempt are gone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,

    /// The machines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 2))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub machines: Vec<ValidationMachine>,

    /// How it stands in other regions, with `spec.validation.regions: All`; at most 128.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 128))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub regions: Vec<RegionValidation>,
}

/// How it stands with the validation of a version in a region other than its home.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegionValidation {
    /// The region.
    #[schemars(length(min = 1, max = 64))]
    pub name: String,

    /// What it has come to there. A version that failed in a region is never latest in that region.
    pub outcome: ValidationOutcome,

    /// When it began there.
    pub started_at: Time,

    /// When it was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Time>,

    /// How often it began.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub attempts: i32,

    /// It failed, and begins again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,

    /// Why it didn't pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub detail: Option<String>,

    /// The machines, of the region that was looked into last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 2))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub machines: Vec<ValidationMachine>,
}

/// What a validation has come to.
#[derive(
    schemars::JsonSchema,
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumIter,
)]
pub enum ValidationOutcome {
    /// Nothing yet.
    Running,
    /// The version passed.
    Passed,
    /// The version failed. It never becomes latest.
    Failed,
    /// Nobody can tell, and that isn't the image's fault.
    Impossible,
}

/// A machine that is made from the version to prove it.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ValidationMachine {
    /// Which of them: `1` or `2`.
    #[schemars(length(min = 1, max = 16))]
    pub name: String,

    /// Its size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub vm_size: Option<String>,

    /// How often Azure failed to make it, so that another size was tried.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub failures: i32,

    /// The unique id of the machine that Azure failed to make last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub failed_virtual_machine_uid: Option<String>,

    /// How long it took to come up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timings: Option<ValidationTimings>,

    /// The version of the guest agent that runs on it, as it tells itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub agent_version: Option<String>,

    /// What was checked on it: azimage's own checks, then yours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub checks: Vec<ValidationCheckStatus>,

    /// What its boot diagnostics showed, of a version that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub console: Option<ValidationConsole>,
}

/// How long a machine took to come up, in whole seconds. The first two are by Azure's clock alone, the others by the guest's clock
/// since its start, so that no figure rests on two clocks, nor on when azimage looked but for `agentSeconds`.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ValidationTimings {
    /// From when Azure made the resource (`timeCreated`) until Azure's own `Succeeded`: the machine was found room, its disk made,
    /// and its system had said that it is provisioned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub provisioning_seconds: Option<i32>,

    /// From when Azure made the resource until the first report of a ready guest agent that azimage saw: late by up to the time
    /// between two looks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub agent_seconds: Option<i32>,

    /// From the start of the kernel until systemd ran from the root file system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub kernel_seconds: Option<i32>,

    /// From the start of the kernel until the guest agent was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub agent_start_seconds: Option<i32>,

    /// From the start of the kernel until the system was up (`multi-user.target`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub boot_seconds: Option<i32>,

    /// From the start of the kernel until all of the first start was over, the last stage of cloud-init included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub first_boot_seconds: Option<i32>,
}

/// What the boot diagnostics of a machine showed.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ValidationConsole {
    /// When it was read.
    pub read_at: Time,

    /// The end of its serial console log, without control characters; what looks like a secret is replaced by `***`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 2048))]
    pub log: String,

    /// Whether Azure has a screenshot of it, which `az vm boot-diagnostics get-boot-log-uris` finds as long as the machine is kept.
    #[serde(default)]
    pub has_screenshot: bool,
}

/// A check on a machine.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ValidationCheckStatus {
    /// Its name.
    #[schemars(length(min = 1, max = 40))]
    pub name: String,

    /// Whether it passed.
    pub passed: bool,

    /// It passed, and `detail` says what a person should look at.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub warning: bool,

    /// How long it took, of one of yours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub seconds: Option<i32>,

    /// What it found, or the last lines that it printed, if it didn't pass or warns; what looks like a secret is replaced by `***`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub detail: Option<String>,
}
