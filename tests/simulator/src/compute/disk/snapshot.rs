//! What is different about snapshots (behaviour section 16; "Create an incremental snapshot for managed disks").

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    arm::{error::ArmError, records::writable},
    clock::later,
    resources::{Resources, disk::Disk},
};

/// Kinds of storage of snapshots.
pub(super) const STORAGE: [&str; 3] = ["Standard_LRS", "Premium_LRS", "Standard_ZRS"];

/// How many incremental snapshots there may be of one disk.
const INCREMENTAL_OF_A_DISK: usize = 500;

/// Storage of disks of which there are only incremental snapshots, and whose data is copied after the creation.
fn copies_later(storage: &str) -> bool {
    matches!(storage, "UltraSSD_LRS" | "PremiumV2_LRS")
}

/// Completes the properties of a new snapshot; the answer is when its data is all there, where that isn't at once.
pub(super) fn begins(
    resources: &mut Resources,
    properties: &mut Value,
    storage_of_source: &str,
) -> Result<Option<Timestamp>, ArmError> {
    let incremental = properties["incremental"].as_bool().unwrap_or(false);
    properties["incremental"] = json!(incremental);
    if !incremental {
        if copies_later(storage_of_source) {
            return Err(ArmError::not_allowed(format!(
                "Only incremental snapshots can be made of disks with the account type '{storage_of_source}'."
            )));
        }
        return Ok(None);
    }
    let source = properties["creationData"]["sourceResourceId"].as_str().unwrap_or_default().to_lowercase();
    let of_the_same = || {
        resources.disks.values().filter(|other| {
            let id = other.properties["creationData"]["sourceResourceId"].as_str().unwrap_or_default();
            other.is_snapshot() && other.properties["incremental"] == true && id.eq_ignore_ascii_case(&source)
        })
    };
    if of_the_same().count() >= INCREMENTAL_OF_A_DISK {
        return Err(ArmError::new(
            StatusCode::CONFLICT,
            "SnapshotsLimitReached",
            "The snapshot count was exceeded for a disk. Please retry the request after sometime.",
        ));
    }
    let family = of_the_same().find_map(|other| other.properties["incrementalSnapshotFamilyId"].as_str());
    let family = family.and_then(|family| family.parse::<Uuid>().ok());
    properties["incrementalSnapshotFamilyId"] = json!(family.unwrap_or_else(|| resources.guid()));
    let seconds = resources.durations.snapshot_copy;
    Ok(copies_later(storage_of_source).then(|| later(resources.now, seconds)))
}

/// What a snapshot shows besides what disks do.
pub(super) fn show(snapshot: &Disk, properties: &mut Value, now: Timestamp) {
    if snapshot.properties["incremental"] == true {
        properties["completionPercent"] = json!(percent(snapshot, now));
    }
}

fn percent(snapshot: &Disk, now: Timestamp) -> f64 {
    let Some(end) = snapshot.complete_at.filter(|end| now < *end) else { return 100.0 };
    let (done, whole) =
        (now.duration_since(snapshot.created).as_secs_f64(), end.duration_since(snapshot.created).as_secs_f64());
    (done / whole * 100.0).floor().clamp(0.0, 99.0)
}

/// Refuses to copy a disk or snapshot that is being written or deleted, or whose data isn't all there.
pub(super) fn source_is_ready(resources: &Resources, source: &Disk) -> Result<(), ArmError> {
    writable(source.provisioning_state, "Copy", &source.name)?;
    if source.complete_at.is_some_and(|end| resources.now < end) {
        return Err(ArmError::not_allowed(format!(
            "Snapshot {} can be used when its completionPercent is 100; it is {}.",
            source.id,
            percent(source, resources.now)
        )));
    }
    Ok(())
}

/// `incremental` never changes.
pub(super) fn stays_as_it_is(disk: &Disk, given: &Value) -> Result<(), ArmError> {
    let wanted = &given["incremental"];
    if disk.is_snapshot() && !wanted.is_null() && *wanted != disk.properties["incremental"] {
        return Err(ArmError::property_change("incremental"));
    }
    Ok(())
}
