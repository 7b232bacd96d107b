//! What the caller of a request gets where a fault had its way.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::json;

use crate::{
    arm::response::respond,
    faults::{Then, then},
    simulator::Outcome,
};

/// What the caller gets of a fault; `response` is the real answer of a request that was carried out.
pub(crate) fn outcome(fault: u64, then: Then, request: &Request<Bytes>, response: Option<Response<Bytes>>) -> Outcome {
    match (then, response) {
        (Then::Respond(respond), _) => Outcome::Answer(respond.answer(request)),
        (Then::Wire(wire), response) => Outcome::Wire(wire, response.unwrap_or_else(nothing)),
        (Then::Hang, response) => Outcome::Hang { fault, response },
        (Then::DelaySeconds(seconds), Some(response)) => {
            Outcome::Delayed(Duration::try_from_secs_f64(seconds).unwrap_or_default(), response)
        }
        (Then::Edit(changes), Some(response)) => Outcome::Answer(then::edit(&changes, response)),
        (Then::Pass, Some(response)) => Outcome::Answer(response),
        (Then::Reset | Then::DelaySeconds(_) | Then::Edit(_) | Then::Pass, _) => Outcome::Reset,
    }
}

/// What a request gets that wasn't carried out, before it is spoilt.
fn nothing() -> Response<Bytes> {
    respond(StatusCode::OK, Some(&json!({})), false)
}
