//! All about image versions; in this file how one is read and deleted (behaviour sections 11 to 13).

pub(crate) mod captured;
pub(crate) mod encryption;
pub(crate) mod linked;
pub(crate) mod put;
pub(crate) mod replication;
pub(crate) mod soft_delete;
pub(crate) mod source;
pub(crate) mod targets;
pub(crate) mod update;

use std::collections::BTreeMap;

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    arm::{
        call::{Answer, Call, Reply, RetryAfter},
        error::ArmError,
        operation, records,
        refusals::parent_not_found,
    },
    clock::azure_time,
    guest::disk::Contents,
    regions,
    resources::{
        Resources,
        image::ImageDisk,
        operation::{OperationType, Work},
        version::{ImageVersion, Publishing, Region, RegionState},
    },
};

impl ImageVersion {
    /// Region names come back as display names, `location` compact, defaults filled in.
    pub(in crate::compute) fn view(&self, now: Timestamp, replication_status: bool) -> Value {
        let mut properties = json!({
            "provisioningState": self.provisioning_state,
            "storageProfile": self.storage_profile(),
            "publishingProfile": self.publishing.view(self.published),
            "safetyProfile": {
                "reportedForPolicyViolation": false,
                "allowDeletionOfReplicatedLocations": self.allow_deletion_of_replicated_locations,
            },
        });
        if let Some(block) = self.block_deletion_before_end_of_life {
            properties["safetyProfile"]["blockDeletionBeforeEndOfLife"] = json!(block);
        }
        if self.provisioning_state != "Updating" {
            properties["validationsProfile"] = json!({"validationOperationStatus": "NotExecuted"});
        }
        if !self.security_profile.is_null() {
            properties["securityProfile"] = self.security_profile.clone();
        }
        if replication_status {
            properties["replicationStatus"] = self.replication_status(now);
        }
        json!({
            "id": self.id,
            "name": self.name,
            "type": "Microsoft.Compute/galleries/images/versions",
            "location": self.location,
            "tags": self.tags,
            "properties": properties,
        })
    }

    /// Until the version is created nothing is known of disks but what the request named, and no size.
    fn storage_profile(&self) -> Value {
        let created = self.provisioning_state != "Creating" && !self.stillborn;
        let mut storage = json!({});
        if self.source.is_object() {
            storage["source"] = self.source.clone();
        }
        let from_disk = self.disk_source.is_object();
        if created || from_disk {
            let source = if from_disk { self.disk_source.clone() } else { json!({}) };
            storage["osDiskImage"] = json!({"hostCaching": "ReadWrite", "source": source});
        }
        if created {
            storage["osDiskImage"]["sizeInGB"] = json!(self.disk_size_gb);
        }
        let disks: Vec<Value> = self.data_disks.iter().filter_map(|disk| self.data_disk(disk, created)).collect();
        if !disks.is_empty() {
            storage["dataDiskImages"] = json!(disks);
        }
        storage
    }

    fn data_disk(&self, disk: &ImageDisk, created: bool) -> Option<Value> {
        let source = self.data_sources.get(&disk.lun);
        if !created && source.is_none() {
            return None;
        }
        let mut view = json!({"lun": disk.lun, "hostCaching": "None"});
        if created {
            view["sizeInGB"] = json!(disk.size_gb);
        }
        if let Some(source) = source {
            view["source"] = source.clone();
        }
        Some(view)
    }

    fn replication_status(&self, now: Timestamp) -> Value {
        let any = |wanted: &str| self.regions.iter().any(|region| region.state.name() == wanted);
        let aggregated = if any("Replicating") {
            "InProgress"
        } else if any("Failed") {
            "Failed"
        } else if any("Unknown") || self.regions.is_empty() {
            "Unknown"
        } else {
            "Completed"
        };
        let summary: Vec<Value> = self
            .regions
            .iter()
            .map(|region| {
                let mut entry = json!({
                    "region": region.name,
                    "state": region.state.name(),
                    "progress": region.state.progress(now),
                });
                match &region.state {
                    RegionState::Completed => {}
                    RegionState::Failed { detail, .. } => entry["details"] = json!(detail),
                    _ => entry["details"] = json!(""),
                }
                entry
            })
            .collect();
        json!({"aggregatedState": aggregated, "summary": summary})
    }

    /// A version that a scenario says exists, complete in all its regions.
    pub(crate) fn seeded(
        resources: &Resources,
        definition: &crate::resources::gallery::Definition,
        seed: &crate::scenario::ImageVersion,
    ) -> Self {
        let home = regions::normal(seed.location.as_deref().unwrap_or(&definition.location));
        let mut names = vec![home.clone()];
        for region in &seed.regions {
            let name = regions::normal(region);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let generalized = definition.properties["osState"] != "Specialized";
        let failed = seed.provisioning_state.as_deref() == Some("Failed");
        let source = seed.virtual_machine_id.as_ref().map_or(json!({}), |id| json!({"virtualMachineId": id}));
        Self {
            id: format!("{}/versions/{}", definition.id, seed.name),
            name: seed.name.clone(),
            subscription: crate::arm::address::Address::parse(&definition.id)
                .map(|a| a.subscription)
                .unwrap_or_default(),
            location: home,
            tags: seed.tags.clone(),
            source,
            machine: seed.virtual_machine_id.as_ref().map(|id| id.to_lowercase()),
            disk_size_gb: 30,
            contents: if seed.unprepared || !generalized {
                Contents::provisioned(&format!("{}/{}", definition.id, seed.name), "azureuser")
            } else {
                crate::guest::linux::pristine()
            },
            data_disks: Vec::new(),
            disk_source: Value::Null,
            data_sources: BTreeMap::new(),
            publishing: Publishing::seeded(&names, seed.exclude_from_latest),
            regions: names
                .into_iter()
                .map(|name| Region {
                    name,
                    attempt: 1,
                    state: if failed {
                        RegionState::Failed {
                            detail: "Failed with internal server error.".to_owned(),
                            progress: 0,
                            sticky: false,
                        }
                    } else {
                        RegionState::Completed
                    },
                })
                .collect(),
            allow_deletion_of_replicated_locations: false,
            block_deletion_before_end_of_life: None,
            security_profile: Value::Null,
            provisioning_state: if failed { "Failed" } else { "Succeeded" },
            published: resources.now,
            operation: Uuid::nil(),
            writing_until: resources.now,
            misfit: None,
            broken: None,
            stillborn: failed,
        }
    }
}

pub(crate) fn get(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let key = call.address.key();
    let version = resources.versions.get(&key).ok_or_else(|| records::not_there(resources, call.address))?;
    Ok(Reply::ok(version.view(resources.now, call.expands("ReplicationStatus"))))
}

pub(crate) fn delete(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let key = call.address.key();
    let bypass = call.query.get("bypassSoftDelete").is_some_and(|bypass| bypass.eq_ignore_ascii_case("true"));
    let Some(version) = resources.versions.get_mut(&key) else {
        if bypass {
            resources.soft_deleted.remove(&key);
        }
        let definition = call.address.parent();
        if !resources.definitions.contains_key(&definition.key()) {
            return Err(parent_not_found(&definition));
        }
        return Ok(Reply::empty(StatusCode::NO_CONTENT));
    };
    if version.provisioning_state == "Deleting" {
        return Ok(Reply::accepted(version.operation, RetryAfter::Never));
    }
    if version.block_deletion_before_end_of_life == Some(true)
        && let Some(end) = version.publishing.end_of_life
        && resources.now < end
    {
        return Err(ArmError::conflict(
            "DeleteGalleryImageVersionBlockedBeforeEndOfLife",
            format!(
                "The gallery image version '{}' cannot be deleted before its end of life date {} because \
                 'blockDeletionBeforeEndOfLife' is set to true.",
                version.id,
                azure_time(end)
            ),
        ));
    }
    version.provisioning_state = "Deleting";
    let (superseded, machine) = (version.operation, version.machine.clone());
    let location = version.location.clone();
    if let Some(machine) = machine.and_then(|machine| resources.machines.get_mut(&machine)) {
        machine.captures.remove(&key);
    }
    operation::end(resources, superseded, Err(ArmError::preempted()));
    let seconds = resources.durations.delete_version;
    let work = Work::VersionDeleted { version: key.clone(), for_good: bypass };
    let operation =
        operation::begin(resources, OperationType::Caps, &call.address.subscription, &location, work, Some(seconds));
    if let Some(version) = resources.versions.get_mut(&key) {
        version.operation = operation;
    }
    Ok(Reply::accepted(operation, RetryAfter::Never))
}

/// `for_good`: nothing is left that could be restored.
pub(crate) fn deleted(resources: &mut Resources, operation: Uuid, key: &str, for_good: bool) {
    use crate::faults::domain::OperationOutcome;
    if let OperationOutcome::Fails(error) = resources.faults.operation_outcome(key) {
        if let Some(version) = resources.versions.get_mut(key) {
            version.provisioning_state = "Failed";
        }
        return operation::end(resources, operation, Err(error));
    }
    if let Some(version) = resources.versions.remove(key).filter(|_| !for_good) {
        soft_delete::keep(resources, key, version);
    }
    records::remember_deletion(resources, key);
    operation::end(resources, operation, Ok(None));
}
