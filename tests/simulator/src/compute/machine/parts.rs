//! The parts of a new virtual machine: its OS disk and network interfaces (behaviour section 20).

use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    arm::{
        body::{in_azures_case, merge},
        call::Call,
        error::ArmError,
        records, rights,
    },
    compute::{
        disk::{self, DiskSpec},
        image::Image,
    },
    network::{self, invalid_reference},
    resources::Resources,
};

/// What the new machine starts from.
pub(super) enum Origin {
    Image(Image),
    /// The OS disk exists; its id as it is kept.
    Disk(Image, String),
}

impl Origin {
    pub(super) fn image(&self) -> &Image {
        match self {
            Self::Image(image) | Self::Disk(image, _) => image,
        }
    }
}

pub(super) fn missing(parameter: &str) -> ArmError {
    ArmError::parameter(parameter, format!("Required parameter '{parameter}' is missing (null)."))
}

/// A disk that a machine is to get, with the record that comes with it unless it exists.
pub(super) struct NewDisk {
    pub(super) id: String,
    pub(super) spec: Option<DiskSpec>,
}

/// A disk to be attached: it exists, in the machine's location, and no other machine has it.
pub(super) fn disk_is_free(resources: &Resources, call: &Call<'_>, id: &str, location: &str) -> Result<(), ArmError> {
    let disk = resources.disks.get(&id.to_lowercase()).filter(|disk| disk.location == location && !disk.is_snapshot());
    let disk = disk.ok_or_else(|| {
        ArmError::new(StatusCode::NOT_FOUND, "NotFound", format!("Managed disk {id} was not found in '{location}'."))
    })?;
    rights::linked(resources, call, "Microsoft.Compute/disks/write", id)?;
    records::writable(disk.provisioning_state, "Attach", &disk.name)?;
    match disk::holder(resources, id) {
        Some(machine) => Err(ArmError::conflict(
            "ConflictingUserInput",
            format!("Disk '{}' cannot be attached as the disk is already owned by VM '{}'.", disk.id, machine.id),
        )),
        None => Ok(()),
    }
}

pub(super) fn os_disk(
    resources: &Resources,
    call: &Call<'_>,
    group: &str,
    origin: &Origin,
    profile: &mut Value,
) -> Result<NewDisk, ArmError> {
    let (name, image) = (call.address.name(), origin.image());
    let disk = &mut profile["osDisk"];
    if !disk.is_object() {
        *disk = json!({});
    }
    merge_defaults(disk, &json!({"osType": image.os_type, "caching": "ReadWrite", "deleteOption": "Detach"}));
    if let Origin::Disk(_, id) = origin {
        disk["createOption"] = json!("Attach");
        disk["diskSizeGB"] = json!(image.size_gb);
        disk["name"] = json!(crate::arm::address::last_name(id));
        if let Some(kept) = resources.disks.get(&id.to_lowercase()) {
            disk["managedDisk"]["storageAccountType"] = json!(kept.sku);
        }
        return Ok(NewDisk { id: id.clone(), spec: None });
    }
    let size = disk["diskSizeGB"].as_u64().unwrap_or(image.size_gb);
    if size < image.size_gb {
        return Err(ArmError::new(
            StatusCode::CONFLICT,
            "ResizeDiskError",
            format!(
                "The specified disk size {size} GB is smaller than the size of the corresponding disk in the VM image: {} GB. \
                 This is not allowed. Please choose equal or greater size or do not specify an explicit size.",
                image.size_gb
            ),
        ));
    }
    disk["createOption"] = json!("FromImage");
    merge_defaults(disk, &json!({"name": format!("{name}_OsDisk_1"), "diskSizeGB": size, "managedDisk": {}}));
    let id = format!("{group}/providers/Microsoft.Compute/disks/{}", disk["name"].as_str().unwrap_or_default());
    if disk["diffDiskSettings"]["option"].as_str().is_some_and(|option| option.eq_ignore_ascii_case("Local")) {
        disk["deleteOption"] = json!("Delete");
        return Ok(NewDisk { id, spec: None });
    }
    let sku = managed(disk, &id, "Premium_LRS");
    let mut properties = image.disk_properties();
    properties["creationData"] = json!({"createOption": "FromImage"});
    if call.body["plan"].is_object() {
        properties["purchasePlan"] = call.body["plan"].clone();
    }
    match call.body["properties"]["securityProfile"]["securityType"].as_str() {
        Some(kind) if kind.eq_ignore_ascii_case("TrustedLaunch") => {
            properties["securityProfile"] = json!({"securityType": "TrustedLaunch"});
        }
        Some(kind) if kind.eq_ignore_ascii_case("ConfidentialVM") => {
            let kind = "ConfidentialVM_VMGuestStateOnlyEncryptedWithPlatformKey";
            properties["securityProfile"] = json!({"securityType": kind});
        }
        _ => {}
    }
    properties["diskSizeGB"] = json!(size);
    let reference = profile["imageReference"]["id"].as_str();
    if let Some(reference) = reference.filter(|id| id.to_lowercase().contains("/galleries/")) {
        properties["creationData"]["galleryImageReference"] = json!({"id": reference});
    }
    new_disk(resources, call, id, DiskSpec { sku, properties, contents: Some(image.contents.clone()), habits: None })
}

pub(super) fn new_disk(
    resources: &Resources,
    call: &Call<'_>,
    id: String,
    spec: DiskSpec,
) -> Result<NewDisk, ArmError> {
    rights::linked(resources, call, "Microsoft.Compute/disks/write", &id)?;
    if resources.disks.contains_key(&id.to_lowercase()) {
        let text = format!("Disk {id} already exists. Please choose another name or attach the disk.");
        return Err(ArmError::conflict("ConflictingUserInput", text));
    }
    Ok(NewDisk { id, spec: Some(spec) })
}

/// Ids of the machine's network interfaces; with properties for those that are made with it.
pub(super) fn interfaces_for(
    resources: &Resources,
    call: &Call<'_>,
    location: &str,
    profile: &mut Value,
) -> Result<Vec<(String, Option<Value>)>, ArmError> {
    let machine = call.address.id();
    let mut held = Vec::new();
    for given in profile["networkInterfaces"].as_array().into_iter().flatten() {
        let id = given["id"].as_str().ok_or_else(|| missing("networkInterfaces.id"))?;
        let interface = resources.network.get(&id.to_lowercase()).filter(|interface| interface.location == location);
        let interface = interface.ok_or_else(|| invalid_reference(id, &machine))?;
        rights::linked(resources, call, "Microsoft.Network/networkInterfaces/join/action", id)?;
        network::interface::is_free(resources, interface, Some(&machine))?;
        held.push((id.to_owned(), None));
    }
    let mut shown = profile["networkInterfaces"].as_array().cloned().unwrap_or_default();
    for given in profile["networkInterfaceConfigurations"].as_array().into_iter().flatten() {
        let name = given["name"].as_str().ok_or_else(|| missing("networkInterfaceConfigurations.name"))?;
        let group = call.address.id().split("/providers/").next().unwrap_or_default().to_owned();
        let id = format!("{group}/providers/Microsoft.Network/networkInterfaces/{name}");
        let properties = network::interface::put::properties(
            resources,
            &|joined| network::interface::put::may_join(resources, call, joined),
            &id,
            location,
            &given["properties"],
        )?;
        let mut entry =
            json!({"id": id, "properties": {"primary": given["properties"]["primary"].as_bool().unwrap_or(true)}});
        if let Some(option) = given["properties"]["deleteOption"].as_str() {
            entry["properties"]["deleteOption"] = json!(option);
        }
        shown.push(entry);
        held.push((id, Some(properties)));
    }
    if held.is_empty() {
        return Err(missing("networkProfile"));
    }
    profile["networkInterfaces"] = json!(shown);
    if let Some(fields) = profile.as_object_mut() {
        fields.remove("networkInterfaceConfigurations");
    }
    Ok(held)
}

/// Fills in what is absent.
pub(super) fn merge_defaults(into: &mut Value, defaults: &Value) {
    let mut whole = defaults.clone();
    merge(&mut whole, into);
    *into = whole;
}

/// Completes `managedDisk`; the answer is the storage of the disk.
pub(super) fn managed(disk: &mut Value, id: &str, default: &str) -> String {
    in_azures_case(disk, "/managedDisk/storageAccountType", &disk::put::STORAGE);
    let sku = disk["managedDisk"]["storageAccountType"].as_str().unwrap_or(default).to_owned();
    disk["managedDisk"]["storageAccountType"] = json!(sku);
    disk["managedDisk"]["id"] = json!(id);
    sku
}
