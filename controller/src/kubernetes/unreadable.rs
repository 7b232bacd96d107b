//! Objects that this release can't read, because a later one or another hand wrote them.

use azimage_core::unreadable;
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
    let generation = current.metadata.generation.unwrap_or_default();
    let previous = current.data.get("status").cloned().unwrap_or_default();
    let status = unreadable::status(&previous, generation, &object.error, now);
    if status == previous {
        return Ok(());
    }
    let patch = json!({
        "apiVersion": K::api_version(&()), "kind": K::kind(&()),
        "metadata": {"name": name, "resourceVersion": current.metadata.resource_version},
        "status": status,
    });
    let parameters = PatchParams::apply(STATUS_MANAGER).force();
    bounded(api.patch_status(name, &parameters, &Patch::Apply(&patch))).await?;
    Ok(())
}
