//! What the targets share: a client that gets the fuzzer's bytes as the answer.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use azimage_azure::{BearerToken, Call, Client, Cloud, TokenError, TokenSource, Transport, TransportError};
use bytes::Bytes;
use http::{Request, Response};
use uuid::Uuid;

/// The start of all resource ids.
pub const GROUP: &str =
    "/subscriptions/0a1b2c3d-0000-0000-0000-00000000abcd/resourceGroups/build/providers/Microsoft.Compute";

/// Gives the same answer to everything.
pub struct One(pub u16, pub Bytes);

#[async_trait]
impl Transport for One {
    async fn send(&self, _request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let mut response = Response::new(self.1.clone());
        *response.status_mut() = self.0.try_into().unwrap_or_default();
        // The first line of the body is a header's value too.
        let line: Vec<u8> = self.1.iter().copied().take(24).take_while(|byte| *byte != b'\n').collect();
        if let Ok(value) = line.try_into() {
            let value: http::HeaderValue = value;
            response.headers_mut().insert("retry-after", value.clone());
            response.headers_mut().insert("azure-asyncoperation", value);
        }
        Ok(response)
    }
}

/// Gives one line after the other, each to one request, and then a page without anything.
pub struct Pages(Mutex<Vec<Bytes>>);

impl Pages {
    /// The pages of an input.
    pub fn of(input: &[u8]) -> Self {
        Self(Mutex::new(input.split(|byte| *byte == b'\n').rev().map(Bytes::copy_from_slice).collect()))
    }
}

#[async_trait]
impl Transport for Pages {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let uri = request.uri();
        let host = uri.host().unwrap_or_default();
        let azure = host == "management.azure.com" || host.ends_with(".management.azure.com");
        assert!(azure && uri.scheme_str() == Some("https") && uri.port_u16().unwrap_or(443) == 443, "token for {uri}");
        let page = self.0.lock().expect("the lock").pop();
        Ok(Response::new(page.unwrap_or_else(|| Bytes::from_static(b"{\"value\":[]}"))))
    }
}

struct Token;

#[async_trait]
impl TokenSource for Token {
    async fn token(&self) -> Result<BearerToken, TokenError> {
        Ok(BearerToken::new("token".to_owned(), jiff::Timestamp::MAX))
    }

    async fn replace(&self, _refused: &BearerToken) -> Result<BearerToken, TokenError> {
        self.token().await
    }
}

/// A client whose every answer has this status and body.
pub fn client(status: u16, body: &[u8]) -> Client {
    over(One(status, Bytes::copy_from_slice(body)))
}

/// A client of the public cloud.
pub fn over(transport: impl Transport + 'static) -> Client {
    Client::new(Arc::new(transport), Arc::new(Token), Cloud::public())
}

/// A call.
pub fn call() -> Call {
    Call::new(Uuid::nil())
}

/// A resource id below the group.
///
/// # Panics
/// Not for the ids of the targets.
pub fn id<T: std::str::FromStr>(below: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    format!("{GROUP}/{below}").parse().expect("the id is one")
}

/// An error is told in bounded words without control characters.
///
/// # Panics
/// Where it isn't.
pub fn told<T>(answer: Result<T, azimage_azure::Error>) {
    if let Err(error) = answer {
        assert!(error.message().chars().count() < 2300 && !error.message().contains(char::is_control), "{error}");
        let _ = (error.advice(), error.advice_after_read(true), error.possibly_applied(), format!("{error} {error:?}"));
    }
}
