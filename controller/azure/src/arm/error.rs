//! What went wrong with a call, and what to do about it.

use std::{fmt, sync::Arc, time::Duration};

use azimage_names::Obstacle;
use http::StatusCode;
use uuid::Uuid;

use crate::{identity::token_error::TokenErrorKind, throttle::Urgency};

/// What to do after a failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// Send the same request again later, backing off.
    Retry,
    /// Read the resource again and wait until its state allows the request.
    WaitForState,
    /// The same request can never succeed: a human must change the input, the resource, or rights.
    NeedsChange,
    /// Send nothing of this kind for so long.
    ThrottledUntil(Duration),
}

/// What kind of failure it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Azure says the resource, or one that the request names, does not exist. Right after a write this can be
    /// the reader lagging behind, and one such answer proves no deletion.
    NotFound,
    /// The identity lacks a right.
    Denied {
        /// The missing action, where Azure names it, for example `Microsoft.Compute/virtualMachines/read`.
        action: Option<String>,
        /// The scope it is missing on, where Azure names it.
        scope: Option<String>,
    },
    /// Azure does not accept the token, also not a fresh one.
    Unauthenticated,
    /// Too many requests.
    Throttled {
        /// How long to wait; where Azure said so, at least a second and never less than it said.
        wait: Duration,
        /// Azure got the request and refused it. If not, it was held back here, because the budget is used up.
        sent: bool,
    },
    /// Another operation is in the way and will end.
    Busy,
    /// The state of a resource does not allow the request. Whether that passes shows only in a fresh read of the
    /// resource: [`Error::advice_after_read`].
    NotAllowed,
    /// The resource has changed since the etag was read.
    PreconditionFailed,
    /// The resource is in use by what Azure is making of it.
    InUse,
    /// The request is refused and will be again, until somebody changes what stands in its way.
    Forbidden(Obstacle),
    /// The request itself is refused and will be again.
    Rejected,
    /// Azure failed.
    Transient,
    /// No answer came.
    Transport {
        /// The time was up.
        timed_out: bool,
        /// Azure may have got the request.
        possibly_sent: bool,
    },
    /// The answer is not what Azure sends: HTML of a proxy, broken JSON, other types than documented.
    Malformed,
    /// No token could be had, so nothing was sent.
    Token(TokenErrorKind),
}

/// A failed call.
///
/// Holds no secrets: the message is bounded, and query parts of URLs and tokens in it are masked.
#[derive(Clone)]
pub struct Error(Box<Parts>);

#[derive(Clone, Debug)]
pub(crate) struct Parts {
    pub(crate) kind: ErrorKind,
    pub(crate) status: Option<StatusCode>,
    pub(crate) code: Option<String>,
    pub(crate) message: String,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) exchange: Exchange,
}

/// Which request an error belongs to.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) method: http::Method,
    /// It may change something: a GET never does, and an action that only asks neither.
    pub(crate) changes: bool,
    /// The path of the resource, without a query.
    pub(crate) subject: String,
    pub(crate) correlation_id: Uuid,
    pub(crate) namespace: Arc<str>,
    pub(crate) object: Option<Arc<str>>,
    pub(crate) urgency: Urgency,
}

impl Error {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Box::new(parts))
    }

    pub(crate) fn malformed(exchange: &Exchange, status: Option<StatusCode>, message: impl Into<String>) -> Self {
        Self::new(Parts {
            kind: ErrorKind::Malformed,
            status,
            code: None,
            message: message.into(),
            retry_after: None,
            exchange: exchange.clone(),
        })
    }

    /// The same error with another wait, for a refused request.
    pub(crate) fn waiting(mut self, wait: Duration) -> Self {
        self.0.kind = ErrorKind::Throttled { wait, sent: true };
        self
    }

    /// The kind of failure.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// The HTTP status of the answer, if one came.
    pub fn status(&self) -> Option<u16> {
        self.0.status.map(|status| status.as_u16())
    }

    /// Azure's error code, for example `PropertyChangeNotAllowed`. Stable, unlike the message.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// What Azure or the failing layer says, bounded and in one line. Azure localises it.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// How long Azure asks to wait, if it does.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The correlation id of the call.
    pub fn correlation_id(&self) -> Uuid {
        self.0.exchange.correlation_id
    }

    /// What to do next.
    pub fn advice(&self) -> Advice {
        match &self.0.kind {
            ErrorKind::Throttled { wait, .. } => Advice::ThrottledUntil(*wait),
            ErrorKind::Busy | ErrorKind::InUse | ErrorKind::PreconditionFailed => Advice::WaitForState,
            ErrorKind::NotFound
            | ErrorKind::Denied { .. }
            | ErrorKind::NotAllowed
            | ErrorKind::Forbidden(_)
            | ErrorKind::Rejected
            | ErrorKind::Token(TokenErrorKind::Configuration | TokenErrorKind::Refused) => Advice::NeedsChange,
            ErrorKind::Unauthenticated
            | ErrorKind::Transient
            | ErrorKind::Transport { .. }
            | ErrorKind::Malformed
            | ErrorKind::Token(TokenErrorKind::Unreachable) => Advice::Retry,
        }
    }

    /// What to do next, now that a fresh read has shown whether the resource is in transition (a provisioning state
    /// that is not final, a power state on its way). Settles [`ErrorKind::NotAllowed`], whose code Azure uses for
    /// what passes and for what never will.
    pub fn advice_after_read(&self, in_transition: bool) -> Advice {
        match &self.0.kind {
            ErrorKind::NotAllowed if in_transition => Advice::WaitForState,
            _ => self.advice(),
        }
    }

    /// Whether the request was a write that Azure may have carried out all the same. Read before writing again.
    pub fn possibly_applied(&self) -> bool {
        self.0.exchange.changes
            && match &self.0.kind {
                ErrorKind::Transport { possibly_sent, .. } => *possibly_sent,
                ErrorKind::Transient => true,
                ErrorKind::Malformed => self.0.status.is_none_or(|status| !status.is_redirection()),
                _ => false,
            }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parts { kind, status, code, message, exchange, .. } = &*self.0;
        write!(formatter, "{} {}: ", exchange.method, exchange.subject)?;
        match kind {
            ErrorKind::Denied { action: Some(action), scope: Some(scope) } => {
                write!(formatter, "the identity may not do {action} on {scope}; grant it that action there")?;
            }
            ErrorKind::Token(_) => write!(formatter, "no token: {message}")?,
            _ => {
                if let Some(code) = code {
                    write!(formatter, "{code}: ")?;
                }
                formatter.write_str(message)?;
            }
        }
        let correlation_id = exchange.correlation_id;
        match status {
            Some(status) => write!(formatter, " (HTTP {}, correlation id {correlation_id})", status.as_u16()),
            None => write!(formatter, " (correlation id {correlation_id})"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}: {self}", self.0.kind)
    }
}

impl std::error::Error for Error {}
