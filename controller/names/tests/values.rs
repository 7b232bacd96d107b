//! Azure's enumerations as Azure spells them.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::fmt::{Debug, Display};

use azimage_names::values::{
    Architecture, DiskController, DiskState, ExecutionState, HyperVGeneration, ImageSecurityType, OperationState,
    OsState, OsType, PowerState, Priority, ProvisioningState, ReplicationMode, ReplicationState, SecurityType,
    StorageAccountType, takes_snapshots_at_once,
};
use serde_json::Value;

/// Azure's published type descriptions.
const MACHINES: &str = include_str!("../../../tests/azure-schema/types/virtual-machines.json");
const RUN_COMMANDS: &str = include_str!("../../../tests/azure-schema/types/run-commands.json");
const DISKS: &str = include_str!("../../../tests/azure-schema/types/disks.json");
const VERSIONS: &str = include_str!("../../../tests/azure-schema/types/versions.json");

/// The values that a description gives for a property of a type.
fn described(description: &str, of: &str, property: &str) -> Vec<String> {
    let types: Vec<Value> = serde_json::from_str(description).unwrap();
    let target = |reference: &Value| -> &Value {
        let number = reference["$ref"].as_str().unwrap().trim_start_matches("#/");
        &types[number.parse::<usize>().unwrap()]
    };
    let object = types.iter().find(|object| object["name"] == of).unwrap();
    let elements = target(&object["properties"][property]["type"])["elements"].as_array().unwrap();
    let values = elements.iter().filter_map(|element| target(element)["value"].as_str());
    values.map(ToOwned::to_owned).collect()
}

/// Holds for every enumeration: the spelling, in any letter case, and that an unknown value is kept.
fn check<T>(known: &[T], spelled: &[&str])
where
    T: for<'a> From<&'a str> + Display + Debug + PartialEq + serde::Serialize + serde::de::DeserializeOwned,
{
    let shown: Vec<String> = known.iter().map(ToString::to_string).collect();
    assert_eq!(shown, spelled);
    for (value, text) in known.iter().zip(spelled) {
        let json = Value::from(*text);
        assert_eq!(serde_json::to_value(value).unwrap(), json, "it is written as Azure writes it");
        assert_eq!(&serde_json::from_value::<T>(json).unwrap(), value);
        for other in [text.to_ascii_lowercase(), text.to_ascii_uppercase()] {
            assert_eq!(&T::from(&other), value, "{other}");
        }
    }
    for unknown in ["Levitating", "lEVITATING", ""] {
        let kept = T::from(unknown);
        assert_eq!(kept.to_string(), unknown, "an unknown value is kept");
        assert!(!known.contains(&kept), "{unknown}");
        assert_eq!(serde_json::from_value::<T>(serde_json::to_value(&kept).unwrap()).unwrap(), kept);
    }
}

#[test]
fn each_value_is_spelled_as_azure_spells_it() {
    check(
        ProvisioningState::KNOWN,
        &["Creating", "Updating", "Failed", "Succeeded", "Deleting", "Migrating", "Canceled"],
    );
    check(OperationState::KNOWN, &["InProgress", "Succeeded", "Failed", "Canceled"]);
    check(PowerState::KNOWN, &["starting", "running", "stopping", "stopped", "deallocating", "deallocated", "unknown"]);
    check(
        DiskState::KNOWN,
        &[
            "Unattached",
            "Attached",
            "Reserved",
            "Frozen",
            "ActiveSAS",
            "ActiveSASFrozen",
            "ReadyToUpload",
            "ActiveUpload",
        ],
    );
    check(OsType::KNOWN, &["Linux", "Windows"]);
    check(OsState::KNOWN, &["Generalized", "Specialized"]);
    check(HyperVGeneration::KNOWN, &["V1", "V2"]);
    check(Architecture::KNOWN, &["x64", "Arm64"]);
    check(SecurityType::KNOWN, &["Standard", "TrustedLaunch", "ConfidentialVM"]);
    check(
        ImageSecurityType::KNOWN,
        &[
            "Standard",
            "TrustedLaunchSupported",
            "TrustedLaunch",
            "ConfidentialVmSupported",
            "ConfidentialVM",
            "TrustedLaunchAndConfidentialVmSupported",
        ],
    );
    check(DiskController::KNOWN, &["SCSI", "NVMe"]);
    check(Priority::KNOWN, &["Regular", "Low", "Spot"]);
    check(ExecutionState::KNOWN, &["Unknown", "Pending", "Running", "Failed", "Succeeded", "TimedOut", "Canceled"]);
    check(
        StorageAccountType::KNOWN,
        &["Standard_LRS", "Standard_ZRS", "Premium_LRS", "PremiumV2_LRS", "StandardSSD_LRS"],
    );
    check(ReplicationMode::KNOWN, &["Full", "Shallow"]);
    check(ReplicationState::KNOWN, &["Unknown", "Replicating", "InProgress", "Completed", "Failed"]);
}

#[test]
fn the_spelling_is_that_of_the_published_descriptions() {
    let shown = |known: &[&dyn Display]| known.iter().map(ToString::to_string).collect::<Vec<_>>();
    macro_rules! known {
        ($kind:ty) => {
            shown(&<$kind>::KNOWN.iter().map(|value| value as &dyn Display).collect::<Vec<_>>())
        };
    }
    // The values known here, where Azure describes them, those of ours that stand elsewhere, and those that aren't told
    // apart from unknown ones.
    for (known, description, of, property, elsewhere, untold) in [
        (
            known!(ProvisioningState),
            VERSIONS,
            "GalleryImageVersionProperties",
            "provisioningState",
            &["Canceled"][..],
            &[][..],
        ),
        (known!(ReplicationState), VERSIONS, "RegionalReplicationStatus", "state", &["InProgress"], &[]),
        (known!(ReplicationState), VERSIONS, "ReplicationStatus", "aggregatedState", &["Replicating"], &[]),
        (known!(StorageAccountType), VERSIONS, "TargetRegion", "storageAccountType", &["StandardSSD_LRS"], &[]),
        (
            known!(StorageAccountType),
            VERSIONS,
            "GalleryTargetExtendedLocation",
            "storageAccountType",
            &["PremiumV2_LRS"],
            &[],
        ),
        (known!(ReplicationMode), VERSIONS, "GalleryImageVersionPublishingProfile", "replicationMode", &[], &[]),
        (known!(ExecutionState), RUN_COMMANDS, "VirtualMachineRunCommandInstanceView", "executionState", &[], &[]),
        (known!(DiskState), DISKS, "DiskProperties", "diskState", &[], &[]),
        (known!(OsType), MACHINES, "OSDisk", "osType", &[], &[]),
        (known!(HyperVGeneration), MACHINES, "VirtualMachineInstanceView", "hyperVGeneration", &[], &[]),
        (known!(SecurityType), MACHINES, "SecurityProfile", "securityType", &[], &[]),
        (known!(DiskController), MACHINES, "StorageProfile", "diskControllerType", &[], &[]),
        (known!(Priority), MACHINES, "VirtualMachineProperties", "priority", &[], &["SpotPlus"]),
    ] {
        let (mut ours, mut theirs) = (known, described(description, of, property));
        ours.retain(|value| !elsewhere.contains(&value.as_str()));
        theirs.retain(|value| !untold.contains(&value.as_str()));
        ours.sort();
        theirs.sort();
        assert_eq!(ours, theirs, "{of}.{property}");
    }
}

#[test]
fn what_has_ended_is_told_from_what_has_failed() {
    let final_ones =
        |text: &str| (ProvisioningState::from(text).is_final(), ProvisioningState::from(text).has_failed());
    for (text, expected) in [
        ("Succeeded", (true, false)),
        ("Failed", (true, true)),
        ("Canceled", (true, true)),
        ("Updating", (false, false)),
        ("Migrating", (false, false)),
        ("Levitating", (false, false)),
    ] {
        assert_eq!(final_ones(text), expected, "{text}");
    }
    for state in ExecutionState::KNOWN {
        let told = [state.is_under_way(), state.has_failed(), *state == ExecutionState::Succeeded];
        let count = told.into_iter().filter(|told| *told).count();
        assert_eq!(count, usize::from(*state != ExecutionState::Unknown), "{state}");
        assert_eq!(state.is_final(), told[1] || told[2], "{state}");
    }
}

#[test]
fn the_name_of_a_size_tells_the_architecture() {
    for (size, expected) in [
        ("Standard_D2ps_v5", Some(Architecture::Arm64)),
        ("standard_d2plds_v6", Some(Architecture::Arm64)),
        ("Standard_E4-2pds_v6", Some(Architecture::Arm64)),
        ("Standard_D2s_v5", Some(Architecture::X64)),
        ("Standard_NP10s", Some(Architecture::X64)),
        ("Standard_PB6s", Some(Architecture::X64)),
        ("Standard_NC24ads_A100_v4", Some(Architecture::X64)),
        ("Standard_HB120-16rs_v3", Some(Architecture::X64)),
        ("Standard_A1_v2", Some(Architecture::X64)),
        ("Basic_A0", Some(Architecture::X64)),
        ("ExtraLarge", None),
        ("Standard_", None),
        ("Standard_D", None),
        ("Standard_4", None),
        ("", None),
    ] {
        assert_eq!(Architecture::of_size(size), expected, "{size}");
    }
}

#[test]
fn the_name_of_a_size_tells_whether_snapshots_are_taken_at_once() {
    for (size, expected) in [
        ("Standard_D4s_v5", true),
        ("Standard_D4s_v6", false),
        ("standard_e96-24ds_V6", false),
        ("Standard_D4s_v10", false),
        ("Standard_D4as_v6", true),
        ("Standard_D4as_v7", false),
        ("Standard_E4ads_v7", false),
        ("Standard_D4ps_v6", true),
        ("Standard_NC24ads_A100_v4", true),
        ("Standard_DS2", true),
        ("", true),
    ] {
        assert_eq!(takes_snapshots_at_once(size), expected, "{size}");
    }
}
