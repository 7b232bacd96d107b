//! What a call to Azure can fail with, as far as decisions depend on it.

use azimage_crds::Reason;

use crate::{Progress, image_version::Wake};

/// A failed call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The identity lacks a right.
    Denied {
        /// The action, such as `Microsoft.Compute/virtualMachines/generalize/action`.
        action: String,
        /// The resource id on which it was refused.
        scope: String,
    },
    /// No token was issued, which may heal; the text says why.
    Identity(String),
    /// The identity isn't fully configured; the text says what is missing.
    IdentityIncomplete(String),
    /// The token authority refuses the identity; the text says what to change.
    IdentityRefused(String),
    /// Azure asks for a pause.
    Throttled,
    /// The resource is busy; wait for its state to change.
    Busy(String),
    /// The request can never succeed as it is.
    Refused(String),
    /// The same request may succeed later.
    Unavailable(String),
}

impl Failure {
    /// How it stands with the object after this failure. `doing` completes the sentence "Could not …".
    pub fn progress(&self, doing: &str) -> Progress {
        match self {
            Self::Denied { action, scope } => Progress::stalled(
                Reason::AccessDenied,
                format!("Could not {doing}: grant the action {action} on {scope} to the identity of the controller"),
            ),
            Self::Identity(why) => Progress::retrying(
                Reason::IdentityUnavailable,
                format!("Could not {doing}: no token from Azure: {why}"),
            ),
            Self::IdentityIncomplete(why) => Progress::stalled(
                Reason::IdentityIncomplete,
                format!("Could not {doing}: no token for Azure can be asked for: {why}"),
            ),
            Self::IdentityRefused(why) => Progress::stalled(
                Reason::IdentityRefused,
                format!("Could not {doing}: Azure refuses a token to the identity: {why}"),
            ),
            Self::Throttled => {
                Progress::retrying(Reason::Throttled, format!("Could not {doing} yet: Azure asks for a pause"))
            }
            Self::Busy(why) => Progress::retrying(Reason::SourceBusy, format!("Could not {doing} yet: {why}")),
            Self::Refused(why) => {
                Progress::stalled(Reason::RequestRefused, format!("Could not {doing}: Azure refuses: {why}"))
            }
            Self::Unavailable(why) => Progress::retrying(Reason::AzureUnavailable, format!("Could not {doing}: {why}")),
        }
    }

    /// When to try again.
    pub fn wake(&self) -> Wake {
        match self {
            permanent if permanent.is_permanent() => Wake::Resync,
            Self::Throttled => Wake::Throttled,
            _ => Wake::Retry,
        }
    }

    /// Whether only a person can help.
    pub fn is_permanent(&self) -> bool {
        matches!(self, Self::Denied { .. } | Self::Refused(_) | Self::IdentityIncomplete(_) | Self::IdentityRefused(_))
    }
}
