//! Which objects live.

use std::collections::{BTreeMap, BTreeSet};

use azimage_core::leftovers::Objects;
use azimage_crds::ImageVersion;
use kube::{
    Api, Client, ResourceExt as _,
    api::{ApiResource, DynamicObject, ListParams},
};

use crate::kubernetes::{KubernetesError, bounded};

/// The objects of some namespaces, as the API server has just told.
pub(super) struct Living {
    namespaces: BTreeMap<String, BTreeSet<String>>,
}

impl Objects for Living {
    fn serves(&self, namespace: &str) -> bool {
        self.namespaces.contains_key(namespace)
    }

    fn lives(&self, namespace: &str, uid: &str) -> bool {
        self.namespaces.get(namespace).is_some_and(|uids| uids.contains(uid))
    }
}

/// Asks the API server for the objects of these namespaces. Also of an object that this release can't read it tells the uid.
pub(super) async fn living(
    client: &Client,
    namespaces: impl Iterator<Item = String>,
) -> Result<Living, KubernetesError> {
    let mut found = BTreeMap::new();
    let resource = ApiResource::erase::<ImageVersion>(&());
    for namespace in namespaces {
        let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), &namespace, &resource);
        let objects = bounded(api.list(&ListParams::default())).await?;
        found.insert(namespace, objects.items.iter().filter_map(DynamicObject::uid).collect());
    }
    Ok(Living { namespaces: found })
}
