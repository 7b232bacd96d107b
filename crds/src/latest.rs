//! Which version of an image is latest.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use crate::rules;

/// Which version of the image definition is latest: the one that machines get which name no version.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = rules::pinned_has_a_number(), validation = rules::an_override_is_of_the_pinned())]
pub struct LatestPolicy {
    /// Whether the newest version that passed its validation is promoted, or exactly one, or none.
    #[serde(default)]
    pub policy: PromotionPolicy,

    /// The number of the version that is latest, with `policy: Pinned`. It has to have passed its validation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 5, max = 32))]
    #[x_kube(validation = rules::version_number())]
    pub pinned: Option<String>,

    /// Your word that the pinned version may be latest although it didn't pass its validation. It stands in `status.history` for ever.
    #[serde(default, rename = "override", skip_serializing_if = "Option::is_none")]
    pub overriding: Option<Override>,

    /// How long a version that passed waits before it is promoted, with `policy: Newest`: from 0s to 720h.
    #[serde(default = "default_soak")]
    #[schemars(length(min = 2, max = 16))]
    #[x_kube(validation = rules::soak())]
    pub soak: String,

    /// Whether a version becomes latest region by region, in the order of the waves of the replication targets, or in all at once.
    /// One that is latest instead of a newer one never waits for a wave.
    #[serde(default)]
    pub waves: WaveOrder,

    /// Whether a version that is to be latest no more leaves a region in which no other one is latest.
    #[serde(default)]
    pub empty_regions: EmptyRegions,
}

fn default_soak() -> String {
    "0s".to_owned()
}

impl Default for LatestPolicy {
    fn default() -> Self {
        Self {
            policy: PromotionPolicy::default(),
            pinned: None,
            overriding: None,
            soak: default_soak(),
            waves: WaveOrder::default(),
            empty_regions: EmptyRegions::default(),
        }
    }
}

/// Whose validation doesn't count, and why.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = rules::an_override_keeps_its_reason())]
pub struct Override {
    /// The number of the version, the same as `pinned`.
    #[schemars(length(min = 5, max = 32))]
    #[x_kube(validation = rules::version_number())]
    pub version: String,

    /// Why, for whoever reads the history later. It can't be changed for the same version.
    #[schemars(length(min = 1, max = 256))]
    #[x_kube(validation = rules::a_reason())]
    pub reason: String,
}

/// An override that stands in the history, and so counts.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OverrideStatus {
    /// The version number.
    #[schemars(length(min = 5, max = 32))]
    pub version: String,

    /// Why its validation doesn't count.
    #[schemars(length(max = 256))]
    pub reason: String,

    /// Since when it stands in the history.
    pub since: Time,
}

/// Which version is promoted.
#[derive(
    schemars::JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, strum::IntoStaticStr,
)]
pub enum PromotionPolicy {
    /// The newest one that passed its validation, once it has soaked.
    Newest,
    /// The one of this number, at once.
    Pinned,
    /// None.
    #[default]
    None,
}

/// In which order a version becomes latest in its regions.
#[derive(schemars::JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum WaveOrder {
    /// In a region once it is latest in all regions of earlier waves.
    #[default]
    FollowTargets,
    /// In each region as soon as its copy there is complete.
    AtOnce,
}

/// What becomes of a version in a region where no other one would be latest.
#[derive(schemars::JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EmptyRegions {
    /// It stays latest there, and both objects say so. One that failed its validation doesn't.
    #[default]
    Keep,
    /// It is taken out of latest, and the region has none.
    Allow,
}

/// Whether a version may become latest.
#[derive(schemars::JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MayBeLatest {
    /// It may, if its image definition's object promotes it.
    #[default]
    Allowed,
    /// It never is.
    Never,
}

/// Whether versions may be latest in a target's region.
#[derive(schemars::JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LatestInRegion {
    /// They may.
    #[default]
    Allowed,
    /// They never are, whatever other targets of the region say.
    Excluded,
}

/// How it stands with latest in a region.
#[derive(schemars::JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, strum::Display)]
pub enum RegionLatest {
    /// It is about to be included there.
    Entering,
    /// The version is included in latest there, as it is to be.
    Included,
    /// It is included there, and stays so only because no other version would be latest.
    Kept,
    /// It is included there, and is to be taken out.
    Leaving,
}

/// What is latest.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LatestStatus {
    /// The version number.
    #[schemars(length(min = 5, max = 32))]
    pub version: String,

    /// The resource id of the gallery image version.
    #[schemars(length(max = 512))]
    pub resource_id: String,

    /// Since when.
    pub since: Time,

    /// The regions in which it is latest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 128), inner(length(max = 64)))]
    pub regions: Vec<String>,
}

/// A version of an image definition.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LineVersion {
    /// The version number.
    #[schemars(length(min = 5, max = 32))]
    pub version: String,

    /// The name of its `ImageVersion`.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,

    /// How it stands with it.
    pub state: LineState,

    /// Of one that soaks: when it may become latest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soaks_until: Option<Time>,
}

/// How it stands with a version of an image definition.
#[derive(
    schemars::JsonSchema,
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumIter,
)]
pub enum LineState {
    /// It hasn't passed its validation yet, or has none.
    NotValidated,
    /// It failed its validation.
    Failed,
    /// It passed, and waits for the end of its soak.
    Soaking,
    /// It passed, and isn't latest.
    Candidate,
    /// It is being promoted.
    Promoting,
    /// It is latest.
    Latest,
    /// It was latest before a newer one, and serves the regions that don't have that one yet.
    Superseded,
    /// It may not be latest, by its object's word or as it is being deleted.
    Excluded,
    /// It is to be latest no more, and is still in some region.
    Leaving,
}

/// A change of what is latest.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryEntry {
    /// The version number.
    #[schemars(length(min = 5, max = 32))]
    pub version: String,

    /// What became of it.
    pub action: HistoryAction,

    /// The regions in which it became latest, also those that followed; of one that is latest no more, those in which it was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 128), inner(length(max = 64)))]
    pub regions: Vec<String>,

    /// When that was seen.
    pub time: Time,

    /// By which policy.
    pub policy: PromotionPolicy,

    /// Who wrote `spec.latest` last, as far as the object's `managedFields` tell: the name of a field manager.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128))]
    pub manager: Option<String>,

    /// Who changed `spec.latest` last, as the admission policy stamped it on the object: a name of a user of Kubernetes. Absent where
    /// the policy isn't installed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub user: Option<String>,

    /// The annotation `azimage.dev/reason` at that time; of an override its own reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub reason: Option<String>,
}

/// What became of a version.
#[derive(schemars::JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, strum::Display)]
pub enum HistoryAction {
    /// It became latest.
    Promoted,
    /// It became latest instead of a newer one.
    RolledBack,
    /// It is latest no more, and nothing is instead.
    Excluded,
    /// It may be latest although it didn't pass its validation. Such an entry stays for ever.
    Overridden,
}
