//! Who acts on Azure for an object.
//!
//! Which identity an object gets is decided in `azimage-core`. Here it becomes a client: the controller's own, or one that
//! acts as the Azure identity that trusts a `ServiceAccount` of the object's namespace. How a client is made comes
//! from outside ([`AzureClients`]).

mod clients;
mod registry;
mod service_account;
#[cfg(test)]
mod tests;

pub use clients::AzureClients;
pub(crate) use registry::{Identities, Unidentified};
