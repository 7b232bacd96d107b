//! What fails is tried again later each time.

use super::Evidence;
use crate::plan::Act;

/// Requests for an object in which a process that just began comes to its longest pause.
const FIRST: u64 = 30;
/// Requests for an object in an hour after that.
const IN_AN_HOUR: u64 = 15;

/// While Azure is away, requests get fewer.
pub(super) fn requests_get_fewer(evidence: &Evidence<'_>) -> Vec<String> {
    let ends = u64::try_from(evidence.ends_of_processes()).unwrap_or(u64::MAX);
    let begins = u64::from(evidence.plan.world.replicas).saturating_add(ends);
    let mut found = Vec::new();
    for event in &evidence.plan.events {
        let Act::AzureAway { seconds } = event.act else { continue };
        let span = event.at..event.at + seconds;
        let sent = evidence.sent.iter().filter(|sent| {
            let at = u64::try_from(sent.time.duration_since(evidence.begin).as_secs()).unwrap_or(0);
            sent.call.starts_with("azure ") && span.contains(&at)
        });
        let sent = u64::try_from(sent.count()).unwrap_or(u64::MAX);
        let most = u64::from(evidence.plan.world.versions) * (FIRST * begins + IN_AN_HOUR * seconds / 3600);
        if sent > most {
            found.push(format!("{sent} requests while Azure was away for {seconds} s, and {most} are enough"));
        }
    }
    found
}
