//! Deletions of objects and namespaces.

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Value, json};

use super::{
    call::Call,
    failure::{Cause, Failure},
    kinds::Kind,
    store::{Author, Key, Store},
    write::{Written, no_finalizers, raise_generation},
};

/// Namespaces that can't be deleted.
const IMMORTAL: [&str; 3] = ["default", "kube-system", "kube-public"];

impl Store {
    /// Deletes an object, or marks it for its finalizers.
    pub(super) fn delete(&mut self, call: &Call, key: &Key, options: &Value) -> Result<Written, Failure> {
        let kind = self.kind(key).clone();
        if kind.plural == "namespaces" && IMMORTAL.contains(&key.name.as_str()) {
            let why = "this namespace may not be deleted".to_owned();
            return Err(Failure::forbidden(kind.resource(), &key.name, why));
        }
        let Some(stored) = self.objects.get(key) else {
            return Err(Failure::not_found(kind.resource(), &key.name));
        };
        let object = stored.object.clone();
        check_options(&kind, key, options, &object)?;
        let author = Author::of(call);
        if kind.plural == "namespaces" {
            let object = self.end_namespace(&author, key, &object);
            self.settle_namespaces();
            return Ok((StatusCode::OK, object));
        }
        if let Some(marked) = self.mark_or_remove(&author, key) {
            return Ok((StatusCode::OK, marked));
        }
        if kind.plural == "serviceaccounts"
            && let Some(last) = self.history.last().and_then(|write| write.tombstone.clone())
        {
            self.settle_namespaces();
            return Ok((StatusCode::OK, last));
        }
        self.settle_namespaces();
        let mut details = json!({"name": key.name, "kind": kind.plural, "uid": object["metadata"]["uid"]});
        if !kind.group.is_empty() {
            details["group"] = json!(kind.group);
        }
        let status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details,
        });
        Ok((StatusCode::OK, Arc::new(status)))
    }

    /// The object if it stays for its finalizers, nothing if it is gone.
    fn mark_or_remove(&mut self, author: &Author, key: &Key) -> Option<Arc<Value>> {
        let stored = self.objects.get(key)?.clone();
        if no_finalizers(&stored.object) {
            self.remove(author, key);
            return None;
        }
        if stored.object.pointer("/metadata/deletionTimestamp").is_some() {
            return Some(stored.object);
        }
        let mut object = Value::clone(&stored.object);
        object["metadata"]["deletionTimestamp"] = json!(self.now());
        object["metadata"]["deletionGracePeriodSeconds"] = json!(0);
        if object["metadata"]["generation"].is_i64() {
            raise_generation(&mut object);
        }
        Some(self.put(author, key, object, stored.managers))
    }

    fn end_namespace(&mut self, author: &Author, key: &Key, object: &Arc<Value>) -> Arc<Value> {
        if object.pointer("/metadata/deletionTimestamp").is_some() {
            return object.clone();
        }
        let mut ending = Value::clone(object);
        ending["metadata"]["deletionTimestamp"] = json!(self.now());
        ending["status"] = json!({"phase": "Terminating"});
        let managers = self.objects[key].managers.clone();
        let ending = self.put(author, key, ending, managers);
        let contents: Vec<Key> = self.objects.keys().filter(|other| other.namespace == key.name).cloned().collect();
        for content in contents {
            self.mark_or_remove(&Author::cluster(), &content);
        }
        ending
    }

    /// Removes a deleted namespace when it is empty.
    pub(super) fn settle_namespaces(&mut self) {
        let ending: Vec<Key> = self
            .objects
            .iter()
            .filter(|(key, stored)| {
                self.kind(key).plural == "namespaces" && stored.object.pointer("/metadata/deletionTimestamp").is_some()
            })
            .map(|(key, _)| key.clone())
            .collect();
        for namespace in ending {
            if !self.objects.keys().any(|key| key.namespace == namespace.name) {
                self.remove(&Author::cluster(), &namespace);
            }
        }
    }

    /// Refuses to create an object in a namespace that doesn't exist or is being deleted.
    pub(super) fn check_namespace(&self, kind: &Kind, key: &Key) -> Result<(), Failure> {
        if !kind.namespaced {
            return Ok(());
        }
        let namespaces = self
            .objects
            .iter()
            .find(|(other, _)| self.kind(other).plural == "namespaces" && other.name == key.namespace);
        let Some((_, namespace)) = namespaces else {
            return Err(Failure::not_found("namespaces", &key.namespace));
        };
        if namespace.object.pointer("/metadata/deletionTimestamp").is_none() {
            return Ok(());
        }
        let why = format!("unable to create new content in namespace {} because it is being terminated", key.namespace);
        let cause = Cause {
            reason: "NamespaceTerminating",
            message: format!("namespace {} is being terminated", key.namespace),
            field: "metadata.namespace".to_owned(),
        };
        Err(Failure::forbidden(kind.resource(), &key.name, why).with_causes(&[cause]))
    }
}

fn check_options(kind: &Kind, key: &Key, options: &Value, object: &Value) -> Result<(), Failure> {
    for (name, value) in options.as_object().into_iter().flatten() {
        let known = match name.as_str() {
            "kind" | "apiVersion" | "gracePeriodSeconds" | "preconditions" => true,
            "propagationPolicy" => value == "Background",
            "dryRun" => value.as_array().is_some_and(Vec::is_empty),
            _ => value.is_null(),
        };
        if !known {
            return Err(Failure::not_implemented(format_args!("the delete option {name}: {value}")));
        }
    }
    for (field, label) in [("uid", "UID"), ("resourceVersion", "ResourceVersion")] {
        let wanted = options.pointer(&format!("/preconditions/{field}")).and_then(Value::as_str);
        let found = object["metadata"][field].as_str().unwrap_or_default();
        if let Some(wanted) = wanted.filter(|wanted| *wanted != found) {
            let what = if field == "uid" { "deleted and then recreated" } else { "modified" };
            let why = format!(
                "the {label} in the precondition ({wanted}) does not match the {label} in record ({found}). The object might have been {what}"
            );
            return Err(Failure::conflict(&kind.qualified(), &key.name, why));
        }
    }
    Ok(())
}
