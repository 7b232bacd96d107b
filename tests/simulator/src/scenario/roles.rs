//! Roles in a scenario, and who has them.

use serde::{Deserialize, Serialize};

/// A custom role, in the form that `az role definition create` reads.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct RoleDefinition {
    /// Name, by which assignments find it.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// `true` for all that can be made.
    pub is_custom: bool,
    /// Actions; `*` stands for any text.
    pub actions: Vec<String>,
    /// Actions that are left out again.
    pub not_actions: Vec<String>,
    /// Where it may be assigned.
    pub assignable_scopes: Vec<String>,
}

/// A role that a client has from the start, without the lag of a new assignment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoleAssignment {
    /// Application (client) id.
    pub client: String,
    /// Name or GUID of the role.
    pub role: String,
    /// A subscription, a resource group or a resource.
    pub scope: String,
}

/// Actions allowed on a scope and everything below it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Role {
    /// `/`, a subscription, a resource group or a resource.
    pub scope: String,
    /// Actions such as `Microsoft.Compute/virtualMachines/read`; `*` stands for any text.
    pub actions: Vec<String>,
}
