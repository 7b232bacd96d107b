//! Role definitions and role assignments.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// Actions, and those of them that are left out again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Permission {
    pub(crate) actions: Vec<String>,
    pub(crate) not_actions: Vec<String>,
}

/// A role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RoleDefinition {
    /// GUID.
    pub(crate) name: String,
    pub(crate) role_name: String,
    pub(crate) description: String,
    pub(crate) custom: bool,
    pub(crate) permissions: Vec<Permission>,
    pub(crate) assignable_scopes: Vec<String>,
    pub(crate) written: Timestamp,
}

/// A role that somebody has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RoleAssignment {
    /// GUID.
    pub(crate) name: String,
    pub(crate) scope: String,
    /// GUID of the role, in lower case.
    pub(crate) role: String,
    /// Id of the role as it is shown.
    pub(crate) role_id: String,
    /// Object id.
    pub(crate) principal: String,
    pub(crate) created: Timestamp,
    /// From when on rights are given.
    pub(crate) since: Timestamp,
    /// Until when rights are given, once it is deleted.
    pub(crate) until: Option<Timestamp>,
}

/// All roles and who has them.
pub(crate) struct Roles {
    /// By GUID in lower case; the built-in ones first of all.
    pub(crate) definitions: BTreeMap<String, RoleDefinition>,
    /// By scope and GUID in lower case.
    pub(crate) assignments: BTreeMap<(String, String), RoleAssignment>,
}

impl Default for Roles {
    fn default() -> Self {
        let built_in = built_in().map(|definition| (definition.name.clone(), definition));
        Self { definitions: BTreeMap::from(built_in), assignments: BTreeMap::new() }
    }
}

impl Roles {
    pub(crate) fn define(&mut self, definition: RoleDefinition) {
        self.definitions.insert(definition.name.to_lowercase(), definition);
    }

    /// The role of that name, or of that GUID.
    pub(crate) fn role(&self, role: &str) -> Option<&RoleDefinition> {
        let named = |definition: &&RoleDefinition| definition.role_name.eq_ignore_ascii_case(role);
        self.definitions.get(&role.to_lowercase()).or_else(|| self.definitions.values().find(named))
    }

    pub(crate) fn assign(&mut self, assignment: RoleAssignment) {
        let key = (assignment.scope.to_lowercase(), assignment.name.to_lowercase());
        self.assignments.insert(key, assignment);
    }
}

/// Owner, Contributor and Reader, with the ids they have everywhere.
fn built_in() -> [RoleDefinition; 3] {
    let role = |name: &str, role_name: &str, action: &str, without: &[&str]| RoleDefinition {
        name: name.to_owned(),
        role_name: role_name.to_owned(),
        description: String::new(),
        custom: false,
        permissions: vec![Permission {
            actions: vec![action.to_owned()],
            not_actions: without.iter().map(|action| (*action).to_owned()).collect(),
        }],
        assignable_scopes: vec!["/".to_owned()],
        written: Timestamp::UNIX_EPOCH,
    };
    let without = [
        "Microsoft.Authorization/*/Delete",
        "Microsoft.Authorization/*/Write",
        "Microsoft.Authorization/elevateAccess/Action",
    ];
    [
        role("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", "*", &[]),
        role("b24988ac-6180-42a0-ab88-20f7382dd24c", "Contributor", "*", &without),
        role("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", "*/read", &[]),
    ]
}
