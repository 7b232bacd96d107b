//! The server: takes requests, asks the interceptor, answers.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::{StreamExt, future::BoxFuture};
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::Frame;
use jiff::Timestamp;
use kube::client::Body;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{
    call::{Call, Verb, parse_body},
    failure::Failure,
    interceptor::{Interceptor, NoFaults, Verdict},
    kinds::Kind,
    scheduler::RequestScheduler,
    store::{Key, Store, Write},
    token,
    watch::Watch,
};

/// Is called with each write at the moment at which it takes effect.
pub type WriteObserver = Arc<dyn Fn(&Write) + Send + Sync>;

/// What all clients and watches share.
pub(super) struct Shared {
    store: Mutex<Store>,
    interceptor: RwLock<Arc<dyn Interceptor>>,
    scheduler: Option<Arc<dyn RequestScheduler>>,
    observer: RwLock<Option<WriteObserver>>,
    /// Of each kind the resource version of its last change.
    pub(super) changes: Vec<watch::Sender<u64>>,
    /// How often all watches were cut.
    pub(super) cuts: watch::Sender<u64>,
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn interceptor(&self) -> Arc<dyn Interceptor> {
        self.interceptor.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A definition that this server can't serve.
#[derive(Debug, thiserror::Error)]
#[error("the definition {name} can't be served in process: {reason}")]
pub struct DefinitionError {
    name: String,
    reason: String,
}

/// A Kubernetes API server in memory. Clones are the same server.
#[derive(Clone)]
pub struct ApiServer(Arc<Shared>, Option<Arc<dyn Interceptor>>);

impl fmt::Debug for ApiServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ApiServer").field("revision", &self.revision()).finish_non_exhaustive()
    }
}

/// The connection ended without an answer.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("connection reset by peer")]
pub struct Disconnected;

/// The body of an answer.
pub type AnswerBody = UnsyncBoxBody<Bytes, Disconnected>;

pub(super) enum Answer {
    Object(StatusCode, Bytes),
    /// A list, as text.
    List(String),
    Watch(Box<Watch>),
}

impl ApiServer {
    /// A server for custom resource definitions, beside Namespaces, Leases, Events and `ServiceAccount`s. It has the
    /// namespaces `default` and `kube-system`. The seed decides all uids; the clock gives the times in metadata.
    pub fn new(
        definitions: &[Value],
        seed: u64,
        clock: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Result<Self, DefinitionError> {
        Self::build(definitions, seed, clock, None)
    }

    /// The same, with a scheduler that orders the requests: for runs under paused time that have to be deterministic.
    pub fn with_scheduler(
        definitions: &[Value],
        seed: u64,
        clock: impl Fn() -> Timestamp + Send + Sync + 'static,
        scheduler: impl RequestScheduler + 'static,
    ) -> Result<Self, DefinitionError> {
        Self::build(definitions, seed, clock, Some(Arc::new(scheduler)))
    }

    fn build(
        definitions: &[Value],
        seed: u64,
        clock: impl Fn() -> Timestamp + Send + Sync + 'static,
        scheduler: Option<Arc<dyn RequestScheduler>>,
    ) -> Result<Self, DefinitionError> {
        let error = |name: &str, reason| DefinitionError { name: name.to_owned(), reason };
        let built_in = Kind::built_in().map_err(|reason| error("of a built-in kind", reason))?;
        let mut kinds: Vec<Arc<Kind>> = built_in.into_iter().map(Arc::new).collect();
        for definition in definitions {
            let name = definition.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
            kinds.push(Kind::of(definition).map_err(|reason| error(name, reason))?);
        }
        let shared = Shared {
            interceptor: RwLock::new(Arc::new(NoFaults)),
            scheduler,
            observer: RwLock::new(None),
            changes: kinds.iter().map(|_| watch::channel(0).0).collect(),
            cuts: watch::channel(0).0,
            store: Mutex::new(Store::new(kinds, seed, Arc::new(clock))),
        };
        let server = Self(Arc::new(shared), None);
        for name in ["default", "kube-system"] {
            server.create_namespace(name).map_err(|failure| error("of namespaces", failure.message))?;
        }
        Ok(server)
    }

    /// Who issues the tokens of `ServiceAccount`s, and the keys to check them with: `issuer` and `jwks`.
    pub fn issuer() -> Value {
        token::issuer()
    }

    /// Creates a namespace without faults.
    pub fn create_namespace(&self, name: &str) -> Result<(), Failure> {
        let request = Request::post("/api/v1/namespaces").header(header::USER_AGENT, "simulation").body(());
        let call = Call::parse(&request.map_err(|error| Failure::bad_request(error.to_string()))?)?;
        self.answer(&call, json!({"metadata": {"name": name}})).map(|_| ())
    }

    /// The same server for one client, with its own interceptor in place of the shared one.
    #[must_use]
    pub fn with_interceptor(&self, interceptor: Arc<dyn Interceptor>) -> Self {
        Self(self.0.clone(), Some(interceptor))
    }

    /// A client of this server. It belongs to the async runtime in which it is made.
    pub fn client(&self) -> kube::Client {
        kube::Client::new(self.clone(), "default")
    }

    /// Puts an interceptor between the server and all its clients, in place of the one before.
    pub fn set_interceptor(&self, interceptor: Arc<dyn Interceptor>) {
        *self.0.interceptor.write().unwrap_or_else(PoisonError::into_inner) = interceptor;
    }

    /// Sets the observer of the writes that take effect from now on, in place of the one before.
    pub fn set_write_observer(&self, observer: WriteObserver) {
        *self.0.observer.write().unwrap_or_else(PoisonError::into_inner) = Some(observer);
    }

    /// The writes that took effect, in their order.
    pub fn history(&self) -> Vec<Write> {
        self.0.lock().history.clone()
    }

    /// The last write that took effect on a resource, such as `leases.coordination.k8s.io`.
    pub fn last_write(&self, resource: &str) -> Option<Write> {
        self.0.lock().history.iter().rfind(|write| write.resource == resource).cloned()
    }

    /// The objects of a resource, such as `leases.coordination.k8s.io`, as they are now, by namespace and name.
    pub fn objects(&self, resource: &str) -> BTreeMap<(String, String), Arc<Value>> {
        let store = self.0.lock();
        let kind = store.kinds.iter().position(|kind| kind.resource() == resource);
        kind.map(|kind| store.at(kind, store.revision)).unwrap_or_default()
    }

    /// The resource version of the last write.
    pub fn revision(&self) -> u64 {
        self.0.lock().revision
    }

    /// Compacts the changes up to a resource version: watches and lists from before get 410.
    pub fn compact(&self, revision: u64) {
        let mut store = self.0.lock();
        store.compacted = revision.min(store.revision).max(store.compacted);
    }

    /// Ends all watches.
    pub fn cut_watches(&self) {
        self.0.cuts.send_modify(|count| *count += 1);
    }

    fn answer(&self, call: &Call, body: Value) -> Result<Answer, Failure> {
        let mut store = self.0.lock();
        let kind = store
            .kinds
            .iter()
            .position(|kind| kind.group == call.group && kind.version == call.version && kind.plural == call.resource);
        let kind = kind.ok_or_else(|| {
            Failure::not_implemented(format_args!(
                "the resource {} of {:?} {}",
                call.resource, call.group, call.version
            ))
        })?;
        let served = &store.kinds[kind];
        let token = served.plural == "serviceaccounts" && call.subresource == "token" && call.verb == Verb::Create;
        if !(call.subresource.is_empty() || call.subresource == "status" && served.status || token) {
            return Err(Failure::not_implemented(format_args!(
                "the subresource {} of {}",
                call.subresource, call.resource
            )));
        }
        let whole = matches!(call.verb, Verb::List | Verb::Watch);
        if served.namespaced && call.namespace.is_empty() && !whole || !served.namespaced && !call.namespace.is_empty()
        {
            return Err(Failure::not_implemented(format_args!("{:?} of {} in this scope", call.verb, call.resource)));
        }
        let key = Key { kind, namespace: call.namespace.clone(), name: call.name.clone() };
        let before = store.revision;
        let answer = match call.verb {
            Verb::Get => Answer::Object(StatusCode::OK, store.text(&key, &store.get(call, &key)?)),
            Verb::List => Answer::List(store.list(call, kind)?),
            Verb::Watch => {
                Answer::Watch(Box::new(Watch::start(&self.0, self.interceptor(), &store, call.clone(), kind)?))
            }
            _ if token => Answer::Object(StatusCode::CREATED, store.token(&key, &body)?.to_string().into()),
            _ => {
                let (code, object) = store.write(call, &key, body)?;
                Answer::Object(code, store.text(&key, &object))
            }
        };
        let after = store.revision;
        let observer = self.0.observer.read().unwrap_or_else(PoisonError::into_inner).clone();
        let new = if observer.is_some() { store.since(before).to_vec() } else { Vec::new() };
        let changed = store.changed_since(before);
        drop(store);
        if let Some(observer) = observer {
            for write in &new {
                observer(write);
            }
        }
        for kind in changed {
            self.0.changes[kind].send_replace(after);
        }
        Ok(answer)
    }

    fn interceptor(&self) -> Arc<dyn Interceptor> {
        self.1.clone().unwrap_or_else(|| self.0.interceptor())
    }

    async fn serve(self, request: Request<Body>) -> Result<Response<AnswerBody>, Disconnected> {
        let call = match Call::parse(&request) {
            Ok(call) => call,
            Err(failure) => return Ok(refuse(&failure)),
        };
        let bytes = request.into_body().collect().await.map_err(|_| Disconnected)?.to_bytes();
        let interceptor = self.interceptor();
        if let Some(scheduler) = &self.0.scheduler {
            scheduler.wait_for_turn(call.scheduling_key(&bytes)).await;
        }
        let verdict = interceptor.before(&call).await;
        match &verdict {
            Verdict::Disconnect => return Err(Disconnected),
            Verdict::Answer(failure) => return Ok(refuse(failure)),
            Verdict::Late(span) => {
                let span = *span;
                tokio::spawn(async move {
                    tokio::time::sleep(span).await;
                    if let Some(scheduler) = &self.0.scheduler {
                        scheduler.wait_for_turn(format!("late {call:?} {}", String::from_utf8_lossy(&bytes))).await;
                    }
                    // The client has disconnected.
                    let _ = parse_body(&bytes).and_then(|body| self.answer(&call, body));
                });
                return Err(Disconnected);
            }
            _ => {}
        }
        let body = if bytes.is_empty() { Ok(json!({})) } else { parse_body(&bytes) };
        let answer = body.and_then(|body| self.answer(&call, body));
        match verdict {
            Verdict::ProceedAndDisconnect => return Err(Disconnected),
            Verdict::ProceedAndCrash => interceptor.crash().await,
            Verdict::ProceedAndHang => std::future::pending().await,
            _ => {}
        }
        let code = match &answer {
            Ok(Answer::Object(code, _)) => *code,
            Ok(Answer::List(_) | Answer::Watch(_)) => StatusCode::OK,
            Err(failure) => failure.code,
        };
        match interceptor.after(&call, code).await {
            Verdict::Disconnect => return Err(Disconnected),
            Verdict::Answer(failure) => return Ok(refuse(&failure)),
            _ => {}
        }
        Ok(match answer {
            Ok(Answer::Object(code, object)) => respond(code, whole(object)),
            Ok(Answer::List(text)) => respond(StatusCode::OK, whole(text)),
            Ok(Answer::Watch(watch)) => {
                let frames = watch.lines().map(|line| Ok::<_, Disconnected>(Frame::data(line)));
                respond(StatusCode::OK, StreamBody::new(frames).boxed_unsync())
            }
            Err(failure) => refuse(&failure),
        })
    }
}

fn refuse(failure: &Failure) -> Response<AnswerBody> {
    respond(failure.code, whole(failure.status().to_string()))
}

fn whole(text: impl Into<Bytes>) -> AnswerBody {
    Full::new(text.into()).map_err(|never| match never {}).boxed_unsync()
}

fn respond(code: StatusCode, body: AnswerBody) -> Response<AnswerBody> {
    let mut response = Response::new(body);
    *response.status_mut() = code;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}

impl tower::Service<Request<Body>> for ApiServer {
    type Response = Response<AnswerBody>;
    type Error = Disconnected;
    type Future = BoxFuture<'static, Result<Response<AnswerBody>, Disconnected>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Disconnected>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let served = self.clone().serve(request);
        if self.0.scheduler.is_none() {
            return Box::pin(served);
        }
        // A request that was sent is handled even if its client is gone.
        let task = tokio::spawn(served);
        Box::pin(async move { task.await.unwrap_or(Err(Disconnected)) })
    }
}
