//! The simulator without sockets: a state machine over requests and time.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use rand::RngCore;
use serde_json::{Value, json};

use crate::{
    arm::{
        address::Address,
        call::{Answer, Call, Reply},
        dispatch,
        error::ArmError,
        headers::{self, Limits},
        rights, versions,
    },
    clock::Moment,
    entra::Entra,
    faults::{
        Then,
        http::{HttpFaults, RequestFacts, Respond},
    },
    journal::{self, Journal, JournalEntry, JournalQuery},
    scenario::{Scenario, ScenarioError},
    world::World,
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
    /// A closed connection.
    Reset,
}

/// A simulated Azure: tenant, subscriptions, and everything in them.
///
/// Nothing in here reads a clock or draws randomness from outside: the same scenario and the same requests at the same moments
/// give the same answers.
pub struct Simulator {
    pub(crate) world: World,
    pub(crate) entra: Entra,
    pub(crate) faults: HttpFaults,
    pub(crate) fault_count: u64,
    journal: Journal,
    limits: Limits,
    retry_after: u32,
    time_factor: f64,
}

impl Simulator {
    /// A simulator with `scenario` in it. Simulated time begins at the scenario's `start`, or at `now`.
    ///
    /// # Errors
    /// The scenario contradicts itself; the message says where.
    pub fn new(scenario: &Scenario, now: Timestamp) -> Result<Self, ScenarioError> {
        let mut world = World::new(scenario.seed.unwrap_or(1), scenario.start.unwrap_or(now));
        let tenant = scenario.tenant.clone().unwrap_or_else(|| world.guid().to_string());
        let mut key = [0; 64];
        world.random.fill_bytes(&mut key);
        let mut simulator = Self {
            world,
            entra: Entra::new(tenant, key),
            faults: HttpFaults::default(),
            fault_count: 0,
            journal: Journal::default(),
            limits: Limits::default(),
            retry_after: 10,
            time_factor: 1.0,
        };
        simulator.add(scenario)?;
        Ok(simulator)
    }

    /// Simulated time as far as the simulator has seen it.
    pub fn now(&self) -> Timestamp {
        self.world.now
    }

    /// When something will happen next without a request: a driver of time may jump there.
    pub fn next_event(&self) -> Option<Timestamp> {
        self.world.next_event()
    }

    /// Lets everything happen that is due until `now` (simulated).
    pub fn advance(&mut self, now: Timestamp) {
        self.world.advance(now);
    }

    /// Simulated seconds in one real second; `Retry-After`, which callers wait in real time, is shortened by it.
    pub fn set_time_factor(&mut self, factor: f64) {
        self.time_factor = factor;
    }

    pub(crate) fn set_retry_after(&mut self, seconds: u32) {
        self.retry_after = seconds;
    }

    /// Entries of the journal.
    pub fn requests(&self, query: &JournalQuery) -> Vec<JournalEntry> {
        self.journal.find(query)
    }

    /// Answers one request. The base of addresses in answers is `https://` and the request's `Host`.
    pub fn handle(&mut self, request: &Request<Bytes>, at: Moment) -> Outcome {
        self.world.advance(at.simulated);
        let path = percent_decode_str(request.uri().path()).decode_utf8_lossy().into_owned();
        let address = Address::parse(request.uri().path());
        let token_request = path.ends_with("/oauth2/v2.0/token");
        let write = address.is_some() && !matches!(*request.method(), Method::GET | Method::HEAD);
        let facts = RequestFacts {
            method: request.method().to_string(),
            path: path.clone(),
            query: percent_decode_str(request.uri().query().unwrap_or_default()).decode_utf8_lossy().into_owned(),
            subscription: address.as_ref().map(|address| address.subscription.clone()),
            write,
        };
        let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let caller = self.entra.caller(text("authorization").as_deref(), at.real).ok();
        let mut entry = JournalEntry {
            seq: 0,
            real_time: at.real,
            simulated_time: self.world.now,
            method: facts.method.clone(),
            path,
            query: facts.query.split("&t=").next().unwrap_or_default().to_owned(),
            subscription: facts.subscription.clone(),
            write,
            principal: caller.map(|caller| caller.principal.client),
            correlation_id: text("x-ms-correlation-request-id"),
            client_request_id: text("x-ms-client-request-id"),
            body: journal::body(request.body(), token_request),
            status: None,
            applied: false,
            fault: None,
        };
        if let Some((fault, then)) = self.faults.before(&facts) {
            entry.fault = Some(fault);
            self.journal.add(entry);
            return outcome(fault, then, None);
        }
        let response = self.answer(request, address.as_ref(), at);
        entry.status = Some(response.status().as_u16());
        let succeeded = response.status().as_u16() < 400;
        entry.applied = write && succeeded;
        let after = self.faults.after(&facts, succeeded);
        entry.fault = after.as_ref().filter(|(_, then)| *then != Then::Pass).map(|(fault, _)| *fault);
        self.journal.add(entry);
        match after {
            None => Outcome::Answer(response),
            Some((fault, then)) => outcome(fault, then, Some(response)),
        }
    }

    fn answer(&mut self, request: &Request<Bytes>, address: Option<&Address>, at: Moment) -> Response<Bytes> {
        let host = request
            .uri()
            .authority()
            .map(|authority| authority.as_str().to_owned())
            .or_else(|| request.headers().get("host").and_then(|host| host.to_str().ok()).map(str::to_owned))
            .unwrap_or_else(|| "management.azure.com".to_owned());
        let base = format!("https://{host}");
        let trace = self.world.guid();
        let mut response = match address {
            Some(address) => self.arm(request, address, &base, at),
            None => self.other(request, &base, at, trace),
        };
        headers::common(&mut response, request.headers(), &trace.to_string(), self.world.now);
        response
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
                respond(StatusCode::OK, Some(&dispatch::metadata(base, &self.entra.tenant)), false)
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
                        let roles = caller.application.roles.as_deref();
                        let visible = |scope: &str| {
                            roles.is_none_or(|roles| {
                                roles.iter().any(|role| {
                                    role.scope == "/" || role.scope.to_lowercase().starts_with(&scope.to_lowercase())
                                })
                            })
                        };
                        let list = self.world.subscriptions_list(&self.entra.tenant, visible);
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

    fn arm(&mut self, request: &Request<Bytes>, address: &Address, base: &str, at: Moment) -> Response<Bytes> {
        let token = request.headers().get("authorization").and_then(|value| value.to_str().ok());
        let principal = match self.entra.caller(token, at.real) {
            Ok(caller) => caller.principal,
            Err(error) => {
                let mut response = refuse(&error);
                let challenge = format!(
                    "Bearer authorization_uri=\"{base}/{}\", error=\"invalid_token\", error_description=\"{}\"",
                    self.entra.tenant, error.message
                );
                headers::set(response.headers_mut(), "www-authenticate", &challenge);
                return response;
            }
        };
        let answer = self.authorized(request, address, base, &principal);
        let mut response = match &answer {
            Ok(reply) => {
                let compute = address.namespace.is_some() && !address.tags;
                let mut response = respond(reply.status, reply.body.as_ref(), compute);
                self.announce(&mut response, reply, base, request);
                response
            }
            Err(error) => refuse(error),
        };
        let now = self.world.now;
        self.limits.announce(response.headers_mut(), request.method(), address, &principal.client, now);
        let operation = format!(
            "tenantId={},objectId={}/westeurope/{}",
            self.entra.tenant,
            principal.object,
            response.headers().len()
        );
        headers::set(response.headers_mut(), "x-ms-operation-identifier", &operation);
        response
    }

    /// Everything between the token and the provider.
    fn authorized(
        &mut self,
        request: &Request<Bytes>,
        address: &Address,
        base: &str,
        principal: &crate::arm::call::Principal,
    ) -> Answer {
        let method = request.method();
        let query: BTreeMap<String, String> =
            url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes())
                .map(|(name, value)| (spelled(&name), value.into_owned()))
                .collect();
        let bad = |code: &str, text: String| Err(ArmError::new(StatusCode::BAD_REQUEST, code, text).by_arm());
        let Some(api_version) = query.get("api-version").filter(|version| !version.is_empty()) else {
            return bad(
                "MissingApiVersionParameter",
                "The api-version query parameter (?api-version=) is required for all requests.".to_owned(),
            );
        };
        if !self.world.subscriptions.contains_key(&address.subscription.to_lowercase()) {
            if address.subscription.parse::<uuid::Uuid>().is_err() {
                let text =
                    format!("The provided subscription identifier '{}' is malformed or invalid.", address.subscription);
                return bad("InvalidSubscriptionId", text);
            }
            return Err(crate::arm::groups::no_subscription(&address.subscription));
        }
        let action = rights::action(method, address);
        let scope = if address.is_collection() { address.parent().id() } else { address.id() };
        let roles = self.entra.application(&principal.client).and_then(|application| application.roles.clone());
        let allowed = |action: &str, scope: &str| rights::allows(roles.as_deref(), action, scope);
        if !allowed(&action, &scope) {
            return Err(ArmError::new(
                StatusCode::FORBIDDEN,
                "AuthorizationFailed",
                format!(
                    "The client '{}' with object id '{}' does not have authorization to perform action '{action}' over scope \
                     '{scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.",
                    principal.client, principal.object
                ),
            )
            .by_arm());
        }
        if address.group.is_none() && address.namespace.is_none() && address.types.is_empty() && !address.tags {
            return self.world.subscription_get(&address.subscription, &self.entra.tenant);
        }
        if address.group.is_some()
            && address.namespace.is_some()
            && !self.world.groups.contains_key(&address.group_key())
        {
            return Err(crate::arm::groups::no_group(address.group.as_deref().unwrap_or_default()));
        }
        let known =
            address.namespace.as_ref().is_none_or(|namespace| namespace.eq_ignore_ascii_case("Microsoft.Compute"));
        if !known {
            return Err(ArmError::new(
                StatusCode::CONFLICT,
                "MissingSubscriptionRegistration",
                format!(
                    "The subscription is not registered to use namespace '{}'. See https://aka.ms/rps-not-found for how to \
                     register subscriptions.",
                    address.namespace.as_deref().unwrap_or_default()
                ),
            )
            .by_arm());
        }
        if !address.tags && address.namespace.is_some() {
            versions::check(&address.kind(), &address.types.join("/"), api_version)?;
        }
        let body = body(request)?;
        let call = Call {
            method,
            address,
            query: &query,
            headers: request.headers(),
            body,
            principal,
            base,
            allowed: &allowed,
        };
        self.provider(&call)
    }

    /// The provider, seen through reads that lag.
    fn provider(&mut self, call: &Call<'_>) -> Answer {
        let key = call.address.key();
        let expand = call.query.get("$expand").cloned().unwrap_or_default();
        if call.method == Method::GET && !call.address.is_collection() {
            if self.world.faults.read_misses(&key) {
                return Err(crate::faults::domain::not_yet());
            }
            if let Some((status, body)) = self.world.faults.stale_answer(&key, &expand) {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
                return if status == StatusCode::NOT_FOUND {
                    Err(dispatch::not_found(call.address))
                } else {
                    Ok(Reply::new(status, body.unwrap_or_default()))
                };
            }
            return self.world.dispatch(call);
        }
        if call.method == Method::GET {
            return self.world.dispatch(call);
        }
        let target = if call.address.is_collection() { call.address.parent() } else { call.address.clone() };
        let lag = self.world.faults.stale_reads(&target.key());
        let before = (lag > 0).then(|| self.snapshot(call, &target));
        let answer = self.world.dispatch(call);
        if let Ok(reply) = &answer {
            if let Some(before) = before {
                self.world.faults.keep_stale(&target.key(), lag, before);
            }
            if reply.status == StatusCode::CREATED {
                self.world.faults.was_created(&key);
            }
        }
        answer
    }

    /// What reads of a resource answer now, by `$expand`.
    fn snapshot(&mut self, call: &Call<'_>, target: &Address) -> BTreeMap<String, (u16, Option<Value>)> {
        ["", "instanceView", "ReplicationStatus"]
            .into_iter()
            .map(|expand| {
                let mut query = call.query.clone();
                query.insert("$expand".to_owned(), expand.to_owned());
                let read = Call { method: &Method::GET, address: target, query: &query, body: Value::Null, ..*call };
                let seen = match self.world.dispatch(&read) {
                    Ok(reply) => (reply.status.as_u16(), reply.body),
                    Err(error) => (error.status.as_u16(), None),
                };
                (expand.to_owned(), seen)
            })
            .collect()
    }

    fn announce(&self, response: &mut Response<Bytes>, reply: &Reply, base: &str, request: &Request<Bytes>) {
        if let Some(etag) = &reply.etag {
            headers::set(response.headers_mut(), "etag", etag);
        }
        let Some(announced) = reply.announced else { return };
        let Some(operation) = self.world.operations.get(&announced.operation) else { return };
        let api_version = url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes())
            .find(|(name, _)| name.eq_ignore_ascii_case("api-version"))
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default();
        let signed = operation.signed_query(&self.world.certificate);
        let path = operation.path();
        let address = format!("{base}{path}?api-version={api_version}{signed}");
        let headers = response.headers_mut();
        headers::set(headers, "azure-asyncoperation", &address);
        headers::set(headers, "azure-asyncnotification", "Enabled");
        if announced.location {
            headers::set(headers, "location", &format!("{base}{path}?monitor=true&api-version={api_version}{signed}"));
        }
        if announced.retry_after && self.retry_after > 0 {
            let seconds = (f64::from(self.retry_after) / self.time_factor.max(0.001)).ceil().max(1.0);
            headers::set(headers, "retry-after", &format!("{seconds:.0}"));
        }
    }
}

/// `$expand` and its kind are compared without case; signed parameters keep theirs.
fn spelled(name: &str) -> String {
    ["api-version", "$expand", "$skiptoken", "monitor"]
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(name))
        .unwrap_or(name)
        .to_owned()
}

fn body(request: &Request<Bytes>) -> Result<Value, ArmError> {
    let bytes = request.body();
    let needed = matches!(*request.method(), Method::PUT | Method::PATCH);
    if bytes.is_empty() && !needed {
        return Ok(Value::Null);
    }
    let refuse = |text: String| ArmError::new(StatusCode::BAD_REQUEST, "InvalidRequestContent", text).by_arm();
    let value: Value = serde_json::from_slice(bytes).map_err(|error| {
        refuse(format!("The request content was invalid and could not be deserialized: '{error}'."))
    })?;
    if needed && !value.is_object() {
        return Err(refuse("The request content was invalid: a JSON object is expected.".to_owned()));
    }
    Ok(value)
}

/// An answer; Compute writes its bodies over several lines with carriage returns.
fn respond(status: StatusCode, body: Option<&Value>, pretty: bool) -> Response<Bytes> {
    let text = match body {
        None => String::new(),
        Some(body) if pretty => serde_json::to_string_pretty(body).unwrap_or_default().replace('\n', "\r\n"),
        Some(body) => body.to_string(),
    };
    let mut response = Response::new(Bytes::from(text));
    *response.status_mut() = status;
    if body.is_some() {
        headers::set(response.headers_mut(), "content-type", "application/json; charset=utf-8");
    }
    response
}

fn refuse(error: &ArmError) -> Response<Bytes> {
    let mut response = respond(error.status, Some(&error.envelope()), !error.gateway);
    if error.gateway {
        headers::set(response.headers_mut(), "x-ms-failure-cause", "gateway");
    }
    response
}

fn outcome(fault: u64, then: Then, response: Option<Response<Bytes>>) -> Outcome {
    match (then, response) {
        (Then::Respond(respond), _) => Outcome::Answer(made_up(&respond)),
        (Then::Hang, response) => Outcome::Hang { fault, response },
        (Then::DelaySeconds(seconds), Some(response)) => {
            Outcome::Delayed(Duration::try_from_secs_f64(seconds).unwrap_or_default(), response)
        }
        (Then::Pass, Some(response)) => Outcome::Answer(response),
        (Then::Reset | Then::DelaySeconds(_) | Then::Pass, _) => Outcome::Reset,
    }
}

fn made_up(respond: &Respond) -> Response<Bytes> {
    let text = match &respond.body {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        body => body.to_string(),
    };
    let mut response = Response::new(Bytes::from(text));
    *response.status_mut() = StatusCode::from_u16(respond.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut map = HeaderMap::new();
    headers::set(&mut map, "content-type", "application/json; charset=utf-8");
    for (name, value) in &respond.headers {
        headers::set(&mut map, name, value);
    }
    *response.headers_mut() = map;
    response
}
