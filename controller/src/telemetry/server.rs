//! Serves probes and metrics.

use std::net::SocketAddr;

use anyhow::Context;
use axum::{
    Router,
    http::{
        HeaderMap, StatusCode,
        header::{ACCEPT, CONTENT_TYPE},
    },
    response::IntoResponse,
    routing::get,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{liveness::Liveness, metrics::Metrics};

/// The media types of both forms of metrics.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PLAIN: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Serves `/healthz`, which says that the process still does something and depends on nothing else, and `/readyz`, which says that
/// its watches have seen all objects.
///
/// # Errors
/// When the address can't be listened on.
pub async fn health(
    address: SocketAddr,
    liveness: Liveness,
    ready: CancellationToken,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let life = move || async move {
        match liveness.stuck_for() {
            None => (StatusCode::OK, "ok".to_owned()),
            Some(silent) => {
                let text = format!("stuck: no task was run for {} seconds", silent.as_secs());
                (StatusCode::SERVICE_UNAVAILABLE, text)
            }
        }
    };
    let readiness = move || async move {
        if ready.is_cancelled() {
            (StatusCode::OK, "ok")
        } else {
            (StatusCode::SERVICE_UNAVAILABLE, "watches aren't synced yet")
        }
    };
    let router = Router::new().route("/healthz", get(life)).route("/readyz", get(readiness));
    serve(address, router, stop).await
}

/// Serves `/metrics`: in the form of `OpenMetrics` to who asks for that, as Prometheus does, else in the older text form.
///
/// # Errors
/// When the address can't be listened on.
pub async fn metrics(address: SocketAddr, metrics: Metrics, stop: CancellationToken) -> anyhow::Result<()> {
    let text = move |headers: HeaderMap| async move {
        let (form, text) = if asks_for_open_metrics(&headers) {
            (OPEN_METRICS, metrics.text())
        } else {
            (PLAIN, metrics.plain_text())
        };
        match text {
            Ok(text) => ([(CONTENT_TYPE, form)], text).into_response(),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    };
    serve(address, Router::new().route("/metrics", get(text)), stop).await
}

fn asks_for_open_metrics(headers: &HeaderMap) -> bool {
    headers.get_all(ACCEPT).iter().any(|accept| accept.to_str().is_ok_and(|accept| accept.contains("openmetrics-text")))
}

async fn serve(address: SocketAddr, router: Router, stop: CancellationToken) -> anyhow::Result<()> {
    let listener = TcpListener::bind(address).await.with_context(|| format!("can't listen on {address}"))?;
    let address = listener.local_addr().unwrap_or(address);
    tracing::info!(%address, "Listening");
    tokio::spawn(async move {
        let served = axum::serve(listener, router).with_graceful_shutdown(async move { stop.cancelled().await }).await;
        if let Err(error) = served {
            tracing::error!(%error, "Could not serve");
        }
    });
    Ok(())
}
