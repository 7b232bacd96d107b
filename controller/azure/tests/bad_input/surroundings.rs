//! A transport that gives one answer, tokens that are secret, and everything that is logged.

use std::{
    io,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use azimage_azure::{
    BearerToken, Client, Cloud, TokenError, TokenSource, Transport, TransportError, TransportErrorKind,
};
use bytes::Bytes;
use http::{Request, Response};
use tracing_subscriber::fmt::MakeWriter;

/// In the bearer token.
pub(crate) const TOKEN: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.planted-in-the-bearer-token.c2ln";
/// In addresses, headers and bodies of answers.
pub(crate) const PLANTED: &str = "planted-in-the-answer";

/// A bad answer.
#[derive(Clone, Debug)]
pub(crate) enum Bad {
    Answer { status: u16, headers: Vec<(&'static str, String)>, body: Bytes },
    None(TransportErrorKind),
}

/// Answers always the same and counts.
pub(crate) struct Always {
    bad: Bad,
    pub(crate) sent: Mutex<usize>,
}

impl Always {
    pub(crate) fn client(bad: &Bad) -> (Arc<Self>, Client) {
        let transport = Arc::new(Self { bad: bad.clone(), sent: Mutex::default() });
        let client = Client::new(transport.clone(), Arc::new(Tokens), Cloud::public());
        (transport, client)
    }
}

#[async_trait]
impl Transport for Always {
    async fn send(&self, _request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        *self.sent.lock().unwrap() += 1;
        match &self.bad {
            Bad::Answer { status, headers, body } => {
                let builder = headers
                    .iter()
                    .fold(Response::builder().status(*status), |builder, (name, value)| builder.header(*name, value));
                Ok(builder.body(body.clone()).unwrap())
            }
            Bad::None(kind) => Err(TransportError {
                kind: *kind,
                possibly_sent: true,
                message: "invalid peer certificate: UnknownIssuer".to_owned(),
            }),
        }
    }
}

struct Tokens;

#[async_trait]
impl TokenSource for Tokens {
    async fn token(&self) -> Result<BearerToken, TokenError> {
        Ok(BearerToken::new(TOKEN.to_owned(), jiff::Timestamp::MAX))
    }

    async fn replace(&self, _refused: &BearerToken) -> Result<BearerToken, TokenError> {
        self.token().await
    }
}

/// What is logged, at every level.
#[derive(Clone, Default)]
pub(crate) struct Logs(Arc<Mutex<Vec<u8>>>);

impl Logs {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }

    pub(crate) fn subscribe(&self) -> tracing::subscriber::DefaultGuard {
        let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(self.clone());
        tracing::subscriber::set_default(subscriber.finish())
    }
}

impl io::Write for Logs {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Logs {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
