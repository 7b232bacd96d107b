//! Answers as HTTP responses.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};

use crate::{
    arm::{error::ArmError, headers},
    faults::{Then, then},
    simulator::Outcome,
};

/// An answer; Compute writes its bodies over several lines with carriage returns.
pub(crate) fn respond(status: StatusCode, body: Option<&Value>, pretty: bool) -> Response<Bytes> {
    let text = match body {
        None => String::new(),
        Some(body) if pretty => serde_json::to_string_pretty(body).unwrap_or_default().replace('\n', "\r\n"),
        Some(body) => body.to_string(),
    };
    let mut response = Response::new(Bytes::from(text));
    *response.status_mut() = status;
    if body.is_some() {
        headers::set(response.headers_mut(), "content-type", "application/json; charset=utf-8");
    }
    response
}

pub(crate) fn refuse(error: &ArmError) -> Response<Bytes> {
    let mut response = respond(error.status, Some(&error.envelope()), !error.gateway);
    if error.gateway {
        headers::set(response.headers_mut(), "x-ms-failure-cause", "gateway");
    }
    response
}

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
