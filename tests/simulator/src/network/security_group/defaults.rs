//! The rules that each network security group has, after all others ("Azure network security groups overview", default
//! security rules).

use serde_json::{Value, json};

/// Name, direction, priority, source, destination, access, description.
type Default = (&'static str, &'static str, u64, &'static str, &'static str, &'static str, &'static str);

const DEFAULTS: [Default; 6] = [
    (
        "AllowVnetInBound",
        "Inbound",
        65000,
        "VirtualNetwork",
        "VirtualNetwork",
        "Allow",
        "Allow inbound traffic from all VMs in VNET",
    ),
    (
        "AllowAzureLoadBalancerInBound",
        "Inbound",
        65001,
        "AzureLoadBalancer",
        "*",
        "Allow",
        "Allow inbound traffic from azure load balancer",
    ),
    ("DenyAllInBound", "Inbound", 65500, "*", "*", "Deny", "Deny all inbound traffic"),
    (
        "AllowVnetOutBound",
        "Outbound",
        65000,
        "VirtualNetwork",
        "VirtualNetwork",
        "Allow",
        "Allow outbound traffic from all VMs to all VMs in VNET",
    ),
    (
        "AllowInternetOutBound",
        "Outbound",
        65001,
        "*",
        "Internet",
        "Allow",
        "Allow outbound traffic from all VMs to Internet",
    ),
    ("DenyAllOutBound", "Outbound", 65500, "*", "*", "Deny", "Deny all outbound traffic"),
];

/// The default rules, in their order.
pub(super) fn rules() -> Vec<Value> {
    DEFAULTS
        .iter()
        .map(|(name, direction, priority, source, destination, access, description)| {
            json!({"name": name, "properties": {
                "description": description, "protocol": "*", "sourcePortRange": "*", "destinationPortRange": "*",
                "sourceAddressPrefix": source, "destinationAddressPrefix": destination, "access": access,
                "priority": priority, "direction": direction, "sourcePortRanges": [], "destinationPortRanges": [],
                "sourceAddressPrefixes": [], "destinationAddressPrefixes": [],
            }})
        })
        .collect()
}
