//! Image versions that can't be published: what is wrong with the object or in Azure, and which reason the object has to report.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::world::{PROVIDER, SUBSCRIPTION};

/// A broken object, by what is wrong with it. Each has its own machine and image definition, in a separate gallery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum BrokenObject {
    /// The gallery that it names doesn't exist.
    NoGallery,
    /// The image definition that it names doesn't exist.
    NoDefinition,
    /// The machine that it names doesn't exist.
    NoMachine,
    /// The version that it is to be made from doesn't exist.
    NoSourceVersion,
    /// The machine doesn't consent.
    NoConsent,
    /// Another cluster's object has claimed the machine.
    Claimed,
    /// The machine runs Windows.
    Windows,
    /// The image definition is for Windows.
    ForWindows,
    /// The image definition is for another generation.
    OtherGeneration,
    /// The machine is generalized already.
    Generalized,
    /// Somebody else's version has the name.
    Taken,
}

impl BrokenObject {
    /// All kinds.
    pub const ALL: [Self; 11] = [
        Self::NoGallery,
        Self::NoDefinition,
        Self::NoMachine,
        Self::NoSourceVersion,
        Self::NoConsent,
        Self::Claimed,
        Self::Windows,
        Self::ForWindows,
        Self::OtherGeneration,
        Self::Generalized,
        Self::Taken,
    ];

    /// The name of the object, and of its machine and definition in Azure.
    pub fn name(self) -> String {
        format!("{BROKEN_PREFIX}{self:?}").to_lowercase()
    }

    /// The reason for which the object has to be `Stalled`.
    pub fn reason(self) -> &'static str {
        match self {
            Self::NoGallery => "GalleryNotFound",
            Self::NoDefinition => "DefinitionNotFound",
            Self::NoMachine | Self::NoSourceVersion => "SourceNotFound",
            Self::NoConsent => "ConsentMissing",
            Self::Claimed => "SourceClaimed",
            Self::Windows | Self::ForWindows => "OsTypeMismatch",
            Self::OtherGeneration => "GenerationMismatch",
            Self::Generalized => "AlreadyGeneralized",
            Self::Taken => "VersionExists",
        }
    }

    /// The machine in Azure, if there is one.
    pub(crate) fn machine(self) -> Option<Value> {
        let mut machine = json!({"name": self.name(), "tags": {"azimage-generalize": "allowed"}});
        match self {
            Self::NoMachine => return None,
            Self::NoConsent => machine["tags"] = json!({}),
            Self::Claimed => {
                machine["tags"]["azimage-owner"] = json!("other/images/web/00000000-0000-0000-0000-0000000000ff");
            }
            Self::Windows => machine["osType"] = json!("Windows"),
            Self::Generalized => {
                machine["generalized"] = json!(true);
                machine["powerState"] = json!("deallocated");
            }
            _ => {}
        }
        Some(machine)
    }

    /// The image definition in Azure, if there is one.
    pub(crate) fn definition(self) -> Option<Value> {
        let mut definition = json!({"name": self.name()});
        match self {
            Self::NoDefinition | Self::NoGallery => return None,
            Self::ForWindows => definition["osType"] = json!("Windows"),
            Self::OtherGeneration => definition["hyperVGeneration"] = json!("V1"),
            Self::Taken => definition["versions"] = json!([{"name": "1.4.0"}]),
            _ => {}
        }
        Some(definition)
    }

    /// The gallery and the source of the object.
    pub(crate) fn spec(self) -> Value {
        let gallery = if self == Self::NoGallery { "nowhere" } else { GALLERY };
        let source = if self == Self::NoSourceVersion {
            json!({"imageVersion": {"resourceId": format!("{PROVIDER}/galleries/{GALLERY}/images/{}/versions/1.3.9", self.name())}})
        } else {
            json!({"virtualMachine": {
                "resourceId": format!("{PROVIDER}/virtualMachines/{}", self.name()), "capture": "InPlace",
                "inPlace": {"keepDiskSnapshotFor": "0s"},
            }})
        };
        json!({
            "gallery": {"subscriptionId": SUBSCRIPTION, "resourceGroup": "images", "name": gallery},
            "definition": self.name(), "version": "1.4.0", "source": source,
        })
    }
}

/// The prefix of the names of broken objects and of their resources in Azure.
pub(crate) const BROKEN_PREFIX: &str = "bad-";

/// The gallery of broken objects.
pub(crate) const GALLERY: &str = "apart";
