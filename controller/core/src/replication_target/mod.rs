//! The decisions about a `ReplicationTarget`. It writes nothing to Azure: its region reaches Azure through the image
//! versions that it selects, and what they say of the region is all that is looked at here.

pub(crate) mod words;

use std::{collections::BTreeMap, time::Duration};

use azimage_crds::{
    ConditionType, Deletion, ImageVersion, RegionState, RegionStatus, ReplicationTarget, ReplicationTargetStatus,
    SelectedVersion,
};
use azimage_names::Region;
use jiff::Timestamp;
use kube::{Resource, ResourceExt};
use words::Words;

use crate::{
    Finding, Message as _, Progress, condition,
    image_version::wish::is_of,
    merge::{self, MOST_REGIONS},
    selector,
    target::TargetView,
};

/// The conditions of a replication target.
pub const DOMAIN: [ConditionType; 1] = [ConditionType::Available];

/// The most versions that a status lists.
const LISTED: usize = 200;

/// The pause after a look at a target, for each version that it goes through, and the longest.
const PAUSE: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(10));

/// How long to wait after a look at a target among so many versions, before what they say is looked at again: each of them
/// changes many times, and a look goes through them all. With few it is no wait that anybody could notice.
pub fn pause(versions: usize) -> Duration {
    PAUSE.0.saturating_mul(u32::try_from(versions).unwrap_or(u32::MAX)).min(PAUSE.1)
}

/// What a pass does.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The finalizer may go: nothing of the target's is left to be taken away or let go.
    pub release: bool,
    /// The status after the pass.
    pub status: ReplicationTargetStatus,
}

/// Decides what to do. `versions` and `siblings` are the image versions and the targets of the namespace.
pub fn plan(
    target: &ReplicationTarget,
    versions: &[&ImageVersion],
    siblings: &[&ReplicationTarget],
    now: Timestamp,
) -> Plan {
    let previous = target.status.clone().unwrap_or_default();
    let generation = target.meta().generation.unwrap_or_default();
    let region = Region::parse(&target.spec.region);
    let (release, progress, selected): (_, _, Vec<SelectedVersion>) = match &region {
        Err(problem) => {
            // A region that can't be understood never reached Azure.
            (deleting(target), stalled(&Words::Region { problem: problem.to_string() }), Vec::new())
        }
        Ok(region) if deleting(target) => {
            let holders = holders(target, region, versions);
            (holders.is_empty(), waiting_for(target, &holders), previous.versions.clone())
        }
        Ok(region) => {
            let found = found(target, region, versions);
            let progress = progress(target, region, &found, siblings);
            (false, progress, found.into_iter().map(|found| found.shown).collect())
        }
    };
    let findings = BTreeMap::from([(ConditionType::Available, available(&progress))]);
    let complete = selected.iter().filter(|version| version.state == RegionState::Completed).count();
    let status = ReplicationTargetStatus {
        observed_generation: Some(generation),
        conditions: condition::render(&previous.conditions, &DOMAIN, &findings, &progress, generation, now),
        last_handled_reconcile_at: target
            .annotations()
            .get(azimage_crds::RECONCILE_REQUESTED_AT)
            .cloned()
            .or(previous.last_handled_reconcile_at),
        region: region.ok().map(|region| region.to_string()),
        progress: Some(format!("{complete}/{}", selected.len())),
        versions: selected.into_iter().take(LISTED).collect(),
    };
    Plan { release, status }
}

fn deleting(target: &ReplicationTarget) -> bool {
    target.meta().deletion_timestamp.is_some()
}

/// A version that the target selects, as far as the target's region goes.
struct Found {
    shown: SelectedVersion,
    /// Why Azure refuses what the target asks for, if it does.
    refused: Option<String>,
    /// The storage of the region's replicas, if it isn't what the target asks for.
    fixed: Option<String>,
    /// It has as many regions as it can have, and this isn't one of them.
    crowded: bool,
}

fn found(target: &ReplicationTarget, region: &Region, versions: &[&ImageVersion]) -> Vec<Found> {
    let mut found: Vec<Found> = versions
        .iter()
        .filter(|version| version.meta().deletion_timestamp.is_none())
        .filter(|version| selector::selects(&target.spec, &version.name_any(), version.labels()))
        .map(|version| in_version(target, region, version))
        .collect();
    found.sort_by(|a, b| a.shown.name.cmp(&b.shown.name));
    found
}

fn in_version(target: &ReplicationTarget, region: &Region, version: &ImageVersion) -> Found {
    let (name, spec) = (target.name_any(), &target.spec);
    let status = version.status.as_ref();
    let regions = status.map(|status| status.regions.as_slice()).unwrap_or_default();
    let state = regions.iter().find(|state| state.name == region.as_str());
    // What stands there before the version has heard of this target was asked for by somebody else, with
    // other replicas perhaps. Of very many targets not all are named.
    let unnamed = |state: &RegionStatus| {
        state.requesters.is_some() && state.replicas.is_none_or(|replicas| replicas >= spec.replicas)
    };
    let heard = state.filter(|state| state.requested_by.contains(&name) || unnamed(state));
    let asks = (spec.replicas, spec.storage_account_type);
    let refusals = status.map(|status| status.refusals.as_slice()).unwrap_or_default();
    let refused = refusals.iter().find(|refusal| is_of(refusal, &name, region, asks));
    let wish = spec.storage_account_type.map(<&str>::from);
    let is = state.and_then(|state| state.storage_account_type.clone());
    let fixed = is.filter(|is| wish.is_some_and(|wish| !wish.eq_ignore_ascii_case(is)));
    let shown = SelectedVersion {
        name: version.name_any(),
        state: match refused {
            Some(_) => RegionState::Refused,
            None => heard.map_or(RegionState::Pending, |state| state.state),
        },
        progress: heard.map_or(0, |state| state.progress),
    };
    let refused = refused.map(|refusal| refusal.message.clone());
    Found { shown, refused, fixed, crowded: state.is_none() && regions.len() >= MOST_REGIONS }
}

/// What stops the target for good, of the versions in which it does: the first has the word.
fn stopped(region: &Region, found: &[Found]) -> Option<Words> {
    let of = |is: &dyn Fn(&Found) -> bool| -> Vec<&str> {
        found.iter().filter(|found| is(found)).map(|found| found.shown.name.as_str()).collect()
    };
    let region = region.clone();
    if let Some(is) = found.iter().find_map(|found| found.fixed.clone()) {
        let versions = list(&of(&|other| other.fixed.as_ref() == Some(&is)));
        return Some(Words::Fixed { region, versions, is });
    }
    if let Some(why) = found.iter().find_map(|found| found.refused.clone()) {
        let versions = list(&of(&|other| other.refused.is_some()));
        return Some(Words::Refused { region, versions, why });
    }
    let crowded = of(&|other| other.crowded);
    (!crowded.is_empty()).then(|| Words::Crowded { region, versions: list(&crowded) })
}

fn progress(target: &ReplicationTarget, region: &Region, found: &[Found], siblings: &[&ReplicationTarget]) -> Progress {
    if let Some(older) = contradicted(target, siblings) {
        return stalled(&Words::Contradicted { older, region: region.clone() });
    }
    if let Some(stopped) = stopped(region, found) {
        return stalled(&stopped);
    }
    let selected: Vec<&SelectedVersion> = found.iter().map(|found| &found.shown).collect();
    let named = |state: RegionState| -> Vec<&str> {
        selected.iter().filter(|version| version.state == state).map(|version| version.name.as_str()).collect()
    };
    let failed = named(RegionState::Failed);
    let incomplete = |version: &&&SelectedVersion| version.state != RegionState::Completed;
    let open: Vec<&str> = selected.iter().filter(incomplete).map(|version| version.name.as_str()).collect();
    if selected.is_empty() {
        return match &target.spec.image_version_name {
            Some(name) => reconciling(&Words::NoVersion { name: name.clone() }),
            None => settled(&Words::NoneSelected),
        };
    }
    if !failed.is_empty() {
        let message = Words::Failed { region: region.clone(), versions: list(&failed) };
        return Progress::retrying(message.reason(), message.to_string());
    }
    if !open.is_empty() {
        return reconciling(&Words::Waiting { versions: list(&open), region: region.clone() });
    }
    settled(&match selected.len() {
        1 => Words::Complete { region: region.clone() },
        count => Words::AllComplete { count, region: region.clone() },
    })
}

fn contradicted(target: &ReplicationTarget, siblings: &[&ReplicationTarget]) -> Option<String> {
    let siblings: Vec<TargetView> = siblings.iter().filter_map(|sibling| TargetView::of(sibling, true)).collect();
    merge::contradicting(&TargetView::of(target, true)?, &siblings).map(|older| older.name.clone())
}

/// The image versions that still hold the region for this target.
fn holders(target: &ReplicationTarget, region: &Region, versions: &[&ImageVersion]) -> Vec<String> {
    versions
        .iter()
        .filter(|version| {
            let regions = version.status.as_ref().map(|status| status.regions.as_slice()).unwrap_or_default();
            regions.iter().any(|state| state.name == region.as_str() && state.requested_by.contains(&target.name_any()))
        })
        .map(|version| {
            let suspended = if version.spec.suspend { " (suspended)" } else { "" };
            format!("{}{suspended}", version.name_any())
        })
        .collect()
}

fn waiting_for(target: &ReplicationTarget, holders: &[String]) -> Progress {
    if holders.is_empty() {
        return reconciling(&Words::NothingLeft);
    }
    let versions = list(&holders.iter().map(String::as_str).collect::<Vec<_>>());
    reconciling(&match target.spec.deletion_policy {
        Deletion::Delete => Words::Removing { versions },
        Deletion::Retain => Words::Releasing { versions },
    })
}

fn settled(message: &Words) -> Progress {
    Progress::Settled { message: message.to_string() }
}

fn reconciling(message: &Words) -> Progress {
    Progress::reconciling(message.reason(), message.to_string())
}

fn stalled(message: &Words) -> Progress {
    Progress::stalled(message.reason(), message.to_string())
}

fn available(progress: &Progress) -> Finding {
    match progress {
        Progress::Settled { message } => Finding::yes(message),
        Progress::Reconciling { reason, message } => Finding::unknown(*reason, message),
        Progress::Retrying { reason, message } | Progress::Stalled { reason, message } => Finding::no(*reason, message),
    }
}

/// At most five names, and how many more there are.
fn list(names: &[&str]) -> String {
    let shown = names.iter().take(5).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(5) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests;
