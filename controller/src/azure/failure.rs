//! Errors of the client become failures that decisions know.

use azimage_azure::{Error, ErrorKind, TokenErrorKind};
use azimage_core::{Failure, image_version::Absent};

use super::CallError;

impl From<Error> for CallError {
    fn from(error: Error) -> Self {
        let wait = match error.kind() {
            ErrorKind::Throttled { wait, .. } => Some(*wait),
            _ => error.retry_after(),
        };
        Self { failure: failure(&error), wait, error }
    }
}

fn failure(error: &Error) -> Failure {
    let text = || words(error);
    match error.kind() {
        ErrorKind::Denied { action, scope } => Failure::Denied {
            action: action.clone().unwrap_or_else(|| format!("that Azure names here: {}", text())),
            scope: scope.clone().unwrap_or_else(|| "its scope".to_owned()),
        },
        ErrorKind::Token(TokenErrorKind::Configuration) => Failure::IdentityIncomplete(text()),
        ErrorKind::Token(TokenErrorKind::Refused) => Failure::IdentityRefused(text()),
        ErrorKind::Token(TokenErrorKind::Unreachable) | ErrorKind::Unauthenticated => Failure::Identity(text()),
        ErrorKind::Throttled { .. } => Failure::Throttled,
        // Whether a state passes shows in the next pass, which reads everything again.
        ErrorKind::Busy | ErrorKind::PreconditionFailed | ErrorKind::NotFound => Failure::Busy(text()),
        ErrorKind::NotAllowed => Failure::NotAllowed(text()),
        ErrorKind::InUse => Failure::InUse(text()),
        ErrorKind::Forbidden(obstacle) => Failure::Forbidden { by: *obstacle, why: text() },
        ErrorKind::Rejected => Failure::Refused(text()),
        ErrorKind::Transient | ErrorKind::Transport { .. } | ErrorKind::Malformed => Failure::Unavailable(text()),
    }
}

/// What Azure said, with its code where it gave one.
pub(crate) fn words(error: &Error) -> String {
    match error.code() {
        Some(code) => format!("{code}: {}", error.message()),
        None => error.message().to_owned(),
    }
}

/// What exactly is absent, when the answer says that something is.
pub(super) fn absent(error: &Error) -> Option<Absent> {
    if *error.kind() != ErrorKind::NotFound {
        return None;
    }
    match error.code() {
        Some("ResourceGroupNotFound" | "ParentResourceNotFound") => Some(Absent::Parent),
        _ => Some(Absent::Resource),
    }
}
