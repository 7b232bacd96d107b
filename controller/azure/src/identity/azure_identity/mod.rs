//! Tokens for the identities that `azure_identity` knows.

use std::{fmt, future::pending, sync::Arc, time::Duration};

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{Mutex, MutexGuard, mpsc::Receiver};

use crate::{
    arm::call::{RandomRequestIds, RequestIds as _},
    arm::cloud::Cloud,
    http::transport::Transport,
    identity::assertion::AssertionSource,
    identity::credential::{BearerToken, TokenSource},
    identity::proof::{Proof, proof},
    identity::secret_file::SecretSource,
    identity::token_error::{Asked, TokenError, TokenErrorKind},
};

/// Reads the wall clock, in UTC.
pub type Now = Arc<dyn Fn() -> jiff::Timestamp + Send + Sync>;

/// Is told of each request for a token: why it was in vain, if it was.
pub type TokenObserver = Arc<dyn Fn(Option<TokenErrorKind>) + Send + Sync>;

/// A token is renewed when it has less left than this.
const RENEW_BEFORE: jiff::SignedDuration = jiff::SignedDuration::from_secs(290);
/// After a renewal, a failed one too, the token serves for so long before the next attempt, however short it lives.
const BETWEEN_RENEWALS: jiff::SignedDuration = jiff::SignedDuration::from_secs(20);
/// A token with less left could expire on the way.
const TOO_SHORT: jiff::SignedDuration = jiff::SignedDuration::from_secs(10);
/// Bounds one attempt, whatever the authority does: a worker waits for it. Much longer than an answer takes, and shorter
/// than a request to Resource Manager may.
const TOKEN_TIMEOUT: Duration = Duration::from_secs(20);

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
        /// Gives the secret's value.
        secret: Arc<dyn SecretSource>,
    },
    /// An application with a certificate of its own.
    ClientCertificate {
        /// Tenant (directory) id.
        tenant: String,
        /// Client (application) id.
        client_id: String,
        /// Gives certificate and RSA key, both in PEM form, one after the other.
        certificate: Arc<dyn SecretSource>,
    },
    /// An application that proves itself with assertions: federated tokens of somebody it trusts.
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
/// Adds what that crate lacks: a refused token can be replaced, a failed renewal does not matter while the old token
/// lives, and secrets, certificates and federated tokens are read anew for each token. Its requests go through a [`Transport`], so they share our timeouts, bounds and trusted certificates.
pub struct AzureIdentity {
    identity: Identity,
    cloud: Cloud,
    transport: Arc<dyn Transport>,
    now: Now,
    observer: TokenObserver,
    state: Mutex<State>,
    /// Held during a renewal, so that there is one at a time and the others go on with the old token.
    renewing: Mutex<()>,
}

struct State {
    cached: Option<BearerToken>,
    renew_at: jiff::Timestamp,
    /// What the last attempt ended with, if the authority was not to be reached.
    unreachable: Option<TokenError>,
}

impl AzureIdentity {
    /// Prepares the identity. Fails on what is missing in the configuration; asks the authority nothing yet.
    pub fn new(identity: Identity, cloud: &Cloud, transport: Arc<dyn Transport>, now: Now) -> Result<Self, TokenError> {
        let observer: TokenObserver = Arc::new(|_| ());
        let state = Mutex::new(State { cached: None, renew_at: jiff::Timestamp::MIN, unreachable: None });
        let made = Self { identity, cloud: cloud.clone(), transport, now, observer, state, renewing: Mutex::new(()) };
        made.proof()?;
        Ok(made)
    }

    /// The same, and `observer` is told of each request for a token.
    #[must_use]
    pub fn observed(self, observer: TokenObserver) -> Self {
        Self { observer, ..self }
    }

    /// How the identity proves itself now. Made for one token: what it is made from may change, and credentials keep
    /// tokens that they cannot be told to forget.
    fn proof(&self) -> Result<Proof, TokenError> {
        proof(&self.identity, &self.cloud, &self.transport, (self.now)(), RandomRequestIds.next())
    }

    /// The cached token if it still serves, and whether it is time to renew it.
    async fn cached(&self) -> Option<(BearerToken, bool)> {
        let state = self.state.lock().await;
        let now = (self.now)();
        let token = state.cached.clone()?;
        (token.expires().duration_since(now) > TOO_SHORT).then(|| (token, now >= state.renew_at))
    }

    /// Stands in line behind one who asks, unless the last attempt, before or meanwhile, was in vain: of an authority that
    /// doesn't answer one worker at a time finds that out, and the others don't wait for it one after the other.
    async fn behind(&self) -> Result<MutexGuard<'_, ()>, TokenError> {
        let in_vain = async || self.state.lock().await.unreachable.clone().map_or(Ok(()), Err);
        in_vain().await?;
        let alone = self.renewing.lock().await;
        if self.cached().await.is_none() {
            in_vain().await?;
        }
        Ok(alone)
    }

    async fn renewed(&self) -> Result<BearerToken, TokenError> {
        let renewed = self.asked().await;
        (self.observer)(renewed.as_ref().err().map(|error| error.kind));
        let now = (self.now)();
        let soon = now.saturating_add(BETWEEN_RENEWALS).unwrap_or(now);
        let mut state = self.state.lock().await;
        state.renew_at = soon;
        state.unreachable = renewed.as_ref().err().filter(|error| error.kind == TokenErrorKind::Unreachable).cloned();
        if let Ok(token) = &renewed {
            state.renew_at = token.expires().saturating_sub(RENEW_BEFORE).unwrap_or(now).max(soon);
            state.cached = Some(token.clone());
        }
        renewed
    }

    /// A token from the authority itself.
    async fn asked(&self) -> Result<BearerToken, TokenError> {
        let Proof { credential, secret, wrong } = self.proof()?;
        let asked = if wrong.is_some() { Asked::MetadataService } else { Asked::Authority };
        let scopes = [self.cloud.scope()];
        let answer = async {
            tokio::select! {
                answer = credential.get_token(&scopes, None) => answer.map_err(|error| {
                    TokenError::from_identity(&error, asked, secret.as_ref().map(SecretString::expose_secret))
                }),
                error = told(wrong) => Err(error),
            }
        };
        let token = tokio::time::timeout(TOKEN_TIMEOUT, answer).await.unwrap_or_else(|_| {
            let text = format!("{asked} gave no answer within {} s", TOKEN_TIMEOUT.as_secs());
            Err(TokenError::new(TokenErrorKind::Unreachable, text))
        })?;
        jiff::Timestamp::from_second(token.expires_on.unix_timestamp())
            .map(|expires| BearerToken::new(token.token.secret().to_owned(), expires))
            .map_err(|_| TokenError::new(TokenErrorKind::Unreachable, "the token has no sensible expiry"))
    }
}

/// What comes out of the receiver; nothing ever, where there is none.
async fn told(wrong: Option<Receiver<TokenError>>) -> TokenError {
    let told = match wrong {
        Some(mut wrong) => wrong.recv().await,
        None => None,
    };
    match told {
        Some(error) => error,
        None => pending().await,
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
        let _alone = match self.renewing.try_lock() {
            Ok(alone) => alone,
            Err(_) => self.behind().await?,
        };
        match self.cached().await {
            Some((token, _)) => Ok(token),
            None => self.renewed().await,
        }
    }

    async fn replace(&self, refused: &BearerToken) -> Result<BearerToken, TokenError> {
        {
            let mut state = self.state.lock().await;
            if state.cached.as_ref().is_none_or(|cached| cached.is(refused)) {
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

#[cfg(test)]
mod tests;
