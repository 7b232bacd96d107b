//! The HTTP client of `azure_core` over a [`Transport`].

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use azure_core::{
    error::ErrorKind as CoreErrorKind,
    http::{
        AsyncRawResponse, Body, HttpClient, Request,
        headers::{HeaderName, HeaderValue, Headers},
    },
};
use bytes::Bytes;

use crate::http::transport::{Transport, TransportErrorKind};

/// The HTTP client of `azure_core` over our transport.
pub(crate) struct OverTransport(pub(crate) Arc<dyn Transport>);

impl fmt::Debug for OverTransport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("OverTransport")
    }
}

#[async_trait]
impl HttpClient for OverTransport {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let invalid = |reason: String| azure_core::Error::with_message(CoreErrorKind::Other, reason);
        let body = match request.body() {
            Body::Bytes(bytes) => bytes.clone(),
            Body::SeekableStream(_) => return Err(invalid("a streamed body is not supported".to_owned())),
        };
        let mut builder = http::Request::builder().method(request.method().as_str()).uri(request.url().as_str());
        for (name, value) in request.headers().iter() {
            builder = builder.header(name.as_str(), value.as_str());
        }
        let sent = builder.body(body).map_err(|error| invalid(error.to_string()))?;
        let response = self.0.send(sent).await.map_err(|error| {
            let kind = match error.kind {
                TransportErrorKind::Connect => CoreErrorKind::Connection,
                _ => CoreErrorKind::Io,
            };
            azure_core::Error::with_message(kind, error.message)
        })?;
        let (parts, body): (_, Bytes) = response.into_parts();
        let mut headers = Headers::new();
        for (name, value) in &parts.headers {
            if let Ok(value) = value.to_str() {
                headers.insert(HeaderName::from(name.as_str().to_owned()), HeaderValue::from(value.to_owned()));
            }
        }
        Ok(AsyncRawResponse::from_bytes(parts.status.as_u16().into(), headers, body))
    }
}
