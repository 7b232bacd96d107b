//! Image versions as a kind that is served.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use azimage_crds::ImageVersion;
use kube::{ResourceExt, runtime::controller::Action};
use tokio::time::Instant;

use super::{Shared, reconcile::reconcile};
use crate::{config::Config, kubernetes::KubernetesError, serve::Kind, stores::readable};

impl Kind for ImageVersion {
    type Shared = Shared;

    const NAME: &'static str = "imageversion";

    fn concurrency(config: &Config) -> u16 {
        config.image_version_concurrency
    }

    async fn reconcile(shared: &Arc<Shared>, object: &Self) -> Result<Action, KubernetesError> {
        reconcile(shared, object).await
    }

    fn sweep(shared: &Shared, period: Duration) {
        let versions = shared.stores.versions();
        let living: BTreeSet<String> = versions.iter().filter_map(|guarded| readable(guarded)?.uid()).collect();
        let accounts: BTreeSet<(String, String)> = versions
            .iter()
            .filter_map(|guarded| {
                let version = readable(guarded)?;
                Some((version.namespace()?, version.spec.service_account_name.clone()?))
            })
            .collect();
        shared.identities.retain(|account| accounts.contains(account));
        shared.gate.retain(|uid| living.contains(uid));
        shared.memories.retain(|uid| living.contains(uid));
        shared.freshest.retain(|uid| living.contains(uid));
        shared.lists.sweep(period, Instant::now());
    }
}
