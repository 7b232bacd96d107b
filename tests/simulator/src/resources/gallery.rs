//! Galleries and image definitions.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// A gallery.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Gallery {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) location: String,
    pub(crate) tags: BTreeMap<String, String>,
    /// The last write named tags, even if none.
    pub(crate) tagged: bool,
    pub(crate) properties: Value,
    pub(crate) provisioning_state: &'static str,
    pub(crate) operation: Uuid,
}

/// An image definition.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Definition {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) location: String,
    pub(crate) tags: BTreeMap<String, String>,
    /// The last write named tags, even if none.
    pub(crate) tagged: bool,
    pub(crate) properties: Value,
    pub(crate) provisioning_state: &'static str,
    pub(crate) operation: Uuid,
}

impl Definition {
    /// The value of a feature, compared without case.
    pub(crate) fn feature(&self, name: &str) -> Option<&str> {
        self.properties["features"]
            .as_array()?
            .iter()
            .find(|feature| feature["name"].as_str().is_some_and(|given| given.eq_ignore_ascii_case(name)))?["value"]
            .as_str()
    }
}
