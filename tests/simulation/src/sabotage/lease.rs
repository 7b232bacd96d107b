//! The seam of the client by which the lease is read and written.

use std::task::{Context, Poll};

use futures::{FutureExt, future::BoxFuture};
use http::{Method, Request, Response};
use kube::{
    Client,
    client::{Body, ClientBuilder},
};
use serde_json::{Value, json};
use tower::{BoxError, Service};

use super::Bug;

/// How many times as long a process leads as its lease says.
pub(super) const TOO_LONG: u32 = 10;

/// A client with a bug.
pub(super) fn sabotaged(client: Client, bug: Bug) -> Client {
    let namespace = client.default_namespace().to_owned();
    ClientBuilder::new(Sabotaged { client, bug }, namespace).build()
}

struct Sabotaged {
    client: Client,
    bug: Bug,
}

impl Service<Request<Body>> for Sabotaged {
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (client, bug) = (self.client.clone(), self.bug);
        async move {
            let reads = request.method() == Method::GET;
            let (head, body) = request.into_parts();
            let body = if bug == Bug::LeadTooLong && !reads { changed(body, shorter).await? } else { body };
            let (answer, body) = client.send(Request::from_parts(head, body)).await?.into_parts();
            let body = if bug == Bug::TakeLeaseEarly && reads { changed(body, run_out).await? } else { body };
            Ok(Response::from_parts(answer, body))
        }
        .boxed()
    }
}

/// A body in which the spec is changed, if there is one.
async fn changed(body: Body, change: fn(&mut Value)) -> Result<Body, BoxError> {
    let bytes = body.collect_bytes().await?;
    let Ok(mut lease) = serde_json::from_slice::<Value>(&bytes) else { return Ok(Body::from(bytes)) };
    if let Some(spec) = lease.get_mut("spec") {
        change(spec);
    }
    Ok(Body::from(serde_json::to_vec(&lease)?))
}

/// The lease says that it lasts as long as it should, though whoever writes it leads for longer.
fn shorter(spec: &mut Value) {
    if let Some(seconds) = spec["leaseDurationSeconds"].as_u64() {
        spec["leaseDurationSeconds"] = json!(seconds / u64::from(TOO_LONG));
    }
}

/// Somebody else's lease looks as if it had been renewed once, for a second.
fn run_out(spec: &mut Value) {
    spec["leaseDurationSeconds"] = json!(1);
    spec["renewTime"] = json!("1970-01-01T00:00:00.000000Z");
}
