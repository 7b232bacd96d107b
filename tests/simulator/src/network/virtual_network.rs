//! Virtual networks and their subnets (behaviour section 18).

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Value, json};

use super::{prefix::Prefix, security_group};
use crate::{
    arm::{
        address::last_name,
        call::{Answer, Call},
        error::ArmError,
        refusals::parent_not_found,
        tags,
    },
    resources::{Resources, network::NetworkResource},
};

fn bad(code: &str, message: String) -> ArmError {
    ArmError::new(StatusCode::BAD_REQUEST, code, message)
}

/// The prefixes that a network's or subnet's properties list.
fn prefixes(texts: &Value) -> Result<Vec<Prefix>, ArmError> {
    let read = |text: &Value| {
        let text = text.as_str().unwrap_or_default();
        Prefix::parse(text).ok_or_else(|| {
            bad("InvalidAddressPrefixFormat", format!("Address prefix '{text}' is not formatted correctly."))
        })
    };
    texts.as_array().into_iter().flatten().map(read).collect()
}

/// A subnet's own prefix, inside the network and beside its other subnets.
fn subnet_prefix(
    name: &str,
    properties: &Value,
    network: &NetworkResource,
    others: &[(String, Prefix)],
) -> Result<Prefix, ArmError> {
    let given = if properties["addressPrefix"].is_string() {
        &properties["addressPrefix"]
    } else {
        &properties["addressPrefixes"][0]
    };
    let prefix = prefixes(&json!([given]))?[0];
    if !prefixes(&network.properties["addressSpace"]["addressPrefixes"])?.iter().any(|space| space.contains(prefix)) {
        return Err(bad(
            "NetcfgInvalidSubnet",
            format!("Subnet '{name}' is not valid in virtual network '{}'.", network.name),
        ));
    }
    match others.iter().find(|(other, used)| !other.eq_ignore_ascii_case(name) && used.overlaps(prefix)) {
        Some((other, _)) => Err(bad(
            "NetcfgSubnetRangesOverlap",
            format!(
                "Subnet '{name}' is not valid because its IP address range overlaps with that of an existing subnet '{other}'."
            ),
        )),
        None => Ok(prefix),
    }
}

fn subnet_properties(given: &Value) -> Value {
    let mut properties = crate::arm::body::properties(given, &["provisioningState", "ipConfigurations", "purpose"]);
    if properties["addressPrefix"].is_null() {
        properties["addressPrefix"] = properties["addressPrefixes"][0].clone();
    }
    for (field, default) in [
        ("delegations", json!([])),
        ("privateEndpointNetworkPolicies", json!("Disabled")),
        ("privateLinkServiceNetworkPolicies", json!("Enabled")),
    ] {
        if properties[field].is_null() {
            properties[field] = default;
        }
    }
    properties
}

/// The security group that a subnet names.
fn take_group(
    resources: &Resources,
    call: &Call<'_>,
    id: &str,
    location: &str,
    properties: &mut Value,
) -> Result<(), ArmError> {
    let may_join = |group: &str| super::interface::put::may_join(resources, call, group);
    let group =
        security_group::put::reference(resources, &may_join, id, location, &properties["networkSecurityGroup"])?;
    if let Some(group) = group {
        properties["networkSecurityGroup"] = group;
    }
    Ok(())
}

pub(super) fn view(resources: &Resources, network: &NetworkResource) -> Value {
    let mut view = network.common_view("virtualNetworks");
    view["location"] = json!(network.location);
    view["tags"] = json!(network.tags);
    view["properties"]["resourceGuid"] = json!(network.guid);
    let subnets: Vec<Value> = subnets_of(resources, &network.id).map(|subnet| subnet_view(resources, subnet)).collect();
    view["properties"]["subnets"] = json!(subnets);
    view["properties"]["virtualNetworkPeerings"] = json!([]);
    view["properties"]["enableDdosProtection"] = json!(false);
    view
}

pub(super) fn subnet_view(resources: &Resources, subnet: &NetworkResource) -> Value {
    let mut view = subnet.common_view("virtualNetworks/subnets");
    let users: Vec<Value> = configurations_in(resources, &subnet.id)
        .map(|(interface, name)| json!({"id": format!("{}/ipConfigurations/{name}", interface.id)}))
        .collect();
    if !users.is_empty() {
        view["properties"]["ipConfigurations"] = json!(users);
    }
    view
}

fn subnets_of<'r>(resources: &'r Resources, network: &str) -> impl Iterator<Item = &'r NetworkResource> + use<'r> {
    let prefix = format!("{network}/subnets/").to_lowercase();
    resources.network.iter().filter(move |(key, _)| key.starts_with(&prefix)).map(|(_, subnet)| subnet)
}

/// IP configurations of network interfaces in a subnet.
pub(super) fn configurations_in<'r>(
    resources: &'r Resources,
    subnet: &str,
) -> impl Iterator<Item = (&'r NetworkResource, &'r str)> + use<'r> {
    let subnet = subnet.to_owned();
    resources.network.values().flat_map(move |interface| {
        let subnet = subnet.clone();
        interface.properties["ipConfigurations"].as_array().into_iter().flatten().filter_map(move |configuration| {
            let within = configuration["properties"]["subnet"]["id"].as_str()?.eq_ignore_ascii_case(&subnet);
            within.then_some((interface, configuration["name"].as_str().unwrap_or_default()))
        })
    })
}

fn taken_prefixes(resources: &Resources, network: &str) -> Vec<(String, Prefix)> {
    subnets_of(resources, network)
        .filter_map(|subnet| Some((subnet.name.clone(), Prefix::parse(subnet.properties["addressPrefix"].as_str()?)?)))
        .collect()
}

/// Writes the network; `subnets` in its body is the whole list.
pub(super) fn put(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let key = call.address.key();
    let location = call.location()?;
    let tags = tags::from_body(&call.body)?.unwrap_or_default();
    let existing = resources.network.get(&key);
    if let Some(network) = existing.filter(|network| network.location != location) {
        return Err(tags::other_location(&network.id, &network.location, &location));
    }
    let mut properties = crate::arm::body::properties(
        &call.body["properties"],
        &["provisioningState", "resourceGuid", "subnets", "virtualNetworkPeerings"],
    );
    if prefixes(&properties["addressSpace"]["addressPrefixes"])?.is_empty() {
        let text = "The virtual network has no address prefix: give at least one in 'addressSpace.addressPrefixes'.";
        return Err(bad("InvalidRequestFormat", text.to_owned()));
    }
    let guid = existing.map(|network| network.guid);
    let subnets = call.body["properties"]["subnets"].as_array().cloned();
    if let Some(fields) = properties.as_object_mut() {
        fields.remove("subnets");
    }
    let mut network = NetworkResource::new(resources, &call.address.id(), &location, tags, properties);
    network.guid = guid.unwrap_or(network.guid);
    network.provisioning_state = "Updating";
    super::is_free(resources, &key)?;
    if let Some(subnets) = subnets {
        subnets_become(resources, call, &network, &subnets)?;
    }
    let seconds = resources.durations.network;
    super::write(resources, call, network, seconds)
}

fn subnets_become(
    resources: &mut Resources,
    call: &Call<'_>,
    network: &NetworkResource,
    wanted: &[Value],
) -> Result<(), ArmError> {
    let mut taken = Vec::new();
    for subnet in wanted {
        let name = subnet["name"].as_str().unwrap_or_default();
        let prefix = subnet_prefix(name, &subnet["properties"], network, &taken)?;
        taken.push((name.to_owned(), prefix));
    }
    let stays = |name: &str| taken.iter().any(|(wanted, _)| wanted.eq_ignore_ascii_case(name));
    let leaving: Vec<String> = subnets_of(resources, &network.id)
        .filter(|subnet| !stays(&subnet.name))
        .map(|subnet| subnet.id.to_lowercase())
        .collect();
    for key in &leaving {
        subnets_are_free(resources, key)?;
    }
    resources.network.retain(|key, _| !leaving.contains(key));
    for subnet in wanted {
        let id = format!("{}/subnets/{}", network.id, subnet["name"].as_str().unwrap_or_default());
        let mut properties = subnet_properties(&subnet["properties"]);
        take_group(resources, call, &id, &network.location, &mut properties)?;
        let record = NetworkResource::new(resources, &id, &network.location, BTreeMap::default(), properties);
        resources.network.insert(id.to_lowercase(), record);
    }
    Ok(())
}

pub(super) fn subnet_put(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let parent = call.address.parent();
    let network = resources.network.get(&parent.key()).cloned().ok_or_else(|| parent_not_found(&parent))?;
    let others = taken_prefixes(resources, &network.id);
    subnet_prefix(call.address.name(), &call.body["properties"], &network, &others)?;
    let mut properties = subnet_properties(&call.body["properties"]);
    take_group(resources, call, &call.address.id(), &network.location, &mut properties)?;
    let mut subnet =
        NetworkResource::new(resources, &call.address.id(), &network.location, BTreeMap::default(), properties);
    subnet.provisioning_state = "Updating";
    let seconds = resources.durations.network;
    super::write(resources, call, subnet, seconds)
}

/// Refuses while a network interface lies in the subnet, or in one of the network's.
pub(super) fn subnets_are_free(resources: &Resources, key: &str) -> Result<(), ArmError> {
    let below = format!("{key}/");
    let subnets = resources.network.iter().filter(|(other, _)| *other == key || other.starts_with(&below));
    for (_, subnet) in subnets {
        if let Some((interface, name)) = configurations_in(resources, &subnet.id).next() {
            return Err(bad(
                "InUseSubnetCannotBeDeleted",
                format!(
                    "Subnet {} is in use by {}/ipConfigurations/{name} and cannot be deleted. In order to delete the \
                     subnet, delete all the resources within the subnet.",
                    last_name(&subnet.id),
                    interface.id
                ),
            ));
        }
    }
    Ok(())
}
