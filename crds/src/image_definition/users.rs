//! Who uses an image definition.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// How many virtual machines and scale sets use an image definition, as Azure's resource graph tells of those that the identity may read.
/// The machines of a scale set in uniform orchestration don't count by themselves.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageUsers {
    /// The versions in use, the newest first; at most 64.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["version".into()]))]
    pub versions: Vec<VersionUsers>,

    /// Who follows latest: names the image definition and no version, by region; at most 128.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 128))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["region".into()]))]
    pub followers: Vec<Followers>,
}

/// Who uses a version.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VersionUsers {
    /// The version number.
    #[schemars(length(min = 5, max = 32))]
    pub version: String,

    /// Virtual machines that name the version.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub virtual_machines: i64,

    /// Scale sets that name the version: without it they make no further machines.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub scale_sets: i64,

    /// Virtual machines that name the image definition, and got this version as the latest.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub latest_virtual_machines: i64,

    /// Scale sets that name the image definition, and had this version as the latest.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub latest_scale_sets: i64,
}

/// Who follows latest in a region.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Followers {
    /// The region.
    #[schemars(length(min = 1, max = 64))]
    pub region: String,

    /// Virtual machines.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub virtual_machines: i64,

    /// Scale sets: where no version is latest they make no further machines.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub scale_sets: i64,
}
