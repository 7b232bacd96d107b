//! How a version proves itself: machines are made from it, and looked into.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use crate::rules;

/// How a version proves itself, once it is complete in its home region: two machines are made from it behind a closed network,
/// and have to come up, to pass the checks, and to differ in what belongs to one machine alone. Then they are deleted.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Validation {
    /// Sizes for the two machines, such as `Standard_D2s_v5`: they have different ones if there are several. Where one isn't to be
    /// had the next one is tried.
    #[schemars(length(min = 1, max = 8), inner(length(min = 1, max = 64)))]
    #[x_kube(validation = rules::vm_sizes())]
    pub vm_sizes: Vec<String>,

    /// How long a machine may take until its guest agent reports, from 5m to 4h.
    #[serde(default = "default_boot_timeout")]
    #[schemars(length(min = 2, max = 16))]
    #[x_kube(validation = rules::boot_timeout())]
    pub boot_timeout: String,

    /// Whether machines with Trusted Launch start with secure boot.
    #[serde(default = "yes")]
    pub secure_boot: bool,

    /// Units of systemd, or services of Windows, that may have failed, such as `nfs-client.service`, or the beginnings of their
    /// names with a `*` at the end: the network of the machines is closed. At most 64.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(min = 1, max = 128)))]
    #[x_kube(validation = rules::unit_names())]
    pub ignore_failed_units: Vec<String>,

    /// Accounts of the image that people may log in with, beside the one that a new machine gets. At most 64.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(min = 1, max = 64)))]
    #[x_kube(validation = rules::account_names())]
    pub allow_accounts: Vec<String>,

    /// Checks of your own, at most 8.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 8))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub checks: Vec<ValidationCheck>,

    /// Checks of azimage's own that only warn: the version passes, and its condition says what they found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 2))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub warn_only: Vec<MayWarn>,

    /// How much slower the machines may be than those of the last good versions of the image definition. Without it this isn't
    /// looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_slowdown: Option<MaxSlowdown>,

    /// How long the machines are kept for you to look at when the version fails, from 0s to 168h. Then they are deleted.
    #[serde(default = "default_keep_on_failure")]
    #[schemars(length(min = 2, max = 16))]
    #[x_kube(validation = rules::keep_on_failure())]
    pub keep_on_failure: String,
}

/// A check of azimage's own that may be told to warn only.
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
pub enum MayWarn {
    /// The root file system was grown to the disk.
    RootDisk,
    /// Azure still supports the guest agent's version.
    AgentVersion,
}

/// How much slower the machines of a version may be than those of the last good versions of its image definition. What is
/// compared are `provisioningSeconds`, `bootSeconds` and `firstBootSeconds`, each with the median of machines of the same size.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MaxSlowdown {
    /// By how many percent they may take longer, from 10 to 1000.
    #[schemars(range(min = 10, max = 1000))]
    pub percent: i32,

    /// What becomes of a version that is slower: it fails, or passes with a warning in its condition.
    #[serde(default)]
    pub action: SlowdownAction,

    /// How many good versions of the image definition there must be to compare with, from 1 to 10. Of these objects of the
    /// namespace the last 10 that passed count.
    #[serde(default = "default_minimum_samples")]
    #[schemars(range(min = 1, max = 10))]
    pub minimum_samples: i32,
}

/// What becomes of a version whose machines are too slow.
#[derive(
    schemars::JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, strum::Display,
)]
pub enum SlowdownAction {
    /// It fails.
    #[default]
    Fail,
    /// It passes, and its condition says so.
    Warn,
}

fn default_minimum_samples() -> i32 {
    3
}

/// A check of the user's.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ValidationCheck {
    /// Its name.
    #[schemars(length(min = 1, max = 40))]
    #[x_kube(validation = rules::check_name())]
    pub name: String,

    /// What is run on each machine as root, at most 2 KiB: for `/bin/sh` or what its first line names, on Windows for PowerShell. The
    /// check passes if it ends with 0.
    #[schemars(length(min = 1, max = 2048))]
    #[x_kube(validation = rules::check_script())]
    pub script: String,

    /// How long it may take, from 1s to 30m.
    #[serde(default = "default_check_timeout")]
    #[schemars(length(min = 2, max = 16))]
    #[x_kube(validation = rules::check_timeout())]
    pub timeout: String,
}

fn default_boot_timeout() -> String {
    "45m".to_owned()
}

fn default_keep_on_failure() -> String {
    "1h".to_owned()
}

fn default_check_timeout() -> String {
    "1m".to_owned()
}

fn yes() -> bool {
    true
}

/// How it stands with the validation of a version.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ValidationStatus {
    /// What it has come to.
    pub outcome: ValidationOutcome,

    /// The region in which machines are made from the version.
    #[schemars(length(min = 1, max = 64))]
    pub region: String,

    /// When it began.
    pub started_at: Time,

    /// When it was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Time>,

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
