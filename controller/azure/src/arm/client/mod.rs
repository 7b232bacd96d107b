//! Sending typed calls and reading their answers.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use url::Url;

use crate::{
    arm::call::{Call, RandomRequestIds, RequestIds},
    arm::classify::classify,
    arm::cloud::Cloud,
    arm::error::{Error, ErrorKind, Exchange, Parts},
    arm::json,
    arm::operation::OperationUrl,
    arm::retry_after::retry_after,
    http::transport::{Transport, TransportError, TransportErrorKind},
    identity::credential::{BearerToken, TokenSource},
    identity::token_error::TokenError,
    throttle::{Ask, Budgets, Flight, RequestClass},
};

const CORRELATION_ID: HeaderName = HeaderName::from_static("x-ms-correlation-request-id");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-client-request-id");
const ASYNC_OPERATION: HeaderName = HeaderName::from_static("azure-asyncoperation");

/// Lists are read to their end, but not without one.
const MOST_PAGES: usize = 100;

/// Calls to Azure Resource Manager. Cheap to clone.
///
/// A call is sent once. Only an answer of 401, which proves that nothing was done, is followed by a second attempt
/// with a fresh token.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    transport: Arc<dyn Transport>,
    tokens: Arc<dyn TokenSource>,
    cloud: Cloud,
    request_ids: Arc<dyn RequestIds>,
    budgets: Budgets,
    principal: Arc<str>,
}

/// A write that Azure has accepted. It says nothing about how the write ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The HTTP status: 200, 201, 202, or 204 for the deletion of what is not there.
    pub status: u16,
    /// Where to read how the operation goes, if Azure runs one and says where.
    pub operation: Option<OperationUrl>,
    /// How long to wait before the first look, if Azure asks for it. Gallery writes never do (recorded azure-cli
    /// exchange, 2026).
    pub retry_after: Option<Duration>,
    /// Whether the answer is surely Azure's: it has the resource, or an operation of Resource Manager. What stands in
    /// between may say 200 to a write that it let through to nobody.
    pub proven: bool,
}

/// Whether an answer has the resource of a path in it.
fn is_of(body: &[u8], path: &str) -> bool {
    let answer = serde_json::from_slice::<serde_json::Value>(body).ok();
    let id = answer.as_ref().and_then(|answer| answer.get("id")?.as_str());
    id.is_some_and(|id| id.eq_ignore_ascii_case(path))
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").field("cloud", &self.0.cloud).finish_non_exhaustive()
    }
}

impl Client {
    /// A client with random request ids and budgets of its own.
    pub fn new(transport: Arc<dyn Transport>, tokens: Arc<dyn TokenSource>, cloud: Cloud) -> Self {
        let (request_ids, principal) = (Arc::new(RandomRequestIds), Arc::from(""));
        Self(Arc::new(Inner { transport, tokens, cloud, request_ids, budgets: Budgets::default(), principal }))
    }

    /// The same client with request ids from elsewhere, for reproducible runs.
    #[must_use]
    pub fn with_request_ids(self, request_ids: Arc<dyn RequestIds>) -> Self {
        Self(Arc::new(Inner { request_ids, ..Inner::clone(&self.0) }))
    }

    /// The same client with shared budgets. `principal` names the identity behind its tokens: Azure counts the requests
    /// of each identity apart (behaviour section 23), and two clients of one identity give the same name.
    #[must_use]
    pub fn with_budgets(self, budgets: Budgets, principal: &str) -> Self {
        Self(Arc::new(Inner { budgets, principal: Arc::from(principal), ..Inner::clone(&self.0) }))
    }

    /// The name of the identity behind the tokens, as given with the budgets.
    pub fn principal(&self) -> &str {
        &self.0.principal
    }

    /// The cloud this client speaks to.
    pub fn cloud(&self) -> &Cloud {
        &self.0.cloud
    }

    pub(crate) fn exchange(call: &Call, method: &Method, subject: &impl fmt::Display) -> Exchange {
        Exchange {
            method: method.clone(),
            changes: *method != Method::GET,
            subject: subject.to_string(),
            correlation_id: call.correlation_id,
            namespace: call.namespace.clone(),
            object: call.object.clone(),
            urgency: call.urgency,
        }
    }

    /// The URL of a resource or of one of its actions; `query` comes before the api-version, or is empty.
    fn url(&self, path: &str, query: &str, api_version: &str) -> Url {
        let mut url = self.0.cloud.resource_manager().clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}{path}"));
        let separator = if query.is_empty() { "" } else { "&" };
        url.set_query(Some(&format!("{query}{separator}api-version={api_version}")));
        url
    }

    /// Reads one resource.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        call: &Call,
        id: &impl fmt::Display,
        query: &str,
        api_version: &str,
    ) -> Result<T, Error> {
        self.get_dated(call, id, query, api_version).await.map(|(resource, _)| resource)
    }

    /// Reads one resource, and when Azure says that it answered.
    pub(crate) async fn get_dated<T: DeserializeOwned>(
        &self,
        call: &Call,
        id: &impl fmt::Display,
        query: &str,
        api_version: &str,
    ) -> Result<(T, Option<Timestamp>), Error> {
        let exchange = Self::exchange(call, &Method::GET, id);
        let reply = self.send(exchange, self.url(&id.to_string(), query, api_version), None, None).await?;
        Ok((reply.read()?, reply.date()))
    }

    /// Asks by an action that changes nothing.
    pub(crate) async fn ask<T: DeserializeOwned>(
        &self,
        call: &Call,
        path: &str,
        query: &str,
        api_version: &str,
    ) -> Result<T, Error> {
        let exchange = Exchange { changes: false, ..Self::exchange(call, &Method::POST, &path) };
        self.send(exchange, self.url(path, query, api_version), None, None).await?.read()
    }

    /// Asks by a body that changes nothing.
    pub(crate) async fn ask_with<T: DeserializeOwned>(
        &self,
        call: &Call,
        path: &str,
        api_version: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<T, Error> {
        let exchange = Exchange { changes: false, ..Self::exchange(call, &Method::POST, &path) };
        let body = serde_json::to_vec(body)
            .map_err(|error| not_sent(&exchange, format!("the request cannot be written as JSON: {error}")))?;
        self.send(exchange, self.url(path, "", api_version), Some(body.into()), None).await?.read()
    }

    pub(crate) fn transport(&self) -> &dyn Transport {
        &*self.0.transport
    }

    /// Reads a list from where it stopped to its end. After an error the pages so far are in `pages`.
    pub(crate) async fn list_on<T: DeserializeOwned>(
        &self,
        call: &Call,
        path: &str,
        api_version: &str,
        pages: &mut Pages<T>,
    ) -> Result<(), Error> {
        self.list_some_on(call, path, "", api_version, pages).await
    }

    /// The same with a query, such as a filter.
    pub(crate) async fn list_some_on<T: DeserializeOwned>(
        &self,
        call: &Call,
        path: &str,
        query: &str,
        api_version: &str,
        pages: &mut Pages<T>,
    ) -> Result<(), Error> {
        let exchange = Self::exchange(call, &Method::GET, &path);
        while pages.count < MOST_PAGES {
            let url = pages.next.clone().unwrap_or_else(|| self.url(path, query, api_version));
            let page: Page<T> = self.send(exchange.clone(), url, None, None).await?.read()?;
            pages.values.extend(page.value);
            pages.count += 1;
            let Some(next) = page.next_link.filter(|next| !next.is_empty()) else {
                return Ok(());
            };
            let next = Url::parse(&next).ok().filter(|next| self.0.cloud.is_resource_manager(next));
            if next.is_none() {
                let message = "the link to the next page leads away from Azure Resource Manager";
                return Err(Error::malformed(&exchange, None, message));
            }
            pages.next = next;
        }
        Err(Error::malformed(&exchange, None, format!("the list does not end within {MOST_PAGES} pages")))
    }

    /// Sends a write with a body or without one.
    pub(crate) async fn write(
        &self,
        call: &Call,
        method: Method,
        path: &str,
        api_version: &str,
        body: Option<&(impl Serialize + Sync)>,
        if_match: Option<&str>,
    ) -> Result<Accepted, Error> {
        let exchange = Self::exchange(call, &method, &path);
        let invalid = |message: String| not_sent(&exchange, message);
        let body = body
            .map(|body| serde_json::to_vec(body).map(Bytes::from))
            .transpose()
            .map_err(|error| invalid(format!("the request cannot be written as JSON: {error}")))?;
        let if_match = if_match
            .map(HeaderValue::from_str)
            .transpose()
            .map_err(|_| invalid("the etag is not one that Azure gives".to_owned()))?;
        let raw = self.send(exchange, self.url(path, "", api_version), body, if_match).await?;
        let operation = self.operation_url(&raw);
        Ok(Accepted {
            status: raw.status.as_u16(),
            proven: operation.is_some() || is_of(&raw.body, path),
            operation,
            retry_after: retry_after(&raw.headers),
        })
    }

    fn operation_url(&self, raw: &RawReply) -> Option<OperationUrl> {
        let text = raw.headers.get(ASYNC_OPERATION)?.to_str().ok()?;
        let url = OperationUrl::parse(text).ok()?;
        let ours = Url::parse(text).is_ok_and(|url| self.0.cloud.is_resource_manager(&url));
        if !ours {
            // The write is accepted all the same, and the resource's own state tells how it goes.
            tracing::warn!(subject = %raw.exchange.subject, "an operation URL that leads away from Azure was ignored");
        }
        ours.then_some(url)
    }

    /// One exchange, with a second attempt after a 401. Every status but 2xx is an error.
    pub(crate) async fn send(
        &self,
        exchange: Exchange,
        url: Url,
        body: Option<Bytes>,
        if_match: Option<HeaderValue>,
    ) -> Result<RawReply, Error> {
        let no_token = |error| token_failed(&exchange, error);
        let token = self.0.tokens.token().await.map_err(no_token)?;
        let (mut response, mut flight) = self.attempt(&exchange, &url, body.clone(), if_match.clone(), &token).await?;
        if response.status() == StatusCode::UNAUTHORIZED {
            drop(flight);
            let token = self.0.tokens.replace(&token).await.map_err(no_token)?;
            (response, flight) = self.attempt(&exchange, &url, body, if_match, &token).await?;
        }
        if !response.status().is_success() {
            let error = classify(&exchange, &response);
            let counted = RequestClass::of(&exchange.method, url.path());
            return Err(match error.kind() {
                ErrorKind::Throttled { wait, .. } => {
                    // Before the flight ends, so that none goes in between.
                    let wait = self.0.budgets.refused(&self.0.principal, &counted, &error, *wait);
                    error.waiting(wait)
                }
                _ => error,
            });
        }
        drop(flight);
        let (parts, body) = response.into_parts();
        Ok(RawReply { exchange, status: parts.status, headers: parts.headers, body })
    }

    async fn attempt(
        &self,
        exchange: &Exchange,
        url: &Url,
        body: Option<Bytes>,
        if_match: Option<HeaderValue>,
        token: &BearerToken,
    ) -> Result<(http::Response<Bytes>, Flight), Error> {
        let request_id = self.0.request_ids.next();
        let mut authorization = HeaderValue::try_from(format!("Bearer {}", token.secret().expose_secret()))
            .map_err(|_| not_sent(exchange, "the token has characters that no token has".to_owned()))?;
        authorization.set_sensitive(true);
        let mut builder = http::Request::builder()
            .method(exchange.method.clone())
            .uri(url.as_str())
            .header(header::AUTHORIZATION, authorization)
            .header(header::ACCEPT, "application/json")
            .header(CORRELATION_ID, exchange.correlation_id.to_string())
            .header(REQUEST_ID, request_id.to_string());
        if let Some(if_match) = if_match {
            builder = builder.header(header::IF_MATCH, if_match);
        }
        if body.is_some() {
            builder = builder.header(header::CONTENT_TYPE, "application/json");
        }
        let request = builder
            .body(body.unwrap_or_default())
            .map_err(|error| not_sent(exchange, format!("the request cannot be formed: {error}")))?;
        let flight = self.admit(exchange, url)?;
        let started = tokio::time::Instant::now();
        let answer = self.0.transport.send(request).await;
        let Exchange { method, subject, correlation_id, .. } = exchange;
        let status = answer.as_ref().map_or(0, |response| response.status().as_u16());
        tracing::debug!(%method, %subject, status, %correlation_id, %request_id, elapsed = ?started.elapsed(), "azure request");
        let answer = answer.map_err(|error| transport_failed(exchange, error))?;
        if counts(answer.status()) {
            self.0.budgets.passed(&self.0.principal, &RequestClass::of(method, url.path()), answer.headers());
        }
        Ok((answer, flight))
    }

    /// Right before a request goes out. Who is not admitted is told for how long; nothing was sent.
    fn admit(&self, exchange: &Exchange, url: &Url) -> Result<Flight, Error> {
        let counted = RequestClass::of(&exchange.method, url.path());
        let ask = Ask {
            namespace: exchange.namespace.clone(),
            subject: exchange
                .object
                .as_ref()
                .map_or_else(|| format!("{} {}", exchange.method, url.path()), ToString::to_string),
            urgency: exchange.urgency,
        };
        self.0.budgets.admit(&self.0.principal, &counted, &ask).map_err(|wait| {
            let message = "held back, so that Azure has not to refuse it: too many requests of its kind".to_owned();
            failed(exchange, ErrorKind::Throttled { wait, sent: false }, message)
        })
    }
}

/// Whether Azure let a request pass, be it to say that something isn't there.
fn counts(status: StatusCode) -> bool {
    let passed = !matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::UNAUTHORIZED);
    passed && !status.is_server_error()
}

/// An answer of 2xx.
pub(crate) struct RawReply {
    exchange: Exchange,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    body: Bytes,
}

impl RawReply {
    fn date(&self) -> Option<Timestamp> {
        let text = self.headers.get(header::DATE)?.to_str().ok()?;
        jiff::fmt::rfc2822::parse(text).ok().map(|date| date.timestamp())
    }

    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        json::read(&self.body).map_err(|message| Error::malformed(&self.exchange, Some(self.status), message))
    }
}

/// A list that is read page by page, as far as it was read. A budget may hold less than all its pages.
#[derive(Debug)]
pub struct Pages<T> {
    values: Vec<T>,
    next: Option<Url>,
    count: usize,
}

impl<T> Default for Pages<T> {
    fn default() -> Self {
        Self { values: Vec::new(), next: None, count: 0 }
    }
}

impl<T> Pages<T> {
    /// What was read.
    pub fn into_values(self) -> Vec<T> {
        self.values
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound = "T: DeserializeOwned")]
struct Page<T> {
    value: Vec<T>,
    next_link: Option<String>,
}

fn token_failed(exchange: &Exchange, error: TokenError) -> Error {
    failed(exchange, ErrorKind::Token(error.kind), error.message)
}

fn not_sent(exchange: &Exchange, message: String) -> Error {
    failed(exchange, ErrorKind::Rejected, message)
}

pub(crate) fn transport_failed(exchange: &Exchange, error: TransportError) -> Error {
    let kind = match error.kind {
        TransportErrorKind::InvalidRequest => ErrorKind::Rejected,
        TransportErrorKind::BodyTooLarge => ErrorKind::Malformed,
        TransportErrorKind::Connect | TransportErrorKind::TimedOut | TransportErrorKind::Interrupted => {
            let timed_out = error.kind == TransportErrorKind::TimedOut;
            ErrorKind::Transport { timed_out, possibly_sent: error.possibly_sent }
        }
    };
    failed(exchange, kind, error.message)
}

fn failed(exchange: &Exchange, kind: ErrorKind, message: String) -> Error {
    Error::new(Parts { kind, status: None, code: None, message, retry_after: None, exchange: exchange.clone() })
}

#[cfg(test)]
mod tests;
