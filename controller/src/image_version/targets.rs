//! The replication targets of a namespace, as the API server has them now.

use azimage_core::target::are_as_listed;
use azimage_crds::ReplicationTarget;
use kube::{
    Api,
    api::{ListParams, ObjectMeta},
};

use super::pass::Pass;
use crate::{
    kubernetes::{KubernetesError, bounded},
    stores::Guarded,
};

impl Pass<'_> {
    /// All targets, if the watch lags behind them; none if it has shown just what the API server has. Their statuses, which
    /// are long and say nothing of what they ask for, are read only if need be.
    pub(super) async fn targets_unseen(
        &self,
        seen: &[&ObjectMeta],
    ) -> Result<Option<Vec<ReplicationTarget>>, KubernetesError> {
        let api: Api<ReplicationTarget> = Api::namespaced(self.context.client.clone(), self.namespace);
        let listed = bounded(api.list_metadata(&ListParams::default())).await?.items;
        let listed: Vec<_> = listed.iter().map(|target| &target.metadata).collect();
        if are_as_listed(seen, &listed) {
            return Ok(None);
        }
        // One that can't be read says nothing here, and must not keep the others from being heard.
        let api: Api<Guarded<ReplicationTarget>> = Api::namespaced(self.context.client.clone(), self.namespace);
        let fresh = bounded(api.list(&ListParams::default())).await?.items;
        Ok(Some(fresh.into_iter().filter_map(|guarded| guarded.0.ok()).collect()))
    }
}
