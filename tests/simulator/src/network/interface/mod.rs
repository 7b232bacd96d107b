//! All about network interfaces; in this file how one is read, and who holds it (behaviour section 18).

pub(crate) mod put;

use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    arm::error::ArmError,
    clock::later,
    resources::{
        Resources,
        machine::VirtualMachine,
        network::{NetworkResource, Reservation},
    },
};

/// The machine that the interface is attached to.
pub(crate) fn holder<'r>(resources: &'r Resources, id: &str) -> Option<&'r VirtualMachine> {
    resources.machines.values().find(|machine| machine.interface_ids().any(|held| held.eq_ignore_ascii_case(id)))
}

pub(in crate::network) fn view(resources: &Resources, interface: &NetworkResource) -> Value {
    let mut view = interface.common_view("networkInterfaces");
    view["location"] = json!(interface.location);
    view["tags"] = json!(interface.tags);
    view["kind"] = json!("Regular");
    view["properties"]["resourceGuid"] = json!(interface.guid);
    if let Some(configurations) = view["properties"]["ipConfigurations"].as_array_mut() {
        for configuration in configurations {
            let name = configuration["name"].as_str().unwrap_or_default().to_owned();
            configuration["id"] = json!(format!("{}/ipConfigurations/{name}", interface.id));
            configuration["etag"] = json!(interface.etag());
            configuration["type"] = json!("Microsoft.Network/networkInterfaces/ipConfigurations");
            configuration["properties"]["provisioningState"] = json!(interface.provisioning_state);
        }
    }
    if let Some(machine) = holder(resources, &interface.id) {
        view["properties"]["virtualMachine"] = json!({"id": machine.id});
    }
    view
}

/// Refuses where a machine holds the interface, or where it is kept for another machine than `machine`.
pub(crate) fn is_free(
    resources: &Resources,
    interface: &NetworkResource,
    machine: Option<&str>,
) -> Result<(), ArmError> {
    let same = |other: &str| machine.is_some_and(|machine| machine.eq_ignore_ascii_case(other));
    if let Some(holder) = holder(resources, &interface.id).filter(|holder| !same(&holder.id)) {
        return Err(ArmError::new(
            StatusCode::BAD_REQUEST,
            "NicInUse",
            format!(
                "Network Interface {} is used by existing resource {}. In order to delete the network interface, it must \
                 be dissociated from the resource. To learn more, see aka.ms/deletenic.",
                interface.id, holder.id
            ),
        ));
    }
    match &interface.reserved {
        Some(Reservation { machine: other, until }) if resources.now < *until && !same(other) => Err(ArmError::new(
            StatusCode::BAD_REQUEST,
            "NicReservedForAnotherVm",
            format!(
                "Nic(s) in request is reserved for another Virtual Machine for 180 seconds. Please provide another nic(s) \
                 or retry after 180 seconds. Reserved VM: {other}"
            ),
        )),
        _ => Ok(()),
    }
}

/// Keeps interfaces for a machine whose creation has failed.
pub(crate) fn reserve(resources: &mut Resources, interfaces: &[String], machine: &str) {
    let until = later(resources.now, resources.durations.interface_reservation);
    for id in interfaces {
        if let Some(interface) = resources.network.get_mut(&id.to_lowercase()) {
            interface.reserved = Some(Reservation { machine: machine.to_owned(), until });
        }
    }
}
