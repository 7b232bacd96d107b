//! All about virtual machines, their guests included; in this file how one is read (behaviour section 5).

mod attached;
pub(crate) mod boot_diagnostics;
pub(crate) mod capacity;
pub(crate) mod create;
pub(crate) mod data_disks;
pub(crate) mod delete;
pub(crate) mod exposure;
pub(crate) mod guest_runs;
pub(crate) mod instance_view;
pub(crate) mod interlock;
pub(crate) mod parts;
pub(crate) mod power;
pub(crate) mod profile;
pub(crate) mod seed;
pub(crate) mod size;
pub(crate) mod write;

use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    arm::{
        call::{Answer, Call, Reply},
        records,
        refusals::not_found,
    },
    clock::azure_time,
    resources::{
        Resources,
        machine::{Power, VirtualMachine},
    },
};

impl VirtualMachine {
    /// The model view. Generalizing leaves no trace here.
    pub(in crate::compute) fn view(&self) -> Value {
        let mut view = json!({
            "id": self.id,
            "name": self.name,
            "type": "Microsoft.Compute/virtualMachines",
            "location": self.location,
            "tags": self.tags,
            "etag": self.etag(),
            "properties": self.properties,
        });
        for (field, value) in &self.extra {
            view[field] = value.clone();
        }
        if self.power == Power::Deallocated {
            hide_disks(&mut view["properties"]["storageProfile"]);
        }
        let shown = if self.marked_for_deletion { "Deleting" } else { self.provisioning_state };
        view["properties"]["provisioningState"] = json!(shown);
        view["properties"]["vmId"] = json!(self.vm_id);
        view["properties"]["timeCreated"] = json!(azure_time(self.created));
        view
    }
}

/// What Azure doesn't show of the disks of a deallocated machine.
fn hide_disks(profile: &mut Value) {
    let hide = |disk: &mut Value| {
        if let Some(disk) = disk.as_object_mut() {
            disk.remove("diskSizeGB");
            if let Some(managed) = disk.get_mut("managedDisk").and_then(Value::as_object_mut) {
                managed.remove("storageAccountType");
            }
        }
    };
    if let Some(disk) = profile.get_mut("osDisk") {
        hide(disk);
    }
    profile.get_mut("dataDisks").and_then(Value::as_array_mut).into_iter().flatten().for_each(hide);
}

pub(crate) fn get(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let machine =
        resources.machines.get(&call.address.key()).ok_or_else(|| records::not_there(resources, call.address))?;
    let mut view = machine.view();
    if call.expands("instanceView") {
        view["properties"]["instanceView"] = instance_view::view(resources, machine);
        return Ok(Reply::ok(view));
    }
    Ok(Reply { etag: Some(machine.etag()), ..Reply::ok(view) })
}

pub(crate) fn get_instance_view(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let parent = call.address.parent();
    let machine = resources.machines.get(&parent.key()).ok_or_else(|| not_found(&parent))?;
    Ok(Reply::new(StatusCode::OK, instance_view::view(resources, machine)))
}
