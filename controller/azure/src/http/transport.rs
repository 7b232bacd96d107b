//! One HTTP exchange, and how it can fail.

use async_trait::async_trait;
use bytes::Bytes;

/// Sends one request and returns its answer, whatever the status. Everything above this trait is free of I/O.
///
/// An implementation bounds the time and the size of the body, and follows no redirects: a redirect could carry a
/// bearer token to another host.
#[async_trait]
pub trait Transport: Send + Sync {
    /// One exchange.
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError>;
}

/// How an exchange failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransportErrorKind {
    /// No connection: name resolution, refused, TLS.
    Connect,
    /// No complete answer in time.
    TimedOut,
    /// The connection ended before the answer did.
    Interrupted,
    /// The body of the answer is larger than is ever needed.
    BodyTooLarge,
    /// The request could not be formed.
    InvalidRequest,
}

/// An exchange without an answer.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct TransportError {
    /// How it failed.
    pub kind: TransportErrorKind,
    /// Whether the server may have got the request, and so may have acted on it.
    pub possibly_sent: bool,
    /// What happened, for a human; holds no URL, header or body.
    pub message: String,
}
