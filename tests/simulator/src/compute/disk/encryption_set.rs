//! Disk encryption sets, `Microsoft.Compute/diskEncryptionSets` (behaviour section 16).

use std::collections::BTreeMap;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    arm::{
        body::{echo, merge, properties},
        call::{Answer, Call, Reply, RetryAfter},
        error::ArmError,
        records::{self, writable},
        refusals::{not_found, not_supported},
        tags,
    },
    resources::{Resources, disk::DiskEncryptionSet, record::RecordKind},
};

const READ_ONLY: [&str; 4] = ["provisioningState", "previousKeys", "lastKeyRotationTimestamp", "autoKeyRotationError"];

impl DiskEncryptionSet {
    /// From a scenario: with a key of a vault that isn't checked.
    pub(crate) fn seeded(id: &str, name: &str, location: String) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            location,
            tags: BTreeMap::new(),
            identity: json!({"type": "SystemAssigned"}),
            properties: json!({
                "encryptionType": "EncryptionAtRestWithCustomerKey",
                "activeKey": {"keyUrl": "https://keys.vault.simulator.invalid/keys/key/1"},
                "rotationToLatestKeyVersionEnabled": false,
            }),
            provisioning_state: "Succeeded",
            operation: Uuid::nil(),
        }
    }

    pub(in crate::compute) fn view(&self) -> Value {
        let mut view = json!({
            "id": self.id, "name": self.name, "type": "Microsoft.Compute/diskEncryptionSets", "location": self.location,
            "tags": self.tags, "identity": self.identity, "properties": self.properties,
        });
        view["properties"]["provisioningState"] = json!(self.provisioning_state);
        view["properties"]["previousKeys"] = json!([]);
        view
    }
}

fn missing(target: &str) -> ArmError {
    ArmError::parameter(target, format!("Required parameter '{target}' is missing (null)."))
}

pub(crate) fn call(resources: &mut Resources, call: &Call<'_>) -> Answer {
    match *call.method {
        Method::GET => {
            let set = resources.encryption_sets.get(&call.address.key()).ok_or_else(|| not_found(call.address))?;
            Ok(Reply::ok(set.view()))
        }
        Method::PUT => put(resources, call),
        Method::PATCH => patch(resources, call),
        Method::DELETE => delete(resources, call),
        _ => Err(not_supported(call)),
    }
}

fn put(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let key = call.address.key();
    let location = call.location()?;
    let tags = tags::from_body(&call.body)?.unwrap_or_default();
    let mut given = properties(&call.body["properties"], &READ_ONLY);
    if given["activeKey"]["keyUrl"].as_str().is_none_or(str::is_empty) {
        return Err(missing("diskEncryptionSet.activeKey.keyUrl"));
    }
    if given["encryptionType"].is_null() {
        given["encryptionType"] = json!("EncryptionAtRestWithCustomerKey");
    }
    let before = resources.encryption_sets.get(&key);
    if let Some(set) = before {
        if set.location != location {
            return Err(tags::other_location(&set.id, &set.location, &location));
        }
        writable(set.provisioning_state, "Update DiskEncryptionSet", &set.name)?;
        if set.properties["encryptionType"] != given["encryptionType"] {
            return Err(ArmError::property_change("encryptionType"));
        }
    }
    let created = before.is_none();
    let mut identity = before.map_or(Value::Null, |set| set.identity.clone());
    merge(&mut identity, &call.body["identity"]);
    if identity["principalId"].is_null() {
        identity["principalId"] = json!(resources.guid());
        identity["tenantId"] = json!(call.tenant);
    }
    let record = DiskEncryptionSet {
        id: call.address.id(),
        name: call.address.name().to_owned(),
        location,
        tags,
        identity,
        properties: given,
        provisioning_state: if created { "Creating" } else { "Updating" },
        operation: Uuid::nil(),
    };
    resources.encryption_sets.insert(key.clone(), record);
    Ok(Reply { body: Some(echo(&call.body)), ..write_begins(resources, &key, created) })
}

fn patch(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let key = call.address.key();
    let tags = tags::from_body(&call.body)?;
    let given = properties(&call.body["properties"], &READ_ONLY);
    let set = resources.encryption_sets.get_mut(&key).ok_or_else(|| not_found(call.address))?;
    writable(set.provisioning_state, "Update DiskEncryptionSet", &set.name)?;
    merge(&mut set.properties, &given);
    set.tags = tags.unwrap_or_else(|| std::mem::take(&mut set.tags));
    set.provisioning_state = "Updating";
    Ok(write_begins(resources, &key, false))
}

fn write_begins(resources: &mut Resources, key: &str, created: bool) -> Reply {
    let operation = records::write_begins(resources, RecordKind::EncryptionSet, key, resources.durations.disk);
    let body = resources.encryption_sets.get(key).map(DiskEncryptionSet::view);
    Reply { body, created, ..Reply::accepted(operation, RetryAfter::Never) }
}

/// Refuses while a disk or a version is encrypted with it.
fn delete(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let key = call.address.key();
    if let Some(reply) = records::deletion_known(resources, RecordKind::EncryptionSet, &key) {
        return Ok(reply);
    }
    let names = |text: &Value| text.as_str().is_some_and(|id| id.eq_ignore_ascii_case(&key));
    let disk = resources.disks.values().find(|disk| names(&disk.properties["encryption"]["diskEncryptionSetId"]));
    let version = resources.versions.values().find(|version| version.publishing.uses_key(&key));
    let user = disk.map(|disk| &disk.id).or_else(|| version.map(|version| &version.id));
    if let Some(user) = user {
        return Err(ArmError::new(
            StatusCode::CONFLICT,
            "OperationNotAllowed",
            format!("Disk encryption set '{}' cannot be deleted because it is in use by '{user}'.", call.address.id()),
        ));
    }
    Ok(records::deletion_begins(resources, RecordKind::EncryptionSet, &key, resources.durations.disk))
}
