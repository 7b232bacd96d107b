//! An API server that knows one lease, with faults, and replicas that speak to it.

use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use http::{Method, Request, Response, StatusCode};
use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use kube::{Client, client::Body};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::super::{Elector, Settings, Term, Timing};
use crate::{
    seams::{Clock, Randomness, Seams},
    telemetry::metrics::Metrics,
};

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// It never arrives, and nobody says so.
    Lost,
    /// It has its effect; the answer never arrives.
    AnswerLost,
    /// It arrives so much later, whether or not somebody still waits.
    Late(Duration),
    /// It is refused without an effect.
    Status(u16),
}

type Faults = Box<dyn FnMut(&Method) -> Fault + Send>;

#[derive(Default)]
struct Store {
    lease: Option<Lease>,
    version: u64,
    writes: u64,
}

/// The server.
#[derive(Clone, Default)]
pub(super) struct Server(Arc<Mutex<Store>>);

impl Server {
    fn store(&self) -> MutexGuard<'_, Store> {
        self.0.lock().unwrap()
    }

    /// Changes the lease behind everybody's back; `None` deletes it.
    pub(super) fn edit(&self, edit: impl FnOnce(&mut Option<Lease>)) {
        let mut store = self.store();
        edit(&mut store.lease);
        store.version += 1;
        let version = store.version.to_string();
        if let Some(lease) = &mut store.lease {
            lease.metadata.resource_version = Some(version);
        }
    }

    pub(super) fn holder(&self) -> Option<String> {
        self.store().lease.as_ref()?.spec.as_ref()?.holder_identity.clone()
    }

    pub(super) fn writes(&self) -> u64 {
        self.store().writes
    }

    /// A client whose requests suffer these faults.
    pub(super) fn client(&self, faults: impl FnMut(&Method) -> Fault + Send + 'static) -> Client {
        let server = self.clone();
        let faults: Arc<Mutex<Faults>> = Arc::new(Mutex::new(Box::new(faults)));
        let service = tower::service_fn(move |request: Request<Body>| {
            let (server, fault) = (server.clone(), faults.lock().unwrap()(request.method()));
            async move {
                // A task of its own: what is on its way arrives, whether or not somebody still waits.
                let answer = tokio::spawn(async move {
                    match fault {
                        Fault::Lost => std::future::pending().await,
                        Fault::Late(by) => sleep(by).await,
                        Fault::None | Fault::AnswerLost | Fault::Status(_) => {}
                    }
                    if let Fault::Status(code) = fault {
                        return failure(code);
                    }
                    let answer = server.answer(request).await;
                    if fault == Fault::AnswerLost {
                        std::future::pending::<()>().await;
                    }
                    answer
                });
                answer.await
            }
        });
        Client::new(service, "default")
    }

    async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let method = request.method().clone();
        let body = request.into_body().collect_bytes().await.unwrap();
        let mut store = self.store();
        if method == Method::GET {
            return store.lease.as_ref().map_or_else(|| failure(404), |lease| success(&json!(lease)));
        }
        let mut lease: Lease = serde_json::from_slice(&body).unwrap();
        let version = |lease: &Lease| lease.metadata.resource_version.clone();
        let fits = match &store.lease {
            None => method == Method::POST,
            Some(current) => method == Method::PUT && version(current) == version(&lease),
        };
        if !fits {
            return failure(409);
        }
        store.writes += 1;
        // As the real one does: what changes nothing gets no new version.
        if store.lease.as_ref() != Some(&lease) {
            store.version += 1;
            lease.metadata.resource_version = Some(store.version.to_string());
            store.lease = Some(lease.clone());
        }
        success(&json!(lease))
    }
}

fn success(body: &Value) -> Response<Body> {
    Response::new(Body::from(body.to_string().into_bytes()))
}

fn failure(code: u16) -> Response<Body> {
    let reason = match code {
        404 => "NotFound",
        409 => "Conflict",
        _ => "InternalError",
    };
    let body = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason});
    let mut response = success(&body);
    *response.status_mut() = StatusCode::from_u16(code).unwrap();
    response
}

/// A clock that is wrong: by an offset, and it may stand still.
struct WrongClock {
    start: Instant,
    offset_seconds: i64,
    stands_still: bool,
}

impl Clock for WrongClock {
    fn now(&self) -> Timestamp {
        let elapsed = if self.stands_still { Duration::ZERO } else { self.start.elapsed() };
        let millis = i64::try_from(elapsed.as_millis()).unwrap();
        Timestamp::from_millisecond((2_000_000_000 + self.offset_seconds) * 1000 + millis).unwrap()
    }
}

struct Seeded(Mutex<StdRng>);

impl Randomness for Seeded {
    fn id(&self) -> Uuid {
        Uuid::from_u128(self.0.lock().unwrap().random())
    }

    fn fraction(&self) -> f64 {
        self.0.lock().unwrap().random()
    }
}

/// Seams of one replica; the higher numbers have the worse clocks.
pub(super) fn seams(seed: u64, number: u8) -> Seams {
    let offset_seconds = i64::from(number) * 86_400;
    let clock = WrongClock { start: Instant::now(), offset_seconds, stands_still: number % 2 == 1 };
    let random = StdRng::seed_from_u64(seed ^ u64::from(number));
    Seams { clock: Arc::new(clock), randomness: Arc::new(Seeded(Mutex::new(random))), ..Seams::default() }
}

/// An elector with the default times.
pub(super) fn elector(client: Client, identity: &str, seams: Seams) -> (Elector, Term) {
    let (namespace, identity) = ("azimage".to_owned(), identity.to_owned());
    Elector::new(client, Settings { namespace, identity, timing: Timing::default() }, seams, Metrics::new())
}
