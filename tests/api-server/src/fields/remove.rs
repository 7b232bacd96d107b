//! Removes fields from an object.

use serde_json::Value;

use super::{Element, FieldSet, Path, element};
use crate::schema::{ListKind, Schema};

/// Removes fields, and what they contain.
pub(super) fn remove(schema: Option<&Schema>, value: &mut Value, gone: &FieldSet) {
    remove_at(schema, &mut Vec::new(), value, gone);
}

fn remove_at(schema: Option<&Schema>, path: &mut Path, value: &mut Value, gone: &FieldSet) {
    match value {
        Value::Object(map) if !schema.is_some_and(|schema| schema.atomic_map) => {
            map.retain(|name, value| {
                path.push(Element::Field(name.as_str().into()));
                let stays = !gone.contains(path);
                if stays {
                    remove_at(schema.and_then(|schema| schema.field(name)), path, value, gone);
                }
                path.pop();
                stays
            });
        }
        Value::Array(items) => {
            let Some(schema) = schema.filter(|schema| schema.list != ListKind::Atomic) else { return };
            items.retain_mut(|item| {
                let Some(element) = element(schema, item) else { return true };
                path.push(element);
                let stays = !gone.contains(path);
                if stays {
                    remove_at(schema.item(), path, item, gone);
                }
                path.pop();
                stays
            });
        }
        _ => {}
    }
}
