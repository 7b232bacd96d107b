//! Where temporary resources are made.

use std::collections::BTreeMap;

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use crate::rules;

/// Where the temporary resources of a version are made: in the subscription of its subnets.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Workspace {
    /// The resource group; it must exist. Nothing but temporary resources should be in it.
    #[schemars(length(min = 1, max = 90))]
    #[x_kube(validation = rules::resource_group())]
    pub resource_group: String,

    /// A subnet for each region in which machines are made, all of one subscription, which is also that of machines that are
    /// cloned. Nothing is let in or out of it.
    #[schemars(length(min = 1, max = 64))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["region".into()]), validation = rules::distinct_regions())]
    pub subnets: Vec<WorkspaceSubnet>,

    /// Tags on all temporary resources, at most 15, as policies may demand them. Names beginning with `azimage-` are the
    /// controller's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(length(max = 15), schema_with = "tags_schema")]
    #[x_kube(validation = rules::tag_names(), validation = rules::no_own_tags(), validation = rules::distinct_tags())]
    pub tags: BTreeMap<String, String>,
}

/// A subnet for the machines of a region.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceSubnet {
    /// The region, in any of Azure's spellings.
    #[schemars(length(min = 1, max = 64))]
    #[x_kube(validation = rules::region())]
    pub region: String,

    /// The resource id of the subnet.
    #[schemars(length(min = 1, max = 400))]
    #[x_kube(validation = rules::subnet_id())]
    pub resource_id: String,
}

fn tags_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": "object",
        "maxProperties": 15,
        "additionalProperties": {"type": "string", "maxLength": 256},
    })
}
