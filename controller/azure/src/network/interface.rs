//! Network interfaces.

use azimage_names::{InterfaceId, Region, SecurityGroupId, SubnetId};
use http::Method;
use serde::Serialize;
use serde_json::json;

use super::NETWORK;
use crate::{
    arm::call::Call,
    arm::client::{Accepted, Client},
    arm::error::Error,
    compute::Tags,
};

/// A network interface without a public address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceBody {
    /// The subnet's region.
    pub location: Region,
    /// Tags.
    pub tags: Tags,
    /// The subnet.
    pub subnet: SubnetId,
    /// Its security group.
    pub security_group: SecurityGroupId,
}

impl Serialize for InterfaceBody {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { location, tags, subnet, security_group } = self;
        json!({
            "location": location,
            "tags": tags,
            "properties": {
                "networkSecurityGroup": {"id": security_group},
                "ipConfigurations": [{
                    "name": "only",
                    "properties": {"subnet": {"id": subnet}, "privateIPAllocationMethod": "Dynamic", "primary": true},
                }],
            },
        })
        .serialize(serializer)
    }
}

impl Client {
    /// Makes a network interface (Azure REST: Network Interfaces - Create Or Update).
    pub async fn put_interface(&self, call: &Call, id: &InterfaceId, body: &InterfaceBody) -> Result<Accepted, Error> {
        self.write(call, Method::PUT, &id.to_string(), NETWORK, Some(body), None).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interface_is_behind_its_group_and_has_no_public_address() {
        let network =
            "/subscriptions/0a1b2c3d-0000-0000-0000-00000000abcd/resourceGroups/w/providers/Microsoft.Network";
        let (subnet, group) =
            (format!("{network}/virtualNetworks/n/subnets/s"), format!("{network}/networkSecurityGroups/g"));
        let body = InterfaceBody {
            location: "westeurope".parse().unwrap(),
            tags: [("a".to_owned(), "b".to_owned())].into(),
            subnet: subnet.parse().unwrap(),
            security_group: group.parse().unwrap(),
        };
        let configuration = json!({"subnet": {"id": subnet}, "privateIPAllocationMethod": "Dynamic", "primary": true});
        let expected = json!({
            "location": "westeurope", "tags": {"a": "b"},
            "properties": {
                "networkSecurityGroup": {"id": group},
                "ipConfigurations": [{"name": "only", "properties": configuration}],
            },
        });
        assert_eq!(serde_json::to_value(&body).unwrap(), expected);
    }
}
