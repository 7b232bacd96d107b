//! How a version came about, from its object and that of its image definition: a document for whoever asks later.
//!
//! What is settled has a digest, which is written into a tag of the version with the write that promotes it first: so whoever has the
//! document and may read the version in Azure can tell that nobody changed the one or the other since.

#[cfg(test)]
mod tests;

use azimage_crds::{
    EVIDENCE_API_VERSION, EVIDENCE_KIND, Evidence, EvidenceDefinition, EvidenceNow, EvidenceRecord, EvidenceStep,
    EvidenceValidation, EvidenceVersion, ImageDefinition, ImageVersion, ImageVersionStatus, Provenance,
};
use azimage_names::{ImageVersionId, VersionNumber};
use kube::{Resource as _, ResourceExt as _};
use serde_json::Value;

use crate::{
    image_definition,
    image_version::{self, StepName},
    owner::Owner,
    sha256::sha256,
};

/// The writes by which a version is made, beside those that make the parts of a copy. Those of later ones change, and are told beside the
/// record.
const MAKING: [StepName; 6] = [
    StepName::ClaimSource,
    StepName::Seal,
    StepName::MarkSealed,
    StepName::Deallocate,
    StepName::Generalize,
    StepName::Publish,
];

/// The document of a version. `definitions` are the objects of its namespace, if they may be read. None if the object names no version
/// that can be understood.
pub fn of(object: &ImageVersion, definitions: Option<&[&ImageDefinition]>) -> Option<Evidence> {
    let id = image_version::id_of(object)?;
    let status = object.status.clone().unwrap_or_default();
    let version = EvidenceVersion {
        resource_id: id.to_string(),
        namespace: object.namespace().unwrap_or_default(),
        name: object.name_any(),
        uid: object.uid().unwrap_or_default(),
    };
    let record = record(version, &status);
    let object_of = definitions.and_then(|all| image_definition::standing(all, id.definition()));
    let is_made = status.resource_id.is_some();
    let of_making = (!is_made).then_some(
        "Azure has no such gallery image version yet, as far as azimage has seen: the record isn't settled, and has no digest",
    );
    let of_definitions = match (definitions, object_of) {
        (None, _) => {
            Some("The ImageDefinitions of the namespace can't be listed, so what they say of the version isn't here")
        }
        (Some(_), None) => {
            Some("No ImageDefinition of the namespace stands for the image definition, so nobody promotes the version")
        }
        (Some(_), Some(_)) => None,
    };
    Some(Evidence {
        api_version: EVIDENCE_API_VERSION.to_owned(),
        kind: EVIDENCE_KIND.to_owned(),
        digest: is_made.then(|| digest(&record)),
        record,
        now: EvidenceNow {
            conditions: status.conditions,
            latest: status.latest,
            provenance: status.provenance,
            validation: status.validation,
            steps: status.steps,
        },
        definition: object_of.map(|it| of_definition(it, id.version())),
        notes: of_making.into_iter().chain(of_definitions).map(str::to_owned).collect(),
    })
}

/// The digest of what is settled of a version, by its status.
pub(crate) fn digest_of(id: &ImageVersionId, owner: &Owner, status: &ImageVersionStatus) -> String {
    let version = EvidenceVersion {
        resource_id: id.to_string(),
        namespace: owner.namespace.clone(),
        name: owner.name.clone(),
        uid: owner.uid.clone(),
    };
    digest(&record(version, status))
}

fn record(version: EvidenceVersion, status: &ImageVersionStatus) -> EvidenceRecord {
    let is_making = |name: &str| name.parse().is_ok_and(|name: StepName| name.makes_a_part() || MAKING.contains(&name));
    let steps = status.steps.iter().filter(|step| is_making(&step.name)).map(|step| EvidenceStep {
        name: step.name.clone(),
        subject: step.subject.clone(),
        started_at: step.started_at.clone(),
        finished_at: step.finished_at.clone(),
        correlation_id: step.correlation_id.clone(),
    });
    let validation = status.validation.as_ref().map(|it| EvidenceValidation {
        outcome: it.outcome,
        region: it.region.clone(),
        started_at: it.started_at.clone(),
        finished_at: it.finished_at.clone(),
        machines: it.machines.clone(),
    });
    EvidenceRecord {
        version,
        source: status.source.clone(),
        provenance: status.provenance.clone().map(as_it_was),
        guest: status.guest.clone(),
        steps: steps.collect(),
        validation,
    }
}

/// The line without what became of it later.
fn as_it_was(mut line: Provenance) -> Provenance {
    line.ancestors.iter_mut().for_each(|it| it.withdrawn = None);
    line
}

fn of_definition(object: &ImageDefinition, number: VersionNumber) -> EvidenceDefinition {
    let status = object.status.as_ref();
    let is_it = |version: &str| VersionNumber::parse(version).is_ok_and(|is| is == number);
    let history = status.map_or(&[][..], |status| &status.history);
    EvidenceDefinition {
        name: object.name_any(),
        uid: object.meta().uid.clone().unwrap_or_default(),
        latest: object.spec.latest.clone(),
        sources: object.spec.sources.clone(),
        overriding: status.and_then(|status| status.overriding.clone()).filter(|it| is_it(&it.version)),
        history: history.iter().filter(|entry| is_it(&entry.version)).cloned().collect(),
    }
}

fn digest(record: &EvidenceRecord) -> String {
    // Its types have no maps whose keys aren't texts, and no numbers that JSON lacks.
    format!("sha256:{}", sha256(&canonical(serde_json::to_value(record).unwrap_or_default())))
}

/// JSON without white space, with the members of each object in the order of their names, also where a crate has `serde_json` keep another
/// one.
fn canonical(mut value: Value) -> String {
    value.sort_all_objects();
    value.to_string()
}
