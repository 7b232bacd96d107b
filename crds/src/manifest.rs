//! The manifests of the custom resource definitions: what the derive can't express is added here.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;
use serde_json::{Value, json};

use crate::{ImageDefinition, ImageVersion, ReplicationTarget};

/// A custom resource definition, ready to be applied.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// `metadata.name`, such as `imageversions.azimage.dev`.
    pub name: String,
    /// The manifest.
    pub object: Value,
}

/// The manifests of all kinds, in the order in which a reader meets them.
///
/// # Errors
/// When a definition can't be written as JSON, which would be a mistake in the types of this crate.
pub fn manifests() -> Result<Vec<Manifest>, serde_json::Error> {
    [ImageVersion::crd(), ReplicationTarget::crd(), ImageDefinition::crd()].iter().map(manifest).collect()
}

fn manifest(definition: &CustomResourceDefinition) -> Result<Manifest, serde_json::Error> {
    let mut object = serde_json::to_value(definition)?;
    for version in object.pointer_mut("/spec/versions").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(schema) = version.pointer_mut("/schema/openAPIV3Schema") {
            if let Some(schema) = schema.as_object_mut() {
                schema.remove("title");
            }
            strip_integer_formats(schema);
            if let Some(status) = schema.pointer_mut("/properties/status") {
                complete_status(status);
            }
        }
    }
    Ok(Manifest { name: definition.metadata.name.clone().unwrap_or_default(), object })
}

/// Kubernetes 1.34 and later warn of integer formats they don't know, and the ranges say all that matters.
fn strip_integer_formats(value: &mut Value) {
    match value {
        Value::Object(map) => {
            let integer = map.get("type").and_then(Value::as_str) == Some("integer");
            let unsigned = map.get("format").and_then(Value::as_str).is_some_and(|format| format.starts_with('u'));
            if integer && unsigned {
                map.remove("format");
            }
            map.values_mut().for_each(strip_integer_formats);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_integer_formats),
        _ => {}
    }
}

/// A fresh object has to count as not yet observed, and conditions get the limits that Kubernetes gives its own.
fn complete_status(status: &mut Value) {
    if let Some(map) = status.as_object_mut() {
        // Without it tools that follow kstatus (Flux, Helm 4) take an object nobody has looked at for a finished one.
        map.insert("default".into(), json!({"observedGeneration": -1}));
        map.remove("nullable");
    }
    let Some(condition) = status.pointer_mut("/properties/conditions/items/properties").and_then(Value::as_object_mut)
    else {
        return;
    };
    let limits = [
        (
            "type",
            json!({"maxLength": 316, "pattern": "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$"}),
        ),
        ("status", json!({"enum": ["True", "False", "Unknown"]})),
        ("reason", json!({"minLength": 1, "maxLength": 1024, "pattern": "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"})),
        ("message", json!({"maxLength": 32768})),
        ("observedGeneration", json!({"minimum": 0})),
    ];
    for (field, limit) in limits {
        if let (Some(Value::Object(schema)), Value::Object(limit)) = (condition.get_mut(field), limit) {
            schema.extend(limit);
        }
    }
}
