//! Serves probes and metrics.

use std::net::SocketAddr;

use anyhow::Context;
use axum::{
    Router,
    http::{StatusCode, header::CONTENT_TYPE},
    response::IntoResponse,
    routing::get,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::metrics::Metrics;

/// The media type of the text that prometheus-client writes.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Serves `/healthz`, which says that the process lives and depends on nothing else, and `/readyz`, which says that
/// its watches have seen all objects.
///
/// # Errors
/// When the address can't be listened on.
pub async fn health(address: SocketAddr, ready: CancellationToken, stop: CancellationToken) -> anyhow::Result<()> {
    let readiness = move || async move {
        if ready.is_cancelled() {
            (StatusCode::OK, "ok")
        } else {
            (StatusCode::SERVICE_UNAVAILABLE, "watches aren't synced yet")
        }
    };
    let router = Router::new().route("/healthz", get(|| async { "ok" })).route("/readyz", get(readiness));
    serve(address, router, stop).await
}

/// Serves `/metrics`.
///
/// # Errors
/// When the address can't be listened on.
pub async fn metrics(address: SocketAddr, metrics: Metrics, stop: CancellationToken) -> anyhow::Result<()> {
    let text = move || async move {
        match metrics.text() {
            Ok(text) => ([(CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    };
    serve(address, Router::new().route("/metrics", get(text)), stop).await
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
