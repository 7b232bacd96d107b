//! What happens to an image version in a life, apart from the controller's own work.

/// A story. Each is a life of one image version with two targets, and one thing that happens in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display, strum::EnumIter)]
pub(crate) enum Story {
    /// Nothing happens.
    Quiet,
    /// Azure shows the new version only after some reads.
    SlowToShow,
    /// Somebody adds a region to the version in Azure; later another target comes.
    RegionAdded,
    /// Somebody deletes the version in Azure.
    VersionDeleted,
    /// A single read says that the version isn't there.
    Flicker,
    /// A region fails again and again.
    RegionFails,
    /// A region copies for longer than is expected.
    RegionStuck,
    /// The version says Succeeded while its regions still copy.
    ParentLies,
    /// The machine doesn't consent.
    NoConsent,
    /// The machine is claimed by another owner.
    Claimed,
    /// Somebody changes the machine's tags just before azimage does.
    Retagged,
    /// Somebody powers the machine off when the seal's run command has succeeded, and before its guest is sealed.
    PoweredOff,
    /// Somebody deallocates the machine just after it was claimed.
    Deallocated,
    /// The seal fails.
    SealFails,
    /// The answer to the first request to generalize gets lost.
    AnswerLost,
    /// Azure answers the first deallocation with a conflict that passes.
    Conflict,
    /// Azure can't be reached for six hours.
    Away,
    /// Azure shows a state that this release doesn't know.
    UnknownState,
    /// A version of that number is there and another's; the object is deleted.
    Foreign,
    /// Somebody takes our tag from the version; the object, with the policy Delete, is deleted.
    Disowned,
    /// The object, with the policy Delete, is deleted while Azure doesn't show the new version yet.
    DeletedEarly,
    /// The object, with the policy Retain, is deleted.
    Retained,
    /// A target is deleted after its region is complete.
    TargetDeleted,
    /// A target is deleted before its region is begun, and the watches lag.
    TargetDeletedEarly,
    /// The object is suspended in the middle.
    Suspended,
    /// One of two replicas can't renew its lease.
    LeaseLost,
    /// Requests and answers get lost, errors come, the controller is killed at any request.
    Turbulence,
}

/// How a life has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The object is Ready.
    Ready,
    /// The object is Stalled for this reason.
    Stalled(&'static str),
    /// The object is gone.
    Gone,
    /// It is left as it is.
    Still,
}

impl Story {
    /// How the life has to end.
    pub(crate) fn end(self) -> End {
        match self {
            Self::VersionDeleted => End::Stalled("VersionMissing"),
            Self::RegionFails => End::Stalled("ReplicationFailed"),
            Self::NoConsent => End::Stalled("ConsentMissing"),
            Self::Claimed => End::Stalled("SourceClaimed"),
            Self::Deallocated | Self::PoweredOff => End::Stalled("GuestPreparationUnknown"),
            Self::SealFails => End::Stalled("SealFailed"),
            Self::Foreign | Self::Disowned | Self::DeletedEarly | Self::Retained => End::Gone,
            Self::Suspended => End::Still,
            _ => End::Ready,
        }
    }

    /// Writes to Azure that the life needs, where that is known exactly.
    pub(crate) fn writes(self) -> Option<usize> {
        match self {
            Self::Quiet
            | Self::SlowToShow
            | Self::RegionStuck
            | Self::Flicker
            | Self::ParentLies
            | Self::UnknownState => Some(7),
            Self::NoConsent | Self::Claimed | Self::Foreign => Some(0),
            _ => None,
        }
    }

    /// Whether nothing in the story makes it right to ask a person for help.
    pub(crate) fn heals(self) -> bool {
        self.end() == End::Ready
    }
}
