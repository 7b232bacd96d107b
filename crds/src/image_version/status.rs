//! What was observed of a version.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use super::{Provenance, ValidationStatus};
use crate::RegionLatest;

/// What was observed of a version. Nothing here is remembered that Azure and the object can't tell again, but for
/// times, attempts and who asked for a region.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageVersionStatus {
    /// The generation of the spec that this status describes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,

    /// The conditions, in the order of the work.
    #[serde(default)]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,

    /// The value of the annotation `azimage.dev/reconcile-requested-at` that was last acted upon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub last_handled_reconcile_at: Option<String>,

    /// The resource id of the gallery image version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub resource_id: Option<String>,

    /// When the version was Ready for the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready_at: Option<Time>,

    /// How far the regions are, for people: `2/3 regions, 64%`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub progress: Option<String>,

    /// In how many regions the version is latest, for people: `2/3 regions`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub latest: Option<String>,

    /// When the version may become latest, while it soaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soaks_until: Option<Time>,

    /// The source as it was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceStatus>,

    /// From what the version was made, back to the first image. It is settled when the version is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,

    /// What the last preparation of the guest told of itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guest: Option<GuestStatus>,

    /// Each region of the version, as Azure tells it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 128))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub regions: Vec<RegionStatus>,

    /// What replication targets ask for and Azure refuses: it is left out of writes, and asked for again at each resync.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 128))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub refusals: Vec<RefusalStatus>,

    /// How it stands with the validation, once it has begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<ValidationStatus>,

    /// The operation that Azure is working on, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<OperationStatus>,

    /// The writes to Azure that were begun and finished.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 512))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into(), "subject".into()]))]
    pub steps: Vec<StepStatus>,

    /// Temporary resources in Azure that were made or are being made for this object, and aren't known to be gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 256))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["resourceId".into()]))]
    pub temporary: Vec<TemporaryStatus>,

    /// The machine that `sourceCleanup: Delete` deletes and what belonged to it, written down before the first of it is deleted: of a
    /// machine that is gone Azure doesn't tell that any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 256))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["part".into()]))]
    pub source_cleanup: Vec<SourceCleanupStatus>,

    /// Whose the gallery image version was before this object took it over: its tag `azimage-owner`, or `nobody`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub adopted_from: Option<String>,

    /// Size of the image in GiB, of one replica.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "sizeGiB")]
    pub size_gib: Option<i64>,
}

/// The source as it was found.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceStatus {
    /// The region of the source: the version's home.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub location: Option<String>,

    /// The platform's unique id of the virtual machine, which a new machine of the same name doesn't share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub virtual_machine_uid: Option<String>,

    /// `Linux` or `Windows`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub os_type: Option<String>,

    /// Hyper-V generation, `V1` or `V2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub hyper_v_generation: Option<String>,

    /// `Standard`, `TrustedLaunch` or `ConfidentialVM`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub security_type: Option<String>,

    /// The image from which the virtual machine was made, if Azure tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_reference: Option<ImageReference>,

    /// How far the disks of the copy go together, of a machine that is cloned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy: Option<CopyStatus>,

    /// Why the image definition's object doesn't allow the source, where the work had gone too far to be stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub not_approved: Option<String>,
}

/// How far the disks of the copy of a machine go together.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CopyStatus {
    /// Of which moments they are.
    pub consistency: CopiedDisks,

    /// Why they may not be of one moment, and which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub detail: Option<String>,
}

/// Of which moments the disks of a copy are.
#[derive(schemars::JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, strum::Display)]
pub enum CopiedDisks {
    /// There is but one.
    OneDisk,
    /// All are as they were at one moment.
    AcrossDisks,
    /// Azure was asked for one moment of all, and doesn't promise it of such a machine.
    NotPromised,
    /// Each is of a moment of its own.
    PerDisk,
}

/// The image from which a virtual machine was made, in Azure's words: one of the Marketplace, or one with a resource id.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageReference {
    /// The publisher in the Marketplace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub publisher: Option<String>,

    /// Its offer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub offer: Option<String>,

    /// The SKU of the offer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub sku: Option<String>,

    /// The very version that the machine was made from, if Azure tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub version: Option<String>,

    /// The resource id of the image, the image definition or the gallery image version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub id: Option<String>,
}

impl ImageReference {
    /// For people: its resource id, or that of the Marketplace.
    pub fn text(&self) -> String {
        self.id.clone().unwrap_or_else(|| self.urn())
    }

    /// An image of the Marketplace as Azure's tools write it, `publisher:offer:sku:version`, of what is told of it.
    pub fn urn(&self) -> String {
        let parts = [&self.publisher, &self.offer, &self.sku, &self.version];
        parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(":")
    }
}

/// What a preparation of the guest told of itself.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GuestStatus {
    /// The exit code of the object's own script.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script_exit_code: Option<i32>,

    /// The last lines that the script printed; what looks like a secret is replaced by `***`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub script_output: Option<String>,

    /// What the script left in the file that `AZIMAGE_EVIDENCE` names, with the same replacement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub evidence: Option<String>,

    /// What was found that belongs to one machine alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hygiene: Option<HygieneStatus>,
}

/// What was found in the guest that belongs to one machine alone.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HygieneStatus {
    /// How many things were found.
    #[schemars(range(min = 0))]
    pub total: i32,

    /// How many of them are secrets, ways to log in or identities, and aren't allowed by the object.
    #[schemars(range(min = 0))]
    pub enforced: i32,

    /// How many of them the object allows.
    #[schemars(range(min = 0))]
    pub allowed: i32,

    /// The first of them, the gravest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub findings: Vec<HygieneFinding>,
}

/// Something in the guest that belongs to one machine alone: where it is, never what it holds.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HygieneFinding {
    /// What kind of thing it is, such as `PrivateKey`.
    #[schemars(length(min = 1, max = 32))]
    pub kind: String,

    /// Its path, or its name where it has none.
    #[schemars(length(min = 1, max = 300))]
    pub path: String,
}

/// One region of a version.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegionStatus {
    /// The region in normal form, such as `northeurope`.
    #[schemars(length(min = 1, max = 64))]
    pub name: String,

    /// How it stands with the region.
    pub state: RegionState,

    /// How much of the copy is done, in percent.
    #[serde(default)]
    #[schemars(range(min = 0, max = 100))]
    pub progress: i32,

    /// How many replicas Azure has been asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<i32>,

    /// The storage of its replicas, as Azure tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub storage_account_type: Option<String>,

    /// How many replicas the region had when Azure last said that it is complete and the version at rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready_replicas: Option<i32>,

    /// Who asks for the region: `home`, or names of replication targets. Empty for a foreign region.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(max = 253)))]
    pub requested_by: Vec<String>,

    /// Scale sets that are made from the version there, where nobody asks for the region any more: it stays as long as they are. At
    /// most three are named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 3), inner(length(max = 512)))]
    pub in_use_by: Vec<String>,

    /// How many ask for the region, where `requestedBy` doesn't name them all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requesters: Option<i32>,

    /// Targets that asked for the region and no longer select the version: until when they have what they asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["target".into()]))]
    pub leaving: Vec<Leaving>,

    /// How it stands with latest there; absent where the version is excluded from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<RegionLatest>,

    /// Since when the region is in this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,

    /// What Azure says of the region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub detail: Option<String>,
}

/// What replication targets ask for in a region and Azure refuses.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefusalStatus {
    /// The region in normal form.
    #[schemars(length(min = 1, max = 64))]
    pub region: String,

    /// The replicas that are asked for.
    pub replicas: i32,

    /// The storage that is asked for, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub storage_account_type: Option<String>,

    /// What Azure said.
    #[serde(default)]
    #[schemars(length(max = 512))]
    pub message: String,

    /// The subscription has no such region, so Azure isn't asked for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unknown: bool,
}

/// A target that asked for a region and no longer selects the version.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Leaving {
    /// Its name.
    #[schemars(length(min = 1, max = 253))]
    pub target: String,

    /// When what it asked for is taken away. Selecting the version again before that keeps it.
    pub after: Time,
}

/// How it stands with a region.
#[derive(schemars::JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, strum::Display)]
pub enum RegionState {
    /// Asked for here, not yet of Azure.
    Pending,
    /// Azure is copying.
    Replicating,
    /// Azure says that the copy is complete.
    Completed,
    /// Azure says that the copy failed.
    Failed,
    /// No longer asked for; Azure has still to remove it.
    Removing,
    /// Asked for here, and Azure refuses it.
    Refused,
    /// Azure hasn't said, or has said something unknown.
    Unknown,
}

/// The operation that Azure is working on.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OperationStatus {
    /// The step that began it.
    #[schemars(length(min = 1, max = 64))]
    pub name: String,

    /// When it began.
    pub started_at: Time,

    /// When it should be done. Passing it is reported, nothing is given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Time>,

    /// The correlation id in Azure's activity log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub correlation_id: Option<String>,
}

/// A write to Azure that was begun.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepStatus {
    /// The step's name.
    #[schemars(length(min = 1, max = 64))]
    pub name: String,

    /// Of several things that steps of this name are about, which one, such as a region; empty where there is only one.
    #[serde(default)]
    #[schemars(length(max = 128))]
    pub subject: String,

    /// When it was last begun.
    pub started_at: Time,

    /// The same by Azure's own clock, of a step on a machine: it is compared with other times that Azure tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub azure_time: Option<Time>,

    /// When Azure accepted it, of a version's creation alone: from then on the version counts as made, seen or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_at: Option<Time>,

    /// When its effect was observed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Time>,

    /// The correlation id of the last attempt in Azure's activity log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub correlation_id: Option<String>,

    /// How often it was begun.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub attempts: i32,

    /// Why the last attempt failed after Azure had accepted it, in Azure's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<StepFailure>,
}

/// A temporary resource in Azure.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TemporaryStatus {
    /// Its resource id.
    #[schemars(length(min = 1, max = 512))]
    pub resource_id: String,

    /// When it was asked for.
    pub since: Time,

    /// When it is deleted, of what is kept for a while although it isn't needed for the work any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Time>,

    /// Why it can't be deleted, in Azure's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub problem: Option<String>,

    /// When that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem_at: Option<Time>,
}

/// The machine that was captured itself, or something that belonged to it.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceCleanupStatus {
    /// Which part of the machine it is: `machine`, `os-disk`, `lun3-disk`, `interface0`, or `address0`.
    #[schemars(length(min = 1, max = 32))]
    pub part: String,

    /// Its resource id.
    #[schemars(length(min = 1, max = 512))]
    pub resource_id: String,

    /// Azure's own unique id of it, which another one of this name doesn't share.
    #[schemars(length(max = 64))]
    pub unique_id: String,

    /// How it stands with it.
    pub state: SourceCleanupState,

    /// Since when.
    pub since: Time,

    /// Why it is kept, or can't be deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub problem: Option<String>,

    /// When Azure said so, of what is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem_at: Option<Time>,
}

/// How it stands with something that belonged to the machine.
#[derive(schemars::JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, strum::Display)]
pub enum SourceCleanupState {
    /// It is still to be deleted, or isn't surely gone.
    Pending,
    /// It is gone.
    Deleted,
    /// It stays for good, as it isn't the machine's alone.
    Kept,
}

/// Why an operation failed that Azure had accepted.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepFailure {
    /// Azure's error code.
    #[schemars(length(max = 128))]
    pub code: String,

    /// Azure's words.
    #[schemars(length(max = 1024))]
    pub message: String,
}
