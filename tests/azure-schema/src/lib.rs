//! Checks request bodies against Azure's published type descriptions: what is required, what is read-only, what exists.
//!
//! The descriptions are in `types/`, with where they come from. A request to a type without one is a problem too, so that
//! nothing counts as checked that was not.

mod types;
mod walk;

use serde_json::Value;

use crate::{types::Type, walk::Walk};

/// Resource types in lower case, and their descriptions.
const DESCRIBED: [(&str, &str); 10] = [
    ("disks", include_str!("../types/disks.json")),
    ("galleries/images", include_str!("../types/definitions.json")),
    ("galleries/images/versions", include_str!("../types/versions.json")),
    ("networkinterfaces", include_str!("../types/network-interfaces.json")),
    ("networksecuritygroups", include_str!("../types/network-security-groups.json")),
    ("restorepointcollections", include_str!("../types/restore-point-collections.json")),
    ("restorepointcollections/restorepoints", include_str!("../types/restore-points.json")),
    ("snapshots", include_str!("../types/snapshots.json")),
    ("virtualmachines", include_str!("../types/virtual-machines.json")),
    ("virtualmachines/runcommands", include_str!("../types/run-commands.json")),
];

/// Actions of virtual machines that take no body.
const WITHOUT_BODY: [&str; 4] = ["deallocate", "generalize", "poweroff", "start"];

/// What is wrong with a write to Azure Resource Manager; empty where it is as Azure describes it. `path` is the request's
/// path without query, `body` is `null` where there was none.
pub fn problems(method: &str, path: &str, body: &Value) -> Vec<String> {
    let kind = kind(path);
    let without_body = method == "DELETE"
        || (method == "POST" && WITHOUT_BODY.iter().any(|action| kind.ends_with(&format!("/{action}"))));
    if without_body {
        return if body.is_null() { Vec::new() } else { vec![format!("{method} {kind}: takes no body")] };
    }
    let Some((_, description)) = DESCRIBED.iter().find(|(described, _)| *described == kind) else {
        return vec![format!("{method} {kind}: there is no description of it")];
    };
    let partial = match method {
        "PUT" => false,
        "PATCH" => true,
        _ => return vec![format!("{method} {kind}: there is no description of it")],
    };
    let types: Vec<Type> = match serde_json::from_str(description) {
        Ok(types) => types,
        Err(error) => return vec![format!("the description of {kind} is unreadable: {error}")],
    };
    let Some(Type::Resource { body: resource }) = types.first() else {
        return vec![format!("the description of {kind} has no resource")];
    };
    let mut walk = Walk { types: &types, partial, problems: Vec::new() };
    walk.value("", body, resource);
    walk.problems
}

/// The type that a path names, in lower case; of the last provider where there are several.
fn kind(path: &str) -> String {
    let path = path.to_lowercase();
    let Some((_, rest)) = path.rsplit_once("/providers/") else { return path };
    let mut segments = rest.split('/');
    match segments.next() {
        Some("microsoft.compute" | "microsoft.network") => segments.step_by(2).collect::<Vec<_>>().join("/"),
        _ => rest.to_owned(),
    }
}

#[cfg(test)]
mod tests;
