//! Adds and removes a finalizer.

use kube::{
    Api, Resource, ResourceExt,
    api::{Patch, PatchParams},
};
use serde::de::DeserializeOwned;
use serde_json::json;

use super::{KubernetesError, OBJECT_MANAGER, bounded};

/// Adds the finalizer, before anything is done that it guards.
pub(crate) async fn add_finalizer<K>(api: &Api<K>, object: &K, finalizer: &str) -> Result<K, KubernetesError>
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + std::fmt::Debug,
{
    let mut finalizers = object.finalizers().to_vec();
    finalizers.push(finalizer.to_owned());
    write(api, object, &finalizers).await
}

/// Removes the finalizer. An object that is gone needs none removed.
pub(crate) async fn remove_finalizer<K>(api: &Api<K>, object: &K, finalizer: &str) -> Result<(), KubernetesError>
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + std::fmt::Debug,
{
    let finalizers: Vec<String> = object.finalizers().iter().filter(|name| *name != finalizer).cloned().collect();
    match write(api, object, &finalizers).await {
        Err(error) if error.is_not_found() => Ok(()),
        outcome => outcome.map(|_| ()),
    }
}

/// The list is replaced whole, so the write holds only for the object as it was read.
async fn write<K>(api: &Api<K>, object: &K, finalizers: &[String]) -> Result<K, KubernetesError>
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + std::fmt::Debug,
{
    let patch = json!({
        "metadata": {"resourceVersion": object.resource_version(), "uid": object.uid(), "finalizers": finalizers},
    });
    let parameters = PatchParams { field_manager: Some(OBJECT_MANAGER.to_owned()), ..PatchParams::default() };
    bounded(api.patch(&object.name_any(), &parameters, &Patch::Merge(&patch))).await
}
