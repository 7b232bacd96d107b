//! What a version copies from its source: the system, its size, its data disks (behaviour sections 11 and 17).

use super::source::{Source, not_in_region};
use crate::{
    arm::{address::Address, error::ArmError},
    compute::{
        disk,
        image::{self, Image},
    },
    guest::disk::Contents,
    resources::{
        Resources,
        gallery::Definition,
        image::{ImageDisk, ManagedImage},
        machine::VirtualMachine,
    },
};

/// The content of a new version.
#[derive(Debug)]
pub(super) struct SourceContent {
    pub(super) size_gb: u64,
    pub(super) data_disks: Vec<ImageDisk>,
    pub(super) contents: Contents,
}

const SOURCE: &str = "galleryImageVersion.properties.storageProfile.source";

/// Size of a machine's OS disk, and its data disks.
pub(in crate::compute) fn disks_of_machine(resources: &Resources, machine: &VirtualMachine) -> (u64, Vec<ImageDisk>) {
    let profile = &machine.properties["storageProfile"];
    let data = profile["dataDisks"].as_array().into_iter().flatten();
    let data = data.filter_map(|disk| {
        let kept = disk["managedDisk"]["id"].as_str().and_then(|id| resources.disks.get(&id.to_lowercase()));
        let size_gb = kept.map(crate::resources::disk::Disk::size_gb).or_else(|| disk["diskSizeGB"].as_u64())?;
        Some(ImageDisk { lun: disk["lun"].as_u64()?, size_gb })
    });
    (profile["osDisk"]["diskSizeGB"].as_u64().unwrap_or(30), data.collect())
}

/// Another version or a managed image that `source` names.
fn source_image(resources: &Resources, source: &Source, location: &str) -> Option<Image> {
    let address = Address::parse(source.given["id"].as_str()?)?;
    match address.kind().as_str() {
        "galleries/images/versions" => resources
            .versions
            .get(&address.key())
            .filter(|version| version.publishing.targets.iter().any(|target| target.name == location))
            .map(|version| image::of_version(resources, version)),
        "images" => {
            resources.images.get(&address.key()).filter(|image| image.location == location).map(ManagedImage::image)
        }
        _ => None,
    }
}

/// A source that is no machine: there, and in the region.
pub(super) fn check_other_source(resources: &Resources, source: &Source, location: &str) -> Result<(), ArmError> {
    if let Some(id) = source.disk["id"].as_str() {
        let data = source.data.values().map(|data| data["id"].as_str().unwrap_or_default());
        let is_there =
            |id: &&str| resources.disks.get(&id.to_lowercase()).is_some_and(|disk| disk.location == location);
        return std::iter::once(id).chain(data).find(|id| !is_there(id)).map_or(Ok(()), |id| Err(not_in_region(id)));
    }
    let Some(id) = source.given["id"].as_str() else { return Ok(()) };
    source_image(resources, source, location).map(|_| ()).ok_or_else(|| not_in_region(id))
}

/// A source that is no machine and is there: fit for the definition.
pub(super) fn other_source_fits(
    resources: &Resources,
    source: &Source,
    location: &str,
    definition: &Definition,
) -> Result<(), ArmError> {
    let wanted = |field: &str| definition.properties[field].as_str().unwrap_or_default();
    let differs = |id: &str, what: &str, is: &str, should: &str| {
        Err(ArmError::parameter(
            SOURCE,
            format!(
                "The resource with id '{id}' has a different {what} ['{is}'] than the parent gallery image {what} ['{should}']."
            ),
        ))
    };
    if let Some(id) = source.disk["id"].as_str() {
        let disk = resources.disks.get(&id.to_lowercase()).filter(|disk| disk.location == location);
        let disk = disk.ok_or_else(|| not_in_region(id))?;
        let generation = disk.properties["hyperVGeneration"].as_str().unwrap_or("V1");
        if !generation.eq_ignore_ascii_case(wanted("hyperVGeneration")) {
            return differs(id, "Hypervisor generation", generation, wanted("hyperVGeneration"));
        }
        return Ok(());
    }
    let Some(id) = source.given["id"].as_str() else { return Ok(()) };
    let image = source_image(resources, source, location).ok_or_else(|| not_in_region(id))?;
    for (what, is, should) in [
        ("OS type", image.os_type.as_str(), wanted("osType")),
        ("Hypervisor generation", image.hyper_v_generation.as_str(), wanted("hyperVGeneration")),
        ("OS state", if image.generalized { "Generalized" } else { "Specialized" }, wanted("osState")),
    ] {
        if !is.eq_ignore_ascii_case(should) {
            return differs(id, what, is, should);
        }
    }
    Ok(())
}

/// What is in the source at this moment.
pub(super) fn of(resources: &Resources, source: &Source) -> SourceContent {
    if let Some(machine) = source.machine.as_ref().and_then(|machine| resources.machines.get(machine)) {
        let (size_gb, data_disks) = disks_of_machine(resources, machine);
        return SourceContent { size_gb, data_disks, contents: machine.guest.system.disk() };
    }
    let disk = source.disk["id"].as_str().and_then(|id| resources.disks.get(&id.to_lowercase()));
    if let Some(disk) = disk {
        let contents = disk::contents(resources, disk).unwrap_or_else(crate::guest::linux::pristine);
        let data = source.data.iter().filter_map(|(lun, source)| {
            let disk = resources.disks.get(&source["id"].as_str()?.to_lowercase())?;
            Some(ImageDisk { lun: *lun, size_gb: disk.size_gb() })
        });
        return SourceContent { size_gb: disk.size_gb(), data_disks: data.collect(), contents };
    }
    let version = source.given["id"].as_str().and_then(|id| resources.versions.get(&id.to_lowercase()));
    let image = version.map(|version| image::of_version(resources, version)).or_else(|| {
        let id = source.given["id"].as_str()?.to_lowercase();
        resources.images.get(&id).map(ManagedImage::image)
    });
    image.map_or(
        SourceContent { size_gb: 30, data_disks: Vec::new(), contents: crate::guest::linux::pristine() },
        |image| SourceContent { size_gb: image.size_gb, data_disks: image.data_disks, contents: image.contents },
    )
}
