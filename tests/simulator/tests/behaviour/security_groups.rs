use http::Method;
use serde_json::{Value, json};

use crate::{
    azure::{Azure, network},
    copies::{self, closed_group, closed_network, interface, rule, work_network, work_network_id},
};

fn of(azure: &mut Azure, name: &str) -> Value {
    azure.get(&work_network(&format!("networkSecurityGroups/{name}"))).body
}

#[test]
fn a_group_shows_its_rules_the_default_ones_and_who_uses_it() {
    let mut azure = copies::azure("");
    let made = azure.put(&work_network("networkSecurityGroups/closed"), &closed_group());
    assert_eq!((made.status, &made.body["properties"]["provisioningState"]), (201, &json!("Updating")));
    assert!(
        made.header("azure-asyncoperation").unwrap().contains("Microsoft.Network/locations/westeurope/operations/")
    );
    assert_eq!(
        azure.put(&work_network("networkSecurityGroups/closed"), &closed_group()).code(),
        "AnotherOperationInProgress"
    );
    azure.wait(4);
    assert_eq!(azure.operation(&made), json!({"status": "Succeeded"}));
    let group = of(&mut azure, "closed");
    assert_eq!(
        (&group["tags"]["purpose"], &group["properties"]["provisioningState"]),
        (&json!("copy"), &json!("Succeeded"))
    );
    assert!(group["etag"].as_str().unwrap().starts_with("W/\""));
    let rules = group["properties"]["securityRules"].as_array().unwrap();
    assert_eq!(rules[0]["id"], json!(format!("{}/securityRules/DenyInbound", group["id"].as_str().unwrap())));
    assert_eq!((&rules[0]["properties"]["priority"], &rules[0]["etag"]), (&json!(100), &group["etag"]));
    let default: Vec<&str> = group["properties"]["defaultSecurityRules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| rule["name"].as_str().unwrap())
        .collect();
    assert_eq!(default.len(), 6);
    assert!(default.contains(&"DenyAllInBound") && default.contains(&"AllowInternetOutBound"), "{default:?}");
    let one = azure.get(&work_network("networkSecurityGroups/closed/securityRules/denyoutbound"));
    assert_eq!((one.status, &one.body["name"]), (200, &json!("DenyOutbound")));
    let all = azure.get(&work_network("networkSecurityGroups/closed/defaultSecurityRules"));
    assert_eq!(all.body["value"].as_array().unwrap().len(), 6);
    assert_eq!(azure.get(&work_network("networkSecurityGroups/closed/securityRules/none")).status, 404);
    assert!(group["properties"].get("networkInterfaces").is_none());

    let nic = azure.put(&work_network("networkInterfaces/copy"), &interface("closed"));
    assert_eq!(nic.body["properties"]["networkSecurityGroup"]["id"], group["id"]);
    let group = of(&mut azure, "closed");
    assert_eq!(group["properties"]["networkInterfaces"], json!([{"id": nic.body["id"]}]));
    let used = azure.delete(&work_network("networkSecurityGroups/closed"));
    assert_eq!((used.status, used.code()), (400, "InUseNetworkSecurityGroupCannotBeDeleted"));
    assert!(used.message().contains(nic.body["id"].as_str().unwrap()), "{}", used.message());
    let tagged = azure.call(Method::PATCH, &work_network("networkSecurityGroups/closed"), &json!({"tags": {"a": "b"}}));
    assert_eq!((tagged.status, &tagged.body["tags"]), (200, &json!({"a": "b"})));
    assert_ne!(tagged.body["etag"], group["etag"]);
    assert_eq!(azure.get(&work_network("networkSecurityGroups")).body["value"].as_array().unwrap().len(), 1);

    azure.wait(1);
    assert_eq!(azure.delete(&work_network("networkInterfaces/copy")).status, 202);
    azure.wait(4);
    let deleted = azure.delete(&work_network("networkSecurityGroups/closed"));
    assert_eq!(deleted.status, 202);
    azure.wait(4);
    assert_eq!(azure.get(&work_network("networkSecurityGroups/closed")).code(), "ResourceNotFound");
    assert_eq!(azure.delete(&work_network("networkSecurityGroups/closed")).status, 204);
}

#[test]
fn a_group_has_to_be_there_in_the_same_region_and_subscription() {
    let mut azure =
        copies::azure("subscriptions: [{id: 99999999-9999-4999-8999-999999999999, resourceGroups: [{name: work}]}]");
    let missing = azure.put(&work_network("networkInterfaces/copy"), &interface("none"));
    assert_eq!((missing.status, missing.code()), (400, "InvalidResourceReference"));
    let mut far = closed_group();
    far["location"] = json!("northeurope");
    azure.put(&work_network("networkSecurityGroups/far"), &far);
    assert_eq!(
        azure.put(&work_network("networkInterfaces/copy"), &interface("far")).code(),
        "InvalidResourceReference"
    );
    let elsewhere = |subscription: &str| {
        let id = work_network_id("networkSecurityGroups/closed");
        id.replace("11111111-1111-4111-8111-111111111111", subscription)
    };
    let other = elsewhere("99999999-9999-4999-8999-999999999999");
    azure.put(&format!("{other}?api-version=2025-05-01"), &closed_group());
    let mut body = interface("closed");
    body["properties"]["networkSecurityGroup"]["id"] = json!(other);
    assert_eq!(azure.put(&work_network("networkInterfaces/copy"), &body).code(), "InvalidResourceReference");
    body["properties"]["networkSecurityGroup"]["id"] = json!(elsewhere("88888888-8888-4888-8888-888888888888"));
    assert_eq!(azure.put(&work_network("networkInterfaces/copy"), &body).code(), "LinkedAuthorizationFailed");
}

#[test]
fn a_write_says_all_rules_and_a_wrong_one_is_refused() {
    let mut azure = copies::azure("");
    closed_network(&mut azure);
    let path = work_network("networkSecurityGroups/closed");
    let with = |rules: Value| json!({"location": "westeurope", "properties": {"securityRules": rules}});
    for (rules, code) in [
        (json!([rule("Inbound", "Deny", 99)]), "SecurityRuleInvalidPriority"),
        (json!([rule("Inbound", "Deny", 100), rule("Inbound", "Allow", 100)]), "SecurityRuleConflict"),
    ] {
        let refused = azure.put(&path, &with(rules));
        assert_eq!((refused.status, refused.code()), (400, code));
    }
    assert_eq!(azure.put(&path, &with(json!([rule("Inbound", "deny", 200)]))).status, 200);
    let group = of(&mut azure, "closed");
    assert_eq!(group["properties"]["securityRules"].as_array().unwrap().len(), 1);
    assert_eq!(group["properties"]["securityRules"][0]["properties"]["access"], "Deny");
}

#[test]
fn a_subnet_has_a_group_too() {
    let mut azure = Azure::new();
    azure.put(&network("networkSecurityGroups/closed"), &closed_group());
    azure.wait(4);
    let group = azure.get(&network("networkSecurityGroups/closed")).body["id"].clone();
    let body = json!({"properties": {"addressPrefix": "10.0.77.0/24", "networkSecurityGroup": {"id": group}}});
    assert_eq!(azure.put(&network("virtualNetworks/build/subnets/inner"), &body).status, 201);
    let subnets = azure.get(&network("networkSecurityGroups/closed")).body["properties"]["subnets"].clone();
    assert!(subnets[0]["id"].as_str().unwrap().ends_with("/subnets/inner"), "{subnets}");
    assert_eq!(
        azure.delete(&network("networkSecurityGroups/closed")).code(),
        "InUseNetworkSecurityGroupCannotBeDeleted"
    );
}
