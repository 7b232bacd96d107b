//! Run commands.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// How far a script is.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Execution {
    pub(crate) state: &'static str,
    pub(crate) message: &'static str,
    pub(crate) exit_code: Option<i32>,
    pub(crate) output: String,
    pub(crate) error: String,
    pub(crate) started: Option<Timestamp>,
    pub(crate) ended: Option<Timestamp>,
}

impl Execution {
    pub(crate) fn pending() -> Self {
        Self {
            state: "Pending",
            message: "",
            exit_code: None,
            output: String::new(),
            error: String::new(),
            started: None,
            ended: None,
        }
    }
}

/// A run command: managed, or the short-lived record behind the action form.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunCommand {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) machine: String,
    pub(crate) location: String,
    pub(crate) tags: BTreeMap<String, String>,
    /// The last write named tags, even if none.
    pub(crate) tagged: bool,
    pub(crate) properties: Value,
    /// Values of protected parameters; never shown.
    #[serde(skip)]
    pub(crate) protected: BTreeMap<String, String>,
    pub(crate) provisioning_state: &'static str,
    pub(crate) execution: Execution,
    pub(crate) run: u64,
    pub(crate) operation: Uuid,
    /// The action form: it can't be read, and its result belongs to the operation.
    pub(crate) action: bool,
    pub(crate) boot: u64,
}

impl RunCommand {
    pub(crate) fn script(&self) -> String {
        self.properties["source"]["script"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.properties[name].as_bool().unwrap_or_default()
    }

    pub(crate) fn timeout(&self, default: f64) -> f64 {
        self.properties["timeoutInSeconds"].as_f64().filter(|seconds| *seconds > 0.0).unwrap_or(default)
    }
}
