//! What a version is made from, and whether it fits the definition (behaviour section 11).

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::Value;

use super::captured;
use crate::{
    arm::{address::Address, error::ArmError},
    resources::{Resources, gallery::Definition, machine::VirtualMachine, version::ImageVersion},
};

const SOURCE: &str = "galleryImageVersion.properties.storageProfile.source";

/// The source of a version.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Source {
    pub(crate) given: Value,
    /// The machine's key, where a machine is the source.
    pub(crate) machine: Option<String>,
    /// `osDiskImage.source` as given, where a disk or snapshot is the source.
    pub(crate) disk: Value,
    /// `dataDiskImages[].source` as given, by LUN, where disks or snapshots are the source.
    pub(crate) data: BTreeMap<u64, Value>,
}

impl Source {
    /// The source of a PUT. An update may leave it out, as tools do that do not know each kind of source.
    pub(crate) fn of_write(profile: &Value, before: Option<&ImageVersion>) -> Result<Self, ArmError> {
        let named = |source: &Value| {
            source
                .as_object()
                .is_some_and(|fields| fields.values().any(|value| value.as_str().is_some_and(|id| !id.is_empty())))
        };
        match before {
            Some(before)
                if profile.is_object() && !named(&profile["source"]) && !named(&profile["osDiskImage"]["source"]) =>
            {
                Ok(Self {
                    given: before.source.clone(),
                    machine: before.machine.clone(),
                    disk: before.disk_source.clone(),
                    data: before.data_sources.clone(),
                })
            }
            _ => Self::read(profile),
        }
    }

    /// Reads `storageProfile`: exactly one kind of source.
    pub(crate) fn read(profile: &Value) -> Result<Self, ArmError> {
        if !profile.is_object() {
            let target = "galleryImageVersion.properties.storageProfile";
            return Err(ArmError::parameter(target, format!("Required parameter '{target}' is missing (null).")));
        }
        let source = &profile["source"];
        let ids: Vec<(&str, &str)> = ["virtualMachineId", "id", "communityGalleryImageId"]
            .into_iter()
            .filter_map(|kind| source[kind].as_str().filter(|id| !id.is_empty()).map(|id| (kind, id)))
            .collect();
        let disk = profile["osDiskImage"]["source"]
            .as_object()
            .is_some_and(|source| source.iter().any(|(_, value)| value.as_str().is_some_and(|text| !text.is_empty())));
        match (ids.as_slice(), disk) {
            ([(kind, id)], false) => {
                let machine = Address::parse(id)
                    .filter(|address| address.kind() == "virtualmachines" && !address.is_collection());
                if *kind == "virtualMachineId" && machine.is_none() {
                    let target = format!("{SOURCE}.virtualMachineId");
                    return Err(ArmError::parameter(
                        &target,
                        format!("'{id}' is not the resource id of a virtual machine."),
                    ));
                }
                Ok(Self {
                    given: source.clone(),
                    machine: machine.map(|address| address.key()),
                    disk: Value::Null,
                    data: BTreeMap::new(),
                })
            }
            ([], true) => {
                let data = data_sources(&profile["dataDiskImages"])?;
                Ok(Self { given: source.clone(), machine: None, disk: profile["osDiskImage"]["source"].clone(), data })
            }
            ([], false) => {
                Err(ArmError::parameter(SOURCE, format!("Required parameter '{SOURCE}' is missing (null).")))
            }
            _ => Err(ArmError::parameter(SOURCE, "Exactly one source of the gallery image version may be given.")),
        }
    }

    /// The field by which the source is named.
    fn kind(&self) -> &'static str {
        ["virtualMachineId", "communityGalleryImageId"]
            .into_iter()
            .find(|kind| self.given[*kind].is_string())
            .unwrap_or("id")
    }

    /// The source never changes once the version exists.
    pub(crate) fn unchanged(&self, version: &ImageVersion) -> Result<(), ArmError> {
        let (before, disk_before) = (&version.source, &version.disk_source);
        let ids = |data: &BTreeMap<u64, Value>| -> BTreeMap<u64, String> {
            data.iter().map(|(lun, source)| (*lun, source["id"].as_str().unwrap_or_default().to_lowercase())).collect()
        };
        if ids(&self.data) != ids(&version.data_sources) {
            let changed = "galleryImageVersion.properties.storageProfile.dataDiskImages.source.id";
            return Err(ArmError::property_change(changed));
        }
        if !disk_before["id"].is_null() || self.disk.is_object() {
            let text = |disk: &Value| disk["id"].as_str().map(str::to_lowercase);
            let same = text(&self.disk) == text(disk_before);
            let changed = "galleryImageVersion.properties.storageProfile.osDiskImage.source.id";
            return if same { Ok(()) } else { Err(ArmError::property_change(changed)) };
        }
        let id = |source: &Value| {
            ["virtualMachineId", "id", "communityGalleryImageId"]
                .into_iter()
                .find_map(|kind| source[kind].as_str().map(str::to_lowercase))
        };
        if id(&self.given) == id(before) {
            return Ok(());
        }
        Err(ArmError::property_change(&format!("{SOURCE}.{}", self.kind())))
    }
}

/// Sources of data disks by their LUNs, each once.
fn data_sources(images: &Value) -> Result<BTreeMap<u64, Value>, ArmError> {
    let target = "galleryImageVersion.properties.storageProfile.dataDiskImages";
    let mut sources = BTreeMap::new();
    for image in images.as_array().into_iter().flatten() {
        let Some(lun) = image["lun"].as_u64() else {
            return Err(ArmError::parameter(target, format!("Required parameter '{target}.lun' is missing (null).")));
        };
        if sources.insert(lun, image["source"].clone()).is_some() {
            return Err(ArmError::parameter(
                target,
                format!("The LUN {lun} is given for more than one data disk image."),
            ));
        }
    }
    Ok(sources)
}

pub(super) fn not_in_region(id: &str) -> ArmError {
    ArmError::new(
        StatusCode::BAD_REQUEST,
        "InvalidParameter",
        format!(
            "Source '{id}' is not found. Please check source exists, and is in the same region as gallery image version \
             being created."
        ),
    )
}

/// The source, there and in `location`. Whether it fits is found out by the operation: see [`misfit`].
pub(crate) fn check(resources: &Resources, source: &Source, location: &str, own: &str) -> Result<(), ArmError> {
    let Some(key) = &source.machine else {
        return captured::check_other_source(resources, source, location);
    };
    let id = source.given[source.kind()].as_str().unwrap_or_default();
    let Some(machine) = resources.machines.get(key) else {
        return Err(ArmError::new(
            StatusCode::NOT_FOUND,
            "NotFound",
            format!("Source Virtual Machine '{id}' specified in the request does not exist in this Azure location."),
        ));
    };
    if machine.location != location {
        return Err(not_in_region(id));
    }
    if machine.marked_for_deletion {
        return Err(ArmError::not_allowed(format!(
            "Operation 'Create Gallery Image Version' is not allowed on VM '{}' since the VM is marked for deletion.",
            machine.name
        )));
    }
    if machine.captures.iter().any(|capture| capture != own) {
        return Err(ArmError::conflict(
            "Conflict",
            format!(
                "Too many requests on source '{id}'. Please wait until the image version that is being created from it \
                 is complete."
            ),
        ));
    }
    Ok(())
}

/// Why a source that is there doesn't fit `definition`, with which the operation ends.
pub(crate) fn misfit(
    resources: &Resources,
    source: &Source,
    location: &str,
    definition: &Definition,
) -> Option<ArmError> {
    let Some(key) = &source.machine else {
        return captured::other_source_fits(resources, source, location, definition).err();
    };
    let id = source.given[source.kind()].as_str().unwrap_or_default();
    fits(resources.machines.get(key)?, id, definition).err()
}

/// Does the machine fit the definition? In the order in which Azure complains.
fn fits(machine: &VirtualMachine, id: &str, definition: &Definition) -> Result<(), ArmError> {
    let wrong = |message: String| Err(ArmError::parameter(SOURCE, message));
    let wanted = |field: &str| definition.properties[field].as_str().unwrap_or_default();
    let disk = &machine.properties["storageProfile"]["osDisk"];
    if disk["diffDiskSettings"]["option"].as_str().is_some_and(|option| option.eq_ignore_ascii_case("Local")) {
        return wrong(format!("Source virtual machine {id} cannot contain an ephemeral OS disk."));
    }
    if !disk["managedDisk"].is_object() {
        return wrong(format!("Source virtual machine {id} must be created from Managed Disks."));
    }
    let data = machine.properties["storageProfile"]["dataDisks"].as_array();
    let ultra = |disk: &Value| disk["managedDisk"]["storageAccountType"] == "UltraSSD_LRS";
    if ultra(disk) || data.is_some_and(|disks| disks.iter().any(ultra)) {
        return wrong(format!("Source virtual machine {id} cannot contain a disk stored in an UltraSSD account type."));
    }
    if !machine.os_type().eq_ignore_ascii_case(wanted("osType")) {
        return wrong(format!(
            "The resource with id '{id}' has a different OS type ['{}'] than the parent gallery image OS type ['{}'].",
            machine.os_type(),
            wanted("osType")
        ));
    }
    if !machine.hyper_v_generation.eq_ignore_ascii_case(wanted("hyperVGeneration")) {
        let (is, should) = (&machine.hyper_v_generation, wanted("hyperVGeneration"));
        return Err(ArmError::conflict(
            "Conflict",
            format!(
                "The resource with id '{id}' has a different Hypervisor generation ['{is}'] than the parent gallery image \
                 Hypervisor generation ['{should}']."
            ),
        ));
    }
    if !machine.architecture.eq_ignore_ascii_case(wanted("architecture")) {
        return wrong(format!(
            "The resource with id '{id}' has a different architecture ['{}'] than the parent gallery image architecture \
             ['{}'].",
            machine.architecture,
            wanted("architecture")
        ));
    }
    let state = if machine.generalized { "Generalized" } else { "Specialized" };
    if !state.eq_ignore_ascii_case(wanted("osState")) {
        return wrong(format!(
            "Cannot create Gallery Image Version from: {id} since the OS State in the parent gallery image ('{}') is not \
             '{state}'.",
            wanted("osState")
        ));
    }
    let plan = |plan: Option<&Value>| {
        ["name", "publisher", "product"]
            .map(|part| plan.and_then(|plan| plan[part].as_str()).unwrap_or_default().to_lowercase())
    };
    if plan(machine.extra.get("plan")) != plan(Some(&definition.properties["purchasePlan"])) {
        return wrong(format!("The resource with id '{id}' has a different plan than the parent gallery image plan."));
    }
    security_fits(machine, id, definition)?;
    let controller = machine.properties["storageProfile"]["diskControllerType"].as_str().unwrap_or("SCSI");
    let offered = definition.feature("DiskControllerTypes").unwrap_or("SCSI").to_lowercase();
    if controller.eq_ignore_ascii_case("NVMe") && !offered.contains("nvme") {
        return wrong(format!(
            "The resource with id '{id}' uses the disk controller type 'NVMe', which the parent gallery image does not list \
             in its feature 'DiskControllerTypes'."
        ));
    }
    Ok(())
}

fn security_fits(machine: &VirtualMachine, id: &str, definition: &Definition) -> Result<(), ArmError> {
    let wrong =
        |message: String| Err(ArmError::parameter("galleryImageVersion.properties.storageProfile.source", message));
    let wanted = definition.feature("SecurityType").unwrap_or("Standard");
    if wanted.to_lowercase().ends_with("supported") {
        return wrong(format!(
            "The security type '{wanted}' is not supported for the source id '{id}'. Currently only Vhd Blob, User Image and \
             Gallery Image Version sources are supported for '{wanted}' images."
        ));
    }
    if !machine.security_type().eq_ignore_ascii_case(wanted) {
        return wrong(format!(
            "The resource with id '{id}' has a different security type ['{}'] than the parent gallery image security type \
             ['{wanted}'].",
            machine.security_type()
        ));
    }
    Ok(())
}
