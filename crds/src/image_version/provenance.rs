//! From what a version was made.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// The line of machines and images from which a version was made, back to the first that is known.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Provenance {
    /// How many gallery image versions were made one from another, this one included, as far as is known.
    #[schemars(range(min = 1))]
    pub steps: i32,

    /// The nearest first, the first of all last. Of a longer line the middle is left out.
    #[serde(default)]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub ancestors: Vec<Ancestor>,
}

/// A machine or an image from which a version was made.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ancestor {
    /// What it is.
    pub kind: AncestorKind,

    /// Its resource id; of an image of the Marketplace `publisher:offer:sku:version`.
    #[schemars(length(min = 1, max = 1024))]
    pub id: String,

    /// Of a virtual machine Azure's unique id of it, of a gallery image version the uid of its `ImageVersion`, where they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub uid: Option<String>,

    /// Why it is of no more use, if it isn't, as the objects of this namespace say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Withdrawn>,
}

/// What an ancestor is.
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
pub enum AncestorKind {
    /// A virtual machine.
    VirtualMachine,
    /// A gallery image version.
    ImageVersion,
    /// A managed image.
    ManagedImage,
    /// A managed disk or a snapshot.
    Disk,
    /// An image of the Marketplace.
    MarketplaceImage,
    /// Another image, such as one of a community gallery.
    Image,
}

/// Why a gallery image version is of no more use.
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
pub enum Withdrawn {
    /// It is gone from Azure, or its object has it deleted.
    Deleted,
    /// It failed its validation.
    ValidationFailed,
    /// It was latest, and an older one is to be.
    RolledBack,
    /// It was latest, and its object says since that it never is.
    Excluded,
    /// Its life has ended, by the date that its object gives.
    EndOfLife,
}
