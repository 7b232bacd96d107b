//! Galleries and image definitions: records, views, deletion (behaviour section 10).

use std::collections::BTreeMap;

use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    arm::{
        address::Address,
        call::{Answer, Call, Reply},
        dispatch::not_found,
        error::ArmError,
        operation::{OperationType, Work, preempted},
        tags,
    },
    clock::later,
    faults::domain::OperationFate,
    world::World,
};

/// A gallery.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Gallery {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) location: String,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) properties: Value,
    pub(crate) provisioning_state: &'static str,
    pub(crate) operation: Uuid,
}

/// An image definition.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Definition {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) location: String,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) properties: Value,
    pub(crate) provisioning_state: &'static str,
    pub(crate) operation: Uuid,
}

impl Gallery {
    pub(crate) fn view(&self) -> Value {
        let mut view = json!({
            "id": self.id, "name": self.name, "type": "Microsoft.Compute/galleries", "location": self.location,
            "tags": self.tags, "properties": self.properties,
        });
        let subscription = Address::parse(&self.id).map(|address| address.subscription).unwrap_or_default();
        view["properties"]["provisioningState"] = json!(self.provisioning_state);
        view["properties"]["identifier"] =
            json!({"uniqueName": format!("{subscription}-{}", self.name).to_uppercase()});
        view
    }
}

impl Definition {
    pub(crate) fn view(&self) -> Value {
        let mut view = json!({
            "id": self.id, "name": self.name, "type": "Microsoft.Compute/galleries/images", "location": self.location,
            "tags": self.tags, "properties": self.properties,
        });
        view["properties"]["provisioningState"] = json!(self.provisioning_state);
        view
    }

    /// The value of a feature, compared without case.
    pub(crate) fn feature(&self, name: &str) -> Option<&str> {
        self.properties["features"]
            .as_array()?
            .iter()
            .find(|feature| feature["name"].as_str().is_some_and(|given| given.eq_ignore_ascii_case(name)))?["value"]
            .as_str()
    }
}

/// Fields of `properties` that a caller may set.
pub(crate) fn properties(given: &Value, read_only: &[&str]) -> Value {
    let mut properties = if given.is_object() { given.clone() } else { json!({}) };
    if let Some(fields) = properties.as_object_mut() {
        fields.retain(|field, value| !read_only.contains(&field.as_str()) && !value.is_null());
    }
    properties
}

const GALLERY_READ_ONLY: [&str; 3] = ["provisioningState", "identifier", "sharingStatus"];

fn gallery_name(name: &str) -> Result<(), ArmError> {
    let fits = name.len() <= 80
        && name.chars().all(|character| character.is_ascii_alphanumeric() || matches!(character, '_' | '.'))
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && !name.ends_with(['.', '_']);
    if fits {
        return Ok(());
    }
    Err(ArmError::parameter(
        "galleryName",
        format!(
            "The gallery name '{name}' is invalid. It may hold up to 80 letters, digits, '_' and '.', and must begin and end \
             with a letter or digit."
        ),
    ))
}

impl World {
    pub(crate) fn gallery_get(&mut self, call: &Call<'_>) -> Answer {
        let gallery = self.galleries.get(&call.address.key()).ok_or_else(|| not_found(call.address))?;
        Ok(Reply::ok(gallery.view()))
    }

    pub(crate) fn definition_get(&mut self, call: &Call<'_>) -> Answer {
        let definition = self.definitions.get(&call.address.key()).ok_or_else(|| not_found(call.address))?;
        Ok(Reply::ok(definition.view()))
    }

    pub(crate) fn gallery_put(&mut self, call: &Call<'_>) -> Answer {
        let (key, name) = (call.address.key(), call.address.name());
        gallery_name(name)?;
        let location = call.location()?;
        let tags = tags::from_body(&call.body)?.unwrap_or_default();
        let properties = properties(&call.body["properties"], &GALLERY_READ_ONLY);
        let created = match self.galleries.get(&key) {
            Some(gallery) if gallery.location != location => {
                return Err(tags::other_location(&gallery.id, &gallery.location, &location));
            }
            Some(gallery) => deleting(gallery.provisioning_state, "Update Gallery", &gallery.name).map(|()| false)?,
            None => true,
        };
        let subscription = format!("/subscriptions/{}/", call.address.subscription).to_lowercase();
        let taken = self.galleries.iter().any(|(other, gallery)| {
            *other != key && other.starts_with(&subscription) && gallery.name.eq_ignore_ascii_case(name)
        });
        if taken {
            return Err(ArmError::conflict(
                "Conflict",
                format!(
                    "The gallery name '{name}' is not unique within the subscription '{}'.",
                    call.address.subscription
                ),
            ));
        }
        if created {
            self.gallery_quota("galleries", 100, &call.address.subscription, &location)?;
        }
        let id = call.address.id();
        Ok(self.gallery_write(
            &key,
            created,
            Gallery {
                id,
                name: name.to_owned(),
                location,
                tags,
                properties,
                provisioning_state: if created { "Creating" } else { "Updating" },
                operation: Uuid::nil(),
            },
        ))
    }

    pub(crate) fn gallery_patch(&mut self, call: &Call<'_>) -> Answer {
        let key = call.address.key();
        let mut gallery = self.galleries.get(&key).cloned().ok_or_else(|| not_found(call.address))?;
        deleting(gallery.provisioning_state, "Update Gallery", &gallery.name)?;
        if let Some(tags) = tags::from_body(&call.body)? {
            gallery.tags = tags;
        }
        crate::arm::lists::merge(&mut gallery.properties, &properties(&call.body["properties"], &GALLERY_READ_ONLY));
        gallery.provisioning_state = "Updating";
        Ok(self.gallery_write(&key, false, gallery))
    }

    fn gallery_write(&mut self, key: &str, created: bool, mut gallery: Gallery) -> Reply {
        let seconds = self.durations.gallery;
        let subscription = Address::parse(&gallery.id).map(|address| address.subscription).unwrap_or_default();
        let work = Work::GalleryWritten { gallery: key.to_owned() };
        let operation = self.begin(OperationType::Caps, &subscription, &gallery.location, work, Some(seconds));
        gallery.operation = operation;
        let view = gallery.view();
        self.galleries.insert(key.to_owned(), gallery);
        Reply::written(created, view, operation)
    }

    pub(crate) fn gallery_written(&mut self, operation: Uuid, key: &str) {
        let fate = self.faults.operation_fate(key);
        let Some(gallery) = self.galleries.get_mut(key).filter(|gallery| gallery.operation == operation) else {
            return self.end(operation, Err(preempted()));
        };
        match fate {
            OperationFate::Fails(error) => {
                gallery.provisioning_state = "Failed";
                self.end(operation, Err(error));
            }
            OperationFate::Normal => {
                gallery.provisioning_state = "Succeeded";
                self.end(operation, Ok(None));
            }
        }
    }

    pub(crate) fn definition_written(&mut self, operation: Uuid, key: &str) {
        let fate = self.faults.operation_fate(key);
        let Some(definition) = self.definitions.get_mut(key).filter(|definition| definition.operation == operation)
        else {
            return self.end(operation, Err(preempted()));
        };
        match fate {
            OperationFate::Fails(error) => {
                definition.provisioning_state = "Failed";
                self.end(operation, Err(error));
            }
            OperationFate::Normal => {
                definition.provisioning_state = "Succeeded";
                self.end(operation, Ok(None));
            }
        }
    }

    /// Refuses while children exist, and for a while after the last one is gone.
    fn without_children(&self, key: &str) -> Result<(), ArmError> {
        let prefix = format!("{key}/");
        let lag = self.durations.nested_delete_lag;
        let below = |child: &&String| child.starts_with(&prefix);
        let living = self.definitions.keys().chain(self.versions.keys()).find(below);
        let leaving = self
            .deleted
            .iter()
            .find(|(child, at)| child.starts_with(&prefix) && self.now < later(**at, lag))
            .map(|(child, _)| child);
        match living.or(leaving) {
            None => Ok(()),
            Some(child) => Err(ArmError::conflict(
                "CannotDeleteResource",
                format!("Can not delete resource before nested resources are deleted. Nested resource: '{child}'."),
            )),
        }
    }

    pub(crate) fn gallery_delete(&mut self, call: &Call<'_>) -> Answer {
        let key = call.address.key();
        let Some(gallery) = self.galleries.get(&key) else { return Ok(Reply::empty(StatusCode::NO_CONTENT)) };
        if gallery.provisioning_state == "Deleting" {
            return Ok(Reply::accepted(gallery.operation, false));
        }
        self.without_children(&key)?;
        let location = gallery.location.clone();
        let seconds = self.durations.gallery;
        let work = Work::GalleryDeleted { gallery: key.clone() };
        let operation = self.begin(OperationType::Caps, &call.address.subscription, &location, work, Some(seconds));
        if let Some(gallery) = self.galleries.get_mut(&key) {
            gallery.provisioning_state = "Deleting";
            gallery.operation = operation;
        }
        Ok(Reply::accepted(operation, false))
    }

    pub(crate) fn definition_delete(&mut self, call: &Call<'_>) -> Answer {
        let key = call.address.key();
        let Some(definition) = self.definitions.get(&key) else { return Ok(Reply::empty(StatusCode::NO_CONTENT)) };
        if definition.provisioning_state == "Deleting" {
            return Ok(Reply::accepted(definition.operation, false));
        }
        self.without_children(&key)?;
        let location = definition.location.clone();
        let seconds = self.durations.definition;
        let work = Work::DefinitionDeleted { definition: key.clone() };
        let operation = self.begin(OperationType::Caps, &call.address.subscription, &location, work, Some(seconds));
        if let Some(definition) = self.definitions.get_mut(&key) {
            definition.provisioning_state = "Deleting";
            definition.operation = operation;
        }
        Ok(Reply::accepted(operation, false))
    }

    pub(crate) fn gallery_deleted(&mut self, operation: Uuid, key: &str) {
        self.galleries.remove(key);
        let prefix = format!("{key}/");
        self.deleted.retain(|child, _| !child.starts_with(&prefix));
        self.end(operation, Ok(None));
    }

    pub(crate) fn definition_deleted(&mut self, operation: Uuid, key: &str) {
        self.definitions.remove(key);
        let prefix = format!("{key}/");
        self.deleted.retain(|child, _| !child.starts_with(&prefix));
        self.deleted.insert(key.to_owned(), self.now);
        self.end(operation, Ok(None));
    }
}

/// Nothing but deletion may follow once a resource is being deleted.
pub(crate) fn deleting(state: &str, operation: &str, name: &str) -> Result<(), ArmError> {
    if state == "Deleting" {
        return Err(ArmError::not_allowed(format!(
            "Operation '{operation}' is not allowed on '{name}' since it is marked for deletion. You can only retry the \
             Delete operation (or wait for an ongoing one to complete)."
        )));
    }
    Ok(())
}
