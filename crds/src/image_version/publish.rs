//! How a version is published.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use crate::rules;

/// How a version is published.
#[derive(KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("!self.blockDeletionBeforeEndOfLife || has(self.endOfLifeDate)")
        .message("blockDeletionBeforeEndOfLife needs an endOfLifeDate")
        .reason(Reason::FieldValueRequired)
        .field_path(".endOfLifeDate")
)]
pub struct Publish {
    /// How many replicas a region gets for which nothing else is asked, 1 to 100.
    #[serde(default = "default_replicas")]
    #[schemars(range(min = 1, max = 100))]
    pub default_replicas: i32,

    /// The storage of the replicas where a target asks for nothing else. Can't be changed.
    #[serde(default)]
    #[x_kube(validation = rules::immutable())]
    pub storage_account_type: StorageAccountType,

    /// Whether regions get full copies. Can't be changed.
    #[serde(default)]
    #[x_kube(validation = rules::immutable())]
    pub replication_mode: ReplicationMode,

    /// When the version reaches the end of its life: information for its users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_of_life_date: Option<Time>,

    /// Whether Azure refuses to delete the version before the end of its life.
    #[serde(default)]
    pub block_deletion_before_end_of_life: bool,

    /// Tags on the gallery image version, at most 40. Names beginning with `azimage-` are the controller's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(length(max = 40), schema_with = "tags_schema")]
    #[x_kube(validation = rules::tag_names(), validation = rules::no_own_tags(), validation = rules::distinct_tags())]
    pub tags: BTreeMap<String, String>,
}

impl Default for Publish {
    fn default() -> Self {
        Self {
            default_replicas: default_replicas(),
            storage_account_type: StorageAccountType::default(),
            replication_mode: ReplicationMode::default(),
            end_of_life_date: None,
            block_deletion_before_end_of_life: false,
            tags: BTreeMap::new(),
        }
    }
}

fn default_replicas() -> i32 {
    1
}

fn tags_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": "object",
        "maxProperties": 40,
        "additionalProperties": {"type": "string", "maxLength": 256},
    })
}

/// The storage of replicas (Azure REST: `publishingProfile.storageAccountType`).
#[derive(
    schemars::JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, strum::IntoStaticStr,
)]
pub enum StorageAccountType {
    /// Standard disks, one zone.
    #[default]
    #[serde(rename = "Standard_LRS")]
    #[strum(serialize = "Standard_LRS")]
    StandardLrs,
    /// Standard disks, several zones: needs a region with zones.
    #[serde(rename = "Standard_ZRS")]
    #[strum(serialize = "Standard_ZRS")]
    StandardZrs,
    /// Premium disks, one zone.
    #[serde(rename = "Premium_LRS")]
    #[strum(serialize = "Premium_LRS")]
    PremiumLrs,
}

/// Whether regions get full copies (Azure REST: `publishingProfile.replicationMode`).
#[derive(
    schemars::JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, strum::IntoStaticStr,
)]
pub enum ReplicationMode {
    /// A full copy in each region.
    #[default]
    Full,
    /// No copy: fast, for trying an image in one region.
    Shallow,
}
