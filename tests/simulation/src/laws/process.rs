//! Processes: one leads at a time, and retries back off.

use super::Evidence;
use crate::plan::Action;

const LEASES: &str = "leases.coordination.k8s.io";

/// The lease is taken from another process only after that one released it or let it expire.
pub(super) fn lease_is_taken_only_when_free(evidence: &Evidence<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for write in evidence.kubernetes.iter().filter(|write| write.resource == LEASES) {
        let (Some(before), Some(after)) = (&write.before, &write.after) else { continue };
        let holder = before["spec"]["holderIdentity"].as_str().unwrap_or_default();
        if holder.is_empty() || after["spec"]["holderIdentity"] == holder {
            continue;
        }
        let mut renewed = evidence.kubernetes.iter().filter(|earlier| {
            earlier.resource == write.resource
                && earlier.revision < write.revision
                && earlier.after.as_ref().is_some_and(|lease| lease["spec"]["holderIdentity"] == holder)
        });
        let lasts = before["spec"]["leaseDurationSeconds"].as_i64().unwrap_or_default();
        if renewed.next_back().is_some_and(|renewed| write.time.duration_since(renewed.time).as_secs() < lasts) {
            found.push(format!("the lease was taken from {holder} at {}, which held it", write.time));
        }
    }
    found
}

/// No process sends a write while another one holds the lease.
pub(super) fn no_writes_after_lease_loss(evidence: &Evidence<'_>) -> Vec<String> {
    if evidence.plan.world.replicas < 2 {
        return Vec::new();
    }
    let mut leases = evidence.kubernetes.iter().filter(|write| write.resource == LEASES).peekable();
    let mut holder = "";
    let mut found = Vec::new();
    for sent in evidence.sent.iter().filter(|sent| sent.write && !sent.is_lease_call()) {
        while let Some(write) = leases.next_if(|write| write.time < sent.time) {
            let lease = write.after.as_ref();
            holder = lease.and_then(|lease| lease["spec"]["holderIdentity"].as_str()).unwrap_or_default();
        }
        if !holder.is_empty() && !holder.starts_with(&format!("azimage-{}_", sent.replica)) {
            found.push(format!("replica {} sent {} at {}, when {holder} led", sent.replica, sent.call, sent.time));
        }
    }
    found
}

/// Requests for an object until the retries of a new process reach their longest pause.
const FIRST: u64 = 30;
/// Requests for an object in an hour after that.
const IN_AN_HOUR: u64 = 15;

/// Requests back off while Azure can't be reached.
pub(super) fn requests_back_off(evidence: &Evidence<'_>) -> Vec<String> {
    let process_ends = u64::try_from(evidence.process_ends()).unwrap_or(u64::MAX);
    let begins = u64::from(evidence.plan.world.replicas).saturating_add(process_ends);
    let mut found = Vec::new();
    for event in &evidence.plan.events {
        let Action::AzureAway { seconds } = event.action else { continue };
        let span = event.at..event.at + seconds;
        let sent = evidence.sent.iter().filter(|sent| {
            let at = u64::try_from(sent.time.duration_since(evidence.begin).as_secs()).unwrap_or(0);
            sent.call.starts_with("azure ") && span.contains(&at)
        });
        let sent = u64::try_from(sent.count()).unwrap_or(u64::MAX);
        let most = u64::try_from(evidence.plan.world.numbers().count()).unwrap_or(u64::MAX)
            * (FIRST * begins + IN_AN_HOUR * seconds / 3600);
        if sent > most {
            found.push(format!("{sent} requests while Azure was away for {seconds} s, and {most} are enough"));
        }
    }
    found
}
