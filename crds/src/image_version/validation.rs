//! How a version proves itself: machines are made from it, and looked into.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use crate::rules;

/// How a version proves itself, once it is complete in its home region: two machines are made from it behind a closed network,
/// and have to come up, to pass the checks, and to differ in what belongs to one machine alone. Then they are deleted.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Validation {
    /// In which regions: in the home region, or in each region whose copy is complete, one after the other. Then a version is latest
    /// only in regions in which it passed, and `spec.workspace.subnets` needs a subnet in each.
    #[serde(default)]
    pub regions: ValidationRegions,

    /// Sizes for the two machines, such as `Standard_D2s_v5`: they have different ones if there are several. Where one isn't to be
    /// had the next one is tried.
    #[schemars(length(min = 1, max = 8), inner(length(min = 1, max = 64)))]
    #[x_kube(validation = rules::vm_sizes(), validation = rules::distinct_vm_sizes())]
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

/// In which regions a version proves itself.
#[derive(
    schemars::JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, strum::Display,
)]
pub enum ValidationRegions {
    /// In its home region, for all.
    #[default]
    Home,
    /// In each region that has a copy of it which somebody asks for.
    All,
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
