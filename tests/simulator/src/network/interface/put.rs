//! Creating and changing network interfaces (behaviour section 18).

use std::collections::{BTreeMap, BTreeSet};

use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    arm::{
        address::Address,
        call::{Answer, Call},
        error::ArmError,
        refusals::not_found,
        rights, tags,
    },
    network::{invalid_reference, prefix::Prefix, security_group},
    resources::{Resources, network::NetworkResource},
};

fn bad(code: &str, message: String) -> ArmError {
    ArmError::new(StatusCode::BAD_REQUEST, code, message)
}

/// The right to put something into a subnet, or to give it a security group or a public address.
pub(crate) fn may_join(resources: &Resources, call: &Call<'_>, id: &str) -> Result<(), ArmError> {
    let kind = Address::parse(id).map(|address| address.kind()).unwrap_or_default();
    let types = match kind.as_str() {
        "networksecuritygroups" => "networkSecurityGroups",
        "publicipaddresses" => "publicIPAddresses",
        _ => "virtualNetworks/subnets",
    };
    rights::linked(resources, call, &format!("Microsoft.Network/{types}/join/action"), id)
}

pub(in crate::network) fn put(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let key = call.address.key();
    let location = call.location()?;
    let tags = tags::from_body(&call.body)?.unwrap_or_default();
    if let Some(interface) = resources.network.get(&key).filter(|interface| interface.location != location) {
        return Err(tags::other_location(&interface.id, &interface.location, &location));
    }
    let id = call.address.id();
    let properties =
        properties(resources, &|joined| may_join(resources, call, joined), &id, &location, &call.body["properties"])?;
    let before = resources.network.get(&key).map(|interface| (interface.guid, interface.reserved.clone()));
    let mut interface = NetworkResource::new(resources, &id, &location, tags, properties);
    if let Some((guid, reserved)) = before {
        (interface.guid, interface.reserved) = (guid, reserved);
    }
    // Interfaces are there at once; the operation only says so.
    crate::network::write(resources, call, interface, 0.5)
}

/// An interface that a scenario puts into a subnet, in the subnet's region.
pub(crate) fn appears(
    resources: &mut Resources,
    id: &str,
    tags: BTreeMap<String, String>,
    given: &Value,
) -> Result<(), ArmError> {
    let subnet = given["ipConfigurations"][0]["properties"]["subnet"]["id"].as_str().unwrap_or_default();
    let location = resources.network.get(&subnet.to_lowercase()).map(|subnet| subnet.location.clone());
    let location = location.ok_or_else(|| invalid_reference(subnet, id))?;
    let properties = properties(resources, &|_| Ok(()), id, &location, given)?;
    crate::network::appears(resources, id, &location, tags, properties);
    Ok(())
}

/// PATCH changes tags only.
pub(in crate::network) fn patch(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let mut interface = resources.network.get(&call.address.key()).cloned().ok_or_else(|| not_found(call.address))?;
    if let Some(tags) = tags::from_body(&call.body)? {
        interface.tags = tags;
    }
    interface.etag = resources.guid();
    crate::network::write(resources, call, interface, 0.5)
}

/// Properties of an interface, checked, with addresses and defaults.
pub(crate) fn properties(
    resources: &Resources,
    may_join: &dyn Fn(&str) -> Result<(), ArmError>,
    id: &str,
    location: &str,
    given: &Value,
) -> Result<Value, ArmError> {
    let mut properties = crate::arm::body::properties(
        given,
        &["provisioningState", "resourceGuid", "virtualMachine", "deleteOption", "primary"],
    );
    let Some(configurations) = properties["ipConfigurations"].as_array().filter(|entries| !entries.is_empty()) else {
        return Err(bad(
            "NetworkInterfaceMustHaveIpConfiguration",
            format!("Network interface {id} must have one or more IP configurations."),
        ));
    };
    let mut written = Vec::new();
    let mut taken = BTreeSet::new();
    for (index, configuration) in configurations.iter().enumerate() {
        let given = &configuration["properties"];
        let Some(subnet_id) = given["subnet"]["id"].as_str() else {
            return Err(bad(
                "SubnetMissing",
                format!("An IP configuration of network interface {id} names no subnet."),
            ));
        };
        may_join(subnet_id)?;
        let same = |subnet: &&NetworkResource| subnet.location == location && same_subscription(&subnet.id, id);
        let subnet = resources.network.get(&subnet_id.to_lowercase()).filter(same);
        let subnet = subnet.ok_or_else(|| invalid_reference(subnet_id, id))?;
        let address = free_address(resources, subnet, id, given["privateIPAddress"].as_str(), &taken)?;
        taken.insert(address.clone());
        let method = given["privateIPAllocationMethod"].as_str().unwrap_or("Dynamic");
        written.push(json!({
            "name": configuration["name"].as_str().map_or_else(|| format!("ipconfig{}", index + 1), str::to_owned),
            "properties": {
                "privateIPAddress": address,
                "privateIPAllocationMethod": method,
                "privateIPAddressVersion": "IPv4",
                "primary": given["primary"].as_bool().unwrap_or(index == 0),
                "subnet": {"id": subnet_id},
            },
        }));
        if let (Some(public), Some(configuration)) = (public_address(id, given), written.last_mut()) {
            may_join(&public)?;
            configuration["properties"]["publicIPAddress"] = json!({"id": public});
        }
    }
    let group = security_group::put::reference(resources, may_join, id, location, &properties["networkSecurityGroup"])?;
    if let Some(group) = group {
        properties["networkSecurityGroup"] = group;
    }
    properties["ipConfigurations"] = json!(written);
    for (field, default) in [
        ("dnsSettings", json!({"dnsServers": [], "appliedDnsServers": []})),
        ("enableAcceleratedNetworking", json!(false)),
        ("enableIPForwarding", json!(false)),
        ("disableTcpStateTracking", json!(false)),
        ("vnetEncryptionSupported", json!(false)),
        ("hostedWorkloads", json!([])),
        ("tapConfigurations", json!([])),
        ("nicType", json!("Standard")),
        ("auxiliaryMode", json!("None")),
    ] {
        if properties[field].is_null() {
            properties[field] = default;
        }
    }
    Ok(properties)
}

fn same_subscription(one: &str, other: &str) -> bool {
    let of = |id: &str| Address::parse(id).map(|address| address.subscription.to_lowercase());
    of(one) == of(other)
}

/// The public address of an IP configuration, also where it is made with the interface. What is named counts as there, also if
/// there is no such resource.
fn public_address(interface: &str, given: &Value) -> Option<String> {
    if let Some(id) = given["publicIPAddress"]["id"].as_str() {
        return Some(id.to_owned());
    }
    let name = given["publicIPAddressConfiguration"]["name"].as_str()?;
    let group = interface.split("/providers/").next().unwrap_or_default();
    Some(format!("{group}/providers/Microsoft.Network/publicIPAddresses/{name}"))
}

/// The address that was asked for, the one that the interface has, or the lowest free one of the subnet.
fn free_address(
    resources: &Resources,
    subnet: &NetworkResource,
    own: &str,
    wanted: Option<&str>,
    taken: &BTreeSet<String>,
) -> Result<String, ArmError> {
    let mut used = taken.clone();
    let mut before = None;
    for interface in resources.network.values() {
        for configuration in interface.properties["ipConfigurations"].as_array().into_iter().flatten() {
            let properties = &configuration["properties"];
            let within = properties["subnet"]["id"].as_str().is_some_and(|id| id.eq_ignore_ascii_case(&subnet.id));
            let Some(address) = properties["privateIPAddress"].as_str().filter(|_| within) else { continue };
            if interface.id.eq_ignore_ascii_case(own) {
                before.get_or_insert(address);
            } else {
                used.insert(address.to_owned());
            }
        }
    }
    if let Some(address) = wanted {
        if used.contains(address) {
            return Err(bad(
                "PrivateIPAddressInUse",
                format!("Private IP address {address} is in use in subnet {}.", subnet.id),
            ));
        }
        return Ok(address.to_owned());
    }
    if let Some(address) = before.filter(|address| !used.contains(*address)) {
        return Ok(address.to_owned());
    }
    let prefix = subnet.properties["addressPrefix"].as_str().and_then(Prefix::parse);
    let free = prefix.and_then(|prefix| {
        prefix.addresses().map(|address| address.to_string()).find(|address| !used.contains(address))
    });
    free.ok_or_else(|| {
        bad("SubnetIsFull", format!("Subnet {} does not have enough capacity for 1 IP addresses.", subnet.name))
    })
}
