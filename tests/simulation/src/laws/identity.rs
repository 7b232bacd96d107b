//! Law 11: an object acts with its own namespace's identity, or not at all, and no secret and no signed address gets
//! into an object or an event.

use std::collections::BTreeSet;

use super::Evidence;
use crate::world::OPERATOR;

/// Nothing arrives at Azure with any rights but those that the objects have, and people's.
pub(super) fn none_is_borrowed(evidence: &Evidence<'_>) -> Vec<String> {
    let principals = evidence.journal.iter().filter_map(|entry| entry.principal.as_deref());
    let others: BTreeSet<&str> = principals.filter(|who| ![evidence.client(), OPERATOR].contains(who)).collect();
    others.into_iter().map(|who| format!("somebody acted as {who}")).collect()
}

/// What stands only in tokens, in their headers, and in the addresses of operations and of blobs.
const SIGNS: [&str; 5] = ["eyJ", "Bearer ", "azure.simulation", "&s=", "sig="];

/// Nothing that was ever written to Kubernetes has any of it.
pub(super) fn no_secret_is_told(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = BTreeSet::new();
    for write in evidence.kubernetes.iter().filter(|write| !write.resource.starts_with("leases")) {
        let text = write.after.as_ref().map(ToString::to_string).unwrap_or_default();
        for sign in SIGNS.iter().filter(|sign| text.contains(**sign)) {
            found.insert(format!("{sign} stands in {} {}", write.resource, write.name));
        }
    }
    found.into_iter().collect()
}
