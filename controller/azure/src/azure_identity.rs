//! Tokens for the identities that `azure_identity` knows.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use azure_core::{
    cloud::{CloudConfiguration, CustomConfiguration},
    credentials::{Secret, TokenCredential},
    error::ErrorKind as CoreErrorKind,
    http::{
        AsyncRawResponse, Body, ClientOptions, HttpClient, Request, RetryOptions, Transport as CoreTransport,
        headers::{HeaderName, HeaderValue, Headers},
    },
};
use azure_identity::{
    ClientAssertionCredential, ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions,
    ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId, WorkloadIdentityCredential,
    WorkloadIdentityCredentialOptions,
};
use bytes::Bytes;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use crate::{
    assertion::{AssertionSource, Assertions},
    cloud::Cloud,
    credential::{BearerToken, TokenSource},
    token_error::{TokenError, TokenErrorKind},
    transport::{Transport, TransportErrorKind},
};

/// Reads the wall clock, in UTC.
pub type Now = Arc<dyn Fn() -> jiff::Timestamp + Send + Sync>;

/// A token is renewed when it has less left than this. Just below the five minutes at which `azure_identity`
/// itself stops giving the old one.
const RENEW_BEFORE: jiff::SignedDuration = jiff::SignedDuration::from_secs(290);
/// After a failed renewal the old token serves for so long before the next attempt.
const BETWEEN_RENEWALS: jiff::SignedDuration = jiff::SignedDuration::from_secs(20);
/// A token with less left could expire on the way.
const TOO_SHORT: jiff::SignedDuration = jiff::SignedDuration::from_secs(10);
/// Bounds one attempt with all the retries that the managed identity endpoint gets.
const TOKEN_TIMEOUT: Duration = Duration::from_secs(90);

/// Who somebody is towards Azure.
#[derive(Clone, Debug)]
pub enum Identity {
    /// Workload identity: the token of the pod's service account, as the webhook of workload identity lays it out
    /// in `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and `AZURE_FEDERATED_TOKEN_FILE`.
    WorkloadIdentity,
    /// A managed identity of the machine.
    ManagedIdentity {
        /// The client id of a user-assigned identity; the system-assigned one if absent.
        client_id: Option<String>,
    },
    /// An application with a client secret.
    ClientSecret {
        /// Tenant (directory) id.
        tenant: String,
        /// Client (application) id.
        client_id: String,
        /// The secret's value.
        secret: SecretString,
    },
    /// An application that proves itself with assertions: federated tokens of somebody it trusts, or tokens that it
    /// signs with its own certificate.
    Assertion {
        /// Tenant (directory) id.
        tenant: String,
        /// Client (application) id.
        client_id: String,
        /// Where the assertions come from.
        assertions: Arc<dyn AssertionSource>,
    },
}

/// [`TokenSource`] over `azure_identity`.
///
/// Adds what that crate lacks: a refused token can be replaced, and a failed renewal does not matter while the old
/// token lives. Its requests go through a [`Transport`], so they share our timeouts, bounds and trusted certificates.
pub struct AzureIdentity {
    identity: Identity,
    cloud: Cloud,
    transport: Arc<dyn Transport>,
    now: Now,
    state: Mutex<State>,
    /// Held during a renewal, so that there is one at a time and the others go on with the old token.
    renewing: Mutex<()>,
}

struct State {
    credential: Arc<dyn TokenCredential>,
    cached: Option<BearerToken>,
    renew_at: jiff::Timestamp,
}

impl AzureIdentity {
    /// Prepares the identity. Fails on what is missing in the configuration; asks the authority nothing yet.
    pub fn new(identity: Identity, cloud: &Cloud, transport: Arc<dyn Transport>, now: Now) -> Result<Self, TokenError> {
        let credential = credential(&identity, cloud, &transport)?;
        let state = Mutex::new(State { credential, cached: None, renew_at: jiff::Timestamp::MIN });
        Ok(Self { identity, cloud: cloud.clone(), transport, now, state, renewing: Mutex::new(()) })
    }

    /// The cached token if it still serves, and whether it is time to renew it.
    async fn cached(&self) -> Option<(BearerToken, bool)> {
        let state = self.state.lock().await;
        let now = (self.now)();
        let token = state.cached.clone()?;
        (token.expires().duration_since(now) > TOO_SHORT).then(|| (token, now >= state.renew_at))
    }

    async fn renewed(&self) -> Result<BearerToken, TokenError> {
        let credential = Arc::clone(&self.state.lock().await.credential);
        let scopes = [self.cloud.scope()];
        let answer = tokio::time::timeout(TOKEN_TIMEOUT, credential.get_token(&scopes, None)).await;
        let now = (self.now)();
        let renewed = match answer {
            Ok(Ok(token)) => jiff::Timestamp::from_second(token.expires_on.unix_timestamp())
                .map(|expires| BearerToken::new(token.token.secret().to_owned(), expires))
                .map_err(|_| TokenError::new(TokenErrorKind::Unreachable, "the token has no sensible expiry")),
            Ok(Err(error)) => Err(TokenError::from_identity(&error, self.secret())),
            Err(_) => Err(TokenError::new(
                TokenErrorKind::Unreachable,
                format!("the token authority gave no answer within {} s", TOKEN_TIMEOUT.as_secs()),
            )),
        };
        let mut state = self.state.lock().await;
        if let Ok(token) = &renewed {
            state.renew_at = token.expires().saturating_sub(RENEW_BEFORE).unwrap_or(now);
            state.cached = Some(token.clone());
        } else {
            state.renew_at = now.saturating_add(BETWEEN_RENEWALS).unwrap_or(now);
        }
        renewed
    }

    fn secret(&self) -> Option<&str> {
        match &self.identity {
            Identity::ClientSecret { secret, .. } => Some(secret.expose_secret()),
            Identity::WorkloadIdentity | Identity::ManagedIdentity { .. } | Identity::Assertion { .. } => None,
        }
    }
}

#[async_trait]
impl TokenSource for AzureIdentity {
    async fn token(&self) -> Result<BearerToken, TokenError> {
        if let Some((token, renew)) = self.cached().await {
            let Some(_alone) = renew.then(|| self.renewing.try_lock().ok()).flatten() else {
                return Ok(token);
            };
            return match self.renewed().await {
                Ok(renewed) => Ok(renewed),
                Err(error) => {
                    tracing::warn!(%error, expires = %token.expires(), "token not renewed; the old one still serves");
                    Ok(token)
                }
            };
        }
        let _alone = self.renewing.lock().await;
        match self.cached().await {
            Some((token, _)) => Ok(token),
            None => self.renewed().await,
        }
    }

    async fn replace(&self, refused: &BearerToken) -> Result<BearerToken, TokenError> {
        {
            let mut state = self.state.lock().await;
            if state.cached.as_ref().is_none_or(|cached| cached.is(refused)) {
                // The credential caches as well and cannot be told to forget, so it is made anew.
                state.credential = credential(&self.identity, &self.cloud, &self.transport)?;
                state.cached = None;
            }
        }
        self.token().await
    }
}

impl fmt::Debug for AzureIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AzureIdentity").field("identity", &self.identity).finish_non_exhaustive()
    }
}

fn credential(
    identity: &Identity,
    cloud: &Cloud,
    transport: &Arc<dyn Transport>,
) -> Result<Arc<dyn TokenCredential>, TokenError> {
    let mut custom = CustomConfiguration::default();
    cloud.authority_host().as_str().trim_end_matches('/').clone_into(&mut custom.authority_host);
    let client_options = ClientOptions {
        transport: Some(CoreTransport::new(Arc::new(OverTransport(Arc::clone(transport))))),
        // Whoever asked for the token backs off and asks again.
        retry: RetryOptions::none(),
        cloud: Some(Arc::new(CloudConfiguration::Custom(custom))),
        ..ClientOptions::default()
    };
    let made = match identity {
        Identity::WorkloadIdentity => WorkloadIdentityCredential::new(Some(WorkloadIdentityCredentialOptions {
            credential_options: ClientAssertionCredentialOptions { client_options },
            ..WorkloadIdentityCredentialOptions::default()
        }))
        .map(|credential| credential as Arc<dyn TokenCredential>),
        Identity::ManagedIdentity { client_id } => {
            ManagedIdentityCredential::new(Some(ManagedIdentityCredentialOptions {
                user_assigned_id: client_id.clone().map(UserAssignedId::ClientId),
                client_options,
            }))
            .map(|credential| credential as Arc<dyn TokenCredential>)
        }
        Identity::ClientSecret { tenant, client_id, secret } => ClientSecretCredential::new(
            tenant,
            client_id.clone(),
            Secret::new(secret.expose_secret().to_owned()),
            Some(ClientSecretCredentialOptions { client_options }),
        )
        .map(|credential| credential as Arc<dyn TokenCredential>),
        Identity::Assertion { tenant, client_id, assertions } => ClientAssertionCredential::new(
            tenant.clone(),
            client_id.clone(),
            Assertions(Arc::clone(assertions)),
            Some(ClientAssertionCredentialOptions { client_options }),
        )
        .map(|credential| credential as Arc<dyn TokenCredential>),
    };
    made.map_err(|error| TokenError::configuration(&error))
}

/// The HTTP client of `azure_core` over our transport.
struct OverTransport(Arc<dyn Transport>);

impl fmt::Debug for OverTransport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("OverTransport")
    }
}

#[async_trait]
impl HttpClient for OverTransport {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let invalid = |reason: String| azure_core::Error::with_message(CoreErrorKind::Other, reason);
        let body = match request.body() {
            Body::Bytes(bytes) => bytes.clone(),
            Body::SeekableStream(_) => return Err(invalid("a streamed body is not supported".to_owned())),
        };
        let mut builder = http::Request::builder().method(request.method().as_str()).uri(request.url().as_str());
        for (name, value) in request.headers().iter() {
            builder = builder.header(name.as_str(), value.as_str());
        }
        let sent = builder.body(body).map_err(|error| invalid(error.to_string()))?;
        let response = self.0.send(sent).await.map_err(|error| {
            let kind = match error.kind {
                TransportErrorKind::Connect => CoreErrorKind::Connection,
                _ => CoreErrorKind::Io,
            };
            azure_core::Error::with_message(kind, error.message)
        })?;
        let (parts, body): (_, Bytes) = response.into_parts();
        let mut headers = Headers::new();
        for (name, value) in &parts.headers {
            if let Ok(value) = value.to_str() {
                headers.insert(HeaderName::from(name.as_str().to_owned()), HeaderValue::from(value.to_owned()));
            }
        }
        Ok(AsyncRawResponse::from_bytes(parts.status.as_u16().into(), headers, body))
    }
}

#[cfg(test)]
#[path = "azure_identity_tests.rs"]
mod tests;
