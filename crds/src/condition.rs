//! Condition types and reasons: part of the API, so stable, and listed here only.

use strum::{Display, EnumIter, EnumMessage, EnumString, IntoStaticStr};

/// A condition type. The first eight follow the order of the work on an image version.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Display, EnumIter, EnumMessage, EnumString, IntoStaticStr,
)]
pub enum ConditionType {
    /// The source exists, may be captured and belongs to nobody else.
    SourceReady,
    /// The source fits the image definition: operating system, generation, security type and so on.
    Compatible,
    /// The guest was sealed: accounts, keys and machine identity are removed, and the machine is off.
    GuestPrepared,
    /// Azure marks the virtual machine that is captured as generalized.
    Generalized,
    /// The gallery image version exists, is ours, and is complete in its home region.
    Published,
    /// Every region that is asked for says Completed.
    Replicated,
    /// Machines that were made from the version came up, passed the checks and differ from each other. Only there if the object
    /// asks for it.
    Validated,
    /// The version is latest, in each region in which it may be.
    Promoted,
    /// Of what was made in Azure for the work alone nothing is left.
    CleanedUp,
    /// None of the versions from which it was made was withdrawn. Only there if objects of the namespace stand for such versions; it takes
    /// no part in `Ready`, and keeps the version from nothing.
    AncestorsGood,
    /// For replication targets: every selected version is complete in the target's region.
    Available,
    /// For image definitions: the gallery image definition exists, and is as the object says.
    DefinitionReady,
    /// For image definitions: what is to be latest is. It takes no part in `Ready`, unless only a person can help.
    LatestReady,
    /// For image definitions: a `ConfigMap` says what is latest. Only there if the object asks for it; it takes no part in `Ready`, unless
    /// only a person can help.
    Exported,
    /// Derived from the others: all that was asked for is true.
    Ready,
    /// Present only while true: work goes on, or is retried.
    Reconciling,
    /// Present only while true: only a change by a person helps.
    Stalled,
}

/// Why a condition has its status. `CamelCase`, stable, machine-readable.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Display, EnumIter, EnumMessage, EnumString, IntoStaticStr,
)]
pub enum Reason {
    // In order.
    /// What the condition says is done and was observed.
    Succeeded,
    /// Work on it goes on.
    Progressing,
    /// The last try failed; it will be tried again.
    ProgressingWithRetry,
    /// An earlier step has to be done first.
    WaitingForEarlierStep,
    /// This source needs no such step.
    NotNeeded,
    /// The object is being deleted, or its namespace.
    Deleting,
    /// The object says that nothing is to be done.
    Suspended,

    // The object itself.
    /// A field has a value that can't be used; the message names it.
    InvalidSpec,
    /// Another object works on the same gallery image version, image definition or virtual machine.
    Conflict,

    // Rights and identity.
    /// Azure refused an action for want of a right; the message names action and scope.
    AccessDenied,
    /// An Azure Policy forbids the request; the message names it.
    DisallowedByPolicy,
    /// A deny assignment forbids the request, which no grant outweighs.
    DeniedByAssignment,
    /// A lock on the resource or above it forbids the request; the message names its scope.
    ScopeLocked,
    /// Azure doesn't know the subscription, or it is disabled or read-only.
    SubscriptionUnavailable,
    /// What the request names is in another tenant than the identity.
    TenantMismatch,
    /// A quota of the subscription is used up.
    QuotaExceeded,
    /// The subscription isn't registered for a resource provider.
    ProviderNotRegistered,
    /// The object names no `ServiceAccount`, and the controller's own Azure identity doesn't serve this namespace.
    IdentityNotAllowed,
    /// The `ServiceAccount` that the object names doesn't exist in its namespace.
    ServiceAccountNotFound,
    /// The identity isn't fully configured; the message names the annotation, file or right that is missing.
    IdentityIncomplete,
    /// Azure refuses the identity a token; the message says what to change in Microsoft Entra.
    IdentityRefused,
    /// Azure issued no token for the identity, and may do so later.
    IdentityUnavailable,

    // The source.
    /// The source doesn't exist.
    SourceNotFound,
    /// The source was never completed: Azure failed to create it, or its copy where the version is made.
    SourceFailed,
    /// The source is of a kind that a gallery image can't be made from.
    SourceUnsupported,
    /// The image definition's object doesn't allow such a source; the message names the rule and both values.
    SourceNotApproved,
    /// A version from which it was made was withdrawn; the message says which, and why.
    AncestorWithdrawn,
    /// The virtual machine carries no tag that consents to its being generalized.
    ConsentMissing,
    /// The virtual machine is claimed by another owner.
    SourceClaimed,
    /// The virtual machine is generalized already, and the object doesn't say so.
    AlreadyGeneralized,
    /// The object says that the guest was sealed before, but the machine runs.
    SourceRunning,
    /// The machine was stopped without proof that its guest was sealed: the guest hasn't said so on its serial console.
    GuestPreparationUnknown,
    /// The guest agent doesn't report, so nothing can be run in the guest.
    AgentNotReady,

    // The workspace and the copy of a machine.
    /// The workspace lacks what a temporary machine needs, such as its resource group or a subnet in the region.
    WorkspaceNotReady,
    /// A resource of somebody else has the name of a temporary one.
    NameTaken,
    /// A copy of the machine is being made.
    Cloning,
    /// Azure has no machine of this size at the moment, or not for this subscription; another size is tried.
    CapacityUnavailable,
    /// A snapshot of the machine's OS disk is being made, before anything is changed in its guest.
    KeepingDisk,
    /// The snapshot of the machine's OS disk can't be made. The machine's guest is as it was.
    SnapshotFailed,
    /// Azure makes no restore point of the machine, which would hold all its disks as they are at one moment; the message says why.
    RestorePointUnavailable,
    /// The copy of the machine can't be captured; the message says why. The machine itself is as it was.
    CloneFailed,
    /// Machines are made from the version to prove it.
    Validating,
    /// The version doesn't do what it has to; the message says what. It never becomes latest.
    ValidationFailed,
    /// Nobody can tell how good the version is, as no machine can be made from it; the message says why.
    ValidationImpossible,
    /// Temporary resources are being deleted.
    CleaningUp,
    /// A temporary resource, or something of a machine that is to be deleted, can't be deleted; the message says why.
    CleanUpFailed,
    /// The machine, or something that belonged to it, isn't deleted, as it isn't surely its own; the message says what.
    SourceKept,

    // The gallery and the definition.
    /// The gallery doesn't exist.
    GalleryNotFound,
    /// The image definition doesn't exist in the gallery.
    DefinitionNotFound,
    /// The image definition exists and belongs to somebody else.
    DefinitionExists,
    /// The image definition has other values than the object says, which Azure can't change or azimage isn't to; the message has both.
    DefinitionDiffers,
    /// Azure failed to make or change the image definition.
    DefinitionFailed,
    /// The image definition is for specialized images.
    DefinitionSpecialized,
    /// Operating system of source and definition differ.
    OsTypeMismatch,
    /// Architecture of source and definition differ.
    ArchitectureMismatch,
    /// Hyper-V generation of source and definition differ.
    GenerationMismatch,
    /// Security type of source and definition don't go together.
    SecurityTypeMismatch,
    /// Disk controller of the source isn't among the definition's.
    DiskControllerMismatch,
    /// Marketplace plan of source and definition differ.
    PurchasePlanMismatch,

    // Guest.
    /// The virtual machine is being started, stopped or changed, or another source is being made or worked on.
    SourceBusy,
    /// The seal is under way.
    Sealing,
    /// The seal's script failed; the message holds what it printed.
    SealFailed,
    /// The machine didn't power off in time after the seal was started.
    SealTimedOut,
    /// A package manager is at work in the guest, or another system that the seal must not interrupt; it is tried again.
    GuestBusy,
    /// The guest is of a kind that can't be sealed; the message says what it lacks.
    GuestUnsupported,
    /// The object's own script failed or took too long; nothing was removed from the guest.
    ScriptFailed,
    /// The guest holds what belongs to one machine alone, such as keys or other accounts; nothing was removed from it.
    HygieneFailed,
    /// The machine is being deallocated.
    Deallocating,

    // The version.
    /// The gallery image version exists and belongs to somebody else.
    VersionExists,
    /// The gallery image version was made from another source or with other immutable settings.
    VersionDiffers,
    /// The gallery image version is gone although it had been published.
    VersionMissing,
    /// The version was another owner's and is taken over.
    Adopted,
    /// The version is being created.
    Publishing,
    /// Azure failed to create the version.
    PublishFailed,
    /// Regions are being copied to or removed.
    Replicating,
    /// A region failed; it is being repaired.
    RegionFailed,
    /// A region stayed failed after all repairs.
    ReplicationFailed,
    /// Azure refused the request; it has to be changed.
    RequestRefused,
    /// Azure refuses what a replication target asks for; the message names region and target.
    RegionRefused,
    /// Azure, or somebody there, undoes a change after each write; the message names it.
    ChangeReverted,
    /// Azure refuses the deletion for now; the message says until when or why.
    DeletionBlocked,

    // Latest.
    /// It is becoming latest.
    Promoting,
    /// It passed its validation, and waits before it becomes latest.
    Soaking,
    /// It isn't latest; the message says why.
    NotLatest,
    /// It hasn't passed its validation, so it never is latest.
    NotValidated,
    /// It stays latest in a region where no other version would be.
    RegionWouldBeEmpty,
    /// The version that is pinned can't be latest; the message says why.
    PinnedUnusable,
    /// No version is latest.
    NothingLatest,
    /// A `ConfigMap` of the name exists, or is about to, that isn't this object's.
    ConfigMapExists,
    /// The API server doesn't let the controller read, write or delete a `ConfigMap`; the message has its words.
    ExportRefused,

    // Azure as a whole.
    /// Azure asked for a pause.
    Throttled,
    /// Azure doesn't answer as it should.
    AzureUnavailable,

    // Replication targets.
    /// The target selects no image version.
    NothingSelected,
    /// An older target asks for other settings in the same region for the same version.
    ConflictingTarget,
    /// The subscription of the gallery has no such region.
    RegionUnknown,
    /// The region's replicas are on other storage, which Azure can't change.
    StorageTypeFixed,
    /// The image version has as many regions as it can have.
    TooManyRegions,
    /// A selected image version is stalled or suspended, and not complete in the region.
    VersionStalled,
}

impl Reason {
    /// The reason as it stands in a condition.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// Whether `Stalled` may have this reason: only a person can help.
    pub fn stalls(self) -> bool {
        match self {
            Self::InvalidSpec
            | Self::Conflict
            | Self::AccessDenied
            | Self::DisallowedByPolicy
            | Self::DeniedByAssignment
            | Self::ScopeLocked
            | Self::SubscriptionUnavailable
            | Self::TenantMismatch
            | Self::QuotaExceeded
            | Self::ProviderNotRegistered
            | Self::IdentityNotAllowed
            | Self::ServiceAccountNotFound
            | Self::IdentityIncomplete
            | Self::IdentityRefused
            | Self::SourceNotFound
            | Self::SourceFailed
            | Self::SourceUnsupported
            | Self::SourceNotApproved
            | Self::ConsentMissing
            | Self::SourceClaimed
            | Self::AlreadyGeneralized
            | Self::SourceRunning
            | Self::GuestPreparationUnknown
            | Self::WorkspaceNotReady
            | Self::NameTaken
            | Self::SnapshotFailed
            | Self::RestorePointUnavailable
            | Self::CloneFailed
            | Self::ValidationFailed
            | Self::ValidationImpossible
            | Self::CapacityUnavailable
            | Self::GalleryNotFound
            | Self::DefinitionNotFound
            | Self::DefinitionExists
            | Self::DefinitionDiffers
            | Self::DefinitionFailed
            | Self::DefinitionSpecialized
            | Self::OsTypeMismatch
            | Self::ArchitectureMismatch
            | Self::GenerationMismatch
            | Self::SecurityTypeMismatch
            | Self::DiskControllerMismatch
            | Self::PurchasePlanMismatch
            | Self::SealFailed
            | Self::SealTimedOut
            | Self::GuestUnsupported
            | Self::ScriptFailed
            | Self::HygieneFailed
            | Self::VersionExists
            | Self::VersionDiffers
            | Self::VersionMissing
            | Self::PublishFailed
            | Self::ReplicationFailed
            | Self::RequestRefused
            | Self::RegionRefused
            | Self::ChangeReverted
            | Self::DeletionBlocked
            | Self::ConflictingTarget
            | Self::RegionUnknown
            | Self::StorageTypeFixed
            | Self::TooManyRegions
            | Self::VersionStalled
            | Self::PinnedUnusable
            | Self::ConfigMapExists
            | Self::ExportRefused
            | Self::Suspended => true,
            Self::Succeeded
            | Self::Progressing
            | Self::ProgressingWithRetry
            | Self::WaitingForEarlierStep
            | Self::NotNeeded
            | Self::Deleting
            | Self::IdentityUnavailable
            | Self::AncestorWithdrawn
            | Self::AgentNotReady
            | Self::SourceBusy
            | Self::Cloning
            | Self::KeepingDisk
            | Self::Validating
            | Self::CleaningUp
            | Self::CleanUpFailed
            | Self::SourceKept
            | Self::Sealing
            | Self::GuestBusy
            | Self::Deallocating
            | Self::Adopted
            | Self::Publishing
            | Self::Replicating
            | Self::RegionFailed
            | Self::Throttled
            | Self::AzureUnavailable
            | Self::Promoting
            | Self::Soaking
            | Self::NotLatest
            | Self::NotValidated
            | Self::RegionWouldBeEmpty
            | Self::NothingLatest
            | Self::NothingSelected => false,
        }
    }
}

impl ConditionType {
    /// The type as it stands in a condition.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The kinds that have this condition, for people.
    pub fn kinds(self) -> &'static str {
        match self {
            Self::SourceReady
            | Self::Compatible
            | Self::GuestPrepared
            | Self::Generalized
            | Self::Published
            | Self::Replicated
            | Self::Validated
            | Self::Promoted
            | Self::CleanedUp
            | Self::AncestorsGood => "ImageVersion",
            Self::Available => "ReplicationTarget",
            Self::DefinitionReady | Self::LatestReady | Self::Exported => "ImageDefinition",
            Self::Ready | Self::Reconciling | Self::Stalled => "all",
        }
    }
}
