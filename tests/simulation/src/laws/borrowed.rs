//! Law 11: an object acts with its own namespace's identity, or not at all.

use std::collections::BTreeSet;

use super::Evidence;
use crate::world::PERSON;

/// Nothing arrives at Azure with any rights but those that the objects have, and people's.
pub(super) fn none_is(evidence: &Evidence<'_>) -> Vec<String> {
    let principals = evidence.journal.iter().filter_map(|entry| entry.principal.as_deref());
    let others: BTreeSet<&str> = principals.filter(|who| ![evidence.client(), PERSON].contains(who)).collect();
    others.into_iter().map(|who| format!("somebody acted as {who}")).collect()
}
