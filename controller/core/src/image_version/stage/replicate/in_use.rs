//! Regions that stay though nobody asks for them any more, as scale sets name the version there: without it they make no further
//! machines. Who may not ask for that has no such protection; where Azure doesn't answer, the regions stay for now.

use std::collections::{BTreeMap, BTreeSet};

use azimage_crds::Deletion;
use azimage_names::Region;

use super::super::super::{
    context::{Answer, Cx},
    facts::ScaleSet,
    report::Stop,
};
use crate::{
    Failure,
    condition::clip,
    merge::{Merged, Wanted},
    target::TargetView,
};

/// The most scale sets that are named of a region, and how many bytes of each.
const MOST_USERS: usize = 3;
const LONGEST: usize = 512;

/// Where a version is in use.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in super::super) enum InUse {
    /// Who uses it.
    By(Users),
    /// Nowhere, as far as may be known.
    #[default]
    Nowhere,
    /// Azure didn't say.
    Unknown(Failure),
}

/// Scale sets that name a version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Users {
    by_region: BTreeMap<Region, Vec<String>>,
    /// Those of which nobody knows where they are: they may be anywhere.
    anywhere: Vec<String>,
}

impl Users {
    fn of(found: &[ScaleSet]) -> Self {
        let mut users = Self::default();
        for scale_set in found {
            let named = match &scale_set.region {
                Some(region) => users.by_region.entry(region.clone()).or_default(),
                None => &mut users.anywhere,
            };
            named.push(clip(&scale_set.id, LONGEST));
        }
        users
    }

    /// Those in a region, or perhaps there: the first of them.
    pub(in super::super) fn at(&self, region: &Region) -> Vec<String> {
        let there = self.by_region.get(region).into_iter().flatten();
        let mut users: Vec<String> = there.chain(&self.anywhere).cloned().collect();
        users.sort();
        users.truncate(MOST_USERS);
        users
    }
}

impl InUse {
    /// As Azure tells it.
    pub(in super::super) fn of(cx: &Cx<'_>) -> Result<Self, Stop> {
        Ok(match cx.scale_sets()? {
            Answer::Found(found) if found.is_empty() => Self::Nowhere,
            Answer::Found(found) => Self::By(Users::of(found)),
            // The caller may not know.
            Answer::Failed(Failure::Denied { .. } | Failure::Forbidden { .. }) => Self::Nowhere,
            Answer::Failed(failure) => Self::Unknown(failure.clone()),
            Answer::Missing(_) => Self::Unknown(Failure::Unavailable("there is no resource graph".to_owned())),
        })
    }

    /// Whether a region may be taken away.
    pub(super) fn lets_go_of(&self, region: &Region) -> bool {
        match self {
            Self::Nowhere => true,
            Self::By(users) => users.at(region).is_empty(),
            Self::Unknown(_) => false,
        }
    }

    /// Of the regions that are to go, those stay that are in use: as they are, and asked for by those whose word would take them away.
    /// Whoever leaves them as they are is let go.
    pub(super) fn keep(
        &self,
        mut merged: Merged,
        targets: &[TargetView],
        remembered: &BTreeMap<Region, Vec<String>>,
    ) -> Merged {
        let kept: BTreeSet<Region> = merged.removed.iter().filter(|region| !self.lets_go_of(region)).cloned().collect();
        for region in kept {
            let takes_away = |name: &&String| {
                let is = |target: &&TargetView| target.name == **name && target.region == region;
                targets.iter().find(is).is_some_and(|target| target.deletion == Deletion::Delete && !target.wants)
            };
            let requested_by = remembered.get(&region).into_iter().flatten().filter(takes_away).cloned().collect();
            let as_it_is = Wanted { replicas: None, keeps: true, storage_account_type: None, requested_by };
            let users = if let Self::By(users) = self { users.at(&region) } else { Vec::new() };
            merged.removed.remove(&region);
            merged.wanted.insert(region.clone(), as_it_is);
            merged.in_use.insert(region, users);
        }
        merged
    }
}
