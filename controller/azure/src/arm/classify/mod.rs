//! From an answer that is not a success to an [`Error`].

use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};

use crate::{
    arm::denied::missing_right,
    arm::error::{Error, ErrorKind, Exchange, Parts},
    arm::error_body::{ErrorBody, clean},
    arm::retry_after::retry_after,
};

/// Codes that mean "another operation is in the way", with whatever status.
const BUSY: &[&str] = &["Conflict", "RetryableError", "AnotherOperationInProgress", "OperationPreempted"];

/// What `OperationNotAllowed` says when it is about something that passes. Hints only: messages are localised, and
/// where none fits the caller decides by a fresh read.
const PASSING: &[&str] = &[
    "another operation is in progress",
    "an ongoing operation is changing power state",
    "marked for deletion",
    "since the vm is running",
    "wait for completion",
    "completely finish being built",
    "before nested resources are deleted",
];

/// What `OperationNotAllowed` says of every quota, and what only somebody with a right to raise it ends.
const QUOTA: &[&str] = &["results in exceeding"];

/// Codes of permanent 409s. Others of that status depend on a state.
const PERMANENT: &[&str] = &[
    "PropertyChangeNotAllowed",
    "ScopeLocked",
    "MissingSubscriptionRegistration",
    "InvalidResourceLocation",
    "DeleteGalleryImageVersionBlockedBeforeEndOfLife",
    "QuotaExceeded",
    "SkuNotAvailable",
];

const THROTTLED_WITHOUT_A_TIME: Duration = Duration::from_secs(30);
const SOURCE_THROTTLED: Duration = Duration::from_secs(120);

/// The error that an answer without success is.
pub(crate) fn classify(exchange: &Exchange, response: &Response<Bytes>) -> Error {
    let status = response.status();
    let body = ErrorBody::read(response.body());
    let retry_after = retry_after(response.headers());
    let kind = kind(status, body.as_ref(), retry_after);
    let (code, message) = match body {
        Some(body) => (Some(body.code), body.message),
        None => (None, foreign(status, response.body())),
    };
    Error::new(Parts { kind, status: Some(status), code, message, retry_after, exchange: exchange.clone() })
}

fn kind(status: StatusCode, body: Option<&ErrorBody>, retry_after: Option<Duration>) -> ErrorKind {
    let has_code = |codes| body.is_some_and(|body| body.has_code(codes));
    let says = |parts| body.is_some_and(|body| body.says(parts));
    // The status decides here: the code of a 429 by Compute, OperationNotAllowed, is also that of permanent refusals.
    if status == StatusCode::TOO_MANY_REQUESTS {
        let asked = retry_after.or_else(|| body.and_then(wait_in_message)).unwrap_or(THROTTLED_WITHOUT_A_TIME);
        return ErrorKind::Throttled { wait: asked.max(Duration::from_secs(1)), sent: true };
    }
    if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT {
        return ErrorKind::Transient;
    }
    if status.is_client_error() && says(&["too many requests on source"]) {
        let wait = retry_after.unwrap_or(SOURCE_THROTTLED).max(Duration::from_secs(1));
        return ErrorKind::Throttled { wait, sent: true };
    }
    match (status, body) {
        (StatusCode::UNAUTHORIZED, _) => ErrorKind::Unauthenticated,
        (StatusCode::PRECONDITION_FAILED, _) => ErrorKind::PreconditionFailed,
        (StatusCode::FORBIDDEN, Some(_)) if has_code(&["RequestDisallowedByPolicy"]) => ErrorKind::Rejected,
        (StatusCode::FORBIDDEN, Some(body)) => {
            let (action, scope) = missing_right(body);
            ErrorKind::Denied { action, scope }
        }
        (StatusCode::NOT_FOUND | StatusCode::GONE, Some(body)) if ends_with_not_found(&body.code) => {
            ErrorKind::NotFound
        }
        (StatusCode::GONE, Some(_)) => ErrorKind::NotFound,
        (_, Some(_)) if status.is_client_error() && has_code(BUSY) => ErrorKind::Busy,
        (StatusCode::CONFLICT, Some(_)) if has_code(PERMANENT) || says(QUOTA) => ErrorKind::Rejected,
        (StatusCode::CONFLICT, Some(_)) if says(PASSING) => ErrorKind::Busy,
        (StatusCode::CONFLICT, Some(_)) => ErrorKind::NotAllowed,
        (_, Some(_)) if status.is_client_error() => ErrorKind::Rejected,
        // Also all without a body of Azure: a proxy's page must not pass for "the resource does not exist", nor for
        // any other verdict on the request.
        _ => ErrorKind::Malformed,
    }
}

fn ends_with_not_found(code: &str) -> bool {
    code.to_ascii_lowercase().ends_with("notfound")
}

/// The seconds of "Please try again after '6' seconds", which Resource Manager writes into the message too.
fn wait_in_message(body: &ErrorBody) -> Option<Duration> {
    let seconds: u64 = body.message.split('\'').skip(1).step_by(2).find_map(|quoted| quoted.parse().ok())?;
    (seconds <= 3600).then(|| Duration::from_secs(seconds))
}

/// Tells about an answer that is not in Azure's form.
fn foreign(status: StatusCode, body: &[u8]) -> String {
    if status.is_redirection() {
        return "a redirect, which Azure Resource Manager never sends; is a proxy or a login page in between?"
            .to_owned();
    }
    if body.is_empty() {
        return "an error without a body".to_owned();
    }
    let start = clean(&String::from_utf8_lossy(&body[..body.len().min(400)]), 120);
    format!("an error that is not in Azure's form; is a proxy in between? It begins with {start:?}")
}

#[cfg(test)]
mod tests;
