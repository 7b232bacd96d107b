//! What forbids writes whoever asks: management locks, policies, providers that are not registered (behaviour section 24).

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{address::Address, call::Call, error::ArmError, rights::covers};
use crate::{
    regions,
    resources::governance::{Governance, ManagementLock},
    scenario::{LockLevel, Policy},
};

/// The 409 of a provider that the subscription does not use.
pub(crate) fn not_registered(namespace: &str) -> ArmError {
    ArmError::conflict(
        "MissingSubscriptionRegistration",
        format!(
            "The subscription is not registered to use namespace '{namespace}'. See https://aka.ms/rps-not-found for how to \
             register subscriptions."
        ),
    )
    .by_arm()
}

impl Governance {
    /// Refuses a write to a provider that the subscription is not registered for.
    pub(crate) fn registered(&self, method: &Method, address: &Address) -> Result<(), ArmError> {
        let Some(namespace) = address.namespace.as_deref().filter(|_| writes(method)) else { return Ok(()) };
        let missing = self.unregistered.get(&address.subscription.to_lowercase()).into_iter().flatten();
        match missing.into_iter().find(|missing| missing.eq_ignore_ascii_case(namespace)) {
            Some(missing) => Err(not_registered(missing)),
            None => Ok(()),
        }
    }

    /// Refuses what a lock or a policy forbids; locks come first.
    pub(crate) fn check(&self, call: &Call<'_>) -> Result<(), ArmError> {
        // What is locked can be unlocked.
        let lock = call.address.authorization.as_ref().is_some_and(|extension| extension.kind == "locks");
        if lock || !writes(call.method) {
            return Ok(());
        }
        let target = if call.address.is_collection() { call.address.parent() } else { call.address.clone() };
        self.unlocked(call.method, &target.id())?;
        let tags_or_roles = call.address.tags || call.address.is_extension();
        if tags_or_roles || !matches!(*call.method, Method::PUT | Method::PATCH) {
            return Ok(());
        }
        match self.policies.iter().find(|policy| denies(policy, call)) {
            Some(policy) => Err(disallowed(policy, call.address)),
            None => Ok(()),
        }
    }

    /// A lock holds for its scope and all below; a deletion takes what is below along, so locks there count as well.
    fn unlocked(&self, method: &Method, id: &str) -> Result<(), ArmError> {
        let deletes = *method == Method::DELETE;
        let locked = |lock: &&ManagementLock| {
            (deletes || lock.level == LockLevel::ReadOnly)
                && (covers(&lock.scope, id) || (deletes && covers(id, &lock.scope)))
        };
        let scopes: Vec<&str> = self.locks.iter().filter(locked).map(|lock| lock.scope.as_str()).collect();
        if scopes.is_empty() {
            return Ok(());
        }
        Err(ArmError::conflict(
            "ScopeLocked",
            format!(
                "The scope '{id}' cannot perform {} operation because following scope(s) are locked: '{}'. Please remove the \
                 lock and try again.",
                if deletes { "delete" } else { "write" },
                scopes.join(",")
            ),
        )
        .by_arm())
    }
}

fn writes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD)
}

/// What a body leaves out is not looked at, but for the tags of a PUT, which are all tags.
fn denies(policy: &Policy, call: &Call<'_>) -> bool {
    let kind = format!("{}/{}", call.address.namespace.as_deref().unwrap_or_default(), call.address.types.join("/"));
    let typed = policy.resource_types.is_empty()
        || policy.resource_types.iter().any(|wanted| wanted.eq_ignore_ascii_case(&kind));
    if !typed || !covers(&policy.scope, &call.address.id()) {
        return false;
    }
    let elsewhere = call.body["location"].as_str().map(regions::normal).is_some_and(|location| {
        !policy.allowed_locations.is_empty()
            && policy.allowed_locations.iter().all(|allowed| regions::normal(allowed) != location)
    });
    let tags = call.body["tags"].as_object();
    let untagged = policy.required_tag.as_ref().is_some_and(|required| {
        tags.map_or(call.method == Method::PUT, |tags| !tags.keys().any(|tag| tag.eq_ignore_ascii_case(required)))
    });
    elsewhere || untagged || (policy.allowed_locations.is_empty() && policy.required_tag.is_none())
}

fn disallowed(policy: &Policy, address: &Address) -> ArmError {
    let name = &policy.name;
    let assignment = format!("{}/providers/Microsoft.Authorization/policyAssignments/{name}", policy.scope);
    let definition =
        format!("/subscriptions/{}/providers/Microsoft.Authorization/policyDefinitions/{name}", address.subscription);
    let identifiers = json!([{
        "policyAssignment": {"name": name, "id": assignment},
        "policyDefinition": {"name": name, "id": definition},
    }]);
    let info: Value = json!({
        "policyDefinitionDisplayName": name,
        "policyDefinitionId": definition,
        "policyDefinitionName": name,
        "policyDefinitionEffect": "deny",
        "policyAssignmentId": assignment,
        "policyAssignmentName": name,
        "policyAssignmentDisplayName": name,
        "policyAssignmentScope": policy.scope,
    });
    ArmError {
        target: Some(address.name().to_owned()),
        additional_info: json!([{"type": "PolicyViolation", "info": info}]),
        ..ArmError::new(
            StatusCode::FORBIDDEN,
            "RequestDisallowedByPolicy",
            format!("Resource '{}' was disallowed by policy. Policy identifiers: '{identifiers}'.", address.name()),
        )
        .by_arm()
    }
}
