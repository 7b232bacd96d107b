//! Whether a machine's network is closed: whether its interfaces let anything in or out but what belongs to the platform.
//!
//! A packet passes the security group of the subnet and that of the interface; it is let through only where both do ("How
//! network security groups filter network traffic"). The platform's own addresses, by which the agent is reached, are not
//! filtered.

use serde_json::Value;

use super::security_group::rules::denies_everything;
use crate::resources::{Resources, machine::VirtualMachine, network::NetworkResource};

/// What is open in a machine's network, in words; nothing where it is closed.
pub(crate) fn openings(resources: &Resources, machine: &VirtualMachine) -> Vec<String> {
    let mut all = Vec::new();
    for id in machine.interface_ids() {
        match resources.network.get(&id.to_lowercase()) {
            Some(interface) => all.extend(openings_of(resources, interface)),
            None => all.push(format!("interface {id}: unknown")),
        }
    }
    all
}

fn openings_of(resources: &Resources, interface: &NetworkResource) -> Vec<String> {
    let configurations: Vec<&Value> = interface.properties["ipConfigurations"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| &one["properties"])
        .collect();
    let mut all = Vec::new();
    if configurations.iter().any(|configuration| !configuration["publicIPAddress"].is_null()) {
        all.push(format!("interface {}: has a public address", interface.name));
    }
    for direction in ["Inbound", "Outbound"] {
        let closed = |properties: &Value| closes(resources, properties, direction);
        let by_subnets = configurations.iter().all(|configuration| {
            let subnet = configuration["subnet"]["id"].as_str().unwrap_or_default();
            resources.network.get(&subnet.to_lowercase()).is_some_and(|subnet| closed(&subnet.properties))
        });
        if !closed(&interface.properties) && !by_subnets {
            all.push(format!("interface {}: {direction} is open", interface.name));
        }
    }
    all
}

/// Whether the security group that these properties name denies everything in a direction.
fn closes(resources: &Resources, properties: &Value, direction: &str) -> bool {
    let group =
        properties["networkSecurityGroup"]["id"].as_str().and_then(|id| resources.network.get(&id.to_lowercase()));
    group.is_some_and(|group| denies_everything(&group.properties["securityRules"], direction))
}
