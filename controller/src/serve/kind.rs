//! What a kind of objects brings with it.

use std::{fmt::Debug, future::Future, sync::Arc, time::Duration};

use kube::{Resource, core::NamespaceResourceScope};
use serde::de::DeserializeOwned;

use crate::{
    config::{Config, Pace},
    kubernetes::KubernetesError,
    seams::Seams,
};

/// When the next pass over an object comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// After this time, or when the object changes before.
    After(Duration),
    /// When the object changes.
    WhenChanged,
}

/// A kind of objects that is reconciled.
pub(crate) trait Kind:
    Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned + Send + Sync + 'static
{
    /// What all passes share.
    type Context: Send + Sync + 'static;

    /// Its name in metrics and logs.
    const NAME: &'static str;

    /// What those of a namespace that have to do with each other have in common, if there is such a thing.
    fn group_of(_object: &Self) -> Option<String> {
        None
    }

    /// How many objects are worked on at a time, in all scopes together.
    fn concurrency(config: &Config) -> u16;

    /// One pass. It is never run twice at a time for the same object, and not before all watches have seen all objects.
    ///
    /// # Errors
    /// Those of the API server. Failures of Azure are kept per object, and are no errors here.
    fn reconcile(
        context: &Arc<Self::Context>,
        object: &Self,
    ) -> impl Future<Output = Result<Again, KubernetesError>> + Send;

    /// When to try again after an error of the object of this uid.
    fn after(error: &ReconcileError, uid: &str, pace: &Pace, seams: &Seams) -> Again {
        match error {
            ReconcileError::Kubernetes(error) if error.is_conflict() => Again::After(Duration::from_millis(200)),
            _ => Again::After(seams.jittered_for(uid, pace.retry_min)),
        }
    }

    /// Forgets what the process remembers of objects that are gone. Called once in a period.
    fn sweep(_context: &Self::Context, _period: Duration) {}
}

/// A pass that failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReconcileError {
    /// The API server refused, or couldn't be asked.
    #[error(transparent)]
    Kubernetes(#[from] KubernetesError),
    /// The pass panicked, with this message.
    #[error("the reconcile panicked: {0}")]
    Panic(String),
}
