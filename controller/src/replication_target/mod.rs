//! Reconciles a `ReplicationTarget`: it writes nothing but its own status and finalizer.

mod kind;
mod read_pauses;

use std::sync::Arc;

use azimage_core::{events, replication_target::pause, unreadable};
use azimage_crds::{
    ConditionType, ImageVersion, RECONCILE_REQUESTED_AT, REPLICATION_TARGET_FINALIZER, RegionStatus, ReplicationTarget,
};
use kube::{
    Api, Client, Resource, ResourceExt,
    api::{DynamicObject, ListParams},
    core::ApiResource,
};
pub(crate) use read_pauses::ReadPauses;
use tokio::time::Instant;

use crate::{
    config::Config,
    decisions::Decisions,
    kubernetes::{Events, Freshest, KubernetesError, add_finalizer, bounded, remove_finalizer, tell_status},
    reconcile_filter::Fingerprint,
    seams::Seams,
    serve::Again,
    stores::Stores,
};

/// What all passes share.
pub(crate) struct Context {
    pub(crate) client: Client,
    pub(crate) config: Config,
    pub(crate) decisions: Decisions,
    pub(crate) seams: Seams,
    pub(crate) stores: Stores,
    pub(crate) events: Events,
    pub(crate) freshest: Freshest<ReplicationTarget>,
    pub(crate) read_pauses: ReadPauses,
}

/// Reconciles an object.
async fn reconcile(context: &Arc<Context>, seen: &ReplicationTarget) -> Result<Again, KubernetesError> {
    let Some(uid) = seen.uid() else { return Ok(Again::WhenChanged) };
    let outcome = pass(context, seen, &uid).await;
    if outcome.is_err() {
        context.freshest.invalidate(&uid);
    }
    outcome
}

async fn pass(context: &Arc<Context>, seen: &ReplicationTarget, uid: &str) -> Result<Again, KubernetesError> {
    let (now, begun) = (context.seams.clock.now(), Instant::now());
    let namespace = seen.namespace().unwrap_or_default();
    let api: Api<ReplicationTarget> = Api::namespaced(context.client.clone(), &namespace);
    let Some(object) = context.freshest.get(&api, seen).await? else { return Ok(Again::WhenChanged) };
    let object: &ReplicationTarget = &object;
    let asks = asks(object);
    if let Some(wait) = context.read_pauses.wait(uid, asks, begun) {
        return Ok(Again::After(wait));
    }
    context.seams.order.turn(uid).await;
    if !is_held(object) {
        if is_deleting(object) {
            return Ok(Again::WhenChanged);
        }
        // Before an image version can act on this target: its word is needed to take the region away again.
        context.freshest.keep(add_finalizer(&api, object, REPLICATION_TARGET_FINALIZER).await?);
        return Ok(Again::After(std::time::Duration::ZERO));
    }
    let versions = context.stores.versions_of(&namespace);
    let unreadable = versions.stand_ins();
    let versions: Vec<&ImageVersion> = versions.objects().into_iter().chain(&unreadable).collect();
    context.read_pauses.taken(uid, asks, begun + pause(versions.len(), context.stores.count_targets(&namespace)));
    let siblings = context.stores.siblings_of(&namespace, object);
    let decide = |versions: &[&ImageVersion]| context.decisions.target(object, versions, &siblings.objects(), now);
    let mut decided = decide(&versions);
    if decided.release {
        // The watch may lag: an image version may have taken this target in since.
        let resource = ApiResource::erase::<ImageVersion>(&());
        let versions: Api<DynamicObject> = Api::namespaced_with(context.client.clone(), &namespace, &resource);
        let fresh = bounded(versions.list(&ListParams::default())).await?.items;
        let fresh: Vec<ImageVersion> =
            fresh.iter().filter_map(|object| unreadable::stand_in(&serde_json::to_value(object).ok()?)).collect();
        decided = decide(&fresh.iter().collect::<Vec<_>>());
    }
    if decided.release {
        if let Some(words) = &decided.parting {
            tracing::warn!("{words}");
            context.events.publish(object, vec![events::parting(words)]).await;
        }
        remove_finalizer(&api, object, REPLICATION_TARGET_FINALIZER).await?;
        // The watch may still show it, and nothing may rest on that.
        context.freshest.invalidate(uid);
        tracing::info!("Let go of replication target");
        return Ok(Again::WhenChanged);
    }
    let before = object.status.clone().unwrap_or_default();
    tell_status(&api, object, (&before, &decided.status), &context.freshest, &context.events).await?;
    if before != decided.status {
        context.events.publish(object, decided.announced).await;
    }
    Ok(again(context, object))
}

/// What of an image version targets go by: whatever else changes of it wakes none of them.
pub(crate) fn concern_of_version(version: &ImageVersion) -> Fingerprint {
    let regions = version.status.iter().flat_map(|status| &status.regions);
    let regions: Vec<_> = regions
        .map(|region| (&region.name, region.state, region.progress, &region.requested_by, of_wishes(region)))
        .collect();
    let refusals = version.status.iter().flat_map(|status| &status.refusals);
    let refusals: Vec<_> = refusals
        .map(|refusal| {
            (&refusal.region, refusal.replicas, &refusal.storage_account_type, &refusal.message, refusal.unknown)
        })
        .collect();
    let stalled = version.status.iter().flat_map(|status| &status.conditions);
    let stalled = stalled.filter(|condition| condition.type_ == ConditionType::Stalled.as_str());
    let stalled: Vec<_> = stalled.map(|it| (&it.status, &it.reason, &it.message, it.observed_generation)).collect();
    let meta = version.meta();
    let going = meta.deletion_timestamp.is_some();
    let own = (&meta.uid, meta.generation, &meta.labels, going, version.spec.suspend);
    Fingerprint::of(&(own, regions, refusals, stalled))
}

type OfWishes<'a> = (Option<i32>, Option<i32>, &'a Option<String>, Option<i32>, Vec<(&'a String, i64)>);

fn of_wishes(region: &RegionStatus) -> OfWishes<'_> {
    (region.replicas, region.ready_replicas, &region.storage_account_type, region.requesters, leaving(region))
}

/// Who leaves a region, and when.
fn leaving(region: &RegionStatus) -> Vec<(&String, i64)> {
    region.leaving.iter().map(|leaving| (&leaving.target, leaving.after.0.as_second())).collect()
}

/// What of a target is looked at as soon as it changes.
fn asks(object: &ReplicationTarget) -> Fingerprint {
    let meta = object.meta();
    let requested = object.annotations().get(RECONCILE_REQUESTED_AT);
    Fingerprint::of(&(meta.generation, is_deleting(object), is_held(object), requested))
}

fn is_deleting(object: &ReplicationTarget) -> bool {
    object.meta().deletion_timestamp.is_some()
}

fn is_held(object: &ReplicationTarget) -> bool {
    object.finalizers().iter().any(|finalizer| finalizer == REPLICATION_TARGET_FINALIZER)
}

fn again(context: &Context, object: &ReplicationTarget) -> Again {
    let pace = &context.config.pace;
    let span = if is_deleting(object) { pace.poll } else { pace.resync };
    let uid = object.uid().unwrap_or_default();
    let span = context.seams.jittered_for(&uid, span);
    // What was held back is told in time.
    Again::After(context.freshest.deferred_status_due_in(&uid, Instant::now()).map_or(span, |owed| span.min(owed)))
}
