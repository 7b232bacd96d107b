//! Role assignments: a role for a principal on a scope. They come into force, and go out of it, with a lag.

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Filter, definition::no_definition, fits, guid, refused};
use crate::{
    arm::{
        address::last_name,
        call::{Answer, Call, Reply},
        error::ArmError,
        rights::covers,
    },
    clock::{azure_time, later},
    entra::Entra,
    resources::{Resources, roles::RoleAssignment},
};

impl RoleAssignment {
    pub(super) fn in_force(&self, now: Timestamp) -> bool {
        self.since <= now && self.until.is_none_or(|until| now < until)
    }

    /// A deleted one is gone for readers at once.
    pub(super) fn exists(&self) -> bool {
        self.until.is_none()
    }

    fn view(&self) -> Value {
        json!({
            "id": format!("{}/providers/Microsoft.Authorization/roleAssignments/{}", self.scope, self.name),
            "name": self.name,
            "type": "Microsoft.Authorization/roleAssignments",
            "properties": {
                "roleDefinitionId": self.role_id,
                "principalId": self.principal,
                "principalType": "ServicePrincipal",
                "scope": self.scope,
                "condition": null,
                "createdOn": azure_time(self.created),
                "updatedOn": azure_time(self.created),
            },
        })
    }
}

fn key(call: &Call<'_>, name: &str) -> (String, String) {
    (call.address.key(), name.to_lowercase())
}

pub(super) fn list(resources: &Resources, call: &Call<'_>, filter: &Filter) -> Reply {
    let scope = call.address.id();
    let shown = |assignment: &&RoleAssignment| {
        assignment.exists()
            && (covers(&assignment.scope, &scope) || (!filter.at_scope && covers(&scope, &assignment.scope)))
            && fits(filter.principal.as_ref(), &assignment.principal)
    };
    let all = resources.roles.assignments.values();
    Reply::ok(json!({"value": all.filter(shown).map(RoleAssignment::view).collect::<Vec<_>>()}))
}

pub(super) fn read(resources: &Resources, call: &Call<'_>, name: &str) -> Answer {
    let found = resources.roles.assignments.get(&key(call, name));
    let found = found.filter(|assignment| assignment.exists());
    found.map(|assignment| Reply::ok(assignment.view())).ok_or_else(|| {
        let text = format!("The role assignment '{name}' is not found.");
        refused(StatusCode::NOT_FOUND, "RoleAssignmentNotFound", text)
    })
}

pub(super) fn write(resources: &mut Resources, directory: &Entra, call: &Call<'_>, name: &str) -> Answer {
    let name = guid(name, "InvalidRoleAssignmentId")?;
    let bad = |code: &str, text: String| Err(refused(StatusCode::BAD_REQUEST, code, text));
    let properties = &call.body["properties"];
    let field = |field: &str| properties[field].as_str().unwrap_or_default();
    let (role_id, principal) = (field("roleDefinitionId"), field("principalId"));
    let scope = call.address.id();
    let role = resources.roles.definitions.get(&last_name(role_id).to_lowercase());
    let Some(role) = role else { return Err(no_definition(last_name(role_id))) };
    if !role.assignable(&scope) {
        return bad(
            "RoleAssignmentScopeNotAssignableToRoleDefinition",
            format!("The role assignment scope '{scope}' is not assignable to role definition '{}'.", role.name),
        );
    }
    if !directory.has_principal(principal) {
        let text = format!("Principal {principal} does not exist in the directory {}.", directory.tenant);
        return bad("PrincipalNotFound", text);
    }
    let now = resources.now;
    let assignment = RoleAssignment {
        scope: scope.clone(),
        role: role.name.to_lowercase(),
        role_id: role_id.to_owned(),
        principal: principal.to_owned(),
        created: now,
        since: later(now, resources.durations.role_assignment),
        until: None,
        name,
    };
    same_exists(resources, &assignment)?;
    let view = assignment.view();
    let key = key(call, &assignment.name);
    match resources.roles.assignments.get(&key).filter(|before| before.exists()) {
        Some(before) if before.role == assignment.role && before.principal == assignment.principal => {
            Ok(Reply::ok(before.view()))
        }
        Some(_) => bad(
            "RoleAssignmentUpdateNotPermitted",
            "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.".to_owned(),
        ),
        None => {
            resources.roles.assignments.insert(key, assignment);
            Ok(Reply::new(StatusCode::CREATED, view))
        }
    }
}

fn same_exists(resources: &Resources, wanted: &RoleAssignment) -> Result<(), ArmError> {
    let same = |other: &RoleAssignment| {
        other.exists()
            && other.name != wanted.name
            && other.scope.eq_ignore_ascii_case(&wanted.scope)
            && other.role == wanted.role
            && other.principal.eq_ignore_ascii_case(&wanted.principal)
    };
    if resources.roles.assignments.values().any(same) {
        let text = "The role assignment already exists.";
        return Err(refused(StatusCode::CONFLICT, "RoleAssignmentExists", text));
    }
    Ok(())
}

pub(super) fn remove(resources: &mut Resources, call: &Call<'_>, name: &str) -> Reply {
    let now = resources.now;
    let lag = resources.durations.role_assignment;
    let found = resources.roles.assignments.get_mut(&key(call, name));
    match found.filter(|assignment| assignment.exists()) {
        Some(assignment) => {
            assignment.until = Some(later(now, lag));
            Reply::ok(assignment.view())
        }
        None => Reply::empty(StatusCode::NO_CONTENT),
    }
}
