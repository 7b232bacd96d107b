//! Image definitions.

use azimage_names::{
    ImageDefinitionId, Region,
    values::{Architecture, DiskController, HyperVGeneration, ImageSecurityType, OsState, OsType, ProvisioningState},
};
use serde::Deserialize;

use super::{GALLERIES, Plan, Tags};
use crate::{arm::call::Call, arm::client::Client, arm::error::Error, arm::json::null_as_default};

/// A gallery image definition: what its versions are images of.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(from = "Wire")]
pub struct ImageDefinition {
    /// Its region.
    pub location: Region,
    /// Tags.
    pub tags: Tags,
    /// State of its last write; absent counts as Succeeded.
    pub provisioning_state: Option<ProvisioningState>,
    /// Operating system.
    pub os_type: OsType,
    /// Generalized or specialized.
    pub os_state: OsState,
    /// Hardware generation. An absent one means V1 in the api-version used here.
    pub hyper_v_generation: HyperVGeneration,
    /// Architecture. An absent one means x64.
    pub architecture: Architecture,
    /// Features; see [`ImageDefinition::feature`].
    pub features: Vec<Feature>,
    /// Marketplace plan its source must have.
    pub purchase_plan: Option<Plan>,
}

/// One feature of an image definition.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Feature {
    /// Name, in any letter case.
    #[serde(default, deserialize_with = "null_as_default")]
    pub name: String,
    /// Value, in any letter case.
    #[serde(default, deserialize_with = "null_as_default")]
    pub value: String,
}

impl ImageDefinition {
    /// The value of a feature; names are compared without regard to letter case.
    pub fn feature(&self, name: &str) -> Option<&str> {
        let named = self.features.iter().find(|feature| feature.name.eq_ignore_ascii_case(name))?;
        Some(named.value.as_str())
    }

    /// The feature `SecurityType`, if the definition has it. Without it, versions are Standard.
    pub fn security_type(&self) -> Option<ImageSecurityType> {
        self.feature("SecurityType").map(ImageSecurityType::from)
    }

    /// The feature `DiskControllerTypes`, a list with commas. Without it, only SCSI.
    pub fn disk_controller_types(&self) -> Vec<DiskController> {
        let listed = self.feature("DiskControllerTypes").or_else(|| self.feature("DiskControllerType"));
        let types = listed.unwrap_or("SCSI").split(',').map(str::trim).filter(|name| !name.is_empty());
        types.map(DiskController::from).collect()
    }
}

#[derive(Deserialize)]
struct Wire {
    location: Region,
    #[serde(default, deserialize_with = "null_as_default")]
    tags: Tags,
    properties: Properties,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    os_type: OsType,
    os_state: OsState,
    hyper_v_generation: Option<HyperVGeneration>,
    architecture: Option<Architecture>,
    provisioning_state: Option<ProvisioningState>,
    #[serde(default, deserialize_with = "null_as_default")]
    features: Vec<Feature>,
    purchase_plan: Option<Plan>,
}

impl From<Wire> for ImageDefinition {
    fn from(Wire { location, tags, properties }: Wire) -> Self {
        Self {
            location,
            tags,
            provisioning_state: properties.provisioning_state,
            os_type: properties.os_type,
            os_state: properties.os_state,
            hyper_v_generation: properties.hyper_v_generation.unwrap_or_default(),
            architecture: properties.architecture.unwrap_or_default(),
            features: properties.features,
            purchase_plan: properties.purchase_plan,
        }
    }
}

impl Client {
    /// Reads an image definition (Azure REST: Gallery Images - Get).
    pub async fn image_definition(&self, call: &Call, id: &ImageDefinitionId) -> Result<ImageDefinition, Error> {
        self.get(call, id, "", GALLERIES).await
    }
}
