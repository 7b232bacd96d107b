//! What a call to Azure can fail with, as far as decisions depend on it.

pub(crate) mod late;
pub(crate) mod words;

use azimage_crds::Reason;
use words::Failed;

use crate::{
    Message as _, Progress,
    image_version::{Requeue, StepName},
};

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

/// What a failed call was about, which may be busy.
#[derive(Clone, Copy, Debug)]
pub(crate) enum About {
    /// What couldn't be read.
    Reading,
    /// The source machine.
    Source,
    /// The run command of the seal.
    Seal,
    /// The version that is to be made, or its source.
    Creation,
    /// The version.
    Update,
    /// The version that goes.
    Deletion,
}

impl About {
    fn busy(self, doing: String, why: String) -> Failed {
        match self {
            Self::Reading => Failed::ReadingBusy { doing, why },
            Self::Source => Failed::SourceBusy { doing, why },
            Self::Seal => Failed::SealBusy { doing, why },
            Self::Creation => Failed::CreationBusy { doing, why },
            Self::Update => Failed::UpdateBusy { doing, why },
            Self::Deletion => Failed::DeletionBusy { doing, why },
        }
    }
}

impl Failure {
    /// How it stands with the object after something couldn't be read. `doing` completes the sentence "Could not …".
    pub fn progress(&self, doing: &str) -> Progress {
        self.progress_about(doing, About::Reading)
    }

    /// How it stands with the object after a step couldn't be carried out.
    pub fn progress_of(&self, step: StepName) -> Progress {
        self.progress_about(step.doing(), step.about())
    }

    fn progress_about(&self, doing: &str, about: About) -> Progress {
        let message = self.message(doing.to_owned(), about);
        let progress: fn(Reason, String) -> Progress =
            if self.is_permanent() { Progress::stalled } else { Progress::retrying };
        progress(message.reason(), message.to_string())
    }

    fn message(&self, doing: String, about: About) -> Failed {
        match self.clone() {
            Self::Denied { action, scope } => Failed::Denied { doing, action, scope },
            Self::Identity(why) => Failed::NoToken { doing, why },
            Self::IdentityIncomplete(why) => Failed::IdentityIncomplete { doing, why },
            Self::IdentityRefused(why) => Failed::IdentityRefused { doing, why },
            Self::Throttled => Failed::Throttled { doing },
            Self::Busy(why) => about.busy(doing, why),
            Self::Refused(why) => Failed::Refused { doing, why },
            Self::Unavailable(why) => Failed::Unavailable { doing, why },
        }
    }

    /// When to try again.
    pub fn requeue(&self) -> Requeue {
        match self {
            permanent if permanent.is_permanent() => Requeue::Resync,
            Self::Throttled => Requeue::Throttled,
            _ => Requeue::Retry,
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
    fn what_is_busy_is_told_by_what_the_step_is_about() {
        let told = |step: StepName| match Failure::Busy("locked".to_owned()).progress_of(step) {
            Progress::Retrying { reason, message } => (reason, message),
            other => panic!("{step}: {other:?}"),
        };
        for (step, expected, of) in [
            (StepName::ClaimSource, Reason::SourceBusy, "the source"),
            (StepName::Deallocate, Reason::SourceBusy, "the source"),
            (StepName::Seal, Reason::Sealing, "its run command"),
            (StepName::Publish, Reason::Publishing, "the version or of its source"),
            (StepName::Update, Reason::Replicating, "the version"),
            (StepName::Repair, Reason::Replicating, "the version"),
            (StepName::Delete, Reason::Deleting, "the version"),
        ] {
            let (reason, message) = told(step);
            assert_eq!(reason, expected, "{step}");
            assert!(message.contains(step.doing()) && message.ends_with("locked"), "{step}: {message}");
            assert!(message.contains(of), "{step}: {message}");
        }
    }

    #[test]
    fn who_lacks_a_right_is_the_identity_that_the_object_acts_as() {
        let denied = Failure::Denied { action: "a/read".to_owned(), scope: "/s".to_owned() };
        let Progress::Stalled { reason, message } = denied.progress("read") else { panic!("it stalls") };
        assert_eq!(reason, Reason::AccessDenied);
        assert!(message.contains("a/read on /s") && message.contains("spec.serviceAccountName"), "{message}");
    }
}
