//! Law 10, and suspended objects: nothing is written at rest, or for a suspended object.

use jiff::SignedDuration;

use super::{Evidence, VERSIONS, line};
use crate::world;

/// After all objects settled, no write took effect in Azure or Kubernetes, except to the lease.
pub(super) fn no_writes_at_rest(evidence: &Evidence<'_>) -> Vec<String> {
    if !evidence.settled {
        return Vec::new();
    }
    let azure = evidence.writes().filter(|entry| entry.simulated_time > evidence.rested_from).map(line);
    let kubernetes = evidence
        .kubernetes
        .iter()
        .filter(|write| write.time > evidence.rested_from && !write.resource.starts_with("leases"))
        .map(|write| format!("{:?} {} {} at {}", write.verb, write.resource, write.name, write.time));
    azure.chain(kubernetes).collect()
}

/// After all objects settled, no write was sent to Kubernetes, not even one without effect.
pub(super) fn no_write_requests_at_rest(evidence: &Evidence<'_>) -> Vec<String> {
    if !evidence.settled {
        return Vec::new();
    }
    let late = evidence.sent.iter().filter(|sent| sent.write && sent.time > evidence.rested_from);
    let late = late.filter(|sent| sent.is_kubernetes_call());
    late.map(|sent| format!("{} was sent at {}", sent.call, sent.time)).collect()
}

/// Nothing is written to Azure for an object that was suspended before the write was sent.
pub(super) fn suspended_objects_get_no_writes(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for number in evidence.plan.world.numbers() {
        let name = world::object(number);
        let suspended = |at| {
            let object = evidence.object_at(VERSIONS, &name, at);
            object.is_some_and(|it| it["spec"]["suspend"] == true && it["metadata"]["deletionTimestamp"].is_null())
        };
        for effect in evidence.effects_of(number) {
            let sent = effect.time - SignedDuration::from_secs(evidence.max_seconds_in_flight());
            if suspended(sent) && suspended(effect.time) {
                found.push(format!("{} {} at {}", effect.method, effect.path, effect.time));
            }
        }
    }
    found
}
