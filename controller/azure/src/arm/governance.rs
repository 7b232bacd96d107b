//! What may keep the caller from a write, whatever the resource: its rights, and locks.

use serde::Deserialize;

use crate::{
    arm::call::Call,
    arm::client::{Client, Pages},
    arm::error::Error,
    arm::json::null_as_default,
};

/// The api-version of permissions.
const PERMISSIONS: &str = "2022-04-01";
/// The api-version of management locks.
const LOCKS: &str = "2020-05-01";

/// What one role gives the caller: all actions that `actions` name and `not_actions` don't.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Permission {
    /// Actions, in which `*` stands for any text.
    #[serde(default, deserialize_with = "null_as_default")]
    pub actions: Vec<String>,
    /// Actions that it leaves out.
    #[serde(default, deserialize_with = "null_as_default")]
    pub not_actions: Vec<String>,
}

/// A management lock.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "WireLock")]
pub struct ManagementLock {
    /// Its name.
    pub name: String,
    /// Resource id of what it locks, with all below.
    pub scope: String,
    /// `CanNotDelete` or `ReadOnly`.
    pub level: String,
}

#[derive(Deserialize)]
struct WireLock {
    #[serde(default, deserialize_with = "null_as_default")]
    id: String,
    #[serde(default, deserialize_with = "null_as_default")]
    name: String,
    #[serde(default, deserialize_with = "null_as_default")]
    properties: LockProperties,
}

#[derive(Default, Deserialize)]
struct LockProperties {
    level: Option<String>,
}

impl From<WireLock> for ManagementLock {
    fn from(WireLock { id, name, properties }: WireLock) -> Self {
        let at = id.to_ascii_lowercase().rfind("/providers/microsoft.authorization/").unwrap_or(id.len());
        let scope = id.get(..at).unwrap_or_default().to_owned();
        Self { name, scope, level: properties.level.unwrap_or_default() }
    }
}

impl Client {
    /// What the caller may do on a resource (Azure REST: Permissions - List For Resource).
    pub async fn permissions(&self, call: &Call, scope: &str) -> Result<Vec<Permission>, Error> {
        let mut pages = Pages::default();
        let path = format!("{scope}/providers/Microsoft.Authorization/permissions");
        self.list_on(call, &path, PERMISSIONS, &mut pages).await?;
        Ok(pages.into_values())
    }

    /// The locks on a resource, on what it lies in, and on what lies in it (Azure REST: Management Locks - List By Scope).
    pub async fn locks(&self, call: &Call, scope: &str) -> Result<Vec<ManagementLock>, Error> {
        let mut pages = Pages::default();
        let path = format!("{scope}/providers/Microsoft.Authorization/locks");
        self.list_on(call, &path, LOCKS, &mut pages).await?;
        Ok(pages.into_values())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn the_scope_of_a_lock_is_in_its_id() {
        for (id, scope) in [
            (
                "/subscriptions/S/resourceGroups/RG/providers/Microsoft.Authorization/locks/keep",
                "/subscriptions/S/resourceGroups/RG",
            ),
            ("/subscriptions/S/providers/microsoft.authorization/locks/keep", "/subscriptions/S"),
            ("", ""),
        ] {
            let lock: ManagementLock =
                from_value(json!({"id": id, "name": "keep", "properties": {"level": "ReadOnly"}})).unwrap();
            assert_eq!((lock.scope.as_str(), lock.level.as_str()), (scope, "ReadOnly"));
        }
        let bare: ManagementLock = from_value(json!({"properties": null})).unwrap();
        assert_eq!((bare.name.as_str(), bare.level.as_str()), ("", ""));
    }

    #[test]
    fn what_a_role_leaves_out_may_be_absent() {
        let permission: Permission = from_value(json!({"actions": ["*/read"], "notActions": null})).unwrap();
        assert_eq!(permission, Permission { actions: vec!["*/read".to_owned()], not_actions: Vec::new() });
        assert_eq!(from_value::<Permission>(json!({"dataActions": []})).unwrap(), Permission::default());
    }
}
