//! Creating and changing managed disks and snapshots (behaviour section 16).

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{quota, snapshot};
use crate::{
    arm::{
        body::{echo, in_azures_case, merge},
        call::{Answer, Call, Reply, RetryAfter},
        error::ArmError,
        records::{self, writable},
        refusals::not_found,
        rights, tags,
    },
    compute::{image, restore_point},
    guest::disk::Contents,
    resources::{
        Resources,
        disk::{Disk, Habits},
        record::RecordKind,
    },
};

const READ_ONLY: [&str; 12] = [
    "completionPercent",
    "copyCompletionError",
    "incrementalSnapshotFamilyId",
    "snapshotAccessState",
    "provisioningState",
    "timeCreated",
    "uniqueId",
    "diskState",
    "diskSizeBytes",
    "diskIOPSReadOnly",
    "propertyUpdatesInProgress",
    "encryptionSettings",
];
/// The largest disk in GiB.
const LARGEST: u64 = 65_536;

/// Kinds of storage.
pub(in crate::compute) const STORAGE: [&str; 7] = [
    "Standard_LRS",
    "StandardSSD_LRS",
    "StandardSSD_ZRS",
    "Premium_LRS",
    "Premium_ZRS",
    "PremiumV2_LRS",
    "UltraSSD_LRS",
];

/// Enumerations are kept in Azure's spelling.
fn in_azures_spelling(given: &mut Value) {
    in_azures_case(given, "/creationData/createOption", &["Empty", "Copy", "Restore", "FromImage", "Attach"]);
    in_azures_case(given, "/osType", &["Linux", "Windows"]);
    in_azures_case(given, "/hyperVGeneration", &["V1", "V2"]);
}

/// What a disk inherits from where it is copied from.
struct Origin {
    size_gb: u64,
    properties: Value,
    contents: Option<Contents>,
    habits: Option<Habits>,
    /// Its storage and its `uniqueId`, where a disk or snapshot is the source.
    source: Option<(String, Uuid)>,
}

fn not_there(id: &str) -> ArmError {
    ArmError::new(StatusCode::NOT_FOUND, "NotFound", format!("Resource {id} is not found."))
}

fn other_region(id: &str, location: &str) -> ArmError {
    ArmError::parameter(
        "disk.creationData.sourceResourceId",
        format!("The source '{id}' is not in the location '{location}' of the resource that is made from it."),
    )
}

fn out_of_range(size: u64, least: u64) -> ArmError {
    ArmError::parameter(
        "disk.diskSizeGb",
        format!(
            "The value '{size}' of disk parameter 'diskSizeGb' is out of range. The value must be between '{least}' and \
             '{LARGEST}', inclusive."
        ),
    )
}

/// Properties that a copy has in common with its source.
const INHERITED: [&str; 7] = [
    "osType",
    "hyperVGeneration",
    "supportedCapabilities",
    "securityProfile",
    "encryptionSettingsCollection",
    "purchasePlan",
    "encryption",
];

fn inherited(source: &Disk) -> Value {
    let mut properties = json!({});
    for field in INHERITED {
        if !source.properties[field].is_null() {
            properties[field] = source.properties[field].clone();
        }
    }
    properties
}

fn origin(
    resources: &Resources,
    call: &Call<'_>,
    creation: &Value,
    location: &str,
) -> Result<Option<Origin>, ArmError> {
    let wrong = |message: String| ArmError::parameter("disk.creationData.createOption", message);
    let option = creation["createOption"].as_str().unwrap_or_default();
    let snapshot = call.address.kind() == "snapshots";
    match option.to_lowercase().as_str() {
        "empty" if !snapshot => Ok(None),
        "copy" => {
            let id = creation["sourceResourceId"].as_str().unwrap_or_default();
            let source = resources.disks.get(&id.to_lowercase()).ok_or_else(|| not_there(id))?;
            if source.location != location {
                return Err(other_region(id, location));
            }
            let kind = if source.is_snapshot() { "snapshots" } else { "disks" };
            rights::linked(resources, call, &format!("Microsoft.Compute/{kind}/beginGetAccess/action"), &source.id)?;
            snapshot::source_is_ready(resources, source)?;
            Ok(Some(Origin {
                size_gb: source.size_gb(),
                properties: inherited(source),
                contents: super::contents(resources, source),
                habits: super::habits(resources, source),
                source: Some((source.sku.clone(), source.unique_id)),
            }))
        }
        "restore" if !snapshot => {
            let id = creation["sourceResourceId"].as_str().unwrap_or_default();
            let (point, id, held) = restore_point::disk::find(resources, id).ok_or_else(|| not_there(id))?;
            if point.location != location {
                return Err(other_region(id, location));
            }
            let action =
                "Microsoft.Compute/restorePointCollections/restorePoints/diskRestorePoints/beginGetAccess/action";
            rights::linked(resources, call, action, id)?;
            restore_point::disk::is_ready(point)?;
            Ok(Some(Origin {
                size_gb: held.size_gb(),
                properties: inherited(held),
                contents: held.contents.clone(),
                habits: held.habits.clone(),
                source: Some((held.sku.clone(), held.unique_id)),
            }))
        }
        "fromimage" if !snapshot => {
            let gallery = &creation["galleryImageReference"];
            let reference = if gallery.is_object() { gallery } else { &creation["imageReference"] };
            let image = image::find(resources, call, reference, location)?;
            let Some(lun) = reference["lun"].as_u64() else {
                return Ok(Some(Origin {
                    size_gb: image.size_gb,
                    properties: image.disk_properties(),
                    contents: Some(image.contents),
                    habits: None,
                    source: None,
                }));
            };
            let data = image.data_disks.iter().find(|disk| disk.lun == lun).ok_or_else(|| {
                ArmError::parameter("disk.creationData.lun", format!("The image has no data disk with lun {lun}."))
            })?;
            Ok(Some(Origin {
                size_gb: data.size_gb,
                properties: json!({}),
                contents: None,
                habits: None,
                source: None,
            }))
        }
        "" => Err(wrong("Required parameter 'disk.creationData.createOption' is missing (null).".to_owned())),
        _ => Err(wrong(format!("The value '{option}' of parameter 'createOption' is not supported here."))),
    }
}

pub(crate) fn put(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let key = call.address.key();
    let location = call.location()?;
    let tags = tags::from_body(&call.body)?.unwrap_or_default();
    let mut given = crate::arm::body::properties(&call.body["properties"], &READ_ONLY);
    in_azures_spelling(&mut given);
    let sku = storage(call)?;
    let Some(disk) = resources.disks.get(&key) else {
        create(resources, call, location, tags, &given, sku)?;
        return Ok(Reply { body: Some(echo(&call.body)), ..write_begins(resources, &key, true) });
    };
    if disk.location != location {
        return Err(tags::other_location(&disk.id, &disk.location, &location));
    }
    let before = &disk.properties["creationData"];
    for field in ["createOption", "sourceResourceId"] {
        let wanted = &given["creationData"][field];
        if !wanted.is_null() && !same_text(wanted, &before[field]) {
            return Err(ArmError::property_change(&format!("creationData.{field}")));
        }
    }
    snapshot::stays_as_it_is(disk, &given)?;
    if let Some(fields) = given.as_object_mut() {
        fields.remove("creationData");
    }
    change(resources, &key, sku.as_deref(), &given, Some(tags))
}

/// The kind of storage that a body asks for.
fn storage(call: &Call<'_>) -> Result<Option<String>, ArmError> {
    let known: &[&str] = if call.address.kind() == "snapshots" { &snapshot::STORAGE } else { &STORAGE };
    let mut sku = call.body["sku"].clone();
    in_azures_case(&mut sku, "/name", known);
    match sku["name"].as_str() {
        Some(name) if !known.contains(&name) => Err(ArmError::parameter(
            "sku.name",
            format!("The value '{name}' of parameter 'sku.name' is not one of {}.", known.join(", ")),
        )),
        name => Ok(name.map(str::to_owned)),
    }
}

/// Stores a new disk or snapshot.
fn create(
    resources: &mut Resources,
    call: &Call<'_>,
    location: String,
    tags: BTreeMap<String, String>,
    given: &Value,
    sku: Option<String>,
) -> Result<(), ArmError> {
    let origin = origin(resources, call, &given["creationData"], &location)?;
    quota::room_for(resources, &call.address.subscription, &location, call.address.kind() == "snapshots")?;
    let sku = sku.unwrap_or_else(|| "Standard_LRS".to_owned());
    let least = origin.as_ref().map_or(if sku == "UltraSSD_LRS" { 4 } else { 1 }, |origin| origin.size_gb);
    let size = match given["diskSizeGB"].as_u64() {
        Some(size) if !(least..=LARGEST).contains(&size) => return Err(out_of_range(size, least)),
        Some(size) => size,
        None if origin.is_some() => least,
        None => {
            let target = "disk.diskSizeGb";
            return Err(ArmError::parameter(target, format!("Required parameter '{target}' is missing (null).")));
        }
    };
    let mut properties = json!({
        "networkAccessPolicy": "AllowAll",
        "publicNetworkAccess": "Enabled",
        "encryption": {"type": "EncryptionAtRestWithPlatformKey"},
        "dataAccessAuthMode": "None",
    });
    let (mut contents, mut habits, mut source) = (None, None, None);
    if let Some(origin) = origin {
        merge(&mut properties, &origin.properties);
        (contents, habits, source) = (origin.contents, origin.habits, origin.source);
    }
    merge(&mut properties, given);
    properties["diskSizeGB"] = json!(size);
    if let Some((_, unique_id)) = &source {
        properties["creationData"]["sourceUniqueId"] = json!(unique_id);
    }
    let mut complete_at = None;
    if call.address.kind() == "snapshots" {
        let storage_of_source = source.as_ref().map_or("", |(storage, _)| storage);
        complete_at = snapshot::begins(resources, &mut properties, storage_of_source)?;
    }
    let record = Disk {
        id: call.address.id(),
        name: call.address.name().to_owned(),
        subscription: call.address.subscription.clone(),
        location,
        tags,
        sku,
        zones: call.body["zones"].clone(),
        properties,
        unique_id: resources.guid(),
        created: resources.now,
        provisioning_state: "Updating",
        operation: Uuid::nil(),
        contents,
        habits,
        complete_at,
    };
    resources.disks.insert(call.address.key(), record);
    Ok(())
}

pub(crate) fn patch(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let key = call.address.key();
    if !resources.disks.contains_key(&key) {
        return Err(not_found(call.address));
    }
    let given = crate::arm::body::properties(&call.body["properties"], &READ_ONLY);
    let tags = tags::from_body(&call.body)?;
    change(resources, &key, call.body["sku"]["name"].as_str(), &given, tags)
}

fn change(
    resources: &mut Resources,
    key: &str,
    sku: Option<&str>,
    given: &Value,
    tags: Option<BTreeMap<String, String>>,
) -> Answer {
    let running =
        super::holder(resources, key).filter(|machine| !machine.stopped_by_platform).map(|machine| machine.id.clone());
    let Some(disk) = resources.disks.get_mut(key) else { return Err(not_there(key)) };
    writable(disk.provisioning_state, "Update Disk", &disk.name)?;
    if let Some(size) = given["diskSizeGB"].as_u64() {
        if size < disk.size_gb() || size > LARGEST {
            return Err(out_of_range(size, disk.size_gb()));
        }
        if let Some(machine) = running.filter(|_| size > disk.size_gb() && disk.properties["osType"].is_string()) {
            return Err(ArmError::not_allowed(format!(
                "Cannot resize disk {} while it is attached to running VM {machine}.",
                disk.name
            )));
        }
    }
    if let Some(sku) = sku {
        sku.clone_into(&mut disk.sku);
    }
    merge(&mut disk.properties, given);
    if let Some(tags) = tags {
        disk.tags = tags;
    }
    disk.provisioning_state = "Updating";
    Ok(write_begins(resources, key, false))
}

/// 202 with the disk as it is going to be, and both addresses.
fn write_begins(resources: &mut Resources, key: &str, created: bool) -> Reply {
    let operation = records::write_begins(resources, RecordKind::Disk, key, resources.durations.disk);
    let view = resources.disks.get(key).map(|disk| super::view(resources, disk));
    Reply { body: view, created, ..Reply::accepted(operation, RetryAfter::Seconds(2)) }
}

fn same_text(one: &Value, other: &Value) -> bool {
    match (one.as_str(), other.as_str()) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        _ => one == other,
    }
}
