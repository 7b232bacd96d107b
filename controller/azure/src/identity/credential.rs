//! Bearer tokens and where they come from.

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};

use crate::identity::token_error::TokenError;

/// An access token for Resource Manager. Its `Debug` output hides the token.
#[derive(Clone, Debug)]
pub struct BearerToken {
    secret: SecretString,
    expires: jiff::Timestamp,
}

impl BearerToken {
    /// A token that Azure accepts until `expires`.
    pub fn new(secret: impl Into<SecretString>, expires: jiff::Timestamp) -> Self {
        Self { secret: secret.into(), expires }
    }

    /// The token itself.
    pub fn secret(&self) -> &SecretString {
        &self.secret
    }

    /// When it expires.
    pub fn expires(&self) -> jiff::Timestamp {
        self.expires
    }

    /// Whether both are the same token.
    pub fn is(&self, other: &Self) -> bool {
        self.secret.expose_secret() == other.secret.expose_secret()
    }
}

/// Gives tokens. Caches them itself: it is asked before each request.
#[async_trait]
pub trait TokenSource: Send + Sync {
    /// A token that has not expired.
    async fn token(&self) -> Result<BearerToken, TokenError>;

    /// A token other than this one, which Azure has refused though it has not expired. Where no fresh token can be
    /// forced, the same one may come back.
    async fn replace(&self, refused: &BearerToken) -> Result<BearerToken, TokenError> {
        let _ = refused;
        self.token().await
    }
}
