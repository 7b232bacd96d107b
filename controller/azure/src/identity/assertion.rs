//! Client assertions: short-lived signed tokens by which an application proves who it is, instead of a secret.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use azure_core::{error::ErrorKind as CoreErrorKind, http::ClientMethodOptions};
use azure_identity::ClientAssertion;
use secrecy::{ExposeSecret, SecretString};

use crate::identity::token_error::TokenError;

/// Gives client assertions. Asked anew for each access token, so about once an hour.
#[async_trait]
pub trait AssertionSource: Send + Sync + fmt::Debug {
    /// An assertion that is valid now.
    async fn assertion(&self) -> Result<SecretString, TokenError>;
}

/// The source in the form in which `azure_identity` wants it.
#[derive(Clone, Debug)]
pub(crate) struct Assertions(pub(crate) Arc<dyn AssertionSource>);

#[async_trait]
impl ClientAssertion for Assertions {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        let assertion = self.0.assertion().await;
        // The error comes back out of the credential as it is.
        let assertion = assertion
            .map_err(|error| azure_core::Error::with_error(CoreErrorKind::Other, error, "no client assertion"))?;
        Ok(assertion.expose_secret().to_owned())
    }
}
