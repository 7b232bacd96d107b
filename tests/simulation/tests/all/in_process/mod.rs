//! The API server in memory by itself: its rules, its watches, its faults, and a real controller over it.

mod controller;
mod faults;
mod rules;
mod watches;

use azimage_crds::{ReplicationTarget, ReplicationTargetSpec};
use azimage_simulation::{scheduler::Scheduler, world::definitions};
use azimage_test_api_server::ApiServer;
use kube::{Api, api::PostParams};
use serde_json::json;

/// A server under the virtual clock of the test, that starts with November 2026.
fn server(seed: u64) -> ApiServer {
    let start = tokio::time::Instant::now();
    let first: jiff::Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
    ApiServer::with_scheduler(definitions(), seed, move || first + start.elapsed(), Scheduler::new(seed)).unwrap()
}

fn targets(server: &ApiServer) -> Api<ReplicationTarget> {
    Api::namespaced(server.client(), "default")
}

fn target(name: &str) -> ReplicationTarget {
    let spec: ReplicationTargetSpec =
        serde_json::from_value(json!({"region": "westeurope", "imageVersionName": "a"})).unwrap();
    ReplicationTarget::new(name, spec)
}

async fn create(server: &ApiServer, name: &str) -> ReplicationTarget {
    targets(server).create(&PostParams::default(), &target(name)).await.unwrap()
}

fn code(error: &kube::Error) -> (u16, String) {
    match error {
        kube::Error::Api(status) => (status.code, status.reason.clone()),
        other => panic!("no answer of the server: {other}"),
    }
}
