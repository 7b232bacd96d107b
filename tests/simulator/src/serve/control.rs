//! The control interface: JSON over plain HTTP.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    routing::{delete, get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Handshake, Shared};
use crate::{Fault, JournalQuery, MachineChange, Scenario, Throttling};

type Answer = Result<Json<Value>, (StatusCode, Json<Value>)>;

fn refuse(status: StatusCode, why: impl std::fmt::Display) -> (StatusCode, Json<Value>) {
    (status, Json(json!({"error": why.to_string()})))
}

pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(overview))
        .route("/requests", get(requests))
        .route("/state/{*path}", get(state))
        .route("/guest-files/{*path}", get(guest_files))
        .route("/credentials/{client}", get(credentials))
        .route("/exposures", get(exposures))
        .route("/scenario", post(scenario))
        .route("/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/faults/{id}", delete(remove_fault))
        .route("/clock", get(clock).post(set_clock))
        .route("/tls", get(tls).post(set_tls))
        .route("/throttling", get(throttling).post(set_throttling))
        .route("/virtual-machines/{*path}", post(change_machine))
        .with_state(shared)
}

async fn overview(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let simulator = shared.current();
    Json(json!({
        "tenant": simulator.tenant(),
        "subscriptions": simulator.subscriptions(),
        "simulatedTime": simulator.now(),
        "interface": ["GET /requests", "GET /state/{resource id}", "GET /guest-files/{resource id}", "GET /credentials/{client id}", "GET /exposures", "POST /scenario", "GET|POST|DELETE /faults", "DELETE /faults/{id}",
                      "GET|POST /clock", "GET|POST /tls", "GET|POST /throttling", "POST /virtual-machines/{resource id}"],
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestsQuery {
    writes: Option<bool>,
    subscription: Option<String>,
    since: Option<u64>,
    path: Option<String>,
    applied: Option<bool>,
}

async fn requests(State(shared): State<Arc<Shared>>, Query(query): Query<RequestsQuery>) -> Json<Value> {
    let RequestsQuery { writes, subscription, since, path, applied } = query;
    let query = JournalQuery { writes, subscription, since: since.unwrap_or(0), path, applied };
    Json(json!(shared.current().requests(&query)))
}

async fn state(State(shared): State<Arc<Shared>>, Path(path): Path<String>) -> Answer {
    let found = shared.current().state(&path);
    found.map(Json).ok_or_else(|| refuse(StatusCode::NOT_FOUND, format!("there is no resource /{path}")))
}

async fn guest_files(State(shared): State<Arc<Shared>>, Path(path): Path<String>) -> Answer {
    let found = shared.current().guest_files(&path).map(|files| Json(json!(files)));
    found.ok_or_else(|| refuse(StatusCode::NOT_FOUND, format!("there is no virtual machine /{path}")))
}

async fn credentials(State(shared): State<Arc<Shared>>, Path(client): Path<String>) -> Json<Value> {
    Json(json!(shared.current().credentials(&client)))
}

async fn exposures(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(json!(shared.current().exposures()))
}

async fn scenario(State(shared): State<Arc<Shared>>, text: String) -> Answer {
    let bad = |error: crate::ScenarioError| refuse(StatusCode::BAD_REQUEST, error);
    let scenario = Scenario::parse(&text).map_err(bad)?;
    let before = shared.current().subscriptions();
    shared.add(&scenario).map_err(bad)?;
    let simulator = shared.current();
    let all = simulator.subscriptions();
    let added: Vec<&String> = all.iter().filter(|id| !before.contains(id)).collect();
    Ok(Json(json!({"tenant": simulator.tenant(), "subscriptions": all, "added": added})))
}

async fn faults(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(json!(shared.current().fault_states()))
}

async fn add_fault(State(shared): State<Arc<Shared>>, text: String) -> Answer {
    let bad = |why: String| refuse(StatusCode::BAD_REQUEST, why);
    let value: Value = serde_json::from_str(&text).map_err(|error| bad(format!("the body is not JSON: {error}")))?;
    let id = shared.current().add_fault(Fault::from_json(value).map_err(bad)?).map_err(bad)?;
    Ok(Json(json!({"id": id})))
}

async fn remove_fault(State(shared): State<Arc<Shared>>, Path(id): Path<u64>) -> Answer {
    let removed = shared.current().remove_fault(id);
    shared.released();
    if removed { Ok(Json(json!({}))) } else { Err(refuse(StatusCode::NOT_FOUND, format!("there is no fault {id}"))) }
}

async fn clear_faults(State(shared): State<Arc<Shared>>) -> Json<Value> {
    shared.current().clear_faults();
    shared.released();
    Json(json!({}))
}

async fn clock(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let moment = shared.moment();
    let speed = shared.clock().speed();
    let ahead = shared.ahead();
    Json(json!({
        "simulatedTime": moment.simulated, "realTime": moment.real, "speed": speed, "aheadSeconds": ahead,
    }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ClockChange {
    speed: Option<f64>,
    advance_seconds: Option<f64>,
    ahead_seconds: Option<f64>,
}

async fn set_clock(State(shared): State<Arc<Shared>>, text: String) -> Answer {
    let bad = |why: String| refuse(StatusCode::BAD_REQUEST, why);
    let change: ClockChange = serde_json::from_str(&text).map_err(|error| bad(error.to_string()))?;
    if change.speed.is_some_and(|speed| !speed.is_finite() || speed <= 0.0) {
        return Err(bad("speed must be a positive number".to_owned()));
    }
    if change.advance_seconds.is_some_and(|seconds| !seconds.is_finite() || seconds < 0.0) {
        return Err(bad("advanceSeconds must not be negative: time does not go back".to_owned()));
    }
    if change.ahead_seconds.is_some_and(|seconds| !seconds.is_finite()) {
        return Err(bad("aheadSeconds must be a number".to_owned()));
    }
    if let Some(speed) = change.speed {
        shared.set_speed(speed);
    }
    if let Some(seconds) = change.advance_seconds {
        shared.clock().advance(seconds);
    }
    if let Some(seconds) = change.ahead_seconds {
        shared.set_ahead(seconds);
    }
    drop(shared.current());
    Ok(clock(State(shared)).await)
}

async fn tls(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let (handshake, connections) = shared.handshakes.get();
    Json(json!({"handshake": handshake, "connections": connections}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TlsChange {
    handshake: Handshake,
}

async fn set_tls(State(shared): State<Arc<Shared>>, text: String) -> Answer {
    let bad = |error: serde_json::Error| refuse(StatusCode::BAD_REQUEST, error);
    let TlsChange { handshake } = serde_json::from_str(&text).map_err(bad)?;
    shared.handshakes.set(handshake);
    Ok(tls(State(shared)).await)
}

async fn throttling(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let simulator = shared.current();
    Json(json!({"settings": simulator.throttling(), "counts": simulator.throttling_counts()}))
}

async fn set_throttling(State(shared): State<Arc<Shared>>, text: String) -> Answer {
    let bad = |why: String| refuse(StatusCode::BAD_REQUEST, why);
    let settings: Throttling = serde_json::from_str(&text).map_err(|error| bad(error.to_string()))?;
    shared.current().set_throttling(settings).map_err(bad)?;
    Ok(throttling(State(shared)).await)
}

async fn change_machine(State(shared): State<Arc<Shared>>, Path(path): Path<String>, text: String) -> Answer {
    let change: MachineChange = serde_json::from_str(&text).map_err(|error| refuse(StatusCode::BAD_REQUEST, error))?;
    shared.current().change_machine(&path, change).map_err(|why| refuse(StatusCode::NOT_FOUND, why))?;
    Ok(Json(json!({})))
}
