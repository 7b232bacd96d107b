use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn read(value: &Value) -> VirtualMachine {
    crate::arm::json::read(value.to_string().as_bytes()).unwrap()
}

fn running() -> Value {
    json!({
        "name": "builder-7", "id": crate::fake::VM, "type": "Microsoft.Compute/virtualMachines",
        "location": "northeurope", "etag": "\"3\"", "tags": {"azimage-generalize": "allowed"},
        "plan": {"name": "p", "publisher": "u", "product": "o", "promotionCode": null},
        "properties": {
            "vmId": "e9b5b8e5-0000-0000-0000-000000000001",
            "timeCreated": "2026-11-01T10:00:00.1234567+00:00",
            "provisioningState": "Succeeded",
            "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
            "storageProfile": {
                "osDisk": {"osType": "Linux", "createOption": "FromImage", "diskSizeGB": 30,
                    "managedDisk": {"id": "/group/disks/os", "storageAccountType": "Premium_LRS"}},
                "dataDisks": [{"lun": 2, "diskSizeGB": 64, "managedDisk": {"id": "/group/disks/data"}}],
                "diskControllerType": "SCSI"
            },
            "osProfile": {"computerName": "builder-7", "allowExtensionOperations": false},
            "securityProfile": {"securityType": "TrustedLaunch", "uefiSettings": {"secureBootEnabled": true}},
            "instanceView": {
                "computerName": "builder-7", "hyperVGeneration": "V2",
                "vmAgent": {"vmAgentVersion": "2.15.0.1", "statuses": [{"code": "ProvisioningState/succeeded",
                    "level": "Info", "displayStatus": "Ready", "message": "Guest Agent is running",
                    "time": "2026-11-01T10:01:30+00:00"}]},
                "statuses": [
                    {"code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": "Provisioning succeeded"},
                    {"code": "PowerState/running", "level": "Info", "displayStatus": "VM running"}]
            }
        }
    })
}

#[test]
fn the_bodies_that_change_a_machine_are_described() {
    let tags: Tags = [("azimage-owner".to_owned(), "o".to_owned())].into();
    let path = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm";
    for (on, expected) in [
        (false, json!({"tags": {"azimage-owner": "o"}})),
        (
            true,
            json!({
                "tags": {"azimage-owner": "o"},
                "properties": {"diagnosticsProfile": {"bootDiagnostics": {"enabled": true}}},
            }),
        ),
    ] {
        let update = VirtualMachineUpdate { tags: tags.clone(), switch_boot_diagnostics_on: on };
        let body = serde_json::to_value(&update).unwrap();
        assert_eq!(body, expected);
        assert_eq!(azimage_azure_schema::problems("PATCH", path, &body), Vec::<String>::new());
    }
}

#[test]
fn where_the_serial_console_is_recorded_is_told_apart() {
    let account = || BootDiagnostics::StorageAccount("https://mine.blob.core.windows.net/".to_owned());
    let uri = "https://mine.blob.core.windows.net/";
    for (profile, expected) in [
        (Value::Null, BootDiagnostics::Off),
        (json!({}), BootDiagnostics::Off),
        (json!({"bootDiagnostics": null}), BootDiagnostics::Off),
        (json!({"bootDiagnostics": {"enabled": false}}), BootDiagnostics::Off),
        (json!({"bootDiagnostics": {"enabled": true}}), BootDiagnostics::Managed),
        (json!({"bootDiagnostics": {"enabled": true, "storageUri": null}}), BootDiagnostics::Managed),
        (json!({"bootDiagnostics": {"enabled": true, "storageUri": ""}}), BootDiagnostics::Managed),
        (json!({"bootDiagnostics": {"enabled": true, "storageUri": uri}}), account()),
        (json!({"bootDiagnostics": {"enabled": false, "storageUri": uri}}), account()),
    ] {
        let mut value = running();
        value["properties"]["diagnosticsProfile"] = profile.clone();
        assert_eq!(read(&value).boot_diagnostics, expected, "{profile}");
    }
}

#[test]
fn a_running_machine_is_read_whole() {
    let machine = read(&running());
    assert_eq!(machine.location, "North Europe".parse().unwrap());
    assert_eq!(machine.etag.as_deref(), Some("\"3\""));
    assert_eq!(machine.power_state, Some(PowerState::Running));
    assert!(!machine.generalized);
    assert_eq!(machine.security_type, SecurityType::TrustedLaunch);
    assert_eq!(machine.hyper_v_generation, Some(HyperVGeneration::V2));
    assert_eq!(machine.size.as_deref(), Some("Standard_D2s_v5"));
    assert!(!machine.allows_extensions);
    assert!(machine.os_disk.id.as_ref().is_some_and(|id| id.ends_with("/disks/os")));
    assert!(machine.os_disk.managed && !machine.os_disk.ephemeral);
    assert!(machine.data_disks[0].id.as_ref().is_some_and(|id| id.ends_with("/disks/data")));
    assert_eq!(machine.plan.unwrap().product.as_deref(), Some("o"));
    assert!(machine.time_created.is_some());
    let agent = machine.agent.unwrap();
    assert!(agent.ready);
    assert_eq!(agent.reported_at, Some("2026-11-01T10:01:30Z".parse().unwrap()));
    assert_eq!(agent.version.as_deref(), Some("2.15.0.1"));
}

#[test]
fn a_generalized_machine_shows_in_the_instance_view_only() {
    let mut value = running();
    value["properties"]["instanceView"]["statuses"] = json!([
        {"code": "OSState/generalized", "level": "Info", "displayStatus": "VM generalized"},
        {"code": "PowerState/deallocated", "level": "Info", "displayStatus": "VM deallocated"},
        {"code": "ProvisioningState/failed/OSProvisioningTimedOut"}, {"displayStatus": null}]);
    value["properties"]["instanceView"]["vmAgent"] = json!({"vmAgentVersion": "Unknown", "statuses": [
        {"code": "ProvisioningState/Unavailable", "displayStatus": "Not Ready", "message": "VM Agent is unresponsive."}]});
    let machine = read(&value);
    assert_eq!(machine.power_state, Some(PowerState::Deallocated));
    assert!(machine.generalized);
    assert_eq!(
        machine.agent,
        Some(AgentStatus {
            ready: false,
            version: None,
            message: Some("VM Agent is unresponsive.".to_owned()),
            reported_at: None
        })
    );
}

#[test]
fn what_is_absent_or_unknown_is_no_error() {
    let machine = read(&json!({"location": "northeurope"}));
    assert_eq!((machine.power_state, machine.generalized, machine.agent), (None, false, None));
    assert_eq!(machine.security_type, SecurityType::Standard);
    assert!(!machine.os_disk.managed && machine.allows_extensions && machine.size.is_none());
    let machine = read(&json!({"location": "northeurope", "tags": null, "future": [1], "properties": {
        "storageProfile": {"osDisk": {"diffDiskSettings": {"option": "Local"}}, "dataDisks": null},
        "securityProfile": {"securityType": "Quantum"}, "priority": "SpotPlus", "instanceView": null,
        "timeCreated": "in spring", "virtualMachineScaleSet": {"id": "set"}}}));
    assert_eq!(machine.security_type, SecurityType::Other("Quantum".to_owned()));
    assert_eq!(machine.priority, Priority::Other("SpotPlus".to_owned()));
    assert!(machine.os_disk.ephemeral);
    assert_eq!(machine.scale_set.as_deref(), Some("set"));
    assert_eq!(machine.time_created, None);
}

/// Any JSON, with the field names that the decoders look for.
pub(crate) fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-zA-Z0-9./ ]{0,20}".prop_map(Value::from),
        Just(Value::from("northeurope")),
        Just(Value::from("1.0.0")),
    ];
    let name = prop::sample::select(vec![
        "location",
        "tags",
        "name",
        "properties",
        "etag",
        "instanceView",
        "statuses",
        "code",
        "vmAgent",
        "plan",
        "storageProfile",
        "osDisk",
        "dataDisks",
        "managedDisk",
        "lun",
        "publishingProfile",
        "targetRegions",
        "source",
        "id",
        "virtualMachineId",
        "replicationStatus",
        "summary",
        "region",
        "state",
        "progress",
        "features",
        "osType",
        "osState",
        "exitCode",
        "executionState",
        "startTime",
        "endOfLifeDate",
        "status",
        "error",
        "value",
        "nextLink",
        "percentComplete",
        "safetyProfile",
        "encryption",
        "diskSizeGB",
        "other",
    ]);
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..6)
                .prop_map(|fields| fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_is_read_or_refused_without_a_panic(mut value in any_json(), in_properties in any::<bool>()) {
        if in_properties {
            value = json!({"location": "northeurope", "name": "1.0.0", "properties": value});
        }
        let body = value.to_string();
        let _ = crate::arm::json::read::<VirtualMachine>(body.as_bytes());
        let _ = crate::arm::json::read::<super::super::RunCommand>(body.as_bytes());
        let _ = crate::arm::json::read::<super::super::Gallery>(body.as_bytes());
        let _ = crate::arm::json::read::<super::super::ImageDefinition>(body.as_bytes());
        let _ = crate::arm::error_body::ErrorBody::read(body.as_bytes());
        if let Ok(version) = crate::arm::json::read::<super::super::ImageVersion>(body.as_bytes()) {
            let _ = version.body().map(|body| serde_json::to_value(body).unwrap());
        }
    }
}

#[test]
fn a_disk_tells_how_the_host_serves_it() {
    let id = json!({"id": "/group/disks/d"});
    let read = |os_disk: Value, data_disk: Value| {
        let profile = json!({"osDisk": os_disk, "dataDisks": [data_disk]});
        let body = json!({"location": "westeurope", "properties": {"storageProfile": profile}});
        let machine: VirtualMachine = serde_json::from_value(body).unwrap();
        (machine.os_disk.host, machine.data_disks[0].host)
    };
    let plain = json!({"lun": 0, "managedDisk": id, "caching": null, "writeAcceleratorEnabled": null});
    assert_eq!(read(plain.clone(), plain), (DiskOnHost::default(), DiskOnHost::default()));
    let cached = json!({"lun": 0, "managedDisk": id, "caching": "readwrite"});
    let accelerated = json!({"lun": 0, "managedDisk": id, "caching": "ReadOnly", "writeAcceleratorEnabled": true});
    let expected = (
        DiskOnHost { caches_writes: true, accelerates_writes: false },
        DiskOnHost { caches_writes: false, accelerates_writes: true },
    );
    assert_eq!(read(cached, accelerated), expected);
}
