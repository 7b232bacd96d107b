//! Virtual networks, subnets, network interfaces.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// A network interface that a machine had, or was to have, is kept for it for a while.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Reservation {
    /// Id of the machine.
    pub(crate) machine: String,
    pub(crate) until: Timestamp,
}

/// A virtual network, a subnet or a network interface; which of them, its id tells.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NetworkResource {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Compact; a subnet's is its network's.
    pub(crate) location: String,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) properties: Value,
    pub(crate) etag: Uuid,
    pub(crate) guid: Uuid,
    pub(crate) provisioning_state: &'static str,
    pub(crate) operation: Uuid,
    pub(crate) reserved: Option<Reservation>,
}

impl NetworkResource {
    pub(crate) fn etag(&self) -> String {
        format!("W/\"{}\"", self.etag)
    }
}
