//! Lists in pages, and merging of bodies (behaviour section 3).

use serde_json::{Value, json};

use super::{
    address::Address,
    call::{Call, Reply},
};
use crate::world::World;

/// JSON merge patch: `null` removes, objects merge, everything else replaces.
pub(crate) fn merge(into: &mut Value, from: &Value) {
    let Value::Object(changes) = from else { return };
    if !into.is_object() {
        *into = json!({});
    }
    for (field, change) in changes {
        match change {
            Value::Null => {
                if let Some(fields) = into.as_object_mut() {
                    fields.remove(field);
                }
            }
            Value::Object(_) => merge(&mut into[field], change),
            other => into[field] = other.clone(),
        }
    }
}

impl World {
    /// The resources of one type below the address: in a resource group, in a subscription, or inside a parent.
    pub(crate) fn list(&mut self, call: &Call<'_>) -> Reply {
        let kind = call.address.kind();
        let below = |key: &str| Address::parse(key).is_some_and(|address| call.lists(&address));
        let entries: Vec<Value> = match kind.as_str() {
            "virtualmachines" => {
                self.machines.iter().filter(|(key, _)| below(key)).map(|(_, machine)| machine.view()).collect()
            }
            "virtualmachines/runcommands" => self
                .run_commands
                .iter()
                .filter(|(key, command)| below(key) && !command.action)
                .map(|(_, command)| command.view(call.expands("instanceView")))
                .collect(),
            "galleries" => {
                self.galleries.iter().filter(|(key, _)| below(key)).map(|(_, gallery)| gallery.view()).collect()
            }
            "galleries/images" => {
                self.definitions.iter().filter(|(key, _)| below(key)).map(|(_, definition)| definition.view()).collect()
            }
            "galleries/images/versions" => self
                .versions
                .iter()
                .filter(|(key, _)| below(key))
                .map(|(_, version)| version.view(self.now, false))
                .collect(),
            "disks" | "snapshots" => self
                .disks
                .iter()
                .filter(|(key, disk)| below(key) && disk.is_snapshot() == (kind == "snapshots"))
                .map(|(_, disk)| self.disk_view(disk))
                .collect(),
            "images" => self.images.iter().filter(|(key, _)| below(key)).map(|(_, image)| image.view()).collect(),
            _ => Vec::new(),
        };
        self.page(call, entries)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merging_removes_nulls_and_keeps_what_is_not_named() {
        let mut into = json!({"a": 1, "b": {"c": 2, "d": 3}, "e": [1]});
        merge(&mut into, &json!({"a": null, "b": {"c": 4}, "e": [2]}));
        assert_eq!(into, json!({"b": {"c": 4, "d": 3}, "e": [2]}));
    }
}
