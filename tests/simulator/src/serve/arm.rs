//! Azure's side: every request goes to the simulator, its outcome to the socket.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Extension, Request, State},
    http::{Response, StatusCode},
};
use axum_server::{
    accept::Accept,
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};
use bytes::Bytes;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tower::Layer;

use super::Shared;
use crate::Outcome;

/// Larger requests are refused, as Azure Resource Manager does at about this size.
const LARGEST_BODY: usize = 4 * 1024 * 1024;

pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new().fallback(answer).with_state(shared)
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    Extension(reset): Extension<Reset>,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        let mut response = Response::new(Body::from(
            r#"{"error":{"code":"RequestContentTooLarge","message":"The request content is too large."}}"#,
        ));
        *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        return response;
    };
    let request = http::Request::from_parts(parts, body);
    let mut removed = shared.faults_removed.subscribe();
    let outcome = {
        let mut simulator = shared.simulator();
        let moment = shared.moment();
        simulator.handle(&request, moment)
    };
    tracing::debug!(method = %request.method(), path = request.uri().path(), "request");
    match outcome {
        Outcome::Answer(response) => response.map(Body::from),
        Outcome::Delayed(time, response) => {
            tokio::time::sleep(time).await;
            response.map(Body::from)
        }
        Outcome::Hang { fault, response } => {
            // The connection's end drops this future, which is the other way out.
            while shared.simulator().fault_exists(fault) {
                if removed.changed().await.is_err() {
                    break;
                }
            }
            match response {
                Some(response) => response.map(Body::from),
                None => reset.now(),
            }
        }
        Outcome::Reset => reset.now(),
    }
}

/// Lets a request close its connection without an answer.
#[derive(Clone, Default)]
pub(super) struct Reset(Arc<AtomicBool>);

impl Reset {
    /// The answer is never written: the socket fails first.
    fn now(&self) -> Response<Body> {
        self.0.store(true, Ordering::SeqCst);
        Response::new(Body::from(Bytes::new()))
    }
}

/// Accepts TLS connections that a request can reset.
#[derive(Clone)]
pub(super) struct Resettable {
    inner: RustlsAcceptor,
}

impl Resettable {
    pub(super) fn new(config: RustlsConfig) -> Self {
        Self { inner: RustlsAcceptor::new(config) }
    }
}

impl<S> Accept<TcpStream, S> for Resettable
where
    S: Send + 'static,
{
    type Stream = ResettableStream<<RustlsAcceptor as Accept<TcpStream, S>>::Stream>;
    type Service = <Extension<Reset> as Layer<<RustlsAcceptor as Accept<TcpStream, S>>::Service>>::Service;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Self::Stream, Self::Service)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let accepted = self.inner.accept(stream, service);
        Box::pin(async move {
            let (inner, service) = accepted.await?;
            let reset = Reset::default();
            Ok((ResettableStream { inner, reset: reset.clone() }, Extension(reset).layer(service)))
        })
    }
}

/// A stream that fails to write once its connection is reset.
pub(super) struct ResettableStream<T> {
    inner: T,
    reset: Reset,
}

impl<T> ResettableStream<T> {
    fn check(&self) -> io::Result<()> {
        if self.reset.0.load(Ordering::SeqCst) { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(()) }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for ResettableStream<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for ResettableStream<T> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
