//! Carries out a step: one call, no choice left open.

use azimage_azure::{
    Accepted, Call, Client, DiskBody, DiskOrigin, FromImage, ImageSource, ImageVersionBody, InterfaceBody,
    NewMachineBody, NewStorage, Plan, ReplicationMode, RestorePointCollectionBody, RunCommandBody, SafetyProfile,
    SecurityGroupBody, SecurityRule, SnapshotBody, StorageAccountType, TargetRegion, TrustedLaunch,
    VirtualMachineUpdate,
};
use azimage_core::image_version::{
    self, MadeFrom, NewMachineRequest, Request, SecurityGroupRequest, SourceId, Step, TargetRegionRequest,
    VersionRequest,
};
use serde_json::Value;

use super::{
    CallError,
    convert::{self, EXTENDED_LOCATIONS},
};

/// Carries out a step.
pub(crate) async fn execute(client: &Client, call: &Call, step: &Step) -> Result<Accepted, CallError> {
    let answer = match &step.request {
        Request::PatchMachine(request) => {
            let update = VirtualMachineUpdate {
                tags: request.tags.clone(),
                switch_boot_diagnostics_on: request.switch_boot_diagnostics_on,
            };
            client.update_virtual_machine(call, &request.id, &update, &request.etag).await
        }
        Request::PutRunCommand(request) => {
            let body = RunCommandBody {
                location: request.location.clone(),
                script: request.script.clone(),
                tags: request.tags.clone(),
                timeout_seconds: u32::try_from(request.timeout_seconds).unwrap_or_default(),
                async_execution: request.asynchronous,
            };
            client.put_run_command(call, &request.id, &body).await
        }
        Request::DeleteRunCommand(id) => client.delete_run_command(call, id).await,
        Request::PutSnapshot(request) => {
            let (location, tags, disk) = (request.location.clone(), request.tags.clone(), request.source.clone());
            client.put_snapshot(call, &request.id, &SnapshotBody { location, tags, disk }).await
        }
        Request::PutRestorePoints(request) => {
            let body = RestorePointCollectionBody {
                location: request.location.clone(),
                tags: request.tags.clone(),
                machine: request.source.clone(),
            };
            client.put_restore_point_collection(call, &request.id, &body).await
        }
        Request::PutRestorePoint(id) => client.put_restore_point(call, id).await,
        Request::PutDisk(request) => {
            let body = DiskBody {
                location: request.location.clone(),
                tags: request.tags.clone(),
                storage: request.storage.clone(),
                origin: match &request.source {
                    image_version::DiskOrigin::Snapshot(id) => DiskOrigin::Snapshot(id.clone()),
                    image_version::DiskOrigin::RestorePoint(id) => DiskOrigin::RestorePoint(id.clone()),
                },
            };
            client.put_disk(call, &request.id, &body).await
        }
        Request::PutSecurityGroup(request) => {
            client.put_security_group(call, &request.id, &security_group(request)).await
        }
        Request::PutInterface(request) => {
            let body = InterfaceBody {
                location: request.location.clone(),
                tags: request.tags.clone(),
                subnet: request.subnet.clone(),
                security_group: request.security_group.clone(),
            };
            client.put_interface(call, &request.id, &body).await
        }
        Request::PutMachine(request) => client.put_virtual_machine(call, &request.id, &new_machine(request)).await,
        Request::DeleteTemporary(id) => client.delete_temporary(call, convert::kind(id)).await,
        Request::DeleteBelonging(request) => {
            client.delete_belonging(call, convert::kind_of_belonging(&request.id)).await
        }
        Request::Deallocate(id) => client.deallocate(call, id).await,
        Request::Generalize(id) => client.generalize(call, id).await,
        Request::PutVersion(request) => client.put_image_version(call, &request.id, &body(request)).await,
        Request::DeleteVersion(id) => client.delete_image_version(call, id).await,
    };
    answer.map_err(CallError::from)
}

fn security_group(request: &SecurityGroupRequest) -> SecurityGroupBody {
    let rules = request.rules.iter().map(|rule| SecurityRule {
        name: rule.name.clone(),
        priority: rule.priority,
        is_outbound: rule.is_outbound,
        allows: rule.allows,
    });
    SecurityGroupBody { location: request.location.clone(), tags: request.tags.clone(), rules: rules.collect() }
}

fn new_machine(request: &NewMachineRequest) -> NewMachineBody {
    NewMachineBody {
        location: request.location.clone(),
        tags: request.tags.clone(),
        size: request.size.clone(),
        os_type: request.os_type.clone(),
        storage: match &request.made_from {
            MadeFrom::Disks { os_disk, data_disks } => {
                NewStorage::Attached { os_disk: os_disk.clone(), data_disks: data_disks.clone() }
            }
            MadeFrom::Version(from) => NewStorage::FromImage(FromImage {
                image: from.id.clone(),
                data_disks: from.data_disks.clone(),
                os_disk_gib: from.os_disk_gib,
                computer_name: from.computer_name.clone(),
                administrator: from.administrator.clone(),
                key: from.key.clone(),
            }),
        },
        interface: request.interface.clone(),
        trusted_launch: request
            .trusted_launch
            .map(|launch| TrustedLaunch { secure_boot: launch.secure_boot, vtpm: launch.vtpm }),
        disk_controller: request.disk_controller.clone(),
        plan: request.plan.as_ref().map(|plan| Plan {
            name: Some(plan.name.clone()),
            publisher: Some(plan.publisher.clone()),
            product: Some(plan.product.clone()),
        }),
    }
}

fn body(request: &VersionRequest) -> ImageVersionBody {
    let source = request.source.as_ref().map(|source| match source {
        SourceId::VirtualMachine(id) => ImageSource::VirtualMachine(id.clone()),
        SourceId::ImageVersion(id) => ImageSource::Resource(id.to_string()),
        SourceId::ManagedImage(id) => ImageSource::Resource(id.to_string()),
        SourceId::Disks { os_disk, data_disks } => ImageSource::Disks {
            os_disk: os_disk.to_string(),
            data_disks: data_disks.iter().map(|(lun, id)| (*lun, id.to_string())).collect(),
        },
    });
    let zones = request.preserved.get(EXTENDED_LOCATIONS).cloned().map(serde_json::from_value);
    ImageVersionBody {
        location: request.location.clone(),
        tags: request.tags.clone(),
        source,
        target_regions: request.targets.iter().map(target).collect(),
        target_extended_locations: zones.and_then(Result::ok).unwrap_or_default(),
        replica_count: u32::try_from(request.default_replicas).ok(),
        exclude_from_latest: request.exclude_from_latest,
        end_of_life: request.end_of_life,
        storage_account_type: Some(StorageAccountType::from(request.storage_account_type)),
        replication_mode: Some(ReplicationMode::from(request.replication_mode)),
        safety: SafetyProfile {
            allow_deletion_of_replicated_locations: Some(request.allow_deletion_of_regions),
            block_deletion_before_end_of_life: Some(request.block_deletion),
        },
    }
}

fn target(target: &TargetRegionRequest) -> TargetRegion {
    let mut preserved = target.preserved.clone();
    preserved.insert("name".to_owned(), Value::String(target.region.to_string()));
    let kept = serde_json::from_value(Value::Object(preserved));
    TargetRegion {
        regional_replica_count: target.replicas.and_then(|replicas| u32::try_from(replicas).ok()),
        storage_account_type: target.storage_account_type.as_deref().map(StorageAccountType::from),
        exclude_from_latest: Some(target.exclude_from_latest),
        ..kept.unwrap_or_else(|_| TargetRegion::new(target.region.clone()))
    }
}
