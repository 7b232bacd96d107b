use serde_json::{Value, json};

use super::*;
use crate::{ImageDefinition, ImageSecurityType, OsState};

/// As Azure answers: display names, filled-in defaults, a field no schema has, no replication mode.
fn published() -> Value {
    json!({
        "name": "1.4.0", "id": "x", "type": "Microsoft.Compute/galleries/images/versions",
        "location": "northeurope", "tags": {},
        "properties": {
            "publishingProfile": {
                "targetRegions": [
                    {"name": "North Europe", "regionalReplicaCount": 1, "storageAccountType": "Standard_LRS"},
                    {"name": "East US 2", "regionalReplicaCount": 2, "storageAccountType": "Standard_ZRS",
                     "excludeFromLatest": true,
                     "encryption": {"osDiskImage": {"diskEncryptionSetId": "des"},
                        "dataDiskImages": [{"lun": 0, "diskEncryptionSetId": "des"}]},
                     "additionalReplicaSets": [{"storageAccountType": "Premium_LRS", "regionalReplicaCount": 1}]}],
                "targetExtendedLocations": [{"name": "West US", "extendedLocation": {"name": "losangeles", "type": "EdgeZone"},
                    "extendedLocationReplicaCount": 1, "storageAccountType": "StandardSSD_LRS"}],
                "replicaCount": 1, "excludeFromLatest": true, "publishedDate": "2026-04-01T10:00:00.1234567+00:00",
                "endOfLifeDate": "2027-11-01T00:00:59+00:00", "storageAccountType": "Standard_LRS"},
            "storageProfile": {
                "source": {"virtualMachineId": crate::fake::VM},
                "osDiskImage": {"sizeInGB": 30, "hostCaching": "ReadWrite", "source": {}},
                "dataDiskImages": [{"lun": 0, "sizeInGB": 64}]},
            "safetyProfile": {"reportedForPolicyViolation": false, "allowDeletionOfReplicatedLocations": true},
            "validationsProfile": {"validationOperationStatus": "NotExecuted"},
            "provisioningState": "Updating",
            "replicationStatus": {"aggregatedState": "InProgress", "summary": [
                {"region": "North Europe", "state": "Completed", "progress": 100, "details": ""},
                {"region": "eastus2", "state": "Replicating", "progress": 42.5},
                {"region": "Central US EUAP", "state": "Queued", "details": null}]}
        }
    })
}

fn read(value: &Value) -> ImageVersion {
    crate::arm::json::read(value.to_string().as_bytes()).unwrap()
}

#[test]
fn regions_are_the_same_in_whatever_spelling_azure_answers() {
    let version = read(&published());
    let replication = version.replication.as_ref().unwrap();
    assert_eq!(replication.aggregated_state, Some(ReplicationState::InProgress));
    for (name, state, progress) in [
        ("northeurope", ReplicationState::Completed, 100),
        ("eastus2", ReplicationState::Replicating, 42),
        ("centraluseuap", ReplicationState::Other("Queued".to_owned()), 0),
    ] {
        let region = replication.region(&name.parse().unwrap()).unwrap();
        assert_eq!((&region.state, region.progress), (&state, progress), "{name}");
    }
    assert_eq!(version.target_regions[1].name, replication.summary[1].region);
    assert_eq!(version.provisioning_state, Some(ProvisioningState::Updating));
    assert_eq!(version.replication_mode, ReplicationMode::Full);
    assert_eq!((version.os_disk_size_gib, version.data_disk_sizes_gib.as_slice()), (Some(30), &[64][..]));
    assert_eq!(version.data_disk_luns, [0]);
}

#[test]
fn what_was_read_is_written_back_whole_and_without_read_only_fields() {
    let body = serde_json::to_value(read(&published()).body().unwrap()).unwrap();
    let expected = json!({
        "location": "northeurope", "tags": {},
        "properties": {
            "storageProfile": {"source": {"virtualMachineId": crate::fake::VM}},
            "publishingProfile": {
                "targetRegions": [
                    {"name": "northeurope", "regionalReplicaCount": 1, "storageAccountType": "Standard_LRS"},
                    {"name": "eastus2", "regionalReplicaCount": 2, "storageAccountType": "Standard_ZRS",
                     "excludeFromLatest": true,
                     "encryption": {"osDiskImage": {"diskEncryptionSetId": "des"},
                        "dataDiskImages": [{"lun": 0, "diskEncryptionSetId": "des"}]},
                     "additionalReplicaSets": [{"storageAccountType": "Premium_LRS", "regionalReplicaCount": 1}]}],
                "targetExtendedLocations": [{"name": "West US", "extendedLocation": {"name": "losangeles", "type": "EdgeZone"},
                    "extendedLocationReplicaCount": 1, "storageAccountType": "StandardSSD_LRS"}],
                "replicaCount": 1, "excludeFromLatest": true, "endOfLifeDate": "2027-11-01T00:00:59Z",
                "storageAccountType": "Standard_LRS", "replicationMode": "Full"},
            "safetyProfile": {"allowDeletionOfReplicatedLocations": true}}
    });
    assert_eq!(body, expected);
    described(&body);
}

#[test]
fn the_smallest_request_says_nothing_that_was_not_asked_for() {
    let home: Region = "North Europe".parse().unwrap();
    let body = ImageVersionBody {
        location: home.clone(),
        tags: Tags::new(),
        source: Some(ImageSource::VirtualMachine(crate::fake::vm())),
        target_regions: vec![TargetRegion::new(home)],
        target_extended_locations: Vec::new(),
        replica_count: None,
        exclude_from_latest: true,
        end_of_life: None,
        storage_account_type: None,
        replication_mode: None,
        safety: SafetyProfile::default(),
    };
    let expected = json!({"location": "northeurope", "tags": {}, "properties": {
        "storageProfile": {"source": {"virtualMachineId": crate::fake::VM}},
        "publishingProfile": {"targetRegions": [{"name": "northeurope"}], "excludeFromLatest": true},
        "safetyProfile": {}}});
    assert_eq!(serde_json::to_value(&body).unwrap(), expected);
    described(&expected);
    let update = serde_json::to_value(ImageVersionBody { source: None, ..body }).unwrap();
    assert_eq!(update["properties"]["storageProfile"], json!({}), "an update names no source");
    described(&update);
}

/// As Azure's published schema describes the body of a version.
fn described(body: &serde_json::Value) {
    let path = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/galleries/g/images/d/versions/1.0.0";
    assert_eq!(azimage_azure_schema::problems("PUT", path, body), Vec::<String>::new());
}

#[test]
fn each_kind_of_source_and_key_is_described() {
    let mut body = read(&published()).body().unwrap();
    body.target_regions[1].encryption = Some(crate::RegionEncryption {
        os_disk_image: Some(crate::OsDiskEncryption {
            disk_encryption_set_id: None,
            security_profile: Some(crate::OsDiskSecurityProfile {
                confidential_vm_encryption_type: Some("EncryptedWithCmk".to_owned()),
                secure_vm_disk_encryption_set_id: Some("des".to_owned()),
            }),
        }),
        data_disk_images: Vec::new(),
    });
    body.safety.block_deletion_before_end_of_life = Some(true);
    for source in [
        ImageSource::Resource("/managed/image".to_owned()),
        ImageSource::CommunityGalleryImage("/community/image".to_owned()),
        ImageSource::VirtualMachine(crate::fake::vm()),
        of_disks(),
    ] {
        body.source = Some(source);
        described(&serde_json::to_value(&body).unwrap());
    }
}

/// Disks of a version, the one with the operating system and one with data.
fn of_disks() -> ImageSource {
    ImageSource::Disks { os_disk: "/snapshot".to_owned(), data_disks: [(3, "/disk".to_owned())].into() }
}

#[test]
fn a_version_of_disks_names_each_of_them() {
    let mut value = published();
    let profile = json!({
        "osDiskImage": {"source": {"id": "/snapshot"}}, "dataDiskImages": [{"lun": 3, "source": {"id": "/disk"}}],
    });
    value["properties"]["storageProfile"] = profile.clone();
    let body = read(&value).body().unwrap();
    assert_eq!(body.source, Some(of_disks()));
    assert_eq!(serde_json::to_value(&body).unwrap()["properties"]["storageProfile"], profile);
    // Sizes alone, as of a version of a machine.
    value["properties"]["storageProfile"] = json!({
        "source": {"id": "/managed/image"}, "osDiskImage": {"sizeInGB": 30, "source": {}}, "dataDiskImages": [{"lun": 0}],
    });
    assert_eq!(read(&value).source, Some(ImageSource::Resource("/managed/image".to_owned())));
    value["properties"]["storageProfile"] = json!({"osDiskImage": {"sizeInGB": 30, "source": null}});
    assert_eq!((read(&value).source.clone(), read(&value).body()), (None, None));
    let odd = json!({"osDiskImage": {"source": {"id": "/snapshot"}}, "dataDiskImages": [{"lun": -1, "source": {"id": "/disk"}}]});
    value["properties"]["storageProfile"] = odd;
    let expected = ImageSource::Disks { os_disk: "/snapshot".to_owned(), data_disks: [].into() };
    assert_eq!(read(&value).source, Some(expected));
}

#[test]
fn an_end_of_life_that_cannot_be_kept_is_malformed() {
    let mut value = published();
    value["properties"]["publishingProfile"]["endOfLifeDate"] = json!("next year");
    assert!(crate::arm::json::read::<ImageVersion>(value.to_string().as_bytes()).is_err());
}

#[test]
fn an_image_definition_tells_its_features_in_any_letter_case() {
    let value = json!({"name": "ubuntu-web", "location": "West Europe", "properties": {
        "osType": "Linux", "osState": "Generalized", "identifier": {"publisher": "p", "offer": "o", "sku": "s"},
        "features": [{"name": "securitytype", "value": "trustedlaunch"}, {"name": "DiskControllerTypes", "value": "SCSI, NVMe"}],
        "provisioningState": "Succeeded"}});
    let definition: ImageDefinition = crate::arm::json::read(value.to_string().as_bytes()).unwrap();
    assert_eq!(definition.security_type(), Some(ImageSecurityType::TrustedLaunch));
    assert_eq!(definition.disk_controller_types(), [crate::DiskController::Scsi, crate::DiskController::Nvme]);
    assert_eq!(definition.os_state, OsState::Generalized);
    assert_eq!(definition.hyper_v_generation, crate::HyperVGeneration::V1);
}
