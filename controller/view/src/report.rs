//! A picture as a document, for programs.

use azimage_crds::ConditionType;
use serde_json::{Value, json};

use crate::{kind::Kind, object::Object, picture::what_to_do, standing::Standing};

/// What a program wants to know of an object: how it stands with it, what to do, and the object itself.
///
/// # Errors
/// When the object can't be written as JSON, which would be a mistake in its type.
pub fn document(object: &Object) -> Result<Value, serde_json::Error> {
    let standing = Standing::of(object);
    let ready = object.condition(ConditionType::Ready);
    let mut whole = object.document()?;
    if let Some(metadata) = whole.pointer_mut("/metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    let mut document = json!({
        "kind": object.kind().to_string(),
        "namespace": object.namespace(),
        "name": object.name(),
        "standing": standing,
        "reason": ready.map(|ready| &ready.reason),
        "message": ready.map(|ready| &ready.message),
        "object": whole,
    });
    if standing == Standing::Stalled {
        document["whatToDo"] = what_to_do(object).into();
    }
    Ok(document)
}

/// The object as it would be written by a person: without what the API server and the controller add.
///
/// # Errors
/// As above.
pub fn export(object: &Object) -> Result<Value, serde_json::Error> {
    let mut whole = object.document()?;
    let metadata = &whole["metadata"];
    let mut kept = json!({"name": metadata["name"], "namespace": metadata["namespace"]});
    for (field, is_ours) in [("labels", never as fn(&str) -> bool), ("annotations", added)] {
        let Some(entries) = metadata[field].as_object() else { continue };
        let entries: serde_json::Map<String, Value> =
            entries.iter().filter(|(key, _)| !is_ours(key)).map(|(key, value)| (key.clone(), value.clone())).collect();
        if !entries.is_empty() {
            kept[field] = entries.into();
        }
    }
    whole["metadata"] = kept;
    if let Some(whole) = whole.as_object_mut() {
        whole.remove("status");
    }
    debug_assert_eq!(Kind::parse(whole["kind"].as_str().unwrap_or_default()), Some(object.kind()));
    Ok(whole)
}

fn never(_: &str) -> bool {
    false
}

/// Annotations that a tool or a request adds.
fn added(key: &str) -> bool {
    key.starts_with("kubectl.kubernetes.io/") || key == azimage_crds::RECONCILE_REQUESTED_AT
}

/// JSON in which no character is one that a terminal obeys. `serde_json` escapes only those below U+0020.
pub fn inert_json(text: &str) -> String {
    let escaped = |character: char| match character {
        '\n' => "\n".to_owned(),
        _ if crate::text::inert(&character.to_string()) == character.to_string() => character.to_string(),
        _ => {
            let mut units = [0; 2];
            let units: Vec<String> =
                character.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect();
            units.concat()
        }
    };
    text.chars().map(escaped).collect()
}
