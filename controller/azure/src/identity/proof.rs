//! How an identity proves itself: a credential of `azure_identity`.

use std::sync::Arc;

use async_trait::async_trait;
use azure_core::{
    cloud::{CloudConfiguration, CustomConfiguration},
    credentials::{Secret, TokenCredential},
    http::{ClientOptions, RetryOptions, Transport as CoreTransport},
};
use azure_identity::{
    ClientAssertionCredential, ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions,
    ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId, WorkloadIdentityCredential,
    WorkloadIdentityCredentialOptions,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::mpsc::Receiver;
use uuid::Uuid;

use crate::{
    arm::cloud::Cloud,
    http::transport::Transport,
    identity::assertion::{AssertionSource, Assertions},
    identity::azure_core_transport::OverTransport,
    identity::azure_identity::Identity,
    identity::certificate::{self, Claims},
    identity::metadata_service::FirstAnswer,
    identity::token_error::TokenError,
};

/// What one token is asked for with.
pub(crate) struct Proof {
    /// Asks for the token.
    pub(crate) credential: Arc<dyn TokenCredential>,
    /// What it sends along and what must not show up in a message.
    pub(crate) secret: Option<SecretString>,
    /// Says what is wrong before the credential does, where that would go on trying.
    pub(crate) wrong: Option<Receiver<TokenError>>,
}

/// An assertion that is there already.
#[derive(Debug)]
struct Signed(SecretString);

#[async_trait]
impl AssertionSource for Signed {
    async fn assertion(&self) -> Result<SecretString, TokenError> {
        Ok(self.0.clone())
    }
}

/// Makes the proof of an identity from what its sources hold at `now`. `id` marks an assertion that is signed here.
pub(crate) fn proof(
    identity: &Identity,
    cloud: &Cloud,
    transport: &Arc<dyn Transport>,
    now: jiff::Timestamp,
    id: Uuid,
) -> Result<Proof, TokenError> {
    let (mut shown, mut wrong) = (None, None);
    let mut transport = Arc::clone(transport);
    if matches!(identity, Identity::ManagedIdentity { .. }) {
        let (first, received) = FirstAnswer::new(transport);
        transport = Arc::new(first);
        wrong = Some(received);
    }
    let mut custom = CustomConfiguration::default();
    cloud.authority_host().as_str().trim_end_matches('/').clone_into(&mut custom.authority_host);
    let client_options = ClientOptions {
        transport: Some(CoreTransport::new(Arc::new(OverTransport(transport)))),
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
        Identity::ClientSecret { tenant, client_id, secret } => {
            let secret = secret.secret()?;
            let value = Secret::new(secret.expose_secret().to_owned());
            shown = Some(secret);
            let options = Some(ClientSecretCredentialOptions { client_options });
            ClientSecretCredential::new(tenant, client_id.clone(), value, options)
                .map(|credential| credential as Arc<dyn TokenCredential>)
        }
        Identity::ClientCertificate { tenant, client_id, certificate } => {
            let audience =
                format!("{}/{tenant}/oauth2/v2.0/token", cloud.authority_host().as_str().trim_end_matches('/'));
            let claims = Claims { client_id, audience: &audience, id, now };
            let assertion = certificate::assertion(&certificate.secret()?, claims)?;
            shown = Some(assertion.clone());
            ClientAssertionCredential::new(
                tenant.clone(),
                client_id.clone(),
                Assertions(Arc::new(Signed(assertion))),
                Some(ClientAssertionCredentialOptions { client_options }),
            )
            .map(|credential| credential as Arc<dyn TokenCredential>)
        }
        Identity::Assertion { tenant, client_id, assertions } => ClientAssertionCredential::new(
            tenant.clone(),
            client_id.clone(),
            Assertions(Arc::clone(assertions)),
            Some(ClientAssertionCredentialOptions { client_options }),
        )
        .map(|credential| credential as Arc<dyn TokenCredential>),
    };
    let credential = made.map_err(|error| TokenError::configuration(&error))?;
    Ok(Proof { credential, secret: shown, wrong })
}
