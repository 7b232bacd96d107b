//! In which plan a bug shows.

use azimage_simulation::{plan::Plan, sabotage::Bug};

/// A plan that is written down, by its name and its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Situation {
    pub(crate) name: &'static str,
    text: &'static str,
}

impl Situation {
    /// The plan of a seed.
    pub(crate) fn plan(self, seed: u64) -> Plan {
        let plan = Plan::parse(self.text).unwrap_or_else(|error| panic!("{}: {error}", self.name));
        Plan { seed, ..plan }
    }
}

/// A plan of the folder `plans`.
macro_rules! plan {
    ($name:literal) => {
        Situation { name: $name, text: include_str!(concat!("plans/", $name, ".yaml")) }
    };
}

/// A scenario that once went wrong.
macro_rules! kept {
    ($name:literal) => {
        Situation { name: $name, text: include_str!(concat!("../../../scenarios/", $name, ".yaml")) }
    };
}

/// The situation in which a bug shows.
pub(crate) fn of(bug: Bug) -> Situation {
    match bug {
        Bug::GeneralizeWithoutConsent => plan!("no-consent"),
        Bug::GeneralizeUnsealed => plan!("stopped-early"),
        Bug::BelievePowerOff => plan!("stopped-in-the-seal"),
        Bug::RetryGeneralize => plan!("generalize-unheard"),
        Bug::RepeatFailedSeal => plan!("broken-guest"),
        Bug::IgnoreLocks => plan!("gallery-locked"),
        Bug::AcceptForeignClaim => plan!("claimed"),
        Bug::ClaimWithoutIfMatch => plan!("tagged-meanwhile"),
        Bug::ClaimCopiedMachine => plan!("copied"),
        Bug::IgnoreOpenNetwork => plan!("copy-opened"),
        Bug::KeepFailedCopy => plan!("copy-fails"),
        Bug::SealWithoutSnapshot => plan!("kept"),
        Bug::DeleteSourceEarly => plan!("source-deleted"),
        Bug::IgnoreUniqueIds => plan!("disk-replaced"),
        Bug::AcceptForeignPart => plan!("part-taken"),
        Bug::BelieveOne404OfPart => plan!("part-missed"),
        Bug::KeepSize => plan!("size-sold-out"),
        Bug::RecreateMissingVersion => plan!("version-deleted"),
        Bug::BelieveOne404 => Situation { name: "one-404", text: super::shrinking::CORE },
        Bug::BeginOnOne404 => kept!("one-404-for-a-number-that-is-taken"),
        Bug::AskOnOne404 => kept!("one-404-for-the-seal"),
        Bug::RepeatBeforeSeen => plan!("shown-late"),
        Bug::AdoptForeignVersion => plan!("taken"),
        Bug::DeleteForeignVersion => plan!("disowned"),
        Bug::PromoteUnproven => plan!("unproven"),
        Bug::IgnorePin => plan!("another-pinned"),
        Bug::IgnoreSoak => plan!("soaks"),
        Bug::SoakByOwnClock => plan!("soaks-and-the-clock-jumps"),
        Bug::IncludeAddedRegion => plan!("promoted-then-wider"),
        Bug::DropForeignRegions => plan!("region-added"),
        Bug::BlameAllWishes => plan!("region-misspelt"),
        Bug::StaleTargets => plan!("target-deleted-unheard"),
        Bug::LetTargetGoEarly => plan!("target-deleted"),
        Bug::BelieveVanishedRegion => kept!("given-up-before-it-was-shown"),
        Bug::BelieveParentState => plan!("says-succeeded"),
        Bug::ReadyWithFailedRegion | Bug::RepairWithoutLimit => plan!("region-fails"),
        Bug::RetryUncounted => plan!("creation-fails"),
        Bug::GiveUpAtDeadline => plan!("slow-copy"),
        Bug::IgnoreDeletionPolicy => plan!("retained"),
        Bug::BelieveOne404OnDeletion => plan!("deleted-and-missed"),
        Bug::IgnoreSuspend => plan!("suspended"),
        Bug::NoBackoff => plan!("away"),
        Bug::ConflictIsFinal => plan!("conflict"),
        Bug::PanicOnUnknownState => plan!("says-unknown"),
        Bug::IgnoreTerm | Bug::LeadTooLong | Bug::TakeLeaseEarly => plan!("lease-lost"),
        Bug::SkipDeallocate
        | Bug::OfferAsLatest
        | Bug::EffectBeforeIntent
        | Bug::NoFinalizer
        | Bug::StatusInEachPass
        | Bug::TimeInMessage
        | Bug::NoObservedGeneration
        | Bug::ContradictingConditions
        | Bug::LeakOperationUrl => plan!("quiet"),
    }
}
