//! Who an application trusts instead of a secret.

use serde::{Deserialize, Serialize};

/// An issuer of tokens and its published keys. The simulator fetches no keys, so the scenario contains them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Issuer {
    /// The issuer as its tokens name it.
    pub issuer: String,
    /// Its key set, as it stands at its `jwks_uri`.
    pub jwks: serde_json::Value,
}

/// A federated credential: tokens of this issuer, for this subject and audience, stand for the application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FederatedCredential {
    /// Issuer.
    pub issuer: String,
    /// Subject, such as `system:serviceaccount:images:publisher`.
    pub subject: String,
    /// Audience.
    #[serde(default = "audience")]
    pub audience: String,
}

fn audience() -> String {
    "api://AzureADTokenExchange".to_owned()
}
