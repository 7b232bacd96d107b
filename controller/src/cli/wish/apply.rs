//! What is written, by server-side apply.

use anyhow::Context;
use azimage_crds::{ImageDefinition, ImageVersion, RECONCILE_REQUESTED_AT, ReplicationTarget};
use azimage_view::{Kind, Object};
use kube::{
    Api,
    api::{ApiResource, DynamicObject, Patch, PatchParams},
};
use serde_json::{Value, json};

use crate::{
    cli::access::Access,
    kubernetes::{KubernetesError, bounded},
};

/// Field manager of the annotation. Each wish has its own: what a manager doesn't apply again is taken away.
const LOOK_MANAGER: &str = "azimage-reconcile";
/// Field manager of `spec.suspend`.
const SUSPEND_MANAGER: &str = "azimage-suspend";
/// Where `kubectl apply` without `--server-side` keeps what it was given.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What is asked of the controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// To look at the object, under this value of the annotation.
    Look(String),
    /// Whether nothing is to be done for it.
    Suspend(bool),
}

/// Writes the wish, and returns the generation that the object has with it.
pub(super) async fn apply(access: &Access, object: &Object, wish: &Wish, force: bool) -> anyhow::Result<Option<i64>> {
    let (manager, fields) = match wish {
        Wish::Look(token) => (LOOK_MANAGER, json!({"metadata": {"annotations": {RECONCILE_REQUESTED_AT: token}}})),
        Wish::Suspend(value) => (SUSPEND_MANAGER, json!({"spec": {"suspend": value}})),
    };
    let declared = if matches!(wish, Wish::Look(_)) { None } else { declarer(object) };
    if let Some(tool) = declared.filter(|_| !force) {
        anyhow::bail!(
            "spec.suspend of {} is declared by {tool}, which would set it back: change it there, or use --force",
            object.address()
        );
    }
    let generation = patch(access, object, manager, fields).await?;
    if *wish == Wish::Suspend(false) {
        // The field isn't kept: then its default holds, and whoever declares it later is in no conflict.
        patch(access, object, manager, json!({})).await?;
    }
    Ok(generation)
}

async fn patch(access: &Access, object: &Object, manager: &str, fields: Value) -> anyhow::Result<Option<i64>> {
    let resource = match object.kind() {
        Kind::ImageVersion => ApiResource::erase::<ImageVersion>(&()),
        Kind::ReplicationTarget => ApiResource::erase::<ReplicationTarget>(&()),
        Kind::ImageDefinition => ApiResource::erase::<ImageDefinition>(&()),
    };
    let mut body = fields;
    body["apiVersion"] = resource.api_version.clone().into();
    body["kind"] = resource.kind.clone().into();
    body["metadata"]["name"] = object.name().into();
    // One that is gone meanwhile isn't made again.
    body["metadata"]["uid"] = object.meta().uid.clone().into();
    let api: Api<DynamicObject> = Api::namespaced_with(access.client.clone(), object.namespace(), &resource);
    let name = object.name();
    let parameters = PatchParams::apply(manager).force();
    match bounded(api.patch(&name, &parameters, &Patch::Apply(&body))).await {
        Ok(patched) => Ok(patched.metadata.generation),
        Err(error) if error.is_forbidden() => Err(refused(&error, object)),
        Err(error) => Err(error).with_context(|| format!("can't patch {}", object.address())),
    }
}

fn refused(error: &KubernetesError, object: &Object) -> anyhow::Error {
    let (kind, namespace) = (object.kind(), object.namespace());
    anyhow::anyhow!(
        "you lack the verb patch on {} in the namespace {namespace}, which the chart's ClusterRole {}-editor has: {error}",
        kind.plural(),
        kind.singular()
    )
}

/// The tool that declares `spec.suspend`, if there is one: another one that applies it, or kubectl. Who only wrote it once doesn't.
fn declarer(object: &Object) -> Option<String> {
    let meta = object.meta();
    let last = meta.annotations.as_ref().and_then(|all| all.get(LAST_APPLIED));
    let last: Option<Value> = last.and_then(|text| serde_json::from_str(text).ok());
    if last.is_some_and(|applied| applied.pointer("/spec/suspend").is_some()) {
        return Some("kubectl apply".to_owned());
    }
    let entries = meta.managed_fields.iter().flatten();
    let owner = entries.filter(|entry| entry.operation.as_deref() == Some("Apply")).find(|entry| {
        let owns = entry.fields_v1.as_ref().is_some_and(|fields| fields.0.pointer("/f:spec/f:suspend").is_some());
        owns && entry.manager.as_deref() != Some(SUSPEND_MANAGER)
    });
    owner.map(|entry| entry.manager.clone().unwrap_or_else(|| "another tool".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_declared_by_who_applies_it() {
        let owner = |manager: &str, operation: &str, field: &str| {
            json!({"managedFields": [{
                "manager": manager, "operation": operation, "apiVersion": "azimage.dev/v1alpha1",
                "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {field: {}}},
            }]})
        };
        let applied = |text: &str| json!({"annotations": {LAST_APPLIED: text}});
        for (case, metadata, expected) in [
            ("nobody", json!({}), None),
            ("another tool", owner("kustomize-controller", "Apply", "f:suspend"), Some("kustomize-controller")),
            ("another tool, another field", owner("kustomize-controller", "Apply", "f:publish"), None),
            ("who wrote it once", owner("kubectl-patch", "Update", "f:suspend"), None),
            ("azimage suspend", owner(SUSPEND_MANAGER, "Apply", "f:suspend"), None),
            ("kubectl apply", applied(r#"{"spec":{"suspend":true}}"#), Some("kubectl apply")),
            ("kubectl apply of other fields", applied(r#"{"spec":{}}"#), None),
        ] {
            let mut object = json!({
                "apiVersion": "azimage.dev/v1alpha1", "kind": "ImageDefinition", "metadata": metadata,
                "spec": {"gallery": {"subscriptionId": "s", "resourceGroup": "g", "name": "corp"}},
            });
            object["metadata"]["name"] = "ubuntu".into();
            let object = Object::Definition(serde_json::from_value(object).unwrap());
            assert_eq!(declarer(&object).as_deref(), expected, "{case}");
        }
    }
}
