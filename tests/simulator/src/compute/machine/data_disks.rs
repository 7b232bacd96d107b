//! Data disks of virtual machines: those that come with a new one, and attaching and detaching later (behaviour section 20).

use std::collections::BTreeSet;

use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    interlock::{MachineOperation, check},
    parts::{self, NewDisk, managed, merge_defaults, missing},
};
use crate::{
    arm::{
        address::last_name,
        body::in_azures_case,
        call::{Answer, Call, Reply},
        error::ArmError,
        operation,
        refusals::not_found,
    },
    compute::{disk, image::Image},
    faults::domain::OperationOutcome,
    resources::{
        Resources,
        machine::{Busy, VirtualMachine},
        operation::{OperationType, Work},
    },
};

fn wrong(message: String) -> ArmError {
    ArmError::parameter("dataDisks", message)
}

/// The machine that disks are for, as far as it is known.
struct Owner<'a> {
    group: &'a str,
    name: &'a str,
    location: &'a str,
    /// What it is made from, while it is made.
    image: Option<&'a Image>,
}

/// Luns as they are given out, each once.
#[derive(Default)]
struct Luns(BTreeSet<u64>);

impl Luns {
    fn take(&mut self, disk: &Value) -> Result<u64, ArmError> {
        let lun = disk["lun"].as_u64().ok_or_else(|| missing("dataDisk.lun"))?;
        if self.0.insert(lun) {
            return Ok(lun);
        }
        Err(wrong(format!("Cannot attach data disk with LUN {lun} twice: LUNs must be unique.")))
    }
}

fn names(disk: &Value, id: &str) -> bool {
    disk["managedDisk"]["id"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(id))
}

/// Data disks that the body of a new machine lists, and those of the image that it does not list.
pub(super) fn wanted(
    resources: &Resources,
    call: &Call<'_>,
    group: &str,
    image: &Image,
    location: &str,
    profile: &mut Value,
) -> Result<Vec<NewDisk>, ArmError> {
    let mut listed = profile["dataDisks"].as_array().cloned().unwrap_or_default();
    for disk in &image.data_disks {
        if !listed.iter().any(|given| given["lun"].as_u64() == Some(disk.lun)) {
            listed.push(json!({"lun": disk.lun, "createOption": "FromImage"}));
        }
    }
    let owner = Owner { group, name: call.address.name(), location, image: Some(image) };
    let mut luns = Luns::default();
    let disks = listed
        .iter_mut()
        .map(|disk| luns.take(disk).and_then(|lun| data_disk(resources, call, &owner, lun, disk)))
        .collect::<Result<_, _>>()?;
    profile["dataDisks"] = json!(listed);
    Ok(disks)
}

/// One disk that is new for the machine; its entry is completed.
fn data_disk(
    resources: &Resources,
    call: &Call<'_>,
    owner: &Owner<'_>,
    lun: u64,
    disk: &mut Value,
) -> Result<NewDisk, ArmError> {
    in_azures_case(disk, "/createOption", &["Empty", "Attach", "FromImage", "Copy"]);
    let option = disk["createOption"].as_str().unwrap_or_default().to_owned();
    merge_defaults(disk, &json!({"caching": "None", "deleteOption": "Detach", "managedDisk": {}}));
    if option.eq_ignore_ascii_case("Attach") {
        let id = disk["managedDisk"]["id"].as_str().ok_or_else(|| missing("dataDisk.managedDisk.id"))?.to_owned();
        parts::disk_is_free(resources, call, &id, owner.location)?;
        disk["name"] = json!(last_name(&id));
        if let Some(known) = resources.disks.get(&id.to_lowercase()) {
            disk["diskSizeGB"] = json!(known.size_gb());
            disk["managedDisk"]["storageAccountType"] = json!(known.sku);
        }
        return Ok(NewDisk { id, spec: None });
    }
    let size = match (option.to_lowercase().as_str(), owner.image) {
        ("fromimage", Some(image)) => {
            let inside = image.data_disks.iter().find(|inside| inside.lun == lun);
            let inside = inside.ok_or_else(|| wrong(format!("The image has no data disk with LUN {lun}.")))?;
            disk["diskSizeGB"].as_u64().unwrap_or(inside.size_gb)
        }
        ("empty", _) => disk["diskSizeGB"].as_u64().ok_or_else(|| missing("dataDisk.diskSizeGB"))?,
        _ => {
            return Err(wrong(format!(
                "The createOption '{option}' of the data disk with LUN {lun} is not known here."
            )));
        }
    };
    let name = format!("{}_disk{}_{lun}", owner.name, lun + 2);
    merge_defaults(disk, &json!({"name": name, "diskSizeGB": size}));
    let id = format!("{}/providers/Microsoft.Compute/disks/{}", owner.group, disk["name"].as_str().unwrap_or_default());
    let sku = managed(disk, &id, "Premium_LRS");
    let properties = json!({"creationData": {"createOption": option}, "diskSizeGB": size});
    parts::new_disk(
        resources,
        call,
        id,
        crate::compute::disk::DiskSpec { sku, properties, contents: None, habits: None },
    )
}

/// The whole list that a write of an existing machine asks for: what is left out, or is `toBeDetached`, is detached; the
/// answer is what is new.
pub(super) fn data_disks_become(
    resources: &Resources,
    call: &Call<'_>,
    machine: &VirtualMachine,
    profile: &mut Value,
) -> Result<Vec<NewDisk>, ArmError> {
    let group = machine.id.split("/providers/").next().unwrap_or_default();
    let owner = Owner { group, name: &machine.name, location: &machine.location, image: None };
    let before = machine.properties["storageProfile"]["dataDisks"].as_array().map_or(&[][..], Vec::as_slice);
    let mut listed = profile["dataDisks"].as_array().cloned().unwrap_or_default();
    listed.retain(|disk| disk["toBeDetached"] != true);
    let (mut luns, mut new) = (Luns::default(), Vec::new());
    for disk in &mut listed {
        let lun = luns.take(disk)?;
        let by_id = disk["managedDisk"]["id"].as_str();
        let known = before.iter().find(|known| match by_id {
            Some(id) => names(known, id),
            None => disk["name"].is_string() && known["name"] == disk["name"],
        });
        match known {
            Some(known) if known["lun"].as_u64() != Some(lun) => {
                return Err(ArmError::property_change("dataDisk.lun"));
            }
            Some(known) => merge_defaults(disk, known),
            None => new.push(data_disk(resources, call, &owner, lun, disk)?),
        }
    }
    profile["dataDisks"] = json!(listed);
    Ok(new)
}

/// Puts the new disks there that are not there yet.
pub(super) fn appear(resources: &mut Resources, location: &str, disks: Vec<NewDisk>) {
    for disk in disks {
        if let Some(spec) = disk.spec {
            disk::appears(resources, &disk.id, location, std::collections::BTreeMap::new(), spec);
        }
    }
}

/// `POST {vm}/attachDetachDataDisks`.
pub(crate) fn action(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let address = call.address.parent();
    let key = address.key();
    let machine = resources.machines.get(&key).ok_or_else(|| not_found(&address))?;
    check(machine, MachineOperation::Update)?;
    let mut profile = machine.properties["storageProfile"].clone();
    let mut listed = profile["dataDisks"].as_array().cloned().unwrap_or_default();
    let entries = |name: &str| call.body[name].as_array().cloned().unwrap_or_default();
    for leaving in entries("dataDisksToDetach") {
        let id = leaving["diskId"].as_str().ok_or_else(|| missing("dataDisksToDetach.diskId"))?;
        let count = listed.len();
        listed.retain(|disk| !names(disk, id));
        if listed.len() == count {
            return Err(ArmError::new(
                StatusCode::BAD_REQUEST,
                "InvalidParameter",
                format!("Disk '{id}' is not attached to VM '{}'.", machine.name),
            ));
        }
    }
    for coming in entries("dataDisksToAttach") {
        let id = coming["diskId"].as_str().ok_or_else(|| missing("dataDisksToAttach.diskId"))?;
        let taken: BTreeSet<u64> = listed.iter().filter_map(|disk| disk["lun"].as_u64()).collect();
        let lun = coming["lun"].as_u64().or_else(|| (0..64).find(|lun| !taken.contains(lun)));
        let mut disk = json!({"lun": lun, "createOption": "Attach", "managedDisk": {"id": id}});
        for field in ["caching", "deleteOption", "writeAcceleratorEnabled"] {
            if !coming[field].is_null() {
                disk[field] = coming[field].clone();
            }
        }
        listed.push(disk);
    }
    profile["dataDisks"] = json!(listed);
    data_disks_become(resources, call, machine, &mut profile)?;
    let location = machine.location.clone();
    let work = Work::DisksAttached { machine: key.clone() };
    let seconds = resources.durations.update_virtual_machine;
    let id = operation::begin(resources, OperationType::Compute, &address.subscription, &location, work, Some(seconds));
    let machine = resources.machines.get_mut(&key).ok_or_else(|| not_found(&address))?;
    machine.properties["storageProfile"] = profile.clone();
    machine.change += 1;
    machine.provisioning_state = "Updating";
    machine.busy = Some(Busy { operation: id, towards: None });
    Ok(Reply { etag: Some(machine.etag()), ..Reply::written(false, profile, id) })
}

pub(crate) fn attached(resources: &mut Resources, operation: Uuid, key: &str) {
    let outcome = resources.faults.operation_outcome(key);
    let Some(machine) = resources.machines.get_mut(key) else {
        return operation::end(resources, operation, Err(ArmError::preempted()));
    };
    machine.busy = None;
    machine.provisioning_state = "Succeeded";
    let profile = machine.properties["storageProfile"].clone();
    match outcome {
        OperationOutcome::Fails(error) => operation::end(resources, operation, Err(error)),
        OperationOutcome::Normal => operation::end(resources, operation, Ok(Some(profile))),
    }
}
