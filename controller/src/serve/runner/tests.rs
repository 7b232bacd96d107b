//! A kind whose passes do what the object's name says.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use azimage_azure::{AssertionSource, TokenError};
use azimage_core::Federation;
use http::{Request, Response};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::{api::ObjectMeta, client::Body, core::Status};

use super::*;
use crate::{
    config::{Config, Served},
    decisions::Decisions,
    identity::AzureClients,
    kubernetes::KubernetesError,
    telemetry::metrics::Metrics,
};

/// How many passes have begun, and what those named `waits` wait for.
#[derive(Debug)]
pub(crate) struct Passes {
    begun: AtomicUsize,
    let_go: Semaphore,
}

impl Kind for ConfigMap {
    type Context = Passes;

    const NAME: &'static str = "configmap";

    fn concurrency(_: &Config) -> u16 {
        2
    }

    async fn reconcile(passes: &Arc<Passes>, object: &Self) -> Result<Again, KubernetesError> {
        passes.begun.fetch_add(1, Ordering::Relaxed);
        match object.name_any().as_str() {
            "panics" => panic!("a bug"),
            "conflicts" => Err(conflict()),
            "waits" => {
                passes.let_go.acquire().await.unwrap().forget();
                Ok(Again::WhenChanged)
            }
            _ => Ok(Again::WhenChanged),
        }
    }
}

fn conflict() -> KubernetesError {
    KubernetesError::Refused(Box::new(Status::failure("changed", "Conflict").with_code(409)))
}

fn named(name: &str) -> Guarded<ConfigMap> {
    let metadata = ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() };
    DeserializeGuard(Ok(ConfigMap { metadata, ..ConfigMap::default() }))
}

struct NoAzure;

impl AzureClients for NoAzure {
    fn own(&self) -> azimage_azure::Client {
        unreachable!("nobody asks")
    }

    fn federated(&self, _: &Federation, _: Arc<dyn AssertionSource>) -> Result<azimage_azure::Client, TokenError> {
        unreachable!("nobody asks")
    }
}

fn options() -> Options {
    let second = Duration::from_secs(1);
    let silent =
        tower::service_fn(|_: Request<Body>| std::future::pending::<Result<Response<Body>, tower::BoxError>>());
    Options {
        client: Client::new(silent, "default"),
        azure: Arc::new(NoAzure),
        config: Config {
            cluster: String::new(),
            served: Served::All,
            accounts: Served::All,
            workspaces: Vec::new(),
            tenant: None,
            changers_are_stamped: false,
            image_version_concurrency: 1,
            replication_target_concurrency: 1,
            pace: Pace { poll: second, resync: second, retry_min: 5 * second, retry_max: 5 * second },
        },
        namespaces: Vec::new(),
        seams: Seams::default(),
        decisions: Decisions::default(),
        term: Term::always(),
        metrics: Metrics::new(),
        instance: None,
        stop: CancellationToken::new(),
        ready: CancellationToken::new(),
    }
}

/// A runner, and what lets its passes begin.
fn runner(options: &Options) -> (Runner<ConfigMap>, CancellationToken) {
    let synced = CancellationToken::new();
    let passes = Passes { begun: AtomicUsize::new(0), let_go: Semaphore::new(0) };
    (Runner::new(Arc::new(passes), options, &synced), synced)
}

fn begun(runner: &Runner<ConfigMap>) -> usize {
    runner.context.begun.load(Ordering::Relaxed)
}

#[tokio::test]
async fn a_panic_is_counted_and_harms_no_other_object() {
    let options = options();
    let (runner, synced) = runner(&options);
    synced.cancel();
    let panicked = runner.one(&named("panics")).await;
    assert!(matches!(panicked, Err(ReconcileError::Panic(text)) if text == "a bug"));
    assert_eq!(runner.one(&named("works")).await.unwrap(), Again::WhenChanged);
    let text = options.metrics.text().unwrap();
    for line in [
        r#"controller_runtime_reconcile_panics_total{controller="configmap"} 1"#,
        r#"controller_runtime_reconcile_total{controller="configmap",result="success"} 1"#,
        r#"controller_runtime_active_workers{controller="configmap"} 0"#,
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
}

#[tokio::test]
async fn no_pass_begins_before_all_is_seen_and_none_after_the_stop() {
    let options = options();
    let (runner, synced) = runner(&options);
    let works = named("works");
    let mut early = std::pin::pin!(runner.one(&works));
    assert!(early.as_mut().now_or_never().is_none());
    assert_eq!(begun(&runner), 0);
    synced.cancel();
    early.await.unwrap();
    assert_eq!(begun(&runner), 1);
    options.stop.cancel();
    assert_eq!(runner.one(&works).await.unwrap(), Again::WhenChanged);
    assert_eq!(begun(&runner), 1);
}

#[tokio::test]
async fn a_pass_waits_while_as_many_run_as_may() {
    let (runner, synced) = runner(&options());
    synced.cancel();
    let waits = named("waits");
    let mut passes = futures::future::join_all((0..3).map(|_| runner.one(&waits)));
    assert!((&mut passes).now_or_never().is_none());
    assert_eq!(begun(&runner), 2);
    runner.context.let_go.add_permits(3);
    passes.await;
    assert_eq!(begun(&runner), 3);
}

#[tokio::test]
async fn a_conflict_is_no_error_and_is_tried_again_soon() {
    let options = options();
    let (runner, synced) = runner(&options);
    synced.cancel();
    let error = runner.one(&named("conflicts")).await.unwrap_err();
    let after = |error| ConfigMap::after(error, "u", &options.config.pace, &options.seams);
    assert_eq!(after(&error), Again::After(Duration::from_millis(200)));
    let other = after(&ReconcileError::Kubernetes(KubernetesError::Timeout));
    assert_ne!(other, after(&error));
    let text = options.metrics.text().unwrap();
    assert!(text.contains(r#"controller_runtime_reconcile_errors_total{controller="configmap"} 0"#), "{text}");
    assert!(
        text.contains(r#"controller_runtime_reconcile_total{controller="configmap",result="requeue"} 1"#),
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_pass_that_was_due_says_how_late_it_begins() {
    let options = options();
    let (runner, synced) = runner(&options);
    synced.cancel();
    let works = named("works");
    let count = || {
        let text = options.metrics.text().unwrap();
        let sample =
            text.lines().find(|line| line.starts_with("azimage_reconcile_lag_seconds_count")).unwrap().to_owned();
        (sample.ends_with(" 1"), text.contains(r#"azimage_reconcile_lag_seconds_sum{controller="configmap"} 4.0"#))
    };
    runner.one(&works).await.unwrap();
    assert_eq!(count(), (false, false), "the first was not due");
    runner.schedule(&works, Again::After(Duration::from_secs(1)));
    tokio::time::sleep(Duration::from_secs(5)).await;
    runner.one(&works).await.unwrap();
    runner.one(&works).await.unwrap();
    assert_eq!(count(), (true, true));
}
