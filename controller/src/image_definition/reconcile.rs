//! From a wake-up to the next one.

use std::{sync::Arc, time::Duration};

use azimage_core::{
    image_definition::{Memory, conflicts_by, is_in_conflict},
    image_version::Requeue,
    promotion::{self, next_soak_end},
};
use azimage_crds::{ImageDefinition, RECONCILE_REQUESTED_AT};
use kube::{Api, Client, Resource, ResourceExt};
use tokio::time::Instant;

use super::pass::{After, Pass};
use crate::{
    config::Config,
    decisions::Decisions,
    election::Term,
    identity::Identities,
    image_version::soonest,
    kubernetes::{Events, Freshest, KubernetesError},
    memory::Remembered,
    reconcile_filter::{Fingerprint, ReconcileFilter},
    seams::Seams,
    serve::Again,
    stores::Stores,
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
    pub(crate) memories: Remembered<Memory>,
    pub(crate) freshest: Freshest<ImageDefinition>,
}

/// Reconciles an object.
pub(super) async fn reconcile(context: &Arc<Context>, seen: &ImageDefinition) -> Result<Again, KubernetesError> {
    let Some(uid) = seen.uid() else { return Ok(Again::WhenChanged) };
    let outcome = Box::pin(one(context, seen, &uid)).await;
    if outcome.is_err() {
        context.freshest.invalidate(&uid);
    }
    outcome
}

async fn one(context: &Arc<Context>, seen: &ImageDefinition, uid: &str) -> Result<Again, KubernetesError> {
    let namespace = seen.namespace().unwrap_or_default();
    let others = || others(context);
    let line = line(context, &namespace);
    if let Some(object) = context.freshest.known(seen)
        && let Some(wait) = context.filter.wait(uid, fingerprint(&object, &others, line), Instant::now())
    {
        return Ok(Again::After(wait));
    }
    context.seams.order.turn(uid).await;
    let api: Api<ImageDefinition> = Api::namespaced(context.client.clone(), &namespace);
    let Some(object) = context.freshest.get(&api, seen).await? else {
        forget(context, uid);
        return Ok(Again::WhenChanged);
    };
    // Nothing is taken away in Azure with an object, so one that goes may go.
    if object.meta().deletion_timestamp.is_some() {
        forget(context, uid);
        return Ok(Again::WhenChanged);
    }
    let fingerprint = fingerprint(&object, &others, line);
    let pass = Pass { context, api: &api, object: &object, namespace: &namespace, uid };
    match Box::pin(pass.run()).await? {
        After::Now => Ok(Again::After(Duration::ZERO)),
        After::Requeue { requeue, rests } => {
            let wait = wait(context, seen, uid, requeue, rests);
            context.filter.close(uid, fingerprint, Instant::now() + wait);
            Ok(Again::After(wait))
        }
        After::Changed => {
            context.filter.close(uid, fingerprint, Instant::now() + context.config.pace.resync);
            Ok(Again::WhenChanged)
        }
    }
}

fn wait(context: &Context, seen: &ImageDefinition, uid: &str, requeue: Requeue, rests: Option<Duration>) -> Duration {
    let pace = &context.config.pace;
    let span = context.memories.get(uid).requeue_after(requeue, pace);
    let span = rests.map_or(span, |rests| rests.min(pace.resync));
    let span = match requeue {
        // The turn was given for just this time.
        Requeue::Throttled => span,
        _ => context.seams.jittered_for(uid, span),
    };
    let status = context.freshest.known(seen).and_then(|object| object.status.clone());
    let now = context.seams.clock.now();
    let soaks = status.and_then(|status| next_soak_end(&status, now)).map(|end| end.duration_since(now).unsigned_abs());
    let due = context.freshest.deferred_status_due_in(uid, Instant::now());
    soonest(requeue, span, [due, soaks].into_iter().flatten().min())
}

fn forget(context: &Context, uid: &str) {
    context.filter.forget(uid);
    context.memories.forget(uid);
    // The watch may still show it, and nothing may rest on that.
    context.freshest.invalidate(uid);
}

/// What of all image definitions may end a conflict; nothing else rests on them.
fn others(context: &Context) -> Fingerprint {
    let definitions = context.stores.definitions();
    Fingerprint::of(&definitions.objects().into_iter().map(concern_of_definition).collect::<Vec<_>>())
}

/// What of the namespace's image versions it rests on what is latest.
fn line(context: &Context, namespace: &str) -> Fingerprint {
    let versions = context.stores.versions_of(namespace);
    let of = |version| Fingerprint::of(&promotion::concern_of_version(version));
    Fingerprint::of(&versions.objects().into_iter().map(of).collect::<Vec<_>>())
}

/// What of an image definition others of its kind go by that are in conflict.
pub(crate) fn concern_of_definition(definition: &ImageDefinition) -> Fingerprint {
    Fingerprint::of(&conflicts_by(definition))
}

/// Everything outside Azure that a plan rests on.
fn fingerprint(object: &ImageDefinition, others: &impl Fn() -> Fingerprint, line: Fingerprint) -> Fingerprint {
    Fingerprint::of(&(
        object.meta().generation,
        object.meta().deletion_timestamp.is_some(),
        object.annotations().get(RECONCILE_REQUESTED_AT),
        is_in_conflict(object).then(others),
        line,
    ))
}
