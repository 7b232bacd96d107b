//! Lists in pages (behaviour section 3).

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Value, json};

use super::{
    address::Address,
    call::{Answer, Call, Reply},
    refusals::{not_supported, parent_not_found},
};
use crate::resources::{
    Resources,
    disk::DiskEncryptionSet,
    gallery::{Definition, Gallery},
    image::ManagedImage,
    machine::VirtualMachine,
};

/// The records below the list's address, of its type.
fn below<'a, R>(call: &'a Call<'_>, records: &'a BTreeMap<String, R>) -> impl Iterator<Item = &'a R> {
    let kind = call.address.kind();
    let listed =
        move |key: &str| Address::parse(key).is_some_and(|address| call.lists(&address) && address.kind() == kind);
    records.iter().filter(move |(key, _)| listed(key)).map(|(_, record)| record)
}

impl Resources {
    /// The resources of one type below the address: in a resource group, in a subscription, or inside a parent.
    pub(crate) fn list(&mut self, call: &Call<'_>) -> Answer {
        if call.method != Method::GET {
            return Err(not_supported(call));
        }
        let parent = call.address.parent();
        if !parent.types.is_empty() && !self.is_parent(&parent.key()) {
            return Err(parent_not_found(&parent));
        }
        let entries: Vec<Value> = match call.address.kind().as_str() {
            "virtualmachines" => below(call, &self.machines).map(VirtualMachine::view).collect(),
            "virtualmachines/runcommands" => below(call, &self.run_commands)
                .filter(|command| !command.action)
                .map(|command| command.view(call.expands("instanceView")))
                .collect(),
            "galleries" => below(call, &self.galleries).map(Gallery::view).collect(),
            "galleries/images" => below(call, &self.definitions).map(Definition::view).collect(),
            "galleries/images/versions" => {
                below(call, &self.versions).map(|version| version.view(self.now, false)).collect()
            }
            "disks" | "snapshots" => below(call, &self.disks).map(|disk| self.disk_view(disk)).collect(),
            "diskencryptionsets" => below(call, &self.encryption_sets).map(DiskEncryptionSet::view).collect(),
            "images" => below(call, &self.images).map(ManagedImage::view).collect(),
            "virtualnetworks" | "virtualnetworks/subnets" | "networkinterfaces" => {
                below(call, &self.network).map(|resource| self.network_view(resource)).collect()
            }
            _ => return Err(not_supported(call)),
        };
        Ok(self.page(call, entries))
    }

    /// The page of `entries` that the query asks for.
    pub(crate) fn page(&self, call: &Call<'_>, mut entries: Vec<Value>) -> Reply {
        let from: usize = call.query.get("$skiptoken").and_then(|token| token.parse().ok()).unwrap_or(0);
        let rest = entries.split_off(from.min(entries.len()));
        let more = rest.len() > self.page_size;
        let page: Vec<Value> = rest.into_iter().take(self.page_size).collect();
        let mut body = json!({"value": page});
        if more {
            body["nextLink"] = json!(format!(
                "{}{}?api-version={}&%24skiptoken={}",
                call.base,
                call.address.id(),
                call.api_version(),
                from + self.page_size
            ));
        }
        Reply::ok(body)
    }
}
