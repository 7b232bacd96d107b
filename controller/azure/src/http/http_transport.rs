//! The transport over real connections.

use std::{error::Error as _, fmt, time::Duration};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Method, header::CONTENT_LENGTH};

use crate::{
    http::tls_error::tls_failure,
    http::transport::{Transport, TransportError, TransportErrorKind},
};

/// Resource Manager itself turns answers above 8 MB into an error (Azure documentation, "Resource provider
/// contract"), so a larger one is not Azure's.
const LARGEST_BODY: usize = 8 * 1024 * 1024;

/// Settings of [`HttpTransport`].
#[derive(Clone, Debug)]
pub struct HttpTransportOptions {
    /// For name resolution, connection and TLS handshake. Default 10 s.
    pub connect_timeout: Duration,
    /// For the whole exchange with the body. Default 75 s: Resource Manager gives a resource provider 60 s and then
    /// answers 504 itself, which tells more than a timeout of ours.
    pub timeout: Duration,
    /// Certificates in PEM form that are trusted besides those of the platform.
    pub ca_bundle: Option<Vec<u8>>,
}

impl Default for HttpTransportOptions {
    fn default() -> Self {
        Self { connect_timeout: Duration::from_secs(10), timeout: Duration::from_secs(75), ca_bundle: None }
    }
}

/// Why the transport cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum HttpTransportError {
    /// The CA bundle holds no readable certificate.
    #[error("the CA bundle is not a list of certificates in PEM form: {0}")]
    CaBundle(String),
    /// TLS could not be set up, for example because the platform has no trusted certificates at all.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

/// The metadata service of a machine. It answers only the machine itself, so a proxy never gets these requests.
const METADATA_SERVICE: &str = "169.254.169.254";

/// [`Transport`] over real connections: rustls, HTTP/1.1 and HTTP/2, proxies as the environment says.
#[derive(Clone)]
pub struct HttpTransport {
    client: reqwest::Client,
    /// Without proxies.
    direct: reqwest::Client,
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("HttpTransport").finish_non_exhaustive()
    }
}

impl HttpTransport {
    /// A transport with its own pool of connections.
    pub fn new(options: &HttpTransportOptions) -> Result<Self, HttpTransportError> {
        let mut certificates = Vec::new();
        if let Some(bundle) = &options.ca_bundle {
            certificates = reqwest::Certificate::from_pem_bundle(bundle)
                .map_err(|error| HttpTransportError::CaBundle(explain(&error)))?;
            if certificates.is_empty() {
                return Err(HttpTransportError::CaBundle("it holds no certificate".to_owned()));
            }
        }
        let builder = || {
            reqwest::Client::builder()
                .user_agent(concat!("azimage/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(options.connect_timeout)
                .timeout(options.timeout)
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .pool_idle_timeout(Duration::from_secs(60))
        };
        let tls = |error: reqwest::Error| HttpTransportError::Tls(explain(&error));
        let mut client = builder();
        if !certificates.is_empty() {
            client = client.tls_certs_merge(certificates);
        }
        Ok(Self { client: client.build().map_err(tls)?, direct: builder().no_proxy().build().map_err(tls)? })
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, mut request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        if request.body().is_empty() && request.method() == Method::POST {
            // Otherwise an action goes out without any length, which servers may refuse with 411.
            request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        let client = if request.uri().host() == Some(METADATA_SERVICE) { &self.direct } else { &self.client };
        let request = reqwest::Request::try_from(request).map_err(failed)?;
        let mut response = client.execute(request).await.map_err(failed)?;
        let announced = response.content_length().unwrap_or(0);
        if announced > LARGEST_BODY as u64 {
            return Err(too_large());
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > LARGEST_BODY {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        let mut answer = http::Response::new(body.freeze());
        *answer.status_mut() = response.status();
        *answer.headers_mut() = std::mem::take(response.headers_mut());
        Ok(answer)
    }
}

fn too_large() -> TransportError {
    TransportError {
        kind: TransportErrorKind::BodyTooLarge,
        possibly_sent: true,
        message: format!("the answer is larger than {} MiB", LARGEST_BODY / (1024 * 1024)),
    }
}

fn failed(error: reqwest::Error) -> TransportError {
    // The URL of a running operation is signed, so no URL may reach a message.
    let error = error.without_url();
    let (kind, possibly_sent) = if error.is_builder() {
        (TransportErrorKind::InvalidRequest, false)
    } else if error.is_connect() {
        (TransportErrorKind::Connect, false)
    } else if error.is_timeout() {
        (TransportErrorKind::TimedOut, true)
    } else {
        (TransportErrorKind::Interrupted, true)
    };
    let message = tls_failure(&error).unwrap_or_else(|| explain(&error));
    TransportError { kind, possibly_sent, message }
}

/// The error and its causes in one line.
fn explain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
