//! Public addresses, as far as an interface has them and they are deleted after it (behaviour section 18). Only scenarios bring them in.

use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    arm::error::ArmError,
    resources::{Resources, network::NetworkResource},
};

/// The IP configuration of an interface that has the address.
fn user(resources: &Resources, address: &NetworkResource) -> Option<String> {
    resources.network.values().find_map(|interface| {
        let configurations = interface.properties["ipConfigurations"].as_array()?;
        let has_it = |configuration: &&Value| {
            let id = configuration["properties"]["publicIPAddress"]["id"].as_str();
            id.is_some_and(|id| id.eq_ignore_ascii_case(&address.id))
        };
        let configuration = configurations.iter().find(has_it)?;
        Some(format!("{}/ipConfigurations/{}", interface.id, configuration["name"].as_str().unwrap_or_default()))
    })
}

pub(in crate::network) fn view(resources: &Resources, address: &NetworkResource) -> Value {
    let mut view = address.common_view("publicIPAddresses");
    view["location"] = json!(address.location);
    view["tags"] = json!(address.tags);
    view["sku"] = json!({"name": "Standard", "tier": "Regional"});
    view["properties"]["resourceGuid"] = json!(address.guid);
    if let Some(user) = user(resources, address) {
        view["properties"]["ipConfiguration"] = json!({"id": user});
    }
    view
}

/// Refuses to delete an address that is on an interface.
pub(in crate::network) fn is_free(resources: &Resources, address: &NetworkResource) -> Result<(), ArmError> {
    let Some(user) = user(resources, address) else { return Ok(()) };
    Err(ArmError::new(
        StatusCode::BAD_REQUEST,
        "PublicIPAddressCannotBeDeleted",
        format!(
            "Public IP address {} can not be deleted since it is still allocated to resource {user}. In order to delete the \
             public IP, disassociate/detach the Public IP address from the resource. To learn how to do this, see \
             aka.ms/deletepublicip.",
            address.id
        ),
    ))
}
