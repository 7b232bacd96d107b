//! `ImageVersion`: one immutable gallery image version.

mod provenance;
mod publish;
mod source;
mod status;
mod validation;
mod validation_status;
mod workspace;

use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

pub use provenance::{Ancestor, AncestorKind, Provenance, Withdrawn};
pub use publish::{Publish, ReplicationMode, StorageAccountType};
pub use source::{
    AllowedPath, Capture, CloneSettings, Consistency, DataDiskSource, DisksPrepare, DisksSource, Guest, Hygiene,
    ImageVersionSource, InPlaceSettings, ManagedImageSource, OsDiskSource, Prepare, Source, SourceCleanup,
    VirtualMachineSource,
};
pub use status::{
    CopiedDisks, CopyStatus, GuestStatus, HygieneFinding, HygieneStatus, ImageReference, ImageVersionStatus, Leaving,
    OperationStatus, RefusalStatus, RegionState, RegionStatus, SourceCleanupState, SourceCleanupStatus, SourceStatus,
    StepFailure, StepStatus, TemporaryStatus,
};
pub use validation::{MaxSlowdown, MayWarn, SlowdownAction, Validation, ValidationCheck, ValidationRegions};
pub use validation_status::{
    RegionValidation, ValidationCheckStatus, ValidationConsole, ValidationMachine, ValidationOutcome, ValidationStatus,
    ValidationTimings,
};
pub use workspace::{Workspace, WorkspaceSubnet};

use crate::{MayBeLatest, rules};

/// One immutable version of an image in an Azure Compute Gallery: which version, in which gallery and definition,
/// and what it is made from. A published version is never replaced; other content needs another version number.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "azimage.dev",
    version = "v1alpha1",
    kind = "ImageVersion",
    plural = "imageversions",
    shortname = "azv",
    category = "azimage",
    namespaced,
    status = "ImageVersionStatus",
    derive = "PartialEq",
    selectable = ".spec.definition",
    selectable = ".spec.version",
    selectable = ".spec.suspend",
    annotation("kustomize.toolkit.fluxcd.io/substitute", "disabled"),
    doc = "One immutable version of an image in an Azure Compute Gallery.",
    printcolumn(
        name = "Definition",
        type_ = "string",
        json_path = ".spec.definition",
        description = "Image definition"
    ),
    printcolumn(name = "Version", type_ = "string", json_path = ".spec.version", description = "Version number"),
    printcolumn(
        name = "Home",
        type_ = "string",
        json_path = ".status.source.location",
        description = "Region of the source, where the version is made"
    ),
    printcolumn(
        name = "Progress",
        type_ = "string",
        json_path = ".status.progress",
        description = "Regions that are complete, and how far all are"
    ),
    printcolumn(
        name = "Latest",
        type_ = "string",
        json_path = ".status.latest",
        description = "Regions in which the version is latest"
    ),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].status"#,
        description = "Whether all that was asked for is true"
    ),
    printcolumn(
        name = "Reason",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].reason"#,
        description = "Why it is ready or not"
    ),
    printcolumn(
        name = "Age",
        type_ = "date",
        json_path = ".metadata.creationTimestamp",
        description = "Age of this object"
    ),
    printcolumn(
        name = "Suspended",
        type_ = "boolean",
        json_path = ".spec.suspend",
        description = "Whether nothing is done for this object",
        priority = "1"
    ),
    printcolumn(
        name = "Ancestors",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="AncestorsGood")].status"#,
        description = "Whether none of the versions that it was made from was withdrawn",
        priority = "1"
    ),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].message"#,
        description = "What is going on, in words",
        priority = "1"
    )
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = rules::a_clone_needs_a_workspace(),
    validation = rules::a_validation_needs_a_workspace(),
    validation = rules::a_shallow_version_needs_its_source(),
    validation = rules::a_shallow_version_needs_its_machine(),
    validation = rules::a_workspace_stays()
)]
pub struct ImageVersionSpec {
    /// The gallery in which the version is made. Can't be changed.
    #[x_kube(validation = rules::immutable())]
    pub gallery: Gallery,

    /// The image definition in the gallery; it must exist. Can't be changed.
    #[schemars(length(min = 1, max = 80))]
    #[x_kube(validation = rules::immutable(), validation = rules::definition_name())]
    pub definition: String,

    /// The version number, three integers such as 1.4.0. Can't be changed.
    #[schemars(length(min = 5, max = 32))]
    #[x_kube(validation = rules::immutable(), validation = rules::version_number())]
    pub version: String,

    /// What the version is made from. Can't be changed.
    #[x_kube(validation = rules::immutable())]
    pub source: Source,

    /// Where temporary resources are made, such as the copy of a machine that is cloned. Can't be changed once it is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = rules::immutable())]
    pub workspace: Option<Workspace>,

    /// How the version is published.
    #[serde(default)]
    pub publish: Publish,

    /// How the version proves itself. Without it no machine is made from it, and it never becomes latest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<Validation>,

    /// Whether the version may become latest. It does so only if it passed its validation, and an `ImageDefinition` promotes it.
    #[serde(default)]
    pub latest: MayBeLatest,

    /// What becomes of the gallery image version when this object is deleted.
    #[serde(default)]
    pub deletion_policy: Deletion,

    /// What becomes of a gallery image version of this number that exists and belongs to another owner.
    #[serde(default)]
    pub adoption: Adoption,

    /// The `ServiceAccount` of this namespace whose Azure identity acts for this object: its annotation
    /// `azure.workload.identity/client-id` names the identity, which must trust the `ServiceAccount`'s tokens. Without
    /// it the controller's own identity acts, if the operator lets it serve this namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = rules::object_name())]
    pub service_account_name: Option<String>,

    /// While true nothing is done for this object but deleting it.
    #[serde(default)]
    pub suspend: bool,
}

/// Where a gallery is.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Gallery {
    /// The subscription of the gallery.
    #[schemars(length(min = 36, max = 36))]
    #[x_kube(validation = rules::guid())]
    pub subscription_id: String,

    /// The resource group of the gallery.
    #[schemars(length(min = 1, max = 90))]
    #[x_kube(validation = rules::resource_group())]
    pub resource_group: String,

    /// The gallery's name.
    #[schemars(length(min = 1, max = 80))]
    #[x_kube(validation = rules::gallery_name())]
    pub name: String,
}

/// Whether a gallery image version that exists and belongs to another owner is taken over.
#[derive(schemars::JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Adoption {
    /// It isn't touched.
    #[default]
    Never,
    /// It is, if it has the source, replication mode and storage that this object asks for, is excluded from latest, and its former
    /// owner is no living object of this cluster. Its regions stay as they are.
    IfIdentical,
}

/// What becomes of something in Azure when the object that asked for it is deleted.
#[derive(schemars::JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Deletion {
    /// It stays as it is, and nothing in Azure is touched.
    #[default]
    Retain,
    /// It is deleted first.
    Delete,
}
