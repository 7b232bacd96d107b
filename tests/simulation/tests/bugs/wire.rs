//! The ways of the controller to Azure and to Kubernetes, on which a story plays its tricks.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use async_trait::async_trait;
use azimage_azure::{Transport, TransportError, TransportErrorKind};
use azimage_simulation::{
    azure::{Azure, Network},
    faults::Faults,
    kubernetes::{ApiServer, Call, Delivery, Disconnected, Interceptor, Verb, Verdict},
};
use azimage_simulator::MachineChange;
use bytes::Bytes;
use futures::{FutureExt, future::BoxFuture};
use http::{Method, Request, Response, StatusCode};
use kube::client::Body;
use serde_json::Value;
use tokio::time::Instant;

use super::{story::Story, world::MACHINE};

/// Tricks on the way to Azure.
pub(crate) struct Wire {
    pub(crate) story: Story,
    pub(crate) azure: Azure,
    pub(crate) network: Network,
    /// Azure can't be reached before this time.
    pub(crate) away_until: Arc<Mutex<Option<Instant>>>,
    /// Requests that came while it couldn't.
    pub(crate) unanswered: Arc<AtomicU32>,
    /// How often the story's trick was played.
    pub(crate) played: AtomicU32,
}

fn failed(kind: TransportErrorKind, possibly_sent: bool) -> TransportError {
    TransportError { kind, possibly_sent, message: "the story goes so".to_owned() }
}

/// Whether a run command is shown that succeeded: it has only begun the seal.
fn begun(response: &Response<Bytes>) -> bool {
    let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
    body["properties"]["instanceView"]["executionState"] == "Succeeded"
}

fn status(code: StatusCode, body: &'static str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(body.as_bytes()));
    *response.status_mut() = code;
    response
}

impl Wire {
    /// Whether the trick is played, which is so only the first few times.
    fn plays(&self, times: u32) -> bool {
        self.played.fetch_add(1, Ordering::SeqCst) < times
    }

    fn change(&self, change: MachineChange) {
        let _ = self.azure.simulator().change_machine(MACHINE, change);
    }

    fn before(&self, request: &Request<Bytes>) -> Option<Result<Response<Bytes>, TransportError>> {
        let path = request.uri().path().to_lowercase();
        let away = *self.away_until.lock().unwrap_or_else(PoisonError::into_inner);
        if away.is_some_and(|until| Instant::now() < until) {
            self.unanswered.fetch_add(1, Ordering::SeqCst);
            return Some(Err(failed(TransportErrorKind::Connect, false)));
        }
        let reads_version = request.method() == Method::GET && path.contains("/versions/");
        match self.story {
            Story::Retagged if request.method() == Method::PATCH && self.plays(1) => {
                let machine = self.azure.simulator().state(MACHINE).unwrap_or_default();
                let mut tags: std::collections::BTreeMap<String, String> =
                    serde_json::from_value(machine["tags"].clone()).unwrap_or_default();
                tags.insert("team".to_owned(), "web".to_owned());
                self.change(MachineChange { tags: Some(tags), ..MachineChange::default() });
                None
            }
            Story::Conflict if path.ends_with("/deallocate") && self.plays(2) => Some(Ok(status(
                StatusCode::CONFLICT,
                r#"{"error":{"code":"OperationNotAllowed","message":"The VM is being changed by another operation."}}"#,
            ))),
            Story::Flicker if reads_version && self.complete() && self.plays(1) => Some(Ok(status(
                StatusCode::NOT_FOUND,
                r#"{"error":{"code":"ResourceNotFound","message":"The resource was not found."}}"#,
            ))),
            _ => None,
        }
    }

    /// Whether all regions of the version are complete.
    fn complete(&self) -> bool {
        super::world::region_states(&self.azure).iter().filter(|(_, complete)| *complete).count() == 3
    }

    fn after(
        &self,
        method: &Method,
        path: &str,
        answer: Result<Response<Bytes>, TransportError>,
    ) -> Result<Response<Bytes>, TransportError> {
        let response = answer?;
        let well = response.status().is_success();
        let lies = |state: &str| {
            let mut body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
            if body["properties"]["provisioningState"] == "Updating" {
                body["properties"]["provisioningState"] = Value::from(state);
            }
            let mut lie = Response::new(Bytes::from(body.to_string()));
            *lie.status_mut() = response.status();
            *lie.headers_mut() = response.headers().clone();
            lie
        };
        match self.story {
            Story::AnswerLost if well && path.ends_with("/generalize") && self.plays(1) => {
                Err(failed(TransportErrorKind::Interrupted, true))
            }
            Story::PoweredOff
                if *method == Method::GET && path.contains("/runcommands/") && begun(&response) && self.plays(1) =>
            {
                let power_state = Some(azimage_simulator::scenario::PowerState::Stopped);
                self.change(MachineChange { power_state, ..MachineChange::default() });
                Ok(response)
            }
            Story::Deallocated if well && *method == Method::PATCH => {
                let power_state = Some(azimage_simulator::scenario::PowerState::Deallocated);
                self.change(MachineChange { power_state, ..MachineChange::default() });
                Ok(response)
            }
            Story::ParentLies if *method == Method::GET && path.contains("/versions/") => Ok(lies("Succeeded")),
            Story::UnknownState if *method == Method::GET && path.contains("/versions/") => Ok(lies("Hibernating")),
            _ => Ok(response),
        }
    }
}

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        if let Some(answer) = self.before(&request) {
            return answer;
        }
        let (method, path) = (request.method().clone(), request.uri().path().to_lowercase());
        let answer = self.network.send(request).await;
        self.after(&method, &path, answer)
    }
}

/// Looks at each status as it is written, and lets watches lag.
pub(crate) struct Witness {
    pub(crate) story: Story,
    pub(crate) server: ApiServer,
    pub(crate) azure: Azure,
    pub(crate) faults: Faults,
    /// Statuses that were sent, whether they changed anything or not.
    pub(crate) statuses: AtomicU32,
    pub(crate) lies: Mutex<Vec<String>>,
}

impl Witness {
    fn look(&self) {
        let object = self.server.last_write("imageversions.azimage.dev");
        let Some(object) = object.and_then(|write| write.after.clone()) else { return };
        let conditions = object["status"]["conditions"].as_array().cloned().unwrap_or_default();
        let reason = |kind: &str, status: &str| {
            let found = conditions.iter().find(|condition| condition["type"] == kind && condition["status"] == status);
            found.map(|condition| condition["reason"].as_str().unwrap_or_default().to_owned())
        };
        let regions = super::world::region_states(&self.azure);
        let mut lies = self.lies.lock().unwrap_or_else(PoisonError::into_inner);
        let incomplete: Vec<&String> =
            regions.iter().filter(|(_, complete)| !*complete).map(|(name, _)| name).collect();
        if reason("Ready", "True").is_some() && (regions.is_empty() || !incomplete.is_empty()) {
            lies.push(format!("law 6: Ready, and in Azure not complete: {incomplete:?}"));
        }
        if let Some(reason) = reason("Stalled", "True") {
            if reason == "VersionMissing" && !regions.is_empty() {
                lies.push("law 2: the version counts as gone, and is there".to_owned());
            }
            if self.story.heals() && self.story != Story::Turbulence {
                lies.push(format!("law 12: Stalled ({reason}) over what passes by itself"));
            }
        }
    }
}

#[async_trait]
impl Interceptor for Witness {
    async fn before(&self, call: &Call) -> Verdict {
        self.faults.before(call).await
    }

    async fn after(&self, call: &Call, code: StatusCode) -> Verdict {
        if call.verb == Verb::Apply && call.subresource == "status" && code.is_success() {
            self.statuses.fetch_add(1, Ordering::SeqCst);
            if call.resource == "imageversions" {
                self.look();
            }
        }
        self.faults.after(call, code).await
    }

    async fn deliver(&self, call: &Call, object: &Value) -> Delivery {
        if self.story == Story::TargetDeletedEarly && call.resource == "replicationtargets" {
            let deleting = !object["metadata"]["deletionTimestamp"].is_null();
            if deleting {
                tokio::time::sleep(Duration::from_secs(1800)).await;
            }
        }
        self.faults.deliver(call, object).await
    }
}

/// The way of one replica to Kubernetes: its lease requests may hang, and its writes are noted.
#[derive(Clone)]
pub(crate) struct Replica {
    pub(crate) server: ApiServer,
    pub(crate) lease_hangs: Arc<AtomicBool>,
    pub(crate) writes: Arc<Mutex<Vec<(Instant, String)>>>,
}

impl Replica {
    pub(crate) fn client(&self) -> kube::Client {
        kube::Client::new(self.clone(), "default")
    }
}

impl tower::Service<Request<Body>> for Replica {
    type Response = <ApiServer as tower::Service<Request<Body>>>::Response;
    type Error = Disconnected;
    type Future = BoxFuture<'static, Result<Self::Response, Disconnected>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Disconnected>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let path = request.uri().path().to_owned();
        let lease = path.contains("/leases");
        if lease && self.lease_hangs.load(Ordering::SeqCst) {
            return std::future::pending().boxed();
        }
        if !lease && request.method() != Method::GET {
            let line = (Instant::now(), format!("{} {path}", request.method()));
            self.writes.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
        self.server.call(request)
    }
}
