//! Restore point collections, `Microsoft.Compute/restorePointCollections`.

use std::collections::BTreeMap;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    arm::{
        call::{Answer, Call, Reply},
        error::ArmError,
        records::{self, not_leaving},
        refusals::not_supported,
        rights, tags,
    },
    resources::{Resources, record::RecordKind, restore_point::RestorePointCollection},
};

pub(in crate::compute) fn view(resources: &Resources, collection: &RestorePointCollection, expanded: bool) -> Value {
    let machine = resources.machines.get(&collection.source.to_lowercase());
    let mut view = json!({
        "id": collection.id,
        "name": collection.name,
        "type": "Microsoft.Compute/restorePointCollections",
        "location": collection.location,
        "tags": collection.tags,
        "properties": {
            "source": {
                "id": collection.source,
                "location": machine.map_or(&collection.location, |machine| &machine.location),
            },
            "restorePointCollectionId": collection.unique_id,
            "provisioningState": collection.provisioning_state,
        },
    });
    if expanded {
        let key = collection.id.to_lowercase();
        view["properties"]["restorePoints"] = points(resources, &key).map(super::view).collect();
    }
    view
}

/// The restore points in a collection.
fn points<'r>(
    resources: &'r Resources,
    key: &str,
) -> impl Iterator<Item = &'r crate::resources::restore_point::RestorePoint> {
    let below = format!("{key}/");
    resources.restore_points.iter().filter(move |(point, _)| point.starts_with(&below)).map(|(_, point)| point)
}

pub(in crate::compute) fn call(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let key = call.address.key();
    match *call.method {
        Method::GET => {
            let found = resources.restore_point_collections.get(&key);
            let found = found.ok_or_else(|| records::not_there(resources, call.address))?;
            Ok(Reply::ok(view(resources, found, call.expands("restorePoints"))))
        }
        Method::PUT => put(resources, call),
        Method::PATCH => {
            let given = tags::from_body(&call.body)?;
            change(resources, call, given)
        }
        Method::DELETE => {
            if let Some(reply) = records::deletion_known(resources, RecordKind::RestorePointCollection, &key) {
                return Ok(reply);
            }
            let seconds = resources.durations.disk;
            Ok(records::deletion_begins(resources, RecordKind::RestorePointCollection, &key, seconds))
        }
        _ => Err(not_supported(call)),
    }
}

/// Of one that exists only tags are changed.
fn put(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let key = call.address.key();
    let location = call.location()?;
    let given = tags::from_body(&call.body)?.unwrap_or_default();
    let target = "restorePointCollection.properties.source.id";
    let Some(source) = call.body["properties"]["source"]["id"].as_str() else {
        return Err(ArmError::parameter(target, format!("Required parameter '{target}' is missing (null).")));
    };
    if let Some(collection) = resources.restore_point_collections.get(&key) {
        if collection.location != location {
            return Err(tags::other_location(&collection.id, &collection.location, &location));
        }
        if !collection.source.eq_ignore_ascii_case(source) {
            return Err(ArmError::property_change("source.id"));
        }
        return change(resources, call, Some(given));
    }
    rights::linked(resources, call, "Microsoft.Compute/virtualMachines/read", source)?;
    let machine = resources.machines.get(&source.to_lowercase()).ok_or_else(|| {
        ArmError::new(StatusCode::NOT_FOUND, "NotFound", format!("The virtual machine '{source}' was not found."))
    })?;
    if machine.location != location {
        return Err(ArmError::parameter(
            "restorePointCollection.location",
            format!("The virtual machine '{source}' is not in the location '{location}'."),
        ));
    }
    let record = RestorePointCollection {
        id: call.address.id(),
        name: call.address.name().to_owned(),
        location,
        tags: given,
        source: source.to_owned(),
        unique_id: resources.guid(),
        provisioning_state: "Succeeded",
        operation: Uuid::nil(),
    };
    let reply = Reply { created: true, ..Reply::new(StatusCode::CREATED, view(resources, &record, false)) };
    resources.restore_point_collections.insert(key, record);
    Ok(reply)
}

fn change(resources: &mut Resources, call: &Call<'_>, tags: Option<BTreeMap<String, String>>) -> Answer {
    let key = call.address.key();
    let found = resources.restore_point_collections.get_mut(&key);
    let collection = found.ok_or_else(|| crate::arm::refusals::not_found(call.address))?;
    not_leaving(collection.provisioning_state, "Update RestorePointCollection", &collection.name)?;
    if let Some(tags) = tags {
        collection.tags = tags;
    }
    let collection = collection.clone();
    Ok(Reply::ok(view(resources, &collection, false)))
}

/// All restore points in it go too.
pub(in crate::compute) fn gone(resources: &mut Resources, key: &str) {
    let below = format!("{key}/");
    resources.restore_points.retain(|point, _| !point.starts_with(&below));
    resources.restore_point_collections.remove(key);
    records::remember_deletion(resources, key);
}
