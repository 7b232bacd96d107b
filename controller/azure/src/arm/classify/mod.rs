//! From an answer that is not a success to an [`Error`].

use std::time::Duration;

use azimage_names::Obstacle;
use bytes::Bytes;
use http::{Response, StatusCode};

use crate::{
    arm::denied::missing_right,
    arm::error::{Error, ErrorKind, Exchange, Parts},
    arm::error_body::{ErrorBody, clean},
    arm::retry_after::retry_after,
};

/// Codes that mean "another operation is in the way", with whatever status.
const BUSY: &[&str] = &[
    "Conflict",
    "RetryableError",
    "AnotherOperationInProgress",
    "OperationPreempted",
    // For three minutes after a machine failed that it was to be of.
    "NicReservedForAnotherVm",
];

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
    "concurrent 'create restorepoint' operation",
    "while the operation 'create restore point' was in progress",
];

/// What stands in the way, by the codes that say so, with whatever status.
const OBSTACLES: &[(Obstacle, &[&str])] = &[
    (Obstacle::Policy, &["RequestDisallowedByPolicy"]),
    (Obstacle::DenyAssignment, &["DenyAssignmentAuthorizationFailed"]),
    (Obstacle::Lock, &["ScopeLocked"]),
    (
        Obstacle::Subscription,
        &["ReadOnlyDisabledSubscription", "SubscriptionNotFound", "DisabledSubscription", "InvalidSubscriptionId"],
    ),
    (Obstacle::Quota, &["QuotaExceeded", "SnapshotsLimitReached"]),
    (Obstacle::Capacity, azimage_names::values::NO_CAPACITY),
    (Obstacle::NotRegistered, &["MissingSubscriptionRegistration"]),
];

/// The same by what codes say that are used of much else. Hints, as above.
const OBSTACLES_IN_WORDS: &[(Obstacle, &str, &[&str])] = &[
    (Obstacle::DenyAssignment, "AuthorizationFailed", &["because of the deny assignment"]),
    (
        Obstacle::Quota,
        "OperationNotAllowed",
        &["results in exceeding", "exceeding quota limits", "exceeding the quota"],
    ),
    (Obstacle::Extensions, "OperationNotAllowed", &["when extension operations are disallowed"]),
];

/// Codes of 403s that are about rights; others of that status say something else.
const RIGHTS: &[&str] = &["AuthorizationFailed", "LinkedAuthorizationFailed"];

/// Machines are being made from it: reported of images, whose versions have the same words.
const IN_USE: &[&str] = &["OperationNotAllowedOnVMImageAsVMsBeingProvisioned"];
const IN_USE_WORDS: &[&str] = &["being provisioned using"];

/// Codes of permanent 409s. Others of that status depend on a state.
const PERMANENT: &[&str] =
    &["PropertyChangeNotAllowed", "InvalidResourceLocation", "DeleteGalleryImageVersionBlockedBeforeEndOfLife"];

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
    match status {
        // The token is good, and of another tenant than the subscription.
        StatusCode::UNAUTHORIZED if has_code(&["InvalidAuthenticationTokenTenant"]) => {
            return ErrorKind::Forbidden(Obstacle::OtherTenant);
        }
        StatusCode::UNAUTHORIZED => return ErrorKind::Unauthenticated,
        StatusCode::PRECONDITION_FAILED => return ErrorKind::PreconditionFailed,
        _ => {}
    }
    if let Some(obstacle) = body.filter(|_| status.is_client_error()).and_then(obstacle) {
        return ErrorKind::Forbidden(obstacle);
    }
    match (status, body) {
        (StatusCode::FORBIDDEN, Some(body)) => match missing_right(body) {
            // The right is there, and counts for nothing in another tenant.
            (None, Some(_)) if has_code(&["LinkedAuthorizationFailed"]) => ErrorKind::Forbidden(Obstacle::OtherTenant),
            (action, scope) if action.is_some() || has_code(RIGHTS) => ErrorKind::Denied { action, scope },
            _ => ErrorKind::Rejected,
        },
        (StatusCode::NOT_FOUND | StatusCode::GONE, Some(body)) if ends_with_not_found(&body.code) => {
            ErrorKind::NotFound
        }
        (StatusCode::GONE, Some(_)) => ErrorKind::NotFound,
        (StatusCode::CONFLICT, Some(_)) if has_code(IN_USE) || says(IN_USE_WORDS) => ErrorKind::InUse,
        (_, Some(_)) if status.is_client_error() && has_code(BUSY) => ErrorKind::Busy,
        (StatusCode::CONFLICT, Some(_)) if has_code(PERMANENT) => ErrorKind::Rejected,
        (StatusCode::CONFLICT, Some(_)) if says(PASSING) => ErrorKind::Busy,
        (StatusCode::CONFLICT, Some(_)) => ErrorKind::NotAllowed,
        (_, Some(_)) if status.is_client_error() => ErrorKind::Rejected,
        // Also all without a body of Azure: a proxy's page must not pass for "the resource does not exist", nor for
        // any other verdict on the request.
        _ => ErrorKind::Malformed,
    }
}

/// What stands in the way, if Azure says that something does.
fn obstacle(body: &ErrorBody) -> Option<Obstacle> {
    let by_code = OBSTACLES.iter().find(|(_, codes)| body.has_code(codes)).map(|(obstacle, _)| *obstacle);
    let by_words = || OBSTACLES_IN_WORDS.iter().find(|(_, code, words)| body.has_code(&[code]) && body.says(words));
    by_code.or_else(|| by_words().map(|(obstacle, ..)| *obstacle))
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
