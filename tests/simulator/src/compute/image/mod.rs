//! All that machines and disks are made from: platform images, image versions, managed images (behaviour section 17).

pub(crate) mod managed;

use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    arm::{address::Address, call::Call, error::ArmError, rights},
    guest::disk::Contents,
    resources::{
        Resources,
        image::ImageDisk,
        version::{ImageVersion, RegionState},
    },
};

/// What is in an image, wherever it is kept.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Image {
    pub(crate) os_type: String,
    pub(crate) hyper_v_generation: String,
    pub(crate) architecture: String,
    pub(crate) generalized: bool,
    /// The feature `SecurityType`, or `Standard`.
    pub(crate) security_type: String,
    pub(crate) size_gb: u64,
    pub(crate) data_disks: Vec<ImageDisk>,
    pub(crate) contents: Contents,
    /// Which version it is, where there are versions.
    pub(crate) exact_version: Option<String>,
}

impl Image {
    /// What a disk shows of the image that it was made from.
    pub(crate) fn disk_properties(&self) -> Value {
        json!({
            "osType": self.os_type,
            "hyperVGeneration": self.hyper_v_generation,
            "supportedCapabilities": {"architecture": self.architecture, "acceleratedNetwork": true, "diskControllerTypes": "SCSI, NVMe"},
        })
    }
}

fn absent(message: String) -> ArmError {
    ArmError::new(StatusCode::NOT_FOUND, "GalleryImageNotFound", message)
}

/// `Major.Minor.Patch` as numbers, so that 1.10.0 is later than 1.9.0.
fn numbers(name: &str) -> Vec<u32> {
    name.split('.').filter_map(|part| part.parse().ok()).collect()
}

fn usable_in(version: &ImageVersion, location: &str) -> bool {
    version.provisioning_state != "Deleting"
        && version.regions.iter().any(|region| region.name == location && region.state == RegionState::Completed)
}

/// The region's own flag counts where it has one.
fn candidate_in(version: &ImageVersion, location: &str) -> bool {
    let target = version.publishing.targets.iter().find(|target| target.name == location);
    let regional = target.and_then(|target| target.exclude_from_latest);
    !regional.unwrap_or(version.publishing.exclude_from_latest)
}

/// The image that `reference` names, for something in `location`, if the caller may read it.
pub(crate) fn find(
    resources: &Resources,
    call: &Call<'_>,
    reference: &Value,
    location: &str,
) -> Result<Image, ArmError> {
    let Some(id) = reference["id"].as_str().filter(|id| !id.is_empty()) else {
        return platform_image(reference);
    };
    let address = Address::parse(id);
    let wrong = || ArmError::parameter("imageReference.id", format!("'{id}' is not the resource id of an image."));
    let address = address.ok_or_else(wrong)?;
    match address.kind().as_str() {
        "galleries/images/versions" => {
            rights::linked(resources, call, "Microsoft.Compute/galleries/images/versions/read", id)?;
            let version = resources.versions.get(&address.key()).filter(|version| usable_in(version, location));
            version.map(|version| of_version(resources, version)).ok_or_else(|| not_in_region(id, location))
        }
        "galleries/images" => {
            rights::linked(resources, call, "Microsoft.Compute/galleries/images/read", id)?;
            let latest = latest_version(resources, &address, location)?;
            rights::linked(resources, call, "Microsoft.Compute/galleries/images/versions/read", &latest.id)?;
            Ok(of_version(resources, latest))
        }
        "images" => {
            rights::linked(resources, call, "Microsoft.Compute/images/read", id)?;
            let image = resources.images.get(&address.key()).filter(|image| image.location == location);
            let image = image.ok_or_else(|| {
                let text = format!("The Image '{id}' cannot be found in '{location}' region.");
                ArmError::new(StatusCode::NOT_FOUND, "NotFound", text)
            })?;
            Ok(image.image())
        }
        _ => Err(wrong()),
    }
}

fn latest_version<'r>(
    resources: &'r Resources,
    definition: &Address,
    location: &str,
) -> Result<&'r ImageVersion, ArmError> {
    let prefix = format!("{}/versions/", definition.key());
    let of_definition =
        || resources.versions.iter().filter(|(key, _)| key.starts_with(&prefix)).map(|(_, version)| version);
    of_definition()
        .filter(|version| usable_in(version, location) && candidate_in(version, location))
        .max_by_key(|version| numbers(&version.name))
        .ok_or_else(|| {
            let id = definition.id();
            if of_definition().any(|version| usable_in(version, &version.location) && candidate_in(version, location)) {
                not_in_region(&id, location)
            } else {
                absent(format!("There is no latest image version exists for {id}"))
            }
        })
}

pub(crate) fn of_version(resources: &Resources, version: &ImageVersion) -> Image {
    let definition = Address::parse(&version.id).and_then(|address| resources.definitions.get(&address.parent().key()));
    let text = |field: &str, default: &str| {
        definition.and_then(|definition| definition.properties[field].as_str()).unwrap_or(default).to_owned()
    };
    Image {
        os_type: text("osType", "Linux"),
        hyper_v_generation: text("hyperVGeneration", "V1"),
        architecture: text("architecture", "x64"),
        generalized: text("osState", "Generalized").eq_ignore_ascii_case("Generalized"),
        security_type: definition
            .and_then(|definition| definition.feature("SecurityType"))
            .unwrap_or("Standard")
            .to_owned(),
        size_gb: version.disk_size_gb,
        data_disks: version.data_disks.clone(),
        contents: version.contents.clone(),
        exact_version: Some(version.name.clone()),
    }
}

fn not_in_region(id: &str, location: &str) -> ArmError {
    absent(format!(
        "The gallery image {id} is not available in {location} region. Please contact image owner to replicate to this \
         region, or change your requested region."
    ))
}

/// A marketplace image: any publisher, offer and sku is taken to exist.
fn platform_image(reference: &Value) -> Result<Image, ArmError> {
    for part in ["publisher", "offer", "sku", "version"] {
        if reference[part].as_str().is_none_or(str::is_empty) {
            let target = "imageReference";
            return Err(ArmError::parameter(
                target,
                format!("Required parameter '{target}.{part}' is missing (null)."),
            ));
        }
    }
    let windows = reference["publisher"].as_str().is_some_and(|publisher| publisher.starts_with("MicrosoftWindows"));
    let version = reference["version"].as_str().unwrap_or_default();
    let arm = reference["sku"].as_str().is_some_and(|sku| sku.to_lowercase().contains("arm64"));
    Ok(Image {
        os_type: if windows { "Windows" } else { "Linux" }.to_owned(),
        hyper_v_generation: "V2".to_owned(),
        architecture: if arm { "Arm64" } else { "x64" }.to_owned(),
        generalized: true,
        security_type: "TrustedLaunchSupported".to_owned(),
        size_gb: if windows { 127 } else { 30 },
        data_disks: Vec::new(),
        contents: crate::guest::linux::pristine(),
        exact_version: Some(if version == "latest" { "24.04.202601010" } else { version }.to_owned()),
    })
}
