//! Updating image versions (behaviour section 11).

use http::StatusCode;
use serde_json::{Value, json};

use super::{
    linked,
    put::{self, VersionSpec},
    replication,
    source::Source,
};
use crate::{
    arm::{
        call::{Answer, Call, Reply},
        error::ArmError,
        operation,
        refusals::not_found,
    },
    clock::later,
    durations::Load,
    resources::{
        Resources,
        event::Event,
        operation::{OperationType, Work},
        version::{ImageVersion, Publishing, Region, RegionState},
    },
};

pub(super) fn update(
    resources: &mut Resources,
    key: &str,
    wanted: VersionSpec,
    tags: std::collections::BTreeMap<String, String>,
) -> Answer {
    let Some(mut version) = resources.versions.get(key).cloned() else {
        return Err(ArmError::new(
            StatusCode::NOT_FOUND,
            "NotFound",
            "The entity was not found in this Azure location.",
        ));
    };
    wanted.source.unchanged(&version)?;
    fixed_properties(&version.publishing, &wanted.publishing)?;
    let stays = |name: &str| wanted.publishing.targets.iter().any(|target| target.name == name);
    let removed: Vec<String> =
        version.regions.iter().filter(|region| !stays(&region.name)).map(|region| region.name.clone()).collect();
    // The permission that counts is the request's own; one that gives none leaves the one in force.
    let allowed = wanted.allow_deletion.unwrap_or(version.allow_deletion_of_replicated_locations);
    if !removed.is_empty() && !allowed {
        let refused = |message| ArmError::new(StatusCode::BAD_REQUEST, "BadRequest", message);
        return Err(refused(format!(
            "Removing the replicated regions '{}' from gallery image version '{}' is not allowed because \
             'allowDeletionOfReplicatedLocations' is set to false.",
            removed.join(", "),
            version.id
        )));
    }
    version.regions.retain(|region| stays(&region.name));
    let operation = operation::begin(
        resources,
        OperationType::Caps,
        &version.subscription,
        &version.location,
        Work::VersionWritten { version: key.to_owned() },
        None,
    );
    for target in &wanted.publishing.targets {
        if version.misfit.is_none() && !version.regions.iter().any(|region| region.name == target.name) {
            version.regions.push(Region { name: target.name.clone(), attempt: 0, state: RegionState::Unknown });
        }
    }
    let size_gib = version.disk_size_gb + version.data_disks.iter().map(|disk| disk.size_gb).sum::<u64>();
    if !version.stillborn {
        for region in &mut version.regions {
            if region.state != RegionState::Completed {
                let load = Load { size_gib, replicas: wanted.publishing.replicas_in(&region.name) };
                let seconds = resources.durations.region_copy(&region.name, load);
                replication::region_begins(resources, key, region, 0.0, seconds);
            }
        }
    }
    let seconds = resources.durations.update_version;
    version.tags = tags;
    version.publishing = wanted.publishing;
    version.allow_deletion_of_replicated_locations =
        wanted.allow_deletion.unwrap_or(version.allow_deletion_of_replicated_locations);
    version.block_deletion_before_end_of_life = wanted.block_deletion.or(version.block_deletion_before_end_of_life);
    version.provisioning_state = "Updating";
    version.operation = operation;
    version.writing_until = later(resources.now, seconds);
    resources.plan(seconds, Event::VersionMoves(key.to_owned()));
    let view = version.view(resources.now, false);
    resources.versions.insert(key.to_owned(), version);
    Ok(Reply::written(false, view, operation))
}

/// Tags replace the whole map, properties are merged; the result is written like a PUT.
pub(crate) fn patch(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let key = call.address.key();
    let version = resources.versions.get(&key).ok_or_else(|| not_found(call.address))?;
    let mut body = version.view(resources.now, false);
    if call.body["tags"].is_object() {
        body["tags"] = call.body["tags"].clone();
    }
    crate::arm::body::merge(&mut body["properties"], &call.body["properties"]);
    // The right on the source is asked for only where the request itself names it.
    if call.body["properties"]["storageProfile"].is_object() {
        Source::read(&body["properties"]["storageProfile"])?;
        linked::access(call, &body["properties"], resources)?;
    }
    put::put(resources, &Call { body, allowed: &|_, _| true, ..*call })
}

pub(super) fn ready_for_update(version: &ImageVersion) -> Result<(), ArmError> {
    if version.provisioning_state == "Deleting" {
        return Err(ArmError::not_allowed(format!(
            "Operation 'Update Gallery Image Version' is not on allowed on {}; since it is marked for deletion. You can only \
             retry the Delete operation (or wait for an ongoing one to complete).",
            version.id
        )));
    }
    if version.writing() {
        return Err(ArmError::concurrent());
    }
    Ok(())
}

/// What a body leaves out and what can never change is taken from before.
pub(super) fn keep_fixed(profile: &mut Value, before: &Publishing) {
    if !profile.is_object() {
        *profile = json!({});
    }
    if profile["storageAccountType"].is_null() {
        profile["storageAccountType"] = json!(before.storage);
    }
    if profile["replicationMode"].is_null() && before.mode_given {
        profile["replicationMode"] = json!(if before.shallow { "Shallow" } else { "Full" });
    }
}

fn fixed_properties(before: &Publishing, after: &Publishing) -> Result<(), ArmError> {
    let property = |name: &str| {
        Err(ArmError::property_change(&format!("galleryImageVersion.properties.publishingProfile.{name}")))
    };
    if before.storage != after.storage {
        return property("storageAccountType");
    }
    if before.shallow != after.shallow {
        return property("replicationMode");
    }
    for target in &after.targets {
        if let Some(old) = before.targets.iter().find(|old| old.name == target.name) {
            if old.storage != target.storage {
                return property("targetRegions.storageAccountType");
            }
            if !old.encryption.is_null() && old.encryption != target.encryption {
                return property("targetRegions.encryption");
            }
        }
    }
    Ok(())
}
