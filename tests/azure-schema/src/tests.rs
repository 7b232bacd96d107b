use serde_json::{Value, json};

use super::problems;

const COMPUTE: &str = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute";

fn version() -> Value {
    json!({
        "location": "westeurope",
        "tags": {"a": "b"},
        "properties": {
            "storageProfile": {"source": {"virtualMachineId": "/subscriptions/s/…/virtualMachines/vm"}},
            "publishingProfile": {
                "targetRegions": [{"name": "westeurope", "regionalReplicaCount": 1, "storageAccountType": "Standard_ZRS"}],
                "replicationMode": "Full",
            },
        },
    })
}

fn of_version(method: &str, body: &Value) -> Vec<String> {
    problems(method, &format!("{COMPUTE}/galleries/g/images/d/versions/1.0.0"), body)
}

#[test]
fn a_body_as_azure_describes_it_is_right() {
    assert_eq!(of_version("PUT", &version()), Vec::<String>::new());
    let command =
        json!({"location": "westeurope", "properties": {"source": {"script": "true"}, "timeoutInSeconds": 60}});
    assert_eq!(problems("PUT", &format!("{COMPUTE}/virtualMachines/vm/runCommands/x"), &command), Vec::<String>::new());
    let definition = json!({"location": "westeurope", "properties": {
        "osType": "Linux", "osState": "Generalized", "identifier": {"publisher": "p", "offer": "o", "sku": "s"},
        "features": [{"name": "SecurityType", "value": "TrustedLaunchSupported"}], "recommended": {"vCPUs": {"min": 2}},
    }});
    assert_eq!(problems("PUT", &format!("{COMPUTE}/galleries/g/images/d"), &definition), Vec::<String>::new());
    let tags = json!({"tags": {"a": "b"}});
    assert_eq!(problems("PATCH", &format!("{COMPUTE}/virtualMachines/vm"), &tags), Vec::<String>::new());
    assert_eq!(
        problems("POST", &format!("{COMPUTE}/virtualMachines/vm/generalize"), &Value::Null),
        Vec::<String>::new()
    );
}

/// A pointer, what is put there (`null` takes it away), and what has to be said about it.
fn wrong(pointer: &str, change: Value, expected: &str) {
    let mut body = version();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    if change.is_null() {
        parent.remove(name).unwrap();
    } else {
        parent.insert(name.to_owned(), change);
    }
    assert_eq!(of_version("PUT", &body), [expected]);
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    wrong("/properties/color", json!("red"), "properties.color: is unknown");
    wrong(
        "/properties/publishingProfile/targetRegions/0/regionalReplicacount",
        json!(1),
        "properties.publishingProfile.targetRegions[0].regionalReplicacount: is unknown",
    );
    wrong("/properties/provisioningState", json!("Succeeded"), "properties.provisioningState: is read-only");
    wrong(
        "/properties/publishingProfile/publishedDate",
        json!("2026-01-01T00:00:00Z"),
        "properties.publishingProfile.publishedDate: is read-only",
    );
    wrong("/id", json!("x"), "id: is read-only");
    wrong("/name", json!("1.0.0"), "name: belongs into the address");
    wrong("/location", Value::Null, "location: is required");
    wrong("/properties/storageProfile", Value::Null, "properties.storageProfile: is required");
    wrong(
        "/properties/publishingProfile/targetRegions/0/name",
        Value::Null,
        "properties.publishingProfile.targetRegions[0].name: is required",
    );
    wrong(
        "/properties/publishingProfile/targetRegions/0/regionalReplicaCount",
        json!("1"),
        "properties.publishingProfile.targetRegions[0].regionalReplicaCount: \"1\" is not of the described type",
    );
    wrong("/tags/a", json!(1), "tags.a: 1 is not of the described type");
}

#[test]
fn nothing_counts_as_checked_that_no_description_covers() {
    let path = format!("{COMPUTE}/availabilitySets/a");
    assert_eq!(problems("PUT", &path, &json!({})), ["PUT availabilitysets: there is no description of it"]);
    let deallocate = format!("{COMPUTE}/virtualMachines/vm/deallocate");
    assert_eq!(
        problems("POST", &deallocate, &json!({"force": true})),
        ["POST virtualmachines/deallocate: takes no body"]
    );
}

#[test]
fn a_patch_may_leave_things_out_but_not_write_what_is_read_only() {
    assert_eq!(of_version("PATCH", &json!({"tags": {}})), Vec::<String>::new());
    assert_eq!(
        of_version("PATCH", &json!({"properties": {"replicationStatus": {}}})),
        ["properties.replicationStatus: is read-only"]
    );
}

#[test]
fn every_description_is_readable_and_closed() {
    for (kind, description) in super::DESCRIBED {
        let types: Vec<super::Type> = serde_json::from_str(description).unwrap_or_else(|e| panic!("{kind}: {e}"));
        assert!(matches!(types.first(), Some(super::Type::Resource { .. })), "{kind}");
    }
}

#[test]
fn the_parts_of_a_copied_machine_are_described() {
    const NETWORK: &str = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network";
    let copy = json!({"location": "westeurope", "tags": {"a": "b"}, "sku": {"name": "Standard_ZRS"}, "properties": {
        "creationData": {"createOption": "Copy", "sourceResourceId": "/subscriptions/s/…/disks/os"},
    }});
    let group = json!({"location": "westeurope", "properties": {"securityRules": [{"name": "in", "properties": {
        "direction": "Inbound", "access": "Deny", "priority": 100, "protocol": "*", "sourceAddressPrefix": "*",
        "sourcePortRange": "*", "destinationAddressPrefix": "*", "destinationPortRange": "*",
    }}]}});
    let interface = json!({"location": "westeurope", "properties": {
        "networkSecurityGroup": {"id": "/subscriptions/s/…/networkSecurityGroups/closed"},
        "ipConfigurations": [{"name": "one", "properties": {"subnet": {"id": "/subscriptions/s/…/subnets/default"}}}],
    }});
    let machine = json!({"location": "westeurope", "properties": {
        "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
        "storageProfile": {
            "osDisk": {"createOption": "Attach", "osType": "Linux", "deleteOption": "Delete", "managedDisk": {"id": "x"}},
            "dataDisks": [{"lun": 1, "createOption": "Attach", "deleteOption": "Delete", "managedDisk": {"id": "y"}}],
        },
        "networkProfile": {"networkInterfaces": [{"id": "z", "properties": {"primary": true, "deleteOption": "Delete"}}]},
        "diagnosticsProfile": {"bootDiagnostics": {"enabled": true}},
    }});
    for (path, body) in [
        (format!("{COMPUTE}/snapshots/one"), &copy),
        (format!("{NETWORK}/networkSecurityGroups/closed"), &group),
        (format!("{NETWORK}/networkInterfaces/one"), &interface),
        (format!("{COMPUTE}/virtualMachines/one"), &machine),
    ] {
        assert_eq!(problems("PUT", &path, body), Vec::<String>::new(), "{path}");
    }
    assert_eq!(problems("DELETE", &format!("{NETWORK}/networkInterfaces/one"), &Value::Null), Vec::<String>::new());
    let mut wrong = copy;
    wrong["properties"]["uniqueId"] = json!("x");
    wrong["properties"]["creationData"].as_object_mut().unwrap().remove("createOption");
    let found = problems("PUT", &format!("{COMPUTE}/snapshots/one"), &wrong);
    assert_eq!(found, ["properties.creationData.createOption: is required", "properties.uniqueId: is read-only"]);
}
