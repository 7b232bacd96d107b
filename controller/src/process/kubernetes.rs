//! The Kubernetes client, from the environment.

use std::task::{Context as TaskContext, Poll};

use anyhow::Context;
use futures::future::BoxFuture;
use http::{Request, Response};
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client, Config, ResourceExt, client::ClientBuilder, config::Kubeconfig};
use tokio::time::Instant;
use tower::{Layer, Service};

use super::present;
use crate::{kubernetes::bounded, telemetry::metrics::Metrics};

/// From the pod's service account or the kubeconfig.
pub(super) async fn config() -> anyhow::Result<Config> {
    let mut config = Config::infer()
        .await
        .context("no access to Kubernetes: neither a pod's ServiceAccount nor a usable kubeconfig was found")?;
    // The proxy of the environment is for Azure. The library takes it for the API server too, whatever NO_PROXY says, and can't
    // speak to it. One that the kubeconfig names is refused in words of its own.
    if !kubeconfig_names_a_proxy() {
        config.proxy_url = None;
    }
    Ok(config)
}

fn kubeconfig_names_a_proxy() -> bool {
    let proxy = || {
        let config = Kubeconfig::read().ok()?;
        let name = config.current_context?;
        let context = config.contexts.into_iter().find(|it| it.name == name)?.context?;
        config.clusters.into_iter().find(|it| it.name == context.cluster)?.cluster?.proxy_url
    };
    proxy().is_some_and(|url| !url.is_empty())
}

/// A client for the election: it doesn't retry by itself, as the election has to know when each try was.
pub(super) fn election_client(mut config: Config, metrics: &Metrics) -> anyhow::Result<Client> {
    config.default_retry = false;
    client(config, metrics)
}

/// A client that is counted.
pub(super) fn client(config: Config, metrics: &Metrics) -> anyhow::Result<Client> {
    let host = config.cluster_url.host().unwrap_or_default().to_owned();
    let builder = ClientBuilder::try_from(config).context("the kubeconfig can't be used")?;
    Ok(builder.with_layer(&CountLayer { metrics: metrics.clone(), host }).build())
}

/// What identifies the cluster: what the flag says, or else the uid of the namespace kube-system, which is made once in the life of
/// a cluster.
pub(super) async fn cluster_id(flag: Option<&str>, client: &Client) -> anyhow::Result<String> {
    if let Some(id) = present(flag) {
        return Ok(id.to_owned());
    }
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let namespace = bounded(namespaces.get("kube-system")).await.context(
        "can't read the namespace kube-system, whose uid identifies the cluster: grant get on it, or set --cluster-id",
    )?;
    namespace.uid().context("the namespace kube-system has no uid; set --cluster-id")
}

#[derive(Clone)]
struct CountLayer {
    metrics: Metrics,
    host: String,
}

impl<S> Layer<S> for CountLayer {
    type Service = Count<S>;

    fn layer(&self, inner: S) -> Count<S> {
        Count { inner, metrics: self.metrics.clone(), host: self.host.clone() }
    }
}

/// Counts requests.
#[derive(Clone)]
struct Count<S> {
    inner: S,
    metrics: Metrics,
    host: String,
}

impl<S, A, B> Service<Request<A>> for Count<S>
where
    S: Service<Request<A>, Response = Response<B>>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<S::Response, S::Error>>;

    fn poll_ready(&mut self, context: &mut TaskContext<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        let method = request.method().to_string();
        let (metrics, host) = (self.metrics.clone(), self.host.clone());
        let begun = Instant::now();
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await;
            let code = answer.as_ref().map_or("<error>".to_owned(), |answer| answer.status().as_u16().to_string());
            metrics.kubernetes_request(&method, &code, &host, begun.elapsed());
            answer
        })
    }
}
