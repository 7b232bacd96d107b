//! The deliberate bugs.

/// A bug of a kind that other tools have had. Each breaks a promise of azimage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display, strum::EnumIter, strum::EnumString)]
pub enum Bug {
    /// A machine is generalized without its tag of consent.
    GeneralizeWithoutConsent,
    /// A machine is generalized of whose guest nothing is known.
    GeneralizeUnsealed,
    /// A power-off after the seal's run command counts as seal, whatever the guest said on its console.
    BelievePowerOff,
    /// A stopped machine is generalized without being deallocated.
    SkipDeallocate,
    /// Generalize is sent again when its answer got lost, without a look.
    RetryGeneralize,
    /// Locks are not seen before a machine is claimed.
    IgnoreLocks,
    /// A failed seal is repeated without a request.
    RepeatFailedSeal,
    /// A machine that another owner claimed is taken.
    AcceptForeignClaim,
    /// Tags are replaced without looking whether others changed them meanwhile.
    ClaimWithoutIfMatch,
    /// A machine that is copied is claimed itself.
    ClaimCopiedMachine,
    /// A copy is made whether its network is closed or not.
    IgnoreOpenNetwork,
    /// A copy that can't be captured is kept for ever.
    KeepFailedCopy,
    /// A machine is sealed without the snapshot that is to be kept of its disk.
    SealWithoutSnapshot,
    /// A machine is deleted as soon as its version is there.
    DeleteSourceEarly,
    /// What has the name of something that belonged to a machine counts as that.
    IgnoreUniqueIds,
    /// What isn't the object's own counts as part of its copy.
    AcceptForeignPart,
    /// One 404 says that a part of a copy is gone.
    BelieveOne404OfPart,
    /// A size that isn't to be had is asked for again, and no other one.
    KeepSize,
    /// A version that vanished is made again.
    RecreateMissingVersion,
    /// One 404 says that a version is gone for good.
    BelieveOne404,
    /// What Azure accepted and doesn't show yet is asked for again.
    RepeatBeforeSeen,
    /// A version of another owner of that name counts as ours.
    AdoptForeignVersion,
    /// A version is offered as latest.
    OfferAsLatest,
    /// A version is promoted without having passed.
    PromoteUnproven,
    /// A version is promoted though another one is pinned.
    IgnorePin,
    /// A version is promoted before its soak is over.
    IgnoreSoak,
    /// A soak is over by the process's own clock.
    SoakByOwnClock,
    /// A region is included in latest as soon as it is added.
    IncludeAddedRegion,
    /// Regions that others added are dropped.
    DropForeignRegions,
    /// What Azure refuses of a list of regions counts against all of it.
    BlameAllWishes,
    /// Regions are written for targets as an old watch showed them.
    StaleTargets,
    /// A target's finalizer goes before its region does.
    LetTargetGoEarly,
    /// One answer says that a region is gone which a target gave up.
    BelieveVanishedRegion,
    /// The version's own Succeeded counts, whatever its regions say.
    BelieveParentState,
    /// Ready, though a region failed.
    ReadyWithFailedRegion,
    /// A failed region is repaired for ever.
    RepairWithoutLimit,
    /// Another attempt counts only for the process that made the last one.
    RetryUncounted,
    /// A replication that takes long is given up.
    GiveUpAtDeadline,
    /// A version is deleted though the object says Retain.
    IgnoreDeletionPolicy,
    /// A version without our owner tag is deleted.
    DeleteForeignVersion,
    /// One 404 says that the version number is free.
    BeginOnOne404,
    /// One 404 counts as proof that something needed doesn't exist, and the object stalls.
    AskOnOne404,
    /// One 404 says that a deletion is complete.
    BelieveOne404OnDeletion,
    /// An effect in Azure before its intent stands in the status.
    EffectBeforeIntent,
    /// An effect in Azure before the finalizer is there.
    NoFinalizer,
    /// A suspended object is worked on.
    IgnoreSuspend,
    /// A failure is tried again at once, each time.
    NoBackoff,
    /// A conflict that passes counts as one for ever.
    ConflictIsFinal,
    /// A state that this release doesn't know is a panic.
    PanicOnUnknownState,
    /// The status is written in each pass.
    StatusInEachPass,
    /// A message tells the time.
    TimeInMessage,
    /// The status doesn't say which generation it is of.
    NoObservedGeneration,
    /// Conditions that contradict each other.
    ContradictingConditions,
    /// An operation's signed address is put into the status.
    LeakOperationUrl,
    /// Writes go on when the term of the lease has ended.
    IgnoreTerm,
    /// A leader goes on for long after its last renewal.
    LeadTooLong,
    /// A lease is taken while another process holds it.
    TakeLeaseEarly,
}
