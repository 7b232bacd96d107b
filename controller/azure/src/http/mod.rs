//! One HTTP exchange.

pub(crate) mod http_transport;
pub(crate) mod tls_error;
pub(crate) mod transport;
