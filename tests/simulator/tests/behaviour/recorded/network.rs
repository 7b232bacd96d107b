//! Virtual networks and interfaces.

use serde_json::json;

use super::{BLANK, Row, replay};
use crate::azure::{interface_body, network};

const NETWORK: &str = "azure-cli test_network_vnet, 2025-08; Retry-After .NET 2017 to 2020";

const ROWS: &[Row] = &[
    Row {
        request: "PUT a new virtual network",
        source: NETWORK,
        ask: |azure| {
            let space = json!({"addressPrefixes": ["10.9.0.0/16"]});
            let body = json!({"location": "westeurope", "properties": {"addressSpace": space}});
            azure.put(&network("virtualNetworks/new"), &body)
        },
        status: 201,
        headers: "A R=3",
        has: &["/etag"],
        ..BLANK
    },
    Row {
        request: "PUT a new subnet",
        source: "azure-cli test_network_subnet_set, 2025-06",
        ask: |azure| {
            let body = json!({"properties": {"addressPrefix": "10.0.77.0/24"}});
            azure.put(&network("virtualNetworks/build/subnets/new"), &body)
        },
        status: 201,
        headers: "A R?",
        has: &["/etag"],
        ..BLANK
    },
    Row {
        request: "PUT a new interface",
        source: "azure-cli test_network_nic, 2025-05",
        ask: |azure| azure.put(&network("networkInterfaces/new"), &interface_body()),
        status: 201,
        headers: "A? E?",
        has: &["/etag"],
        is: &[("/properties/provisioningState", "Succeeded")],
        ..BLANK
    },
    Row {
        request: "PUT an interface that is there",
        source: "updates, .NET 2017 to 2020",
        ask: |azure| {
            azure.put(&network("networkInterfaces/new"), &interface_body());
            azure.wait(30);
            azure.put(&network("networkInterfaces/new"), &interface_body())
        },
        headers: "A? R=10 E?",
        has: &["/etag"],
        ..BLANK
    },
    Row {
        request: "PUT a new network security group",
        source: "azure-cli test_network_nsg, 2022-05",
        ask: |azure| {
            azure.put(&network("networkSecurityGroups/new"), &json!({"location": "westeurope", "tags": {"a": "b"}}))
        },
        status: 201,
        headers: "A R?",
        has: &["/etag", "/properties/resourceGuid", "/properties/defaultSecurityRules/5/etag"],
        is: &[
            ("/properties/provisioningState", "Updating"),
            ("/properties/securityRules", "[]"),
            ("/properties/defaultSecurityRules/1/name", "AllowAzureLoadBalancerInBound"),
            ("/properties/defaultSecurityRules/1/properties/priority", "65001"),
            ("/properties/defaultSecurityRules/1/properties/provisioningState", "Updating"),
            ("/properties/defaultSecurityRules/4/properties/destinationAddressPrefix", "Internet"),
        ],
        ..BLANK
    },
];

#[test]
fn networks_answer_as_recorded() {
    replay("", ROWS);
}
