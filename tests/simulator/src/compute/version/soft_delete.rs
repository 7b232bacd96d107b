//! Versions that were deleted in a gallery with a soft-delete policy (behaviour section 13).

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::source::Source;
use crate::{
    arm::{
        address::Address,
        call::{Answer, Call, Reply},
        error::ArmError,
        operation,
        refusals::{not_supported, parent_not_found},
    },
    clock::{azure_time, later},
    resources::{
        Resources,
        event::Event,
        operation::{OperationType, Work},
        version::{ImageVersion, SoftDeleted},
    },
};

/// Days that a deleted version is kept where the policy says nothing.
const RETENTION_DAYS: f64 = 7.0;
const DAY_SECONDS: f64 = 86_400.0;

/// Keeps a version that is being deleted, where its gallery says so: for its retention and the grace after it.
pub(crate) fn keep(resources: &mut Resources, key: &str, version: ImageVersion) {
    let gallery = Address::parse(key).and_then(|address| resources.galleries.get(&address.parent().parent().key()));
    let Some(policy) = gallery.map(|gallery| &gallery.properties["softDeletePolicy"]) else { return };
    if policy["isSoftDeleteEnabled"] != true {
        return;
    }
    let retention = policy["retentionPeriodInDays"].as_f64().unwrap_or(RETENTION_DAYS);
    let days = retention + policy["gracePeriodInDays"].as_f64().unwrap_or(0.0);
    let until = later(resources.now, days * DAY_SECONDS);
    resources.soft_deleted.insert(key.to_owned(), SoftDeleted { version, at: resources.now, until });
}

/// Forgets what was kept long enough.
fn purge(resources: &mut Resources) {
    let now = resources.now;
    resources.soft_deleted.retain(|_, kept| now < kept.until);
}

/// Whether a body asks for a version of another source.
fn names_other_source(body: &Value, version: &ImageVersion) -> bool {
    let profile = &body["properties"]["storageProfile"];
    profile.is_object() && Source::read(profile).is_ok_and(|source| source.unchanged(version).is_err())
}

/// A PUT that restores a version; `None` where it is an ordinary one.
pub(crate) fn restore(resources: &mut Resources, call: &Call<'_>) -> Option<Answer> {
    purge(resources);
    let key = call.address.key();
    let restore = call.body["properties"]["restore"] == true;
    if resources.versions.contains_key(&key) {
        return None;
    }
    let Some(kept) = resources.soft_deleted.get(&key) else {
        return restore.then(|| {
            Err(ArmError::parameter(
                "galleryImageVersion.properties.restore",
                format!("There is no soft-deleted gallery image version '{}'.", call.address.id()),
            ))
        });
    };
    // A small body, with tags alone, restores as well (recorded). What a whole body with another source does isn't known: the
    // seed decides between the old version's return, source and all, and a refusal.
    if !restore && names_other_source(&call.body, &kept.version) && !resources.seed.is_multiple_of(2) {
        return Some(Err(ArmError::conflict(
            "Conflict",
            format!(
                "The gallery image version '{}' is soft-deleted. Restore it, or wait until it is gone for good, before the name \
                 is used again.",
                call.address.id()
            ),
        )));
    }
    let mut version = kept.version.clone();
    resources.soft_deleted.remove(&key);
    let work = Work::VersionWritten { version: key.clone() };
    let operation =
        operation::begin(resources, OperationType::Caps, &version.subscription, &version.location, work, None);
    let seconds = resources.durations.update_version;
    version.operation = operation;
    version.provisioning_state = "Updating";
    version.writing_until = later(resources.now, seconds);
    resources.plan(seconds, Event::VersionMoves(key.clone()));
    let view = version.view(resources.now, false);
    resources.deleted.remove(&key);
    resources.versions.insert(key, version);
    Some(Ok(Reply::written(false, view, operation)))
}

/// What lies below `{gallery}/softDeletedArtifactTypes/Images/artifacts/{definition}/versions`.
pub(crate) fn call(resources: &mut Resources, call: &Call<'_>) -> Answer {
    if call.address.is_collection() { list(resources, call) } else { delete(resources, call) }
}

/// DELETE of a kept version: it is gone for good.
fn delete(resources: &mut Resources, call: &Call<'_>) -> Answer {
    purge(resources);
    let [gallery, artifacts, definition, version] = call.address.names.as_slice() else {
        return Err(not_supported(call));
    };
    if call.method != Method::DELETE || !artifacts.eq_ignore_ascii_case("Images") {
        return Err(not_supported(call));
    }
    let of = ["galleries", "images", "versions"].map(str::to_owned).to_vec();
    let names = vec![gallery.clone(), definition.clone(), version.clone()];
    let address = Address { types: of, names, ..call.address.clone() };
    let gone = resources.soft_deleted.remove(&address.key());
    Ok(Reply::empty(if gone.is_some() { StatusCode::OK } else { StatusCode::NO_CONTENT }))
}

/// Whether something below a definition or gallery is kept.
pub(in crate::compute) fn keeps(resources: &mut Resources, parent: &str) -> Option<String> {
    purge(resources);
    let prefix = format!("{parent}/");
    resources.soft_deleted.keys().find(|key| key.starts_with(&prefix)).cloned()
}

/// `GET {gallery}/softDeletedArtifactTypes/Images/artifacts/{definition}/versions`.
fn list(resources: &mut Resources, call: &Call<'_>) -> Answer {
    purge(resources);
    let [gallery, artifacts, definition] = call.address.names.as_slice() else { return Err(not_supported(call)) };
    if call.method != Method::GET || !artifacts.eq_ignore_ascii_case("Images") {
        return Err(not_supported(call));
    }
    let address = Address { types: vec!["galleries".to_owned()], names: vec![gallery.clone()], ..call.address.clone() };
    if !resources.galleries.contains_key(&address.key()) {
        return Err(parent_not_found(&address));
    }
    let prefix = format!("{}/images/{definition}/versions/", address.key()).to_lowercase();
    let views: Vec<Value> = resources
        .soft_deleted
        .iter()
        .filter(|(key, _)| key.starts_with(&prefix))
        .map(|(_, kept)| {
            json!({
                "id": format!("{}/{}", call.address.id(), kept.version.name),
                "name": kept.version.name,
                "type": "Microsoft.Compute/galleries/softDeletedArtifactTypes/artifacts/versions",
                "location": kept.version.location,
                "properties": {
                    "resourceArmId": kept.version.id,
                    "softDeletedArtifactType": "Images",
                    "softDeletedTime": azure_time(kept.at),
                },
            })
        })
        .collect();
    Ok(Reply::new(StatusCode::OK, json!({"value": views})))
}
