//! How a selected image version stands in a target's region, and what a person has to do for it.

use azimage_crds::{ImageVersion, Reason, RefusalStatus, RegionState, RegionStatus, SelectedVersion};
use azimage_names::Region;
use kube::ResourceExt;

use super::words::{Held, More};
use crate::{
    condition::clip,
    image_version::{stalled_as_it_is, wish::Wish},
    merge::MOST_REGIONS,
    target::TargetView,
    unreadable::is_stand_in,
};

/// How many bytes of what versions say go into a message, and the least of each.
const TEXT: (usize, usize) = (1500, 250);

/// The most versions that a message tells of.
const TOLD: usize = 5;

/// How a version stands in the region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// All that the target asks for is done.
    Complete,
    /// It is worked on.
    Working,
    /// Azure failed, and it is tried again: Azure's words, if there are any.
    Repaired(String),
    /// It isn't worked on before a person acts.
    Held(Held),
    /// Azure refuses what the target asks for: its words.
    Refused(String),
    /// The subscription has no such region: what the version says of that.
    Unknown(String),
    /// The storage of the region's replicas, which isn't what the target asks for and can't be changed.
    Fixed(String),
    /// It has as many regions as it can have, and this isn't one of them.
    Crowded,
}

impl Standing {
    /// Why Azure refuses what the target asks for, if it does.
    pub(super) fn refused(&self) -> Option<&str> {
        if let Self::Refused(why) = self { Some(why) } else { None }
    }

    /// Why there is no such region.
    pub(super) fn unknown(&self) -> Option<&str> {
        if let Self::Unknown(why) = self { Some(why) } else { None }
    }

    /// The storage that can't be changed.
    pub(super) fn fixed(&self) -> Option<&str> {
        if let Self::Fixed(is) = self { Some(is) } else { None }
    }
}

/// A selected version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Selected {
    /// As the status shows it.
    pub(super) shown: SelectedVersion,
    /// How it stands.
    pub(super) standing: Standing,
}

impl Selected {
    /// How a version stands in the region of this target. `others_want_more` tells, if need be, whether another target wants more
    /// replicas of it there.
    pub(super) fn of(version: &ImageVersion, target: &TargetView, others_want_more: &dyn Fn() -> bool) -> Self {
        let stalled = stalled(version);
        let there = region(version, &target.region);
        // What stands there before the version has heard of this target was asked for by somebody else, with other replicas
        // perhaps. Of very many targets not all are named.
        let unnamed = |state: &RegionStatus| {
            state.requesters.is_some() && state.replicas.is_none_or(|replicas| replicas >= target.replicas)
        };
        let heard = there.filter(|state| state.requested_by.contains(&target.name) || unnamed(state));
        let regions = version.status.as_ref().map_or(0, |status| status.regions.len());
        // What became of a version that isn't ours is known to nobody here.
        let known = if stalled.is_some_and(|(reason, _)| is_not_ours(reason)) { None } else { heard };
        let refused = refused(version, target);
        let state = match known {
            _ if refused.is_some() => RegionState::Refused,
            Some(state) if state.state == RegionState::Completed && !has_replicas(state, target, others_want_more) => {
                RegionState::Replicating
            }
            Some(state) => state.state,
            None if heard.is_some() || is_stand_in(version) => RegionState::Unknown,
            None => RegionState::Pending,
        };
        let most = if state == RegionState::Completed { 100 } else { 99 };
        let progress = known.map_or(0, |known| known.progress.min(most));
        let shown = SelectedVersion { name: version.name_any(), state, progress, remove_after: None };
        let name = || version.name_any();
        let standing = if let Some(is) = there.and_then(|there| other_storage(there, target)) {
            Standing::Fixed(is.to_owned())
        } else if let Some(refusal) = refused {
            let why = refusal.message.clone();
            if refusal.unknown { Standing::Unknown(why) } else { Standing::Refused(why) }
        } else if there.is_none() && regions >= MOST_REGIONS {
            Standing::Crowded
        } else if state == RegionState::Completed {
            Standing::Complete
        } else if version.spec.suspend {
            Standing::Held(Held::Suspended { name: name() })
        } else if let Some((reason, message)) = stalled {
            let words = known.filter(|known| known.state == RegionState::Failed).and_then(|known| known.detail.clone());
            let words = words.unwrap_or_else(|| message.to_owned());
            Standing::Held(Held::Stalled { name: name(), reason: reason.to_owned(), words })
        } else if state == RegionState::Failed {
            Standing::Repaired(known.and_then(|known| known.detail.clone()).unwrap_or_default())
        } else {
            Standing::Working
        };
        Self { shown, standing }
    }
}

/// Reason and message of a version that is stalled as it is now.
pub(super) fn stalled(version: &ImageVersion) -> Option<(&str, &str)> {
    stalled_as_it_is(version).map(|condition| (condition.reason.as_str(), condition.message.as_str()))
}

/// Whether a version that is stalled for this reason belongs to somebody else in Azure.
pub(super) fn is_not_ours(reason: &str) -> bool {
    reason == Reason::VersionExists.as_str()
}

/// What a version says of a region.
pub(super) fn region<'a>(version: &'a ImageVersion, region: &Region) -> Option<&'a RegionStatus> {
    version.status.as_ref()?.regions.iter().find(|state| state.name == region.as_str())
}

/// That Azure refuses what the target asks for of a version, or would.
fn refused<'a>(version: &'a ImageVersion, target: &TargetView) -> Option<&'a RefusalStatus> {
    let wish = Wish::of(target);
    let mut refusals = version.status.iter().flat_map(|status| &status.refusals);
    refusals.find(|refusal| Wish::of_kept(refusal).as_ref() == Some(&wish))
}

/// The storage of a region's replicas, if the target asks for another one.
fn other_storage<'a>(there: &'a RegionStatus, target: &TargetView) -> Option<&'a str> {
    let wish: &str = target.storage_account_type?.into();
    there.storage_account_type.as_deref().filter(|is| !wish.eq_ignore_ascii_case(is))
}

/// Whether the region is complete with as many replicas as the target asks for; with more, if somebody else asks for more.
fn has_replicas(state: &RegionStatus, target: &TargetView, others_want_more: &dyn Fn() -> bool) -> bool {
    let ready = state.ready_replicas.unwrap_or_default();
    // Or as somebody did until lately.
    let others = || !state.leaving.is_empty() || others_want_more();
    ready == target.replicas || ready > target.replicas && others()
}

/// A version that the target no longer selects, while it still has its replicas; and whether these stay, as they are in use.
pub(super) fn leaving(version: &ImageVersion, target: &str, at: &Region) -> Option<(SelectedVersion, bool)> {
    let state = region(version, at)?;
    let leaving = state.leaving.iter().find(|leaving| leaving.target == target)?;
    let shown = SelectedVersion {
        name: version.name_any(),
        state: state.state,
        progress: state.progress,
        remove_after: Some(leaving.after.clone()),
    };
    Some((shown, !state.in_use_by.is_empty()))
}

/// What of several versions waits for a person.
pub(super) fn told(held: &[&Held]) -> String {
    let shown = held.len().min(TOLD);
    let limit = (TEXT.0 / shown.max(1)).max(TEXT.1);
    let texts: Vec<String> = held.iter().take(TOLD).map(|held| held.clipped(limit).to_string()).collect();
    let more = match held.len().saturating_sub(TOLD) {
        0 => More::None,
        count => More::Of { count },
    };
    format!("{}{more}", texts.join("; "))
}

impl Held {
    /// The version's name.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Stalled { name, .. } | Self::Suspended { name } | Self::InUse { name, .. } => name.clone(),
        }
    }

    fn clipped(&self, limit: usize) -> Self {
        match self {
            Self::Stalled { name, reason, words } => {
                Self::Stalled { name: name.clone(), reason: reason.clone(), words: clip(words, limit) }
            }
            Self::InUse { name, users } => Self::InUse { name: name.clone(), users: clip(users, limit) },
            Self::Suspended { .. } => self.clone(),
        }
    }
}
