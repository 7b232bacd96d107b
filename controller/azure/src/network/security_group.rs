//! Network security groups.

use azimage_names::{Region, SecurityGroupId};
use http::Method;
use serde::Serialize;
use serde_json::{Value, json};

use super::NETWORK;
use crate::{
    arm::call::Call,
    arm::client::{Accepted, Client},
    arm::error::Error,
    compute::Tags,
};

/// A network security group with its rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityGroupBody {
    /// Its region.
    pub location: Region,
    /// Tags.
    pub tags: Tags,
    /// Its rules, whole; each is for every protocol, address and port.
    pub rules: Vec<SecurityRule>,
}

/// A rule for every protocol, address and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityRule {
    /// Its name.
    pub name: String,
    /// From 100 to 4096; the lowest one that fits holds.
    pub priority: i32,
    /// Whether it is for what goes out.
    pub is_outbound: bool,
    /// Whether it lets through.
    pub allows: bool,
}

impl SecurityRule {
    fn written(&self) -> Value {
        json!({
            "name": self.name,
            "properties": {
                "priority": self.priority,
                "direction": if self.is_outbound { "Outbound" } else { "Inbound" },
                "access": if self.allows { "Allow" } else { "Deny" },
                "protocol": "*",
                "sourceAddressPrefix": "*",
                "sourcePortRange": "*",
                "destinationAddressPrefix": "*",
                "destinationPortRange": "*",
            },
        })
    }
}

impl Serialize for SecurityGroupBody {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rules: Vec<Value> = self.rules.iter().map(SecurityRule::written).collect();
        json!({"location": self.location, "tags": self.tags, "properties": {"securityRules": rules}})
            .serialize(serializer)
    }
}

impl Client {
    /// Makes a network security group (Azure REST: Network Security Groups - Create Or Update).
    pub async fn put_security_group(
        &self,
        call: &Call,
        id: &SecurityGroupId,
        body: &SecurityGroupBody,
    ) -> Result<Accepted, Error> {
        self.write(call, Method::PUT, &id.to_string(), NETWORK, Some(body), None).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_for_every_protocol_address_and_port() {
        let rule = |is_outbound| SecurityRule { name: "deny-all".into(), priority: 100, is_outbound, allows: false };
        let body = SecurityGroupBody {
            location: "westeurope".parse().unwrap(),
            tags: [("a".to_owned(), "b".to_owned())].into(),
            rules: vec![rule(false), rule(true)],
        };
        let written = serde_json::to_value(&body).unwrap();
        assert_eq!((&written["location"], &written["tags"]), (&json!("westeurope"), &json!({"a": "b"})));
        for (place, direction) in ["Inbound", "Outbound"].into_iter().enumerate() {
            let expected = json!({
                "priority": 100, "direction": direction, "access": "Deny", "protocol": "*", "sourceAddressPrefix": "*",
                "sourcePortRange": "*", "destinationAddressPrefix": "*", "destinationPortRange": "*",
            });
            assert_eq!(written["properties"]["securityRules"][place]["properties"], expected);
        }
    }
}
