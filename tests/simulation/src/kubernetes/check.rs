//! Whether a write may be.

use http::StatusCode;
use serde_json::Value;

use super::{
    failure::{Cause, Failure},
    fields::ManagerKey,
    kinds::Kind,
    store::Key,
};

fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The object is of the kind, name and namespace that the request's path says.
pub(super) fn identity(kind: &Kind, key: &Key, object: &Value) -> Result<(), Failure> {
    let (api_version, name) = (text(object, "/apiVersion"), text(object, "/kind"));
    // Of the built-in kinds the API server knows by the path what they are.
    let absent = !kind.custom && api_version.is_empty() && name.is_empty();
    if !absent && (api_version != kind.api_version() || name != kind.name) {
        let message = format!(
            "the API version in the data ({api_version}, Kind={name}) does not match the expected API version ({}, Kind={})",
            kind.api_version(),
            kind.name
        );
        return Err(Failure::bad_request(message));
    }
    let name = text(object, "/metadata/name");
    if !key.name.is_empty() && name != key.name {
        let message = format!("the name of the object ({name}) does not match the name on the URL ({})", key.name);
        return Err(Failure::bad_request(message));
    }
    let namespace = text(object, "/metadata/namespace");
    if !namespace.is_empty() && namespace != key.namespace {
        let message = format!(
            "the namespace of the object ({namespace}) does not match the namespace on the URL ({})",
            key.namespace
        );
        return Err(Failure::bad_request(message));
    }
    Ok(())
}

/// The object is still the one, and in the state, that the writer means.
pub(super) fn preconditions(kind: &Kind, key: &Key, old: &Value, new: &Value) -> Result<(), Failure> {
    let (wanted, found) = (text(new, "/metadata/uid"), text(old, "/metadata/uid"));
    if !wanted.is_empty() && wanted != found {
        let why = format!("Precondition failed: UID in precondition: {wanted}, UID in object meta: {found}");
        return Err(Failure::conflict(&kind.resource(), &key.name, why));
    }
    let (wanted, found) = (text(new, "/metadata/resourceVersion"), text(old, "/metadata/resourceVersion"));
    if !wanted.is_empty() && wanted != found {
        let why = "the object has been modified; please apply your changes to the latest version and try again";
        return Err(Failure::conflict(&kind.resource(), &key.name, why));
    }
    Ok(())
}

/// The object is valid, and may become so from what it was.
pub(super) fn object(kind: &Kind, key: &Key, object: &Value, old: Option<&Value>) -> Result<(), Failure> {
    let mut causes = Vec::new();
    check_metadata(key, object, old, &mut causes);
    causes.extend(kind.schema.validate(object));
    if causes.is_empty() { Ok(()) } else { Err(Failure::invalid(&kind.qualified(), &key.name, &causes)) }
}

fn check_metadata(key: &Key, object: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    let mut fail = |reason, field: &str, message: String| {
        causes.push(Cause { reason, message, field: format!("metadata.{field}") });
    };
    if key.name.is_empty() {
        fail("FieldValueRequired", "name", "Required value: name or generateName is required".to_owned());
    } else if old.is_none() && !is_subdomain(&key.name) {
        let message = format!(
            "Invalid value: {:?}: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
            key.name
        );
        fail("FieldValueInvalid", "name", message);
    }
    let labels = object.pointer("/metadata/labels").and_then(Value::as_object);
    for value in labels.into_iter().flat_map(|labels| labels.values()).filter_map(Value::as_str) {
        if !is_label_value(value) {
            let message = format!(
                "Invalid value: {value:?}: a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
            );
            fail("FieldValueInvalid", "labels", message);
        }
    }
    let finalizers = |object: &Value| -> Vec<String> {
        let list = object.pointer("/metadata/finalizers").and_then(Value::as_array).into_iter().flatten();
        list.filter_map(|name| name.as_str().map(str::to_owned)).collect()
    };
    let Some(old) = old.filter(|old| old.pointer("/metadata/deletionTimestamp").is_some()) else { return };
    let before = finalizers(old);
    let added: Vec<String> = finalizers(object).into_iter().filter(|name| !before.contains(name)).collect();
    if !added.is_empty() {
        let names: Vec<String> = added.iter().map(|name| format!("{name:?}")).collect();
        let message = format!(
            "Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
            names.join(", ")
        );
        fail("FieldValueForbidden", "finalizers", message);
    }
}

fn is_subdomain(name: &str) -> bool {
    let inner = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    name.len() <= 253
        && name
            .split('.')
            .all(|part| !part.is_empty() && part.chars().all(inner) && !part.starts_with('-') && !part.ends_with('-'))
}

fn is_label_value(value: &str) -> bool {
    let edge = |letter: Option<char>| letter.is_none_or(|letter| letter.is_ascii_alphanumeric());
    let inner = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    value.len() <= 63 && edge(value.chars().next()) && edge(value.chars().last()) && value.chars().all(inner)
}

/// Fields of others that an apply without force would change.
pub(super) fn apply_conflict(conflicts: &[(ManagerKey, Vec<String>)]) -> Failure {
    let causes: Vec<Cause> = conflicts
        .iter()
        .flat_map(|(manager, fields)| {
            fields.iter().map(|field| Cause {
                reason: "FieldManagerConflict",
                message: format!("conflict with \"{}\"", manager.name),
                field: field.clone(),
            })
        })
        .collect();
    let count = causes.len();
    let plural = if count == 1 { "conflict" } else { "conflicts" };
    let fields: Vec<String> = causes.iter().map(|cause| format!("{}: {}", cause.message, cause.field)).collect();
    let message = format!("Apply failed with {count} {plural}: {}", fields.join(", "));
    Failure::new(StatusCode::CONFLICT, "Conflict", message).with_causes(&causes)
}
