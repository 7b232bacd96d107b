//! Image definitions.

use azimage_names::{
    ImageDefinitionId, Region,
    values::{Architecture, DiskController, HyperVGeneration, ImageSecurityType, OsState, OsType, ProvisioningState},
};
use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{GALLERIES, ImageDefinitionBody, Plan, Tags};
use crate::{
    arm::call::Call,
    arm::client::{Accepted, Client},
    arm::error::Error,
    arm::json::null_as_default,
};

/// Members of `properties` that Azure alone sets.
const READ_ONLY: &str = "provisioningState";

/// A gallery image definition: what its versions are images of.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Wire")]
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
    /// All properties as Azure sent them but for those that it alone sets: a write of the whole keeps what isn't known here.
    pub properties: Map<String, Value>,
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

    /// A property by its JSON pointer, such as `/identifier/sku`, if it is a text.
    pub fn text(&self, pointer: &str) -> Option<&str> {
        self.at(pointer)?.as_str()
    }

    /// A property by its JSON pointer, such as `/recommended/vCPUs/min`, if it is an integer.
    pub fn number(&self, pointer: &str) -> Option<i64> {
        self.at(pointer)?.as_i64()
    }

    fn at(&self, pointer: &str) -> Option<&Value> {
        let mut parts = pointer.trim_start_matches('/').split('/');
        let first = self.properties.get(parts.next()?)?;
        parts.try_fold(first, |value, part| value.get(part))
    }
}

#[derive(Deserialize)]
struct Wire {
    location: Region,
    #[serde(default, deserialize_with = "null_as_default")]
    tags: Tags,
    properties: Map<String, Value>,
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

impl TryFrom<Wire> for ImageDefinition {
    type Error = serde_json::Error;

    fn try_from(Wire { location, tags, mut properties }: Wire) -> Result<Self, Self::Error> {
        let known: Properties = serde_json::from_value(Value::Object(properties.clone()))?;
        properties.remove(READ_ONLY);
        Ok(Self {
            location,
            tags,
            provisioning_state: known.provisioning_state,
            os_type: known.os_type,
            os_state: known.os_state,
            hyper_v_generation: known.hyper_v_generation.unwrap_or_default(),
            architecture: known.architecture.unwrap_or_default(),
            features: known.features,
            purchase_plan: known.purchase_plan,
            properties,
        })
    }
}

impl Client {
    /// Reads an image definition (Azure REST: Gallery Images - Get).
    pub async fn image_definition(&self, call: &Call, id: &ImageDefinitionId) -> Result<ImageDefinition, Error> {
        self.get(call, id, "", GALLERIES).await
    }

    /// Makes an image definition, or changes what may be changed of it (Azure REST: Gallery Images - Create Or Update).
    pub async fn put_image_definition(
        &self,
        call: &Call,
        id: &ImageDefinitionId,
        body: &ImageDefinitionBody,
    ) -> Result<Accepted, Error> {
        self.write(call, Method::PUT, &id.to_string(), GALLERIES, Some(body), None).await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> Result<ImageDefinition, serde_json::Error> {
        serde_json::from_value(value)
    }

    #[test]
    fn a_definition_keeps_what_is_not_known_of_it() {
        let properties = json!({
            "osType": "linux", "osState": "Generalized", "identifier": {"publisher": "p", "offer": "o", "sku": "s"},
            "recommended": {"vCPUs": {"min": 2, "kind": "new"}}, "disallowed": {"diskTypes": ["Standard_LRS"]},
            "newMember": 7, "description": null, "features": null,
        });
        let mut sent = properties.clone();
        sent["provisioningState"] = json!("Succeeded");
        let found = read(json!({"location": "West Europe", "tags": null, "properties": sent})).unwrap();
        assert_eq!(Value::Object(found.properties.clone()), properties);
        assert_eq!((found.os_type.clone(), found.hyper_v_generation.clone()), (OsType::Linux, HyperVGeneration::V1));
        assert_eq!(found.disk_controller_types(), [DiskController::Scsi]);
        assert_eq!((found.text("/identifier/sku"), found.text("/description")), (Some("s"), None));
        assert_eq!((found.number("/recommended/vCPUs/min"), found.number("/recommended/memory/max")), (Some(2), None));
    }

    #[test]
    fn without_its_system_it_is_no_definition() {
        for properties in
            [json!({}), json!({"osType": "Linux"}), json!({"osType": 1, "osState": "Generalized"}), json!(null)]
        {
            assert!(read(json!({"location": "westeurope", "properties": properties})).is_err(), "{properties}");
        }
    }
}
