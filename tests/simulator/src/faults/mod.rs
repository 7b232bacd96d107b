//! Faults that tests ask for: on requests (HTTP) and inside Azure (domain).

pub(crate) mod domain;
pub(crate) mod http;
pub(crate) mod then;
pub(crate) mod wire;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::{
    domain::DomainFault,
    http::{Effect, HttpFault, Match},
    then::{Respond, Then},
    wire::Wire,
};

/// A fault as it is posted: with `azure` it happens inside Azure, otherwise to requests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Fault {
    /// Inside Azure.
    Azure(DomainFault),
    /// To requests.
    Http(HttpFault),
}

impl Fault {
    /// Reads a fault; the message names the wrong field.
    ///
    /// # Errors
    /// The text is no fault.
    pub fn from_json(value: Value) -> Result<Self, String> {
        let read = if value.get("azure").is_some() {
            serde_json::from_value(value).map(Self::Azure)
        } else {
            serde_json::from_value(value).map(Self::Http)
        };
        read.map_err(|error| format!("the fault cannot be read: {error}"))
    }
}
