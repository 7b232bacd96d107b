//! With whom a gallery is shared: `POST {gallery}/share` (behaviour section 10).

use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    arm::{
        call::{Answer, Call, Reply, RetryAfter},
        error::ArmError,
        operation,
        records::writable,
        refusals::not_found,
    },
    resources::{
        Resources,
        operation::{OperationType, Work},
    },
};

fn wrong(target: &str, message: String) -> ArmError {
    ArmError::parameter(&format!("sharingUpdate.{target}"), message)
}

/// Adds ids to the group of their type, or takes them away; a group that is empty goes.
fn change(groups: &mut Vec<Value>, wanted: &[Value], add: bool) -> Result<(), ArmError> {
    for group in wanted {
        let kind = group["type"].as_str().unwrap_or_default();
        let Some(kind) = ["Subscriptions", "AADTenants"].into_iter().find(|known| known.eq_ignore_ascii_case(kind))
        else {
            return Err(wrong("groups.type", format!("The sharing group type '{kind}' is not supported.")));
        };
        let position = groups.iter().position(|known| known["type"] == kind).unwrap_or_else(|| {
            groups.push(json!({"type": kind, "ids": []}));
            groups.len() - 1
        });
        let Some(ids) = groups[position]["ids"].as_array_mut() else { continue };
        for id in group["ids"].as_array().into_iter().flatten() {
            ids.retain(|known| known != id);
            if add {
                ids.push(id.clone());
            }
        }
    }
    groups.retain(|group| group["ids"].as_array().is_some_and(|ids| !ids.is_empty()));
    Ok(())
}

pub(crate) fn share(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let address = call.address.parent();
    let key = address.key();
    let gallery = resources.galleries.get_mut(&key).ok_or_else(|| not_found(&address))?;
    writable(gallery.provisioning_state, "Share Gallery", &gallery.name)?;
    let profile = &mut gallery.properties["sharingProfile"];
    let permissions = profile["permissions"].as_str().unwrap_or("Private").to_owned();
    let given = &call.body;
    let operation = given["operationType"].as_str().unwrap_or_default();
    let needed = if operation.eq_ignore_ascii_case("EnableCommunity") { "Community" } else { "Groups" };
    if !permissions.eq_ignore_ascii_case(needed) {
        return Err(wrong(
            "operationType",
            format!(
                "The operation '{operation}' is not allowed on a gallery whose sharing permissions are '{permissions}'; they \
                 have to be '{needed}'."
            ),
        ));
    }
    let mut groups = profile["groups"].as_array().cloned().unwrap_or_default();
    let wanted = given["groups"].as_array().map_or(&[][..], Vec::as_slice);
    match operation.to_lowercase().as_str() {
        "add" => change(&mut groups, wanted, true)?,
        "remove" => change(&mut groups, wanted, false)?,
        "reset" => {
            groups.clear();
            profile["permissions"] = json!("Private");
        }
        "enablecommunity" => profile["communityGalleryInfo"]["communityGalleryEnabled"] = json!(true),
        _ => return Err(wrong("operationType", format!("The operation type '{operation}' is not supported."))),
    }
    profile["groups"] = json!(groups);
    let location = gallery.location.clone();
    let work = Work::GalleryShared { gallery: key };
    let seconds = resources.durations.gallery;
    let id = operation::begin(resources, OperationType::Caps, &address.subscription, &location, work, Some(seconds));
    let body = Some(json!({"operationType": operation, "groups": groups}));
    Ok(Reply { status: StatusCode::ACCEPTED, body, ..Reply::accepted(id, RetryAfter::Never) })
}

pub(crate) fn shared(resources: &mut Resources, operation: uuid::Uuid, key: &str) {
    match resources.faults.operation_outcome(key) {
        crate::faults::domain::OperationOutcome::Fails(error) => operation::end(resources, operation, Err(error)),
        crate::faults::domain::OperationOutcome::Normal => {
            let groups =
                resources.galleries.get(key).map(|gallery| gallery.properties["sharingProfile"]["groups"].clone());
            let status = json!({"aggregatedState": "Succeeded", "groups": groups});
            operation::end(resources, operation, Ok(Some(status)));
        }
    }
}
