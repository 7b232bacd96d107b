//! Writes a status.

use azimage_core::{
    events::transitions,
    status_write::{HasProgress, StatusWrite, status_write},
};
use kube::{
    Api, Resource, ResourceExt,
    api::{Patch, PatchParams},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;

use tokio::time::Instant;

use super::{Events, Freshest, KubernetesError, STATUS_MANAGER, bounded};

/// Writes a status if it differs from the one that stands there, and tells of the transitions. Progress alone is held back for
/// a while. Whether it was written.
pub(crate) async fn tell_status<K, S>(
    api: &Api<K>,
    object: &K,
    (before, after): (&S, &S),
    freshest: &Freshest<K>,
    events: &Events,
) -> Result<bool, KubernetesError>
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + std::fmt::Debug,
    S: HasProgress + Serialize,
{
    let (now, uid) = (Instant::now(), object.uid().unwrap_or_default());
    match status_write(before, after, freshest.status_written_since(&uid, now)) {
        StatusWrite::Unchanged => freshest.defer_status(&uid, None),
        StatusWrite::After(rest) => freshest.defer_status(&uid, Some(now + rest)),
        StatusWrite::Now => {
            freshest.status_written(apply_status(api, object, after).await?, now);
            events.publish(object, transitions(before.conditions(), after.conditions())).await;
            return Ok(true);
        }
    }
    Ok(false)
}

/// Applies a whole status to the object as it was read: whoever changed it meanwhile is looked at first. The uid alone
/// wouldn't keep a status from a new object of the same name: the API server doesn't compare it for the status of a
/// custom resource.
async fn apply_status<K, S>(api: &Api<K>, object: &K, status: &S) -> Result<K, KubernetesError>
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
