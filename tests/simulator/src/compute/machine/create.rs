//! Creating virtual machines: from an image, or around a disk that exists (behaviour section 20).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    attached, capacity, data_disks, guest_runs,
    parts::{self, NewDisk, Origin, missing},
    profile::{self, os_profile_fits, security_fits},
    write::writable,
};
use crate::{
    arm::{
        body::in_azures_case,
        call::{Answer, Call, Reply, RetryAfter},
        error::ArmError,
        operation,
        refusals::not_found,
    },
    compute::{disk, image},
    network,
    resources::{
        Resources,
        event::{Event, GuestChange},
        machine::{Busy, Power, VirtualMachine},
        operation::{OperationType, Work},
    },
    scenario::{self, UnpreparedSystem},
};

pub(crate) fn create(
    resources: &mut Resources,
    call: &Call<'_>,
    location: &str,
    tags: BTreeMap<String, String>,
) -> Answer {
    let group = resources.groups.get(&call.address.group_key()).cloned().ok_or_else(|| not_found(call.address))?;
    let mut properties = writable(&call.body["properties"]);
    let size = properties["hardwareProfile"]["vmSize"].as_str().unwrap_or("Standard_DS1_v2").to_owned();
    let origin = origin(resources, call, &properties["storageProfile"], location)?;
    let image = origin.image();
    os_profile_fits(
        &call.body["properties"]["osProfile"],
        image,
        matches!(origin, Origin::Disk(..)),
        call.address.name(),
    )?;
    if matches!(origin, Origin::Image(_)) {
        security_fits(&properties["securityProfile"], image)?;
    }
    attached::fits(resources, call, &origin, &size)?;
    let mut disks = vec![parts::os_disk(resources, call, &group.id, &origin, &mut properties["storageProfile"])?];
    disks.extend(data_disks::wanted(resources, call, &group.id, image, location, &mut properties["storageProfile"])?);
    let held = parts::interfaces_for(resources, call, location, &mut properties["networkProfile"])?;
    let ids: Vec<String> = held.iter().map(|(id, _)| id.clone()).collect();
    if let Err(refusal) = capacity::room_for(resources, &call.address.subscription, location, &size) {
        network::interface::reserve(resources, &ids, &call.address.id());
        return Err(refusal);
    }
    properties["hardwareProfile"] = json!({"vmSize": size});
    if let (Some(reference), Some(exact)) =
        (properties.pointer_mut("/storageProfile/imageReference").filter(|it| it.is_object()), &image.exact_version)
    {
        reference["exactVersion"] = json!(exact);
    }
    if let Some(profile) = properties.get_mut("osProfile") {
        profile::complete(profile, &image.os_type);
    }
    in_azures_case(&mut properties, "/securityProfile/securityType", &["Standard", "TrustedLaunch", "ConfidentialVM"]);

    let seed = scenario::VirtualMachine {
        name: call.address.name().to_owned(),
        location: Some(location.to_owned()),
        tags,
        os_type: image.os_type.clone(),
        hyper_v_generation: image.hyper_v_generation.clone(),
        architecture: image.architecture.clone(),
        power_state: scenario::PowerState::Stopped,
        ..scenario::VirtualMachine::default()
    };
    let mut machine = VirtualMachine::seeded(resources, &group, &seed);
    machine.id = call.address.id();
    machine.properties = properties;
    machine.guest.system.contents = image.contents.clone();
    if let Origin::Disk(_, id) = &origin
        && let Some(habits) = resources.disks.get(&id.to_lowercase()).and_then(|disk| disk.habits.clone())
    {
        machine.takes_on(habits);
    }
    machine.extra = ["zones", "plan", "identity"]
        .into_iter()
        .filter(|field| !call.body[*field].is_null())
        .map(|field| (field.to_owned(), call.body[field].clone()))
        .collect();
    machine.provisioning_state = "Creating";
    machine.power = Power::Starting;
    machine.stopped_by_platform = false;

    let unprepared = matches!(origin, Origin::Image(_))
        && image.generalized
        && !image.contents.is_deprovisioned()
        && times_out(resources, &machine);
    machine.creation_error = attached::plan_misfits(resources, call, &origin)
        .or_else(|| capacity::allocation_failure(resources, location, &size))
        .or_else(|| unprepared.then(|| not_prepared(call.address.name())));
    for NewDisk { id, spec } in disks {
        if let Some(spec) = spec {
            disk::appears(resources, &id, location, BTreeMap::new(), spec);
        }
    }
    for (id, properties) in held {
        if let Some(properties) = properties {
            network::appears(resources, &id, location, BTreeMap::new(), properties);
        }
    }
    Ok(creation_begins(resources, call, machine, unprepared))
}

fn creation_begins(resources: &mut Resources, call: &Call<'_>, mut machine: VirtualMachine, unprepared: bool) -> Reply {
    let key = call.address.key();
    let boots = resources.durations.create_virtual_machine;
    let waits = unprepared
        && machine
            .creation_error
            .as_ref()
            .is_some_and(|creation_error| creation_error.code == "OSProvisioningTimedOut");
    if waits {
        let event = Event::Guest { machine: key.clone(), boot: machine.guest.boot, change: GuestChange::Starts };
        resources.plan(boots, event);
    }
    let seconds = if waits { resources.durations.os_provisioning_timeout } else { boots };
    let work = Work::MachineCreated { machine: key.clone() };
    let operation = operation::begin(
        resources,
        OperationType::Compute,
        &call.address.subscription,
        &machine.location,
        work,
        Some(seconds),
    );
    machine.busy = Some(Busy { operation, towards: None });
    let (view, etag) = (machine.view(), machine.etag());
    resources.machines.insert(key, machine);
    Reply { etag: Some(etag), ..Reply::written(true, view, operation).asking_again(RetryAfter::Usual) }
}

fn origin(resources: &Resources, call: &Call<'_>, profile: &Value, location: &str) -> Result<Origin, ArmError> {
    if !profile.is_object() {
        return Err(missing("storageProfile"));
    }
    let os_disk = &profile["osDisk"];
    if !os_disk["createOption"].as_str().is_some_and(|option| option.eq_ignore_ascii_case("Attach")) {
        if !profile["imageReference"].is_object() {
            return Err(missing("imageReference"));
        }
        return Ok(Origin::Image(image::find(resources, call, &profile["imageReference"], location)?));
    }
    attached::origin(resources, call, profile, location)
}

/// Whether a system that was never deprovisioned keeps its new machine from being created.
fn times_out(resources: &Resources, machine: &VirtualMachine) -> bool {
    machine.os_type() == "Windows"
        || match resources.unknowns.unprepared_system {
            UnpreparedSystem::ComesUp => false,
            UnpreparedSystem::TimesOut => true,
            UnpreparedSystem::BySeed => {
                guest_runs::way(resources, machine, "system that was never deprovisioned", 2) == 1
            }
        }
}

/// How the creation ends when the image's system was never deprovisioned.
fn not_prepared(name: &str) -> ArmError {
    ArmError::conflict(
        "OSProvisioningTimedOut",
        format!(
            "OS Provisioning for VM '{name}' did not finish in the allotted time. However, the VM guest agent was detected \
             running. This suggests the guest OS has not been properly prepared to be used as a VM image (with \
             CreateOption=FromImage). To resolve this issue, either use the VHD as is with CreateOption=Attach or prepare it \
             properly for use as an image."
        ),
    )
}
