//! Creating image versions, and what a write of one asks for (behaviour section 11).

use http::StatusCode;
use serde_json::Value;

use super::{
    captured, encryption, linked, replication, soft_delete,
    source::{self, Source},
    update::{self, keep_fixed, ready_for_update},
};
use crate::{
    arm::{
        call::{Answer, Call, Reply},
        error::ArmError,
        operation,
        records::not_leaving,
        refusals::parent_not_found,
        tags,
    },
    clock::later,
    compute::gallery,
    durations::Load,
    resources::{
        Resources,
        event::Event,
        gallery::Definition,
        operation::{OperationType, Work},
        version::{ImageVersion, Publishing, Region, RegionState},
    },
};

/// `Major.Minor.Patch`, three 32-bit integers.
fn version_name(name: &str) -> Result<(), ArmError> {
    let parts: Vec<&str> = name.split('.').collect();
    let fits = parts.len() == 3
        && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()) && part.parse::<i32>().is_ok());
    if fits {
        return Ok(());
    }
    Err(ArmError::parameter(
        "galleryImageVersionName",
        "The image version name is invalid. The image version name should follow Major(int).Minor(int).Patch(int) format, \
         for e.g: 1.0.0, 2018.12.1 etc.",
    ))
}

/// Properties of a version body, read and checked.
pub(super) struct VersionSpec {
    pub(super) source: Source,
    pub(super) publishing: Publishing,
    pub(super) allow_deletion: Option<bool>,
    pub(super) block_deletion: Option<bool>,
    pub(super) security_profile: Value,
}

fn flag(body: &Value, name: &str) -> Option<bool> {
    body["properties"]["safetyProfile"][name].as_bool()
}

pub(crate) fn put(resources: &mut Resources, call: &Call<'_>) -> Answer {
    version_name(call.address.name())?;
    if let Some(answer) = soft_delete::restore(resources, call) {
        return answer;
    }
    let before = resources.versions.get(&call.address.key());
    let source = Source::of_write(&call.body["properties"]["storageProfile"], before)?;
    linked::access(call, &call.body["properties"], resources)?;
    let location = call.location()?;
    let tags = tags::from_body(&call.body)?.unwrap_or_default();
    let definition = definition_of(resources, call)?;
    let key = call.address.key();
    let existing = resources.versions.get(&key);
    let mut profile = call.body["properties"]["publishingProfile"].clone();
    if let Some(version) = existing {
        if version.location != location {
            return Err(tags::other_location(&version.id, &version.location, &location));
        }
        ready_for_update(version)?;
        keep_fixed(&mut profile, &version.publishing);
    } else {
        source::check(resources, &source, &location, &key)?;
    }
    let wanted = VersionSpec {
        publishing: Publishing::read(&profile, &location)?,
        source,
        allow_deletion: flag(&call.body, "allowDeletionOfReplicatedLocations"),
        block_deletion: flag(&call.body, "blockDeletionBeforeEndOfLife"),
        security_profile: call.body["properties"]["securityProfile"].clone(),
    };
    let data_disks =
        existing.map_or_else(|| captured::of(resources, &wanted.source).data_disks, |old| old.data_disks.clone());
    let named = call.body["properties"]["storageProfile"]["dataDiskImages"].as_array().into_iter().flatten();
    let luns = data_disks.iter().map(|disk| disk.lun).chain(named.filter_map(|disk| disk["lun"].as_u64())).collect();
    encryption::confidential(&definition, &wanted.publishing.targets, &location)?;
    encryption::check(resources, &wanted.publishing.targets, &call.address.subscription, &luns)?;
    end_of_life(resources, wanted.publishing.end_of_life)?;
    if existing.is_some() {
        return update::update(resources, &key, wanted, tags);
    }
    let subscription = &call.address.subscription;
    let quota = resources.version_quotas.get(&(subscription.to_lowercase(), location.clone()));
    let limit = quota.copied().unwrap_or(10_000);
    gallery::quota::check(resources, "gallery image versions", limit, subscription, &location)?;
    let misfit = source::misfit(resources, &wanted.source, &location, &definition);
    Ok(create(resources, call, &location, wanted, tags, misfit))
}

/// How long it takes until the operation of a source that doesn't fit has failed, in seconds.
const CHECKING: f64 = 30.0;

/// Whether a date that has passed is refused isn't known, so either is so, by the seed.
fn end_of_life(resources: &Resources, given: Option<jiff::Timestamp>) -> Result<(), ArmError> {
    let refuses = resources.seed.is_multiple_of(2);
    match given {
        Some(end) if refuses && end <= resources.now => Err(ArmError::parameter(
            "galleryImageVersion.properties.publishingProfile.endOfLifeDate",
            "The end of life date of a gallery image version must be in the future.",
        )),
        _ => Ok(()),
    }
}

fn definition_of(resources: &Resources, call: &Call<'_>) -> Result<Definition, ArmError> {
    let address = call.address.parent();
    let definition = resources.definitions.get(&address.key()).ok_or_else(|| parent_not_found(&address))?;
    not_leaving(definition.provisioning_state, "Update Gallery Image Version", &definition.name)?;
    Ok(definition.clone())
}

fn create(
    resources: &mut Resources,
    call: &Call<'_>,
    location: &str,
    wanted: VersionSpec,
    tags: std::collections::BTreeMap<String, String>,
    misfit: Option<ArmError>,
) -> Reply {
    let key = call.address.key();
    let machine = wanted.source.machine.clone();
    let captured = captured::of(resources, &wanted.source);
    let size = captured.size_gb;
    let too_big = (size > 2048 && !wanted.publishing.shallow).then(|| {
        ArmError::new(
            StatusCode::BAD_REQUEST,
            "InvalidParameter",
            format!("The GalleryImageVersion source resource size {size} exceeds the max size 2048 supported."),
        )
    });
    if let Some(machine) = machine.as_ref().and_then(|machine| resources.machines.get_mut(machine)) {
        machine.captures.insert(key.clone());
    }
    let work = Work::VersionWritten { version: key.clone() };
    let operation = operation::begin(resources, OperationType::Caps, &call.address.subscription, location, work, None);
    let size_gib = size + captured.data_disks.iter().map(|disk| disk.size_gb).sum::<u64>();
    let load = |region: &str| Load { size_gib, replicas: wanted.publishing.replicas_in(region) };
    let home_seconds = resources.durations.home_copy(location, wanted.publishing.shallow, load(location));
    // Of what doesn't fit nothing is copied, and no region is ever shown.
    let copied = if misfit.is_some() { &[][..] } else { &wanted.publishing.targets[..] };
    let mut regions: Vec<Region> = copied
        .iter()
        .map(|target| Region { name: target.name.clone(), attempt: 0, state: RegionState::Unknown })
        .collect();
    for region in &mut regions {
        if region.name == location {
            replication::region_begins(resources, &key, region, 0.0, home_seconds);
        } else {
            let seconds = resources.durations.region_copy(&region.name, load(&region.name));
            replication::region_begins(resources, &key, region, home_seconds, seconds);
        }
    }
    let checked = if misfit.is_some() { CHECKING } else { 0.0 };
    if misfit.is_some() {
        resources.plan(checked, Event::VersionMoves(key.clone()));
    }
    let version = ImageVersion {
        id: call.address.id(),
        name: call.address.name().to_owned(),
        subscription: call.address.subscription.clone(),
        location: location.to_owned(),
        tags,
        source: wanted.source.given,
        machine,
        disk_size_gb: size,
        contents: captured.contents,
        data_disks: captured.data_disks,
        disk_source: wanted.source.disk,
        data_sources: wanted.source.data,
        publishing: wanted.publishing,
        regions,
        allow_deletion_of_replicated_locations: wanted.allow_deletion.unwrap_or(false),
        block_deletion_before_end_of_life: wanted.block_deletion,
        security_profile: wanted.security_profile,
        provisioning_state: "Creating",
        published: resources.now,
        operation,
        writing_until: later(resources.now, checked),
        misfit,
        broken: too_big,
        stillborn: false,
    };
    let view = version.view(resources.now, false);
    resources.versions.insert(key.clone(), version);
    resources.deleted.remove(&key);
    Reply::written(true, view, operation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_names_are_three_integers_of_32_bits() {
        for good in ["1.0.0", "2018.12.1", "0.0.0", "2147483647.0.1"] {
            assert!(version_name(good).is_ok(), "{good}");
        }
        for bad in ["1.0", "1.0.0.0", "1.0.x", "", "-1.0.0", "1..0", "2147483648.0.0", "latest", "+1.0.0"] {
            assert!(version_name(bad).is_err(), "{bad}");
        }
    }
}
