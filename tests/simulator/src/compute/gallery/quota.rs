//! How many galleries, definitions and versions there may be (behaviour section 10).

use crate::{arm::error::ArmError, resources::Resources};

/// Refuses one more of `kind` in a region of a subscription than Azure allows (behaviour section 10).
pub(crate) fn check(
    resources: &Resources,
    kind: &str,
    most: usize,
    subscription: &str,
    location: &str,
) -> Result<(), ArmError> {
    let prefix = format!("/subscriptions/{subscription}/").to_lowercase();
    let there = |(key, at): &(&String, &String)| key.starts_with(&prefix) && at.as_str() == location;
    let count = match kind {
        "galleries" => resources.galleries.iter().map(|(key, gallery)| (key, &gallery.location)).filter(there).count(),
        "gallery images" => {
            resources.definitions.iter().map(|(key, image)| (key, &image.location)).filter(there).count()
        }
        _ => resources.versions.iter().map(|(key, version)| (key, &version.location)).filter(there).count(),
    };
    if count < most {
        return Ok(());
    }
    Err(ArmError::not_allowed(format!(
        "Operation could not be completed as it results in exceeding the quota of {most} {kind} in region '{location}'. Current \
         usage: {count}."
    )))
}
