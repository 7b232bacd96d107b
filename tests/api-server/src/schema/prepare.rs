//! What happens to an object before it is looked at: unknown fields go, and defaults come.

use serde_json::Value;

use super::Schema;

impl Schema {
    /// Removes fields that aren't declared; their paths are returned.
    pub(crate) fn prune(&self, value: &mut Value) -> Vec<String> {
        let mut pruned = Vec::new();
        self.prune_at(value, &mut pruned);
        pruned
    }

    /// Paths are put together from the inside, where something was removed.
    fn prune_at(&self, value: &mut Value, pruned: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                let unknown: Vec<String> = map.keys().filter(|name| !self.knows(name)).cloned().collect();
                for name in &unknown {
                    map.remove(name);
                }
                pruned.extend(unknown);
                for (name, value) in map {
                    if let Some(schema) = self.field(name) {
                        schema.within(value, pruned, |path| join(name, path));
                    }
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    if let Some(schema) = self.item() {
                        schema.within(item, pruned, |path| join(&format!("[{index}]"), path));
                    }
                }
            }
            _ => {}
        }
    }

    /// Removes what isn't declared in a part of a value; `name` puts the part's name before a path.
    fn within(&self, value: &mut Value, pruned: &mut Vec<String>, name: impl Fn(&str) -> String) {
        let before = pruned.len();
        self.prune_at(value, pruned);
        for path in &mut pruned[before..] {
            *path = name(path);
        }
    }

    /// Sets defaults, and removes nulls where there is a default and null isn't allowed.
    pub(crate) fn set_defaults(&self, value: &mut Value) {
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

fn join(name: &str, path: &str) -> String {
    if path.starts_with('[') { format!("{name}{path}") } else { format!("{name}.{path}") }
}
