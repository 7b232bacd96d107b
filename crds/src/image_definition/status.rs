//! What was observed of an image definition.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use super::{ImageUsers, RegionVersion};
use crate::{HistoryEntry, LatestStatus, LineVersion, OverrideStatus};

/// What was observed of an image definition.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageDefinitionStatus {
    /// The generation of the spec that this status describes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,

    /// The conditions.
    #[serde(default)]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,

    /// The value of the annotation `azimage.dev/reconcile-requested-at` that was last acted upon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub last_handled_reconcile_at: Option<String>,

    /// The name of the image definition in the gallery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 80))]
    pub name: Option<String>,

    /// The resource id of the image definition, once Azure has shown it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub resource_id: Option<String>,

    /// Its region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub location: Option<String>,

    /// Whether Azure has shown it as this object's own, with the tag `azimage-owner`: made for it, or taken over.
    #[serde(default)]
    pub owned: bool,

    /// What of it Azure can't change, as Azure has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub properties: Option<ObservedProperties>,

    /// What is latest, as the versions tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<LatestStatus>,

    /// Which version is latest in each region: while one is promoted, they differ. At most 128.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 128))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub regions: Vec<RegionVersion>,

    /// The `ConfigMap`s that this object has written or is about to write, by name; at most 4.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 4), inner(length(max = 253)))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub config_maps: Vec<String>,

    /// The versions of the image definition that have objects in this namespace, the newest first; at most 64.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub versions: Vec<LineVersion>,

    /// Who uses it, as far as Azure tells. Without it that isn't known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<ImageUsers>,

    /// The override of `spec.latest` that counts: it stands in the history.
    #[serde(default, rename = "override", skip_serializing_if = "Option::is_none")]
    pub overriding: Option<OverrideStatus>,

    /// What became latest, the last change first: the last 32 changes, and of overrides all, at most 64.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 96))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub history: Vec<HistoryEntry>,
}

/// What Azure can't change of an image definition, in Azure's words.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObservedProperties {
    /// The operating system.
    #[schemars(length(max = 64))]
    pub os_type: String,

    /// Whether its images are generalized or specialized.
    #[schemars(length(max = 64))]
    pub os_state: String,

    /// The generation of virtual hardware.
    #[schemars(length(max = 64))]
    #[serde(rename = "hyperVGeneration")]
    pub hyper_v_generation: String,

    /// The processors.
    #[schemars(length(max = 64))]
    pub architecture: String,

    /// Which protection machines from it may have.
    #[schemars(length(max = 64))]
    pub security_type: String,

    /// How machines from it may attach their disks.
    #[schemars(length(max = 128))]
    pub disk_controller_types: String,
}
