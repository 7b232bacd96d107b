//! Replication targets as a kind that is served.

use std::sync::Arc;

use azimage_crds::{ImageVersion, ReplicationTarget};
use kube::runtime::controller::Action;

use super::{Shared, reconcile};
use crate::{
    config::Config,
    kubernetes::KubernetesError,
    serve::{Kind, WokenBy, same_namespace},
};

impl Kind for ReplicationTarget {
    type Shared = Shared;

    const NAME: &'static str = "replicationtarget";
    const WOKEN_BY: &'static [WokenBy<Self>] = &[same_namespace::<Self, ImageVersion>];

    fn concurrency(config: &Config) -> u16 {
        config.replication_target_concurrency
    }

    async fn reconcile(shared: &Arc<Shared>, object: &Self) -> Result<Action, KubernetesError> {
        reconcile(shared, object).await
    }
}
