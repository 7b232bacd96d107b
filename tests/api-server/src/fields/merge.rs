//! Merges what a manager applies into an object.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Map, Value};

use super::{Element, element};
use crate::schema::{ListKind, Schema};

/// The object with the applied fields in it.
pub(super) fn merge(schema: Option<&Schema>, live: Option<&Value>, applied: &Value) -> Value {
    match (live, applied) {
        (live, Value::Object(map)) if !schema.is_some_and(|schema| schema.atomic_map) => {
            let live = live.and_then(Value::as_object);
            let mut merged = Map::new();
            for (name, value) in live.into_iter().flatten().filter(|(name, _)| !map.contains_key(*name)) {
                merged.insert(name.clone(), value.clone());
            }
            for (name, value) in map {
                let live = live.and_then(|live| live.get(name));
                merged.insert(name.clone(), merge(schema.and_then(|schema| schema.field(name)), live, value));
            }
            Value::Object(merged)
        }
        (live, Value::Array(items)) => match schema {
            Some(schema) if schema.list != ListKind::Atomic => {
                let live = live.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                Value::Array(merge_list(schema, live, items))
            }
            _ => applied.clone(),
        },
        _ => applied.clone(),
    }
}

/// Items keep the order of the applied list; those that only the object has stay where they were, as near as can be.
fn merge_list(schema: &Schema, live: &[Value], applied: &[Value]) -> Vec<Value> {
    let keyed = |items: &[Value]| -> Vec<(Option<Element>, Value)> {
        items.iter().map(|item| (element(schema, item), item.clone())).collect()
    };
    let (left, right) = (keyed(live), keyed(applied));
    let find =
        |items: &[(Option<Element>, Value)]| -> BTreeMap<Option<Element>, Value> { items.iter().cloned().collect() };
    let (in_left, in_right) = (find(&left), find(&right));
    let both = |key: &Option<Element>, item: &Value| match schema.list {
        ListKind::Map(_) => merge(schema.item(), in_left.get(key), item),
        ListKind::Atomic | ListKind::Set => item.clone(),
    };
    let mut shared: VecDeque<Option<Element>> =
        right.iter().map(|(key, _)| key.clone()).filter(|key| in_left.contains_key(key)).collect();
    let mut merged = Vec::new();
    let (mut l, mut r) = (0, 0);
    while l < left.len() || r < right.len() {
        if let (Some((key, _)), Some((other, item))) = (left.get(l), right.get(r)) {
            if key == other {
                merged.push(both(key, item));
                l += 1;
                r += 1;
                shared.pop_front();
                continue;
            }
            if in_right.contains_key(key) && shared.front().is_some_and(|next| next != key) {
                // It comes where the applied list has it.
                l += 1;
                continue;
            }
        }
        if let Some((key, item)) = left.get(l) {
            if !in_right.contains_key(key) {
                merged.push(item.clone());
                l += 1;
                continue;
            }
            if r == right.len() {
                // It has been taken already.
                l += 1;
                continue;
            }
        }
        if let Some((key, item)) = right.get(r) {
            merged.push(both(key, item));
            r += 1;
            if shared.front() == Some(key) {
                shared.pop_front();
            }
        }
    }
    merged
}

/// A merge patch as in RFC 7386.
pub(crate) fn merge_patch(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(target) = target else { return };
    for (name, value) in patch {
        if value.is_null() {
            target.remove(name);
        } else {
            merge_patch(target.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}
