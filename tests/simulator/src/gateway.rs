//! Between the socket and the provider: token, api-version, subscription, rights, resource group, and reads that lag
//! (behaviour sections 1, 4 and 14).

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde_json::Value;

use crate::{
    arm::{
        address::Address,
        call::{Answer, Call, Principal, Reply, RetryAfter},
        error::ArmError,
        governance, groups, headers,
        refusals::not_found,
        response::{refuse, respond},
        rights::{self, Grant, Rights},
        throttle::{self, Verdict},
        versions,
    },
    clock::{Moment, http_date},
    dispatch,
    resources::{activity::Activity, operation::OperationType},
    simulator::Simulator,
};

impl Simulator {
    pub(crate) fn arm(
        &mut self,
        request: &Request<Bytes>,
        address: &Address,
        base: &str,
        at: Moment,
        trace: uuid::Uuid,
    ) -> (Response<Bytes>, Verdict) {
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
                return (response, Verdict::default());
            }
        };
        let mut verdict = self.throttled(request.method(), address, &principal.client);
        if let Some(mut response) = verdict.refusal.take() {
            verdict.announce(response.headers_mut());
            return (response, verdict);
        }
        let answer = self.authorized(request, address, base, &principal);
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let activity = self.activity(request, address, &principal, trace);
            self.resources.activity.answered(&activity, &answer, self.resources.now);
            self.resources.graph_changes();
        }
        let mut response = match &answer {
            Ok(reply) => {
                let compute = address.namespace.is_some() && !address.is_extension();
                let mut response = respond(reply.status, reply.body.as_ref(), compute);
                self.announce(&mut response, reply, base, request);
                response
            }
            Err(error) => refuse(error),
        };
        verdict.announce(response.headers_mut());
        let operation = format!(
            "tenantId={},objectId={}/westeurope/{}",
            self.entra.tenant,
            principal.object,
            self.resources.guid()
        );
        headers::set(response.headers_mut(), "x-ms-operation-identifier", &operation);
        headers::set(response.headers_mut(), "date", &http_date(self.resources.now));
        (response, verdict)
    }

    /// Counts the request against all its limits.
    fn throttled(&mut self, method: &Method, address: &Address, principal: &str) -> Verdict {
        let machine = throttle::resource(address);
        let known = self.resources.machines.get(&machine);
        let region = known.map(|machine| machine.location.clone()).unwrap_or_default();
        let limits = throttle::limits(method, address, principal, &region);
        self.limits.judge(&limits, principal, self.time_factor, self.resources.now)
    }

    /// Everything between the token and the provider.
    fn authorized(&mut self, request: &Request<Bytes>, address: &Address, base: &str, principal: &Principal) -> Answer {
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
        if !self.resources.subscriptions.contains_key(&address.subscription.to_lowercase()) {
            if address.subscription.parse::<uuid::Uuid>().is_err() {
                let text =
                    format!("The provided subscription identifier '{}' is malformed or invalid.", address.subscription);
                return bad("InvalidSubscriptionId", text);
            }
            return Err(crate::arm::refusals::no_subscription(&address.subscription));
        }
        let action = rights::action(method, address);
        let scope = if address.is_collection() { address.parent().id() } else { address.id() };
        let rights = self.rights(principal);
        let allowed = |action: &str, scope: &str| rights.allow(action, scope);
        if !allowed(&action, &scope) {
            return Err(rights::authorization_failed(principal, &action, &scope));
        }
        if address.group.is_none() && address.namespace.is_none() && address.types.is_empty() && !address.is_extension()
        {
            return groups::subscription(&self.resources, &address.subscription, &self.entra.tenant);
        }
        if address.group.is_some()
            && address.namespace.is_some()
            && !self.resources.groups.contains_key(&address.group_key())
        {
            return Err(crate::arm::refusals::no_group(address.group.as_deref().unwrap_or_default()));
        }
        let known = address.is_provider()
            || address.namespace.as_ref().is_none_or(|namespace| {
                ["Microsoft.Compute", "Microsoft.Network", "Microsoft.Insights"]
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(namespace))
            });
        if !known {
            return Err(governance::not_registered(address.namespace.as_deref().unwrap_or_default()));
        }
        if !address.is_provider() {
            self.resources.governance.registered(method, address)?;
        }
        if !address.is_extension() && address.namespace.is_some() {
            versions::check(&address.kind(), &address.types.join("/"), api_version)?;
        }
        let body = body(request)?;
        let tenant = self.entra.tenant.clone();
        let call = Call {
            method,
            address,
            query: &query,
            headers: request.headers(),
            body,
            principal,
            tenant: &tenant,
            base,
            allowed: &allowed,
        };
        self.resources.governance.check(&call)?;
        match &address.authorization {
            Some(extension) if extension.kind == "permissions" && extension.name.is_none() => {
                versions::check_authorization(&extension.kind, api_version)?;
                if method != Method::GET {
                    return Err(crate::arm::refusals::not_supported(&call));
                }
                Ok(Reply::new(StatusCode::OK, serde_json::json!({"value": rights.permissions(&scope)})))
            }
            Some(extension) => dispatch::extension(&mut self.resources, &self.entra, &call, extension),
            None => self.provider(&call),
        }
    }

    /// A write, for the activity log.
    fn activity(
        &self,
        request: &Request<Bytes>,
        address: &Address,
        principal: &Principal,
        trace: uuid::Uuid,
    ) -> Activity {
        let given = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let target = if address.is_collection() { address.parent() } else { address.clone() };
        Activity {
            action: rights::action(request.method(), address),
            resource: target.id(),
            subscription: address.subscription.clone(),
            group: address.group.clone(),
            namespace: address.namespace.clone(),
            types: target.types.join("/"),
            caller: principal.client.clone(),
            object: principal.object.clone(),
            tenant: self.entra.tenant.clone(),
            correlation: given("x-ms-correlation-request-id").unwrap_or_else(|| trace.to_string()),
            request: trace,
            client_request: given("x-ms-client-request-id"),
            method: request.method().to_string(),
        }
    }

    /// What the caller may do now.
    pub(crate) fn rights(&self, principal: &Principal) -> Rights {
        let roles = self.entra.application(&principal.client).map(|application| application.roles.as_deref());
        let Some(Some(roles)) = roles else { return Rights::Everything };
        let assigned = self.resources.roles.grants(&principal.object, self.resources.now);
        Rights::Only(roles.iter().map(Grant::from).chain(assigned).collect())
    }

    /// The provider, seen through reads that lag.
    fn provider(&mut self, call: &Call<'_>) -> Answer {
        let key = call.address.key();
        let expand = call.query.get("$expand").cloned().unwrap_or_default();
        if call.method == Method::GET && !call.address.is_collection() {
            if self.resources.faults.read_misses(&key) {
                return Err(crate::faults::domain::not_yet());
            }
            if let Some((status, body)) = self.resources.faults.stale_answer(&key, &expand) {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
                return if status == StatusCode::NOT_FOUND {
                    Err(not_found(call.address))
                } else {
                    Ok(Reply::new(status, body.unwrap_or_default()))
                };
            }
            return dispatch::call(&mut self.resources, call);
        }
        if call.method == Method::GET {
            return dispatch::call(&mut self.resources, call);
        }
        let target = if call.address.is_collection() { call.address.parent() } else { call.address.clone() };
        let lag = self.resources.faults.stale_reads(&target.key());
        let before = (lag > 0).then(|| self.snapshot(call, &target));
        let answer = dispatch::call(&mut self.resources, call);
        if let Ok(reply) = &answer {
            if let Some(before) = before {
                self.resources.faults.keep_stale(&target.key(), lag, before);
            }
            if reply.created || reply.status == StatusCode::CREATED {
                self.resources.was_created(&key);
                self.resources.faults.was_created(&key);
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
                let seen = match dispatch::call(&mut self.resources, &read) {
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
        let Some(async_operation) = reply.async_operation else { return };
        let Some(operation) = self.resources.operations.get(&async_operation.operation) else { return };
        let api_version = url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes())
            .find(|(name, _)| name.eq_ignore_ascii_case("api-version"))
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default();
        let signed = operation.signed_query(&self.resources.certificate);
        let path = operation.path();
        let address = format!("{base}{path}?api-version={api_version}{signed}");
        let headers = response.headers_mut();
        headers::set(headers, "azure-asyncoperation", &address);
        headers::set(headers, "azure-asyncnotification", "Enabled");
        if async_operation.location {
            let monitor = if operation.kind == OperationType::Network { "" } else { "monitor=true&" };
            let path = operation.location_path();
            headers::set(headers, "location", &format!("{base}{path}?{monitor}api-version={api_version}{signed}"));
        }
        let seconds = match async_operation.retry_after {
            RetryAfter::Never => 0,
            RetryAfter::Usual => self.retry_after,
            RetryAfter::Seconds(seconds) => seconds.min(self.retry_after),
        };
        if seconds > 0 {
            let seconds = (f64::from(seconds) / self.time_factor.max(0.001)).ceil().max(1.0);
            headers::set(headers, "retry-after", &format!("{seconds:.0}"));
        }
    }
}

/// `$expand` and its kind are compared without case; signed parameters keep theirs.
fn spelled(name: &str) -> String {
    const NAMES: [&str; 10] = [
        "api-version",
        "$expand",
        "$filter",
        "$select",
        "$skiptoken",
        "$top",
        "monitor",
        "forceDeletion",
        "bypassSoftDelete",
        "sasUriExpirationTimeInMinutes",
    ];
    NAMES.into_iter().find(|known| known.eq_ignore_ascii_case(name)).unwrap_or(name).to_owned()
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
