//! What can be asked before anything is changed, and what Azure refuses to whoever didn't ask.

use serde_json::{Value, json};

use crate::azure::{Azure, GALLERIES, SUBSCRIPTION, body, disk, id, machine, version};

fn with_machines(machines: &Value) -> Azure {
    let mut azure = Azure::new();
    let scenario = json!({"subscriptions": [{"id": SUBSCRIPTION, "resourceGroups": [{
        "name": "images", "virtualMachines": machines,
        "galleries": [{"name": "corp", "definitions": [
            {"name": "secret", "features": [{"name": "SecurityType", "value": "ConfidentialVM"}]},
        ]}],
    }]}]});
    azure.simulator.add(&serde_json::from_value(scenario).unwrap()).unwrap();
    azure
}

fn permissions(scope: &str) -> String {
    format!("{scope}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01")
}

#[test]
fn a_caller_is_told_what_its_roles_give_it_on_a_scope() {
    let gallery = id("galleries/corp");
    let mut azure = Azure::with(&format!(
        "clients:\n- {{id: narrow, secret: s, roles: [{{scope: '{gallery}', actions: ['Microsoft.Compute/*/read', 'Microsoft.Authorization/*/read']}}, {{scope: '{}', actions: ['*']}}]}}\n- {{id: blind, secret: s, roles: [{{scope: '{gallery}', actions: ['Microsoft.Compute/*']}}]}}",
        id("virtualMachines/builder")
    ));
    let all = azure.get(&permissions(&gallery)).body;
    assert_eq!((&all["value"][0]["actions"], &all["value"][1]), (&json!(["*"]), &Value::Null));
    azure.sign_in("narrow", "s");
    let below = azure.get(&permissions(&id("galleries/corp/images/web"))).body;
    assert_eq!(below["value"].as_array().unwrap().len(), 1, "{below}");
    assert_eq!(below["value"][0]["actions"][0], "Microsoft.Compute/*/read");
    azure.sign_in("blind", "s");
    assert_eq!(azure.get(&permissions(&gallery)).status, 403, "it may not ask");
}

#[test]
fn a_deallocated_machine_shows_neither_size_nor_storage_of_its_disks_and_the_disks_do() {
    let mut azure = with_machines(&json!([{"name": "rich", "dataDisks": [{"lun": 1, "sizeGb": 64}]}]));
    let shown = |azure: &mut Azure| {
        let profile = azure.get(&machine("rich", "")).body["properties"]["storageProfile"].clone();
        [profile["osDisk"].clone(), profile["dataDisks"][0].clone()]
            .map(|disk| (disk["diskSizeGB"].is_number(), disk["managedDisk"]["storageAccountType"].is_string()))
    };
    assert_eq!(shown(&mut azure), [(true, true); 2]);
    azure.post(&machine("rich", "/deallocate"));
    azure.wait(60);
    assert_eq!(shown(&mut azure), [(false, false); 2]);
    let os = azure.get(&disk("rich_OsDisk_1")).body;
    assert_eq!((&os["properties"]["diskSizeGB"], &os["sku"]["name"]), (&json!(30), &json!("Premium_LRS")));
    azure.post(&machine("rich", "/start"));
    azure.wait(120);
    assert_eq!(shown(&mut azure), [(true, true); 2]);
}

#[test]
fn nothing_is_run_where_extensions_are_forbidden() {
    let mut azure = with_machines(&json!([{"name": "closed", "allowExtensionOperations": false}]));
    let command = json!({"location": "westeurope", "properties": {"source": {"script": "true"}}});
    let refused = azure.put(&machine("closed", "/runCommands/hello"), &command);
    assert_eq!((refused.status, refused.code()), (409, "OperationNotAllowed"));
    assert!(refused.message().contains("osProfile.allowExtensionOperations"), "{refused:?}");
}

#[test]
fn each_region_of_a_confidential_image_says_how_it_is_encrypted() {
    let sealed = json!({
        "name": "hidden", "securityType": "ConfidentialVM", "powerState": "deallocated", "generalized": true,
        "deprovisioned": true,
    });
    let mut azure = with_machines(&json!([sealed]));
    let path = format!("{}?api-version={GALLERIES}", id("galleries/corp/images/secret/versions/1.0.0"));
    let with = |regions: &[&str], kind: Option<&str>| {
        let mut body = body("hidden", regions);
        for target in body["properties"]["publishingProfile"]["targetRegions"].as_array_mut().unwrap() {
            if let Some(kind) = kind {
                let profile = json!({"confidentialVMEncryptionType": kind});
                target["encryption"] = json!({"osDiskImage": {"securityProfile": profile}});
            }
        }
        body
    };
    let refused = azure.put(&path, &with(&["westeurope"], None));
    assert_eq!((refused.status, refused.code()), (400, "InvalidParameter"));
    assert!(refused.message().contains("securityProfile.type must be specified"), "{refused:?}");
    let both = ["westeurope", "northeurope"];
    let refused = azure.put(&path, &with(&both, Some("EncryptedWithPmk")));
    assert!(refused.message().contains("Only the home region 'westeurope'"), "{refused:?}");
    assert_eq!(azure.put(&path, &with(&both, Some("NonPersistedTPM"))).status, 201);
    assert_eq!(azure.put(&version("1.0.0"), &body("sealed", &["westeurope"])).status, 201, "others needn't");
}

#[test]
fn disks_tell_how_they_are_encrypted_and_old_ones_no_architecture() {
    let mut azure = with_machines(&json!([
        {"name": "keyed", "diskEncryptionSet": "/set"},
        {"name": "old", "oldDisk": true},
        {"name": "arm", "architecture": "Arm64"},
    ]));
    let keyed = azure.get(&disk("keyed_OsDisk_1")).body;
    assert_eq!(keyed["properties"]["encryption"]["diskEncryptionSetId"], "/set");
    for (name, expected) in [("old", Value::Null), ("arm", json!("Arm64"))] {
        let disk = azure.get(&disk(&format!("{name}_OsDisk_1"))).body;
        assert_eq!(disk["properties"]["supportedCapabilities"]["architecture"], expected, "{name}");
    }
}
