//! What a call to Azure can fail with, as far as decisions depend on it.

pub(crate) mod words;

use azimage_crds::Reason;
use words::Failed;

use crate::{Message as _, Progress, image_version::Wake};

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
        let message = self.message(doing.to_owned());
        let progress: fn(Reason, String) -> Progress =
            if self.is_permanent() { Progress::stalled } else { Progress::retrying };
        progress(message.reason(), message.to_string())
    }

    fn message(&self, doing: String) -> Failed {
        match self.clone() {
            Self::Denied { action, scope } => Failed::Denied { doing, action, scope },
            Self::Identity(why) => Failed::NoToken { doing, why },
            Self::IdentityIncomplete(why) => Failed::IdentityIncomplete { doing, why },
            Self::IdentityRefused(why) => Failed::IdentityRefused { doing, why },
            Self::Throttled => Failed::Throttled { doing },
            Self::Busy(why) => Failed::SourceBusy { doing, why },
            Self::Refused(why) => Failed::Refused { doing, why },
            Self::Unavailable(why) => Failed::Unavailable { doing, why },
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_lacks_a_right_is_the_identity_that_the_object_acts_as() {
        let denied = Failure::Denied { action: "a/read".to_owned(), scope: "/s".to_owned() };
        let Progress::Stalled { reason, message } = denied.progress("read") else { panic!("it stalls") };
        assert_eq!(reason, Reason::AccessDenied);
        assert!(message.contains("a/read on /s") && message.contains("spec.serviceAccountName"), "{message}");
    }
}
