//! Restore points, `Microsoft.Compute/restorePointCollections/restorePoints`: all disks of a machine as they are at one moment.
//! Only crash-consistent ones are known here; the others are made by an extension in the guest.

pub(in crate::compute) mod collection;
pub(in crate::compute) mod disk;

use std::collections::BTreeMap;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::disk::{contents, habits};
use crate::{
    arm::{
        call::{Answer, Call, Reply},
        error::ArmError,
        records::{self, not_leaving},
        refusals::not_supported,
    },
    clock::azure_time,
    resources::{Resources, disk::Disk, machine::VirtualMachine, record::RecordKind, restore_point::RestorePoint},
};

/// Storage of disks of which there are no crash-consistent restore points.
const UNSUPPORTED_STORAGE: [&str; 2] = ["UltraSSD_LRS", "PremiumV2_LRS"];

fn view(point: &RestorePoint) -> Value {
    json!({
        "id": point.id,
        "name": point.name,
        "type": "Microsoft.Compute/restorePointCollections/restorePoints",
        "properties": {
            "sourceMetadata": point.source_metadata,
            "provisioningState": point.provisioning_state,
            "consistencyMode": "CrashConsistent",
            "timeCreated": azure_time(point.created),
        },
    })
}

pub(in crate::compute) fn call(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let key = call.address.key();
    match *call.method {
        Method::GET => {
            let found = resources.restore_points.get(&key);
            let found = found.ok_or_else(|| records::not_there(resources, call.address))?;
            let mut view = view(found);
            if call.expands("instanceView") {
                let of = |id: &String| json!({"id": id, "replicationStatus": {"completionPercent": 100}});
                view["properties"]["instanceView"] =
                    json!({"diskRestorePoints": found.disks.keys().map(of).collect::<Vec<_>>()});
            }
            Ok(Reply::ok(view))
        }
        Method::PUT => put(resources, call),
        Method::DELETE => {
            if let Some(reply) = records::deletion_known(resources, RecordKind::RestorePoint, &key) {
                return Ok(reply);
            }
            let seconds = resources.durations.disk;
            Ok(records::deletion_begins(resources, RecordKind::RestorePoint, &key, seconds))
        }
        _ => Err(not_supported(call)),
    }
}

fn client_error(message: String) -> ArmError {
    ArmError::conflict("VMRestorePointClientError", message)
}

fn put(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let key = call.address.key();
    let mode = call.body["properties"]["consistencyMode"].as_str().unwrap_or("ApplicationConsistent");
    if !mode.eq_ignore_ascii_case("CrashConsistent") {
        return Err(ArmError::parameter(
            "consistencyMode",
            format!("The simulator knows no restore points of the consistency mode '{mode}'."),
        ));
    }
    let collection = resources.restore_point_collections.get(&call.address.parent().key());
    let Some(collection) = collection.cloned() else { return Err(records::below_nothing(resources, call.address)) };
    not_leaving(collection.provisioning_state, "Create RestorePoint", &collection.name)?;
    if resources.restore_points.contains_key(&key) {
        return Err(ArmError::not_allowed(format!(
            "Updating properties of the existing restore point '{}' is not allowed.",
            call.address.name()
        )));
    }
    let source = collection.source.to_lowercase();
    let Some(machine) = resources.machines.get(&source).cloned() else {
        return Err(ArmError::new(
            StatusCode::NOT_FOUND,
            "NotFound",
            format!("The virtual machine '{}' was not found.", collection.source),
        ));
    };
    may_be_taken(resources, &machine)?;
    let (source_metadata, disks) = taken(resources, call, &machine);
    let record = RestorePoint {
        id: call.address.id(),
        name: call.address.name().to_owned(),
        location: collection.location,
        source_metadata,
        disks,
        created: resources.now,
        provisioning_state: "Creating",
        operation: Uuid::nil(),
    };
    resources.restore_points.insert(key.clone(), record);
    let operation = records::write_begins(resources, RecordKind::RestorePoint, &key, resources.durations.disk);
    let body = resources.restore_points.get(&key).map(view).unwrap_or_default();
    Ok(Reply::written(true, body, operation))
}

/// What Azure refuses ("Overview of Virtual Machine restore points", "Troubleshoot restore point failures").
fn may_be_taken(resources: &Resources, machine: &VirtualMachine) -> Result<(), ArmError> {
    if machine.busy.is_some() {
        return Err(ArmError::not_allowed(
            "Changes were made to the Virtual Machine while the operation 'Create Restore Point' was in progress. \
             Operation Create Restore Point cannot be completed at this time. Please try again later.",
        ));
    }
    let of_it = |point: &&RestorePoint| {
        let collection = point.id.to_lowercase();
        let collection = collection.rsplit_once("/restorepoints/").map(|(collection, _)| collection);
        let collection = collection.and_then(|key| resources.restore_point_collections.get(key));
        collection.is_some_and(|collection| collection.source.eq_ignore_ascii_case(&machine.id))
    };
    let mut others = resources.restore_points.values().filter(of_it);
    if others.any(|point| point.provisioning_state == "Creating") {
        return Err(client_error(
            "RestorePoint creation failed since a concurrent 'Create RestorePoint' operation was triggered on the VM."
                .to_owned(),
        ));
    }
    for id in machine.disk_ids() {
        let Some(disk) = resources.disks.get(&id.to_lowercase()) else { continue };
        if disk.properties["maxShares"].as_u64().is_some_and(|shares| shares > 1) {
            return Err(client_error(
                "Creation of Restore Point of a Virtual Machine with Shared disks is not supported. You may exclude this disk \
                 from the restore point via excludeDisks property."
                    .to_owned(),
            ));
        }
        if UNSUPPORTED_STORAGE.contains(&disk.sku.as_str()) {
            return Err(client_error(format!(
                "Crash consistent restore points aren't supported for the disk '{}' with the storage type '{}'.",
                disk.name, disk.sku
            )));
        }
    }
    let profile = &machine.properties["storageProfile"];
    let disks = profile["dataDisks"].as_array().into_iter().flatten().chain([&profile["osDisk"]]);
    if disks.into_iter().any(|disk| disk["writeAcceleratorEnabled"] == true || disk["diffDiskSettings"].is_object()) {
        return Err(client_error(
            "Restore points aren't supported for Virtual Machines with this kind of disks.".to_owned(),
        ));
    }
    Ok(())
}

/// The machine and its disks as they are at this moment.
fn taken(resources: &mut Resources, call: &Call<'_>, machine: &VirtualMachine) -> (Value, BTreeMap<String, Disk>) {
    let mut held = BTreeMap::new();
    let mut shown = |resources: &mut Resources, given: &Value| {
        let id = given["managedDisk"]["id"].as_str().unwrap_or_default();
        let unique = resources.guid();
        let found = resources.disks.get(&id.to_lowercase()).map(|disk| Disk {
            contents: contents(resources, disk),
            habits: habits(resources, disk),
            ..disk.clone()
        });
        let name = crate::arm::address::last_name(id);
        let point = format!("{}/diskRestorePoints/{name}_{unique}", call.address.id());
        let mut view = json!({"name": name, "caching": given["caching"], "diskRestorePoint": {"id": point}});
        if let Some(disk) = found {
            view["diskSizeGB"] = json!(disk.size_gb());
            view["managedDisk"] = json!({"id": disk.id, "storageAccountType": disk.sku});
            held.insert(point, disk);
        }
        view
    };
    let profile = &machine.properties["storageProfile"];
    let mut os_disk = shown(resources, &profile["osDisk"]);
    os_disk["osType"] = json!(machine.os_type());
    let mut data_disks = Vec::new();
    for given in profile["dataDisks"].as_array().into_iter().flatten() {
        let mut disk = shown(resources, given);
        disk["lun"] = given["lun"].clone();
        data_disks.push(disk);
    }
    let metadata = json!({
        "vmId": machine.vm_id,
        "hardwareProfile": {"vmSize": machine.size()},
        "storageProfile": {"osDisk": os_disk, "dataDisks": data_disks},
        "location": machine.location,
        "hyperVGeneration": machine.hyper_v_generation,
    });
    (metadata, held)
}
