//! What is latest, for templates of deployments.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use crate::rules;

/// A `ConfigMap` that says what is latest now.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Export {
    /// The name of the `ConfigMap`, in the namespace of this object. It is made, kept and deleted with this object; one that isn't this
    /// object's is left alone.
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = rules::config_map_name())]
    pub config_map_name: String,

    /// How its keys begin, so that several may be used side by side.
    #[serde(default = "default_prefix")]
    #[schemars(length(min = 1, max = 64))]
    #[x_kube(validation = rules::variable_name())]
    pub prefix: String,
}

fn default_prefix() -> String {
    "IMAGE".to_owned()
}

/// What is latest in a region.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegionVersion {
    /// The region.
    #[schemars(length(min = 1, max = 64))]
    pub name: String,

    /// The version number.
    #[schemars(length(min = 5, max = 32))]
    pub version: String,
}
