//! A Kubernetes client that writes only while the term holds.

use http::{Method, Request};
use kube::{
    Client,
    client::{Body, ClientBuilder},
};
use tower::{BoxError, service_fn};

use super::Term;

/// The client, refusing and ending writes that the term doesn't cover. Reads and watches go through.
///
/// It lies around the client's own retries, which also repeat writes: these end with the term.
pub(crate) fn guarded(client: &Client, term: &Term) -> Client {
    let namespace = client.default_namespace().to_owned();
    let valid_until = *client.valid_until();
    let (inner, term) = (client.clone(), term.clone());
    let guard = service_fn(move |request: Request<Body>| {
        let (inner, term) = (inner.clone(), term.clone());
        async move {
            if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
                return Ok::<_, BoxError>(inner.send(request).await?);
            }
            Ok(term.while_held(inner.send(request)).await??)
        }
    });
    ClientBuilder::new(guard, namespace).with_valid_until(valid_until).build()
}
