//! Writes: what each verb does to an object.

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{
    call::{Call, Verb},
    check,
    failure::{Cause, Failure},
    fields::{ManagerKey, Managers, Operation, merge_patch},
    kinds::Kind,
    store::{Author, Key, Store},
};

/// An answer's code and object.
pub(super) type Written = (StatusCode, Arc<Value>);

fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn manager_key(call: &Call, operation: Operation) -> ManagerKey {
    ManagerKey { name: call.manager.clone(), operation, subresource: call.subresource.clone() }
}

impl Store {
    /// Carries a write out.
    pub(super) fn write(&mut self, call: &Call, key: &Key, body: Value) -> Result<Written, Failure> {
        if call.verb == Verb::Delete {
            return self.delete(call, key, &body);
        }
        if key.name.is_empty() || call.verb == Verb::Create {
            return self.create(call, key.clone(), body, None);
        }
        let there = self.objects.contains_key(key);
        let kind = self.kind(key).clone();
        if kind.plural == "events" && call.verb == Verb::Update {
            return Err(Failure::not_implemented("PUT of events"));
        }
        match call.verb {
            Verb::Update if there => self.update(call, key, &kind, body),
            Verb::Update if kind.create_on_update && call.subresource.is_empty() => {
                check::nothing_there(&kind, key, &body)?;
                // It is made, whatever version of one that is gone was meant.
                let mut body = body;
                metadata_mut(&mut body).map(|metadata| metadata.remove("resourceVersion"));
                self.create(call, key.clone(), body, None)
            }
            Verb::MergePatch if there => self.merge_patch(call, key, &kind, &body),
            Verb::Apply if there || call.subresource.is_empty() => self.apply(call, key, &kind, body),
            _ => Err(Failure::not_found(kind.resource(), &key.name)),
        }
    }

    /// Makes an object.
    fn create(
        &mut self,
        call: &Call,
        mut key: Key,
        mut object: Value,
        applied: Option<&Value>,
    ) -> Result<Written, Failure> {
        let kind = self.kind(&key).clone();
        check::identity(&kind, &key, &object)?;
        if !text(&object, "/metadata/resourceVersion").is_empty() {
            let message = "resourceVersion should not be set on objects to be created";
            return Err(Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", message));
        }
        if key.name.is_empty() {
            text(&object, "/metadata/name").clone_into(&mut key.name);
        }
        if key.name.is_empty() && !text(&object, "/metadata/generateName").is_empty() {
            key.name = format!("{}{}", text(&object, "/metadata/generateName"), self.new_suffix());
        }
        self.check_namespace(&kind, &key)?;
        prune(&kind, call, &mut object)?;
        if kind.status {
            object.as_object_mut().map(|map| map.remove("status"));
        }
        if kind.plural == "namespaces" {
            object["spec"] = json!({"finalizers": ["kubernetes"]});
            object["status"] = json!({"phase": "Active"});
            object["metadata"]["labels"]["kubernetes.io/metadata.name"] = json!(key.name);
        }
        if !kind.custom {
            object["apiVersion"] = json!(kind.api_version());
            object["kind"] = json!(kind.name);
        }
        let (uid, now) = (self.new_uid(), self.now());
        let Some(metadata) = metadata_mut(&mut object) else { return Err(Failure::bad_request("no metadata")) };
        for field in ["deletionTimestamp", "deletionGracePeriodSeconds", "generation", "managedFields", "selfLink"] {
            metadata.remove(field);
        }
        metadata.insert("name".to_owned(), json!(key.name));
        if kind.namespaced {
            metadata.insert("namespace".to_owned(), json!(key.namespace));
        }
        metadata.insert("uid".to_owned(), json!(uid));
        metadata.insert("creationTimestamp".to_owned(), json!(now));
        if kind.custom {
            metadata.insert("generation".to_owned(), json!(1));
        }
        complete(&kind, &mut object);
        check::object(&kind, &key, &object, None, None)?;
        if let Some(there) = self.objects.get(&key) {
            let mut failure = Failure::already_exists(kind.resource(), &key.name);
            if there.object.pointer("/metadata/deletionTimestamp").is_some() {
                failure.message = format!("object is being deleted: {}", failure.message);
            }
            return Err(failure);
        }
        let managers = if let Some(applied) = applied {
            let manager = manager_key(call, Operation::Apply);
            Managers::default().apply(&kind.schema, &json!({}), applied, &manager, &now).managers
        } else {
            // Defaults of the status have no manager, and neither has what the server adds to a namespace.
            let mut made = object.clone();
            if kind.plural == "namespaces" {
                made.as_object_mut().map(|map| map.remove("spec"));
            }
            if kind.status || kind.plural == "namespaces" {
                made.as_object_mut().map(|map| map.remove("status"));
            }
            Managers::default().update(&kind.schema, None, &made, &manager_key(call, Operation::Update), &now)
        };
        let fresh = kind.status && object.get("status").is_some();
        let object = self.put(&Author::of(call), &key, object, managers);
        if let Some(stored) = self.objects.get_mut(&key) {
            stored.fresh = fresh;
        }
        Ok((StatusCode::CREATED, object))
    }

    fn update(&mut self, call: &Call, key: &Key, kind: &Kind, mut object: Value) -> Result<Written, Failure> {
        check::identity(kind, key, &object)?;
        check::same_uid(call, kind, key, &self.objects[key].object, &object)?;
        if text(&object, "/metadata/resourceVersion").is_empty() {
            let cause = Cause {
                reason: "FieldValueInvalid",
                message: "Invalid value: 0: must be specified for an update".to_owned(),
                field: "metadata.resourceVersion".to_owned(),
            };
            return Err(Failure::invalid(kind.resource(), &key.name, &[cause]));
        }
        prune(kind, call, &mut object)?;
        self.commit(call, key, kind, object, None)
    }

    fn merge_patch(&mut self, call: &Call, key: &Key, kind: &Kind, patch: &Value) -> Result<Written, Failure> {
        let mut object = Value::clone(&self.objects[key].object);
        merge_patch(&mut object, patch);
        check::identity(kind, key, &object)?;
        prune(kind, call, &mut object)?;
        self.commit(call, key, kind, object, None)
    }

    fn apply(&mut self, call: &Call, key: &Key, kind: &Kind, mut applied: Value) -> Result<Written, Failure> {
        if call.parameter("fieldManager").is_empty() {
            let message =
                "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch";
            return Err(Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "Invalid", message));
        }
        check::identity(kind, key, &applied)?;
        if applied.pointer("/metadata/managedFields").is_some_and(|fields| !fields.is_null()) {
            return Err(Failure::bad_request("metadata.managedFields must be nil"));
        }
        check::typed(kind, key, &applied)?;
        // The other writer's fields don't matter here.
        if let Some(map) = applied.as_object_mut() {
            if kind.status && call.subresource.is_empty() {
                map.remove("status");
            } else if call.subresource == "status" {
                map.retain(|name, _| ["apiVersion", "kind", "metadata", "status"].contains(&name.as_str()));
            }
        }
        let Some(stored) = self.objects.get(key) else {
            let uid = text(&applied, "/metadata/uid");
            if !uid.is_empty() {
                let why =
                    format!("uid mismatch: the provided object specified uid {uid}, and no existing object was found");
                return Err(Failure::conflict(kind.resource(), &key.name, why));
            }
            // The version only tells that nothing else may be there.
            metadata_mut(&mut applied).map(|metadata| metadata.remove("resourceVersion"));
            return self.create(call, key.clone(), applied.clone(), Some(&applied));
        };
        let manager = manager_key(call, Operation::Apply);
        let outcome = stored.managers.apply(&kind.schema, &stored.object, &applied, &manager, &self.now());
        if !outcome.conflicts.is_empty() && !call.flag("force") {
            return Err(check::apply_conflict(kind.api_version(), &outcome.conflicts));
        }
        self.commit(call, key, kind, outcome.object, Some(outcome.managers))
    }

    /// Keeps a changed object, if it is changed and may be.
    fn commit(
        &mut self,
        call: &Call,
        key: &Key,
        kind: &Kind,
        candidate: Value,
        managers: Option<Managers>,
    ) -> Result<Written, Failure> {
        let stored = self.objects[key].clone();
        let old = &*stored.object;
        let other = check::preconditions(call, kind, key, old, &candidate)?;
        let mut new = if call.subresource == "status" {
            let mut new = old.clone();
            put_or_remove(&mut new, "status", candidate.get("status"));
            new
        } else {
            let mut new = candidate;
            if kind.status || kind.plural == "namespaces" {
                put_or_remove(&mut new, "status", old.get("status"));
            }
            keep_metadata(&mut new, old);
            new
        };
        complete(kind, &mut new);
        check::object(kind, key, &new, Some(old), other)?;
        let now = self.now();
        let managers = managers.unwrap_or_else(|| {
            let manager = manager_key(call, Operation::Update);
            stored.managers.update(&kind.schema, Some(old), &new, &manager, &now)
        });
        // The defaults of a status come when an object is read, and are stored when it is next written: a write that
        // changes nothing else is one the first time.
        if new == *old && managers.same_but_for_times(&stored.managers) && !stored.fresh {
            return Ok((StatusCode::OK, stored.object));
        }
        if kind.custom && differ_in_spec(kind, &new, old) {
            raise_generation(&mut new);
        }
        let author = Author::of(call);
        let deleting = old.pointer("/metadata/deletionTimestamp").is_some();
        if deleting && no_finalizers(&new) && kind.plural != "namespaces" {
            self.remove(&author, key);
            self.settle_namespaces();
            new["metadata"]["managedFields"] = managers.render(kind.api_version());
            // What was asked for, though it is never kept.
            return Ok((StatusCode::OK, Arc::new(new)));
        }
        Ok((StatusCode::OK, self.put(&author, key, new, managers)))
    }
}

/// Removes unknown fields, or refuses them where the client wants that.
fn prune(kind: &Kind, call: &Call, object: &mut Value) -> Result<(), Failure> {
    let pruned = kind.schema.prune(object);
    match call.parameter("fieldValidation") {
        "" | "Warn" | "Ignore" => Ok(()),
        "Strict" if pruned.is_empty() => Ok(()),
        "Strict" => {
            let fields: Vec<String> = pruned.iter().map(|field| format!("unknown field \"{field}\"")).collect();
            Err(Failure::bad_request(format!("strict decoding error: {}", fields.join(", "))))
        }
        other => Err(Failure::bad_request(format!("fieldValidation {other:?} is unknown"))),
    }
}

/// Defaults and forms; empty metadata goes.
fn complete(kind: &Kind, object: &mut Value) {
    kind.schema.set_defaults(object);
    if let Some(metadata) = metadata_mut(object) {
        metadata.retain(|_, value| {
            let empty = value.as_object().is_some_and(Map::is_empty) || value.as_array().is_some_and(Vec::is_empty);
            !empty && !value.is_null()
        });
    }
}

fn metadata_mut(object: &mut Value) -> Option<&mut Map<String, Value>> {
    object.get_mut("metadata").and_then(Value::as_object_mut)
}

fn put_or_remove(object: &mut Value, field: &str, value: Option<&Value>) {
    let Some(map) = object.as_object_mut() else { return };
    match value {
        Some(value) => map.insert(field.to_owned(), value.clone()),
        None => map.remove(field),
    };
}

/// What a writer can't change stays.
fn keep_metadata(new: &mut Value, old: &Value) {
    const KEPT: [&str; 10] = [
        "uid",
        "resourceVersion",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generation",
        "managedFields",
        "name",
        "namespace",
        "generateName",
    ];
    for field in KEPT {
        put_or_remove(&mut new["metadata"], field, old["metadata"].get(field));
    }
}

pub(super) fn no_finalizers(object: &Value) -> bool {
    object.pointer("/metadata/finalizers").and_then(Value::as_array).is_none_or(Vec::is_empty)
}

/// Whether anything but the metadata and the status differs.
fn differ_in_spec(kind: &Kind, one: &Value, other: &Value) -> bool {
    let counts = |name: &str| name != "metadata" && !(kind.status && name == "status");
    let parts = |object: &'_ Value| object.as_object().map(|map| map.keys().filter(|name| counts(name)).count());
    let differs = |(name, value): (&String, &Value)| counts(name) && other.get(name) != Some(value);
    parts(one) != parts(other) || one.as_object().is_some_and(|map| map.iter().any(differs))
}

pub(super) fn raise_generation(object: &mut Value) {
    let generation = object["metadata"]["generation"].as_i64().unwrap_or_default();
    object["metadata"]["generation"] = json!(generation + 1);
}
