//! Creating and changing network security groups (behaviour section 18).

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Value, json};

use super::rules;
use crate::{
    arm::{
        address::Address,
        call::{Answer, Call, Reply},
        error::ArmError,
        refusals::not_found,
        tags,
    },
    network::invalid_reference,
    resources::{Resources, network::NetworkResource},
};

const READ_ONLY: [&str; 8] = [
    "provisioningState",
    "resourceGuid",
    "defaultSecurityRules",
    "networkInterfaces",
    "subnets",
    "flowLogs",
    "securityRules",
    "id",
];

/// Writes the group; `securityRules` in its body is the whole list.
pub(in crate::network) fn put(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let key = call.address.key();
    let location = call.location()?;
    let tags = tags::from_body(&call.body)?.unwrap_or_default();
    let existing = resources.network.get(&key);
    if let Some(group) = existing.filter(|group| group.location != location) {
        return Err(tags::other_location(&group.id, &group.location, &location));
    }
    let given = &call.body["properties"];
    let mut properties = crate::arm::body::properties(given, &READ_ONLY);
    properties["securityRules"] = json!(rules::checked(&given["securityRules"])?);
    let guid = existing.map(|group| group.guid);
    super::super::is_free(resources, &key)?;
    let mut group = NetworkResource::new(resources, &call.address.id(), &location, tags, properties);
    group.guid = guid.unwrap_or(group.guid);
    group.provisioning_state = "Updating";
    let seconds = resources.durations.network;
    crate::network::write(resources, call, group, seconds)
}

/// A group that a scenario puts there.
pub(crate) fn appears(
    resources: &mut Resources,
    id: &str,
    location: &str,
    tags: BTreeMap<String, String>,
    rules: &Value,
) -> Result<(), ArmError> {
    let properties = json!({"securityRules": rules::checked(rules)?});
    crate::network::appears(resources, id, location, tags, properties);
    Ok(())
}

/// PATCH changes tags only, at once.
pub(in crate::network) fn patch(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let key = call.address.key();
    super::super::is_free(resources, &key)?;
    let tags = tags::from_body(&call.body)?;
    let etag = resources.guid();
    let group = resources.network.get_mut(&key).ok_or_else(|| not_found(call.address))?;
    if let Some(tags) = tags {
        group.tags = tags;
    }
    group.etag = etag;
    let Some(group) = resources.network.get(&key) else { return Err(not_found(call.address)) };
    Ok(Reply::ok(super::view(resources, group)))
}

/// The group that something names in its `networkSecurityGroup`: there, in the same region and subscription. `null` and
/// absent are none.
pub(in crate::network) fn reference(
    resources: &Resources,
    may_join: &dyn Fn(&str) -> Result<(), ArmError>,
    by: &str,
    location: &str,
    given: &Value,
) -> Result<Option<Value>, ArmError> {
    if given.is_null() {
        return Ok(None);
    }
    let wrong = |text: String| ArmError::new(StatusCode::BAD_REQUEST, "InvalidRequestFormat", text);
    let id = given["id"].as_str().ok_or_else(|| wrong(format!("The network security group of {by} has no id.")))?;
    let address = Address::parse(id).filter(|address| address.kind() == "networksecuritygroups");
    let address = address.ok_or_else(|| wrong(format!("'{id}' is not the id of a network security group.")))?;
    may_join(id)?;
    let same_subscription =
        Address::parse(by).is_some_and(|own| own.subscription.eq_ignore_ascii_case(&address.subscription));
    let group = resources.network.get(&address.key()).filter(|group| group.location == location && same_subscription);
    group.map(|_| Some(json!({"id": id}))).ok_or_else(|| invalid_reference(id, by))
}
