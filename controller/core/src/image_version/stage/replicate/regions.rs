//! The regions as the status shows them.

use std::collections::{BTreeMap, BTreeSet};

use azimage_crds::{ImageVersionStatus, Leaving, RegionState, RegionStatus};
use azimage_names::Region;

use super::{
    super::super::{Provisioning, RegionReplication, facts, refusals::Refusals},
    compare::default_storage,
};
use crate::{
    condition::clip,
    merge::{MOST_REGIONS, Merged},
};

/// Steps of percent in which progress is shown: each change is a write that wakes every watcher.
const PROGRESS_STEP: i32 = 5;

/// How many of those who ask for a region its status names, and those of all regions together.
const MOST_REQUESTERS: usize = 64;
const MOST_NAMES: usize = 2048;

/// Longest detail of a region, in bytes.
const DETAIL_LIMIT: usize = 1000;

/// Who asked for each region until now.
pub(in super::super::super) fn remembered(status: &ImageVersionStatus) -> BTreeMap<Region, Vec<String>> {
    status
        .regions
        .iter()
        .filter_map(|region| Some((Region::parse(&region.name).ok()?, region.requested_by.clone())))
        .collect()
}

/// The target regions that stand in Azure.
pub(in super::super::super) fn in_azure(version: &facts::Version) -> BTreeSet<Region> {
    version.targets.iter().map(|target| target.region.clone()).collect()
}

/// Every region: wanted, being removed, or foreign. Times are added when the status is made.
pub(in super::super::super) fn report(
    merged: &Merged,
    version: Option<&facts::Version>,
    status: &ImageVersionStatus,
    refusals: &Refusals,
) -> Vec<RegionStatus> {
    let refused = |region: &Region| refusals.wishes().find(|wish| wish.region() == Some(region));
    let target = |region: &Region| version?.targets.iter().find(|target| target.region == *region);
    let replication = |region: &Region| version?.replication.get(region);
    let mut names: BTreeSet<&Region> = merged.wanted.keys().collect();
    names.extend(merged.held.keys());
    names.extend(&merged.removed);
    names.extend(&merged.foreign);
    names
        .into_iter()
        .map(|region| {
            let says = replication(region);
            let known = target(region).is_some();
            let in_flight = version.is_some_and(|version| version.provisioning != Provisioning::Succeeded);
            let state = if merged.removed.contains(region) {
                RegionState::Removing
            } else if !known && merged.held.contains_key(region) && refused(region).is_some() {
                RegionState::Refused
            } else if !known {
                RegionState::Pending
            } else {
                match says.map(|says| &says.state) {
                    Some(RegionReplication::Replicating | RegionReplication::InProgress) => RegionState::Replicating,
                    Some(RegionReplication::Completed) => RegionState::Completed,
                    Some(RegionReplication::Failed) => RegionState::Failed,
                    None if in_flight => RegionState::Pending,
                    Some(RegionReplication::Unknown | RegionReplication::Other(_)) | None => RegionState::Unknown,
                }
            };
            let before = status.regions.iter().find(|before| before.name == region.as_str());
            // One that was seen while its first copy was made is complete with all of it, whatever the others still wait for.
            let is_first = before.is_some_and(|before| {
                before.ready_replicas.is_none()
                    && matches!(before.state, RegionState::Pending | RegionState::Replicating)
            });
            let works = version
                .is_some_and(|version| matches!(version.provisioning, Provisioning::Creating | Provisioning::Updating));
            let ready_replicas = match (state, version) {
                (RegionState::Completed, Some(version)) if !in_flight || is_first && works => {
                    target(region).and_then(|target| target.replicas).or(Some(version.default_replicas))
                }
                // Until Azure is done, it is what it was.
                _ if known => before.and_then(|before| before.ready_replicas),
                _ => None,
            };
            // Who asked for a region that goes is kept until it is gone: another pass must know that it was ours.
            let requested_by = match merged.wanted.get(region) {
                Some(wanted) => wanted.requested_by.clone(),
                None if merged.held.contains_key(region) => merged.held[region].clone(),
                None if merged.removed.contains(region) => {
                    before.map(|before| before.requested_by.clone()).unwrap_or_default()
                }
                None => Vec::new(),
            };
            let said = match state {
                RegionState::Refused => refused(region).and_then(|wish| refusals.why(wish)),
                _ => says.map(|says| says.details.as_str()),
            };
            RegionStatus {
                name: region.to_string(),
                state,
                progress: match state {
                    RegionState::Completed => 100,
                    RegionState::Pending | RegionState::Refused => 0,
                    _ => says.map_or(0, |says| says.progress.clamp(0, 99) / PROGRESS_STEP * PROGRESS_STEP),
                },
                replicas: target(region).and_then(|target| target.replicas),
                storage_account_type: version.and_then(|version| {
                    Some(target(region)?.storage_account_type.clone().unwrap_or_else(|| default_storage(version)))
                }),
                ready_replicas,
                leaving: leaving(merged, region),
                requested_by,
                in_use_by: merged.in_use.get(region).cloned().unwrap_or_default(),
                requesters: None,
                latest: None,
                since: None,
                detail: said.map(|said| clip(said.trim(), DETAIL_LIMIT)).filter(|detail| !detail.is_empty()),
            }
        })
        .collect()
}

/// The regions as a status can hold them, however many targets there are: of those who ask for one, the first are named.
pub(in super::super::super) fn bounded(mut regions: Vec<RegionStatus>) -> Vec<RegionStatus> {
    regions.truncate(MOST_REGIONS);
    let most = (MOST_NAMES / regions.len().max(1)).clamp(1, MOST_REQUESTERS);
    for region in &mut regions {
        let count = region.requested_by.len();
        region.requested_by.truncate(most);
        region.requesters = (count > most).then(|| i32::try_from(count).unwrap_or(i32::MAX)).or(region.requesters);
    }
    regions
}

/// Who no longer selects the version, of those whose word still counts in a region.
fn leaving(merged: &Merged, region: &Region) -> Vec<Leaving> {
    let counts = |leaving: &&Leaving| {
        let wanted = merged.wanted.get(region);
        merged.removed.contains(region) || wanted.is_some_and(|wanted| wanted.requested_by.contains(&leaving.target))
    };
    merged.leaving.get(region).into_iter().flatten().filter(counts).cloned().collect()
}

/// The regions while Azure can't be asked: only who wants them is brought up to date, so that a target can be let go
/// without Azure.
pub(in super::super::super) fn carry(merged: &Merged, status: &ImageVersionStatus) -> Vec<RegionStatus> {
    let mut regions = status.regions.clone();
    for region in &mut regions {
        let Ok(name) = Region::parse(&region.name) else { continue };
        region.leaving = leaving(merged, &name);
        if let Some(wanted) = merged.wanted.get(&name) {
            region.requested_by.clone_from(&wanted.requested_by);
            region.requesters = None;
        } else if merged.foreign.contains(&name) {
            region.requested_by.clear();
        }
    }
    regions
}

/// `2/3 regions, 64%`: of the regions that somebody here wants.
pub(in super::super::super) fn progress(regions: &[RegionStatus]) -> Option<String> {
    let wanted: Vec<&RegionStatus> = regions
        .iter()
        .filter(|region| !region.requested_by.is_empty() && region.state != RegionState::Removing)
        .collect();
    if wanted.is_empty() {
        return None;
    }
    let complete = wanted.iter().filter(|region| region.state == RegionState::Completed).count();
    let total: i32 = wanted.iter().map(|region| region.progress).sum();
    let count = i32::try_from(wanted.len()).unwrap_or(i32::MAX);
    Some(format!("{complete}/{} regions, {}%", wanted.len(), total / count))
}
