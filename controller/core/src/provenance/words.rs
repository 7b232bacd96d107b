//! What is said of the ancestors of a version.

use azimage_crds::Withdrawn;

use crate::message::{Phrases, messages, phrases};

messages! {
    /// How it stands with the versions from which a version was made.
    pub(crate) enum Words {
        Good => AncestorsGood / Succeeded:
            "None of the versions from which it was made was withdrawn, as far as their objects here say",
        Withdrawn { ancestors: String } => AncestorsGood / AncestorWithdrawn:
            "The version was made from {ancestors}. Make another version from a good one, and have that be latest: this one goes on as before",
    }
}

phrases! {
    /// Why an ancestor is of no more use.
    pub(crate) enum Why ["<ancestors>"] {
        Deleted => "was deleted",
        ValidationFailed => "failed its validation",
        RolledBack => "was latest, until an older one was again",
        Excluded => "was latest, until it was taken out",
        EndOfLife => "is past its end of life",
    }
}

impl Why {
    pub(super) fn of(withdrawn: Withdrawn) -> Self {
        match withdrawn {
            Withdrawn::Deleted => Self::Deleted,
            Withdrawn::ValidationFailed => Self::ValidationFailed,
            Withdrawn::RolledBack => Self::RolledBack,
            Withdrawn::Excluded => Self::Excluded,
            Withdrawn::EndOfLife => Self::EndOfLife,
        }
    }
}

pub(crate) fn phrases() -> Vec<Phrases> {
    vec![Why::phrases()]
}
