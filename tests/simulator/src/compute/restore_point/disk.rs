//! What a restore point holds of a disk, `…/restorePoints/diskRestorePoints`: read alone, and what disks are made from.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    arm::{
        call::{Answer, Call, Reply},
        error::ArmError,
        records,
        refusals::not_supported,
    },
    clock::azure_time,
    resources::{Resources, disk::Disk, restore_point::RestorePoint},
};

fn view(point: &RestorePoint, id: &str, disk: &Disk) -> Value {
    json!({
        "id": id,
        "name": crate::arm::address::last_name(id),
        "properties": {
            "timeCreated": azure_time(point.created),
            "sourceResourceId": disk.id,
            "sourceUniqueId": disk.unique_id,
            "osType": disk.properties["osType"],
            "hyperVGeneration": disk.properties["hyperVGeneration"],
            "purchasePlan": disk.properties["purchasePlan"],
            "encryption": disk.properties["encryption"],
        },
    })
}

/// What a disk restore point of this id is of, and which restore point it is in.
pub(in crate::compute) fn find<'r>(
    resources: &'r Resources,
    id: &str,
) -> Option<(&'r RestorePoint, &'r str, &'r Disk)> {
    let all = resources.restore_points.values();
    let mut all = all.flat_map(|point| point.disks.iter().map(move |(id, disk)| (point, id.as_str(), disk)));
    all.find(|(_, own, _)| own.eq_ignore_ascii_case(id))
}

pub(in crate::compute) fn call(resources: &Resources, call: &Call<'_>) -> Answer {
    match *call.method {
        Method::GET => {
            let found = find(resources, &call.address.id());
            let (point, id, disk) = found.ok_or_else(|| records::not_there(resources, call.address))?;
            Ok(Reply::ok(view(point, id, disk)))
        }
        _ => Err(not_supported(call)),
    }
}

pub(in crate::compute) fn list(resources: &Resources, call: &Call<'_>) -> Vec<Value> {
    let point = resources.restore_points.get(&call.address.parent().key());
    point.into_iter().flat_map(|point| point.disks.iter().map(|(id, disk)| view(point, id, disk))).collect()
}

/// Refuses to make a disk from what isn't there yet.
pub(in crate::compute) fn is_ready(point: &RestorePoint) -> Result<(), ArmError> {
    if point.provisioning_state == "Succeeded" {
        return Ok(());
    }
    Err(ArmError::new(
        StatusCode::CONFLICT,
        "OperationNotAllowed",
        format!("The restore point '{}' is in the state {}.", point.id, point.provisioning_state),
    ))
}
