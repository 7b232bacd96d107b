//! Answers and refusals as HTTP responses.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::Value;

use super::{error::ArmError, headers};

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
