//! Who may do what (behaviour section 14).

use std::collections::BTreeMap;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{
    address::Address,
    call::{Call, Principal},
    error::ArmError,
};
use crate::{
    resources::{Resources, Subscription},
    scenario::Role,
};

/// The action that a request needs, in Azure's spelling where it is known.
pub(crate) fn action(method: &Method, address: &Address) -> String {
    if address.tags {
        return if method == Method::GET { "Microsoft.Resources/tags/read" } else { "Microsoft.Resources/tags/write" }
            .to_owned();
    }
    let verb = verb(method);
    if let Some(extension) = &address.authorization {
        return format!("Microsoft.Authorization/{}/{verb}", extension.kind);
    }
    match &address.namespace {
        Some(_) if address.is_provider() && address.types.is_empty() => {
            format!("Microsoft.Resources/subscriptions/providers/{verb}")
        }
        Some(namespace) => {
            let types: Vec<&str> = address.types.iter().map(|kind| spelled(kind)).collect();
            let name = ["Microsoft.Compute", "Microsoft.Network"]
                .into_iter()
                .find(|known| known.eq_ignore_ascii_case(namespace))
                .unwrap_or(namespace);
            format!("{name}/{}/{verb}", types.join("/"))
        }
        None if address.kind() == "resources" => match address.group {
            Some(_) => format!("Microsoft.Resources/subscriptions/resourceGroups/resources/{verb}"),
            None => format!("Microsoft.Resources/subscriptions/resources/{verb}"),
        },
        None if address.kind() == "locations" => format!("Microsoft.Resources/subscriptions/locations/{verb}"),
        None if address.group.is_some() || !address.types.is_empty() => {
            format!("Microsoft.Resources/subscriptions/resourceGroups/{verb}")
        }
        None => format!("Microsoft.Resources/subscriptions/{verb}"),
    }
}

fn verb(method: &Method) -> &'static str {
    match *method {
        Method::GET | Method::HEAD => "read",
        Method::PUT | Method::PATCH => "write",
        Method::DELETE => "delete",
        _ => "action",
    }
}

fn spelled(kind: &str) -> &str {
    const NAMES: &[&str] = &[
        "virtualMachines",
        "runCommands",
        "runCommand",
        "instanceView",
        "galleries",
        "images",
        "versions",
        "locations",
        "capsOperations",
        "operations",
        "powerOff",
        "deallocate",
        "generalize",
        "disks",
        "eventtypes",
        "values",
        "snapshots",
        "restorePointCollections",
        "restorePoints",
        "diskRestorePoints",
        "diskEncryptionSets",
        "start",
        "restart",
        "diskOperations",
        "retrieveBootDiagnosticsData",
        "virtualNetworks",
        "subnets",
        "networkInterfaces",
        "networkSecurityGroups",
        "securityRules",
        "defaultSecurityRules",
        "attachDetachDataDisks",
        "share",
        "register",
        "unregister",
        "operationResults",
    ];
    NAMES.iter().copied().find(|name| name.eq_ignore_ascii_case(kind)).unwrap_or(kind)
}

/// Actions allowed on a scope and everything below it, but for those that the same role leaves out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) scope: String,
    pub(crate) actions: Vec<String>,
    pub(crate) not_actions: Vec<String>,
}

impl Grant {
    fn allows(&self, action: &str, scope: &str) -> bool {
        let named =
            |patterns: &[String]| patterns.iter().any(|pattern| fits(&pattern.to_lowercase(), &action.to_lowercase()));
        covers(&self.scope, scope) && named(&self.actions) && !named(&self.not_actions)
    }
}

impl From<&Role> for Grant {
    fn from(role: &Role) -> Self {
        Self { scope: role.scope.clone(), actions: role.actions.clone(), not_actions: Vec::new() }
    }
}

/// All that a caller may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rights {
    Everything,
    Only(Vec<Grant>),
}

impl Rights {
    /// May the caller do `action` on `scope`? What one role leaves out another may give.
    pub(crate) fn allow(&self, action: &str, scope: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Only(grants) => grants.iter().any(|grant| grant.allows(action, scope)),
        }
    }

    /// What the caller may do on `scope`, one entry for each role: `{scope}/providers/Microsoft.Authorization/permissions`.
    pub(crate) fn permissions(&self, scope: &str) -> Vec<Value> {
        let entry = |actions: &[String], not_actions: &[String]| json!({"actions": actions, "notActions": not_actions, "dataActions": [], "notDataActions": []});
        match self {
            Self::Everything => vec![entry(&["*".to_owned()], &[])],
            Self::Only(grants) => grants
                .iter()
                .filter(|grant| covers(&grant.scope, scope))
                .map(|grant| entry(&grant.actions, &grant.not_actions))
                .collect(),
        }
    }

    /// May the caller do anything on `scope` or below it?
    pub(crate) fn reach(&self, scope: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Only(grants) => grants.iter().any(|grant| covers(&grant.scope, scope) || covers(scope, &grant.scope)),
        }
    }
}

/// The 403 of a missing right on what a request names.
pub(crate) fn authorization_failed(principal: &Principal, action: &str, scope: &str) -> ArmError {
    ArmError::new(
        StatusCode::FORBIDDEN,
        "AuthorizationFailed",
        format!(
            "The client '{}' with object id '{}' does not have authorization to perform action '{action}' over scope \
             '{scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.",
            principal.client, principal.object
        ),
    )
    .by_arm()
}

/// Checks rights on other resources that a request's body names: pairs of an action and the id of a resource. A subscription
/// that the tenant does not have counts as another tenant's.
pub(crate) fn linked_access(
    call: &Call<'_>,
    subscriptions: &BTreeMap<String, Subscription>,
    links: &[(&str, &str)],
) -> Result<(), ArmError> {
    let refuse = |text: String| {
        Err(ArmError::new(
            StatusCode::FORBIDDEN,
            "LinkedAuthorizationFailed",
            format!(
                "The client '{}' with object id '{}' has permission to perform action '{}' on scope '{}'; however, {text}",
                call.principal.client,
                call.principal.object,
                action(call.method, call.address),
                call.address.id()
            ),
        )
        .by_arm())
    };
    let foreign = links.iter().find_map(|(_, id)| {
        Address::parse(id).filter(|address| !subscriptions.contains_key(&address.subscription.to_lowercase()))
    });
    if let Some(address) = foreign {
        return refuse(format!(
            "the current tenant '{}' is not authorized to access linked subscription '{}'.",
            call.tenant, address.subscription
        ));
    }
    let missing: Vec<_> = links.iter().filter(|(action, id)| !(call.allowed)(action, id)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let list = |parts: Vec<&str>| parts.join(",");
    refuse(format!(
        "it does not have permission to perform action(s) '{}' on the linked scope(s) '{}' (respectively) or the linked \
         scope(s) are invalid.",
        list(missing.iter().map(|(action, _)| *action).collect()),
        list(missing.iter().map(|(_, id)| *id).collect())
    ))
}

/// Refuses a caller who lacks `action` on the one resource `id`, which the body names.
pub(crate) fn linked(resources: &Resources, call: &Call<'_>, action: &str, id: &str) -> Result<(), ArmError> {
    linked_access(call, &resources.subscriptions, &[(action, id)])
}

/// Is `scope` the `granted` one, or below it?
pub(crate) fn covers(granted: &str, scope: &str) -> bool {
    let (granted, scope) = (granted.trim_end_matches('/').to_lowercase(), scope.to_lowercase());
    scope.strip_prefix(&granted).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// `*` stands for any text.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => {
            let Some(rest) = text.strip_prefix(head) else { return false };
            (0..=rest.len()).any(|skip| rest.is_char_boundary(skip) && fits(tail, &rest[skip..]))
        }
    }
}

#[cfg(test)]
mod tests;
