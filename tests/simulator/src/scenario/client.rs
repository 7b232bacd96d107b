//! Applications: how they prove who they are and what they may do.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{FederatedCredential, Role};

/// An application with a secret, certificates or federated credentials, or a managed identity of the machine.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Client {
    /// Application (client) id.
    pub id: String,
    /// Client secret; absent: there is none.
    #[serde(default)]
    pub secret: String,
    /// When the secret expires, in real time; absent means never.
    #[serde(default)]
    pub secret_expires: Option<Timestamp>,
    /// Registered certificates.
    #[serde(default)]
    pub certificates: Vec<Certificate>,
    /// Whose tokens stand for it.
    #[serde(default)]
    pub federated_credentials: Vec<FederatedCredential>,
    /// It is a managed identity of the machine that the metadata service belongs to.
    #[serde(default)]
    pub managed_identity: Option<ManagedIdentity>,
    /// The lifetime of its access tokens in real seconds; absent means that of the scenario.
    #[serde(default)]
    pub token_lifetime_seconds: Option<u32>,
    /// Object id of its service principal; made from the seed where absent.
    #[serde(default)]
    pub object_id: Option<uuid::Uuid>,
    /// What it may do besides its role assignments; absent means everything.
    #[serde(default)]
    pub roles: Option<Vec<Role>>,
}

/// A certificate that an application registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Certificate {
    /// The certificate in PEM form, without its key.
    pub pem: String,
    /// When it expires, in real time; absent means never.
    #[serde(default)]
    pub expires: Option<Timestamp>,
}

/// How a machine has a managed identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ManagedIdentity {
    /// Its own: tokens are for this one where none is named.
    SystemAssigned,
    /// Assigned to it: tokens are for this one where it is named, or where it is the only one.
    UserAssigned,
}
