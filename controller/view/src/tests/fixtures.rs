//! Objects to be shown.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{Clock, Object, Picture};

/// A quarter of an hour after everything began.
pub(super) fn clock() -> Clock {
    Clock::of_the_wall("2026-01-01T00:15:00Z".parse::<Timestamp>().unwrap())
}

pub(super) fn condition(kind: &str, status: &str, reason: &str, message: &str) -> Value {
    json!({"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": "2026-01-01T00:00:00Z"})
}

/// The three conditions of an object that waits for a person.
pub(super) fn stalled(reason: &str, message: &str) -> Vec<Value> {
    vec![condition("Ready", "False", reason, message), condition("Stalled", "True", reason, message)]
}

pub(super) fn region(name: &str, state: &str, progress: i32) -> Value {
    json!({"name": name, "state": state, "progress": progress, "replicas": 2, "requestedBy": ["home"]})
}

/// Of a version the status holds, beside these fields, the generation that it describes.
pub(super) fn version(name: &str, mut status: Value) -> Object {
    status["observedGeneration"] = 2.into();
    let object = json!({
        "apiVersion": "azimage.dev/v1alpha1", "kind": "ImageVersion",
        "metadata": {
            "name": name, "namespace": "images", "generation": 2, "creationTimestamp": "2026-01-01T00:00:00Z",
            "labels": {"tier": "prod"},
        },
        "spec": {
            "gallery": {"subscriptionId": "s", "resourceGroup": "g", "name": "corp"},
            "definition": "ubuntu", "version": "1.0.0", "source": {"imageVersion": {"resourceId": "/x"}},
        },
        "status": status,
    });
    Object::Version(serde_json::from_value(object).unwrap())
}

pub(super) fn target(name: &str, conditions: &[Value]) -> Object {
    let object = json!({
        "apiVersion": "azimage.dev/v1alpha1", "kind": "ReplicationTarget",
        "metadata": {"name": name, "namespace": "images", "generation": 1},
        "spec": {"region": "northeurope", "imageSelector": {"matchLabels": {"tier": "prod"}}},
        "status": {"observedGeneration": 1, "conditions": conditions},
    });
    Object::Target(serde_json::from_value(object).unwrap())
}

pub(super) fn definition(status: &Value) -> Object {
    let object = json!({
        "apiVersion": "azimage.dev/v1alpha1", "kind": "ImageDefinition",
        "metadata": {"name": "ubuntu", "namespace": "images", "generation": 1},
        "spec": {"gallery": {"subscriptionId": "s", "resourceGroup": "g", "name": "corp"}, "management": "Observe"},
        "status": status,
    });
    Object::Definition(serde_json::from_value(object).unwrap())
}

pub(super) fn picture(subject: &Object, all: &[Object]) -> Picture {
    Picture::of(subject, all, clock())
}
