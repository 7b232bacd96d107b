//! What forbids writes: locks, policies, providers that are not registered.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::scenario::{LockLevel, Policy};

/// All that is in force.
#[derive(Debug, Default)]
pub(crate) struct Governance {
    pub(crate) locks: Vec<ManagementLock>,
    pub(crate) policies: Vec<Policy>,
    /// Namespaces that a subscription (in lower case) is not registered for.
    pub(crate) unregistered: BTreeMap<String, Vec<String>>,
}

/// A lock that is in force.
#[derive(Debug, Clone)]
pub(crate) struct ManagementLock {
    pub(crate) scope: String,
    pub(crate) name: String,
    pub(crate) level: LockLevel,
    pub(crate) notes: Value,
}
