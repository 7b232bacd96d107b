//! What callers send in bodies: fields that they may set, and merging (behaviour section 3).

use serde_json::{Value, json};

/// Fields of `properties` that a caller may set.
pub(crate) fn properties(given: &Value, read_only: &[&str]) -> Value {
    let mut properties = if given.is_object() { given.clone() } else { json!({}) };
    if let Some(fields) = properties.as_object_mut() {
        fields.retain(|field, value| !read_only.contains(&field.as_str()) && !value.is_null());
    }
    properties
}

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

/// The first answer of the disk side: what was sent, under way.
pub(crate) fn echo(given: &Value) -> Value {
    let mut echo = given.clone();
    echo["properties"]["provisioningState"] = json!("Updating");
    echo
}

/// A value of an enumeration in the spelling that Azure keeps, whatever the caller's case was.
pub(crate) fn in_azures_case(body: &mut Value, pointer: &str, values: &[&str]) {
    let Some(given) = body.pointer_mut(pointer) else { return };
    let known = given.as_str().and_then(|text| values.iter().find(|known| known.eq_ignore_ascii_case(text)));
    if let Some(known) = known {
        *given = json!(known);
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
