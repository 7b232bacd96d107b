//! Management locks as resources: `{scope}/providers/Microsoft.Authorization/locks/{name}` (behaviour section 24).

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{
    address::Extension,
    call::{Answer, Call, Reply},
    error::ArmError,
    lists,
    refusals::not_supported,
    rights::covers,
    versions::check_authorization,
};
use crate::{
    resources::{Resources, governance::ManagementLock},
    scenario::{Lock, LockLevel},
};

impl ManagementLock {
    /// From a scenario; where it has no name its number is one.
    pub(crate) fn seeded(lock: &Lock, number: usize) -> Self {
        let name = lock.name.clone().unwrap_or_else(|| format!("lock{number}"));
        Self { scope: lock.scope.clone(), name, level: lock.level, notes: Value::Null }
    }

    fn is(&self, scope: &str, name: &str) -> bool {
        self.scope.eq_ignore_ascii_case(scope) && self.name.eq_ignore_ascii_case(name)
    }

    fn view(&self) -> Value {
        let mut view = json!({
            "id": format!("{}/providers/Microsoft.Authorization/locks/{}", self.scope, self.name),
            "name": self.name,
            "type": "Microsoft.Authorization/locks",
            "properties": {"level": self.level},
        });
        if !self.notes.is_null() {
            view["properties"]["notes"] = self.notes.clone();
        }
        view
    }
}

pub(crate) fn call(resources: &mut Resources, call: &Call<'_>, extension: &Extension) -> Answer {
    check_authorization("locks", call.api_version())?;
    let scope = call.address.id();
    if call.address.group.is_some() && !resources.groups.contains_key(&call.address.group_key()) {
        return Err(super::refusals::no_group(call.address.group.as_deref().unwrap_or_default()));
    }
    let Some(name) = &extension.name else {
        if call.method != Method::GET {
            return Err(not_supported(call));
        }
        let here = call.query.get("$filter").is_some_and(|filter| filter.contains("atScope()"));
        let locks = resources.governance.locks.iter();
        let shown = locks.filter(|lock| covers(&lock.scope, &scope) || (!here && covers(&scope, &lock.scope)));
        return Ok(lists::page(resources, call, shown.map(ManagementLock::view).collect()));
    };
    match *call.method {
        Method::GET => match resources.governance.locks.iter().find(|lock| lock.is(&scope, name)) {
            Some(lock) => Ok(Reply::ok(lock.view())),
            None => Err(ArmError::new(
                StatusCode::NOT_FOUND,
                "LockNotFound",
                format!("The lock '{name}' could not be found."),
            )
            .by_arm()),
        },
        Method::PUT => put(resources, call, scope, name),
        Method::DELETE => {
            let before = resources.governance.locks.len();
            resources.governance.locks.retain(|lock| !lock.is(&scope, name));
            let gone = resources.governance.locks.len() < before;
            Ok(Reply::empty(if gone { StatusCode::OK } else { StatusCode::NO_CONTENT }))
        }
        _ => Err(not_supported(call)),
    }
}

/// In force at once.
fn put(resources: &mut Resources, call: &Call<'_>, scope: String, name: &str) -> Answer {
    let given = &call.body["properties"];
    let level = match given["level"].as_str().map(str::to_lowercase).as_deref() {
        Some("cannotdelete") => LockLevel::CanNotDelete,
        Some("readonly") => LockLevel::ReadOnly,
        _ => {
            let text = format!("The lock level '{}' is none of CanNotDelete and ReadOnly.", given["level"]);
            return Err(ArmError::new(StatusCode::BAD_REQUEST, "InvalidLockLevel", text).by_arm());
        }
    };
    let lock = ManagementLock { scope, name: name.to_owned(), level, notes: given["notes"].clone() };
    let view = lock.view();
    let existing = resources.governance.locks.iter_mut().find(|known| known.is(&lock.scope, name));
    let created = existing.is_none();
    match existing {
        Some(known) => *known = lock,
        None => resources.governance.locks.push(lock),
    }
    Ok(Reply { created, ..Reply::new(if created { StatusCode::CREATED } else { StatusCode::OK }, view) })
}
