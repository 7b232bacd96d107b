//! Which fields two states of an object have, apart from what is the same in both.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
};

use serde_json::{Map, Value};

use super::{Element, FieldSet, Leaves, Path, element, may_be_managed, walk};
use crate::schema::{ListKind, Schema};

/// What differs between two states.
pub(super) struct Changes {
    pub(super) added: FieldSet,
    pub(super) modified: FieldSet,
    pub(super) removed: FieldSet,
}

impl Changes {
    /// Compares two states. Maps and lists that come or go count as fields of their own.
    pub(super) fn between(old: &Leaves, new: &Leaves) -> Self {
        let modified = new.iter().filter(|(path, value)| old.get(*path).is_some_and(|old| old != *value));
        Self {
            added: only_in(new, old),
            removed: only_in(old, new),
            modified: modified.map(|(path, _)| path.clone()).collect(),
        }
    }
}

/// The fields, and what they are in, that the other state doesn't have.
fn only_in(this: &Leaves, other: &Leaves) -> FieldSet {
    let mut only = FieldSet::new();
    for path in this.keys().filter(|path| !other.contains_key(*path)) {
        for length in (1..=path.len()).rev() {
            let above = &path[..length];
            if only.contains(above) || has(other, above) {
                break;
            }
            only.insert(above.to_vec());
        }
    }
    only.remove(&[Element::Field("metadata".into())][..]);
    only
}

/// Whether a field is there, or something in it.
fn has(leaves: &Leaves, path: &[Element]) -> bool {
    let next = leaves.range::<[Element], _>((Bound::Included(path), Bound::Unbounded)).next();
    next.is_some_and(|(found, _)| found.starts_with(path))
}

/// The fields of both states; of a part that is the same in both it is only said that it is there.
pub(super) fn both(schema: &Schema, old: &Value, new: &Value) -> (Leaves, Leaves) {
    let mut pair = Pair::default();
    pair.walk(Some(schema), &mut Vec::new(), Some(old), Some(new));
    for leaves in [&mut pair.old, &mut pair.new] {
        leaves.remove(&[Element::Field("metadata".into())][..]);
    }
    (pair.old, pair.new)
}

#[derive(Default)]
struct Pair {
    old: Leaves,
    new: Leaves,
}

impl Pair {
    fn walk(&mut self, schema: Option<&Schema>, path: &mut Path, old: Option<&Value>, new: Option<&Value>) {
        match (old, new) {
            (Some(one), Some(other)) if one == other => {
                if !path.is_empty() && has_fields(schema, one) {
                    self.old.insert(path.clone(), None);
                    self.new.insert(path.clone(), None);
                }
            }
            (Some(Value::Object(one)), Some(Value::Object(other)))
                if !schema.is_some_and(|schema| schema.atomic_map) =>
            {
                self.walk_maps(schema, path, one, other);
            }
            (Some(Value::Array(one)), Some(Value::Array(other)))
                if schema.is_some_and(|schema| schema.list != ListKind::Atomic) =>
            {
                let (one, other) = (keyed(schema, one), keyed(schema, other));
                for element in one.keys().chain(other.keys()).cloned().collect::<BTreeSet<_>>() {
                    let (one, other) = (one.get(&element).copied(), other.get(&element).copied());
                    path.push(element);
                    self.walk(schema.and_then(Schema::item), path, one, other);
                    for (leaves, item) in [(&mut self.old, one), (&mut self.new, other)] {
                        if item.is_some() {
                            leaves.entry(path.clone()).or_insert(None);
                        }
                    }
                    path.pop();
                }
            }
            (old, new) => {
                for (leaves, value) in [(&mut self.old, old), (&mut self.new, new)] {
                    if let Some(value) = value {
                        walk(schema, path, value, leaves);
                    }
                }
            }
        }
    }

    fn walk_maps(
        &mut self,
        schema: Option<&Schema>,
        path: &mut Path,
        one: &Map<String, Value>,
        other: &Map<String, Value>,
    ) {
        for name in one.keys().chain(other.keys().filter(|name| !one.contains_key(*name))) {
            path.push(Element::Field(name.as_str().into()));
            if may_be_managed(path) {
                let (one, other) = (one.get(name), other.get(name));
                self.walk(schema.and_then(|schema| schema.field(name)), path, one, other);
                let declared = schema.is_some_and(|schema| schema.properties.contains_key(name));
                for (leaves, value) in [(&mut self.old, one), (&mut self.new, other)] {
                    let Some(value) = value else { continue };
                    if one == other {
                        continue;
                    }
                    if value.is_null() || value.as_object().is_some_and(Map::is_empty) {
                        leaves.insert(path.clone(), Some(value.clone()));
                    } else if !declared {
                        leaves.entry(path.clone()).or_insert(None);
                    }
                }
            }
            path.pop();
        }
    }
}

/// The items of a list by what identifies them.
fn keyed<'a>(schema: Option<&Schema>, items: &'a [Value]) -> BTreeMap<Element, &'a Value> {
    items.iter().filter_map(|item| Some((element(schema?, item)?, item))).collect()
}

/// Whether there is a field in a value, or it is one.
fn has_fields(schema: Option<&Schema>, value: &Value) -> bool {
    match value {
        Value::Object(map) if !map.is_empty() && !schema.is_some_and(|schema| schema.atomic_map) => {
            map.iter().any(|(name, value)| {
                let declared = schema.is_some_and(|schema| schema.properties.contains_key(name));
                !declared || has_fields(schema.and_then(|schema| schema.field(name)), value)
            })
        }
        Value::Array(items) if schema.is_some_and(|schema| schema.list != ListKind::Atomic) => !items.is_empty(),
        _ => true,
    }
}
