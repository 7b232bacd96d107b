//! The seam of the transport to Azure: changes requests and answers.

use std::sync::Arc;

use async_trait::async_trait;
use azimage_azure::{Transport, TransportError};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Address, Bug};

/// A transport to Azure with a bug.
pub(super) struct Sabotaged {
    inner: Arc<dyn Transport>,
    bug: Bug,
    address: Address,
}

impl Sabotaged {
    pub(super) fn new(inner: Arc<dyn Transport>, bug: Bug, address: Address) -> Self {
        Self { inner, bug, address }
    }
}

#[async_trait]
impl Transport for Sabotaged {
    async fn send(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        match self.bug {
            Bug::ClaimWithoutIfMatch => drop(request.headers_mut().remove(header::IF_MATCH)),
            Bug::OfferAsLatest => offer_as_latest(&mut request),
            _ => {}
        }
        let generalizes = request.uri().path().ends_with("/generalize");
        let again = (self.bug == Bug::RetryGeneralize && generalizes).then(|| with_new_id(&request));
        let mut answer = self.inner.send(request).await;
        if let Some(again) = again
            && !answer.as_ref().is_ok_and(|response| response.status().is_success())
        {
            answer = self.inner.send(again).await;
        }
        let mut response = answer?;
        match self.bug {
            Bug::ConflictIsFinal if response.status() == StatusCode::CONFLICT => {
                *response.status_mut() = StatusCode::BAD_REQUEST;
            }
            Bug::LeakOperationUrl => {
                let told = response.headers().get("azure-asyncoperation").and_then(|value| value.to_str().ok());
                if let Some(address) = told {
                    self.address.set(address);
                }
            }
            _ => {}
        }
        Ok(response)
    }
}

/// Removes the exclusion from latest when a version is written.
fn offer_as_latest(request: &mut Request<Bytes>) {
    if request.method() != Method::PUT {
        return;
    }
    let Ok(mut body) = serde_json::from_slice::<Value>(request.body()) else { return };
    if let Some(excluded) = body.pointer_mut("/properties/publishingProfile/excludeFromLatest") {
        *excluded = json!(false);
        *request.body_mut() = Bytes::from(body.to_string());
    }
}

/// The same request with a new id.
fn with_new_id(request: &Request<Bytes>) -> Request<Bytes> {
    const ID: &str = "x-ms-client-request-id";
    let mut with_new_id = request.clone();
    let id = request.headers().get(ID).and_then(|id| id.to_str().ok()?.parse::<Uuid>().ok());
    let next = id.map(|id| Uuid::from_u128(id.as_u128().wrapping_add(1)).to_string());
    if let Some(next) = next.and_then(|next| HeaderValue::try_from(next).ok()) {
        with_new_id.headers_mut().insert(ID, next);
    }
    with_new_id
}
