//! The API of azimage, group `azimage.dev`, version `v1alpha1`.
//!
//! Three kinds, one noun each: [`ImageVersion`] says *what* gallery image version should exist and where it comes from,
//! [`ReplicationTarget`] says *where* versions are wanted, [`ImageDefinition`] says of what versions are made. Everything a user can see of the API is declared here:
//! fields, limits, validation rules, printer columns, condition types and reasons. The manifests in `crds/*.yaml` are
//! generated from these types (`cargo generate`).

#![allow(
    clippy::duplicated_attributes,
    reason = "the arguments of kube's `printcolumn` repeat on purpose, once for each column"
)]

mod condition;
mod evidence;
mod image_definition;
mod image_version;
mod latest;
mod manifest;
mod replication_target;
mod rules;

pub use condition::{ConditionType, Reason};
pub use evidence::{
    EVIDENCE_API_VERSION, EVIDENCE_KIND, Evidence, EvidenceDefinition, EvidenceNow, EvidenceRecord, EvidenceStep,
    EvidenceValidation, EvidenceVersion, evidence_schema,
};
pub use image_definition::{
    ApprovedGroups, ApprovedImage, ApprovedMachines, ApprovedSources, ApprovedVersions, Architecture, AtLeastAtMost,
    DefinitionProperties, DiskControllerType, Export, Followers, HyperVGeneration, Identifier, ImageDefinition,
    ImageDefinitionSpec, ImageDefinitionStatus, ImageUsers, Management, ObservedProperties, OsType, PurchasePlan,
    Recommended, RegionVersion, SecurityType, VersionUsers,
};
pub use image_version::{
    Adoption, AllowedPath, Ancestor, AncestorKind, Capture, CloneSettings, Consistency, CopiedDisks, CopyStatus,
    DataDiskSource, Deletion, DisksPrepare, DisksSource, Gallery, Guest, GuestStatus, Hygiene, HygieneFinding,
    HygieneStatus, ImageReference, ImageVersion, ImageVersionSource, ImageVersionSpec, ImageVersionStatus,
    InPlaceSettings, Leaving, ManagedImageSource, MaxSlowdown, MayWarn, OperationStatus, OsDiskSource, Prepare,
    Provenance, Publish, RefusalStatus, RegionState, RegionStatus, RegionValidation, ReplicationMode, SlowdownAction,
    Source, SourceCleanup, SourceCleanupState, SourceCleanupStatus, SourceStatus, StepFailure, StepStatus,
    StorageAccountType, TemporaryStatus, Validation, ValidationCheck, ValidationCheckStatus, ValidationConsole,
    ValidationMachine, ValidationOutcome, ValidationRegions, ValidationStatus, ValidationTimings, VirtualMachineSource,
    Withdrawn, Workspace, WorkspaceSubnet,
};
pub use latest::{
    EmptyRegions, HistoryAction, HistoryEntry, LatestInRegion, LatestPolicy, LatestStatus, LineState, LineVersion,
    MayBeLatest, Override, OverrideStatus, PromotionPolicy, RegionLatest, WaveOrder,
};
pub use manifest::{Manifest, manifests};
pub use replication_target::{
    ImageSelector, Operator, ReplicationTarget, ReplicationTargetSpec, ReplicationTargetStatus, Requirement,
    SelectedVersion,
};

/// The API group of every kind.
pub const GROUP: &str = "azimage.dev";

/// Finalizer of an [`ImageVersion`]: held until its gallery image version was deleted or let go.
pub const IMAGE_VERSION_FINALIZER: &str = "imageversions.azimage.dev/azure";

/// Finalizer of a [`ReplicationTarget`]: held until the replicas it asked for were removed or let go.
pub const REPLICATION_TARGET_FINALIZER: &str = "replicationtargets.azimage.dev/regions";

/// Annotation that asks for a reconcile now: any new value is acted upon and copied to
/// `status.lastHandledReconcileAt`.
pub const RECONCILE_REQUESTED_AT: &str = "azimage.dev/reconcile-requested-at";

/// Annotation on an `ImageDefinition` that says why what is latest is changed: it is copied to `status.history`.
pub const REASON: &str = "azimage.dev/reason";

/// Annotation on an `ImageDefinition` by which the admission policy says who changed `spec.latest` last: a user of Kubernetes.
pub const LATEST_CHANGED_BY: &str = "azimage.dev/latest-changed-by";

/// Tag on an Azure virtual machine by which its owner consents to its being generalized in place.
pub const CONSENT_TAG: &str = "azimage-generalize";

/// The only value of [`CONSENT_TAG`] that counts as consent.
pub const CONSENT_VALUE: &str = "allowed";

/// Tag on every Azure resource that azimage made or claimed: `<cluster id>/<namespace>/<name>/<uid>`.
pub const OWNER_TAG: &str = "azimage-owner";

/// Tag that names the step of the work for which a temporary Azure resource was made.
pub const STEP_TAG: &str = "azimage-step";

/// Tag on a temporary Azure resource: the moment, in UTC, after which it is of no more use.
pub const EXPIRES_TAG: &str = "azimage-expires-at";

/// Tag on a virtual machine whose guest is being sealed, and on the run command that does it: which words on the serial
/// console prove this very attempt.
pub const SEAL_TAG: &str = "azimage-seal";

/// Tag on a temporary Azure resource: what it was made for.
pub const PURPOSE_TAG: &str = "azimage-purpose";

/// Tag on a gallery image version that was promoted: when it passed its validation.
pub const VALIDATED_TAG: &str = "azimage-validated";

/// Tag on a gallery image version that was promoted: the digest of what was known of it then.
pub const EVIDENCE_TAG: &str = "azimage-evidence";

/// Tags on a gallery image version that tell from what it was made: `azimage-made-from-1` is the nearest, each with its id and what tells it
/// apart from others of the same id.
pub const MADE_FROM_TAG: &str = "azimage-made-from-";

/// Tag on a gallery image version: the first machine or image of the line from which it was made.
pub const ROOT_TAG: &str = "azimage-root";

/// Tag on a gallery image version: how many versions were made one from another, itself included.
pub const STEPS_TAG: &str = "azimage-steps";

/// The prefix of all tags that azimage sets itself, so that users' tags can't collide with them.
pub const TAG_PREFIX: &str = "azimage-";
