//! Objects that this release can't read, because a later one or another hand wrote them.

use std::collections::BTreeMap;

use azimage_core::{Message as _, Progress, condition, unreadable::Unreadable};
use jiff::Timestamp;
use kube::{
    Api, Client, Resource,
    api::{DynamicObject, Patch, PatchParams},
    core::{ApiResource, error_boundary::InvalidObject},
};
use serde_json::json;

use super::{KubernetesError, STATUS_MANAGER, bounded};

/// Tells the object's owner that it can't be read.
pub(crate) async fn report_unreadable<K: Resource<DynamicType = ()>>(
    client: &Client,
    object: &InvalidObject,
    now: Timestamp,
) -> Result<(), KubernetesError> {
    let metadata = &object.metadata;
    let (Some(name), Some(namespace)) = (&metadata.name, &metadata.namespace) else { return Ok(()) };
    let resource = ApiResource::erase::<K>(&());
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &resource);
    let current = bounded(api.get(name)).await?;
    let previous = current.data.pointer("/status/conditions").cloned().unwrap_or_default();
    let previous: Vec<_> = serde_json::from_value(previous).unwrap_or_default();
    let message = Unreadable::Object { problem: object.error.clone() };
    let generation = current.metadata.generation.unwrap_or_default();
    let progress = Progress::stalled(message.reason(), message.to_string());
    let conditions = condition::render(&previous, &[], &BTreeMap::new(), &progress, generation, now);
    if conditions == previous {
        return Ok(());
    }
    let patch = json!({
        "apiVersion": K::api_version(&()), "kind": K::kind(&()),
        "metadata": {"name": name, "resourceVersion": current.metadata.resource_version},
        "status": {"observedGeneration": generation, "conditions": conditions},
    });
    // A manager of its own: what the status says of Azure stays as it is.
    let parameters = PatchParams::apply(&format!("{STATUS_MANAGER}-unreadable")).force();
    bounded(api.patch_status(name, &parameters, &Patch::Apply(&patch))).await?;
    Ok(())
}
