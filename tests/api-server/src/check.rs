//! Checks of writes.

use http::StatusCode;
use serde_json::Value;

use super::{
    call::Call,
    event,
    failure::{Cause, Failure},
    fields::{ManagerKey, Operation},
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

/// The object is still in the state that the writer means. That it is another one is wrong like a field, and said with
/// whatever else is.
///
/// A write of the status doesn't look at the uid, as the real server doesn't for custom resources: only the resource
/// version keeps it from another object of the same name.
pub(super) fn preconditions(
    call: &Call,
    kind: &Kind,
    key: &Key,
    old: &Value,
    new: &Value,
) -> Result<Option<Cause>, Failure> {
    let (wanted, found) = (text(new, "/metadata/uid"), text(old, "/metadata/uid"));
    let other = !wanted.is_empty() && wanted != found && call.subresource.is_empty();
    let (version, current) = (text(new, "/metadata/resourceVersion"), text(old, "/metadata/resourceVersion"));
    if !version.is_empty() && version != current {
        let why = "the object has been modified; please apply your changes to the latest version and try again";
        return Err(Failure::conflict(kind.resource(), &key.name, why));
    }
    Ok(other.then(|| Cause {
        reason: "FieldValueInvalid",
        message: format!("Invalid value: {wanted:?}: field is immutable"),
        field: "metadata.uid".to_owned(),
    }))
}

/// The object is valid, and may become so from what it was; `known` is what is wrong about it already.
pub(super) fn object(
    kind: &Kind,
    key: &Key,
    object: &Value,
    old: Option<&Value>,
    known: Option<Cause>,
) -> Result<(), Failure> {
    let mut causes: Vec<Cause> = known.into_iter().collect();
    check_metadata(key, object, old, &mut causes);
    if kind.plural == "events" {
        event::check(object, old, &mut causes);
    }
    let malformed = kind.schema.validate(object);
    // Rules need values of the right shape; a number out of its range has it.
    let blocking =
        malformed.iter().any(|cause| cause.reason != "FieldValueInvalid" && cause.reason != "FieldValueDuplicate");
    if blocking && kind.rules.is_some() {
        let message = "Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";
        let field = "<nil>".to_owned();
        causes.push(Cause { reason: "FieldValueInvalid", message: message.to_owned(), field });
    }
    causes.extend(malformed);
    if let Some(rules) = kind.rules.as_ref().filter(|_| !blocking) {
        causes.extend(rules.check(object, old)?);
    }
    if causes.is_empty() {
        return Ok(());
    }
    // Events are of two groups; refusals name none.
    let name = if kind.plural == "events" { kind.name.clone() } else { kind.qualified() };
    Err(Failure::invalid(&name, &key.name, &causes))
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

/// What is applied has to be of the declared fields and types.
pub(super) fn typed(kind: &Kind, key: &Key, applied: &Value) -> Result<(), Failure> {
    let mut known = applied.clone();
    let unknown = kind.schema.prune(&mut known);
    let mistyped = kind.schema.validate(&known).into_iter().find(|cause| cause.reason == "FieldValueTypeInvalid");
    let problem = match (unknown.first(), mistyped) {
        (Some(field), _) => format!(".{field}: field not declared in schema"),
        (None, Some(cause)) => {
            let mut words = cause.message.rsplit('"').skip(1);
            let found = words.next().unwrap_or_default();
            let wanted =
                if cause.message.contains("of type integer") { "numeric (int or float)" } else { "another type" };
            format!(".{}: expected {wanted}, got {found}", cause.field)
        }
        (None, None) => return Ok(()),
    };
    let message = format!(
        "failed to create typed patch object ({}/{}; {}, Kind={}): {problem}",
        text(applied, "/metadata/namespace"),
        key.name,
        kind.api_version(),
        kind.name
    );
    Err(Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "", message))
}

/// Fields of others that an apply without force would change.
pub(super) fn apply_conflict(api_version: &str, conflicts: &[(ManagerKey, Vec<String>)]) -> Failure {
    let manager = |manager: &ManagerKey| {
        let subresource = match manager.subresource.as_str() {
            "" => String::new(),
            subresource => format!(" with subresource {subresource:?}"),
        };
        let using = match manager.operation {
            Operation::Update => format!(" using {api_version}"),
            Operation::Apply => String::new(),
        };
        format!("{:?}{subresource}{using}", manager.name)
    };
    let mut causes = Vec::new();
    let mut lines = Vec::new();
    for (other, fields) in conflicts {
        lines.push(format!("conflicts with {}:", manager(other)));
        for field in fields {
            let message = format!("conflict with {}", manager(other));
            causes.push(Cause { reason: "FieldManagerConflict", message, field: field.clone() });
            lines.push(format!("- {field}"));
        }
    }
    let message = match causes.as_slice() {
        [cause] => format!("Apply failed with 1 conflict: {}: {}", cause.message, cause.field),
        _ => format!("Apply failed with {} conflicts: {}", causes.len(), lines.join("\n")),
    };
    Failure::new(StatusCode::CONFLICT, "Conflict", message).with_causes(&causes)
}

/// A PUT that makes an object can't mean one that was there.
pub(super) fn nothing_there(kind: &Kind, key: &Key, object: &Value) -> Result<(), Failure> {
    let uid = text(object, "/metadata/uid");
    if uid.is_empty() {
        return Ok(());
    }
    Err(other_uid(kind, key, uid, ""))
}

/// A PUT means the object with its uid, before anything else is looked at.
pub(super) fn same_uid(call: &Call, kind: &Kind, key: &Key, old: &Value, new: &Value) -> Result<(), Failure> {
    let (wanted, found) = (text(new, "/metadata/uid"), text(old, "/metadata/uid"));
    if wanted.is_empty() || wanted == found || !call.subresource.is_empty() {
        return Ok(());
    }
    Err(other_uid(kind, key, wanted, found))
}

fn other_uid(kind: &Kind, key: &Key, wanted: &str, found: &str) -> Failure {
    let group = if kind.custom { format!("{}/", kind.group) } else { String::new() };
    let why = format!(
        "StorageError: invalid object, Code: 4, Key: /registry/{group}{}/{}/{}, ResourceVersion: 0, \
         AdditionalErrorMsg: Precondition failed: UID in precondition: {wanted}, UID in object meta: {found}",
        kind.plural, key.namespace, key.name
    );
    Failure::conflict(kind.resource(), &key.name, why)
}
