//! The fabric's addresses and what is answered there.

use std::{path::Path, sync::Arc};

use anyhow::Context as _;
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, put},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use tokio::net::TcpListener;

use super::{HOST_PLUGIN_PORT, Instance, METADATA_SERVICE, Reports, WIRE_SERVER, goal_state, package};

/// What the agent downloads as the handler of run commands.
const HANDLER: [(&str, &[u8]); 2] = [
    ("HandlerManifest.json", include_bytes!("../../image/HandlerManifest.json")),
    ("handler", include_bytes!("../../image/handler")),
];

/// A machine's folder: its instance is read anew with each request, so that whoever changes the file changes the fabric.
struct Fabric {
    instance: std::path::PathBuf,
    reports: Reports,
}

impl Fabric {
    fn instance(&self) -> Result<Instance, StatusCode> {
        let read = || anyhow::Ok(serde_json::from_slice(&std::fs::read(&self.instance)?)?);
        read().map_err(|error: anyhow::Error| {
            eprintln!("{}: {error:#}", self.instance.display());
            StatusCode::INTERNAL_SERVER_ERROR
        })
    }
}

/// Serves a machine until the process ends. Its instance is the file `instance.json` in the folder; what the guest
/// reports goes there as well.
///
/// # Errors
/// When the addresses can't be listened on, which are those of the loopback interface in a namespace of the rig's own.
pub async fn serve(folder: &Path) -> anyhow::Result<()> {
    let fabric = Arc::new(Fabric { instance: folder.join("instance.json"), reports: Reports::of(folder) });
    let wire = Router::new()
        .route("/", get(versions))
        .route("/machine", get(machine).post(told))
        .route("/machine/", get(machine).post(told))
        .route("/machine/{container}/{role}", get(machine))
        .route("/status/{name}", put(status))
        .route("/rig/manifest.xml", get(|| async { xml(goal_state::manifest()) }))
        .route("/rig/handler.zip", get(|| async { package::zip(&HANDLER) }))
        .with_state(fabric.clone());
    let plugin = Router::new()
        .route("/versions", get(|| async { axum::Json(["2015-09-01"]) }))
        .route("/health", get(|| async {}).post(|| async {}))
        .route("/status", put(status_through_plugin))
        .route("/vmAgentLog", put(|| async {}))
        .with_state(fabric.clone());
    let metadata = Router::new()
        .route("/metadata/instance", get(instance))
        .route("/metadata/instance/{part}", get(instance_part))
        .with_state(fabric);
    let listen = async |address: &str, port: u16| {
        TcpListener::bind((address, port)).await.with_context(|| format!("cannot listen on {address}:{port}"))
    };
    let limit = DefaultBodyLimit::max(64 << 20);
    let (wire_server, host_plugin, metadata_service) = (
        listen(WIRE_SERVER, 80).await?,
        listen(WIRE_SERVER, HOST_PLUGIN_PORT).await?,
        listen(METADATA_SERVICE, 80).await?,
    );
    tokio::try_join!(
        axum::serve(wire_server, wire.layer(limit)),
        axum::serve(host_plugin, plugin.layer(limit)),
        axum::serve(metadata_service, metadata),
    )?;
    Ok(())
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    comp: String,
    #[serde(default, rename = "type")]
    kind: String,
}

fn xml(text: String) -> Response {
    ([(header::CONTENT_TYPE, "text/xml; charset=utf-8")], text).into_response()
}

async fn versions(Query(asked): Query<Asked>) -> Result<Response, StatusCode> {
    if asked.comp == "versions" { Ok(xml(goal_state::versions())) } else { Err(StatusCode::NOT_FOUND) }
}

async fn machine(State(fabric): State<Arc<Fabric>>, Query(asked): Query<Asked>) -> Result<Response, StatusCode> {
    let instance = fabric.instance()?;
    Ok(xml(match (asked.comp.as_str(), asked.kind.as_str()) {
        ("goalstate", _) => goal_state::goal_state(&instance),
        ("config", "hostingEnvironmentConfig") => goal_state::hosting_environment(&instance),
        ("config", "sharedConfig") => goal_state::shared_config(&instance),
        ("config", "extensionsConfig") => goal_state::extensions_config(&instance),
        _ => return Err(StatusCode::NOT_FOUND),
    }))
}

async fn told(State(fabric): State<Arc<Fabric>>, Query(asked): Query<Asked>, body: Bytes) -> Result<(), StatusCode> {
    if asked.comp.eq_ignore_ascii_case("health") {
        fabric.reports.add_health(&body).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    }
    // Telemetry and properties of the role are taken and forgotten.
    Ok(())
}

async fn status(State(fabric): State<Arc<Fabric>>, body: Bytes) -> StatusCode {
    if fabric.reports.set_status(&body).is_ok() { StatusCode::CREATED } else { StatusCode::INTERNAL_SERVER_ERROR }
}

#[derive(Deserialize)]
struct Passed {
    content: String,
}

async fn status_through_plugin(State(fabric): State<Arc<Fabric>>, body: Bytes) -> StatusCode {
    let content = serde_json::from_slice::<Passed>(&body).ok().and_then(|passed| STANDARD.decode(passed.content).ok());
    match content {
        // An empty content only makes the blob.
        Some(content) if content.is_empty() || fabric.reports.set_status(&content).is_ok() => StatusCode::OK,
        _ => StatusCode::BAD_REQUEST,
    }
}

async fn instance(State(fabric): State<Arc<Fabric>>) -> Result<axum::Json<serde_json::Value>, StatusCode> {
    Ok(axum::Json(fabric.instance()?.metadata()))
}

async fn instance_part(
    State(fabric): State<Arc<Fabric>>,
    axum::extract::Path(part): axum::extract::Path<String>,
) -> Result<axum::Json<serde_json::Value>, StatusCode> {
    fabric.instance()?.metadata().get(&part).cloned().map(axum::Json).ok_or(StatusCode::NOT_FOUND)
}
