//! How Azure's side answers new connections: with TLS as it should be, or with one of the ways in which it can be wrong.

use std::{
    collections::BTreeMap,
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use axum::extract::Extension;
use axum_server::{accept::Accept, tls_rustls::RustlsAcceptor};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tower::Layer;

use super::{
    ServeError,
    connection::{Connection, Stream},
    tls::Certificates,
};

/// What a new connection finds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Handshake {
    /// A certificate of the simulator's own authority, for loopback.
    #[default]
    Valid,
    /// A certificate of another authority.
    Untrusted,
    /// A certificate that has expired.
    Expired,
    /// A certificate for another host.
    WrongHost,
    /// A server that speaks nothing newer than TLS 1.0.
    OldVersion,
    /// A server that speaks HTTP without TLS.
    Plain,
}

impl Handshake {
    /// Those with a certificate.
    pub(super) const CERTIFIED: [Self; 4] = [Self::Valid, Self::Untrusted, Self::Expired, Self::WrongHost];

    /// What is sent instead of TLS that works.
    fn bytes(self) -> Vec<u8> {
        if self == Self::Plain {
            return b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_vec();
        }
        // A ServerHello of TLS 1.0 (RFC 2246, 7.4.1.3): version, 32 random bytes, no session, a cipher, no compression.
        let mut hello = vec![0x16, 3, 1, 0, 42, 2, 0, 0, 38, 3, 1];
        hello.extend([7; 32]);
        hello.extend([0, 0, 0x2f, 0]);
        hello
    }
}

/// What new connections find, and how many there were since that was set.
#[derive(Debug, Default)]
pub(super) struct Handshakes(Mutex<(Handshake, u64)>);

impl Handshakes {
    pub(super) fn set(&self, handshake: Handshake) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (handshake, 0);
    }

    pub(super) fn get(&self) -> (Handshake, u64) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Handshake {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.1 += 1;
        state.0
    }
}

/// Accepts connections as they are to be answered, and gives each a [`Connection`].
#[derive(Clone)]
pub(super) struct Acceptor {
    handshakes: Arc<Handshakes>,
    tls: BTreeMap<Handshake, RustlsAcceptor>,
}

impl Acceptor {
    pub(super) fn new(certificates: &Certificates, handshakes: Arc<Handshakes>) -> Result<Self, ServeError> {
        let acceptor = |handshake| Ok((handshake, RustlsAcceptor::new(certificates.config(handshake)?)));
        let tls = Handshake::CERTIFIED.into_iter().map(acceptor).collect::<Result<_, ServeError>>()?;
        Ok(Self { handshakes, tls })
    }
}

impl<S> Accept<TcpStream, S> for Acceptor
where
    S: Send + 'static,
{
    type Stream = Stream;
    type Service = <Extension<Connection> as Layer<<RustlsAcceptor as Accept<TcpStream, S>>::Service>>::Service;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Self::Stream, Self::Service)>> + Send>>;

    fn accept(&self, mut stream: TcpStream, service: S) -> Self::Future {
        let handshake = self.handshakes.next();
        let tls = self.tls.get(&handshake).cloned();
        Box::pin(async move {
            let Some(tls) = tls else {
                let mut hello = [0; 4096];
                let _ = stream.read(&mut hello).await?;
                stream.write_all(&handshake.bytes()).await?;
                stream.shutdown().await?;
                // The caller reads before it hangs up; a reset would take the bytes from it.
                while stream.read(&mut hello).await? > 0 {}
                return Err(io::ErrorKind::ConnectionAborted.into());
            };
            let (inner, service) = tls.accept(stream, service).await?;
            let connection = Connection::default();
            Ok((Stream::new(inner, connection.clone()), Extension(connection).layer(service)))
        })
    }
}
