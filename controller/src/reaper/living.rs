//! Which objects live.

use std::collections::{BTreeMap, BTreeSet};

use azimage_core::leftovers::Objects;
use azimage_crds::ImageVersion;
use kube::{
    Api, ResourceExt as _,
    api::{ApiResource, DynamicObject, ListParams},
};

use super::{Reaper, workspaces::Workspace};
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

impl Reaper {
    /// Whether objects of a namespace are looked after here with the rights of a workspace.
    fn serves(&self, workspace: &Workspace, namespace: &str) -> bool {
        let watched = self.watched.is_empty() || self.watched.iter().any(|watched| watched == namespace);
        let counts = match &workspace.namespace {
            Some(own) => own == namespace,
            None => self.context.config.served.contains(namespace),
        };
        watched && counts
    }

    /// Asks the API server for the objects of those of these namespaces that are looked after. Also of an object that this
    /// release can't read it tells the uid.
    pub(super) async fn living(
        &self,
        workspace: &Workspace,
        namespaces: BTreeSet<String>,
    ) -> Result<Living, KubernetesError> {
        let mut found = BTreeMap::new();
        let resource = ApiResource::erase::<ImageVersion>(&());
        for namespace in namespaces.into_iter().filter(|namespace| self.serves(workspace, namespace)) {
            let api: Api<DynamicObject> = Api::namespaced_with(self.context.client.clone(), &namespace, &resource);
            let objects = bounded(api.list(&ListParams::default())).await?;
            found.insert(namespace, objects.items.iter().filter_map(DynamicObject::uid).collect());
        }
        Ok(Living { namespaces: found })
    }
}
