//! A machine around an OS disk that exists, and whether it fits the disk (behaviour section 20; "Create a VM from a specialized
//! disk").

use http::StatusCode;
use serde_json::Value;

use super::{
    parts::{self, Origin, missing},
    size,
};
use crate::{
    arm::{call::Call, error::ArmError, refusals::not_found},
    compute::image::Image,
    resources::{Resources, disk::Disk},
};

/// The disk that `storageProfile.osDisk` says is to be attached.
pub(super) fn origin(
    resources: &Resources,
    call: &Call<'_>,
    profile: &Value,
    location: &str,
) -> Result<Origin, ArmError> {
    if profile["imageReference"].is_object() {
        return Err(ArmError::parameter("imageReference", "Parameter 'imageReference' is not allowed."));
    }
    let os_disk = &profile["osDisk"];
    let id = os_disk["managedDisk"]["id"].as_str().ok_or_else(|| missing("osDisk.managedDisk.id"))?;
    let os_type = os_disk["osType"].as_str().ok_or_else(|| missing("osDisk.osType"))?;
    parts::disk_is_free(resources, call, id, location)?;
    let Some(disk) = resources.disks.get(&id.to_lowercase()) else { return Err(not_found(call.address)) };
    let text = |value: &Value, default: &str| value.as_str().unwrap_or(default).to_owned();
    let kept = text(&disk.properties["osType"], os_type);
    if !kept.eq_ignore_ascii_case(os_type) {
        return Err(ArmError::parameter(
            "osDisk.osType",
            format!("The osType '{os_type}' is not that of the disk '{}', which is '{kept}'.", disk.id),
        ));
    }
    let image = Image {
        os_type: kept,
        hyper_v_generation: text(&disk.properties["hyperVGeneration"], "V1"),
        architecture: text(&disk.properties["supportedCapabilities"]["architecture"], "x64"),
        generalized: false,
        security_type: security_type(disk).to_owned(),
        size_gb: disk.size_gb(),
        data_disks: Vec::new(),
        contents: disk.contents.clone().unwrap_or_default(),
        exact_version: None,
    };
    Ok(Origin::Disk(image, disk.id.clone()))
}

/// The security type of machines that the disk can be the OS disk of.
fn security_type(disk: &Disk) -> &str {
    match disk.properties["securityProfile"]["securityType"].as_str().unwrap_or("Standard") {
        confidential if confidential.starts_with("ConfidentialVM") => "ConfidentialVM",
        other => other,
    }
}

/// The machine's security type, size and zone fit the disk.
pub(super) fn fits(resources: &Resources, call: &Call<'_>, origin: &Origin, vm_size: &str) -> Result<(), ArmError> {
    let Origin::Disk(image, id) = origin else { return Ok(()) };
    let Some(disk) = resources.disks.get(&id.to_lowercase()) else { return Err(not_found(call.address)) };
    let bad = |message: String| Err(ArmError::new(StatusCode::BAD_REQUEST, "BadRequest", message));
    let wanted = call.body["properties"]["securityProfile"]["securityType"].as_str().unwrap_or("Standard");
    if !wanted.eq_ignore_ascii_case(&image.security_type) {
        return bad("Security type of VM is not compatible with the security type of attached OS Disk.".to_owned());
    }
    let zone = |zones: &Value| zones[0].as_str().unwrap_or_default().to_owned();
    let (zone_of_disk, zone_of_machine) = (zone(&disk.zones), zone(&call.body["zones"]));
    if !zone_of_disk.is_empty() && zone_of_disk != zone_of_machine {
        return bad(format!(
            "Disk {id} cannot be attached to the VM because it is not in the same zone as the VM. VM zone: \
             '{zone_of_machine}'. Disk zone: '{zone_of_disk}'."
        ));
    }
    let controllers = disk.properties["supportedCapabilities"]["diskControllerTypes"].as_str().unwrap_or("SCSI");
    size::fits_disk(vm_size, image, controllers)
}

/// How the creation ends where the disk's marketplace plan and the machine's are not the same; a disk keeps the plan of the
/// image that it was made from once, through snapshots too.
pub(super) fn plan_misfits(resources: &Resources, call: &Call<'_>, origin: &Origin) -> Option<ArmError> {
    let Origin::Disk(_, id) = origin else { return None };
    let disk = resources.disks.get(&id.to_lowercase())?;
    let plan = |plan: &Value| {
        plan.is_object().then(|| {
            ["name", "publisher", "product"].map(|part| plan[part].as_str().unwrap_or_default().to_lowercase())
        })
    };
    let message = match (plan(&disk.properties["purchasePlan"]), plan(&call.body["plan"])) {
        (None, None) => return None,
        (Some(kept), Some(given)) if kept == given => return None,
        (Some(_), None) => format!(
            "Creating a virtual machine from Marketplace image or a custom image sourced from a Marketplace image requires \
             Plan information in the request. VM: '{}'.",
            call.address.id()
        ),
        (Some(_), Some(_)) => format!(
            "The purchase information does not match. Unable to deploy from the Marketplace image. OS disk name is '{}'.",
            disk.name
        ),
        (None, Some(_)) => format!(
            "Creating a virtual machine from a non Marketplace image does not need Plan information, please remove the Plan \
             information in the request. OS disk name is '{}'.",
            disk.name
        ),
    };
    Some(ArmError::new(StatusCode::BAD_REQUEST, "VMMarketplaceInvalidInput", message))
}
