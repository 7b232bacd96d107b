//! Writes a status.

use kube::{
    Api, Resource, ResourceExt,
    api::{Patch, PatchParams},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;

use super::{KubernetesError, STATUS_MANAGER, bounded};

/// Applies a whole status. The object's uid goes along, so that a new object of the same name doesn't get it.
pub(crate) async fn apply_status<K, S>(api: &Api<K>, object: &K, status: &S) -> Result<K, KubernetesError>
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + std::fmt::Debug,
    S: Serialize,
{
    let name = object.name_any();
    let patch = json!({
        "apiVersion": K::api_version(&()),
        "kind": K::kind(&()),
        "metadata": {"name": name, "uid": object.uid()},
        "status": status,
    });
    let parameters = PatchParams::apply(STATUS_MANAGER).force();
    bounded(api.patch_status(&name, &parameters, &Patch::Apply(&patch))).await
}
