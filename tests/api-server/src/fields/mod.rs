//! Fields of objects, and who manages them.

mod compare;
mod managers;
mod merge;
pub(super) use merge::merge_patch;
mod remove;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde_json::{Map, Value};

pub(super) use managers::{ManagerKey, Managers, Operation};

use super::schema::{ListKind, Schema};

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Element {
    /// A field, or an entry of a map.
    Field(Arc<str>),
    /// An item of a list, by the values of its keys in JSON.
    Key(Arc<str>),
    /// An item of a set, in JSON.
    Item(Arc<str>),
}

/// The way to a field.
pub(super) type Path = Vec<Element>;

/// Fields.
pub(super) type FieldSet = BTreeSet<Path>;

/// The fields of an object: with a value if the field is one value, without if it is an item that has fields.
pub(super) type Leaves = BTreeMap<Path, Option<Value>>;

/// Fields of the metadata without managers.
const UNMANAGED_METADATA: [&str; 10] = [
    "name",
    "namespace",
    "uid",
    "creationTimestamp",
    "generation",
    "resourceVersion",
    "managedFields",
    "selfLink",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
];

/// The managed fields of an object.
pub(super) fn leaves(schema: &Schema, object: &Value) -> Leaves {
    let mut found = Leaves::new();
    walk(Some(schema), &mut Vec::new(), object, &mut found);
    found.remove(&[Element::Field("metadata".into())][..]);
    found
}

/// Whether a field, or anything in it, is managed.
fn may_be_managed(path: &[Element]) -> bool {
    let name = |index: usize| match path.get(index) {
        Some(Element::Field(name)) => name,
        _ => "",
    };
    match name(0) {
        "apiVersion" | "kind" => false,
        "metadata" => path.len() < 2 || !UNMANAGED_METADATA.contains(&name(1)),
        _ => true,
    }
}

fn walk(schema: Option<&Schema>, path: &mut Path, value: &Value, found: &mut Leaves) {
    match value {
        Value::Object(map) if !schema.is_some_and(|schema| schema.atomic_map) => {
            for (name, value) in map {
                path.push(Element::Field(name.as_str().into()));
                if !may_be_managed(path) {
                    path.pop();
                    continue;
                }
                walk(schema.and_then(|schema| schema.field(name)), path, value, found);
                let declared = schema.is_some_and(|schema| schema.properties.contains_key(name));
                if value.is_null() || value.as_object().is_some_and(Map::is_empty) {
                    found.insert(path.clone(), Some(value.clone()));
                } else if !declared {
                    found.entry(path.clone()).or_insert(None);
                }
                path.pop();
            }
        }
        Value::Array(items) if schema.is_some_and(|schema| schema.list != ListKind::Atomic) => {
            for item in items {
                let Some(element) = schema.and_then(|schema| element(schema, item)) else { continue };
                path.push(element);
                walk(schema.and_then(Schema::item), path, item, found);
                found.entry(path.clone()).or_insert(None);
                path.pop();
            }
        }
        _ => {
            found.insert(path.clone(), Some(value.clone()));
        }
    }
}

/// What identifies an item in a list that isn't one value.
fn element(schema: &Schema, item: &Value) -> Option<Element> {
    match &schema.list {
        ListKind::Atomic => None,
        ListKind::Set => Some(Element::Item(item.to_string().into())),
        ListKind::Map(keys) => {
            let default = |key: &str| schema.item().and_then(|item| item.default_of(key)).cloned();
            let values = keys.iter().map(|key| {
                let value = item.get(key).cloned().or_else(|| default(key));
                (key.clone(), value.unwrap_or_default())
            });
            Some(Element::Key(Value::Object(values.collect()).to_string().into()))
        }
    }
}

/// Fields in the form of `managedFields[].fieldsV1`.
fn render(fields: &FieldSet) -> Value {
    let mut root = Map::new();
    for path in fields {
        let mut node = &mut root;
        for (depth, element) in path.iter().enumerate() {
            let key = match element {
                Element::Field(name) => format!("f:{name}"),
                Element::Key(key) => format!("k:{key}"),
                Element::Item(item) => format!("v:{item}"),
            };
            // A field that is managed itself and has managed fields says so by a field of its own.
            let inner = depth + 1 < path.len();
            let above = fields.contains(&path[..=depth]);
            let child = node.entry(key).or_insert_with(|| Value::Object(Map::new()));
            let Value::Object(child) = child else { unreachable!("only objects are put in") };
            if inner && above {
                child.insert(".".to_owned(), Value::Object(Map::new()));
            }
            node = child;
        }
    }
    Value::Object(root)
}
