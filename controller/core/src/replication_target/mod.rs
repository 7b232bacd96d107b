//! The decisions about a `ReplicationTarget`. It writes nothing to Azure: its region reaches Azure through the image
//! versions that it selects, and what they say of the region is all that is looked at here.

mod standing;
pub(crate) mod words;

use std::{collections::BTreeMap, time::Duration};

use azimage_crds::{
    ConditionType, Deletion, ImageVersion, RegionState, ReplicationTarget, ReplicationTargetStatus, SelectedVersion,
};
use azimage_names::Region;
use jiff::Timestamp;
use kube::{Resource, ResourceExt};
use standing::{Selected, Standing, is_not_ours, stalled as stall_of, told};
use words::{Beside, Deletes, Held, Leaves, Parting, Words};

use crate::{
    Finding, Message as _, Progress,
    condition::{self, first_names},
    events::{self, Event},
    merge, requested, selector,
    target::TargetView,
};

/// The conditions of a replication target.
pub const DOMAIN: [ConditionType; 1] = [ConditionType::Available];

/// The most versions that a status lists.
const LISTED: usize = 200;

/// The pause after a look at a target, for each version that it goes through, and the longest.
const PAUSE: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(30));

/// So many targets make the pause no longer, twice as many twice as long.
const MANY: usize = 500;

/// How long to wait after a look at a target among so many targets and versions, before what the versions say is looked at again: each
/// of them changes many times, wakes all targets, and a look goes through all versions. With few it is no wait that anybody could
/// notice, and with many a namespace keeps the others waiting no longer.
pub fn pause(versions: usize, targets: usize) -> Duration {
    let times = versions.saturating_mul(targets.div_ceil(MANY).max(1));
    PAUSE.0.saturating_mul(u32::try_from(times).unwrap_or(u32::MAX)).min(PAUSE.1)
}

/// What a pass does.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The finalizer may go: nothing of the target's is left to be taken away or let go.
    pub release: bool,
    /// What a person has to know when the target goes, as no status is left to say it.
    pub parting: Option<String>,
    /// What a person has to know before replicas go, once.
    pub announced: Vec<Event>,
    /// The status after the pass.
    pub status: ReplicationTargetStatus,
}

/// Decides what to do. `versions` are the image versions of the namespace, and `siblings` at least those of its targets that ask for
/// the same region.
pub fn plan(
    target: &ReplicationTarget,
    versions: &[&ImageVersion],
    siblings: &[&ReplicationTarget],
    now: Timestamp,
) -> Plan {
    let previous = target.status.clone().unwrap_or_default();
    let generation = target.meta().generation.unwrap_or_default();
    let region = Region::parse(&target.spec.region);
    let (mut release, mut parting, mut announced, mut selected) = (false, None, Vec::new(), Vec::new());
    let progress = match &region {
        Err(problem) => {
            // A region that can't be understood never reached Azure.
            release = deleting(target);
            stalled(&Words::Region { problem: problem.to_string() })
        }
        Ok(region) if deleting(target) => {
            let holders = Holders::of(target, region, versions);
            release = holders.are_none();
            parting = holders.parting(region);
            // A deletion is a change of its own.
            if previous.observed_generation < Some(generation) {
                announced.extend(holders.removes(target, region).map(|words| events::removes(&words.to_string())));
            }
            selected.clone_from(&previous.versions);
            holders.progress(target, region)
        }
        Ok(region) => {
            let found = find(target, versions, siblings);
            let progress = progress(target, region, &found, siblings);
            selected = found.into_iter().map(|selected| selected.shown).collect();
            let leaving = leaving(target, region, versions);
            let of =
                |stays: bool| leaving.iter().filter(move |it| it.1 == stays).map(|it| it.0.clone()).collect::<Vec<_>>();
            let (kept, going) = (of(true), of(false));
            let leaving: Vec<SelectedVersion> = leaving.into_iter().map(|(shown, _)| shown).collect();
            let known = |it: &SelectedVersion| {
                previous.versions.iter().any(|before| before.name == it.name && before.remove_after.is_some())
            };
            let fresh: Vec<_> = leaving.iter().take(LISTED).filter(|it| !known(it)).cloned().collect();
            if !fresh.is_empty() {
                let words = leaves(&fresh, region).to_string();
                announced.push(events::removal_pending(&capitalized(words.trim_start_matches("; "))));
            }
            let progress = progress.and(&leaves(&going, region).to_string()).and(&stays(&kept, region).to_string());
            // First, so that what was announced is known by the next pass however many are selected.
            selected.splice(0..0, leaving);
            progress
        }
    };
    let findings = BTreeMap::from([(ConditionType::Available, available(&progress))]);
    let wanted = || selected.iter().filter(|version| version.remove_after.is_none());
    let complete = wanted().filter(|version| version.state == RegionState::Completed).count();
    let status = ReplicationTargetStatus {
        observed_generation: Some(generation),
        conditions: condition::render(&previous.conditions, &DOMAIN, &findings, &progress, generation, now),
        last_handled_reconcile_at: requested::requested(target).or(previous.last_handled_reconcile_at),
        region: region.ok().map(|region| region.to_string()),
        progress: Some(format!("{complete}/{}", wanted().count())),
        versions: selected.into_iter().take(LISTED).collect(),
    };
    Plan { release, parting, announced, status }
}

fn deleting(target: &ReplicationTarget) -> bool {
    target.meta().deletion_timestamp.is_some()
}

/// The selected versions, by name.
fn find(target: &ReplicationTarget, versions: &[&ImageVersion], siblings: &[&ReplicationTarget]) -> Vec<Selected> {
    let Some(view) = TargetView::of(target, true) else { return Vec::new() };
    let wants_more = |sibling: &TargetView| {
        sibling.wants && sibling.region == view.region && sibling.name != view.name && sibling.replicas > view.replicas
    };
    let greater: Vec<&ReplicationTarget> = siblings
        .iter()
        .copied()
        .filter(|sibling| TargetView::of(sibling, true).is_some_and(|sibling| wants_more(&sibling)))
        .collect();
    let selects = |target: &ReplicationTarget, version: &ImageVersion| {
        selector::selects(&target.spec, &version.name_any(), version.labels())
    };
    let mut selected: Vec<Selected> = versions
        .iter()
        .filter(|version| version.meta().deletion_timestamp.is_none() && selects(target, version))
        .map(|version| Selected::of(version, &view, &|| greater.iter().any(|sibling| selects(sibling, version))))
        .collect();
    selected.sort_by(|a, b| a.shown.name.cmp(&b.shown.name));
    selected
}

/// What stops the target for good, of the versions in which it does: the first has the word.
fn stopped(region: &Region, selected: &[Selected]) -> Option<Words> {
    let of = |is: &dyn Fn(&Standing) -> bool| -> String {
        let named = selected.iter().filter(|selected| is(&selected.standing));
        list(&named.map(|selected| selected.shown.name.clone()).collect::<Vec<_>>())
    };
    let region = region.clone();
    let standings = || selected.iter().map(|selected| &selected.standing);
    if let Some(is) = standings().find_map(Standing::fixed) {
        let versions = of(&|other| other.fixed() == Some(is));
        return Some(Words::Fixed { region, versions, is: is.to_owned() });
    }
    if let Some(why) = standings().find_map(Standing::unknown) {
        return Some(Words::Unknown { versions: of(&|other| other.unknown().is_some()), why: why.to_owned() });
    }
    if let Some(why) = standings().find_map(Standing::refused) {
        return Some(Words::Refused { region, versions: of(&|other| other.refused().is_some()), why: why.to_owned() });
    }
    let is_crowded = |standing: &Standing| *standing == Standing::Crowded;
    standings().any(is_crowded).then(|| Words::Crowded { region, versions: of(&is_crowded) })
}

/// The versions that are no longer selected and still have their replicas, by name; and whether these stay.
fn leaving(target: &ReplicationTarget, region: &Region, versions: &[&ImageVersion]) -> Vec<(SelectedVersion, bool)> {
    let selects = |version: &ImageVersion| selector::selects(&target.spec, &version.name_any(), version.labels());
    let mut leaving: Vec<(SelectedVersion, bool)> = versions
        .iter()
        .filter(|version| version.meta().deletion_timestamp.is_none() && !selects(version))
        .filter_map(|version| standing::leaving(version, &target.name_any(), region))
        .collect();
    leaving.sort_by(|a, b| a.0.name.cmp(&b.0.name));
    leaving
}

/// What is said of them: when the first of them go.
fn leaves(leaving: &[SelectedVersion], region: &Region) -> Leaves {
    let names: Vec<String> = leaving.iter().map(|version| version.name.clone()).collect();
    let first = leaving.iter().filter_map(|version| version.remove_after.as_ref()).map(|after| after.0).min();
    first.map_or(Leaves::Nothing, |after| Leaves::After { versions: list(&names), region: region.clone(), after })
}

/// What is said of those that stay all the same.
fn stays(kept: &[SelectedVersion], region: &Region) -> Leaves {
    if kept.is_empty() {
        return Leaves::Nothing;
    }
    let names: Vec<String> = kept.iter().map(|version| version.name.clone()).collect();
    Leaves::InUse { versions: list(&names), region: region.clone() }
}

fn progress(
    target: &ReplicationTarget,
    region: &Region,
    selected: &[Selected],
    siblings: &[&ReplicationTarget],
) -> Progress {
    if let Some(older) = contradicted(target, siblings) {
        return stalled(&Words::Contradicted { older, region: region.clone() });
    }
    if let Some(stopped) = stopped(region, selected) {
        return stalled(&stopped);
    }
    if selected.is_empty() {
        return match &target.spec.image_version_name {
            Some(name) => reconciling(&Words::NoVersion { name: name.clone() }),
            None => Progress::Idle { reason: Words::NoneSelected.reason(), message: Words::NoneSelected.to_string() },
        };
    }
    let (mut failed, mut open, mut held) = (Vec::new(), Vec::new(), Vec::new());
    for Selected { shown, standing } in selected {
        match standing {
            // These stop the target, see above.
            Standing::Complete
            | Standing::Refused(_)
            | Standing::Unknown(_)
            | Standing::Fixed(_)
            | Standing::Crowded => {}
            Standing::Working => open.push(shown.name.clone()),
            Standing::Repaired(words) if words.is_empty() => failed.push(shown.name.clone()),
            Standing::Repaired(words) => failed.push(format!("{} ({words})", shown.name)),
            Standing::Held(by) => held.push(by),
        }
    }
    let region = region.clone();
    let beside = if held.is_empty() { Beside::Nothing } else { Beside::Held { held: told(&held) } };
    if !failed.is_empty() {
        let message = Words::Failed { region, versions: list(&failed), beside };
        return Progress::retrying(message.reason(), message.to_string());
    }
    if !open.is_empty() {
        return reconciling(&Words::Waiting { versions: list(&open), region, beside });
    }
    if !held.is_empty() {
        return stalled(&Words::VersionStalled { region, held: told(&held) });
    }
    settled(&match selected.len() {
        1 => Words::Complete { region },
        count => Words::AllComplete { count, region },
    })
}

fn contradicted(target: &ReplicationTarget, siblings: &[&ReplicationTarget]) -> Option<String> {
    let siblings: Vec<TargetView> = siblings.iter().filter_map(|sibling| TargetView::of(sibling, true)).collect();
    merge::contradicting(&TargetView::of(target, true)?, &siblings).map(|older| older.name.clone())
}

/// The image versions that still hold the region for a target that goes.
#[derive(Default)]
struct Holders {
    /// They take it away, or let it go.
    working: Vec<String>,
    /// Those that do so only when a person acts.
    held: Vec<Held>,
    /// Those that belong to somebody else in Azure now: they hold nothing, and the replicas there stay.
    not_ours: Vec<String>,
}

impl Holders {
    fn of(target: &ReplicationTarget, region: &Region, versions: &[&ImageVersion]) -> Self {
        let removes = target.spec.deletion_policy == Deletion::Delete;
        let mut holders = Self::default();
        for version in versions {
            let Some(state) = standing::region(version, region) else { continue };
            if !state.requested_by.contains(&target.name_any()) {
                continue;
            }
            let name = version.name_any();
            if version.spec.suspend {
                holders.working.push(format!("{name} (suspended)"));
                continue;
            }
            match stall_of(version) {
                // Of one that wasn't made, there are no replicas.
                Some((reason, _)) if is_not_ours(reason) && removes && state.state != RegionState::Pending => {
                    holders.not_ours.push(name);
                }
                // What stays anyhow needs nobody's word.
                Some((reason, _)) if is_not_ours(reason) || !removes => {}
                Some((reason, words)) => {
                    let (reason, words) = (reason.to_owned(), words.to_owned());
                    holders.held.push(Held::Stalled { name, reason, words });
                }
                None if removes && !state.in_use_by.is_empty() => {
                    holders.held.push(Held::InUse { name, users: state.in_use_by.join(", ") });
                }
                None => holders.working.push(name),
            }
        }
        holders
    }

    fn are_none(&self) -> bool {
        self.working.is_empty() && self.held.is_empty()
    }

    fn parting(&self, region: &Region) -> Option<String> {
        let words = Parting::NotOurs { region: region.clone(), versions: list(&self.not_ours) };
        (!self.not_ours.is_empty()).then(|| words.to_string())
    }

    /// What the deletion of the target takes away.
    fn removes(&self, target: &ReplicationTarget, region: &Region) -> Option<Deletes> {
        let names: Vec<String> = self.held.iter().map(Held::name).chain(self.working.iter().cloned()).collect();
        let removes = target.spec.deletion_policy == Deletion::Delete && !names.is_empty();
        removes.then(|| Deletes::Removes { versions: list(&names), region: region.clone() })
    }

    fn progress(&self, target: &ReplicationTarget, region: &Region) -> Progress {
        if self.are_none() {
            return reconciling(&Words::NothingLeft);
        }
        if self.working.is_empty() {
            let held = told(&self.held.iter().collect::<Vec<_>>());
            return stalled(&Words::RemovalStalled { region: region.clone(), held });
        }
        let held = self.held.iter().map(ToString::to_string);
        let versions = list(&self.working.iter().cloned().chain(held).collect::<Vec<_>>());
        reconciling(&match target.spec.deletion_policy {
            Deletion::Delete => Words::Removing { versions },
            Deletion::Retain => Words::Releasing { versions },
        })
    }
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
        Progress::Idle { reason, message } => Finding { reason: *reason, ..Finding::yes(message) },
        Progress::Reconciling { reason, message } => Finding::unknown(*reason, message),
        Progress::Retrying { reason, message } | Progress::Stalled { reason, message } => Finding::no(*reason, message),
    }
}

/// A part of a message as one of its own.
fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// At most five names, and how many more there are.
fn list(names: &[String]) -> String {
    first_names(names, 5)
}

#[cfg(test)]
mod tests;
