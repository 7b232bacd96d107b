//! From a wake-up to the next one.

use std::{sync::Arc, time::Duration};

use azimage_core::image_version::Wake;
use azimage_crds::{ImageVersion, RECONCILE_REQUESTED_AT};
use kube::{Api, Client, Resource, ResourceExt, runtime::controller::Action};
use tokio::time::Instant;

use super::pass::{After, Pass};
use crate::{
    azure::Lists,
    config::Config,
    decisions::Decisions,
    election::Term,
    gate::{Fingerprint, Gate},
    identity::Identities,
    kubernetes::{Events, KubernetesError, bounded},
    memory::Memories,
    seams::Seams,
    stores::Stores,
};

/// What all passes share.
pub(crate) struct Shared {
    pub(crate) client: Client,
    pub(crate) identities: Identities,
    pub(crate) config: Config,
    pub(crate) decisions: Decisions,
    pub(crate) seams: Seams,
    pub(crate) term: Term,
    pub(crate) stores: Stores,
    pub(crate) events: Events,
    pub(crate) gate: Gate,
    pub(crate) memories: Memories,
    pub(crate) lists: Lists,
}

/// The most immediate follow-up passes: each has one write, and no chain of legal steps is as long.
const MOST_IN_A_ROW: usize = 16;

/// Reconciles an object.
pub(super) async fn reconcile(shared: &Arc<Shared>, seen: &ImageVersion) -> Result<Action, KubernetesError> {
    let Some(uid) = seen.uid() else { return Ok(Action::await_change()) };
    let fingerprint = fingerprint(shared, seen);
    if let Some(wait) = shared.gate.wait(&uid, fingerprint, Instant::now()) {
        return Ok(Action::requeue(wait));
    }
    let namespace = seen.namespace().unwrap_or_default();
    let api: Api<ImageVersion> = Api::namespaced(shared.client.clone(), &namespace);
    for _ in 0..MOST_IN_A_ROW {
        // Read anew in each pass: the watch may lag behind our own last write.
        let Some(object) = bounded(api.get_opt(&seen.name_any())).await?.filter(|object| object.uid() == seen.uid())
        else {
            forget(shared, &uid);
            return Ok(Action::await_change());
        };
        match (Pass { shared, api: &api, object: &object, namespace: &namespace, uid: &uid }).run().await? {
            After::Now => {}
            After::Wake(wake) => {
                let wait = wait(shared, &uid, wake);
                shared.gate.close(&uid, fingerprint, Instant::now() + wait);
                return Ok(Action::requeue(wait));
            }
            After::Released => {
                forget(shared, &uid);
                return Ok(Action::await_change());
            }
            After::Changed => {
                shared.gate.close(&uid, fingerprint, Instant::now() + shared.config.pace.resync);
                return Ok(Action::await_change());
            }
        }
    }
    Ok(Action::requeue(shared.config.pace.poll))
}

fn wait(shared: &Shared, uid: &str, wake: Wake) -> Duration {
    let pace = &shared.config.pace;
    let remembered = shared.memories.get(uid);
    let listed = remembered.at_rest();
    let listed = listed.and_then(|(principal, id)| shared.lists.good_for(principal, id, Instant::now()));
    let span = remembered.requeue_after(wake, pace, shared.memories.uptime());
    match wake {
        Wake::Resync if listed.is_some() => listed.unwrap_or_default(),
        // The turn was given for just this time.
        Wake::Throttled => span,
        _ => shared.seams.jittered_for(uid, span),
    }
}

fn forget(shared: &Shared, uid: &str) {
    shared.gate.forget(uid);
    shared.memories.forget(uid);
}

/// Everything outside Azure that a plan rests on.
fn fingerprint(shared: &Shared, object: &ImageVersion) -> Fingerprint {
    let targets = shared.stores.targets_of(object.meta().namespace.as_deref().unwrap_or_default());
    let targets: Vec<_> =
        targets.objects().into_iter().map(|target| (target.meta().uid.as_ref(), target.meta().generation)).collect();
    Fingerprint::of(&(
        object.meta().generation,
        object.meta().deletion_timestamp.is_some(),
        object.finalizers(),
        object.annotations().get(RECONCILE_REQUESTED_AT),
        object.labels(),
        targets,
    ))
}
