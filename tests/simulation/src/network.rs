//! The transport between one process and Azure, with the faults of a plan.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use azimage_azure::{
    AssertionSource, BearerToken, TokenError, TokenErrorKind, TokenSource, Transport, TransportError,
    TransportErrorKind,
};
use azimage_simulator::Outcome;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use secrecy::ExposeSecret;
use serde_json::Value;

use crate::{
    azure::{self, Azure, PATIENCE, failed},
    fault_rates::CallKind,
    plan::Fault,
    process_io::ProcessIo,
};

/// The transport between one process and Azure, which injects faults.
#[derive(Clone)]
pub struct Network {
    azure: Azure,
    io: ProcessIo,
    /// The last answers to reads, by address.
    last_answers: Arc<Mutex<BTreeMap<String, Response<Bytes>>>>,
}

impl Network {
    /// The transport of a process.
    pub fn new(azure: Azure, io: ProcessIo) -> Self {
        Self { azure, io, last_answers: Arc::default() }
    }

    async fn send_with_faults(self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let name = self.azure.named(&name(&request));
        let io = &self.io;
        let read = is_read(&request);
        io.record_call(&name, !read, azure::request_id(&request));
        let body = String::from_utf8_lossy(request.body());
        io.scheduler.wait_for_turn(format!("{} {name} {} {body}", io.replica, request.uri())).await;
        io.wait_while_paused().await;
        if io.partitioned.active_until().is_some() || io.outages.azure.active_until().is_some() {
            return Err(failed(TransportErrorKind::Connect));
        }
        let kind = if read { CallKind::AzureRead } else { CallKind::AzureWrite };
        let scheduled = io.faults.next_fault(io.replica, kind, &name);
        let mark_ineffective = || io.faults.mark_ineffective(scheduled.as_ref());
        let fault = scheduled.as_ref().map(|scheduled| scheduled.fault);
        match fault {
            Some(Fault::Slow(seconds)) => io.delay(Duration::from_secs(seconds.into()), &name).await,
            Some(Fault::RequestLost) => {
                tokio::time::sleep(PATIENCE).await;
                return Err(failed(TransportErrorKind::TimedOut));
            }
            Some(Fault::Late(seconds)) => {
                let this = self.clone();
                tokio::spawn(async move {
                    this.io.delay(Duration::from_secs(seconds.into()), &name).await;
                    this.deliver(&request, &name);
                });
                return Err(failed(TransportErrorKind::TimedOut));
            }
            Some(Fault::Refused) => return Err(failed(TransportErrorKind::Connect)),
            Some(Fault::Answer(code)) => return Ok(error_answer(code, request.method())),
            Some(Fault::Stale) => {
                let last_answers = self.last_answers.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(before) = last_answers.get(&request.uri().to_string()) {
                    return Ok(before.clone());
                }
                mark_ineffective();
            }
            Some(Fault::CrashBefore) => return io.crash.trigger_and_hang().await,
            Some(Fault::CrashWithin) => {
                io.crash.trigger();
                io.delay(Duration::from_millis(50), &name).await;
            }
            Some(Fault::Duplicate) => {
                self.deliver(&request, &name);
                io.delay(Duration::from_millis(20), &name).await;
            }
            Some(Fault::CrashAtPoll | Fault::Cut) => mark_ineffective(),
            Some(Fault::AnswerLost | Fault::CrashAfter | Fault::SaysSucceeded | Fault::SaysUnknown) | None => {}
        }
        let outcome = self.deliver(&request, &name);
        match fault {
            Some(Fault::CrashAfter) => return io.crash.trigger_and_hang().await,
            Some(Fault::CrashWithin) => return std::future::pending().await,
            Some(Fault::AnswerLost) => return Err(failed(TransportErrorKind::Interrupted)),
            _ => {}
        }
        let answer = azure::answer(outcome).await;
        let state = match fault {
            Some(Fault::SaysSucceeded) => Some("Succeeded"),
            Some(Fault::SaysUnknown) => Some("Hibernating"),
            _ => None,
        };
        let answer = match (state, answer) {
            (Some(state), Ok(response)) => Ok(with_state(state, &response).unwrap_or_else(|| {
                mark_ineffective();
                response
            })),
            (_, answer) => answer,
        };
        io.wait_while_paused().await;
        if let (true, Ok(response)) = (read, &answer) {
            let mut last_answers = self.last_answers.lock().unwrap_or_else(PoisonError::into_inner);
            last_answers.insert(request.uri().to_string(), response.clone());
        }
        answer
    }

    /// Delivers the request to Azure, where it takes effect.
    fn deliver(&self, request: &Request<Bytes>, name: &str) -> Outcome {
        let outcome = self.azure.handle(request);
        let status = match &outcome {
            Outcome::Answer(response) | Outcome::Delayed(_, response) => response.status().as_u16(),
            _ => 0,
        };
        let text = format!("replica {}: {name} {status}", self.io.replica);
        if is_read(request) {
            self.io.faults.history.record_read(text);
        } else {
            self.io.faults.history.record(text);
        }
        outcome
    }
}

#[async_trait]
impl Transport for Network {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        // A request that was sent arrives even if its client is gone.
        let id = azure::request_id(&request).map(str::to_owned);
        let sent = tokio::spawn(self.clone().send_with_faults(request)).await;
        let answer = sent.unwrap_or_else(|_| Err(failed(TransportErrorKind::Interrupted)));
        if let Ok(response) = &answer {
            self.io.faults.record_answer(id.as_deref(), response.status().as_u16());
        }
        answer
    }
}

/// Whether a request changes nothing. Two that are posted only read.
pub(crate) fn is_read(request: &Request<Bytes>) -> bool {
    let reads = ["/retrieveBootDiagnosticsData", "/providers/Microsoft.ResourceGraph/resources"];
    request.method() == http::Method::GET || reads.iter().any(|path| request.uri().path().ends_with(path))
}

/// The name of a call in plans: without the subscription, and without random ids.
fn name(request: &Request<Bytes>) -> String {
    let path = request.uri().path();
    if path.ends_with(".serialconsole.log") {
        return format!("azure {} serialconsole.log", request.method());
    }
    let providers = ["/Microsoft.Compute/", "/Microsoft.Network/"];
    let after = |provider: &&str| path.split_once(*provider).map(|(_, rest)| rest);
    let short = providers.iter().find_map(after).unwrap_or(path);
    let parts: Vec<&str> =
        short.split('/').map(|part| if uuid::Uuid::parse_str(part).is_ok() { "*" } else { part }).collect();
    format!("azure {} {}", request.method(), parts.join("/"))
}

/// The answer with another state, if it shows a resource that is being updated.
fn with_state(state: &str, response: &Response<Bytes>) -> Option<Response<Bytes>> {
    let mut body: Value = serde_json::from_slice(response.body()).ok()?;
    let said = body.pointer_mut("/properties/provisioningState").filter(|said| **said == "Updating")?;
    *said = Value::from(state);
    let mut changed = response.clone();
    *changed.body_mut() = Bytes::from(body.to_string());
    Some(changed)
}

/// Error answers in the forms of Resource Manager, a resource provider, and a gateway.
fn error_answer(code: u16, method: &Method) -> Response<Bytes> {
    let body = match code {
        404 => {
            r#"{"error":{"code":"ResourceNotFound","message":"The Resource was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"}}"#
        }
        // The form in which Compute refuses an action on a machine.
        409 if method == Method::POST => {
            r#"{"error":{"code":"OperationNotAllowed","message":"The machine is being changed by another operation."}}"#
        }
        409 => {
            r#"{"error":{"code":"Conflict","message":"The request failed due to conflict with a concurrent request."}}"#
        }
        429 => {
            r#"{"error":{"code":"SubscriptionRequestsThrottled","message":"Number of 'write' requests for subscription actor exceeded. Please try again after '5' seconds after additional tokens are available."}}"#
        }
        502 => "<html><body><h1>502 Bad Gateway</h1></body></html>",
        503 => "",
        _ => r#"{"error":{"code":"InternalServerError","message":"Encountered internal server error."}}"#,
    };
    let mut response = Response::new(Bytes::from_static(body.as_bytes()));
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if code == 429 {
        response.headers_mut().insert("retry-after", http::HeaderValue::from_static("5"));
    }
    response
}

/// The name of a request for a token in plans.
const TOKEN: &str = "azure token";

const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The proof of an identity.
pub enum Proof {
    /// A client secret.
    Secret(&'static str),
    /// Tokens of an issuer that the identity trusts.
    Assertions(Arc<dyn AssertionSource>),
}

/// Tokens straight from the simulated authority.
pub struct Tokens {
    azure: Azure,
    io: ProcessIo,
    tenant: String,
    client: String,
    proof: Proof,
    held: Mutex<Option<BearerToken>>,
}

impl Tokens {
    /// A source of tokens for one of the scenario's clients.
    pub fn new(azure: Azure, io: ProcessIo, tenant: &str, client: &str, proof: Proof) -> Self {
        let (tenant, client) = (tenant.to_owned(), client.to_owned());
        Self { azure, io, tenant, client, proof, held: Mutex::default() }
    }
}

#[async_trait]
impl TokenSource for Tokens {
    async fn token(&self) -> Result<BearerToken, TokenError> {
        let now = self.azure.clock.time();
        {
            let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(token) = held.as_ref().filter(|token| token.expires().as_second() > now.as_second() + 300) {
                return Ok(token.clone());
            }
        }
        let proof = match &self.proof {
            Proof::Secret(secret) => format!("client_secret={secret}"),
            Proof::Assertions(source) => {
                format!(
                    "client_assertion_type={ASSERTION}&client_assertion={}",
                    source.assertion().await?.expose_secret()
                )
            }
        };
        let unusable = |what: &str| TokenError::new(TokenErrorKind::Unreachable, what.to_owned());
        self.io.record_call(TOKEN, false, None);
        self.io.scheduler.wait_for_turn(format!("{} token", self.io.replica)).await;
        self.io.wait_while_paused().await;
        if self.io.partitioned.active_until().is_some() || self.io.outages.azure.active_until().is_some() {
            return Err(unusable("no connection to the authority"));
        }
        match self.io.faults.next_fault(self.io.replica, CallKind::Token, TOKEN).map(|scheduled| scheduled.fault) {
            Some(Fault::Slow(seconds)) => self.io.delay(Duration::from_secs(seconds.into()), "token").await,
            Some(Fault::CrashBefore) => return self.io.crash.trigger_and_hang().await,
            Some(_) => return Err(unusable("the authority doesn't answer")),
            None => {}
        }
        let token = self.azure.token(&self.tenant, &format!("client_id={}&{proof}", self.client))?;
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        Ok(token)
    }
}
