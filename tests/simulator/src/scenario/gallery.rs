//! Galleries, image definitions and versions in a scenario.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Plan;

/// A gallery.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Gallery {
    /// Name.
    pub name: String,
    /// Region; the resource group's where absent.
    pub location: Option<String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// Deleted versions are kept for a while.
    pub soft_delete: bool,
    /// Image definitions.
    pub definitions: Vec<Definition>,
}

/// An image definition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Definition {
    /// Name.
    pub name: String,
    /// Region; the gallery's where absent.
    pub location: Option<String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// `Linux` or `Windows`.
    pub os_type: String,
    /// `Generalized` or `Specialized`.
    pub os_state: String,
    /// `V1` or `V2`.
    pub hyper_v_generation: String,
    /// `x64` or `Arm64`.
    pub architecture: String,
    /// Publisher, offer, sku; made from the name where absent.
    pub identifier: Option<Identifier>,
    /// Features such as `SecurityType`.
    pub features: Vec<Feature>,
    /// Purchase plan.
    pub purchase_plan: Option<Plan>,
    /// Versions that exist already, complete in all their regions.
    pub versions: Vec<ImageVersion>,
    /// Versions that were deleted just now, and that the gallery keeps.
    pub soft_deleted: Vec<ImageVersion>,
}

impl Default for Definition {
    fn default() -> Self {
        Self {
            name: String::new(),
            location: None,
            tags: BTreeMap::new(),
            os_type: "Linux".to_owned(),
            os_state: "Generalized".to_owned(),
            hyper_v_generation: "V2".to_owned(),
            architecture: "x64".to_owned(),
            identifier: None,
            features: Vec::new(),
            purchase_plan: None,
            versions: Vec::new(),
            soft_deleted: Vec::new(),
        }
    }
}

/// What marks an image definition inside its gallery.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Identifier {
    /// Publisher.
    pub publisher: String,
    /// Offer.
    pub offer: String,
    /// Sku.
    pub sku: String,
}

/// A feature of an image definition.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Feature {
    /// Name.
    pub name: String,
    /// Value.
    pub value: String,
}

/// An image version that exists already.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ImageVersion {
    /// `Major.Minor.Patch`.
    pub name: String,
    /// Home region; the definition's where absent.
    pub location: Option<String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// Regions besides the home region.
    pub regions: Vec<String>,
    /// Source virtual machine (resource id).
    pub virtual_machine_id: Option<String>,
    /// What is in it was never deprovisioned, although it may say so.
    pub unprepared: bool,
    /// Not among the candidates for `latest`.
    pub exclude_from_latest: bool,
    /// `Succeeded` (default) or `Failed`.
    pub provisioning_state: Option<String>,
}

/// A disk encryption set, which target regions of a version may name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DiskEncryptionSet {
    /// Name.
    pub name: String,
    /// Region; the resource group's where absent.
    pub location: Option<String>,
}
