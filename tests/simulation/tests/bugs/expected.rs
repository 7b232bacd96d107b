//! Which story brings a bug to light first.

use azimage_deliberate_bugs::Bug;

use super::story::Story;

/// The story in which a bug shows.
pub(crate) fn story(bug: Bug) -> Story {
    match bug {
        Bug::GeneralizeWithoutConsent => Story::NoConsent,
        Bug::GeneralizeUnsealed => Story::Deallocated,
        Bug::BelievePowerOff => Story::PoweredOff,
        Bug::RetryGeneralize => Story::AnswerLost,
        Bug::RepeatFailedSeal => Story::SealFails,
        Bug::AcceptForeignClaim => Story::Claimed,
        Bug::ClaimWithoutIfMatch => Story::Retagged,
        Bug::RecreateMissingVersion => Story::VersionDeleted,
        Bug::BelieveOne404 => Story::Flicker,
        Bug::RepeatBeforeSeen => Story::SlowToShow,
        Bug::AdoptForeignVersion => Story::Foreign,
        Bug::DeleteForeignVersion => Story::Disowned,
        Bug::DropForeignRegions => Story::RegionAdded,
        Bug::StaleTargets => Story::TargetDeletedEarly,
        Bug::LetTargetGoEarly => Story::TargetDeleted,
        Bug::BelieveParentState => Story::ParentLies,
        Bug::ReadyWithFailedRegion | Bug::RepairWithoutLimit => Story::RegionFails,
        Bug::GiveUpAtDeadline => Story::RegionStuck,
        Bug::IgnoreDeletionPolicy => Story::Retained,
        Bug::BelieveOne404OnDeletion => Story::DeletedEarly,
        Bug::IgnoreSuspend => Story::Suspended,
        Bug::NoBackoff => Story::Away,
        Bug::ConflictIsFinal => Story::Conflict,
        Bug::PanicOnUnknownState => Story::UnknownState,
        Bug::IgnoreTerm | Bug::LeadTooLong | Bug::TakeLeaseEarly => Story::LeaseLost,
        Bug::SkipDeallocate
        | Bug::OfferAsLatest
        | Bug::EffectBeforeIntent
        | Bug::NoFinalizer
        | Bug::StatusInEachPass
        | Bug::TimeInMessage
        | Bug::NoObservedGeneration
        | Bug::ContradictingConditions
        | Bug::LeakOperationUrl => Story::Quiet,
    }
}
