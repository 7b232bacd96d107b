//! Managed images, `Microsoft.Compute/images` (behaviour section 17).

use http::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Image;
use crate::{
    arm::{
        address::Address,
        call::{Answer, Call, Reply},
        error::ArmError,
        records::{self, writable},
        refusals::{not_found, not_supported},
        rights, tags,
    },
    compute::version,
    guest,
    resources::{
        Resources,
        image::{ImageDisk, ManagedImage},
        record::RecordKind,
    },
    scenario,
};

impl ManagedImage {
    /// One that a scenario brings.
    pub(crate) fn seeded(id: &str, location: String, seed: &scenario::ManagedImage) -> Self {
        let address = Address::parse(id);
        let subscription = address.map(|address| address.subscription).unwrap_or_default();
        Self {
            id: id.to_owned(),
            name: seed.name.clone(),
            source: format!(
                "/subscriptions/{subscription}/resourceGroups/gone/providers/Microsoft.Compute/virtualMachines/gone"
            ),
            subscription,
            location,
            tags: seed.tags.clone(),
            os_type: seed.os_type.clone(),
            hyper_v_generation: seed.hyper_v_generation.clone(),
            size_gb: seed.size_gb,
            data_disks: seed.data_disks.iter().map(|disk| ImageDisk { lun: disk.lun, size_gb: disk.size_gb }).collect(),
            contents: guest::linux::pristine(),
            provisioning_state: "Succeeded",
            operation: Uuid::nil(),
        }
    }

    pub(in crate::compute) fn image(&self) -> Image {
        Image {
            os_type: self.os_type.clone(),
            hyper_v_generation: self.hyper_v_generation.clone(),
            architecture: "x64".to_owned(),
            generalized: true,
            security_type: "Standard".to_owned(),
            size_gb: self.size_gb,
            data_disks: self.data_disks.clone(),
            contents: self.contents.clone(),
            exact_version: None,
        }
    }

    pub(in crate::compute) fn view(&self) -> Value {
        let data: Vec<Value> = self
            .data_disks
            .iter()
            .map(|disk| json!({"lun": disk.lun, "diskSizeGB": disk.size_gb, "caching": "None"}))
            .collect();
        json!({
            "id": self.id,
            "name": self.name,
            "type": "Microsoft.Compute/images",
            "location": self.location,
            "tags": self.tags,
            "properties": {
                "sourceVirtualMachine": {"id": self.source},
                "hyperVGeneration": self.hyper_v_generation,
                "provisioningState": self.provisioning_state,
                "storageProfile": {
                    "osDisk": {
                        "osType": self.os_type, "osState": "Generalized", "diskSizeGB": self.size_gb, "caching": "ReadWrite",
                        "storageAccountType": "Standard_LRS",
                    },
                    "dataDisks": data,
                },
            },
        })
    }
}

pub(crate) fn call(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let key = call.address.key();
    match *call.method {
        Method::GET => {
            resources.images.get(&key).map(|image| Reply::ok(image.view())).ok_or_else(|| not_found(call.address))
        }
        Method::PUT => put(resources, call),
        Method::PATCH => {
            let tags = tags::from_body(&call.body)?;
            let image = resources.images.get_mut(&key).ok_or_else(|| not_found(call.address))?;
            writable(image.provisioning_state, "Update Image", &image.name)?;
            if let Some(tags) = tags {
                image.tags = tags;
            }
            Ok(write_begins(resources, &key, false))
        }
        Method::DELETE => Ok(delete(resources, call)),
        _ => Err(not_supported(call)),
    }
}

fn put(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let key = call.address.key();
    let location = call.location()?;
    let tags = tags::from_body(&call.body)?.unwrap_or_default();
    let properties = &call.body["properties"];
    let Some(id) = properties["sourceVirtualMachine"]["id"].as_str() else {
        let target = "sourceVirtualMachine";
        return Err(ArmError::parameter(target, format!("Required parameter '{target}' is missing (null).")));
    };
    if let Some(image) = resources.images.get_mut(&key) {
        if image.location != location {
            return Err(tags::other_location(&image.id, &image.location, &location));
        }
        if !image.source.eq_ignore_ascii_case(id) {
            return Err(ArmError::property_change("sourceVirtualMachine"));
        }
        writable(image.provisioning_state, "Update Image", &image.name)?;
        image.tags = tags;
        return Ok(write_begins(resources, &key, false));
    }
    let source =
        Address::parse(id).filter(|source| source.subscription.eq_ignore_ascii_case(&call.address.subscription));
    let machine =
        source.and_then(|source| resources.machines.get(&source.key())).filter(|machine| machine.location == location);
    let machine = machine.ok_or_else(|| {
        let text =
            format!("Source Virtual Machine '{id}' specified in the request does not exist in this Azure location.");
        ArmError::new(StatusCode::NOT_FOUND, "NotFound", text)
    })?;
    rights::linked(resources, call, "Microsoft.Compute/virtualMachines/read", id)?;
    if !machine.security_type().eq_ignore_ascii_case("Standard") {
        return Err(ArmError::not_allowed(format!(
            "Creation of managed images are not supported for virtual machine with {} security type.",
            machine.security_type()
        )));
    }
    if !machine.generalized {
        return Err(ArmError::not_allowed(format!(
            "The operation 'Create Image' requires the Virtual Machine '{}' to be Generalized.",
            machine.name
        )));
    }
    let generation = properties["hyperVGeneration"].as_str().unwrap_or("V1");
    if !generation.eq_ignore_ascii_case(&machine.hyper_v_generation) {
        return Err(ArmError::parameter(
            "hyperVGeneration",
            format!(
                "The Hypervisor generation of the image '{generation}' differs from '{}' of the source virtual machine.",
                machine.hyper_v_generation
            ),
        ));
    }
    let (os_type, hyper_v_generation) = (machine.os_type().to_owned(), machine.hyper_v_generation.clone());
    let (size_gb, data_disks) = version::captured::disks_of_machine(resources, machine);
    let image = ManagedImage {
        id: call.address.id(),
        name: call.address.name().to_owned(),
        subscription: call.address.subscription.clone(),
        location,
        tags,
        source: id.to_owned(),
        os_type,
        hyper_v_generation,
        size_gb,
        data_disks,
        contents: machine.guest.system.disk(),
        provisioning_state: "Creating",
        operation: Uuid::nil(),
    };
    resources.images.insert(key.clone(), image);
    Ok(write_begins(resources, &key, true))
}

fn write_begins(resources: &mut Resources, key: &str, created: bool) -> Reply {
    if let Some(image) = resources.images.get_mut(key) {
        image.provisioning_state = if created { "Creating" } else { "Updating" };
    }
    let operation = records::write_begins(resources, RecordKind::Image, key, resources.durations.image);
    Reply::written(created, resources.images.get(key).map(ManagedImage::view).unwrap_or_default(), operation)
}

fn delete(resources: &mut Resources, call: &Call<'_>) -> Reply {
    let key = call.address.key();
    let known = records::deletion_known(resources, RecordKind::Image, &key);
    known.unwrap_or_else(|| records::deletion_begins(resources, RecordKind::Image, &key, resources.durations.image))
}
