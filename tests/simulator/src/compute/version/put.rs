//! Creating image versions, and what a write of one asks for (behaviour section 11).

use http::StatusCode;
use serde_json::Value;

use super::{
    linked,
    source::Source,
    update::{keep_fixed, ready_for_update},
};
use crate::{
    arm::{
        call::{Answer, Call, Reply},
        error::ArmError,
        records::not_leaving,
        refusals::parent_not_found,
        tags,
    },
    durations::Load,
    resources::{
        Resources,
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
pub(super) struct Wanted {
    pub(super) source: Source,
    pub(super) publishing: Publishing,
    pub(super) allow_deletion: Option<bool>,
    pub(super) block_deletion: Option<bool>,
    pub(super) security_profile: Value,
}

fn flag(body: &Value, name: &str) -> Option<bool> {
    body["properties"]["safetyProfile"][name].as_bool()
}

impl Resources {
    pub(crate) fn version_put(&mut self, call: &Call<'_>) -> Answer {
        version_name(call.address.name())?;
        if let Some(answer) = self.version_restore(call) {
            return answer;
        }
        let before = self.versions.get(&call.address.key());
        let source = Source::of_write(&call.body["properties"]["storageProfile"], before)?;
        linked::access(call, &call.body["properties"], self)?;
        let location = call.location()?;
        let tags = tags::from_body(&call.body)?.unwrap_or_default();
        let definition = self.definition_of(call)?;
        let key = call.address.key();
        let existing = self.versions.get(&key);
        let mut profile = call.body["properties"]["publishingProfile"].clone();
        if let Some(version) = existing {
            if version.location != location {
                return Err(tags::other_location(&version.id, &version.location, &location));
            }
            ready_for_update(version)?;
            keep_fixed(&mut profile, &version.publishing);
        } else {
            self.check_source(&source, &location, &definition, &key)?;
        }
        let wanted = Wanted {
            publishing: Publishing::read(&profile, &location)?,
            source,
            allow_deletion: flag(&call.body, "allowDeletionOfReplicatedLocations"),
            block_deletion: flag(&call.body, "blockDeletionBeforeEndOfLife"),
            security_profile: call.body["properties"]["securityProfile"].clone(),
        };
        let data_disks =
            existing.map_or_else(|| self.captured(&wanted.source).data_disks, |old| old.data_disks.clone());
        let named = call.body["properties"]["storageProfile"]["dataDiskImages"].as_array().into_iter().flatten();
        let luns =
            data_disks.iter().map(|disk| disk.lun).chain(named.filter_map(|disk| disk["lun"].as_u64())).collect();
        self.check_encryption(&wanted.publishing.targets, &call.address.subscription, &luns)?;
        if existing.is_some() {
            return self.version_update(&key, wanted, tags);
        }
        let subscription = &call.address.subscription;
        let quota = self.version_quotas.get(&(subscription.to_lowercase(), location.clone()));
        let limit = quota.copied().unwrap_or(10_000);
        self.gallery_quota("gallery image versions", limit, subscription, &location)?;
        Ok(self.version_create(call, &location, wanted, tags))
    }

    fn definition_of(&self, call: &Call<'_>) -> Result<Definition, ArmError> {
        let address = call.address.parent();
        let definition = self.definitions.get(&address.key()).ok_or_else(|| parent_not_found(&address))?;
        not_leaving(definition.provisioning_state, "Update Gallery Image Version", &definition.name)?;
        Ok(definition.clone())
    }

    fn version_create(
        &mut self,
        call: &Call<'_>,
        location: &str,
        wanted: Wanted,
        tags: std::collections::BTreeMap<String, String>,
    ) -> Reply {
        let key = call.address.key();
        let machine = wanted.source.machine.clone();
        let captured = self.captured(&wanted.source);
        let size = captured.size_gb;
        let too_big = (size > 2048 && !wanted.publishing.shallow).then(|| {
            ArmError::new(
                StatusCode::BAD_REQUEST,
                "InvalidParameter",
                format!("The GalleryImageVersion source resource size {size} exceeds the max size 2048 supported."),
            )
        });
        if let Some(machine) = machine.as_ref().and_then(|machine| self.machines.get_mut(machine)) {
            machine.captures.insert(key.clone());
        }
        let work = Work::VersionWritten { version: key.clone() };
        let operation = self.begin(OperationType::Caps, &call.address.subscription, location, work, None);
        let size_gib = size + captured.data_disks.iter().map(|disk| disk.size_gb).sum::<u64>();
        let load = |region: &str| Load { size_gib, replicas: wanted.publishing.replicas_in(region) };
        let home_seconds = self.durations.home_copy(location, wanted.publishing.shallow, load(location));
        let mut regions: Vec<Region> = wanted
            .publishing
            .targets
            .iter()
            .map(|target| Region { name: target.name.clone(), attempt: 0, state: RegionState::Unknown })
            .collect();
        for region in &mut regions {
            if region.name == location {
                self.region_begins(&key, region, 0.0, home_seconds);
            } else {
                let seconds = self.durations.region_copy(&region.name, load(&region.name));
                self.region_begins(&key, region, home_seconds, seconds);
            }
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
            allow_deletion_of_replicated_locations: wanted.allow_deletion.unwrap_or(true),
            block_deletion_before_end_of_life: wanted.block_deletion.unwrap_or(false),
            security_profile: wanted.security_profile,
            provisioning_state: "Creating",
            published: None,
            operation,
            writing_until: self.now,
            broken: too_big,
            stillborn: false,
        };
        let view = version.view(self.now, false);
        self.versions.insert(key.clone(), version);
        self.deleted.remove(&key);
        Reply::written(true, view, operation)
    }
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
