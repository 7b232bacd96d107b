//! Typed calls of Microsoft.Network.

mod interface;
mod security_group;

pub use interface::InterfaceBody;
pub use security_group::{SecurityGroupBody, SecurityRule};

/// The api-version of network resources.
pub(crate) const NETWORK: &str = "2025-05-01";
