//! The simulated Azure in process: a transport without sockets, on the virtual clock.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use azimage_azure::{
    BearerToken, Client, Cloud, TokenError, TokenErrorKind, TokenSource, Transport, TransportError, TransportErrorKind,
};
use azimage_simulator::{Outcome, Scenario, ScenarioError, Simulator, clock::Moment};
use bytes::Bytes;
use http::{Method, Request, Response};
use jiff::Timestamp;
use serde_json::Value;

use crate::{network::is_read, oracle, time::VirtualClock, world};

/// The address under which Azure is asked.
pub const HOST: &str = "https://azure.simulation";

/// How long a client waits for an answer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(75);

/// The simulated Azure. Clones share its state.
#[derive(Clone)]
pub struct Azure {
    simulator: Arc<Mutex<Simulator>>,
    writes: Arc<Mutex<Vec<Arrival>>>,
    /// The uids of the image versions, by their numbers.
    uids: Arc<OnceLock<BTreeMap<u8, String>>>,
    /// Azure's unique ids of all that was there in the beginning, by its resource id in small letters.
    first: Arc<BTreeMap<String, Value>>,
    pub(crate) clock: VirtualClock,
}

impl fmt::Debug for Azure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Azure").finish_non_exhaustive()
    }
}

impl Azure {
    /// An Azure with a scenario in it.
    ///
    /// # Errors
    /// The scenario contradicts itself.
    pub fn new(scenario: &Scenario, clock: VirtualClock) -> Result<Self, ScenarioError> {
        let simulator = Simulator::new(scenario, clock.time())?;
        let unique = |id: String| Some((id.to_lowercase(), unique_id(&simulator.state(&id)?)));
        let first = Arc::new(simulator.ids().into_iter().filter_map(unique).collect());
        let simulator = Arc::new(Mutex::new(simulator));
        Ok(Self { simulator, writes: Arc::default(), uids: Arc::default(), first, clock })
    }

    /// Whether something is the very thing that was there in the beginning under this id.
    pub(crate) fn is_first(&self, id: &str, state: &Value) -> bool {
        self.first.get(&id.to_lowercase()).is_some_and(|first| *first == unique_id(state))
    }

    /// The simulator, as it is now.
    pub fn simulator(&self) -> MutexGuard<'_, Simulator> {
        let mut simulator = self.simulator.lock().unwrap_or_else(PoisonError::into_inner);
        simulator.advance(self.clock.time());
        simulator
    }

    /// Makes known which uids the image versions have, by their numbers.
    pub fn set_uids(&self, uids: BTreeMap<u8, String>) {
        let _ = self.uids.set(uids);
    }

    /// The uid of the object of a version.
    pub fn uid(&self, number: u8) -> &str {
        self.uids.get().and_then(|uids| uids.get(&number)).map_or("unknown", String::as_str)
    }

    /// The resource id of a part of the copy of a version's machine, such as `snapshots` and `os-snapshot`.
    pub fn part(&self, number: u8, kind: &str, part: &str) -> String {
        world::temporary(self.uid(number), kind, part)
    }

    /// The resource id of the snapshot that is kept of a version's machine.
    pub fn kept(&self, number: u8) -> String {
        world::kept(self.uid(number))
    }

    /// The resource id of the copy of a version's machine.
    pub fn copy(&self, number: u8) -> String {
        self.part(number, "virtualMachines", "machine")
    }

    /// The text with the names of objects for their uids, where these are part of the name of what is made for them.
    pub(crate) fn named(&self, text: &str) -> String {
        let Some((before, rest)) = text.split_once("/azimage-") else { return text.to_owned() };
        let mut uids = self.uids.get().into_iter().flatten();
        let known = uids.find_map(|(number, uid)| Some((*number, rest.strip_prefix(uid.as_str())?)));
        known.filter(|(_, rest)| rest.starts_with('-')).map_or_else(
            || text.to_owned(),
            |(number, rest)| format!("{before}/azimage-{}{rest}", world::object(number)),
        )
    }

    /// A client of the scenario with its secret, `simulated`, and without faults between it and Azure.
    pub fn client(&self, tenant: &str, client: &str) -> Client {
        let proof = format!("client_id={client}&client_secret=simulated");
        let tokens = Tokens { azure: self.clone(), tenant: tenant.to_owned(), proof };
        Client::new(Arc::new(self.clone()), Arc::new(tokens), cloud())
    }

    /// A token from the simulated authority, for the client that `proof` proves.
    pub(crate) fn token(&self, tenant: &str, proof: &str) -> Result<BearerToken, TokenError> {
        let unusable = |what: &str| TokenError::new(TokenErrorKind::Unreachable, what.to_owned());
        let request = Request::post(format!("{HOST}/{tenant}/oauth2/v2.0/token"))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("host", HOST.trim_start_matches("https://"))
            .body(Bytes::from(format!("grant_type=client_credentials&scope={HOST}/.default&{proof}")))
            .map_err(|_| unusable("the request for a token can't be made"))?;
        let Outcome::Answer(response) = self.handle(&request) else {
            return Err(unusable("the authority doesn't answer"));
        };
        let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        let (Some(secret), Some(lifetime)) = (body["access_token"].as_str(), body["expires_in"].as_i64()) else {
            return Err(unusable("the authority issues no token"));
        };
        Ok(BearerToken::new(secret.to_owned(), self.clock.time() + Duration::from_secs(lifetime.unsigned_abs())))
    }

    /// The controller's writes to machines, versions, and parts of copies that arrived, in their order.
    pub fn writes(&self) -> Vec<Arrival> {
        self.writes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A request arrives.
    pub(crate) fn handle(&self, request: &Request<Bytes>) -> Outcome {
        let mut simulator = self.simulator();
        let now = self.clock.time();
        let path = request.uri().path();
        // Operators' requests have no ids.
        let controls = !is_read(request) && request_id(request).is_some();
        let Some(resource) = subject(path).filter(|_| controls) else {
            return simulator.handle(request, Moment::at(now));
        };
        let before = simulator.state(resource).unwrap_or_default();
        let complete = world::version_of_what_belongs(resource).is_some_and(|version| {
            simulator
                .state(&version)
                .is_some_and(|version| oracle::complete(&version).iter().any(|it| it == world::HOME))
        });
        let outcome = simulator.handle(request, Moment::at(now));
        let arrival = Arrival {
            time: now,
            id: request_id(request).unwrap_or_default().to_owned(),
            method: request.method().clone(),
            path: path.to_owned(),
            resource: resource.to_owned(),
            applied: matches!(&outcome, Outcome::Answer(it) | Outcome::Delayed(_, it) if it.status().is_success()),
            before,
            is_complete: complete,
            after: simulator.state(resource).unwrap_or_default(),
        };
        self.writes.lock().unwrap_or_else(PoisonError::into_inner).push(arrival);
        outcome
    }
}

/// Azure's own unique id of a machine, a disk, or something of a network.
fn unique_id(state: &Value) -> Value {
    ["vmId", "uniqueId", "guid"].iter().map(|name| state[*name].clone()).find(|id| !id.is_null()).unwrap_or_default()
}

/// The id of a request, if it is the controller's.
pub(crate) fn request_id(request: &Request<Bytes>) -> Option<&str> {
    request.headers().get("x-ms-client-request-id")?.to_str().ok()
}

/// What a path is about: a machine, a version, or a part of the copy of a machine.
fn subject(path: &str) -> Option<&str> {
    const KINDS: [&str; 8] = [
        "/virtualMachines/",
        "/versions/",
        "/snapshots/",
        "/restorePointCollections/",
        "/disks/",
        "/networkSecurityGroups/",
        "/networkInterfaces/",
        "/publicIPAddresses/",
    ];
    let after = |part: &&str| path.find(*part).map(|at| at + part.len());
    let name = KINDS.iter().find_map(after)?;
    Some(path[name..].find('/').map_or(path, |end| &path[..name + end]))
}

/// A write that arrived, and the resource before and after it.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrival {
    /// When.
    pub time: Timestamp,
    /// Its `x-ms-client-request-id`.
    pub id: String,
    /// The method.
    pub method: Method,
    /// The path.
    pub path: String,
    /// The resource id of what it is about.
    pub resource: String,
    /// Whether it took effect.
    pub applied: bool,
    /// That resource before; null if there was none.
    pub before: Value,
    /// Whether it belongs to a machine whose version was complete in its home region.
    pub is_complete: bool,
    /// And after.
    pub after: Value,
}

/// The simulated Azure with nothing in between.
#[async_trait]
impl Transport for Azure {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        answer(self.handle(&request)).await
    }
}

/// What a client receives for the outcome of its request.
pub(crate) async fn answer(outcome: Outcome) -> Result<Response<Bytes>, TransportError> {
    match outcome {
        Outcome::Answer(response) => Ok(response),
        Outcome::Delayed(span, response) => {
            tokio::time::sleep(span).await;
            Ok(response)
        }
        Outcome::Hang { .. } => {
            tokio::time::sleep(PATIENCE).await;
            Err(failed(TransportErrorKind::TimedOut))
        }
        Outcome::Wire(..) | Outcome::Reset => Err(failed(TransportErrorKind::Interrupted)),
    }
}

/// No answer came.
pub(crate) fn failed(kind: TransportErrorKind) -> TransportError {
    let possibly_sent = kind != TransportErrorKind::Connect;
    TransportError { kind, possibly_sent, message: "the simulated network failed".to_owned() }
}

/// The address of Azure, as clients know it.
pub(crate) fn cloud() -> Cloud {
    Cloud::custom(HOST, HOST, format!("{HOST}/.default")).unwrap_or_else(|_| Cloud::public())
}

/// Tokens for one of the scenario's clients, new ones each time.
struct Tokens {
    azure: Azure,
    tenant: String,
    proof: String,
}

#[async_trait]
impl TokenSource for Tokens {
    async fn token(&self) -> Result<BearerToken, TokenError> {
        self.azure.token(&self.tenant, &self.proof)
    }

    async fn replace(&self, _refused: &BearerToken) -> Result<BearerToken, TokenError> {
        self.token().await
    }
}
