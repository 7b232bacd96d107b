//! A suspended object is not worked on.

use super::{Evidence, VERSIONS};
use crate::world;

/// Nothing is written to Azure for an object that was suspended before the write was on its way.
pub(super) fn nothing_is_written(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for number in 0..evidence.plan.world.versions {
        let name = world::object(number);
        let suspended = |at| {
            let object = evidence.object_at(VERSIONS, &name, at);
            object.is_some_and(|it| it["spec"]["suspend"] == true && it["metadata"]["deletionTimestamp"].is_null())
        };
        for effect in evidence.effects_of(number) {
            let sent = effect.time - jiff::SignedDuration::from_secs(evidence.in_flight());
            if suspended(sent) && suspended(effect.time) {
                found.push(format!("{} {} at {}", effect.method, effect.path, effect.time));
            }
        }
    }
    found
}
