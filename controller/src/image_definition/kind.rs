//! Image definitions as a kind that is served.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use azimage_crds::ImageDefinition;
use kube::ResourceExt;

use super::reconcile::{Context, reconcile};
use crate::{
    config::Config,
    kubernetes::KubernetesError,
    serve::{Again, Kind},
};

/// How many are worked on at a time: each has little to do, and mostly waits for Azure.
const CONCURRENCY: u16 = 16;

impl Kind for ImageDefinition {
    type Context = Context;

    const NAME: &'static str = "imagedefinition";

    fn concurrency(_: &Config) -> u16 {
        CONCURRENCY
    }

    async fn reconcile(context: &Arc<Context>, object: &Self) -> Result<Again, KubernetesError> {
        Box::pin(reconcile(context, object)).await
    }

    fn sweep(context: &Context, _: Duration) {
        let definitions = context.stores.definitions();
        let living: BTreeSet<String> = definitions.objects().into_iter().filter_map(ResourceExt::uid).collect();
        context.filter.retain(|uid| living.contains(uid));
        context.memories.retain(|uid| living.contains(uid));
        context.freshest.retain(|uid| living.contains(uid));
    }
}
