//! Replication targets as a kind that is served.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use azimage_crds::ReplicationTarget;
use kube::{ResourceExt, runtime::controller::Action};

use super::{Shared, reconcile};
use crate::{config::Config, kubernetes::KubernetesError, serve::Kind, stores::readable};

impl Kind for ReplicationTarget {
    type Shared = Shared;

    const NAME: &'static str = "replicationtarget";

    fn concurrency(config: &Config) -> u16 {
        config.replication_target_concurrency
    }

    async fn reconcile(shared: &Arc<Shared>, object: &Self) -> Result<Action, KubernetesError> {
        reconcile(shared, object).await
    }

    fn sweep(shared: &Shared, _: Duration) {
        let targets = shared.stores.targets();
        let living: BTreeSet<String> = targets.iter().filter_map(|guarded| readable(guarded)?.uid()).collect();
        shared.freshest.retain(|uid| living.contains(uid));
        shared.turns.retain(|uid| living.contains(uid));
    }
}
