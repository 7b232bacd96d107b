//! What the `ConfigMap` holds: names of variables, and texts of one line.

use std::collections::BTreeMap;

use azimage_names::ImageDefinitionId;
use jiff::Timestamp;

use crate::{promotion::Latest, sha256::sha256};

/// The record, if something is latest.
///
/// Flux takes names of letters, digits and underscores alone, and merges several maps into one. Regions in normal form are lower case,
/// so that none of them meets another key.
pub(super) fn of(prefix: &str, id: &ImageDefinitionId, latest: &Latest) -> Option<BTreeMap<String, String>> {
    let is = latest.latest.as_ref()?;
    let mut data = BTreeMap::from([
        (format!("{prefix}_VERSION"), is.version.clone()),
        (format!("{prefix}_ID"), is.resource_id.clone()),
        (format!("{prefix}_DEFINITION_ID"), id.to_string()),
    ]);
    for region in &latest.regions {
        data.insert(format!("{prefix}_VERSION_{}", region.name), region.version.clone());
        data.insert(format!("{prefix}_ID_{}", region.name), format!("{id}/versions/{}", region.version));
    }
    // Without the time: what is latest again is the same again.
    let sha = digest(&data);
    data.insert(format!("{prefix}_SHA256"), sha);
    // Kubernetes keeps whole seconds, and what is written now is compared with what the status says then.
    let since = Timestamp::from_second(is.since.0.as_second()).unwrap_or(is.since.0);
    data.insert(format!("{prefix}_SINCE"), since.to_string());
    Some(data)
}

fn digest(data: &BTreeMap<String, String>) -> String {
    let lines: Vec<String> = data.iter().map(|(key, value)| format!("{key}={value}\n")).collect();
    sha256(&lines.concat())
}
