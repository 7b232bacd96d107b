//! `ReplicationTarget`: a region wants certain versions.

mod selector;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

pub use selector::{ImageSelector, Operator, Requirement};

use crate::{
    LatestInRegion,
    image_version::{Deletion, RegionState, StorageAccountType},
    rules,
};

/// A region that wants certain image versions of its namespace.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "azimage.dev",
    version = "v1alpha1",
    kind = "ReplicationTarget",
    plural = "replicationtargets",
    shortname = "azrt",
    category = "azimage",
    namespaced,
    status = "ReplicationTargetStatus",
    derive = "PartialEq",
    selectable = ".spec.region",
    annotation("kustomize.toolkit.fluxcd.io/substitute", "disabled"),
    doc = "A region that wants certain image versions of its namespace.",
    printcolumn(name = "Region", type_ = "string", json_path = ".spec.region", description = "The region"),
    printcolumn(
        name = "Replicas",
        type_ = "integer",
        json_path = ".spec.replicas",
        description = "Replicas asked for"
    ),
    printcolumn(
        name = "Versions",
        type_ = "string",
        json_path = ".status.progress",
        description = "Selected versions that are complete in the region"
    ),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].status"#,
        description = "Whether every selected version is complete in the region"
    ),
    printcolumn(
        name = "Reason",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].reason"#,
        description = "Why it is ready or not"
    ),
    printcolumn(
        name = "Age",
        type_ = "date",
        json_path = ".metadata.creationTimestamp",
        description = "Age of this object"
    ),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].message"#,
        description = "What is going on, in words",
        priority = "1"
    )
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("has(self.imageSelector) != has(self.imageVersionName)")
        .message("set exactly one of imageSelector and imageVersionName")
)]
pub struct ReplicationTargetSpec {
    /// The region, in any of Azure's spellings: `northeurope` or `North Europe`. Can't be changed.
    #[schemars(length(min = 2, max = 64))]
    #[x_kube(validation = rules::region(), validation = rules::same_region())]
    pub region: String,

    /// Selects image versions of this namespace by their labels. An empty selector selects all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(merge_strategy = MapMerge::Atomic)]
    pub image_selector: Option<ImageSelector>,

    /// Selects one image version of this namespace by its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(
        validation = Rule::new("self.matches('^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$')")
            .message("must be the name of an ImageVersion in this namespace")
    )]
    pub image_version_name: Option<String>,

    /// How many replicas the region gets, 1 to 100. One replica serves about 20 machines that start at a time.
    #[serde(default = "default_replicas")]
    #[schemars(range(min = 1, max = 100))]
    pub replicas: i32,

    /// The storage of the replicas, where it shall differ from the version's. Azure can't change it once the region is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_account_type: Option<StorageAccountType>,

    /// Whether the versions that this target selects may be latest in its region.
    #[serde(default)]
    pub latest: LatestInRegion,

    /// In which wave a version becomes latest in the region: once it is latest in all its regions of earlier waves. Regions that no
    /// target names are in wave 0.
    #[serde(default)]
    #[schemars(range(min = 0, max = 15))]
    pub wave: i32,

    /// What becomes of the replicas when this target is deleted or no longer selects a version.
    #[serde(default = "delete")]
    pub deletion_policy: Deletion,

    /// How long replicas stay of a version that this target no longer selects, as its selector or the version's labels were
    /// changed: from 0s to 168h. Selecting the version again meanwhile keeps them. When this target is deleted there is no delay.
    #[serde(default = "default_removal_delay")]
    #[schemars(length(min = 2, max = 16))]
    #[x_kube(validation = rules::removal_delay())]
    pub removal_delay: String,
}

fn default_replicas() -> i32 {
    1
}

fn default_removal_delay() -> String {
    "15m".to_owned()
}

fn delete() -> Deletion {
    Deletion::Delete
}

/// What was observed of a target.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplicationTargetStatus {
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

    /// The region in normal form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub region: Option<String>,

    /// How many of the selected versions are complete, for people: `2/3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub progress: Option<String>,

    /// The selected versions, and those whose replicas are taken away as they no longer are; at most 200 of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub versions: Vec<SelectedVersion>,
}

/// A selected version, in the target's region.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SelectedVersion {
    /// The name of the `ImageVersion`.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,

    /// Of one that is no longer selected: when its replicas are taken away. Selecting it again before that keeps them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remove_after: Option<Time>,

    /// How it stands with the version in the region.
    pub state: RegionState,

    /// How much of the copy is done, in percent.
    #[serde(default)]
    #[schemars(range(min = 0, max = 100))]
    pub progress: i32,
}
