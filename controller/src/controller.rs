//! What runs: which kinds are served, and with what.

use std::sync::Arc;

use azimage_crds::{ImageDefinition, ImageVersion, ReplicationTarget};
use kube::Client;
use tokio_util::sync::CancellationToken;

use crate::{
    azure::Lists,
    config::Config,
    decisions::Decisions,
    election::{Term, guarded},
    identity::{AzureClients, Identities},
    image_definition, image_version,
    kubernetes::{Events, Freshest},
    memory::{Memories, Remembered},
    reaper::Reaper,
    reconcile_filter::ReconcileFilter,
    replication_target,
    seams::Seams,
    serve::{Serving, Watched, scopes},
    stores::Stores,
    telemetry::metrics::Metrics,
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

/// Runs the controllers of all kinds until they are told to stop, or one of them ends by itself.
pub async fn run(mut options: Options) {
    options.client = guarded(&options.client, &options.term);
    let scopes = scopes(&options.namespaces);
    let versions = Watched::<ImageVersion>::new(&options.client, &scopes);
    let targets = Watched::<ReplicationTarget>::new(&options.client, &scopes);
    let versions = versions.woken_by(&targets, image_version::concern_of_target);
    let versions = versions.woken_by_own(image_version::concern_of_version, image_version::goes_by_others);
    let targets = targets.woken_by(&versions, replication_target::concern_of_version);
    let definitions = Watched::<ImageDefinition>::new(&options.client, &scopes);
    let definitions = definitions
        .woken_by_own(image_definition::concern_of_definition, azimage_core::image_definition::is_in_conflict);
    let definitions = definitions.woken_by(&versions, image_version::concern_of_version);
    let versions = versions.woken_by(&definitions, image_version::concern_of_definition);
    let stores =
        Stores { versions: versions.indexes(), targets: targets.indexes(), definitions: definitions.indexes() };
    let (counted, clock) = (stores.clone(), options.seams.clone());
    options.metrics.show_objects(move || counted.census(clock.clock.now()));
    let (instance, seams) = (options.instance.clone(), options.seams.clone());
    let events = Events::new(options.client.clone(), instance, seams, options.metrics.clone());
    let identities =
        Arc::new(Identities::new(options.azure.clone(), options.client.clone(), options.config.tenant.clone()));
    let of_versions = Arc::new(image_version::Context {
        client: options.client.clone(),
        identities: identities.clone(),
        config: options.config.clone(),
        decisions: options.decisions.clone(),
        seams: options.seams.clone(),
        term: options.term.clone(),
        stores: stores.clone(),
        events: events.clone(),
        filter: ReconcileFilter::default(),
        memories: Memories::default(),
        lists: Lists::default(),
        freshest: Freshest::default(),
        metrics: options.metrics.clone(),
    });
    let of_targets = Arc::new(replication_target::Context {
        client: options.client.clone(),
        config: options.config.clone(),
        decisions: options.decisions.clone(),
        seams: options.seams.clone(),
        stores: stores.clone(),
        events: events.clone(),
        freshest: Freshest::default(),
        read_pauses: replication_target::ReadPauses::default(),
    });
    let of_definitions = Arc::new(image_definition::Context {
        client: options.client.clone(),
        identities,
        config: options.config.clone(),
        decisions: options.decisions.clone(),
        seams: options.seams.clone(),
        term: options.term.clone(),
        stores,
        events,
        filter: ReconcileFilter::default(),
        memories: Remembered::default(),
        freshest: Freshest::default(),
    });
    let mut serving = Serving::new(&options);
    serving.serve(versions, &of_versions);
    serving.serve(targets, &of_targets);
    serving.serve(definitions, &of_definitions);
    let reaper = Reaper::new(of_versions, options.namespaces.clone(), options.metrics.clone());
    let served = options.stop.child_token();
    let reaping = reaper.run(options.ready.clone(), served.clone());
    let serving = async {
        serving.run().await;
        served.cancel();
    };
    futures::join!(serving, reaping);
}
