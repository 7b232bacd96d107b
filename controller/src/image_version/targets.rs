//! The replication targets and image definitions of a namespace, as the API server has them now.

use std::fmt::Debug;

use azimage_core::target::are_as_listed;
use azimage_crds::{ImageDefinition, ReplicationTarget};
use kube::{
    Api, Resource,
    api::{ListParams, ObjectMeta},
    core::NamespaceResourceScope,
};
use serde::de::DeserializeOwned;

use super::pass::Pass;
use crate::{
    kubernetes::{KubernetesError, bounded},
    stores::Guarded,
};

impl Pass<'_> {
    /// All targets, if the watch lags behind them; none if it has shown just what the API server has.
    pub(super) async fn targets_unseen(
        &self,
        seen: &[&ObjectMeta],
    ) -> Result<Option<Vec<ReplicationTarget>>, KubernetesError> {
        self.unseen(seen).await
    }

    /// The same of image definitions.
    pub(super) async fn definitions_unseen(
        &self,
        seen: &[&ObjectMeta],
    ) -> Result<Option<Vec<ImageDefinition>>, KubernetesError> {
        self.unseen(seen).await
    }

    /// Statuses, which are long and say nothing of what is asked for, are read only if need be.
    async fn unseen<K>(&self, seen: &[&ObjectMeta]) -> Result<Option<Vec<K>>, KubernetesError>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
    {
        let api: Api<K> = Api::namespaced(self.context.client.clone(), self.namespace);
        let listed = bounded(api.list_metadata(&ListParams::default())).await?.items;
        let listed: Vec<_> = listed.iter().map(|object| &object.metadata).collect();
        if are_as_listed(seen, &listed) {
            return Ok(None);
        }
        // One that can't be read says nothing here, and must not keep the others from being heard.
        let api: Api<Guarded<K>> = Api::namespaced(self.context.client.clone(), self.namespace);
        let fresh = bounded(api.list(&ListParams::default())).await?.items;
        Ok(Some(fresh.into_iter().filter_map(|guarded| guarded.0.ok()).collect()))
    }
}
