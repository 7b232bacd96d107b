//! Law 11: no secret and no signed address gets into an object or an event.

use std::collections::BTreeSet;

use super::Evidence;

/// What stands only in tokens, in their headers, and in the addresses of operations and of blobs.
const SIGNS: [&str; 5] = ["eyJ", "Bearer ", "azure.simulation", "&s=", "sig="];

/// Nothing that was ever written to Kubernetes has any of it.
pub(super) fn none_is_told(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = BTreeSet::new();
    for write in evidence.kubernetes.iter().filter(|write| !write.resource.starts_with("leases")) {
        let text = write.after.as_ref().map(ToString::to_string).unwrap_or_default();
        for sign in SIGNS.iter().filter(|sign| text.contains(**sign)) {
            found.insert(format!("{sign} stands in {} {}", write.resource, write.name));
        }
    }
    found.into_iter().collect()
}
