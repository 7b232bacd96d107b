//! Galleries and image definitions: records, views, deletion (behaviour section 10).

pub(crate) mod definition;
pub(crate) mod sharing;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    arm::{
        address::Address,
        body::properties,
        call::{Answer, Call, Reply},
        error::ArmError,
        records::writable,
        refusals::not_found,
        tags,
    },
    clock::later,
    resources::{
        Resources,
        gallery::{Definition, Gallery},
        record::RecordKind,
    },
};

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

impl Resources {
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
            Some(gallery) => writable(gallery.provisioning_state, "Update Gallery", &gallery.name).map(|()| false)?,
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
        writable(gallery.provisioning_state, "Update Gallery", &gallery.name)?;
        if let Some(tags) = tags::from_body(&call.body)? {
            gallery.tags = tags;
        }
        crate::arm::body::merge(&mut gallery.properties, &properties(&call.body["properties"], &GALLERY_READ_ONLY));
        gallery.provisioning_state = "Updating";
        Ok(self.gallery_write(&key, false, gallery))
    }

    fn gallery_write(&mut self, key: &str, created: bool, gallery: Gallery) -> Reply {
        self.galleries.insert(key.to_owned(), gallery);
        let operation = self.write_begins(RecordKind::Gallery, key, self.durations.gallery);
        Reply::written(created, self.galleries.get(key).map(Gallery::view).unwrap_or_default(), operation)
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
        self.parent_delete(RecordKind::Gallery, &call.address.key(), self.durations.gallery)
    }

    pub(crate) fn definition_delete(&mut self, call: &Call<'_>) -> Answer {
        self.parent_delete(RecordKind::Definition, &call.address.key(), self.durations.definition)
    }

    fn parent_delete(&mut self, kind: RecordKind, key: &str, seconds: f64) -> Answer {
        if let Some(reply) = self.deletion_known(kind, key) {
            return Ok(reply);
        }
        self.without_children(key)?;
        Ok(self.deletion_begins(kind, key, seconds))
    }

    pub(crate) fn gallery_gone(&mut self, key: &str) {
        self.galleries.remove(key);
        self.forget_deleted_below(key);
    }

    pub(crate) fn definition_gone(&mut self, key: &str) {
        self.definitions.remove(key);
        self.forget_deleted_below(key);
        self.deleted.insert(key.to_owned(), self.now);
    }

    fn forget_deleted_below(&mut self, key: &str) {
        let prefix = format!("{key}/");
        self.deleted.retain(|child, _| !child.starts_with(&prefix));
    }
}
