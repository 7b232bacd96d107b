//! Role definitions and role assignments: who may do what, where (behaviour section 14).

mod assignment;
mod definition;

use http::{Method, StatusCode};
use jiff::Timestamp;

use crate::{
    arm::{
        address::Extension,
        call::{Answer, Call},
        error::ArmError,
        provider::Provider,
        refusals::not_supported,
        rights::Grant,
        versions::check_authorization,
    },
    entra::Entra,
    resources::{Resources, roles::Roles},
};

impl Roles {
    /// What roles give to a principal, by its object id, as far as it is in force.
    pub(crate) fn grants(&self, principal: &str, now: Timestamp) -> Vec<Grant> {
        let own = self
            .assignments
            .values()
            .filter(|assignment| assignment.principal.eq_ignore_ascii_case(principal) && assignment.in_force(now));
        own.filter_map(|assignment| Some((assignment, self.definitions.get(&assignment.role)?)))
            .flat_map(|(assignment, definition)| definition.grants(&assignment.scope))
            .collect()
    }
}

/// `Microsoft.Authorization`, but for locks, which are Azure Resource Manager's own.
pub(crate) struct Authorization<'a> {
    /// Whom roles can be assigned to.
    pub(crate) directory: &'a Entra,
}

impl Provider for Authorization<'_> {
    /// `…/providers/Microsoft.Authorization/roleDefinitions|roleAssignments[/{name}]`.
    fn call(&self, resources: &mut Resources, call: &Call<'_>) -> Answer {
        let Some(Extension { kind, name }) = &call.address.authorization else { return Err(not_supported(call)) };
        check_authorization(kind, call.api_version())?;
        let filter = Filter::read(call.query.get("$filter").map_or("", String::as_str));
        match (kind.as_str(), name, call.method) {
            ("roleDefinitions", None, &Method::GET) => Ok(definition::list(resources, call, &filter)),
            ("roleDefinitions", Some(name), &Method::GET) => definition::read(resources, name),
            ("roleDefinitions", Some(name), &Method::PUT) => definition::write(resources, call, name),
            ("roleDefinitions", Some(name), &Method::DELETE) => definition::remove(resources, name),
            ("roleAssignments", None, &Method::GET) => Ok(assignment::list(resources, call, &filter)),
            ("roleAssignments", Some(name), &Method::GET) => assignment::read(resources, call, name),
            ("roleAssignments", Some(name), &Method::PUT) => assignment::write(resources, self.directory, call, name),
            ("roleAssignments", Some(name), &Method::DELETE) => Ok(assignment::remove(resources, call, name)),
            _ => Err(not_supported(call)),
        }
    }
}

fn refused(status: StatusCode, code: &str, message: impl Into<String>) -> ArmError {
    ArmError::new(status, code, message)
}

/// Names of roles and assignments are GUIDs.
fn guid(name: &str, code: &str) -> Result<String, ArmError> {
    match name.parse::<uuid::Uuid>() {
        Ok(guid) => Ok(guid.to_string()),
        Err(_) => Err(refused(StatusCode::BAD_REQUEST, code, format!("The name '{name}' is not a GUID."))),
    }
}

/// The parts of `$filter` that lists know.
#[derive(Default)]
struct Filter {
    /// `atScope()`: nothing from below.
    at_scope: bool,
    /// `principalId eq '…'` or `assignedTo('…')`.
    principal: Option<String>,
    /// `roleName eq '…'`.
    role_name: Option<String>,
    /// `type eq '…'`.
    kind: Option<String>,
}

impl Filter {
    fn read(text: &str) -> Self {
        let quoted = |before: &str| {
            let (_, rest) = text.split_once(before)?;
            rest.trim_start_matches([' ', '(', '\'']).split('\'').next().map(str::to_owned)
        };
        Self {
            at_scope: text.contains("atScope()"),
            principal: quoted("principalId eq").or_else(|| quoted("assignedTo")),
            role_name: quoted("roleName eq"),
            kind: quoted("type eq"),
        }
    }
}

/// Absent means yes.
fn fits(wanted: Option<&String>, value: &str) -> bool {
    wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(value))
}
