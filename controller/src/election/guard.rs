//! A Kubernetes client that writes only while the term holds.

use std::task::{Context, Poll};

use futures::{FutureExt, future::BoxFuture};
use http::{Method, Request, Response};
use kube::{
    Client,
    client::{Body, ClientBuilder},
};
use tower::{BoxError, Service};

use super::Term;

/// The client, refusing and ending writes that the term doesn't cover. Reads and watches go through.
///
/// It lies around the client's own retries, which also repeat writes: these end with the term.
pub(crate) fn guarded(client: &Client, term: &Term) -> Client {
    let namespace = client.default_namespace().to_owned();
    let valid_until = *client.valid_until();
    ClientBuilder::new(Guard { inner: client.clone(), term: term.clone() }, namespace)
        .with_valid_until(valid_until)
        .build()
}

struct Guard {
    inner: Client,
    term: Term,
}

impl Service<Request<Body>> for Guard {
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let inner = self.inner.clone();
        let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
        if reads {
            return async move { Ok(inner.send(request).await?) }.boxed();
        }
        let term = self.term.clone();
        async move { Ok(term.while_held(inner.send(request)).await??) }.boxed()
    }
}
