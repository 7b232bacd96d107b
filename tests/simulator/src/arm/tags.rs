//! Tags: in bodies, and through the tags interface (behaviour section 3).

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Value, json};

use super::{
    call::{Answer, Call, Reply},
    error::ArmError,
    refusals::not_found,
};
use crate::{regions, resources::Resources};

type Tags = BTreeMap<String, String>;

/// The body's `tags`, checked; `None` where there are none.
pub(crate) fn from_body(body: &Value) -> Result<Option<Tags>, ArmError> {
    let invalid = |message: String| ArmError::new(StatusCode::BAD_REQUEST, "InvalidTags", message).by_arm();
    let entries = match &body["tags"] {
        Value::Null => return Ok(None),
        Value::Object(entries) => entries,
        _ => return Err(invalid("The tags must be a map of strings.".to_owned())),
    };
    if entries.len() > 50 {
        return Err(invalid(format!("There are {} tags, but a resource may carry at most 50.", entries.len())));
    }
    let mut tags = Tags::new();
    for (name, value) in entries {
        let value = match value {
            Value::String(value) => value.clone(),
            Value::Null => String::new(),
            _ => return Err(invalid(format!("The value of tag '{name}' is not a string."))),
        };
        if name.is_empty() || name.len() > 512 || value.chars().count() > 256 {
            return Err(invalid(format!("Tag '{name}' is too long: names may hold 512 characters, values 256.")));
        }
        tags.insert(name.clone(), value);
    }
    Ok(Some(tags))
}

/// Puts tags into a view: they are shown where there are any, or where the last write `named` them.
pub(crate) fn show(view: &mut Value, tags: &Tags, named: bool) {
    if named || !tags.is_empty() {
        view["tags"] = json!(tags);
    }
}

/// A name that is taken in another region.
pub(crate) fn other_location(id: &str, location: &str, wanted: &str) -> ArmError {
    let name = super::address::last_name(id);
    ArmError::conflict(
        "InvalidResourceLocation",
        format!(
            "The resource '{name}' already exists in location '{}' in resource group. A resource with the same name cannot \
             be created in location '{wanted}'. Please select a new resource name.",
            regions::normal(location)
        ),
    )
    .by_arm()
}

/// `GET|PUT|PATCH {id}/providers/Microsoft.Resources/tags/default`: at once, whatever the resource is doing.
pub(crate) fn interface(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let key = call.address.key();
    let given = from_body(&call.body["properties"])?.unwrap_or_default();
    let patch = call.method == http::Method::PATCH;
    let operation = if patch { call.body["operation"].as_str().unwrap_or_default() } else { "Replace" };
    let read = call.method == http::Method::GET;
    let tags = resources.tags_of(&key).ok_or_else(|| not_found(call.address))?;
    if !read {
        match operation.to_lowercase().as_str() {
            "merge" => tags.extend(given),
            "replace" => *tags = given,
            "delete" => tags.retain(|name, value| given.get(name) != Some(value)),
            _ => {
                return Err(ArmError::new(
                    StatusCode::BAD_REQUEST,
                    "InvalidTagsOperation",
                    format!("The tags operation '{operation}' is none of Merge, Replace and Delete."),
                )
                .by_arm());
            }
        }
    }
    let tags = tags.clone();
    if !read && let Some(machine) = resources.machines.get_mut(&key) {
        machine.change += 1;
    }
    Ok(Reply::ok(json!({
        "id": format!("{}/providers/Microsoft.Resources/tags/default", call.address.id()),
        "name": "default",
        "type": "Microsoft.Resources/tags",
        "properties": {"tags": tags},
    })))
}
