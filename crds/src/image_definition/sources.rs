//! What the versions of an image definition may be made from.

use std::collections::BTreeMap;

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use crate::rules;

/// What versions may be made from: a kind of source that isn't named here is none of them.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = rules::some_source())]
pub struct ApprovedSources {
    /// Virtual machines. Each field that is set has to fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtual_machines: Option<ApprovedMachines>,

    /// Gallery image versions. Each field that is set has to fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_versions: Option<ApprovedVersions>,

    /// Managed images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub managed_images: Option<ApprovedGroups>,

    /// Managed disks and snapshots: all that a version is made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disks: Option<ApprovedGroups>,
}

/// Virtual machines that versions may be made from.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApprovedMachines {
    /// The machine is in one of these resource groups, by their resource ids; at most 32.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(length(max = 160)))]
    #[x_kube(validation = rules::resource_groups())]
    pub resource_groups: Vec<String>,

    /// The machine has all of these tags with these values; at most 16.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "tags_schema")]
    #[x_kube(validation = rules::tag_names(), validation = rules::distinct_tags())]
    pub tags: BTreeMap<String, String>,

    /// The machine was made from one of these images; at most 32.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub image_references: Vec<ApprovedImage>,
}

fn tags_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": "object",
        "maxProperties": 16,
        "additionalProperties": {"type": "string", "maxLength": 256},
    })
}

/// Images that a machine may have been made from: of the Marketplace, or of a gallery.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = rules::an_image_of_one_place())]
pub struct ApprovedImage {
    /// The publisher in the Marketplace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    #[x_kube(validation = rules::identifier())]
    pub publisher: Option<String>,

    /// Its offer; any without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    #[x_kube(validation = rules::identifier())]
    pub offer: Option<String>,

    /// The SKU of the offer; any without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    #[x_kube(validation = rules::identifier())]
    pub sku: Option<String>,

    /// The resource id of a gallery, or of an image definition in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 400))]
    #[x_kube(validation = rules::gallery_or_definition())]
    pub id: Option<String>,
}

/// Gallery image versions that versions may be made from.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApprovedVersions {
    /// The version is of one of these galleries or image definitions, by their resource ids; at most 32.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(length(max = 400)))]
    #[x_kube(validation = rules::galleries_or_definitions())]
    pub definitions: Vec<String>,

    /// The version passed its validation: its `ImageVersion` of this namespace says so, or where there is none its tag `azimage-validated`.
    #[serde(default)]
    pub validated: bool,
}

/// Resource groups of what versions may be made from.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApprovedGroups {
    /// It is in one of these resource groups, by their resource ids; any without them, at most 32.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(length(max = 160)))]
    #[x_kube(validation = rules::resource_groups())]
    pub resource_groups: Vec<String>,
}
