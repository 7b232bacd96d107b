//! The simulator without sockets: a state machine over requests and time.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use rand::RngCore;
use serde_json::json;

use crate::{
    answer::outcome,
    arm::{
        address::Address,
        endpoints::endpoints,
        error::ArmError,
        groups, headers,
        response::{refuse, respond},
        throttle::{Limits, ThrottlingCounts, Verdict},
    },
    clock::Moment,
    compute::machine::{self, boot_diagnostics},
    credentials::{ClientCredentials, Credentials},
    dispatch,
    entra::{self, Entra},
    faults::{
        Then, Wire,
        http::{HttpFaults, RequestFacts},
    },
    graph,
    journal::{self, Journal, JournalEntry, JournalQuery},
    resources::{Resources, exposure::Exposure},
    scenario::{Scenario, ScenarioError, Throttling},
};

/// What the caller of a request gets.
#[derive(Debug)]
pub enum Outcome {
    /// This answer, now.
    Answer(Response<Bytes>),
    /// This answer, after some real time.
    Delayed(Duration, Response<Bytes>),
    /// Nothing while the fault exists; then the answer, or a closed connection where there is none.
    Hang {
        /// The fault; see [`Simulator::fault_exists`].
        fault: u64,
        /// The answer of a request that was carried out.
        response: Option<Response<Bytes>>,
    },
    /// This answer, with its bytes spoilt; without sockets it is no answer.
    Wire(Wire, Response<Bytes>),
    /// A closed connection.
    Reset,
}

/// A simulated Azure: tenant, subscriptions, and everything in them.
///
/// Nothing in here reads a clock or draws randomness from outside: the same scenario and the same requests at the same moments
/// give the same answers.
pub struct Simulator {
    pub(crate) resources: Resources,
    pub(crate) entra: Entra,
    pub(crate) faults: HttpFaults,
    pub(crate) fault_count: u64,
    journal: Journal,
    credentials: Credentials,
    pub(crate) limits: Limits,
    pub(crate) graph_quota: graph::Quota,
    pub(crate) retry_after: u32,
    pub(crate) time_factor: f64,
}

impl Simulator {
    /// A simulator with `scenario` in it. Simulated time begins at the scenario's `start`, or at `now`.
    ///
    /// # Errors
    /// The scenario contradicts itself; the message says where.
    pub fn new(scenario: &Scenario, now: Timestamp) -> Result<Self, ScenarioError> {
        let mut resources = Resources::new(scenario.seed.unwrap_or(1), scenario.start.unwrap_or(now));
        let tenant = scenario.tenant.clone().unwrap_or_else(|| resources.guid().to_string());
        let mut key = [0; 64];
        resources.random.fill_bytes(&mut key);
        let mut simulator = Self {
            resources,
            entra: Entra::new(tenant, key),
            faults: HttpFaults::default(),
            fault_count: 0,
            journal: Journal::default(),
            credentials: Credentials::default(),
            limits: Limits::default(),
            graph_quota: graph::Quota::default(),
            retry_after: 10,
            time_factor: 1.0,
        };
        simulator.add(scenario)?;
        Ok(simulator)
    }

    /// Simulated time as far as the simulator has seen it.
    pub fn now(&self) -> Timestamp {
        self.resources.now
    }

    /// When something will happen next without a request: a driver of time may jump there.
    pub fn next_event(&self) -> Option<Timestamp> {
        self.resources.next_event()
    }

    /// Lets everything happen that is due until `now` (simulated).
    pub fn advance(&mut self, now: Timestamp) {
        dispatch::advance(&mut self.resources, now);
    }

    /// Simulated seconds in one real second; `Retry-After`, which callers wait in real time, is shortened by it.
    pub fn set_time_factor(&mut self, factor: f64) {
        self.time_factor = factor;
    }

    pub(crate) fn set_retry_after(&mut self, seconds: u32) {
        self.retry_after = seconds;
    }

    /// How tight the limits are.
    pub fn throttling(&self) -> Throttling {
        self.limits.throttling
    }

    /// Makes the limits tighter or wider from now on.
    ///
    /// # Errors
    /// The factor is not a positive number.
    pub fn set_throttling(&mut self, throttling: Throttling) -> Result<(), String> {
        self.limits.throttling = throttling.check()?;
        Ok(())
    }

    /// What became of the requests, by the name of the limit that they count against.
    pub fn throttling_counts(&self) -> &BTreeMap<String, ThrottlingCounts> {
        self.limits.counts()
    }

    /// Entries of the journal.
    pub fn requests(&self, query: &JournalQuery) -> Vec<JournalEntry> {
        self.journal.find(query)
    }

    /// Machines that ran while their network was open, the first one first: from their start, or since it was opened. A network is
    /// closed where the security group of the interface or of its subnet denies everything in both directions and there is no
    /// public address; a machine without interfaces is closed, too.
    pub fn exposures(&self) -> &[Exposure] {
        &self.resources.exposures
    }

    /// The access tokens that were given to an application, and the assertions that were shown for it.
    pub fn credentials(&self, client: &str) -> ClientCredentials {
        self.credentials.of(client)
    }

    /// Answers one request. The base of addresses in answers is `https://` and the request's `Host`.
    pub fn handle(&mut self, request: &Request<Bytes>, at: Moment) -> Outcome {
        self.exchange(request, at, false)
    }

    /// Answers one request to the metadata service of a machine, whose identities those are that the scenario says.
    pub fn handle_metadata(&mut self, request: &Request<Bytes>, at: Moment) -> Outcome {
        self.exchange(request, at, true)
    }

    fn exchange(&mut self, request: &Request<Bytes>, at: Moment, metadata: bool) -> Outcome {
        dispatch::advance(&mut self.resources, at.simulated);
        let path = percent_decode_str(request.uri().path()).decode_utf8_lossy().into_owned();
        let address = Address::parse(request.uri().path());
        let token_request = path.ends_with("/oauth2/v2.0/token");
        let reads = |address: &Address| boot_diagnostics::only_reads(request.method(), &address.kind());
        let write = address.as_ref().is_some_and(|address| !reads(address));
        let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let caller = self.entra.caller(text("authorization").as_deref(), at.real).ok();
        let principal = caller.map(|caller| caller.principal.client);
        let facts = RequestFacts {
            method: request.method().to_string(),
            path: path.clone(),
            query: percent_decode_str(request.uri().query().unwrap_or_default()).decode_utf8_lossy().into_owned(),
            subscription: address.as_ref().map(|address| address.subscription.clone()),
            client: principal.clone().or_else(|| token_request.then(|| entra::client(request.body())).flatten()),
            write,
        };
        let mut entry = JournalEntry {
            seq: 0,
            real_time: at.real,
            simulated_time: self.resources.now,
            method: facts.method.clone(),
            path,
            query: journal::query(&facts.query),
            subscription: facts.subscription.clone(),
            write,
            principal,
            correlation_id: text("x-ms-correlation-request-id"),
            client_request_id: text("x-ms-client-request-id"),
            body: journal::body(request.body(), token_request),
            status: None,
            applied: false,
            fault: None,
            throttled: None,
            inside_told_pause: false,
            lagging: false,
        };
        if token_request {
            self.credentials.record_request(request.body());
        }
        if let Some((fault, then)) = self.faults.before(&facts) {
            entry.fault = Some(fault);
            self.journal.add(entry);
            return outcome(fault, then, request, None);
        }
        let (response, verdict) = if metadata {
            let base = "https://login.microsoftonline.com";
            (self.entra.metadata_service(request, base, at.real), Verdict::default())
        } else {
            self.answer(request, address.as_ref(), at)
        };
        if token_request || metadata {
            let client = if metadata { None } else { facts.client.as_deref() };
            self.credentials.record_answer(client, response.body());
        }
        entry.throttled = verdict.class;
        entry.inside_told_pause = verdict.inside_told_pause;
        entry.lagging = self.resources.faults.take_lagging();
        entry.status = Some(response.status().as_u16());
        let succeeded = response.status().as_u16() < 400;
        entry.applied = write && succeeded;
        let after = self.faults.after(&facts, succeeded);
        entry.fault = after.as_ref().filter(|(_, then)| *then != Then::Pass).map(|(fault, _)| *fault);
        self.journal.add(entry);
        match after {
            None => Outcome::Answer(response),
            Some((fault, then)) => outcome(fault, then, request, Some(response)),
        }
    }

    fn answer(
        &mut self,
        request: &Request<Bytes>,
        address: Option<&Address>,
        at: Moment,
    ) -> (Response<Bytes>, Verdict) {
        let host = request
            .uri()
            .authority()
            .map(|authority| authority.as_str().to_owned())
            .or_else(|| request.headers().get("host").and_then(|host| host.to_str().ok()).map(str::to_owned))
            .unwrap_or_else(|| "management.azure.com".to_owned());
        let base = format!("https://{host}");
        let trace = self.resources.guid();
        let (mut response, verdict) = match address {
            Some(address) => self.arm(request, address, &base, at, trace),
            None => (self.other(request, &base, at, trace), Verdict::default()),
        };
        headers::common(&mut response, request.headers(), &trace.to_string(), self.resources.now);
        (response, verdict)
    }

    /// Everything that is not below one subscription.
    fn other(&mut self, request: &Request<Bytes>, base: &str, at: Moment, trace: uuid::Uuid) -> Response<Bytes> {
        let path = request.uri().path().trim_matches('/').to_lowercase();
        let segments: Vec<&str> = path.split('/').collect();
        match segments.as_slice() {
            [tenant, "oauth2", "v2.0", "token"] if request.method() == Method::POST => {
                let form = String::from_utf8_lossy(request.body());
                let (status, body) = self.entra.token(base, tenant, &form, at.real, trace);
                respond(status, Some(&body), false)
            }
            [_, "v2.0", ".well-known", "openid-configuration"] => {
                respond(StatusCode::OK, Some(&self.entra.openid_configuration(base)), false)
            }
            [_, "discovery", "v2.0", "keys"] => respond(StatusCode::OK, Some(&json!({"keys": []})), false),
            ["common", "discovery", "instance"] => respond(
                StatusCode::OK,
                Some(&json!({
                    "tenant_discovery_endpoint": format!("{base}/{}/v2.0/.well-known/openid-configuration", self.entra.tenant),
                    "api-version": "1.1",
                    "metadata": [],
                })),
                false,
            ),
            ["metadata", "endpoints"] => {
                let version = api_version(request).unwrap_or_default();
                respond(StatusCode::OK, Some(&endpoints(base, &self.entra.tenant, &version)), false)
            }
            [boot_diagnostics::BLOBS, ..] => machine::boot_diagnostics::blob(&self.resources, request),
            ["providers", "microsoft.resourcegraph", "resources"] if request.method() == Method::POST => {
                let token = request.headers().get("authorization").and_then(|value| value.to_str().ok());
                match self.entra.caller(token, at.real) {
                    Err(error) => refuse(&error),
                    Ok(caller) => {
                        let principal = caller.principal;
                        let rights = self.rights(&principal);
                        let version = api_version(request);
                        let caller = (&principal, &rights);
                        graph::answer(
                            &self.resources,
                            &mut self.graph_quota,
                            caller,
                            version.as_deref(),
                            request.body(),
                        )
                    }
                }
            }
            ["subscriptions" | "tenants"] => {
                let token = request.headers().get("authorization").and_then(|value| value.to_str().ok());
                match self.entra.caller(token, at.real) {
                    Err(error) => refuse(&error),
                    Ok(_) if path == "tenants" => {
                        let tenant = &self.entra.tenant;
                        let body = json!({"value": [{"id": format!("/tenants/{tenant}"), "tenantId": tenant}]});
                        respond(StatusCode::OK, Some(&body), false)
                    }
                    Ok(caller) => {
                        let rights = self.rights(&caller.principal);
                        let visible = |scope: &str| rights.reach(scope);
                        let list = groups::subscriptions(&self.resources, &self.entra.tenant, visible);
                        respond(StatusCode::OK, Some(&list), false)
                    }
                }
            }
            _ => refuse(
                &ArmError::new(StatusCode::NOT_FOUND, "NotFound", format!("The simulator does not know '/{path}'."))
                    .by_arm(),
            ),
        }
    }
}

fn api_version(request: &Request<Bytes>) -> Option<String> {
    url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes())
        .find(|(name, _)| name.eq_ignore_ascii_case("api-version"))
        .map(|(_, value)| value.into_owned())
}
