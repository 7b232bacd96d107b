//! The seam of the client by which the lease is read and written.

use http::{Method, Request, Response};
use kube::{
    Client,
    client::{Body, ClientBuilder},
};
use serde_json::{Value, json};
use tower::{BoxError, service_fn};

use super::Bug;

/// By what factor a process leads longer than its lease says.
pub(super) const LEAD_FACTOR: u32 = 10;

/// A client with a bug.
pub(super) fn sabotaged(client: Client, bug: Bug) -> Client {
    let namespace = client.default_namespace().to_owned();
    let between = service_fn(move |request: Request<Body>| {
        let client = client.clone();
        async move {
            let reads = request.method() == Method::GET;
            let (head, body) = request.into_parts();
            let body = if bug == Bug::LeadTooLong && !reads { changed(body, shorter).await? } else { body };
            let (answer, body) = client.send(Request::from_parts(head, body)).await?.into_parts();
            let body = if bug == Bug::TakeLeaseEarly && reads { changed(body, expired).await? } else { body };
            Ok::<_, BoxError>(Response::from_parts(answer, body))
        }
    });
    ClientBuilder::new(between, namespace).build()
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

/// The lease gets its normal duration, though its holder leads for longer.
fn shorter(spec: &mut Value) {
    if let Some(seconds) = spec["leaseDurationSeconds"].as_u64() {
        spec["leaseDurationSeconds"] = json!(seconds / u64::from(LEAD_FACTOR));
    }
}

/// The lease looks as if it had been renewed once, for a second.
fn expired(spec: &mut Value) {
    spec["leaseDurationSeconds"] = json!(1);
    spec["renewTime"] = json!("1970-01-01T00:00:00.000000Z");
}
