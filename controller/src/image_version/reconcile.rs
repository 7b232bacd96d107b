//! From a wake-up to the next one.

use std::{sync::Arc, time::Duration};

use azimage_core::{
    image_version::{Requeue, conflicts_by, is_in_conflict, next_end},
    promotion, provenance,
};
use azimage_crds::{ImageDefinition, ImageVersion, RECONCILE_REQUESTED_AT, ReplicationTarget};
use kube::{Api, Client, Resource, ResourceExt};
use tokio::time::Instant;

use super::pass::{After, Pass};
use crate::{
    azure::Lists,
    config::Config,
    decisions::Decisions,
    election::Term,
    identity::Identities,
    kubernetes::{Events, Freshest, KubernetesError},
    memory::Memories,
    reconcile_filter::{Fingerprint, ReconcileFilter},
    seams::Seams,
    serve::Again,
    stores::Stores,
    telemetry::metrics::Metrics,
};

/// What all passes share.
pub(crate) struct Context {
    pub(crate) client: Client,
    pub(crate) identities: Arc<Identities>,
    pub(crate) config: Config,
    pub(crate) decisions: Decisions,
    pub(crate) seams: Seams,
    pub(crate) term: Term,
    pub(crate) stores: Stores,
    pub(crate) events: Events,
    pub(crate) filter: ReconcileFilter,
    pub(crate) memories: Memories,
    pub(crate) lists: Lists,
    pub(crate) freshest: Freshest<ImageVersion>,
    pub(crate) metrics: Metrics,
}

/// The most immediate follow-up passes: each has one write, and no chain of legal steps is as long.
const MOST_IN_A_ROW: usize = 16;

/// Reconciles an object.
pub(super) async fn reconcile(context: &Arc<Context>, seen: &ImageVersion) -> Result<Again, KubernetesError> {
    let Some(uid) = seen.uid() else { return Ok(Again::WhenChanged) };
    let outcome = Box::pin(passes(context, seen, &uid)).await;
    if outcome.is_err() {
        context.freshest.invalidate(&uid);
    }
    outcome
}

async fn passes(context: &Arc<Context>, seen: &ImageVersion, uid: &str) -> Result<Again, KubernetesError> {
    let namespace = seen.namespace().unwrap_or_default();
    let targets = targets(context, &namespace);
    let others = || others(context, &namespace);
    let latest = |object: &ImageVersion| latest(context, &namespace, object);
    if let Some(object) = context.freshest.known(seen)
        && let Some(wait) = context.filter.wait(uid, fingerprint(&object, targets, &others, &latest), Instant::now())
    {
        return Ok(Again::After(wait));
    }
    context.seams.order.turn(uid).await;
    let api: Api<ImageVersion> = Api::namespaced(context.client.clone(), &namespace);
    for _ in 0..MOST_IN_A_ROW {
        let Some(object) = context.freshest.get(&api, seen).await? else {
            forget(context, uid);
            return Ok(Again::WhenChanged);
        };
        let fingerprint = fingerprint(&object, targets, &others, &latest);
        let pass = Pass { context, api: &api, object: &object, namespace: &namespace, uid };
        match Box::pin(pass.run()).await? {
            After::Now => {}
            After::Requeue(requeue) => {
                let wait = wait(context, seen, uid, requeue);
                context.filter.close(uid, fingerprint, Instant::now() + wait);
                return Ok(Again::After(wait));
            }
            After::Released => {
                forget(context, uid);
                return Ok(Again::WhenChanged);
            }
            After::Changed => {
                context.filter.close(uid, fingerprint, Instant::now() + context.config.pace.resync);
                return Ok(Again::WhenChanged);
            }
        }
    }
    Ok(Again::After(context.config.pace.poll))
}

fn wait(context: &Context, seen: &ImageVersion, uid: &str, requeue: Requeue) -> Duration {
    let pace = &context.config.pace;
    let remembered = context.memories.get(uid);
    let listed = remembered.at_rest();
    let listed = listed.and_then(|(principal, id)| context.lists.good_for(principal, id, Instant::now()));
    let span = remembered.requeue_after(requeue, pace, context.memories.uptime());
    let span = match requeue {
        Requeue::Resync if listed.is_some() => listed.unwrap_or_default(),
        // The turn was given for just this time.
        Requeue::Throttled => span,
        _ => context.seams.jittered_for(uid, span),
    };
    let status = context.freshest.known(seen).and_then(|object| object.status.clone());
    let now = context.seams.clock.now();
    let end = status.and_then(|status| next_end(&status, now)).map(|end| end.duration_since(now).unsigned_abs());
    let due = context.freshest.deferred_status_due_in(uid, Instant::now());
    soonest(requeue, span, [due, end].into_iter().flatten().min())
}

/// What was held back of a status is told in time, whatever else there is to wait for. But before its turn a pass tells nothing:
/// one that came sooner would only wait again, at once.
pub(crate) fn soonest(requeue: Requeue, span: Duration, deferred_status_due_in: Option<Duration>) -> Duration {
    match (requeue, deferred_status_due_in) {
        (Requeue::Throttled, _) | (_, None) => span,
        (_, Some(due)) => span.min(due),
    }
}

fn forget(context: &Context, uid: &str) {
    context.filter.forget(uid);
    context.memories.forget(uid);
    // The watch may still show it, and nothing may rest on that.
    context.freshest.invalidate(uid);
}

/// What of the namespace's targets a plan rests on.
fn targets(context: &Context, namespace: &str) -> Fingerprint {
    let targets = context.stores.targets_of(namespace);
    Fingerprint::of(&targets.objects().into_iter().map(concern_of_target).collect::<Vec<_>>())
}

/// What of a target image versions go by: whatever else changes of it wakes none of them.
pub(crate) fn concern_of_target(target: &ReplicationTarget) -> Fingerprint {
    let meta = target.meta();
    Fingerprint::of(&(&meta.uid, meta.generation, meta.deletion_timestamp.is_some()))
}

/// What of the namespace's image versions may end a conflict; nothing else rests on them.
fn others(context: &Context, namespace: &str) -> Fingerprint {
    let versions = context.stores.versions_of(namespace);
    Fingerprint::of(&versions.objects().into_iter().map(concern_of_version).collect::<Vec<_>>())
}

/// What of an image version others of its kind go by that are in conflict, of the same image definition, or made from it.
pub(crate) fn concern_of_version(version: &ImageVersion) -> Fingerprint {
    Fingerprint::of(&(conflicts_by(version), promotion::concern_of_version(version)))
}

/// Whether an image version goes by others of its kind.
pub(crate) fn goes_by_others(version: &ImageVersion) -> bool {
    is_in_conflict(version) || promotion::concerns_latest(version) || provenance::has_ancestors(version)
}

/// What of an image definition its versions go by.
pub(crate) fn concern_of_definition(definition: &ImageDefinition) -> Fingerprint {
    Fingerprint::of(&promotion::concern_of_definition(definition))
}

/// What it rests on whether a version is latest: the image definitions of the namespace, and the versions of its own; and how it stands
/// with those from which it was made.
fn latest(context: &Context, namespace: &str, object: &ImageVersion) -> Fingerprint {
    let definitions = context.stores.definitions_of(namespace);
    let definitions: Vec<_> = definitions.objects().into_iter().map(concern_of_definition).collect();
    let line = promotion::concerns_latest(object).then(|| {
        let line = context.stores.line_of(namespace, object);
        let others = line.objects().into_iter().filter(|other| other.meta().uid != object.meta().uid);
        others.map(|other| Fingerprint::of(&promotion::concern_of_version(other))).collect::<Vec<_>>()
    });
    Fingerprint::of(&(definitions, line, ancestors(context, namespace, object)))
}

/// What the versions come to from which one was made; nothing is looked through for one that was made from none.
fn ancestors(context: &Context, namespace: &str, object: &ImageVersion) -> Option<Fingerprint> {
    provenance::has_ancestors(object).then(|| {
        let (versions, definitions) = (context.stores.versions_of(namespace), context.stores.definitions_of(namespace));
        let concern = provenance::concern_of_ancestors(object, &versions.objects(), &definitions.objects());
        Fingerprint::of(&concern)
    })
}

/// Everything outside Azure that a plan rests on.
fn fingerprint(
    object: &ImageVersion,
    targets: Fingerprint,
    others: &impl Fn() -> Fingerprint,
    latest: &impl Fn(&ImageVersion) -> Fingerprint,
) -> Fingerprint {
    Fingerprint::of(&(
        object.meta().generation,
        object.meta().deletion_timestamp.is_some(),
        object.finalizers(),
        object.annotations().get(RECONCILE_REQUESTED_AT),
        object.labels(),
        targets,
        is_in_conflict(object).then(others),
        latest(object),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_that_is_due_ends_a_wait_but_never_one_for_a_turn() {
        let (span, soon) = (Duration::from_secs(60), Duration::from_secs(20));
        for (requeue, due, expected) in [
            (Requeue::Poll, None, span),
            (Requeue::Poll, Some(soon), soon),
            (Requeue::Retry, Some(2 * span), span),
            (Requeue::Resync, Some(Duration::ZERO), Duration::ZERO),
            (Requeue::Throttled, Some(soon), span),
            (Requeue::Throttled, Some(Duration::ZERO), span),
        ] {
            assert_eq!(soonest(requeue, span, due), expected, "{requeue:?} {due:?}");
        }
    }
}
