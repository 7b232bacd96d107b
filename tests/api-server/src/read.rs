//! Reads of objects and lists.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use http::StatusCode;
use serde_json::{Value, json};

use super::{
    call::Call,
    failure::{Cause, Failure},
    selector::Selector,
    store::{Key, Store},
};

impl Store {
    pub(super) fn get(&self, call: &Call, key: &Key) -> Result<Arc<Value>, Failure> {
        self.check_fresh(call)?;
        let stored = self.objects.get(key);
        stored
            .map(|stored| stored.object.clone())
            .ok_or_else(|| Failure::not_found(self.kind(key).resource(), &key.name))
    }

    /// A list, or a page of one: later pages show the objects as they were when the first was read.
    pub(super) fn list(&self, call: &Call, kind: usize) -> Result<String, Failure> {
        if !call.parameter("sendInitialEvents").is_empty() {
            return Err(forbidden_option("sendInitialEvents", "is forbidden for list"));
        }
        let selector = Selector::parse(call, &self.kinds[kind])?;
        let (revision, after) = match call.parameter("continue") {
            "" => (self.list_revision(call)?, None),
            token => {
                let (revision, after) = read_token(token)?;
                if revision < self.compacted {
                    let message = "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.";
                    return Err(Failure::expired(message));
                }
                (revision, Some(after))
            }
        };
        let objects = self.at(kind, revision);
        let mut rest = objects
            .into_iter()
            .filter(|(key, object)| {
                (call.namespace.is_empty() || key.0 == call.namespace)
                    && after.as_ref().is_none_or(|after| key > after)
                    && selector.matches(object)
            })
            .collect::<Vec<_>>();
        let limit = match call.parameter("limit") {
            "" | "0" => usize::MAX,
            limit => limit.parse().map_err(|_| Failure::bad_request(format!("limit {limit:?} is no number")))?,
        };
        let mut metadata = json!({"resourceVersion": revision.to_string()});
        if rest.len() > limit {
            let remaining = rest.len() - limit;
            rest.truncate(limit);
            if let Some((key, _)) = rest.last() {
                metadata["continue"] = json!(token(revision, key));
            }
            // With a selector the real server doesn't know.
            if call.parameter("labelSelector").is_empty() && call.parameter("fieldSelector").is_empty() {
                metadata["remainingItemCount"] = json!(remaining);
            }
        }
        let served = &self.kinds[kind];
        let (api_version, name) = (served.api_version(), &served.name);
        let mut list = format!(r#"{{"apiVersion":"{api_version}","kind":"{name}List","metadata":{metadata},"items":["#);
        for (index, ((namespace, name), object)) in rest.into_iter().enumerate() {
            if index > 0 {
                list.push(',');
            }
            if served.custom {
                let text = self.text(&Key { kind, namespace, name }, &object);
                list.push_str(&String::from_utf8_lossy(&text));
            } else {
                list.push_str(&item(&object));
            }
        }
        list.push_str("]}");
        Ok(list)
    }

    /// Which state a list shows. The newest serves wherever an older one would do.
    fn list_revision(&self, call: &Call) -> Result<u64, Failure> {
        let wanted = call.parameter("resourceVersion");
        match (wanted, call.parameter("resourceVersionMatch")) {
            ("", "NotOlderThan" | "Exact") => {
                Err(forbidden_option("resourceVersionMatch", "is forbidden unless resourceVersion is provided"))
            }
            ("" | "0", "") | ("0", "NotOlderThan") => Ok(self.revision),
            (_, "" | "NotOlderThan") => self.check_fresh(call).map(|()| self.revision),
            ("0", "Exact") => Err(forbidden_option("resourceVersionMatch", "is forbidden for the resource version 0")),
            (_, "Exact") => {
                let wanted = revision(wanted)?;
                if wanted > self.revision {
                    return Err(too_large(wanted, self.revision));
                }
                if wanted < self.compacted {
                    return Err(Failure::expired(format!(
                        "The resourceVersion for the provided list is too old: {wanted}"
                    )));
                }
                Ok(wanted)
            }
            (_, other) => {
                let message = format!("Unsupported value: {other:?}: supported values: \"Exact\", \"NotOlderThan\"");
                let field = "resourceVersionMatch".to_owned();
                let cause = Cause { reason: "FieldValueNotSupported", message, field };
                Err(Failure::invalid("ListOptions.meta.k8s.io", "", &[cause]))
            }
        }
    }

    /// Refuses a resource version of the future.
    pub(super) fn check_fresh(&self, call: &Call) -> Result<(), Failure> {
        match call.parameter("resourceVersion") {
            "" => Ok(()),
            wanted => match revision(wanted)? {
                wanted if wanted > self.revision => Err(too_large(wanted, self.revision)),
                _ => Ok(()),
            },
        }
    }
}

/// Items of the built-in kinds don't say what they are.
fn item(object: &Value) -> String {
    let fields = object.as_object().into_iter().flatten().filter(|(name, _)| *name != "apiVersion" && *name != "kind");
    Value::Object(fields.map(|(name, value)| (name.clone(), value.clone())).collect()).to_string()
}

fn too_large(wanted: u64, current: u64) -> Failure {
    let message = format!("Timeout: Too large resource version: {wanted}, current: {current}");
    let mut failure = Failure::new(StatusCode::GATEWAY_TIMEOUT, "Timeout", message);
    failure.details = Some(json!({
        "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
        "retryAfterSeconds": 1,
    }));
    failure
}

/// The refusal of a value of `resourceVersionMatch` that means nothing here, beside another refusal of it.
pub(super) fn unsupported_match(value: &str, mut other: Failure) -> Failure {
    let message = format!("Unsupported value: {value:?}: supported values: \"NotOlderThan\"");
    let cause = json!({"reason": "FieldValueNotSupported", "message": message, "field": "resourceVersionMatch"});
    let causes = other.details.as_mut().and_then(|details| details["causes"].as_array_mut());
    if let Some(causes) = causes {
        causes.push(cause);
    }
    other
}

/// Parameters that don't go together.
pub(super) fn forbidden_option(field: &str, why: &str) -> Failure {
    let message = format!("Forbidden: {field} {why}");
    let cause = Cause { reason: "FieldValueForbidden", message, field: field.to_owned() };
    Failure::invalid("ListOptions.meta.k8s.io", "", &[cause])
}

/// Reads a resource version.
pub(super) fn revision(text: &str) -> Result<u64, Failure> {
    text.parse().map_err(|_| Failure::bad_request(format!("resourceVersion: Invalid value: {text:?}")))
}

fn token(revision: u64, (namespace, name): &(String, String)) -> String {
    STANDARD.encode(json!([revision, namespace, name]).to_string())
}

fn read_token(token: &str) -> Result<(u64, (String, String)), Failure> {
    let bytes = STANDARD.decode(token).ok();
    let parts: Option<(u64, String, String)> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let (revision, namespace, name) = parts.ok_or_else(|| Failure::bad_request("continue key is not valid"))?;
    Ok((revision, (namespace, name)))
}
