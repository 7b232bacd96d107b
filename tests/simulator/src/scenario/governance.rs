//! Management locks and policies in a scenario.

use serde::{Deserialize, Serialize};

/// A management lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Lock {
    /// Its name; its number in the list where absent.
    #[serde(default)]
    pub name: Option<String>,
    /// A subscription, a resource group or a resource: it is locked with all below.
    pub scope: String,
    /// What the lock forbids.
    pub level: LockLevel,
}

/// What a lock forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LockLevel {
    /// Deletions.
    CanNotDelete,
    /// Everything but reads.
    ReadOnly,
}

/// A policy that denies creating and changing resources; without a condition, all of its types.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Policy {
    /// Name of definition and assignment.
    pub name: String,
    /// A subscription, a resource group or a resource: it holds for all below.
    pub scope: String,
    /// Types such as `Microsoft.Compute/galleries/images/versions`; empty means all.
    pub resource_types: Vec<String>,
    /// Denied is every other `location`, in any spelling.
    pub allowed_locations: Vec<String>,
    /// Denied is what lacks this tag.
    pub required_tag: Option<String>,
}
