//! What happens to an object before it is looked at: unknown fields go, and defaults come.

use serde_json::Value;

use super::Schema;

impl Schema {
    /// Removes fields that aren't declared; their paths are returned.
    pub(in crate::kubernetes) fn prune(&self, value: &mut Value) -> Vec<String> {
        let mut pruned = Vec::new();
        self.prune_at("", value, &mut pruned);
        pruned
    }

    fn prune_at(&self, path: &str, value: &mut Value, pruned: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                let unknown: Vec<String> = map.keys().filter(|name| !self.knows(name)).cloned().collect();
                for name in unknown {
                    map.remove(&name);
                    pruned.push(join(path, &name));
                }
                for (name, value) in map {
                    if let Some(schema) = self.field(name) {
                        schema.prune_at(&join(path, name), value, pruned);
                    }
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    if let Some(schema) = self.item() {
                        schema.prune_at(&format!("{path}[{index}]"), item, pruned);
                    }
                }
            }
            _ => {}
        }
    }

    /// Sets defaults, and removes nulls where there is a default and null isn't allowed.
    pub(in crate::kubernetes) fn set_defaults(&self, value: &mut Value) {
        match value {
            Value::Object(map) => {
                for (name, schema) in &self.properties {
                    let Some(default) = &schema.default else { continue };
                    match map.get(name) {
                        None => {}
                        Some(Value::Null) if !schema.nullable => {}
                        Some(_) => continue,
                    }
                    map.insert(name.clone(), default.clone());
                }
                for (name, value) in map {
                    if let Some(schema) = self.field(name) {
                        schema.set_defaults(value);
                    }
                }
            }
            Value::Array(items) => {
                if let Some(schema) = self.item() {
                    for item in items {
                        schema.set_defaults(item);
                    }
                }
            }
            _ => {}
        }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
