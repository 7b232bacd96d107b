//! What every status says to people and tools keeps the rules.

use std::collections::BTreeSet;

use azimage_core::lint;
use azimage_crds::ImageVersion;

use super::Evidence;

/// Every status that was ever written.
pub(super) fn keep_the_rules(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = BTreeSet::new();
    let versions = evidence.kubernetes.iter().filter(|write| write.resource.starts_with("imageversions"));
    for write in versions.filter(|write| write.subresource == "status") {
        let object = write.after.as_ref().map(|object| serde_json::from_value::<ImageVersion>(object.as_ref().clone()));
        match object {
            Some(Ok(object)) => {
                let status = object.status.unwrap_or_default();
                let generation = object.metadata.generation.unwrap_or_default();
                let problems = lint::problems(generation, status.observed_generation, &status.conditions);
                found.extend(problems.into_iter().map(|text| format!("{}: {text}", write.name)));
            }
            Some(Err(error)) => {
                found.insert(format!("{} can't be read: {error}", write.name));
            }
            None => {}
        }
    }
    found.into_iter().collect()
}
