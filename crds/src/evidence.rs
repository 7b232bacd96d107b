//! What is handed to whoever asks how a version came about: a document, made from objects, that is stored nowhere.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    ApprovedSources, GuestStatus, HistoryEntry, LatestPolicy, OverrideStatus, Provenance, SourceStatus, StepStatus,
    ValidationMachine, ValidationOutcome, ValidationStatus,
};

/// The form of the document. Fields may be added to it; what is there keeps its name and meaning.
pub const EVIDENCE_API_VERSION: &str = "evidence.azimage.dev/v1alpha1";

/// The kind of the document.
pub const EVIDENCE_KIND: &str = "ImageVersionEvidence";

/// How a gallery image version came about, by its objects.
#[derive(JsonSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// The form of the document.
    pub api_version: String,
    /// Always `ImageVersionEvidence`.
    pub kind: String,
    /// The SHA-256 of `record` as JSON without white space, with the members of each object in the order of their names, as `sha256:` and
    /// hexadecimal digits. The tag `azimage-evidence` of the version has it as it was when the version was promoted first. There is none
    /// before the version is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// What is settled once the version has passed its validation.
    pub record: EvidenceRecord,
    /// How it stands now.
    pub now: EvidenceNow,
    /// What the object of its image definition says, if there is one that may be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<EvidenceDefinition>,
    /// What isn't in the document, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What is settled once a version has passed its validation.
#[derive(JsonSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceRecord {
    /// Which version, and by which object.
    pub version: EvidenceVersion,
    /// Its source as it was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceStatus>,
    /// From what it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
    /// What the preparation of the guest told: what it found that belongs to one machine alone, and what the user's script left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guest: Option<GuestStatus>,
    /// The writes to Azure by which it was made: claim, or the parts of a copy; seal and its proof, deallocation, generalization, creation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<EvidenceStep>,
    /// How it proved itself in its home region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<EvidenceValidation>,
}

/// A gallery image version, and its object.
#[derive(JsonSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceVersion {
    /// The resource id of the gallery image version.
    pub resource_id: String,
    /// The object's namespace.
    pub namespace: String,
    /// The object's name.
    pub name: String,
    /// The object's uid.
    pub uid: String,
}

/// A write to Azure.
#[derive(JsonSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceStep {
    /// Its name.
    pub name: String,
    /// Of several things that steps of this name are about, which one, such as a disk.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// When it began.
    pub started_at: Time,
    /// When its effect was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Time>,
    /// The correlation id under which Azure's activity log has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
}

/// How a version proved itself in its home region.
#[derive(JsonSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceValidation {
    /// What it came to.
    pub outcome: ValidationOutcome,
    /// The region.
    pub region: String,
    /// When it began.
    pub started_at: Time,
    /// When it was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Time>,
    /// The machines, with their times and checks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub machines: Vec<ValidationMachine>,
}

/// How it stands with a version now.
#[derive(JsonSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceNow {
    /// Its conditions.
    pub conditions: Vec<Condition>,
    /// In how many of its regions it is latest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<String>,
    /// From what it was made, with what became of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
    /// How it stands with its validation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<ValidationStatus>,
    /// All writes to Azure.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepStatus>,
}

/// What the object of an image definition says of one of its versions.
#[derive(JsonSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceDefinition {
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// What is to be latest.
    pub latest: LatestPolicy,
    /// What its versions may be made from, if it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sources: Option<ApprovedSources>,
    /// The override, if it is for this version.
    #[serde(default, rename = "override", skip_serializing_if = "Option::is_none")]
    pub overriding: Option<OverrideStatus>,
    /// What became of the version, the last change first, with who did it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<HistoryEntry>,
}

/// The JSON Schema of the document.
pub fn evidence_schema() -> Value {
    let mut schema = schemars::schema_for!(Evidence).to_value();
    without_extensions(&mut schema);
    schema
}

/// What only the API server understands of the parts that stand in objects, too, is left out.
fn without_extensions(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.retain(|name, _| !name.starts_with("x-kubernetes-"));
            members.values_mut().for_each(without_extensions);
        }
        Value::Array(values) => values.iter_mut().for_each(without_extensions),
        _ => {}
    }
}
