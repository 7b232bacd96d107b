//! Reconciles a `ReplicationTarget`: it writes nothing but its own status and finalizer.

mod kind;

use std::sync::Arc;

use azimage_core::{events, replication_target::Plan};
use azimage_crds::{ImageVersion, REPLICATION_TARGET_FINALIZER, ReplicationTarget, ReplicationTargetStatus};
use kube::{Api, Client, Resource, ResourceExt, api::ListParams, runtime::controller::Action};

use crate::{
    config::Config,
    decisions::Decisions,
    kubernetes::{Events, KubernetesError, add_finalizer, apply_status, bounded, remove_finalizer},
    seams::Seams,
    stores::Stores,
};

/// What all passes share.
pub(crate) struct Shared {
    pub(crate) client: Client,
    pub(crate) config: Config,
    pub(crate) decisions: Decisions,
    pub(crate) seams: Seams,
    pub(crate) stores: Stores,
    pub(crate) events: Events,
}

/// Reconciles an object.
async fn reconcile(shared: &Arc<Shared>, seen: &ReplicationTarget) -> Result<Action, KubernetesError> {
    let now = shared.seams.clock.now();
    let namespace = seen.namespace().unwrap_or_default();
    let versions = shared.stores.versions_of(&namespace);
    let siblings = shared.stores.targets_of(&namespace);
    let decide = |object: &ReplicationTarget, versions: &[&ImageVersion]| {
        shared.decisions.target(object, versions, &siblings.objects(), now)
    };
    // Whatever the watch hasn't shown yet brings another pass.
    if is_held(seen) && nothing_to_write(seen, &decide(seen, &versions.objects())) {
        return Ok(again(shared, seen));
    }
    let api: Api<ReplicationTarget> = Api::namespaced(shared.client.clone(), &namespace);
    let Some(object) = bounded(api.get_opt(&seen.name_any())).await?.filter(|object| object.uid() == seen.uid()) else {
        return Ok(Action::await_change());
    };
    if !is_held(&object) {
        if is_deleting(&object) {
            return Ok(Action::await_change());
        }
        // Before an image version can act on this target: its word is needed to take the region away again.
        add_finalizer(&api, &object, REPLICATION_TARGET_FINALIZER).await?;
        return Ok(Action::requeue(std::time::Duration::ZERO));
    }
    let mut decided = decide(&object, &versions.objects());
    if decided.release {
        // The watch may lag: an image version may have taken this target in since.
        let versions: Api<ImageVersion> = Api::namespaced(shared.client.clone(), &namespace);
        let fresh = bounded(versions.list(&ListParams::default())).await?.items;
        decided = decide(&object, &fresh.iter().collect::<Vec<_>>());
    }
    if decided.release {
        remove_finalizer(&api, &object, REPLICATION_TARGET_FINALIZER).await?;
        tracing::info!("Let go of replication target");
        return Ok(Action::await_change());
    }
    if !nothing_to_write(&object, &decided) {
        apply_status(&api, &object, &decided.status).await?;
        let before = object.status.as_ref().map(|status| status.conditions.as_slice()).unwrap_or_default();
        shared.events.publish(&object, events::transitions(before, &decided.status.conditions)).await;
    }
    Ok(again(shared, &object))
}

fn is_deleting(object: &ReplicationTarget) -> bool {
    object.meta().deletion_timestamp.is_some()
}

fn is_held(object: &ReplicationTarget) -> bool {
    object.finalizers().iter().any(|finalizer| finalizer == REPLICATION_TARGET_FINALIZER)
}

fn nothing_to_write(object: &ReplicationTarget, decided: &Plan) -> bool {
    !decided.release && object.status.as_ref().unwrap_or(&ReplicationTargetStatus::default()) == &decided.status
}

fn again(shared: &Shared, object: &ReplicationTarget) -> Action {
    let pace = &shared.config.pace;
    let span = if is_deleting(object) { pace.poll } else { pace.resync };
    Action::requeue(shared.seams.jittered_for(&object.uid().unwrap_or_default(), span))
}
