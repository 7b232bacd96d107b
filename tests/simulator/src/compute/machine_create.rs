//! Creating virtual machines: from an image, or around a disk that exists (behaviour section 20).

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Value, json};

use super::{
    disk::DiskSpec,
    image::Image,
    machine_profile::{os_profile_fits, security_fits},
    machine_write::writable,
    virtual_machine::{Busy, Power, VirtualMachine},
};
use crate::{
    arm::{
        call::{Answer, Call, Reply},
        dispatch::not_found,
        error::ArmError,
        lists::merge,
        operation::{OperationType, Work},
    },
    network::invalid_reference,
    scenario,
    world::{Event, GuestChange, World},
};

/// What the new machine starts from.
enum Origin {
    Image(Image),
    /// The OS disk exists; its id as it is kept.
    Disk(Image, String),
}

impl Origin {
    fn image(&self) -> &Image {
        match self {
            Self::Image(image) | Self::Disk(image, _) => image,
        }
    }
}

fn missing(parameter: &str) -> ArmError {
    ArmError::parameter(parameter, format!("Required parameter '{parameter}' is missing (null)."))
}

/// A disk that a machine is to get, with the record that comes with it unless it exists.
struct NewDisk {
    id: String,
    spec: Option<DiskSpec>,
}

impl World {
    pub(crate) fn machine_create(&mut self, call: &Call<'_>, location: &str, tags: BTreeMap<String, String>) -> Answer {
        let group = self.groups.get(&call.address.group_key()).cloned().ok_or_else(|| not_found(call.address))?;
        let mut properties = writable(&call.body["properties"]);
        let size = properties["hardwareProfile"]["vmSize"].as_str().unwrap_or("Standard_DS1_v2").to_owned();
        let origin = self.machine_origin(call, &properties["storageProfile"], location)?;
        let image = origin.image();
        os_profile_fits(
            &call.body["properties"]["osProfile"],
            image,
            matches!(origin, Origin::Disk(..)),
            call.address.name(),
        )?;
        security_fits(&properties["securityProfile"], image)?;
        let mut disks = vec![self.os_disk(call, &group.id, &origin, &mut properties["storageProfile"])?];
        disks.extend(self.data_disks(call, &group.id, image, location, &mut properties["storageProfile"])?);
        let held = self.interfaces_for(call, location, &mut properties["networkProfile"])?;
        let ids: Vec<String> = held.iter().map(|(id, _)| id.clone()).collect();
        if let Err(refusal) = self.room_for(&call.address.subscription, location, &size) {
            self.reserve_interfaces(&ids, &call.address.id());
            return Err(refusal);
        }
        properties["hardwareProfile"] = json!({"vmSize": size});
        let reference = &mut properties["storageProfile"]["imageReference"];
        if reference.is_object()
            && let Some(exact) = &image.exact_version
        {
            reference["exactVersion"] = json!(exact);
        }
        if properties["storageProfile"]["diskControllerType"].is_null() {
            properties["storageProfile"]["diskControllerType"] = json!("SCSI");
        }

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
        let mut machine = VirtualMachine::seeded(self, &group, &seed);
        machine.id = call.address.id();
        machine.properties = properties;
        machine.guest.contents = image.contents.clone();
        machine.extra = ["zones", "plan", "identity"]
            .into_iter()
            .filter(|field| !call.body[*field].is_null())
            .map(|field| (field.to_owned(), call.body[field].clone()))
            .collect();
        machine.provisioning_state = "Creating";
        machine.power = Power::Starting;
        machine.stopped_by_platform = false;

        let unprepared = matches!(origin, Origin::Image(_)) && image.generalized && !image.contents.deprovisioned;
        machine.fate =
            self.allocation_failure(location, &size).or_else(|| unprepared.then(|| not_prepared(call.address.name())));
        for NewDisk { id, spec } in disks {
            if let Some(spec) = spec {
                self.disk_appears(&id, location, BTreeMap::new(), spec);
            }
        }
        for (id, properties) in held {
            if let Some(properties) = properties {
                self.network_appears(&id, location, BTreeMap::new(), properties);
            }
        }
        Ok(self.machine_creation_begins(call, machine, unprepared))
    }

    fn machine_creation_begins(&mut self, call: &Call<'_>, mut machine: VirtualMachine, unprepared: bool) -> Reply {
        let key = call.address.key();
        let boots = self.durations.create_virtual_machine;
        let waits = unprepared && machine.fate.as_ref().is_some_and(|fate| fate.code == "OSProvisioningTimedOut");
        if waits {
            let event = Event::Guest { machine: key.clone(), boot: machine.guest.boot, change: GuestChange::Starts };
            self.plan(boots, event);
        }
        let seconds = if waits { self.durations.os_provisioning_timeout } else { boots };
        let work = Work::MachineCreated { machine: key.clone() };
        let operation =
            self.begin(OperationType::Compute, &call.address.subscription, &machine.location, work, Some(seconds));
        machine.busy = Some(Busy { operation, towards: None });
        let (view, etag) = (machine.view(), machine.etag());
        self.machines.insert(key, machine);
        Reply { etag: Some(etag), ..Reply::written(true, view, operation) }
    }

    fn machine_origin(&self, call: &Call<'_>, profile: &Value, location: &str) -> Result<Origin, ArmError> {
        if !profile.is_object() {
            return Err(missing("storageProfile"));
        }
        let os_disk = &profile["osDisk"];
        if !os_disk["createOption"].as_str().is_some_and(|option| option.eq_ignore_ascii_case("Attach")) {
            if !profile["imageReference"].is_object() {
                return Err(missing("imageReference"));
            }
            return Ok(Origin::Image(self.image(call, &profile["imageReference"], location)?));
        }
        if profile["imageReference"].is_object() {
            return Err(ArmError::parameter("imageReference", "Parameter 'imageReference' is not allowed."));
        }
        let id = os_disk["managedDisk"]["id"].as_str().ok_or_else(|| missing("osDisk.managedDisk.id"))?;
        let os_type = os_disk["osType"].as_str().ok_or_else(|| missing("osDisk.osType"))?;
        self.disk_is_free(call, id, location)?;
        let Some(disk) = self.disks.get(&id.to_lowercase()) else { return Err(not_found(call.address)) };
        let text = |value: &Value, default: &str| value.as_str().unwrap_or(default).to_owned();
        let image = Image {
            os_type: os_type.to_owned(),
            hyper_v_generation: text(&disk.properties["hyperVGeneration"], "V1"),
            architecture: text(&disk.properties["supportedCapabilities"]["architecture"], "x64"),
            generalized: false,
            security_type: text(&disk.properties["securityProfile"]["securityType"], "TrustedLaunchSupported"),
            size_gb: disk.size_gb(),
            data_disks: Vec::new(),
            contents: disk.contents.clone().unwrap_or_default(),
            exact_version: None,
        };
        Ok(Origin::Disk(image, disk.id.clone()))
    }

    /// A disk that is to be attached: there, here, and nobody else's.
    fn disk_is_free(&self, call: &Call<'_>, id: &str, location: &str) -> Result<(), ArmError> {
        let disk = self.disks.get(&id.to_lowercase()).filter(|disk| disk.location == location && !disk.is_snapshot());
        let disk = disk.ok_or_else(|| {
            ArmError::new(
                StatusCode::NOT_FOUND,
                "NotFound",
                format!("Managed disk {id} was not found in '{location}'."),
            )
        })?;
        self.linked(call, "Microsoft.Compute/disks/write", id)?;
        match self.disk_holder(id) {
            Some(machine) => Err(ArmError::conflict(
                "ConflictingUserInput",
                format!("Disk '{}' cannot be attached as the disk is already owned by VM '{}'.", disk.id, machine.id),
            )),
            None => Ok(()),
        }
    }

    fn os_disk(&self, call: &Call<'_>, group: &str, origin: &Origin, profile: &mut Value) -> Result<NewDisk, ArmError> {
        let (name, image) = (call.address.name(), origin.image());
        let disk = &mut profile["osDisk"];
        if !disk.is_object() {
            *disk = json!({});
        }
        merge_defaults(disk, &json!({"osType": image.os_type, "caching": "ReadWrite", "deleteOption": "Detach"}));
        if let Origin::Disk(_, id) = origin {
            disk["diskSizeGB"] = json!(image.size_gb);
            disk["name"] = json!(crate::arm::address::last_name(id));
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
        properties["diskSizeGB"] = json!(size);
        let reference = profile["imageReference"]["id"].as_str();
        if let Some(reference) = reference.filter(|id| id.to_lowercase().contains("/galleries/")) {
            properties["creationData"]["galleryImageReference"] = json!({"id": reference});
        }
        self.new_disk(call, id, DiskSpec { sku, properties, contents: Some(image.contents.clone()) })
    }

    fn new_disk(&self, call: &Call<'_>, id: String, spec: DiskSpec) -> Result<NewDisk, ArmError> {
        self.linked(call, "Microsoft.Compute/disks/write", &id)?;
        if self.disks.contains_key(&id.to_lowercase()) {
            let text = format!("Disk {id} already exists. Please choose another name or attach the disk.");
            return Err(ArmError::conflict("ConflictingUserInput", text));
        }
        Ok(NewDisk { id, spec: Some(spec) })
    }

    /// Data disks that the body lists, and those of the image that it does not list.
    fn data_disks(
        &self,
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
        let wrong = |message: String| ArmError::parameter("dataDisks", message);
        let mut disks = Vec::new();
        let mut luns = std::collections::BTreeSet::new();
        for disk in &mut listed {
            let lun = disk["lun"].as_u64().ok_or_else(|| missing("dataDisk.lun"))?;
            if !luns.insert(lun) {
                return Err(wrong(format!("Cannot attach data disk with LUN {lun} twice: LUNs must be unique.")));
            }
            let option = disk["createOption"].as_str().unwrap_or_default().to_owned();
            merge_defaults(disk, &json!({"caching": "None", "deleteOption": "Detach", "managedDisk": {}}));
            if option.eq_ignore_ascii_case("Attach") {
                let id =
                    disk["managedDisk"]["id"].as_str().ok_or_else(|| missing("dataDisk.managedDisk.id"))?.to_owned();
                self.disk_is_free(call, &id, location)?;
                disk["name"] = json!(crate::arm::address::last_name(&id));
                disks.push(NewDisk { id, spec: None });
                continue;
            }
            let size = if option.eq_ignore_ascii_case("FromImage") {
                let inside = image.data_disks.iter().find(|inside| inside.lun == lun);
                let inside = inside.ok_or_else(|| wrong(format!("The image has no data disk with LUN {lun}.")))?;
                disk["diskSizeGB"].as_u64().unwrap_or(inside.size_gb)
            } else if option.eq_ignore_ascii_case("Empty") {
                disk["diskSizeGB"].as_u64().ok_or_else(|| missing("dataDisk.diskSizeGB"))?
            } else {
                return Err(wrong(format!(
                    "The createOption '{option}' of the data disk with LUN {lun} is not known."
                )));
            };
            let name = format!("{}_disk{}_{lun}", call.address.name(), lun + 2);
            merge_defaults(disk, &json!({"name": name, "diskSizeGB": size}));
            let id = format!("{group}/providers/Microsoft.Compute/disks/{}", disk["name"].as_str().unwrap_or_default());
            let sku = managed(disk, &id, "Premium_LRS");
            let properties = json!({"creationData": {"createOption": option}, "diskSizeGB": size});
            disks.push(self.new_disk(call, id, DiskSpec { sku, properties, contents: None })?);
        }
        profile["dataDisks"] = json!(listed);
        Ok(disks)
    }

    /// Ids of the machine's network interfaces; with properties for those that are made with it.
    fn interfaces_for(
        &self,
        call: &Call<'_>,
        location: &str,
        profile: &mut Value,
    ) -> Result<Vec<(String, Option<Value>)>, ArmError> {
        let machine = call.address.id();
        let mut held = Vec::new();
        for given in profile["networkInterfaces"].as_array().into_iter().flatten() {
            let id = given["id"].as_str().ok_or_else(|| missing("networkInterfaces.id"))?;
            let interface = self.network.get(&id.to_lowercase()).filter(|interface| interface.location == location);
            let interface = interface.ok_or_else(|| invalid_reference(id, &machine))?;
            self.linked(call, "Microsoft.Network/networkInterfaces/join/action", id)?;
            self.interface_is_free(interface, Some(&machine))?;
            held.push((id.to_owned(), None));
        }
        let mut shown = profile["networkInterfaces"].as_array().cloned().unwrap_or_default();
        for given in profile["networkInterfaceConfigurations"].as_array().into_iter().flatten() {
            let name = given["name"].as_str().ok_or_else(|| missing("networkInterfaceConfigurations.name"))?;
            let group = call.address.id().split("/providers/").next().unwrap_or_default().to_owned();
            let id = format!("{group}/providers/Microsoft.Network/networkInterfaces/{name}");
            let properties =
                self.interface_properties(&|subnet| self.may_join(call, subnet), &id, location, &given["properties"])?;
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
}

/// Fills in what is absent.
fn merge_defaults(into: &mut Value, defaults: &Value) {
    let mut whole = defaults.clone();
    merge(&mut whole, into);
    *into = whole;
}

/// Completes `managedDisk`; the answer is the storage of the disk.
fn managed(disk: &mut Value, id: &str, default: &str) -> String {
    let sku = disk["managedDisk"]["storageAccountType"].as_str().unwrap_or(default).to_owned();
    disk["managedDisk"]["storageAccountType"] = json!(sku);
    disk["managedDisk"]["id"] = json!(id);
    sku
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
