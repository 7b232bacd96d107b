//! Law 10: at rest nothing is written.

use super::{Evidence, line};

/// After all came to an end neither Azure nor Kubernetes was written to, but for the lease.
pub(super) fn nothing_is_written(evidence: &Evidence<'_>) -> Vec<String> {
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
