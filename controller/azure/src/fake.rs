//! A transport that answers from a script and remembers what it was sent.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use azimage_names::{ImageDefinitionId, ImageVersionId, VirtualMachineId};
use bytes::Bytes;
use http::{Request, Response};
use uuid::Uuid;

use crate::{
    BearerToken, Call, Client, Cloud, Error, ImageVersion, Pages, RequestIds, TokenError, TokenSource, Transport,
    TransportError, TransportErrorKind,
};

pub(crate) const VM: &str = "/subscriptions/0a1b2c3d-0000-0000-0000-00000000abcd/resourceGroups/build/providers/Microsoft.Compute/virtualMachines/builder-7";
pub(crate) const DEFINITION: &str = "/subscriptions/0a1b2c3d-0000-0000-0000-00000000abcd/resourceGroups/images/providers/Microsoft.Compute/galleries/corpGallery/images/ubuntu-web";

pub(crate) fn vm() -> VirtualMachineId {
    VM.parse().unwrap()
}

pub(crate) fn definition() -> ImageDefinitionId {
    DEFINITION.parse().unwrap()
}

pub(crate) fn version() -> ImageVersionId {
    definition().version("1.4.0".parse().unwrap())
}

/// Lists all versions of the definition.
pub(crate) async fn list(client: &Client, call: &Call) -> Result<Vec<ImageVersion>, Error> {
    let mut pages = Pages::default();
    client.image_versions_on(call, &definition(), &mut pages).await?;
    Ok(pages.into_values())
}

pub(crate) fn call() -> Call {
    Call::new(Uuid::from_u128(0x00c0_ffee))
}

type Answer = Result<Response<Bytes>, TransportError>;

/// Answers requests one after the other.
#[derive(Default)]
pub(crate) struct Script {
    answers: Mutex<VecDeque<Answer>>,
    pub(crate) requests: Mutex<Vec<Request<Bytes>>>,
}

impl Script {
    pub(crate) fn of(answers: impl IntoIterator<Item = Answer>) -> Arc<Self> {
        Arc::new(Self { answers: Mutex::new(answers.into_iter().collect()), requests: Mutex::default() })
    }

    pub(crate) fn client(self: &Arc<Self>) -> Client {
        Client::new(Arc::clone(self) as _, Arc::new(Tokens::default()), Cloud::public())
            .with_request_ids(Arc::new(Zeros))
    }

    pub(crate) fn sent(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        requests.iter().map(|request| format!("{} {}", request.method(), request.uri())).collect()
    }

    pub(crate) fn body(&self, index: usize) -> serde_json::Value {
        serde_json::from_slice(self.requests.lock().unwrap()[index].body()).unwrap()
    }

    pub(crate) fn header(&self, index: usize, name: &str) -> Option<String> {
        let requests = self.requests.lock().unwrap();
        requests[index].headers().get(name).map(|value| value.to_str().unwrap().to_owned())
    }
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: Request<Bytes>) -> Answer {
        self.requests.lock().unwrap().push(request);
        self.answers.lock().unwrap().pop_front().expect("the script has an answer for each request")
    }
}

#[allow(clippy::unnecessary_wraps, reason = "scripts mix it with failures")]
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Answer {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    Ok(response.body(body.into()).unwrap())
}

pub(crate) fn no_answer(kind: TransportErrorKind, possibly_sent: bool) -> Answer {
    Err(TransportError { kind, possibly_sent, message: "connection reset".to_owned() })
}

/// `token-1`, then, each time one is refused, the next.
#[derive(Default)]
pub(crate) struct Tokens(Mutex<u32>);

#[async_trait]
impl TokenSource for Tokens {
    async fn token(&self) -> Result<BearerToken, TokenError> {
        let number = *self.0.lock().unwrap() + 1;
        Ok(BearerToken::new(format!("token-{number}"), jiff::Timestamp::MAX))
    }

    async fn replace(&self, _refused: &BearerToken) -> Result<BearerToken, TokenError> {
        *self.0.lock().unwrap() += 1;
        self.token().await
    }
}

struct Zeros;

impl RequestIds for Zeros {
    fn next(&self) -> Uuid {
        Uuid::nil()
    }
}
