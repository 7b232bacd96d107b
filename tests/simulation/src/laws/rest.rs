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

/// Nor was a write sent to Kubernetes that changed nothing.
pub(super) fn nothing_is_sent(evidence: &Evidence<'_>) -> Vec<String> {
    if !evidence.settled {
        return Vec::new();
    }
    let late = evidence.sent.iter().filter(|sent| sent.write && sent.time > evidence.rested_from);
    let late = late.filter(|sent| sent.is_to_kubernetes());
    late.map(|sent| format!("{} was sent at {}", sent.call, sent.time)).collect()
}
