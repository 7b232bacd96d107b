//! The Network provider, as far as virtual machines need it: virtual networks, subnets, network interfaces, network security
//! groups, public addresses (behaviour section 18).

pub(crate) mod exposure;
pub(crate) mod interface;
pub(crate) mod prefix;
pub(crate) mod public_address;
pub(crate) mod security_group;
pub(crate) mod virtual_network;

use std::collections::BTreeMap;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    arm::{
        address::Address,
        call::{Answer, Call, Reply, RetryAfter},
        error::ArmError,
        lists, operation,
        provider::Provider,
        records,
        refusals::{not_found, not_supported},
    },
    resources::{Resources, network::NetworkResource, operation::Work, record::RecordKind},
};

/// `Microsoft.Network`.
pub(crate) struct Network;

impl Provider for Network {
    fn call(&self, resources: &mut Resources, call: &Call<'_>) -> Answer {
        let kind = call.address.kind();
        if kind.starts_with("locations/") {
            return operation::get(resources, call, &kind);
        }
        if kind.starts_with("networksecuritygroups/") {
            return security_group::read_rules(resources, call, &kind);
        }
        if call.address.is_collection() {
            return list(resources, call, &kind);
        }
        match (kind.as_str(), call.method) {
            (
                "virtualnetworks"
                | "virtualnetworks/subnets"
                | "networkinterfaces"
                | "networksecuritygroups"
                | "publicipaddresses",
                &Method::GET,
            ) => {
                let resource = resources.network.get(&call.address.key()).ok_or_else(|| not_found(call.address))?;
                Ok(Reply { etag: Some(resource.etag()), ..Reply::ok(view(resources, resource)) })
            }
            (
                "virtualnetworks"
                | "virtualnetworks/subnets"
                | "networkinterfaces"
                | "networksecuritygroups"
                | "publicipaddresses",
                &Method::DELETE,
            ) => delete(resources, call),
            ("virtualnetworks", &Method::PUT) => virtual_network::put(resources, call),
            ("virtualnetworks/subnets", &Method::PUT) => virtual_network::subnet_put(resources, call),
            ("networkinterfaces", &Method::PUT) => interface::put::put(resources, call),
            ("networkinterfaces", &Method::PATCH) => interface::put::patch(resources, call),
            ("networksecuritygroups", &Method::PUT) => security_group::put::put(resources, call),
            ("networksecuritygroups", &Method::PATCH) => security_group::put::patch(resources, call),
            _ => Err(not_supported(call)),
        }
    }

    fn operation_ends(&self, resources: &mut Resources, id: Uuid, work: Work) {
        match work {
            Work::Written { kind, resource } => records::written(resources, id, kind, &resource, |_| None),
            Work::Deleted { kind, resource: key } => {
                records::deleted(resources, id, kind, &key, |resources| gone(resources, &key));
            }
            _ => {}
        }
    }
}

impl NetworkResource {
    pub(in crate::network) fn new(
        resources: &mut Resources,
        id: &str,
        location: &str,
        tags: BTreeMap<String, String>,
        properties: Value,
    ) -> Self {
        Self {
            id: id.to_owned(),
            name: crate::arm::address::last_name(id).to_owned(),
            location: location.to_owned(),
            tags,
            properties,
            etag: resources.guid(),
            guid: resources.guid(),
            provisioning_state: "Succeeded",
            operation: Uuid::nil(),
            reserved: None,
        }
    }

    /// Id, name, type, etag and properties, as all of them have them.
    fn common_view(&self, kind: &str) -> Value {
        let mut view = json!({
            "name": self.name,
            "id": self.id,
            "etag": self.etag(),
            "type": format!("Microsoft.Network/{kind}"),
            "properties": self.properties,
        });
        view["properties"]["provisioningState"] = json!(self.provisioning_state);
        view
    }
}

/// The 400 of a body that names what is not there.
pub(crate) fn invalid_reference(wanted: &str, by: &str) -> ArmError {
    ArmError::new(
        StatusCode::BAD_REQUEST,
        "InvalidResourceReference",
        format!(
            "Resource {wanted} referenced by resource {by} was not found. Please make sure that the referenced resource \
             exists, and that both resources are in the same region."
        ),
    )
}

/// Puts a resource there that comes with something else: a machine's, or a scenario's.
pub(crate) fn appears(
    resources: &mut Resources,
    id: &str,
    location: &str,
    tags: BTreeMap<String, String>,
    properties: Value,
) {
    let resource = NetworkResource::new(resources, id, location, tags, properties);
    resources.network.insert(id.to_lowercase(), resource);
}

pub(crate) fn view(resources: &Resources, resource: &NetworkResource) -> Value {
    let kind = Address::parse(&resource.id).map(|address| address.kind()).unwrap_or_default();
    match kind.as_str() {
        "virtualnetworks" => virtual_network::view(resources, resource),
        "virtualnetworks/subnets" => virtual_network::subnet_view(resources, resource),
        "networksecuritygroups" => security_group::view(resources, resource),
        "publicipaddresses" => public_address::view(resources, resource),
        _ => interface::view(resources, resource),
    }
}

/// Stores a written resource and begins the operation behind it, unless another one runs.
pub(crate) fn write(resources: &mut Resources, call: &Call<'_>, resource: NetworkResource, seconds: f64) -> Answer {
    let key = call.address.key();
    let created = is_free(resources, &key)?;
    resources.network.insert(key.clone(), resource);
    let operation = records::write_begins(resources, RecordKind::Network, &key, seconds);
    let Some(resource) = resources.network.get(&key) else { return Err(not_found(call.address)) };
    let reply = Reply::written(created, view(resources, resource), operation);
    // Only an interface's answer has the ETag as a header too.
    Ok(if call.address.kind() == "networkinterfaces" {
        let retry_after = if created { RetryAfter::Never } else { RetryAfter::Usual };
        Reply { etag: Some(resource.etag()), ..reply.asking_again(retry_after) }
    } else {
        reply.asking_again(RetryAfter::Seconds(3))
    })
}

/// Refuses a write while the one before goes on; true where the resource is new.
pub(super) fn is_free(resources: &Resources, key: &str) -> Result<bool, ArmError> {
    let Some(resource) = resources.network.get(key) else { return Ok(true) };
    let goes_on = !matches!(resource.provisioning_state, "Succeeded" | "Failed");
    match resources.operations.get(&resource.operation).filter(|_| goes_on) {
        None => Ok(false),
        Some(operation) => Err(ArmError::conflict(
            "AnotherOperationInProgress",
            format!(
                "Another operation on this or dependent resource is in progress. To retrieve status of the operation use uri: \
                 {}.",
                operation.path()
            ),
        )),
    }
}

fn delete(resources: &mut Resources, call: &Call<'_>) -> Answer {
    let key = call.address.key();
    if let Some(reply) = records::deletion_known(resources, RecordKind::Network, &key) {
        return Ok(reply);
    }
    is_free(resources, &key)?;
    let Some(resource) = resources.network.get(&key) else { return Err(not_found(call.address)) };
    match call.address.kind().as_str() {
        "networkinterfaces" => interface::is_free(resources, resource, None)?,
        "networksecuritygroups" => security_group::is_free(resources, resource)?,
        "publicipaddresses" => public_address::is_free(resources, resource)?,
        _ => virtual_network::subnets_are_free(resources, &key)?,
    }
    Ok(records::deletion_begins(resources, RecordKind::Network, &key, resources.durations.network))
}

pub(crate) fn gone(resources: &mut Resources, key: &str) {
    let below = format!("{key}/");
    resources.network.retain(|other, _| other != key && !other.starts_with(&below));
}

/// The resources of one type below the address.
fn list(resources: &Resources, call: &Call<'_>, kind: &str) -> Answer {
    lists::check(resources, call)?;
    if !matches!(kind, "virtualnetworks" | "virtualnetworks/subnets" | "networkinterfaces" | "networksecuritygroups") {
        return Err(not_supported(call));
    }
    let entries = lists::below(call, &resources.network).map(|resource| view(resources, resource)).collect();
    Ok(lists::page(resources, call, entries))
}
