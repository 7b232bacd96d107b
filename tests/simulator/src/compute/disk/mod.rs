//! All about disks, snapshots and disk encryption sets; in this file how a disk is read and deleted (behaviour section 16).

pub(crate) mod encryption_set;
pub(crate) mod put;
mod quota;
pub(crate) mod snapshot;

use std::collections::BTreeMap;

use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    arm::{
        call::{Answer, Call, Reply},
        error::ArmError,
        records::{self, writable},
        refusals::{not_found, not_supported},
    },
    clock::azure_time,
    guest::disk::Contents,
    resources::{
        Resources,
        disk::{Disk, Habits},
        machine::{Power, VirtualMachine},
        record::RecordKind,
    },
};

/// What a new disk is made with, besides its name and place.
#[derive(Debug, Clone, Default)]
pub(crate) struct DiskSpec {
    pub(crate) sku: String,
    pub(crate) properties: Value,
    pub(crate) contents: Option<Contents>,
    pub(crate) habits: Option<Habits>,
}

impl Disk {
    fn view(&self, holder: Option<&VirtualMachine>, now: Timestamp) -> Value {
        let tier = if self.sku.starts_with("Premium") {
            "Premium"
        } else if self.sku.starts_with("Ultra") {
            "Ultra"
        } else {
            "Standard"
        };
        let kind = if self.is_snapshot() { "snapshots" } else { "disks" };
        let mut view = json!({
            "id": self.id,
            "name": self.name,
            "type": format!("Microsoft.Compute/{kind}"),
            "location": self.location,
            "tags": self.tags,
            "sku": {"name": self.sku, "tier": tier},
            "properties": self.properties,
        });
        if self.zones.is_array() {
            view["zones"] = self.zones.clone();
        }
        let properties = &mut view["properties"];
        properties["provisioningState"] = json!(self.provisioning_state);
        properties["timeCreated"] = json!(azure_time(self.created));
        properties["uniqueId"] = json!(self.unique_id);
        properties["diskSizeBytes"] = json!(self.size_gb() * 1024 * 1024 * 1024);
        properties["diskState"] = json!(match holder {
            None => "Unattached",
            Some(machine) if machine.power == Power::Deallocated => "Reserved",
            Some(_) => "Attached",
        });
        if self.is_snapshot() {
            snapshot::show(self, properties, now);
        }
        if let Some(machine) = holder {
            view["managedBy"] = json!(machine.id);
        }
        view
    }
}

pub(crate) fn call(resources: &mut Resources, call: &Call<'_>) -> Answer {
    match *call.method {
        Method::GET => {
            let disk =
                resources.disks.get(&call.address.key()).ok_or_else(|| records::not_there(resources, call.address))?;
            Ok(Reply::ok(view(resources, disk)))
        }
        Method::PUT => put::put(resources, call),
        Method::PATCH => put::patch(resources, call),
        Method::DELETE => delete(resources, call),
        _ => Err(not_supported(call)),
    }
}

/// The machine that the disk is attached to.
pub(crate) fn holder<'r>(resources: &'r Resources, key: &str) -> Option<&'r VirtualMachine> {
    resources.machines.values().find(|machine| machine.disk_ids().any(|id| id.eq_ignore_ascii_case(key)))
}

pub(crate) fn view(resources: &Resources, disk: &Disk) -> Value {
    disk.view(holder(resources, &disk.id), resources.now)
}

/// The machine whose system runs from the disk.
fn system_of<'r>(resources: &'r Resources, disk: &Disk) -> Option<&'r VirtualMachine> {
    let holder = holder(resources, &disk.id);
    holder.filter(|machine| machine.os_disk_id().is_some_and(|id| id.eq_ignore_ascii_case(&disk.id)))
}

/// What is on the disk at this moment: of a running system what a power failure would leave.
pub(crate) fn contents(resources: &Resources, disk: &Disk) -> Option<Contents> {
    system_of(resources, disk).map(|machine| machine.guest.system.disk()).or_else(|| disk.contents.clone())
}

/// How the guest on the disk behaves.
pub(crate) fn habits(resources: &Resources, disk: &Disk) -> Option<Habits> {
    system_of(resources, disk).map(VirtualMachine::habits).or_else(|| disk.habits.clone())
}

/// Puts a disk there that comes with something else: a machine's, or a scenario's.
pub(crate) fn appears(
    resources: &mut Resources,
    id: &str,
    location: &str,
    tags: BTreeMap<String, String>,
    spec: DiskSpec,
) {
    let disk = Disk {
        id: id.to_owned(),
        name: crate::arm::address::last_name(id).to_owned(),
        subscription: crate::arm::address::Address::parse(id).map(|address| address.subscription).unwrap_or_default(),
        location: location.to_owned(),
        tags,
        sku: spec.sku,
        zones: Value::Null,
        properties: spec.properties,
        unique_id: resources.guid(),
        created: resources.now,
        provisioning_state: "Succeeded",
        operation: Uuid::nil(),
        contents: spec.contents,
        habits: spec.habits,
        complete_at: None,
    };
    resources.disks.insert(id.to_lowercase(), disk);
}

fn delete(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let key = call.address.key();
    if let Some(reply) = records::deletion_known(resources, RecordKind::Disk, &key) {
        return Ok(reply);
    }
    let Some(disk) = resources.disks.get(&key) else { return Err(not_found(call.address)) };
    if let Some(machine) = holder(resources, &key) {
        return Err(ArmError::not_allowed(format!("Disk {} is attached to VM {}.", disk.name, machine.id)));
    }
    writable(disk.provisioning_state, "Delete Disk", &disk.name)?;
    Ok(records::deletion_begins(resources, RecordKind::Disk, &key, resources.durations.disk))
}
