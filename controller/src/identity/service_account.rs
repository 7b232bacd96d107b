//! Tokens of a `ServiceAccount`, as assertions towards Azure.

use std::fmt;

use async_trait::async_trait;
use azimage_azure::{AssertionSource, TokenError, TokenErrorKind};
use k8s_openapi::api::{
    authentication::v1::{TokenRequest, TokenRequestSpec},
    core::v1::ServiceAccount,
};
use kube::{Api, Client, api::PostParams};
use secrecy::SecretString;

use crate::kubernetes::{KubernetesError, bounded};

/// The audience for which Microsoft Entra trusts a token.
const AUDIENCE: &str = "api://AzureADTokenExchange";

/// How long an assertion is good for, in seconds: the least that Kubernetes gives. Each is used once, at once.
const LIFETIME: i64 = 600;

/// The tokens of one `ServiceAccount`.
pub(super) struct ServiceAccountTokens {
    api: Api<ServiceAccount>,
    namespace: String,
    name: String,
}

impl ServiceAccountTokens {
    pub(super) fn new(client: Client, namespace: &str, name: &str) -> Self {
        Self { api: Api::namespaced(client, namespace), namespace: namespace.to_owned(), name: name.to_owned() }
    }
}

impl fmt::Debug for ServiceAccountTokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ServiceAccountTokens({}/{})", self.namespace, self.name)
    }
}

#[async_trait]
impl AssertionSource for ServiceAccountTokens {
    async fn assertion(&self) -> Result<SecretString, TokenError> {
        let request = TokenRequest {
            spec: TokenRequestSpec {
                audiences: vec![AUDIENCE.to_owned()],
                expiration_seconds: Some(LIFETIME),
                ..TokenRequestSpec::default()
            },
            ..TokenRequest::default()
        };
        let answer = bounded(self.api.create_token_request(&self.name, &PostParams::default(), &request)).await;
        let answer = answer.map_err(|error| failed(&error, &self.namespace, &self.name))?;
        let token = answer.status.map(|status| status.token).filter(|token| !token.is_empty());
        token.map(SecretString::from).ok_or_else(|| {
            TokenError::new(TokenErrorKind::Unreachable, "the API server answered a TokenRequest without a token")
        })
    }
}

fn failed(error: &KubernetesError, namespace: &str, name: &str) -> TokenError {
    let (kind, message) = match error {
        error if error.is_not_found() => {
            (TokenErrorKind::Configuration, format!("there is no ServiceAccount {name} in the namespace {namespace}"))
        }
        error if error.is_forbidden() => (
            TokenErrorKind::Configuration,
            format!(
                "the API server gives the controller no token of the ServiceAccount {name} in the namespace {namespace}; grant the controller create on serviceaccounts/token of this name there, as the chart does for azure.serviceAccountNames"
            ),
        ),
        // The text of an error could hold anything, and this one goes into a status.
        _ => (
            TokenErrorKind::Unreachable,
            format!("the API server gave no token of the ServiceAccount {name} in the namespace {namespace}"),
        ),
    };
    tracing::debug!(%error, namespace, name, "no token of a ServiceAccount");
    TokenError::new(kind, message)
}
