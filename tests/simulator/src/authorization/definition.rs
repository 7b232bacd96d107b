//! Role definitions: actions under a name.

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Filter, fits, guid, refused};
use crate::{
    arm::{
        call::{Answer, Call, Reply},
        error::ArmError,
        rights::{Grant, authorization_failed, covers},
    },
    clock::azure_time,
    resources::{
        Resources,
        roles::{Permission, RoleDefinition},
    },
    scenario,
};

impl RoleDefinition {
    /// A custom role of a scenario.
    pub(crate) fn seeded(name: String, seed: &scenario::RoleDefinition, now: Timestamp) -> Self {
        Self {
            name,
            role_name: seed.name.clone(),
            description: seed.description.clone(),
            custom: true,
            permissions: vec![Permission { actions: seed.actions.clone(), not_actions: seed.not_actions.clone() }],
            assignable_scopes: seed.assignable_scopes.clone(),
            written: now,
        }
    }

    /// Reads the body of a PUT.
    fn read(name: String, properties: &Value, now: Timestamp) -> Result<Self, ArmError> {
        let invalid = |field: &str| {
            refused(StatusCode::BAD_REQUEST, "InvalidRoleDefinition", format!("The role definition needs '{field}'."))
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let list = |value: &Value| value.as_array().into_iter().flatten().map(text).collect::<Vec<_>>();
        let definition = Self {
            name,
            role_name: text(&properties["roleName"]),
            description: text(&properties["description"]),
            custom: true,
            permissions: properties["permissions"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|entry| Permission { actions: list(&entry["actions"]), not_actions: list(&entry["notActions"]) })
                .collect(),
            assignable_scopes: list(&properties["assignableScopes"]),
            written: now,
        };
        match &definition {
            Self { role_name, .. } if role_name.is_empty() => Err(invalid("roleName")),
            Self { permissions, .. } if permissions.is_empty() => Err(invalid("permissions")),
            Self { assignable_scopes, .. } if assignable_scopes.is_empty() => Err(invalid("assignableScopes")),
            _ => Ok(definition),
        }
    }

    /// What it gives where it is assigned.
    pub(super) fn grants(&self, scope: &str) -> Vec<Grant> {
        let grant = |permission: &Permission| Grant {
            scope: scope.to_owned(),
            actions: permission.actions.clone(),
            not_actions: permission.not_actions.clone(),
        };
        self.permissions.iter().map(grant).collect()
    }

    /// May it be assigned on `scope`?
    pub(super) fn assignable(&self, scope: &str) -> bool {
        self.assignable_scopes.iter().any(|assignable| covers(assignable, scope))
    }

    /// The id below the scope that was asked; built-in ones are of no subscription.
    pub(crate) fn id(&self) -> String {
        let subscription = self
            .assignable_scopes
            .iter()
            .filter(|_| self.custom)
            .find_map(|scope| scope.strip_prefix("/subscriptions/")?.split('/').next());
        let scope = subscription.map(|id| format!("/subscriptions/{id}")).unwrap_or_default();
        format!("{scope}/providers/Microsoft.Authorization/roleDefinitions/{}", self.name)
    }

    fn view(&self) -> Value {
        let permission = |permission: &Permission| {
            json!({
                "actions": permission.actions, "notActions": permission.not_actions,
                "dataActions": [], "notDataActions": [],
            })
        };
        json!({
            "id": self.id(),
            "name": self.name,
            "type": "Microsoft.Authorization/roleDefinitions",
            "properties": {
                "roleName": self.role_name,
                "type": if self.custom { "CustomRole" } else { "BuiltInRole" },
                "description": self.description,
                "assignableScopes": self.assignable_scopes,
                "permissions": self.permissions.iter().map(permission).collect::<Vec<_>>(),
                "createdOn": azure_time(self.written),
                "updatedOn": azure_time(self.written),
            },
        })
    }
}

pub(super) fn list(resources: &Resources, call: &Call<'_>, filter: &Filter) -> Reply {
    let scope = call.address.id();
    let shown = |definition: &&RoleDefinition| {
        (definition.assignable(&scope) || definition.assignable_scopes.iter().any(|own| covers(&scope, own)))
            && fits(filter.role_name.as_ref(), &definition.role_name)
            && fits(filter.kind.as_ref(), if definition.custom { "CustomRole" } else { "BuiltInRole" })
    };
    let all = resources.roles.definitions.values();
    Reply::ok(json!({"value": all.filter(shown).map(RoleDefinition::view).collect::<Vec<_>>()}))
}

pub(super) fn read(resources: &Resources, name: &str) -> Answer {
    let definition = resources.roles.definitions.get(&name.to_lowercase());
    definition.map(|definition| Reply::ok(definition.view())).ok_or_else(|| no_definition(name))
}

pub(super) fn write(resources: &mut Resources, call: &Call<'_>, name: &str) -> Answer {
    let name = guid(name, "RoleDefinitionIdInvalid")?;
    let definition = RoleDefinition::read(name, &call.body["properties"], resources.now)?;
    let action = "Microsoft.Authorization/roleDefinitions/write";
    if let Some(scope) = definition.assignable_scopes.iter().find(|scope| !(call.allowed)(action, scope)) {
        return Err(authorization_failed(call.principal, action, scope));
    }
    let all = &mut resources.roles.definitions;
    let same = |other: &RoleDefinition| other.role_name.eq_ignore_ascii_case(&definition.role_name);
    if all.values().any(|other| same(other) && other.name != definition.name) {
        return Err(refused(
            StatusCode::CONFLICT,
            "RoleDefinitionWithSameNameExists",
            format!("A custom role with the name '{}' already exists in this directory.", definition.role_name),
        ));
    }
    if all.get(&definition.name).is_some_and(|before| !before.custom) {
        return Err(refused(
            StatusCode::BAD_REQUEST,
            "InvalidRoleDefinitionUpdate",
            "A built-in role can't be changed.",
        ));
    }
    let view = definition.view();
    all.insert(definition.name.clone(), definition);
    Ok(Reply::new(StatusCode::CREATED, view))
}

pub(super) fn remove(resources: &mut Resources, name: &str) -> Answer {
    let name = name.to_lowercase();
    let authorization = &mut resources.roles;
    let Some(definition) = authorization.definitions.get(&name) else {
        return Ok(Reply::empty(StatusCode::NO_CONTENT));
    };
    let assigned = authorization.assignments.values().any(|assignment| assignment.role == name && assignment.exists());
    if !definition.custom || assigned {
        let text = "There are existing role assignments referencing role, or it is a built-in one.";
        return Err(refused(StatusCode::BAD_REQUEST, "RoleDefinitionHasAssignments", text));
    }
    let view = definition.view();
    authorization.definitions.remove(&name);
    Ok(Reply::ok(view))
}

pub(super) fn no_definition(name: &str) -> ArmError {
    let text = format!("The specified role definition with ID '{name}' does not exist.");
    refused(StatusCode::NOT_FOUND, "RoleDefinitionDoesNotExist", text)
}
