//! What is written to Kubernetes.

mod events;
mod finalizer;
mod freshest;
mod status;
mod unreadable;

use std::{future::Future, time::Duration};

pub(crate) use events::Events;
pub(crate) use finalizer::{add_finalizer, remove_finalizer};
pub(crate) use freshest::Freshest;
use kube::core::Status;
pub(crate) use status::tell_status;
pub(crate) use unreadable::report_unreadable;

use crate::election::TermEnded;

/// Field manager of statuses.
const STATUS_MANAGER: &str = "azimage-status";

/// Field manager of objects.
pub(crate) use azimage_core::export::MANAGER as OBJECT_MANAGER;

/// Longest wait for an answer of the API server. The client itself retries and waits without end.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A failed call to the API server.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KubernetesError {
    /// Nothing was written, or was given up on its way.
    #[error(transparent)]
    TermEnded(#[from] TermEnded),
    /// The API server refused, in its words.
    #[error("{}", .0.message)]
    Refused(Box<Status>),
    /// The API server couldn't be reached, or understood.
    #[error(transparent)]
    Call(kube::Error),
    /// It didn't answer in time.
    #[error("the API server didn't answer within {} s", TIMEOUT.as_secs())]
    Timeout,
}

impl From<kube::Error> for KubernetesError {
    fn from(error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => Self::Refused(status),
            other => Self::Call(other),
        }
    }
}

impl KubernetesError {
    /// Whether the object is gone.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused(status) if status.is_not_found())
    }

    /// Whether the controller lacks the right.
    pub(crate) fn is_forbidden(&self) -> bool {
        matches!(self, Self::Refused(status) if status.is_forbidden())
    }

    /// Whether nothing can be made any more where it was to be made.
    pub(crate) fn is_of_a_namespace_that_goes(&self) -> bool {
        let Self::Refused(status) = self else { return false };
        let causes = status.details.iter().flat_map(|details| &details.causes);
        causes.into_iter().any(|cause| cause.reason == "NamespaceTerminating")
    }

    /// Whether the API server refuses the write as it is: what the schema or a policy doesn't allow, or what is too large.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused(status) if matches!(status.code, 400 | 403 | 413 | 422))
    }

    /// Whether the object was changed meanwhile; the next pass sees the change.
    pub(crate) fn is_conflict(&self) -> bool {
        matches!(self, Self::Refused(status) if status.is_conflict())
    }
}

/// Bounds a call to the API server.
pub(crate) async fn bounded<T>(call: impl Future<Output = kube::Result<T>>) -> Result<T, KubernetesError> {
    match tokio::time::timeout(TIMEOUT, call).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(KubernetesError::Timeout),
    }
}
