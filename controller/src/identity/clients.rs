//! The seam through which Azure clients come.

use std::sync::Arc;

use azimage_azure::{AssertionSource, Client, TokenError};
use azimage_core::Federation;

/// Makes the clients with which passes act on Azure.
pub trait AzureClients: Send + Sync {
    /// A client of the controller's own identity. Cheap: the same one each time.
    fn own(&self) -> Client;

    /// A new client of an application that trusts the tokens of a `ServiceAccount`, which `assertions` gives.
    ///
    /// # Errors
    /// What the federation lacks; nothing is asked for yet.
    fn federated(&self, federation: &Federation, assertions: Arc<dyn AssertionSource>) -> Result<Client, TokenError>;
}
