//! Disk encryption sets of a version's target regions (behaviour section 11).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{
    arm::{address::Address, body::in_azures_case, error::ArmError},
    resources::{Resources, gallery::Definition, version::Target},
};

const TARGETS: &str = "galleryImageVersion.properties.publishingProfile.targetRegions";
const PLACE: &str = "galleryImageVersion.properties.publishingProfile.targetRegions.encryption";

/// Disks of a target region that a disk encryption set is given for, with its id; `None` is the operating system disk, a number
/// a data disk's LUN.
fn keyed(target: &Target) -> BTreeMap<Option<u64>, &str> {
    let data = target.encryption["dataDiskImages"].as_array().into_iter().flatten();
    let data = data.map(|disk| (Some(disk["lun"].as_u64().unwrap_or_default()), disk));
    std::iter::once((None, &target.encryption["osDiskImage"]))
        .chain(data)
        .filter_map(|(lun, disk)| Some((lun, disk["diskEncryptionSetId"].as_str().filter(|id| !id.is_empty())?)))
        .collect()
}

/// Does the target region name this disk encryption set, whose key it is?
pub(super) fn uses(target: &Target, key: &str) -> bool {
    keyed(target).into_values().any(|id| id.eq_ignore_ascii_case(key))
}

/// The encryption of a region as Azure keeps it.
pub(super) fn completed(given: &Value) -> Value {
    const TYPES: [&str; 4] =
        ["EncryptedVMGuestStateOnlyWithPmk", "EncryptedWithPmk", "EncryptedWithCmk", "NonPersistedTPM"];
    let mut encryption = given.clone();
    if let Some(disk) = encryption.get_mut("osDiskImage").filter(|disk| disk.is_object()) {
        if disk["securityProfile"].is_null() {
            disk["securityProfile"] = json!({});
        }
        in_azures_case(disk, "/securityProfile/confidentialVMEncryptionType", &TYPES);
    }
    encryption
}

fn named(lun: Option<u64>) -> String {
    lun.map_or_else(|| "OSDisk".to_owned(), |lun| format!("DataDisk with LUN {lun}"))
}

fn refuse(message: String) -> Result<(), ArmError> {
    Err(ArmError::parameter(PLACE, message))
}

/// A disk has a disk encryption set in each region or in none; a shallow version has none at all.
pub(super) fn same_everywhere(targets: &[Target], shallow: bool) -> Result<(), ArmError> {
    for with in targets {
        let disks = keyed(with);
        if shallow && !disks.is_empty() {
            return refuse(
                "A disk encryption set is not supported for gallery image versions with the replication mode 'Shallow'."
                    .to_owned(),
            );
        }
        for lun in disks.into_keys() {
            if let Some(without) = targets.iter().find(|target| !keyed(target).contains_key(&lun)) {
                return refuse(format!(
                    "A disk encryption set is required for disk '{}' in target region '{}' since it is given for the same \
                     disk in target region '{}'.",
                    named(lun),
                    without.name,
                    with.name
                ));
            }
        }
    }
    Ok(())
}

/// Each region of a confidential image says how it is encrypted, and only images without a kept TPM state leave the home region.
pub(super) fn confidential(definition: &Definition, targets: &[Target], home: &str) -> Result<(), ArmError> {
    if !definition.feature("SecurityType").is_some_and(|kind| kind.eq_ignore_ascii_case("ConfidentialVM")) {
        return Ok(());
    }
    let types = targets.iter().map(|target| {
        let profile = &target.encryption["osDiskImage"]["securityProfile"];
        (target, profile["confidentialVMEncryptionType"].as_str().unwrap_or_default())
    });
    for (target, kind) in types {
        if kind.is_empty() {
            return Err(ArmError::parameter(
                TARGETS,
                "The regional encryption.osDiskImage.securityProfile.type must be specified when the SecurityType of the image \
                 definition is ConfidentialVM.",
            ));
        }
        if target.name != home && !kind.eq_ignore_ascii_case("NonPersistedTPM") {
            return Err(ArmError::parameter(
                TARGETS,
                format!(
                    "Only the home region '{home}' can be specified as a target region for Images with the ConfidentialVM \
                     feature unless the Confidential VM encryption type is set to 'NonPersistedTPM'."
                ),
            ));
        }
    }
    Ok(())
}

/// Is each disk encryption set there, in the gallery's subscription and in its target region, and each LUN one of the
/// source's data disks?
pub(super) fn check(
    resources: &Resources,
    targets: &[Target],
    subscription: &str,
    data_disks: &BTreeSet<u64>,
) -> Result<(), ArmError> {
    for target in targets {
        for (lun, id) in keyed(target) {
            if let Some(lun) = lun.filter(|lun| !data_disks.contains(lun)) {
                return refuse(format!(
                    "The data disk encryption for LUN {lun} in target region '{}' does not match a data disk of the source.",
                    target.name
                ));
            }
            let address = Address::parse(id).filter(|address| address.kind() == "diskencryptionsets");
            let Some(address) = address else {
                return refuse(format!("'{id}' is not the resource id of a disk encryption set."));
            };
            if !address.subscription.eq_ignore_ascii_case(subscription) {
                return refuse(format!(
                    "The disk encryption set '{id}' must be in the same subscription '{subscription}' as the gallery \
                     resource."
                ));
            }
            let set = resources.encryption_sets.get(&address.key());
            if set.is_none_or(|set| set.location != target.name) {
                return refuse(format!(
                    "The disk encryption set '{id}' in target region '{}' was not found.",
                    target.name
                ));
            }
        }
    }
    Ok(())
}
