//! Galleries.

use azimage_names::{GalleryId, ImageDefinitionId, Region, values::ProvisioningState};
use serde::Deserialize;

use super::{GALLERIES, Tags};
use crate::{
    arm::call::Call,
    arm::client::{Client, Pages},
    arm::error::Error,
    arm::json::null_as_default,
};

/// A compute gallery.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(from = "Wire")]
pub struct Gallery {
    /// Its region. Versions live in regions of their own.
    pub location: Region,
    /// Tags.
    pub tags: Tags,
    /// State of its last write; absent counts as Succeeded.
    pub provisioning_state: Option<ProvisioningState>,
    /// Whether deleted versions are kept for some time, during which their number cannot be used again.
    pub soft_delete: bool,
}

#[derive(Deserialize)]
struct Wire {
    location: Region,
    #[serde(default, deserialize_with = "null_as_default")]
    tags: Tags,
    #[serde(default, deserialize_with = "null_as_default")]
    properties: Properties,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    provisioning_state: Option<ProvisioningState>,
    soft_delete_policy: Option<SoftDeletePolicy>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SoftDeletePolicy {
    is_soft_delete_enabled: Option<bool>,
}

impl From<Wire> for Gallery {
    fn from(Wire { location, tags, properties }: Wire) -> Self {
        let soft_delete = properties.soft_delete_policy.and_then(|policy| policy.is_soft_delete_enabled);
        Self {
            location,
            tags,
            provisioning_state: properties.provisioning_state,
            soft_delete: soft_delete.unwrap_or(false),
        }
    }
}

/// A deleted version that its gallery keeps for a while. A PUT under its number brings it back with its old source (recorded
/// azure-cli exchange, 2025).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SoftDeletedVersion {
    /// Its number.
    #[serde(default, deserialize_with = "null_as_default")]
    pub name: String,
}

impl Client {
    /// Reads a gallery (Azure REST: Galleries - Get).
    pub async fn gallery(&self, call: &Call, id: &GalleryId) -> Result<Gallery, Error> {
        self.get(call, id, "", GALLERIES).await
    }

    /// Lists the deleted versions of an image definition that its gallery keeps (Azure REST: Soft Deleted Resource - List By
    /// Artifact Name).
    pub async fn soft_deleted_versions(
        &self,
        call: &Call,
        id: &ImageDefinitionId,
    ) -> Result<Vec<SoftDeletedVersion>, Error> {
        let mut pages = Pages::default();
        let (gallery, definition) = (id.gallery(), id.name());
        let path = format!("{gallery}/softDeletedArtifactTypes/Images/artifacts/{definition}/versions");
        self.list_on(call, &path, GALLERIES, &mut pages).await?;
        Ok(pages.into_values())
    }
}
