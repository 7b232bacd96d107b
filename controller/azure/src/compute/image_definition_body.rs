//! Image definitions, as they are written: whole, as Azure replaces what there is.

use azimage_names::{
    Region,
    values::{Architecture, HyperVGeneration, OsState, OsType},
};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Feature, Plan, Tags};

/// A request to make or change an image definition as a whole.
#[derive(Clone, Debug, PartialEq)]
pub struct ImageDefinitionBody {
    /// Its region.
    pub location: Region,
    /// Tags, whole: Azure replaces all of them.
    pub tags: Tags,
    /// Its properties as they were read; of one that is to be made there are none.
    pub properties: Map<String, Value>,
    /// What it is, if it is to be made: Azure never changes that.
    pub new: Option<NewImageDefinition>,
    /// What may be changed of it.
    pub settings: ImageDefinitionSettings,
}

/// What Azure never changes of an image definition.
#[derive(Clone, Debug, PartialEq)]
pub struct NewImageDefinition {
    /// Operating system.
    pub os_type: OsType,
    /// Generalized or specialized.
    pub os_state: OsState,
    /// Hardware generation.
    pub hyper_v_generation: HyperVGeneration,
    /// Architecture.
    pub architecture: Architecture,
    /// Publisher, offer and sku.
    pub identifier: (String, String, String),
    /// Features.
    pub features: Vec<Feature>,
    /// Marketplace plan its source must have.
    pub purchase_plan: Option<Plan>,
}

/// What may be changed of an image definition; what is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageDefinitionSettings {
    /// What it is for.
    pub description: Option<String>,
    /// End of life.
    pub end_of_life: Option<Timestamp>,
    /// Licence agreement.
    pub eula: Option<String>,
    /// Address of its privacy statement.
    pub privacy_statement_uri: Option<String>,
    /// Address of its release notes.
    pub release_note_uri: Option<String>,
    /// Recommended virtual processors.
    pub recommended_vcpus: AtLeastAtMost,
    /// Recommended memory, in GiB.
    pub recommended_memory: AtLeastAtMost,
}

/// Two limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AtLeastAtMost {
    /// At least so much.
    pub min: Option<i32>,
    /// At most so much.
    pub max: Option<i32>,
}

impl NewImageDefinition {
    fn write(&self, into: &mut Map<String, Value>) {
        let (publisher, offer, sku) = &self.identifier;
        let feature = |feature: &Feature| json!({"name": feature.name, "value": feature.value});
        into.insert("osType".to_owned(), json!(self.os_type));
        into.insert("osState".to_owned(), json!(self.os_state));
        into.insert("hyperVGeneration".to_owned(), json!(self.hyper_v_generation));
        into.insert("architecture".to_owned(), json!(self.architecture));
        into.insert("identifier".to_owned(), json!({"publisher": publisher, "offer": offer, "sku": sku}));
        into.insert("features".to_owned(), self.features.iter().map(feature).collect());
        if let Some(Plan { name, publisher, product }) = &self.purchase_plan {
            let plan = json!({"name": name, "publisher": publisher, "product": product});
            into.insert("purchasePlan".to_owned(), plan);
        }
    }
}

impl ImageDefinitionSettings {
    fn write(&self, into: &mut Map<String, Value>) {
        let texts = [
            ("description", self.description.clone()),
            ("endOfLifeDate", self.end_of_life.map(|time| time.to_string())),
            ("eula", self.eula.clone()),
            ("privacyStatementUri", self.privacy_statement_uri.clone()),
            ("releaseNoteUri", self.release_note_uri.clone()),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                into.insert(name.to_owned(), Value::String(text));
            }
        }
        let limits = [("vCPUs", self.recommended_vcpus), ("memory", self.recommended_memory)];
        if limits.iter().all(|(_, limits)| *limits == AtLeastAtMost::default()) {
            return;
        }
        let mut recommended = taken(into, "recommended");
        for (name, AtLeastAtMost { min, max }) in limits {
            if min.is_none() && max.is_none() {
                continue;
            }
            let mut both = taken(&mut recommended, name);
            for (end, number) in [("min", min), ("max", max)] {
                if let Some(number) = number {
                    both.insert(end.to_owned(), json!(number));
                }
            }
            recommended.insert(name.to_owned(), Value::Object(both));
        }
        into.insert("recommended".to_owned(), Value::Object(recommended));
    }
}

/// A member that is an object, or an empty one where it is none.
fn taken(of: &mut Map<String, Value>, name: &str) -> Map<String, Value> {
    match of.remove(name) {
        Some(Value::Object(object)) => object,
        _ => Map::new(),
    }
}

impl Serialize for ImageDefinitionBody {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { location, tags, properties, new, settings } = self;
        let mut properties = properties.clone();
        if let Some(new) = new {
            new.write(&mut properties);
        }
        settings.write(&mut properties);
        json!({"location": location, "tags": tags, "properties": properties}).serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(properties: Value, new: Option<NewImageDefinition>, settings: ImageDefinitionSettings) -> Value {
        let Value::Object(properties) = properties else { panic!("properties are an object") };
        let (location, tags) = ("westeurope".parse().unwrap(), Tags::from([("a".to_owned(), "b".to_owned())]));
        let body = ImageDefinitionBody { location, tags, properties, new, settings };
        serde_json::to_value(&body).unwrap()["properties"].clone()
    }

    #[test]
    fn a_new_definition_says_all_that_azure_would_choose_by_itself() {
        let feature = |name: &str, value: &str| Feature { name: name.to_owned(), value: value.to_owned() };
        let new = NewImageDefinition {
            os_type: OsType::Linux,
            os_state: OsState::Generalized,
            hyper_v_generation: HyperVGeneration::V2,
            architecture: Architecture::X64,
            identifier: ("corp".to_owned(), "ubuntu".to_owned(), "web".to_owned()),
            features: vec![
                feature("SecurityType", "TrustedLaunchSupported"),
                feature("DiskControllerTypes", "SCSI, NVMe"),
            ],
            purchase_plan: Some(Plan { name: Some("pro".to_owned()), ..Plan::default() }),
        };
        let settings = ImageDefinitionSettings { eula: Some("free".to_owned()), ..ImageDefinitionSettings::default() };
        let expected = json!({
            "osType": "Linux", "osState": "Generalized", "hyperVGeneration": "V2", "architecture": "x64",
            "identifier": {"publisher": "corp", "offer": "ubuntu", "sku": "web"}, "eula": "free",
            "features": [
                {"name": "SecurityType", "value": "TrustedLaunchSupported"},
                {"name": "DiskControllerTypes", "value": "SCSI, NVMe"},
            ],
            "purchasePlan": {"name": "pro", "publisher": null, "product": null},
        });
        assert_eq!(body(json!({}), Some(new), settings), expected);
    }

    #[test]
    fn a_change_leaves_all_else_as_it_was_read() {
        let was = json!({
            "osType": "Linux", "description": "old", "features": [{"name": "New", "value": "x", "startsAtVersion": "1.0.0"}],
            "recommended": {"vCPUs": {"min": 2, "kind": "new"}, "memory": null}, "disallowed": {"diskTypes": ["Standard_LRS"]},
        });
        assert_eq!(body(was.clone(), None, ImageDefinitionSettings::default()), was);
        let settings = ImageDefinitionSettings {
            description: Some("new".to_owned()),
            end_of_life: Some("2027-11-01T00:00:00Z".parse().unwrap()),
            recommended_vcpus: AtLeastAtMost { min: None, max: Some(8) },
            recommended_memory: AtLeastAtMost { min: Some(4), max: None },
            ..ImageDefinitionSettings::default()
        };
        let mut expected = was.clone();
        expected["description"] = json!("new");
        expected["endOfLifeDate"] = json!("2027-11-01T00:00:00Z");
        expected["recommended"] = json!({"vCPUs": {"min": 2, "max": 8, "kind": "new"}, "memory": {"min": 4}});
        assert_eq!(body(was, None, settings), expected);
    }
}
