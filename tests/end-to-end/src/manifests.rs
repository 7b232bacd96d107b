//! Objects as users write them.

use serde_json::{Value, json};

use crate::azure::Azure;

/// An image version of `ubuntu-web` in `corpGallery`, from a machine of which no snapshot is kept, with the label `tier: prod`.
pub fn image_version(azure: &Azure, name: &str, version: &str, machine: &str) -> Value {
    json!({
        "apiVersion": "azimage.dev/v1alpha1",
        "kind": "ImageVersion",
        "metadata": {"name": name, "labels": {"tier": "prod"}},
        "spec": {
            "gallery": {"subscriptionId": azure.subscription, "resourceGroup": "images", "name": "corpGallery"},
            "definition": "ubuntu-web",
            "version": version,
            "source": {"virtualMachine": {
                "resourceId": azure.machine(machine), "capture": "InPlace", "inPlace": {"keepDiskSnapshotFor": "0s"},
            }},
        },
    })
}

/// An image version of `ubuntu-web` in `corpGallery`, from a copy of a machine.
pub fn clone(azure: &Azure, name: &str, version: &str, machine: &str) -> Value {
    let mut object = image_version(azure, name, version, machine);
    object["spec"]["source"]["virtualMachine"] = json!({"resourceId": azure.machine(machine)});
    object["spec"]["workspace"] = json!({
        "resourceGroup": "image-work",
        "subnets": [{"region": "West Europe", "resourceId": azure.subnet()}],
    });
    object
}

/// An image version of `ubuntu-web` in `corpGallery` that copies another version.
pub fn copy(azure: &Azure, name: &str, version: &str, source: &str) -> Value {
    let mut object = image_version(azure, name, version, "none");
    object["spec"]["source"] = json!({"imageVersion": {"resourceId": source}});
    object
}

/// An image version of `ubuntu-web` in `corpGallery` from a managed image.
pub fn from_image(azure: &Azure, name: &str, version: &str, image: &str) -> Value {
    let mut object = image_version(azure, name, version, "none");
    object["spec"]["source"] = json!({"managedImage": {"resourceId": azure.compute(&format!("images/{image}"))}});
    object
}

/// An image version of `ubuntu-web` in `corpGallery` from a system's disk and others with data from LUN 1 on, each by its kind
/// and name, such as `snapshots/os`.
pub fn from_disks(azure: &Azure, name: &str, version: &str, disks: &[&str]) -> Value {
    let mut object = image_version(azure, name, version, "none");
    let id = |disk: &&str| azure.compute(disk);
    let data = disks.iter().enumerate().skip(1).map(|(lun, disk)| json!({"lun": lun, "resourceId": id(disk)}));
    object["spec"]["source"] = json!({"disks": {
        "osDisk": {"resourceId": disks.first().map(id)},
        "dataDisks": data.collect::<Vec<_>>(),
        "prepare": "AlreadyGeneralized",
    }});
    object
}

/// A replication target for all versions with the label `tier: prod`.
pub fn target(name: &str, region: &str) -> Value {
    json!({
        "apiVersion": "azimage.dev/v1alpha1",
        "kind": "ReplicationTarget",
        "metadata": {"name": name},
        "spec": {"region": region, "imageSelector": {"matchLabels": {"tier": "prod"}}},
    })
}

/// A replication target for one version.
pub fn target_by_name(name: &str, region: &str, version: &str) -> Value {
    let mut object = target(name, region);
    object["spec"] = json!({"region": region, "imageVersionName": version});
    object
}

/// An image definition of `corpGallery` that is made and kept.
pub fn definition(azure: &Azure, object: &str, name: &str) -> Value {
    json!({
        "apiVersion": "azimage.dev/v1alpha1",
        "kind": "ImageDefinition",
        "metadata": {"name": object},
        "spec": {
            "gallery": {"subscriptionId": azure.subscription, "resourceGroup": "images", "name": "corpGallery"},
            "name": name,
            "properties": {
                "osType": "Linux",
                "identifier": {"publisher": "corp", "offer": "ubuntu", "sku": name},
                "description": "Web servers",
            },
        },
    })
}

/// A manifest with a value set by its JSON pointer, parents included.
pub fn with(mut manifest: Value, pointer: &str, value: Value) -> Value {
    let mut place = &mut manifest;
    for part in pointer.trim_start_matches('/').split('/') {
        if place.is_null() {
            *place = json!({});
        }
        place = &mut place[part.replace("~1", "/").as_str()];
    }
    *place = value;
    manifest
}
