//! All about galleries and image definitions; in this file galleries themselves (behaviour section 10).

pub(crate) mod definition;
pub(crate) mod quota;
pub(crate) mod sharing;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    arm::{
        address::Address,
        body::properties,
        call::{Answer, Call, Reply},
        error::ArmError,
        records::{self, writable},
        refusals::not_found,
        tags,
    },
    clock::later,
    compute::version::soft_delete,
    resources::{Resources, gallery::Gallery, record::RecordKind},
};

impl Gallery {
    pub(in crate::compute) fn view(&self) -> Value {
        let mut view = json!({
            "id": self.id, "name": self.name, "type": "Microsoft.Compute/galleries", "location": self.location,
            "properties": self.properties,
        });
        tags::show(&mut view, &self.tags, self.tagged);
        let subscription = Address::parse(&self.id).map(|address| address.subscription).unwrap_or_default();
        view["properties"]["provisioningState"] = json!(self.provisioning_state);
        view["properties"]["identifier"] =
            json!({"uniqueName": format!("{subscription}-{}", self.name).to_uppercase()});
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

pub(crate) fn get(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let gallery = resources.galleries.get(&call.address.key()).ok_or_else(|| not_found(call.address))?;
    Ok(Reply::ok(gallery.view()))
}

pub(crate) fn put(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let (key, name) = (call.address.key(), call.address.name());
    gallery_name(name)?;
    let location = call.location()?;
    let tags = tags::from_body(&call.body)?;
    let tagged = tags.is_some();
    let tags = tags.unwrap_or_default();
    let properties = properties(&call.body["properties"], &GALLERY_READ_ONLY);
    let created = match resources.galleries.get(&key) {
        Some(gallery) if gallery.location != location => {
            return Err(tags::other_location(&gallery.id, &gallery.location, &location));
        }
        Some(gallery) => writable(gallery.provisioning_state, "Update Gallery", &gallery.name).map(|()| false)?,
        None => true,
    };
    let subscription = format!("/subscriptions/{}/", call.address.subscription).to_lowercase();
    let taken = resources.galleries.iter().any(|(other, gallery)| {
        *other != key && other.starts_with(&subscription) && gallery.name.eq_ignore_ascii_case(name)
    });
    if taken {
        return Err(ArmError::conflict(
            "Conflict",
            format!("The gallery name '{name}' is not unique within the subscription '{}'.", call.address.subscription),
        ));
    }
    if created {
        quota::check(resources, "galleries", 100, &call.address.subscription, &location)?;
    }
    let id = call.address.id();
    Ok(write(
        resources,
        &key,
        created,
        Gallery {
            id,
            name: name.to_owned(),
            location,
            tags,
            tagged,
            properties,
            provisioning_state: if created { "Creating" } else { "Updating" },
            operation: Uuid::nil(),
        },
    ))
}

pub(crate) fn patch(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let key = call.address.key();
    let mut gallery = resources.galleries.get(&key).cloned().ok_or_else(|| not_found(call.address))?;
    writable(gallery.provisioning_state, "Update Gallery", &gallery.name)?;
    if let Some(tags) = tags::from_body(&call.body)? {
        gallery.tags = tags;
        gallery.tagged = true;
    }
    crate::arm::body::merge(&mut gallery.properties, &properties(&call.body["properties"], &GALLERY_READ_ONLY));
    gallery.provisioning_state = "Updating";
    Ok(write(resources, &key, false, gallery))
}

fn write(resources: &mut Resources, key: &str, created: bool, gallery: Gallery) -> Reply {
    resources.galleries.insert(key.to_owned(), gallery);
    let operation = records::write_begins(resources, RecordKind::Gallery, key, resources.durations.gallery);
    Reply::written(created, resources.galleries.get(key).map(Gallery::view).unwrap_or_default(), operation)
}

/// Refuses while children exist, and for a while after the last one is gone.
fn without_children(resources: &Resources, key: &str) -> Result<(), ArmError> {
    let prefix = format!("{key}/");
    let lag = resources.durations.nested_delete_lag;
    let below = |child: &&String| child.starts_with(&prefix);
    let living = resources.definitions.keys().chain(resources.versions.keys()).find(below);
    let leaving = resources
        .deleted
        .iter()
        .find(|(child, at)| child.starts_with(&prefix) && resources.now < later(**at, lag))
        .map(|(child, _)| child);
    match living.or(leaving) {
        None => Ok(()),
        Some(child) => Err(ArmError::conflict(
            "CannotDeleteResource",
            format!("Can not delete resource before nested resources are deleted. Nested resource: '{child}'."),
        )),
    }
}

pub(crate) fn delete(resources: &mut Resources, call: &Call<'_>) -> Answer {
    parent_delete(resources, RecordKind::Gallery, &call.address.key(), resources.durations.gallery)
}

fn parent_delete(resources: &mut Resources, kind: RecordKind, key: &str, seconds: f64) -> Answer {
    if let Some(reply) = records::deletion_known(resources, kind, key) {
        return Ok(reply);
    }
    without_children(resources, key)?;
    if let Some(kept) = soft_delete::keeps(resources, key) {
        return Err(ArmError::conflict(
            "CannotDeleteResource",
            format!(
                "Can not delete resource before soft-deleted nested resources are gone. Nested resource: '{kept}'."
            ),
        ));
    }
    Ok(records::deletion_begins(resources, kind, key, seconds))
}

pub(crate) fn gone(resources: &mut Resources, key: &str) {
    resources.galleries.remove(key);
    forget_deleted_below(resources, key);
}

fn forget_deleted_below(resources: &mut Resources, key: &str) {
    let prefix = format!("{key}/");
    resources.deleted.retain(|child, _| !child.starts_with(&prefix));
}
