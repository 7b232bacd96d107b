//! Law 7, and liveness: an object that can't be made work of says why, and touches nothing.

use super::{Evidence, end, line};
use crate::{flaws::FLAWED, plan::Act};

/// Nobody writes to what belongs to such an object, whether Azure takes it or not.
pub(super) fn nothing_is_touched(evidence: &Evidence<'_>) -> Vec<String> {
    let writes = evidence.journal.iter().filter(|entry| entry.write);
    writes.filter(|entry| entry.path.to_lowercase().contains(&format!("/{FLAWED}"))).map(line).collect()
}

/// In the end it is stalled for its flaw, or gone with its namespace.
pub(super) fn said(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let gone = evidence.acts().any(|act| matches!(act, Act::DeleteNamespace));
    for flaw in &evidence.plan.world.flaws {
        let object = evidence.objects.get(&flaw.name());
        let reason = object.and_then(|object| end::stalled(object));
        if object.is_some() == gone || !gone && reason != Some(flaw.reason()) {
            found.push(format!(
                "{} is {}, stalled {reason:?}",
                flaw.name(),
                if object.is_some() { "there" } else { "gone" }
            ));
        }
    }
    found
}
