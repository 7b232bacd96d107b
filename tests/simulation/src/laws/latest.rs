//! Law 4: a version that wasn't validated is never `latest`.

use super::{Evidence, line};

/// Every list that is written excludes the version from latest, everywhere.
pub(super) fn never_offered(evidence: &Evidence<'_>) -> Vec<String> {
    let puts = evidence.writes().filter(|entry| entry.method == "PUT" && entry.path.contains("/versions/"));
    puts.filter(|entry| {
        let profile = &entry.body["properties"]["publishingProfile"];
        let regions = profile["targetRegions"].as_array().map(Vec::as_slice).unwrap_or_default();
        profile["excludeFromLatest"] != true || regions.iter().any(|region| region["excludeFromLatest"] != true)
    })
    .map(line)
    .collect()
}
