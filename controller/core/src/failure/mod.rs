//! What a call to Azure can fail with, as far as decisions depend on it.

pub(crate) mod late;
pub(crate) mod words;

use azimage_crds::Reason;
use azimage_names::{Obstacle, values::NO_CAPACITY};
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
    /// The resource is in use by what Azure is making of it.
    InUse(String),
    /// A state is in the way that may pass or not: Azure says no more.
    NotAllowed(String),
    /// Something forbids the request that only a person can change.
    Forbidden {
        /// What it is.
        by: Obstacle,
        /// Azure's words.
        why: String,
    },
    /// The request can never succeed as it is.
    Refused(String),
    /// The same request may succeed later.
    Unavailable(String),
}

/// Whether the code of an operation that failed says that there was no machine of the size that it asked for.
pub(crate) fn is_of_capacity(code: &str) -> bool {
    NO_CAPACITY.iter().chain(&["QuotaExceeded"]).any(|known| known.eq_ignore_ascii_case(code))
}

/// How many times in a row Azure may say that a state is in the way, until a person is told.
const MOST_NOT_ALLOWED: u32 = 6;

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
    /// A part of the copy of a machine.
    Cloning,
    /// The network of the copy of a machine.
    CloneNetwork,
    /// The copy of a machine itself, for which another size may do.
    CloneMachine,
    /// The restore point of a machine that is cloned.
    RestorePoint,
    /// What is run in a machine that proves a version.
    Validation,
    /// The network of the machines that prove a version.
    ValidationNetwork,
    /// A machine that is made from a version to prove it, for which another size may do.
    ValidationMachine,
    /// A temporary resource that goes.
    CleanUp,
    /// The image definition.
    Definition,
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
            Self::Cloning | Self::CloneNetwork | Self::CloneMachine | Self::RestorePoint => {
                Failed::CloningBusy { doing, why }
            }
            Self::Validation | Self::ValidationNetwork | Self::ValidationMachine => {
                Failed::ValidationBusy { doing, why }
            }
            Self::CleanUp => Failed::CleanUpBusy { doing, why },
            Self::Definition => Failed::DefinitionBusy { doing, why },
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

    /// The same after an image definition couldn't be written.
    pub fn progress_of_definition(&self, doing: &str) -> Progress {
        self.progress_about(doing, About::Definition)
    }

    fn progress_about(&self, doing: &str, about: About) -> Progress {
        let message = self.message(doing.to_owned(), about);
        let lasts = self.is_permanent() && !self.is_of_size(about);
        let progress: fn(Reason, String) -> Progress = if lasts { Progress::stalled } else { Progress::retrying };
        progress(message.reason(), message.to_string())
    }

    fn message(&self, doing: String, about: About) -> Failed {
        match self.clone() {
            Self::Denied { action, scope } => Failed::Denied { doing, action, scope },
            Self::Identity(why) => Failed::NoToken { doing, why },
            Self::IdentityIncomplete(why) => Failed::IdentityIncomplete { doing, why },
            Self::IdentityRefused(why) => Failed::IdentityRefused { doing, why },
            Self::Throttled => Failed::Throttled { doing },
            Self::InUse(why) if matches!(about, About::Deletion) => Failed::DeletionInUse { doing, why },
            Self::Busy(why) | Self::InUse(why) | Self::NotAllowed(why) => about.busy(doing, why),
            Self::Forbidden { why, .. } if self.is_of_size(about) => Failed::NoMachine { doing, why },
            Self::Forbidden { by, why } => match by {
                Obstacle::Capacity => Failed::Capacity { doing, why },
                Obstacle::Policy => Failed::Policy { doing, why },
                Obstacle::DenyAssignment => Failed::DenyAssignment { doing, why },
                Obstacle::Lock => Failed::Lock { doing, why },
                Obstacle::Subscription => Failed::Subscription { doing, why },
                Obstacle::OtherTenant => Failed::OtherTenant { doing, why },
                Obstacle::Quota => Failed::Quota { doing, why },
                Obstacle::Extensions => Failed::Extensions { doing, why },
                Obstacle::NotRegistered => Failed::NotRegistered { doing, why },
            },
            Self::Refused(why) if matches!(about, About::RestorePoint) => Failed::RestorePoint { doing, why },
            Self::Refused(why) if matches!(about, About::CloneNetwork | About::ValidationNetwork) => {
                Failed::Network { doing, why }
            }
            Self::Refused(why) => Failed::Refused { doing, why },
            Self::Unavailable(why) => Failed::Unavailable { doing, why },
        }
    }

    /// Whether another size of the machine that was to be made may do.
    fn is_of_size(&self, about: About) -> bool {
        let of_size = matches!(self, Self::Forbidden { by: Obstacle::Capacity | Obstacle::Quota, .. });
        of_size && matches!(about, About::CloneMachine | About::ValidationMachine)
    }

    /// Whether a step failed because there was no machine of the size that it asked for.
    pub(crate) fn is_for_want_of_capacity(&self, step: StepName) -> bool {
        self.is_of_size(step.about())
    }

    /// Azure's words, as far as there are any.
    pub(crate) fn words(&self) -> &str {
        match self {
            Self::Identity(why)
            | Self::IdentityIncomplete(why)
            | Self::IdentityRefused(why)
            | Self::Busy(why)
            | Self::InUse(why)
            | Self::NotAllowed(why)
            | Self::Forbidden { why, .. }
            | Self::Refused(why)
            | Self::Unavailable(why) => why,
            Self::Denied { action, .. } => action,
            Self::Throttled => "",
        }
    }

    /// When to try a step again.
    pub(crate) fn requeue_of(&self, step: StepName) -> Requeue {
        if self.is_of_size(step.about()) { Requeue::Retry } else { self.requeue() }
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
        match self {
            Self::Denied { .. }
            | Self::Forbidden { .. }
            | Self::Refused(_)
            | Self::IdentityIncomplete(_)
            | Self::IdentityRefused(_) => true,
            Self::Identity(_)
            | Self::Throttled
            | Self::Busy(_)
            | Self::InUse(_)
            | Self::NotAllowed(_)
            | Self::Unavailable(_) => false,
        }
    }

    /// What it is after so many failures of a step in a row: a state that stays in the way is a refusal.
    #[must_use]
    pub(crate) fn after(self, failures: u32) -> Self {
        match self {
            Self::NotAllowed(why) if failures >= MOST_NOT_ALLOWED => Self::Refused(why),
            other => other,
        }
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
    fn each_thing_that_forbids_has_its_reason_and_its_advice() {
        for (by, expected, advice) in [
            (Obstacle::Policy, Reason::DisallowedByPolicy, "Have"),
            (Obstacle::DenyAssignment, Reason::DeniedByAssignment, "deny assignment"),
            (Obstacle::Lock, Reason::ScopeLocked, "Remove the lock"),
            (Obstacle::Subscription, Reason::SubscriptionUnavailable, "Check its id"),
            (Obstacle::OtherTenant, Reason::TenantMismatch, "no grant helps"),
            (Obstacle::Quota, Reason::QuotaExceeded, "Have it raised"),
            (Obstacle::Capacity, Reason::CapacityUnavailable, "vmSizes"),
            (Obstacle::Extensions, Reason::SourceUnsupported, "osProfile.allowExtensionOperations"),
            (Obstacle::NotRegistered, Reason::ProviderNotRegistered, "az provider register"),
        ] {
            let failure = Failure::Forbidden { by, why: "Code: as Azure says".to_owned() };
            let Progress::Stalled { reason, message } = failure.progress_of(StepName::Publish) else {
                panic!("{by:?}")
            };
            assert_eq!(reason, expected);
            assert!(message.contains(advice) && message.ends_with("Code: as Azure says"), "{message}");
            assert_eq!(failure.requeue(), Requeue::Resync, "it is tried again");
        }
    }

    #[test]
    fn what_is_in_use_blocks_a_deletion_and_is_tried_again() {
        let failure = Failure::InUse("used".to_owned());
        for (step, expected) in [(StepName::Delete, Reason::DeletionBlocked), (StepName::Update, Reason::Replicating)] {
            let Progress::Retrying { reason, .. } = failure.progress_of(step) else { panic!("{step}") };
            assert_eq!((reason, failure.requeue()), (expected, Requeue::Retry));
        }
    }

    #[test]
    fn a_state_that_stays_in_the_way_is_a_refusal() {
        let failure = Failure::NotAllowed("not allowed".to_owned());
        assert!(!failure.clone().after(5).is_permanent());
        assert_eq!(failure.after(6), Failure::Refused("not allowed".to_owned()));
        assert_eq!(Failure::Busy("busy".to_owned()).after(60), Failure::Busy("busy".to_owned()));
    }

    #[test]
    fn who_lacks_a_right_is_the_identity_that_the_object_acts_as() {
        let denied = Failure::Denied { action: "a/read".to_owned(), scope: "/s".to_owned() };
        let Progress::Stalled { reason, message } = denied.progress("read") else { panic!("it stalls") };
        assert_eq!(reason, Reason::AccessDenied);
        assert!(message.contains("a/read on /s") && message.contains("spec.serviceAccountName"), "{message}");
    }
}
