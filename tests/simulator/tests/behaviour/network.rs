use serde_json::json;

use crate::azure::{Azure, interface_body, machine, machine_body, network, network_id};

#[test]
fn an_interface_is_there_at_once_and_has_an_etag() {
    let mut azure = Azure::new();
    let created = azure.put(&network("networkInterfaces/nic"), &interface_body());
    assert_eq!((created.status, &created.body["properties"]["provisioningState"]), (201, &json!("Succeeded")));
    let etag = created.header("etag").unwrap();
    assert!(etag.starts_with("W/\"") && created.body["etag"] == json!(etag));
    assert!(
        created
            .header("azure-asyncoperation")
            .unwrap()
            .contains("/providers/Microsoft.Network/locations/westeurope/operations/")
    );
    azure.wait(1);
    assert_eq!(azure.operation(&created), json!({"status": "Succeeded"}));
    let read = azure.get(&network("networkInterfaces/nic"));
    assert_eq!(read.header("etag"), Some(etag.clone()));
    let address = |index: usize| json!(format!("10.0.0.{}", index + 4));
    assert_eq!(read.body["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"], address(0));
    let second = azure.put(&network("networkInterfaces/second"), &interface_body());
    assert_eq!(second.body["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"], address(1));
    let again = azure.put(&network("networkInterfaces/nic"), &interface_body());
    assert_eq!(again.status, 200);
    assert_ne!(again.header("etag"), Some(etag));
    assert_eq!(again.body["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"], address(0));

    let mut orphan = interface_body();
    orphan["properties"]["ipConfigurations"][0]["properties"]["subnet"]["id"] =
        json!(network_id("virtualNetworks/build/subnets/none"));
    let refused = azure.put(&network("networkInterfaces/third"), &orphan);
    assert_eq!((refused.status, refused.code()), (400, "InvalidResourceReference"));
    let list = azure.get(&network("networkInterfaces"));
    assert_eq!(list.body["value"].as_array().unwrap().len(), 2);

    let deleted = azure.delete(&network("networkInterfaces/nic"));
    assert_eq!((deleted.status, deleted.header("retry-after").as_deref()), (202, Some("10")));
    let results = deleted.header("location").unwrap();
    assert!(results.contains("/operationResults/") && !results.contains("monitor"), "{results}");
    assert_eq!(azure.get(&results).status, 202);
    azure.wait(4);
    assert_eq!(azure.get(&results).status, 204);
    assert_eq!(azure.get(&network("networkInterfaces/nic")).status, 404);
    assert_eq!(azure.delete(&network("networkInterfaces/nic")).status, 204);
}

#[test]
fn networks_and_subnets_keep_their_ranges_apart_and_go_only_empty() {
    let mut azure = Azure::new();
    let body = json!({"location": "westeurope", "properties": {"addressSpace": {"addressPrefixes": ["10.1.0.0/16"]},
        "subnets": [{"name": "a", "properties": {"addressPrefix": "10.1.0.0/24"}}]}});
    let created = azure.put(&network("virtualNetworks/lab"), &body);
    assert_eq!((created.status, &created.body["properties"]["provisioningState"]), (201, &json!("Updating")));
    assert_eq!(created.body["properties"]["subnets"][0]["name"], "a");
    azure.wait(4);
    assert_eq!(azure.get(&network("virtualNetworks/lab")).body["properties"]["provisioningState"], "Succeeded");
    for (name, prefix, code) in [
        ("b", "10.2.0.0/24", "NetcfgInvalidSubnet"),
        ("b", "10.1.0.128/25", "NetcfgSubnetRangesOverlap"),
        ("b", "10.1.1.1/24", "InvalidAddressPrefixFormat"),
    ] {
        let refused = azure.put(
            &network(&format!("virtualNetworks/lab/subnets/{name}")),
            &json!({"properties": {"addressPrefix": prefix}}),
        );
        assert_eq!((refused.status, refused.code()), (400, code));
    }
    let subnet = network("virtualNetworks/lab/subnets/b");
    assert_eq!(azure.put(&subnet, &json!({"properties": {"addressPrefix": "10.1.1.0/24"}})).status, 201);
    azure.wait(4);
    assert_eq!(azure.get(&network("virtualNetworks/lab/subnets")).body["value"].as_array().unwrap().len(), 2);

    azure.put(&network("networkInterfaces/nic"), &interface_body());
    for used in ["virtualNetworks/build/subnets/default", "virtualNetworks/build"] {
        let refused = azure.delete(&network(used));
        assert_eq!((refused.status, refused.code()), (400, "InUseSubnetCannotBeDeleted"), "{used}");
    }
    assert_eq!(azure.delete(&network("virtualNetworks/lab")).status, 202);
    azure.wait(4);
    assert_eq!(azure.get(&subnet).status, 404);
}

#[test]
fn an_interface_in_use_stays_and_one_of_a_failed_machine_is_kept_for_it() {
    let mut azure = Azure::with("soldOut: [{region: westeurope, vmSize: Standard_M8ms, code: SkuNotAvailable}]");
    azure.put(&network("networkInterfaces/nic"), &interface_body());
    let platform = json!({"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server", "version": "latest"});
    let mut body = machine_body("one", "");
    body["properties"]["storageProfile"]["imageReference"] = platform;
    body["properties"]["networkProfile"] = json!({"networkInterfaces": [{"id": network_id("networkInterfaces/nic")}]});
    body["properties"]["hardwareProfile"]["vmSize"] = json!("Standard_M8ms");
    assert_eq!(azure.put(&machine("one", ""), &body).code(), "SkuNotAvailable");
    let kept = azure.delete(&network("networkInterfaces/nic"));
    assert_eq!((kept.status, kept.code()), (400, "NicReservedForAnotherVm"));
    body["properties"]["hardwareProfile"]["vmSize"] = json!("Standard_D2s_v5");
    assert_eq!(azure.put(&machine("two", ""), &body).code(), "NicReservedForAnotherVm");
    azure.wait(181);
    assert_eq!(azure.put(&machine("two", ""), &body).status, 201);
    let used = azure.delete(&network("networkInterfaces/nic"));
    assert_eq!((used.status, used.code()), (400, "NicInUse"));
    assert!(azure.get(&network("networkInterfaces/nic")).body["properties"]["virtualMachine"]["id"].is_string());
}
