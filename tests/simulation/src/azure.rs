//! The simulated Azure in process: a transport without sockets, on the virtual clock.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use azimage_azure::{
    BearerToken, TokenError, TokenErrorKind, TokenSource, Transport, TransportError, TransportErrorKind,
};
use azimage_simulator::{Outcome, Scenario, ScenarioError, Simulator, clock::Moment};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::Value;

use crate::{
    faults::{AzureFault, Faults},
    time::VirtualClock,
};

/// The address under which Azure is asked.
pub const HOST: &str = "https://azure.simulation";

/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(75);

/// The simulated Azure. Clones are the same.
#[derive(Clone)]
pub struct Azure {
    simulator: Arc<Mutex<Simulator>>,
    generalizations: Arc<Mutex<Vec<Generalization>>>,
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
        Ok(Self { simulator: Arc::new(Mutex::new(simulator)), generalizations: Arc::default(), clock })
    }

    /// The simulator, as it is now.
    pub fn simulator(&self) -> MutexGuard<'_, Simulator> {
        let mut simulator = self.simulator.lock().unwrap_or_else(PoisonError::into_inner);
        simulator.advance(self.clock.time());
        simulator
    }

    /// A source of tokens for one of the scenario's clients.
    pub fn tokens(&self, tenant: &str, client: &str, secret: &str) -> Tokens {
        let form =
            format!("grant_type=client_credentials&client_id={client}&client_secret={secret}&scope={HOST}/.default");
        Tokens {
            azure: self.clone(),
            address: format!("{HOST}/{tenant}/oauth2/v2.0/token"),
            form,
            held: Mutex::default(),
        }
    }

    /// What was true of each machine when it was about to be generalized by a request.
    pub fn generalizations(&self) -> Vec<Generalization> {
        self.generalizations.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A request arrives.
    pub(crate) fn handle(&self, request: &Request<Bytes>) -> Outcome {
        let mut simulator = self.simulator();
        if let Some(machine) = request.uri().path().strip_suffix("/generalize") {
            let before = simulator.state(machine).unwrap_or_default();
            let id = request.headers().get("x-ms-client-request-id").and_then(|id| id.to_str().ok());
            let seen = Generalization {
                machine: machine.to_owned(),
                request: id.unwrap_or_default().to_owned(),
                already: before["generalized"] == true,
                sealed: before["guest"]["deprovisioned"] == true,
            };
            self.generalizations.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
        }
        simulator.handle(request, Moment::at(self.clock.time()))
    }
}

/// A request to generalize a machine, and what was true before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generalization {
    /// The resource id.
    pub machine: String,
    /// The client's id of the request.
    pub request: String,
    /// The machine was generalized already.
    pub already: bool,
    /// Its guest was sealed.
    pub sealed: bool,
}

/// The way between the controller and Azure, on which things get lost.
pub struct Network {
    azure: Azure,
    faults: Faults,
}

impl Network {
    /// A way with faults.
    pub fn new(azure: Azure, faults: Faults) -> Self {
        Self { azure, faults }
    }
}

#[async_trait]
impl Transport for Network {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let fault = self.faults.azure();
        match fault {
            Some(AzureFault::Slow(span)) => tokio::time::sleep(span).await,
            Some(AzureFault::RequestLost) => {
                tokio::time::sleep(PATIENCE).await;
                return Err(failed(TransportErrorKind::TimedOut));
            }
            Some(AzureFault::Refused) => return Err(failed(TransportErrorKind::Connect)),
            Some(AzureFault::Status(code)) => return Ok(answer(code)),
            Some(AzureFault::CrashBefore) => return self.faults.crash().await,
            Some(AzureFault::AnswerLost | AzureFault::CrashAfter) | None => {}
        }
        let outcome = self.azure.handle(&request);
        if fault == Some(AzureFault::CrashAfter) {
            return self.faults.crash().await;
        }
        if fault == Some(AzureFault::AnswerLost) {
            return Err(failed(TransportErrorKind::Interrupted));
        }
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
}

fn failed(kind: TransportErrorKind) -> TransportError {
    let possibly_sent = kind != TransportErrorKind::Connect;
    TransportError { kind, possibly_sent, message: "the simulated network failed".to_owned() }
}

/// Answers in Azure's forms: a 429 of Resource Manager, and errors of a gateway.
fn answer(code: u16) -> Response<Bytes> {
    let body = match code {
        429 => {
            r#"{"error":{"code":"SubscriptionRequestsThrottled","message":"Number of 'write' requests for subscription actor exceeded. Please try again after '5' seconds after additional tokens are available."}}"#
        }
        _ => r#"{"error":{"code":"InternalServerError","message":"Encountered internal server error."}}"#,
    };
    let mut response = Response::new(Bytes::from_static(body.as_bytes()));
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if code == 429 {
        response.headers_mut().insert("retry-after", http::HeaderValue::from_static("5"));
    }
    response
}

/// Tokens straight from the simulated authority.
pub struct Tokens {
    azure: Azure,
    address: String,
    form: String,
    held: Mutex<Option<BearerToken>>,
}

#[async_trait]
impl TokenSource for Tokens {
    async fn token(&self) -> Result<BearerToken, TokenError> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.azure.clock.time();
        if let Some(token) = held.as_ref().filter(|token| token.expires().as_second() > now.as_second() + 300) {
            return Ok(token.clone());
        }
        let unusable = |what: &str| TokenError::new(TokenErrorKind::Unreachable, what.to_owned());
        let request = Request::post(&self.address)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("host", HOST.trim_start_matches("https://"))
            .body(Bytes::from(self.form.clone()))
            .map_err(|_| unusable("the request for a token can't be made"))?;
        let Outcome::Answer(response) = self.azure.handle(&request) else {
            return Err(unusable("the authority doesn't answer"));
        };
        let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        let (Some(secret), Some(lives)) = (body["access_token"].as_str(), body["expires_in"].as_i64()) else {
            return Err(unusable("the authority issues no token"));
        };
        let token = BearerToken::new(secret.to_owned(), now + Duration::from_secs(lives.unsigned_abs()));
        *held = Some(token.clone());
        Ok(token)
    }
}
