//! Image versions as a kind that is served.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use azimage_core::promotion;
use azimage_crds::ImageVersion;
use kube::ResourceExt;
use tokio::time::Instant;

use super::{Context, reconcile::reconcile};
use crate::{
    config::Config,
    kubernetes::KubernetesError,
    serve::{Again, Kind},
    stores::readable,
};

impl Kind for ImageVersion {
    type Context = Context;

    const NAME: &'static str = "imageversion";

    fn group_of(object: &Self) -> Option<String> {
        Some(promotion::group_of(object))
    }

    fn concurrency(config: &Config) -> u16 {
        config.image_version_concurrency
    }

    async fn reconcile(context: &Arc<Context>, object: &Self) -> Result<Again, KubernetesError> {
        Box::pin(reconcile(context, object)).await
    }

    fn sweep(context: &Context, period: Duration) {
        let versions = context.stores.versions();
        let living: BTreeSet<String> = versions.iter().filter_map(|guarded| readable(guarded)?.uid()).collect();
        let accounts: BTreeSet<(String, String)> = versions
            .iter()
            .filter_map(|guarded| {
                let version = readable(guarded)?;
                Some((version.namespace()?, version.spec.service_account_name.clone()?))
            })
            .chain(context.stores.definitions().objects().into_iter().filter_map(|definition| {
                Some((definition.namespace()?, definition.spec.service_account_name.clone()?))
            }))
            .collect();
        context.identities.retain(|account| accounts.contains(account));
        context.filter.retain(|uid| living.contains(uid));
        context.memories.retain(|uid| living.contains(uid));
        context.freshest.retain(|uid| living.contains(uid));
        context.lists.sweep(period, Instant::now());
    }
}
