//! Reconciles a `ReplicationTarget`: it writes nothing but its own status and finalizer.

use std::sync::Arc;

use azimage_core::{events, replication_target::plan};
use azimage_crds::{ImageVersion, REPLICATION_TARGET_FINALIZER, ReplicationTarget};
use kube::{Api, Client, Resource, ResourceExt, api::ListParams, runtime::controller::Action};

use crate::{
    config::Config,
    kubernetes::{Events, KubernetesError, add_finalizer, apply_status, bounded, remove_finalizer},
    seams::Seams,
    stores::Stores,
};

/// What all passes share.
pub(crate) struct Shared {
    pub(crate) client: Client,
    pub(crate) config: Config,
    pub(crate) seams: Seams,
    pub(crate) stores: Stores,
    pub(crate) events: Events,
}

/// Reconciles an object.
pub(crate) async fn reconcile(shared: &Arc<Shared>, seen: &ReplicationTarget) -> Result<Action, KubernetesError> {
    let namespace = seen.namespace().unwrap_or_default();
    let api: Api<ReplicationTarget> = Api::namespaced(shared.client.clone(), &namespace);
    let Some(object) = bounded(api.get_opt(&seen.name_any())).await?.filter(|object| object.uid() == seen.uid()) else {
        return Ok(Action::await_change());
    };
    let deleting = object.meta().deletion_timestamp.is_some();
    let held = object.finalizers().iter().any(|finalizer| finalizer == REPLICATION_TARGET_FINALIZER);
    if deleting && !held {
        return Ok(Action::await_change());
    }
    if !deleting && !held {
        // Before an image version can act on this target: its word is needed to take the region away again.
        add_finalizer(&api, &object, REPLICATION_TARGET_FINALIZER).await?;
        return Ok(Action::requeue(std::time::Duration::ZERO));
    }
    let now = shared.seams.clock.now();
    let siblings = shared.stores.targets_of(&namespace);
    let siblings = siblings.objects();
    let mut decided = plan(&object, &shared.stores.versions_of(&namespace).objects(), &siblings, now);
    if decided.release {
        // The watch may lag: an image version may have taken this target in since.
        let versions: Api<ImageVersion> = Api::namespaced(shared.client.clone(), &namespace);
        let fresh = bounded(versions.list(&ListParams::default())).await?.items;
        decided = plan(&object, &fresh.iter().collect::<Vec<_>>(), &siblings, now);
    }
    if decided.release {
        remove_finalizer(&api, &object, REPLICATION_TARGET_FINALIZER).await?;
        tracing::info!("Let go of replication target");
        return Ok(Action::await_change());
    }
    let before = object.status.clone().unwrap_or_default();
    if before != decided.status {
        apply_status(&api, &object, &decided.status).await?;
        let events = events::transitions(&before.conditions, &decided.status.conditions);
        shared.events.publish(&object, events).await;
    }
    let pace = &shared.config.pace;
    Ok(Action::requeue(shared.seams.jittered(if deleting { pace.poll } else { pace.resync })))
}
