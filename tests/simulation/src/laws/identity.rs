//! Law 11: an object acts only with its own namespace's identity, and no secret and no signed address is written to an
//! object or an event.

use std::collections::BTreeSet;

use super::Evidence;
use crate::world::OPERATOR;

/// Requests to Azure come only from the objects' client and the operators.
pub(super) fn no_foreign_identity(evidence: &Evidence<'_>) -> Vec<String> {
    let principals = evidence.journal.iter().filter_map(|entry| entry.principal.as_deref());
    let others: BTreeSet<&str> = principals.filter(|who| ![evidence.client(), OPERATOR].contains(who)).collect();
    others.into_iter().map(|who| format!("somebody acted as {who}")).collect()
}

/// Texts that occur only in tokens, their headers, and the addresses of operations and blobs.
const SECRET_MARKS: [&str; 5] = ["eyJ", "Bearer ", "azure.simulation", "&s=", "sig="];

/// No write to Kubernetes contains one of them.
pub(super) fn no_secret_is_written(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = BTreeSet::new();
    for write in evidence.kubernetes.iter().filter(|write| !write.resource.starts_with("leases")) {
        let text = write.after.as_ref().map(ToString::to_string).unwrap_or_default();
        for mark in SECRET_MARKS.iter().filter(|mark| text.contains(**mark)) {
            found.insert(format!("{mark} stands in {} {}", write.resource, write.name));
        }
    }
    found.into_iter().collect()
}
