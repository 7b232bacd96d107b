//! The two controllers: watches, triggers, concurrency, and what must not end the process.

use std::{future::Future, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use azimage_crds::{ImageVersion, ReplicationTarget};
use futures::{FutureExt, StreamExt, future::BoxFuture};
use kube::{
    Api, Client, Resource, ResourceExt,
    core::{DeserializeGuard, PartialObjectMeta},
    runtime::{
        Controller,
        controller::{self, Action},
        reflector::{ObjectRef, Store},
        watcher,
    },
};
use tokio::{sync::Semaphore, time::Instant};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::{
    config::Config,
    decisions::Decisions,
    election::{Term, guarded},
    identity::{AzureClients, Identities},
    image_version,
    kubernetes::{Events, KubernetesError, report_unreadable},
    replication_target,
    seams::Seams,
    stores::{Guarded, Stores, readable},
    telemetry::metrics::{ControllerMetrics, Metrics, Outcome},
};

/// What the controllers run with.
#[derive(Clone)]
pub struct Options {
    /// The Kubernetes client.
    pub client: Client,
    /// Makes the Azure clients.
    pub azure: Arc<dyn AzureClients>,
    /// Settings.
    pub config: Config,
    /// Namespaces to watch; empty for all.
    pub namespaces: Vec<String>,
    /// What decides: the program's own, but in tests that look for mistakes.
    pub decisions: Decisions,
    /// Time and randomness.
    pub seams: Seams,
    /// Nothing is written while it doesn't hold.
    pub term: Term,
    /// Where is counted.
    pub metrics: Metrics,
    /// The name of this pod, for events.
    pub instance: Option<String>,
    /// Ends the controllers: running passes are finished.
    pub stop: CancellationToken,
    /// Set when the watches have seen all objects.
    pub ready: CancellationToken,
}

/// A pass that failed.
#[derive(Debug, thiserror::Error)]
enum ReconcileError {
    #[error(transparent)]
    Kubernetes(#[from] KubernetesError),
    #[error("the reconcile panicked: {0}")]
    Panic(String),
}

/// Runs both controllers until they are told to stop.
pub async fn run(mut options: Options) {
    options.client = guarded(&options.client, &options.term);
    let scopes: Vec<Option<String>> =
        if options.namespaces.is_empty() { vec![None] } else { options.namespaces.iter().cloned().map(Some).collect() };
    let mut stores = Stores::default();
    let mut controllers = Vec::new();
    for scope in &scopes {
        let versions = Controller::new(
            api::<Guarded<ImageVersion>>(&options.client, scope.as_deref()),
            watcher::Config::default(),
        );
        let targets = Controller::new(
            api::<Guarded<ReplicationTarget>>(&options.client, scope.as_deref()),
            watcher::Config::default(),
        );
        stores.add(versions.store(), targets.store());
        controllers.push((scope.clone(), versions, targets));
    }
    let events = Events::new(options.client.clone(), options.instance.clone(), options.seams.clone());
    let version_shared = Arc::new(image_version::Shared {
        client: options.client.clone(),
        identities: Identities::new(options.azure.clone(), options.client.clone(), options.config.tenant.clone()),
        config: options.config.clone(),
        decisions: options.decisions.clone(),
        seams: options.seams.clone(),
        term: options.term.clone(),
        stores: stores.clone(),
        events: events.clone(),
        gate: crate::gate::Gate::default(),
        memories: crate::memory::Memories::default(),
        lists: crate::azure::Lists::default(),
    });
    let target_shared = Arc::new(replication_target::Shared {
        client: options.client.clone(),
        config: options.config.clone(),
        decisions: options.decisions.clone(),
        seams: options.seams.clone(),
        stores: stores.clone(),
        events,
    });
    let synced = CancellationToken::new();
    let version_runner = Runner::new("imageversion", options.config.image_version_concurrency, &options, &synced);
    let target_runner =
        Runner::new("replicationtarget", options.config.replication_target_concurrency, &options, &synced);
    let announce = {
        let ready = options.ready.clone();
        async move {
            stores.ready().await;
            synced.cancel();
            ready.cancel();
        }
    };
    let mut running = Vec::new();
    for (scope, versions, targets) in controllers {
        let (version_store, target_store) = (versions.store(), targets.store());
        // Of what is only to wake others it suffices where it is.
        let versions = versions.watches(
            api::<PartialObjectMeta<ReplicationTarget>>(&options.client, scope.as_deref()),
            watcher::Config::default(),
            move |target| in_namespace_of(&version_store, &target),
        );
        let targets = targets.watches(
            api::<PartialObjectMeta<ImageVersion>>(&options.client, scope.as_deref()),
            watcher::Config::default(),
            move |version| in_namespace_of(&target_store, &version),
        );
        let shared = version_shared.clone();
        running.push(
            version_runner
                .clone()
                .drive(versions, move |object| {
                    let shared = shared.clone();
                    async move { image_version::reconcile(&shared, object).await }.boxed()
                })
                .boxed(),
        );
        let shared = target_shared.clone();
        running.push(
            target_runner
                .clone()
                .drive(targets, move |object| {
                    let shared = shared.clone();
                    async move { replication_target::reconcile(&shared, object).await }.boxed()
                })
                .boxed(),
        );
    }
    let sweep = sweep(version_shared, options.stop.clone(), options.config.pace.resync);
    futures::join!(futures::future::join_all(running), announce.or_stop(&options.stop), sweep);
}

fn api<K>(client: &Client, namespace: Option<&str>) -> Api<K>
where
    K: Resource<DynamicType = (), Scope = kube::core::NamespaceResourceScope>,
{
    match namespace {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    }
}

/// All objects of the other kind in the namespace of one that changed.
fn in_namespace_of<K>(store: &Store<Guarded<K>>, changed: &impl ResourceExt) -> Vec<ObjectRef<Guarded<K>>>
where
    K: Resource<DynamicType = ()> + Clone + 'static,
    Guarded<K>: Resource<DynamicType = ()>,
{
    let namespace = changed.namespace();
    let state = store.state();
    let mut same: Vec<_> = state.iter().filter(|object| object.meta().namespace == namespace).collect();
    // The store is a hash map, and its order must not show.
    same.sort_by(|one, other| one.meta().name.cmp(&other.meta().name));
    same.into_iter().map(|object| ObjectRef::from_obj(object.as_ref())).collect()
}

/// Forgets what the process remembers of objects that are gone.
async fn sweep(shared: Arc<image_version::Shared>, stop: CancellationToken, every: Duration) {
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = tokio::time::sleep(every) => {}
        }
        let versions = shared.stores.versions();
        let living: std::collections::BTreeSet<String> =
            versions.iter().filter_map(|guarded| readable(guarded)?.uid()).collect();
        let accounts: std::collections::BTreeSet<(String, String)> = versions
            .iter()
            .filter_map(|guarded| {
                let version = readable(guarded)?;
                Some((version.namespace()?, version.spec.service_account_name.clone()?))
            })
            .collect();
        shared.identities.retain(|account| accounts.contains(account));
        shared.gate.retain(|uid| living.contains(uid));
        shared.memories.retain(|uid| living.contains(uid));
        shared.lists.sweep(every, Instant::now());
    }
}

trait OrStop: Future<Output = ()> + Sized {
    /// Ends at the latest when told to stop.
    async fn or_stop(self, stop: &CancellationToken) {
        tokio::select! {
            biased;
            () = self => {}
            () = stop.cancelled() => {}
        }
    }
}

impl<F: Future<Output = ()>> OrStop for F {}

/// Drives one controller: bounded, counted, and unharmed by a panic in one object.
#[derive(Clone)]
struct Runner {
    name: &'static str,
    permits: Arc<Semaphore>,
    metrics: ControllerMetrics,
    stop: CancellationToken,
    synced: CancellationToken,
    client: Client,
    seams: Seams,
    term: Term,
    retry: crate::config::Pace,
}

impl Runner {
    fn new(name: &'static str, concurrency: u16, options: &Options, synced: &CancellationToken) -> Self {
        Self {
            name,
            permits: Arc::new(Semaphore::new(concurrency.into())),
            metrics: options.metrics.controller(name, concurrency),
            stop: options.stop.clone(),
            synced: synced.clone(),
            client: options.client.clone(),
            seams: options.seams.clone(),
            term: options.term.clone(),
            retry: options.config.pace,
        }
    }

    async fn drive<K, F>(self, controller: Controller<Guarded<K>>, reconcile: F)
    where
        K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + Send + Sync + 'static,
        Guarded<K>: Resource<DynamicType = ()> + Clone + std::fmt::Debug + serde::de::DeserializeOwned,
        F: for<'a> Fn(&'a K) -> BoxFuture<'a, Result<Action, KubernetesError>> + Clone + Send + Sync + 'static,
    {
        let concurrency = u16::try_from(self.permits.available_permits()).unwrap_or(u16::MAX);
        let stop = self.stop.clone();
        let name = self.name;
        let retry = self.retry;
        let this = Arc::new(self);
        controller
            .with_config(controller::Config::default().concurrency(concurrency))
            .graceful_shutdown_on(async move { stop.cancelled().await })
            .run(
                move |guarded: Arc<Guarded<K>>, this: Arc<Self>| {
                    let reconcile = reconcile.clone();
                    async move { this.one(&guarded, reconcile).await }
                },
                // The wait after an error of the API server; failures of Azure have their own, kept per object.
                move |_, error: &ReconcileError, this: Arc<Self>| match error {
                    ReconcileError::Kubernetes(error) if error.is_conflict() => Action::requeue(Duration::from_millis(200)),
                    _ => Action::requeue(this.seams.jittered(retry.retry_min)),
                },
                this,
            )
            .for_each(|outcome| async move {
                match outcome {
                    Ok(_) | Err(controller::Error::ObjectNotFound(_)) => {}
                    Err(controller::Error::ReconcilerFailed(error, object)) => {
                        tracing::warn!(controller = name, namespace = object.namespace, name = object.name, %error, "Could not reconcile");
                    }
                    Err(error) => tracing::warn!(controller = name, %error, "Could not watch"),
                }
            })
            .await;
    }

    async fn one<K, F>(&self, guarded: &Guarded<K>, reconcile: F) -> Result<Action, ReconcileError>
    where
        K: Resource<DynamicType = ()>,
        F: for<'a> Fn(&'a K) -> BoxFuture<'a, Result<Action, KubernetesError>>,
    {
        // Until all is seen an empty list of targets would look like nobody wanting a region.
        self.synced.cancelled().or_stop(&self.stop).await;
        if self.stop.is_cancelled() || !self.term.still_held(Instant::now()) {
            return Ok(Action::await_change());
        }
        let Ok(_permit) = self.permits.acquire().await else { return Ok(Action::await_change()) };
        let DeserializeGuard(object) = guarded;
        let object = match object {
            Ok(object) => object,
            Err(invalid) => {
                report_unreadable::<K>(&self.client, invalid, self.seams.clock.now()).await?;
                return Ok(Action::await_change());
            }
        };
        let span = tracing::info_span!(
            "reconcile",
            controller = self.name,
            namespace = object.namespace().unwrap_or_default(),
            name = object.name_any(),
            generation = object.meta().generation.unwrap_or_default(),
        );
        let timer = self.metrics.start();
        let outcome = AssertUnwindSafe(reconcile(object)).catch_unwind().instrument(span.clone()).await;
        match outcome {
            Ok(Ok(action)) => {
                let again = action != Action::await_change();
                timer.end(if again { Outcome::RequeueAfter } else { Outcome::Success });
                Ok(action)
            }
            // The write was held back. Whoever leads now does it.
            Ok(Err(_)) if !self.term.still_held(Instant::now()) => {
                timer.end(Outcome::Requeue);
                Ok(Action::await_change())
            }
            Ok(Err(error)) => {
                // Somebody else wrote at the same time: no error, the next pass sees what they wrote.
                timer.end(if error.is_conflict() { Outcome::Requeue } else { Outcome::Error });
                Err(error.into())
            }
            Err(panic) => {
                timer.end(Outcome::Panic);
                let text = panic_text(panic.as_ref());
                span.in_scope(|| tracing::error!(panic = text, "Reconcile panicked; other objects go on"));
                Err(ReconcileError::Panic(text))
            }
        }
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}
