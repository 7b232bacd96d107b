//! `ImageDefinition`: a gallery image definition, of which versions are made.

mod export;
mod properties;
mod sources;
mod status;
mod users;

use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

pub use export::{Export, RegionVersion};
pub use properties::{
    Architecture, AtLeastAtMost, DefinitionProperties, DiskControllerType, HyperVGeneration, Identifier, OsType,
    PurchasePlan, Recommended, SecurityType,
};
pub use sources::{ApprovedGroups, ApprovedImage, ApprovedMachines, ApprovedSources, ApprovedVersions};
pub use status::{ImageDefinitionStatus, ObservedProperties};
pub use users::{Followers, ImageUsers, VersionUsers};

use crate::{
    LatestPolicy,
    image_version::{Adoption, Gallery},
    rules,
};

/// A gallery image definition: what its versions are images of.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "azimage.dev",
    version = "v1alpha1",
    kind = "ImageDefinition",
    plural = "imagedefinitions",
    shortname = "azid",
    category = "azimage",
    namespaced,
    status = "ImageDefinitionStatus",
    derive = "PartialEq",
    annotation("kustomize.toolkit.fluxcd.io/substitute", "disabled"),
    doc = "A gallery image definition: what its versions are images of.",
    printcolumn(name = "Gallery", type_ = "string", json_path = ".spec.gallery.name", description = "The gallery"),
    printcolumn(
        name = "Definition",
        type_ = "string",
        json_path = ".status.name",
        description = "Name of the image definition in the gallery"
    ),
    printcolumn(
        name = "Management",
        type_ = "string",
        json_path = ".spec.management",
        description = "Whether it is made and kept, or only looked at"
    ),
    printcolumn(
        name = "Latest",
        type_ = "string",
        json_path = ".status.latest.version",
        description = "The version that is latest"
    ),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].status"#,
        description = "Whether the image definition is as this object says"
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
        name = "Suspended",
        type_ = "boolean",
        json_path = ".spec.suspend",
        description = "Whether nothing is done for this object",
        priority = "1"
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
    validation = rules::a_definition_is_made_of_properties(),
    validation = rules::a_definition_keeps_its_name(),
    validation = rules::a_definition_keeps_its_location()
)]
pub struct ImageDefinitionSpec {
    /// The gallery of the image definition; it must exist. Can't be changed.
    #[x_kube(validation = rules::of_one_definition())]
    pub gallery: Gallery,

    /// The name of the image definition in the gallery. Without it, that of this object. Can't be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 80))]
    #[x_kube(validation = rules::of_one_definition(), validation = rules::definition_name())]
    pub name: Option<String>,

    /// Whether the image definition is made and kept as this object says, or only compared with it.
    #[serde(default)]
    pub management: Management,

    /// The region of the image definition, in any of Azure's spellings; its versions may be elsewhere. Without it, that of the
    /// gallery. Can't be changed once it is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 64))]
    #[x_kube(validation = rules::region(), validation = rules::same_location())]
    pub location: Option<String>,

    /// What the image definition is. With `management: Observe` it may be left out: then it only has to be there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub properties: Option<DefinitionProperties>,

    /// What becomes of an image definition of this name that exists and belongs to another owner. `IfIdentical` takes it over if all
    /// that Azure can't change is as this object says, and its former owner is no living object of this cluster.
    #[serde(default)]
    pub adoption: Adoption,

    /// What its versions may be made from. Without it they may be made from anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sources: Option<ApprovedSources>,

    /// Which of its versions is latest. Without it none is promoted.
    #[serde(default)]
    pub latest: LatestPolicy,

    /// A `ConfigMap` of this namespace that says what is latest now, for templates of deployments. Without it there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub export: Option<Export>,

    /// The `ServiceAccount` of this namespace whose Azure identity acts for this object: its annotation
    /// `azure.workload.identity/client-id` names the identity, which must trust the `ServiceAccount`'s tokens. Without
    /// it the controller's own identity acts, if the operator lets it serve this namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = rules::object_name())]
    pub service_account_name: Option<String>,

    /// While true nothing is done for this object.
    #[serde(default)]
    pub suspend: bool,
}

/// Whether an image definition is made and kept, or only looked at.
#[derive(schemars::JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Management {
    /// It is made if it isn't there, and what may change of it is kept as the object says.
    #[default]
    Ensure,
    /// It is compared, and nothing is written to Azure.
    Observe,
}
