//! The Network provider, as far as virtual machines need it: virtual networks, subnets, network interfaces (behaviour section
//! 18).

pub(crate) mod interface;
pub(crate) mod interface_put;
pub(crate) mod prefix;
pub(crate) mod virtual_network;

use std::collections::BTreeMap;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    arm::{
        address::Address,
        call::{Answer, Call, Reply},
        error::ArmError,
        refusals::{not_found, not_supported},
    },
    resources::{Resources, network::NetworkResource, record::RecordKind},
};

impl NetworkResource {
    pub(crate) fn new(
        world: &mut Resources,
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
            etag: world.guid(),
            guid: world.guid(),
            provisioning_state: "Succeeded",
            operation: Uuid::nil(),
            reserved: None,
        }
    }

    /// Id, name, type, etag and properties, as all three have them.
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

impl Resources {
    /// Puts a resource there that comes with something else: a machine's, or a scenario's.
    pub(crate) fn network_appears(
        &mut self,
        id: &str,
        location: &str,
        tags: BTreeMap<String, String>,
        properties: Value,
    ) {
        let resource = NetworkResource::new(self, id, location, tags, properties);
        self.network.insert(id.to_lowercase(), resource);
    }

    pub(crate) fn network_call(&mut self, call: &Call<'_>) -> Answer {
        let kind = call.address.kind();
        if kind.starts_with("locations/") {
            return self.operation_get(call, &kind);
        }
        if call.address.is_collection() {
            return self.list(call);
        }
        match (kind.as_str(), call.method) {
            ("virtualnetworks" | "virtualnetworks/subnets" | "networkinterfaces", &Method::GET) => {
                let resource = self.network.get(&call.address.key()).ok_or_else(|| not_found(call.address))?;
                Ok(Reply { etag: Some(resource.etag()), ..Reply::ok(self.network_view(resource)) })
            }
            ("virtualnetworks" | "virtualnetworks/subnets" | "networkinterfaces", &Method::DELETE) => {
                self.network_delete(call)
            }
            ("virtualnetworks", &Method::PUT) => self.virtual_network_put(call),
            ("virtualnetworks/subnets", &Method::PUT) => self.subnet_put(call),
            ("networkinterfaces", &Method::PUT) => self.interface_put(call),
            ("networkinterfaces", &Method::PATCH) => self.interface_patch(call),
            _ => Err(not_supported(call)),
        }
    }

    pub(crate) fn network_view(&self, resource: &NetworkResource) -> Value {
        let kind = Address::parse(&resource.id).map(|address| address.kind()).unwrap_or_default();
        match kind.as_str() {
            "virtualnetworks" => self.virtual_network_view(resource),
            "virtualnetworks/subnets" => self.subnet_view(resource),
            _ => self.interface_view(resource),
        }
    }

    /// Stores a written resource and begins the operation behind it, unless another one runs.
    pub(crate) fn network_write(&mut self, call: &Call<'_>, resource: NetworkResource, seconds: f64) -> Answer {
        let key = call.address.key();
        let created = self.network_is_free(&key)?;
        self.network.insert(key.clone(), resource);
        let operation = self.write_begins(RecordKind::Network, &key, seconds);
        let Some(resource) = self.network.get(&key) else { return Err(not_found(call.address)) };
        let etag = resource.etag();
        Ok(Reply { etag: Some(etag), ..Reply::written(created, self.network_view(resource), operation) })
    }

    /// Refuses a write while the one before goes on; true where the resource is new.
    pub(super) fn network_is_free(&self, key: &str) -> Result<bool, ArmError> {
        let Some(resource) = self.network.get(key) else { return Ok(true) };
        let goes_on = !matches!(resource.provisioning_state, "Succeeded" | "Failed");
        match self.operations.get(&resource.operation).filter(|_| goes_on) {
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

    fn network_delete(&mut self, call: &Call<'_>) -> Answer {
        let key = call.address.key();
        if let Some(reply) = self.deletion_known(RecordKind::Network, &key) {
            return Ok(reply);
        }
        self.network_is_free(&key)?;
        let Some(resource) = self.network.get(&key) else { return Err(not_found(call.address)) };
        if call.address.kind() == "networkinterfaces" {
            self.interface_is_free(resource, None)?;
        } else {
            self.subnets_are_free(&key)?;
        }
        Ok(self.deletion_begins(RecordKind::Network, &key, self.durations.network))
    }

    pub(crate) fn network_gone(&mut self, key: &str) {
        let below = format!("{key}/");
        self.network.retain(|other, _| other != key && !other.starts_with(&below));
    }
}
