//! What becomes of values of Azure that are absent, or not known here.

use azimage_names::values::{BootDiagnostics, ReplicationState};
use serde_json::json;

use super::*;

fn observed(properties: &Value) -> facts::Machine {
    let answer = json!({"location": "North Europe", "properties": properties});
    machine(serde_json::from_value(answer).unwrap())
}

#[test]
fn a_machine_of_which_azure_says_nothing() {
    let bare = observed(&json!({}));
    assert_eq!((bare.provisioning, bare.power), (ProvisioningState::Succeeded, PowerState::Unknown));
    assert_eq!(bare.os_type, OsType::Other("an unknown system".into()));
    assert_eq!((bare.security_type.as_deref(), bare.boot_diagnostics), (Some("Standard"), BootDiagnostics::Off));
    assert!(bare.disks.is_empty() && bare.unmanaged_os_disk && bare.allows_extensions);
}

#[test]
fn disks_of_a_machine_are_named_by_their_ids_the_os_disk_first() {
    let id = |name: &str| {
        format!(
            "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/RG/providers/Microsoft.Compute/disks/{name}"
        )
    };
    let machine = observed(&json!({"storageProfile": {
        "osDisk": {"managedDisk": {"id": id("os")}},
        "dataDisks": [{"lun": 0, "managedDisk": {}}, {"lun": 1, "managedDisk": {"id": id("data")}}, {"lun": 2}],
    }}));
    let disks: Vec<_> =
        machine.disks.iter().map(|disk| (disk.id.as_ref().map(azimage_names::Id::name), disk.is_os_disk)).collect();
    assert_eq!(disks, [(Some("os"), true), (None, false), (Some("data"), false)]);
}

#[test]
fn a_disk_under_any_other_key_than_the_platforms_is_told_so() {
    use facts::Encryption::{Confidential, CustomerKey, Guest};
    let key = |kind: &str| json!({"encryption": {"type": kind}});
    let security = |kind: &str| json!({"securityProfile": {"securityType": kind}});
    for (properties, expected) in [
        (json!({}), None),
        (key("encryptionatrestwithplatformkey"), None),
        (security("TrustedLaunch"), None),
        (key("EncryptionAtRestWithCustomerKey"), Some(CustomerKey("EncryptionAtRestWithCustomerKey".into()))),
        (
            json!({"encryption": {"type": "EncryptionAtRestWithPlatformAndCustomerKeys", "diskEncryptionSetId": "/set"}}),
            Some(CustomerKey("/set".into())),
        ),
        (json!({"encryption": {"diskEncryptionSetId": "/set"}}), Some(CustomerKey("/set".into()))),
        (key("Levitating"), Some(CustomerKey("Levitating".into()))),
        (json!({"encryptionSettingsCollection": {"enabled": true}}), Some(Guest)),
        (json!({"encryptionSettingsCollection": {"enabled": false}}), None),
        (
            security("ConfidentialVM_VMGuestStateOnlyEncryptedWithPlatformKey"),
            Some(Confidential("ConfidentialVM_VMGuestStateOnlyEncryptedWithPlatformKey".into())),
        ),
    ] {
        let answer = json!({"location": "West Europe", "properties": properties});
        let disk = super::disk(serde_json::from_value(answer).unwrap());
        assert_eq!(disk.encryption, expected, "{properties}");
    }
}

#[test]
fn a_disk_tells_who_has_it_and_whether_its_data_is_there() {
    let disk = |answer: Value| super::disk(serde_json::from_value(answer).unwrap());
    let bare = disk(json!({"location": "westeurope"}));
    assert_eq!((bare.attached_to, bare.is_complete, bare.provisioning), (None, true, ProvisioningState::Succeeded));
    let busy = disk(json!({"location": "westeurope", "managedBy": "/machine", "properties": {
        "completionPercent": 99.9, "diskState": "Reserved", "osType": "Linux", "provisioningState": "Updating",
        "purchasePlan": {"name": "a", "publisher": "b", "product": "c"},
    }}));
    assert_eq!((busy.attached_to.as_deref(), busy.is_complete), (Some("/machine"), false));
    assert_eq!((busy.os_type, busy.plan.unwrap().product), (Some(OsType::Linux), "c".to_owned()));
}

#[test]
fn an_image_tells_the_worst_of_its_disks() {
    let image = super::managed_image(
        serde_json::from_value(json!({"location": "West Europe", "properties": {"storageProfile": {
            "osDisk": {"osType": "Linux", "osState": "Generalized", "diskSizeGB": 30, "storageAccountType": "Standard_LRS"},
            "dataDisks": [
                {"lun": 0, "diskSizeGB": 64, "storageAccountType": "UltraSSD_LRS", "diskEncryptionSet": {"id": "/set"}},
                {"lun": 1, "storageAccountType": "Standard_LRS"},
            ],
        }}}))
        .unwrap(),
    );
    assert_eq!((image.largest_gib, image.disk_encryption_set.as_deref()), (Some(64), Some("/set")));
    assert_eq!((image.storage.len(), image.os_state.as_deref()), (2, Some("Generalized")));
    let bare = super::managed_image(serde_json::from_value(json!({"location": "westeurope"})).unwrap());
    assert_eq!((bare.largest_gib, bare.os_state, bare.provisioning), (None, None, ProvisioningState::Succeeded));
}

#[test]
fn a_version_tells_each_disk_that_it_was_made_from() {
    let version = super::version(
        serde_json::from_value(json!({"name": "1.4.0", "location": "westeurope", "properties": {"storageProfile": {
            "osDiskImage": {"source": {"id": "/snapshot"}}, "dataDiskImages": [{"lun": 2, "source": {"id": "/disk"}}],
        }}}))
        .unwrap(),
    );
    assert_eq!(
        (version.source.as_deref(), version.data_sources),
        (Some("/snapshot"), [(2, "/disk".to_owned())].into())
    );
}

#[test]
fn a_kept_version_without_a_number_is_none() {
    let kept = json!([{"name": "1.0.0"}, {"name": "latest"}, {"name": null}]);
    let numbers = soft_deleted(serde_json::from_value(kept).unwrap());
    assert_eq!(numbers, BTreeSet::from(["1.0.0".parse().unwrap()]));
}

#[test]
fn states_of_a_machine() {
    let view = |code: &str| json!({"instanceView": {"statuses": [{"code": code}]}});
    for (code, expected) in [
        ("PowerState/deallocated", PowerState::Deallocated),
        ("PowerState/Running", PowerState::Running),
        // Messages show it, and they hold no words that nobody here knows.
        ("PowerState/levitating", PowerState::Unknown),
    ] {
        assert_eq!(observed(&view(code)).power, expected, "{code}");
    }
    for (state, expected) in [
        ("canceled", ProvisioningState::Canceled),
        ("Migrating", ProvisioningState::Migrating),
        ("Levitating", ProvisioningState::Other("Levitating".into())),
    ] {
        assert_eq!(observed(&json!({"provisioningState": state})).provisioning, expected);
    }
}

#[test]
fn states_of_a_version_and_its_regions() {
    let answer = json!({"name": "1.4.0", "location": "North Europe", "properties": {
        "replicationStatus": {"summary": [
            {"region": "North Europe", "state": "Completed", "progress": 100},
            {"region": "eastus2", "state": "Levitating", "details": "up"},
            {"region": "westus"},
        ]},
    }});
    let version = super::version(serde_json::from_value(answer).unwrap());
    let states: Vec<_> = version.replication.iter().map(|(at, says)| (at.as_str(), says.state.clone())).collect();
    let expected = [
        ("eastus2", ReplicationState::Other("Levitating".into())),
        ("northeurope", ReplicationState::Completed),
        ("westus", ReplicationState::Unknown),
    ];
    assert_eq!(states, expected);
    assert_eq!(
        (version.provisioning, version.storage_account_type.as_str()),
        (ProvisioningState::Succeeded, "Standard_LRS")
    );
}

#[test]
fn states_of_a_run_command() {
    for (view, expected) in [
        (json!(null), ExecutionState::Unknown),
        (json!({"executionState": "TimedOut"}), ExecutionState::TimedOut),
        (json!({"executionState": "Levitating"}), ExecutionState::Other("Levitating".into())),
    ] {
        let answer = json!({"name": "azimage-seal", "properties": {"instanceView": view}});
        let seal = super::run_command(serde_json::from_value(answer).unwrap());
        assert_eq!((seal.execution, seal.provisioning), (expected, ProvisioningState::Succeeded), "{view}");
    }
}

#[test]
fn an_operation_has_failed_only_when_azure_says_so() {
    let status = |state: &str, failure: Option<(&str, &str)>| azure::OperationStatus {
        state: serde_json::from_value(serde_json::json!(state)).unwrap(),
        failure: failure.map(|(code, message)| azure::OperationFailure { code: code.into(), message: message.into() }),
        percent: None,
        retry_after: None,
    };
    for (state, failure, expected) in [
        ("InProgress", None, Operation::UnderWay),
        ("Levitating", None, Operation::UnderWay),
        ("Succeeded", None, Operation::Succeeded),
        ("Failed", Some(("Conflict", "in use")), Operation::failed("Conflict", "in use")),
        ("Canceled", Some(("OperationPreempted", "")), Operation::failed("OperationPreempted", "")),
        ("Failed", None, Operation::failed("", "")),
    ] {
        assert_eq!(operation(status(state, failure)), expected, "{state}");
    }
}
