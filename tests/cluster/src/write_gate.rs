//! A gate in front of the API server that can stop the world right after a chosen write.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use http::{HeaderMap, HeaderName, Method, StatusCode, header};
use tokio::sync::watch;

use crate::{Cluster, kubeconfig};

/// Larger than any object that the API server takes (3 MiB).
const LARGEST_BODY: usize = 8 << 20;

/// A write that went through a [`WriteGate`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Its number: 1 for the first one since the gate started.
    pub number: usize,
    /// `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: Method,
    /// The path, with the query.
    pub path: String,
    /// The answer of the API server; `None` while it has not answered, or when it could not be reached.
    pub status: Option<StatusCode>,
}

/// A reverse proxy for one client of the API server. It counts and records writes, and on demand it forwards the n-th
/// write and keeps the answer: then that write is done and its author does not know. Killing the author there, for each
/// n, shows that it may die between any two writes.
///
/// The gate serves TLS with the cluster's own certificate and streams answers, so watches work through it. It belongs
/// to the async runtime of the test that started it and ends when dropped.
pub struct WriteGate {
    gate: Arc<Gate>,
    address: SocketAddr,
    server: Handle<SocketAddr>,
    folder: PathBuf,
    ca_file: PathBuf,
}

struct Gate {
    upstream: String,
    http: reqwest::Client,
    /// Writes whose path contains one of these are forwarded, without being counted or held.
    ignored: Vec<String>,
    state: Mutex<GateState>,
    /// Changes whenever somebody who waits should look at the state again.
    changed: watch::Sender<()>,
}

#[derive(Default)]
struct GateState {
    writes: Vec<Write>,
    hold_after: Option<usize>,
    /// The write to hold has been let through: no other write is until the release.
    closed: bool,
    /// The API server has answered the write to hold.
    held: bool,
}

impl WriteGate {
    /// Starts a gate that counts every write.
    pub async fn start(cluster: &Cluster) -> anyhow::Result<Self> {
        Self::start_ignoring(cluster, &[]).await
    }

    /// Starts a gate that takes no notice of writes whose path contains one of `parts`, for example `/leases`: these
    /// are forwarded at any time.
    pub async fn start_ignoring(cluster: &Cluster, parts: &[&str]) -> anyhow::Result<Self> {
        crate::install_tls_provider();
        let authority = reqwest::Certificate::from_pem(cluster.ca_pem().as_bytes())?;
        let gate = Arc::new(Gate {
            upstream: cluster.server_url(),
            http: reqwest::Client::builder()
                .tls_certs_only([authority])
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .build()?,
            ignored: parts.iter().map(|&part| part.to_owned()).collect(),
            state: Mutex::default(),
            changed: watch::Sender::new(()),
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port for the write gate")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (certificate, key) = cluster.server_certificate();
        let tls = RustlsConfig::from_pem(certificate.into(), key.into()).await?;
        let server = Handle::new();
        let app = Router::new().fallback(pass).with_state(Arc::clone(&gate));
        let serving =
            axum_server::from_tcp_rustls(listener, tls)?.handle(server.clone()).serve(app.into_make_service());
        tokio::spawn(serving);
        Ok(Self { gate, address, server, folder: cluster.folder().to_owned(), ca_file: cluster.ca_file() })
    }

    /// Where the gate listens, such as `https://127.0.0.1:34567`.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Writes a kubeconfig that reaches the API server through this gate, with a token from [`Cluster::token_for`].
    #[allow(
        clippy::disallowed_methods,
        reason = "this runs beside other runs, on real machines, and needs a name that none of them has"
    )]
    pub fn kubeconfig(&self, namespace: &str, token: &str) -> anyhow::Result<PathBuf> {
        let path = self.folder.join(format!("gate.{}.kubeconfig", uuid::Uuid::new_v4().simple()));
        kubeconfig::write(&path, &self.url(), &self.ca_file, token, namespace)?;
        Ok(path)
    }

    /// A client for a kubeconfig of [`kubeconfig`](Self::kubeconfig).
    pub async fn client(&self, kubeconfig: &Path) -> anyhow::Result<kube::Client> {
        kubeconfig::client(kubeconfig).await
    }

    /// From now on: the write with number `number` is forwarded and done, and its answer is kept until
    /// [`release`](Self::release). Writes after it wait before the API server sees them, and are never done if their
    /// author is killed meanwhile. Reads go on.
    pub fn hold_after(&self, number: usize) -> anyhow::Result<()> {
        let mut state = self.gate.lock();
        let passed = state.writes.len();
        anyhow::ensure!(number > passed, "write {number} cannot be held: {passed} writes have gone through already");
        anyhow::ensure!(!state.closed, "the gate holds a write already; release it first");
        state.hold_after = Some(number);
        Ok(())
    }

    /// Waits until the write to hold is done, and returns it. Never returns when that write never comes: call it under
    /// a timeout.
    pub async fn wait_held(&self) -> Write {
        let mut changed = self.gate.changed.subscribe();
        loop {
            if let Some(write) = self.gate.held_write() {
                return write;
            }
            // The sender lives as long as `self`, so this cannot fail.
            let _ = changed.changed().await;
        }
    }

    /// Delivers the kept answer, if its client is still there, and lets all writes through.
    pub fn release(&self) {
        {
            let mut state = self.gate.lock();
            state.hold_after = None;
            state.closed = false;
            state.held = false;
        }
        self.gate.changed.send_replace(());
    }

    /// The writes so far, in the order in which they arrived.
    pub fn writes(&self) -> Vec<Write> {
        self.gate.lock().writes.clone()
    }

    /// The number of writes so far.
    pub fn count(&self) -> usize {
        self.gate.lock().writes.len()
    }
}

impl Drop for WriteGate {
    fn drop(&mut self) {
        self.server.shutdown();
    }
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, GateState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn counts(&self, method: &Method, path: &str) -> bool {
        matches!(*method, Method::POST | Method::PUT | Method::PATCH | Method::DELETE)
            && !self.ignored.iter().any(|part| path.contains(part.as_str()))
    }

    /// Lets a write through and gives it its number, or `None` while the gate is closed.
    fn admit(&self, method: &Method, path: &str) -> Option<(usize, bool)> {
        let mut state = self.lock();
        if state.closed {
            return None;
        }
        let number = state.writes.len() + 1;
        state.writes.push(Write { number, method: method.clone(), path: path.to_owned(), status: None });
        let hold = state.hold_after == Some(number);
        state.closed = hold;
        Some((number, hold))
    }

    fn held_write(&self) -> Option<Write> {
        let state = self.lock();
        let number = state.hold_after.filter(|_| state.held)?;
        state.writes.get(number - 1).cloned()
    }

    async fn forward(&self, method: Method, path: String, headers: HeaderMap, body: Vec<u8>) -> Response {
        let url = format!("{}{path}", self.upstream);
        match self.http.request(method, url).headers(end_to_end(headers)).body(body).send().await {
            Ok(answer) => {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = answer.status();
                *response.headers_mut() = end_to_end(answer.headers().clone());
                *response.body_mut() = Body::from_stream(answer.bytes_stream());
                response
            }
            Err(error) => (StatusCode::BAD_GATEWAY, format!("the API server does not answer: {error}")).into_response(),
        }
    }

    async fn forward_write(&self, number: usize, hold: bool, request: Parts) -> Response {
        let response = self.forward(request.method, request.path, request.headers, request.body).await;
        {
            let mut state = self.lock();
            // Ours say 502 when there was no answer; the API server itself never does.
            let status = Some(response.status()).filter(|status| *status != StatusCode::BAD_GATEWAY);
            if let Some(write) = state.writes.get_mut(number - 1) {
                write.status = status;
            }
            // A release in between has opened the gate; then there is nothing to hold any more.
            state.held |= hold && state.closed;
        }
        self.changed.send_replace(());
        response
    }
}

struct Parts {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

async fn pass(State(gate): State<Arc<Gate>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LARGEST_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let request = Parts { method: parts.method, path, headers: parts.headers, body: body.into() };
    if !gate.counts(&request.method, &request.path) {
        return gate.forward(request.method, request.path, request.headers, request.body).await;
    }
    // Subscribed before looking, so that a release between the look and the wait is not missed. When the client goes
    // away while it waits here, this future is dropped with its connection and the write is never done.
    let mut changed = gate.changed.subscribe();
    let (number, hold) = loop {
        if let Some(admitted) = gate.admit(&request.method, &request.path) {
            break admitted;
        }
        let _ = changed.changed().await;
    };
    // A task of its own: an admitted write is done even when its client is gone by now.
    let forward = {
        let gate = Arc::clone(&gate);
        tokio::spawn(async move { gate.forward_write(number, hold, request).await })
    };
    let Ok(response) = forward.await else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    while hold && gate.lock().held {
        let _ = changed.changed().await;
    }
    response
}

/// The headers that concern both ends and not one connection alone.
fn end_to_end(mut headers: HeaderMap) -> HeaderMap {
    const OF_ONE_CONNECTION: [HeaderName; 9] = [
        header::CONNECTION,
        header::HOST,
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
        header::TE,
        header::TRAILER,
        header::UPGRADE,
        header::PROXY_AUTHENTICATE,
        header::PROXY_AUTHORIZATION,
    ];
    for name in OF_ONE_CONNECTION {
        headers.remove(name);
    }
    headers.remove("keep-alive");
    headers
}
