//! A `ConfigMap` as it is written, and as it is found.

use std::collections::{BTreeMap, BTreeSet};

use azimage_crds::ImageDefinition;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{Resource, ResourceExt};
use serde_json::{Value, json};

/// Field manager of objects.
pub const MANAGER: &str = "azimage";

/// Labels: by the second one Flux looks at once, and not after its interval.
const LABELS: [(&str, &str); 2] = [("app.kubernetes.io/managed-by", MANAGER), ("reconcile.fluxcd.io/watch", "Enabled")];

/// A version that nothing has: an apply with it makes an object, or is refused if one is there. kube-apiserver compares the version
/// with that of what is there, and wipes it of what it makes (`Store.Update` of its generic registry).
const NOTHING_THERE: &str = "1";

/// What is applied. `version`: of the one that was read; none if nothing was there.
pub(super) fn applied(
    object: &ImageDefinition,
    name: &str,
    data: &BTreeMap<String, String>,
    version: Option<&str>,
) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": name,
            "namespace": object.namespace(),
            "resourceVersion": version.unwrap_or(NOTHING_THERE),
            "labels": LABELS.into_iter().collect::<BTreeMap<_, _>>(),
            "ownerReferences": [{
                "apiVersion": ImageDefinition::api_version(&()),
                "kind": ImageDefinition::kind(&()),
                "name": object.name_any(),
                "uid": object.uid(),
                "controller": true,
            }],
        },
        "data": data,
    })
}

/// Whether it is this object's.
pub(super) fn belongs_to(map: &ConfigMap, object: &ImageDefinition) -> bool {
    let uid = object.meta().uid.as_deref();
    uid.is_some() && map.owner_references().iter().any(|owner| Some(owner.uid.as_str()) == uid)
}

/// The image definition that has it.
pub(super) fn owner_of(map: &ConfigMap) -> Option<String> {
    let kind = ImageDefinition::kind(&());
    map.owner_references().iter().find(|owner| owner.kind == kind).map(|owner| owner.name.clone())
}

/// Whether nothing needs to be written. What others added stays.
pub(super) fn is_as_written(map: &ConfigMap, object: &ImageDefinition, data: &BTreeMap<String, String>) -> bool {
    let is = map.data.clone().unwrap_or_default();
    belongs_to(map, object)
        && data.iter().all(|(key, value)| is.get(key) == Some(value))
        && LABELS.iter().all(|(key, value)| map.labels().get(*key).is_some_and(|is| is == value))
        && managed(map).is_some_and(|keys| keys.iter().eq(data.keys()))
}

/// The keys that were applied by us: one that is applied no more goes with the next apply.
fn managed(map: &ConfigMap) -> Option<BTreeSet<String>> {
    let is_ours = |entry: &&k8s_openapi::apimachinery::pkg::apis::meta::v1::ManagedFieldsEntry| {
        entry.manager.as_deref() == Some(MANAGER) && entry.operation.as_deref() == Some("Apply")
    };
    let entry = map.managed_fields().iter().find(is_ours)?;
    let keys = entry.fields_v1.as_ref()?.0.get("f:data")?.as_object()?.keys();
    Some(keys.filter_map(|key| key.strip_prefix("f:")).map(str::to_owned).collect())
}
