//! Writes a status.

use kube::{
    Api, Resource, ResourceExt,
    api::{Patch, PatchParams},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;

use super::{KubernetesError, STATUS_MANAGER, bounded};

/// Applies a whole status to the object as it was read: whoever changed it meanwhile is looked at first. The uid alone
/// wouldn't keep a status from a new object of the same name: the API server doesn't compare it for the status of a
/// custom resource.
pub(crate) async fn apply_status<K, S>(api: &Api<K>, object: &K, status: &S) -> Result<K, KubernetesError>
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + std::fmt::Debug,
    S: Serialize,
{
    let name = object.name_any();
    let patch = json!({
        "apiVersion": K::api_version(&()),
        "kind": K::kind(&()),
        "metadata": {"name": name, "resourceVersion": object.resource_version()},
        "status": status,
    });
    let parameters = PatchParams::apply(STATUS_MANAGER).force();
    bounded(api.patch_status(&name, &parameters, &Patch::Apply(&patch))).await
}
