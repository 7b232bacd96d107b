//! A version of an object, as it was seen.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use serde_json::Value;

/// A version of an object, as it was seen.
#[derive(Clone, Debug)]
pub struct Object(pub Value);

impl Object {
    /// What a person would want to read of it.
    #[must_use]
    pub fn told(mut self) -> Value {
        if let Some(metadata) = self.0["metadata"].as_object_mut() {
            metadata.remove("managedFields");
        }
        self.0
    }

    /// The object's name.
    pub fn name(&self) -> &str {
        self.0["metadata"]["name"].as_str().unwrap_or_default()
    }

    /// The object's kind.
    pub fn kind(&self) -> &str {
        self.0["kind"].as_str().unwrap_or_default()
    }

    /// A value in the object, by its JSON pointer.
    pub fn at(&self, pointer: &str) -> &Value {
        self.0.pointer(pointer).unwrap_or(&Value::Null)
    }

    /// All conditions.
    pub fn conditions(&self) -> Vec<Condition> {
        serde_json::from_value(self.at("/status/conditions").clone()).unwrap_or_default()
    }

    /// A condition.
    pub fn condition(&self, kind: &str) -> Option<Condition> {
        self.conditions().into_iter().find(|condition| condition.type_ == kind)
    }

    /// Whether the status speaks of the spec as it is now.
    pub fn is_current(&self) -> bool {
        self.at("/status/observedGeneration") == self.at("/metadata/generation")
    }

    /// Ready, for the spec as it is now.
    pub fn is_ready(&self) -> bool {
        self.is_current() && self.condition("Ready").is_some_and(|ready| ready.status == "True")
    }

    /// Reason and message of an object that waits for a person.
    pub fn stalled(&self) -> Option<(String, String)> {
        let stalled = self.condition("Stalled").filter(|_| self.is_current())?;
        Some((stalled.reason, stalled.message))
    }

    /// Whether it waits for a person, for this reason.
    pub fn is_stalled(&self, reason: &str) -> bool {
        self.stalled().is_some_and(|(is, _)| is == reason)
    }

    /// The names of the regions in the status, with their state.
    pub fn regions(&self) -> Vec<(String, String)> {
        let regions = self.at("/status/regions").as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        regions.iter().map(|region| (text(&region["name"]), text(&region["state"]))).collect()
    }

    /// What the linter of statuses finds wrong.
    pub(crate) fn problems(&self) -> Vec<String> {
        let observed = self.at("/status/observedGeneration").as_i64();
        // What the schema's default says of an object that nobody has looked at.
        if observed == Some(-1) {
            return Vec::new();
        }
        let generation = self.at("/metadata/generation").as_i64().unwrap_or_default();
        let mut problems = azimage_core::lint::problems(generation, observed, &self.conditions());
        problems.extend(self.spec_owners());
        problems
    }

    /// What azimage owns of the spec, which is its users' alone: a tool that applies it would meet a conflict.
    fn spec_owners(&self) -> Option<String> {
        let entries = self.at("/metadata/managedFields").as_array()?;
        // What a person asks of the command line is that person's wish.
        let asked = ["azimage-reconcile", "azimage-suspend"];
        let is_ours = |manager: &str| manager.starts_with("azimage") && !asked.contains(&manager);
        let ours = |entry: &&Value| entry["manager"].as_str().is_some_and(is_ours);
        let spec = entries.iter().filter(ours).find(|entry| !entry["fieldsV1"]["f:spec"].is_null())?;
        Some(format!("{} owns {}", spec["manager"], spec["fieldsV1"]["f:spec"]))
    }
}
