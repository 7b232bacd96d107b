//! What belongs to virtual machines: read for whether it is still the same and whether anything uses it, and deleted.

use azimage_names::{DiskId, InterfaceId, PublicAddressId, VirtualMachineId, values::ProvisioningState};
use http::Method;
use serde::Deserialize;

use crate::{
    arm::call::Call,
    arm::client::{Accepted, Client},
    arm::error::Error,
    arm::json::null_as_default,
    compute::{DISKS, VIRTUAL_MACHINES},
    network::NETWORK,
};

/// The kinds of what belongs to a machine, and the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BelongingKind<'a> {
    /// The virtual machine itself.
    Machine(&'a VirtualMachineId),
    /// A network interface.
    Interface(&'a InterfaceId),
    /// A managed disk.
    Disk(&'a DiskId),
    /// A public address.
    Address(&'a PublicAddressId),
}

impl BelongingKind<'_> {
    fn id(self) -> String {
        match self {
            Self::Machine(id) => id.to_string(),
            Self::Interface(id) => id.to_string(),
            Self::Disk(id) => id.to_string(),
            Self::Address(id) => id.to_string(),
        }
    }

    fn api_version(self) -> &'static str {
        match self {
            Self::Machine(_) => VIRTUAL_MACHINES,
            Self::Disk(_) => DISKS,
            Self::Interface(_) | Self::Address(_) => NETWORK,
        }
    }
}

/// What decides about something that belongs to a machine.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct Belonging {
    /// Azure's unique id of it, which another one of the same name doesn't have: `uniqueId` of a disk, `resourceGuid` of the others.
    pub unique_id: Option<String>,
    /// State of its last write; absent counts as Succeeded.
    pub provisioning_state: Option<ProvisioningState>,
    /// Resource ids of all that uses it: machines of a disk; of an interface its machine, or a private endpoint or private link
    /// service; of an address the IP configuration or NAT gateway that it is on.
    pub used_by: Vec<String>,
    /// How many machines may have a disk at a time; absent means one.
    pub max_shares: Option<u32>,
    /// Resource ids of the public addresses on an interface.
    pub addresses: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    managed_by: Option<String>,
    #[serde(default, deserialize_with = "null_as_default")]
    managed_by_extended: Vec<String>,
    #[serde(default, deserialize_with = "null_as_default")]
    properties: Properties,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    unique_id: Option<String>,
    resource_guid: Option<String>,
    provisioning_state: Option<ProvisioningState>,
    max_shares: Option<u32>,
    virtual_machine: Option<Reference>,
    private_endpoint: Option<Reference>,
    private_link_service: Option<Reference>,
    ip_configuration: Option<Reference>,
    nat_gateway: Option<Reference>,
    #[serde(default, deserialize_with = "null_as_default")]
    ip_configurations: Vec<IpConfiguration>,
}

#[derive(Deserialize)]
struct Reference {
    id: Option<String>,
}

#[derive(Default, Deserialize)]
struct IpConfiguration {
    #[serde(default, deserialize_with = "null_as_default")]
    properties: IpProperties,
}

#[derive(Default, Deserialize)]
struct IpProperties {
    #[serde(rename = "publicIPAddress")]
    public_ip_address: Option<Reference>,
}

impl From<Wire> for Belonging {
    fn from(Wire { managed_by, managed_by_extended, properties }: Wire) -> Self {
        let id = |reference: Option<Reference>| reference.and_then(|reference| reference.id);
        let users = [
            id(properties.virtual_machine),
            id(properties.private_endpoint),
            id(properties.private_link_service),
            id(properties.ip_configuration),
            id(properties.nat_gateway),
            managed_by,
        ];
        let users = users.into_iter().flatten().chain(managed_by_extended).filter(|user| !user.is_empty());
        Self {
            unique_id: properties.unique_id.or(properties.resource_guid),
            provisioning_state: properties.provisioning_state,
            used_by: users.collect(),
            max_shares: properties.max_shares,
            addresses: properties
                .ip_configurations
                .into_iter()
                .filter_map(|configuration| id(configuration.properties.public_ip_address))
                .collect(),
        }
    }
}

impl Client {
    /// Reads something that belongs to a machine (Azure REST: Disks, Network Interfaces, Public IP Addresses - Get).
    pub async fn belonging(&self, call: &Call, kind: BelongingKind<'_>) -> Result<Belonging, Error> {
        self.get(call, &kind.id(), "", kind.api_version()).await
    }

    /// Deletes it, or the machine itself (Azure REST: Virtual Machines, Disks, Network Interfaces, Public IP Addresses - Delete).
    pub async fn delete_belonging(&self, call: &Call, kind: BelongingKind<'_>) -> Result<Accepted, Error> {
        self.write(call, Method::DELETE, &kind.id(), kind.api_version(), None::<&()>, None).await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(value: Value) -> Belonging {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn each_kind_tells_who_uses_it_and_by_what_it_is_known() {
        let disk = read(json!({"managedBy": "/m", "managedByExtended": ["/other"], "properties": {
            "uniqueId": "u", "maxShares": 2, "provisioningState": "Succeeded"}}));
        assert_eq!((disk.unique_id.as_deref(), disk.max_shares), (Some("u"), Some(2)));
        assert_eq!(disk.used_by, ["/m", "/other"]);
        let interface = read(json!({"properties": {"resourceGuid": "g", "virtualMachine": {"id": "/m"},
            "privateEndpoint": {"id": "/e"}, "ipConfigurations": [
                {"properties": {"publicIPAddress": {"id": "/a"}}}, {"properties": null}, {"properties": {"publicIPAddress": null}}]}}));
        assert_eq!((interface.unique_id.as_deref(), interface.addresses), (Some("g"), vec!["/a".to_owned()]));
        assert_eq!(interface.used_by, ["/m", "/e"]);
        let address = read(
            json!({"properties": {"ipConfiguration": {"id": "/n/ipConfigurations/c"}, "natGateway": {"id": "/nat"}}}),
        );
        assert_eq!((address.unique_id, address.used_by), (None, vec!["/n/ipConfigurations/c".into(), "/nat".into()]));
    }

    #[test]
    fn what_nothing_uses_says_so_in_many_ways() {
        for free in [
            json!({}),
            json!({"managedBy": "", "managedByExtended": null, "properties": null}),
            json!({"properties": {
            "virtualMachine": null, "ipConfiguration": null, "ipConfigurations": null}}),
        ] {
            let free = read(free);
            assert_eq!((free.used_by, free.addresses, free.unique_id), (Vec::new(), Vec::new(), None));
        }
    }
}
