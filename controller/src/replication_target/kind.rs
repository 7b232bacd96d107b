//! Replication targets as a kind that is served.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use azimage_crds::ReplicationTarget;
use azimage_names::Region;
use kube::ResourceExt;

use super::{Context, reconcile};
use crate::{
    config::Config,
    kubernetes::KubernetesError,
    serve::{Again, Kind},
    stores::readable,
};

impl Kind for ReplicationTarget {
    type Context = Context;

    const NAME: &'static str = "replicationtarget";

    /// Targets of the same region are merged.
    fn group_of(object: &Self) -> Option<String> {
        Region::parse(&object.spec.region).ok().map(|region| region.to_string())
    }

    fn concurrency(config: &Config) -> u16 {
        config.replication_target_concurrency
    }

    async fn reconcile(context: &Arc<Context>, object: &Self) -> Result<Again, KubernetesError> {
        reconcile(context, object).await
    }

    fn sweep(context: &Context, _: Duration) {
        let targets = context.stores.targets();
        let living: BTreeSet<String> = targets.iter().filter_map(|guarded| readable(guarded)?.uid()).collect();
        context.freshest.retain(|uid| living.contains(uid));
        context.read_pauses.retain(|uid| living.contains(uid));
    }
}
