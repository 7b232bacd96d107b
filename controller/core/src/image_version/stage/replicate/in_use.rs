//! Regions that stay though nobody asks for them any more, as scale sets name the version there: without it they make no further
//! machines. Who may not ask for that has no such protection; where Azure doesn't answer, the regions stay for now.

use std::collections::{BTreeMap, BTreeSet};

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
};

/// The most scale sets that are named of a region, and how many bytes of each.
const MOST_USERS: usize = 3;
const LONGEST: usize = 512;

/// Where a version is in use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) enum InUse {
    /// By region, the scale sets that name it there.
    By(BTreeMap<Region, Vec<String>>),
    /// Nowhere, as far as may be known.
    #[default]
    Nowhere,
    /// Azure didn't say.
    Unknown,
}

impl InUse {
    /// As Azure tells it.
    pub(in super::super) fn of(cx: &Cx<'_>) -> Result<Self, Stop> {
        match cx.scale_sets()? {
            Answer::Found(found) => Ok(Self::by_region(found)),
            Answer::Failed(failure @ Failure::Throttled) => {
                Err(Stop::Failed(failure.clone(), "read which scale sets use the gallery image version"))
            }
            // The caller may not know, and never will.
            Answer::Missing(_)
            | Answer::Failed(Failure::Denied { .. } | Failure::Forbidden { .. } | Failure::Refused(_)) => {
                Ok(Self::Nowhere)
            }
            Answer::Failed(_) => Ok(Self::Unknown),
        }
    }

    fn by_region(found: &[ScaleSet]) -> Self {
        let mut by: BTreeMap<Region, Vec<String>> = BTreeMap::new();
        for scale_set in found {
            if let Some(region) = &scale_set.region {
                by.entry(region.clone()).or_default().push(clip(&scale_set.id, LONGEST));
            }
        }
        for users in by.values_mut() {
            users.sort();
            users.truncate(MOST_USERS);
        }
        if by.is_empty() { Self::Nowhere } else { Self::By(by) }
    }

    /// The regions in which it is, and by whom.
    pub(in super::super) fn regions(&self) -> impl Iterator<Item = (&Region, &Vec<String>)> {
        let by = if let Self::By(by) = self { Some(by) } else { None };
        by.into_iter().flatten()
    }

    /// Of the regions that are to go, those stay that are in use: as they are, and asked for by who asked for them until now.
    pub(super) fn keep(&self, mut merged: Merged, remembered: &BTreeMap<Region, Vec<String>>) -> Merged {
        let kept: BTreeSet<Region> = match self {
            Self::Nowhere => return merged,
            Self::Unknown => merged.removed.clone(),
            Self::By(by) => merged.removed.iter().filter(|region| by.contains_key(region)).cloned().collect(),
        };
        for region in kept {
            merged.removed.remove(&region);
            let requested_by = remembered.get(&region).cloned().unwrap_or_default();
            let as_it_is = Wanted { replicas: None, keeps: true, storage_account_type: None, requested_by };
            merged.wanted.insert(region.clone(), as_it_is);
            if let Self::By(by) = self {
                merged.in_use.insert(region.clone(), by[&region].clone());
            }
        }
        merged
    }
}
