//! In which order the regions of a version get it as latest.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use azimage_crds::{HistoryAction, ImageDefinition, ImageVersion, LatestInRegion, ReplicationTarget, WaveOrder};
use azimage_names::{Region, VersionNumber};

use super::{Candidate, Proof, candidate::asks_for, history::last};

/// In which wave a version becomes latest in a region: in the first one where no target says another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waves(pub(super) BTreeMap<Region, i32>);

impl Waves {
    /// What the targets that select a version say. Where several ask for a region, the last of their waves counts.
    pub(crate) fn of(object: &ImageVersion, targets: &[&ReplicationTarget]) -> Self {
        let mut waves = BTreeMap::new();
        for target in targets.iter().filter(|it| it.spec.latest == LatestInRegion::Allowed && asks_for(it, object)) {
            if let Ok(region) = Region::parse(&target.spec.region) {
                let wave = waves.entry(region).or_insert(target.spec.wave);
                *wave = target.spec.wave.max(*wave);
            }
        }
        Self(waves)
    }

    fn at(&self, region: &Region) -> i32 {
        self.0.get(region).copied().unwrap_or_default()
    }
}

/// Whether regions wait for those of earlier waves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Order {
    pub(super) in_waves: bool,
    /// What became latest last, and whether instead of a newer one.
    pub(super) last: Option<(VersionNumber, bool)>,
}

impl Order {
    /// What the object of an image definition says.
    pub(crate) fn of(object: &ImageDefinition) -> Self {
        let last = object.status.as_ref().and_then(last);
        Self {
            in_waves: object.spec.latest.waves == WaveOrder::FollowTargets,
            last: last.map(|(number, action)| (number, action == HistoryAction::RolledBack)),
        }
    }

    /// Whether a version gets from wave to wave. One that is latest instead of a newer one gets everywhere at once: the newer one is bad.
    fn is_for(self, number: VersionNumber) -> bool {
        let back = self.last.is_some_and(|(last, back)| number < last || back && number == last);
        self.in_waves && !back
    }

    /// The region of an earlier wave in which a version isn't latest yet, so that it waits in this one. `is_in` tells where it is.
    pub(crate) fn waits_for<'a>(
        self,
        it: &'a Candidate,
        region: &Region,
        is_in: impl Fn(&Region) -> bool,
    ) -> Option<&'a Region> {
        let wave = it.waves.at(region);
        let all = it.waves.0.keys().chain(it.regions.keys()).filter(|_| self.is_for(it.number));
        let mut earlier = all.filter(|other| it.waves.at(other) < wave && !it.barred.contains(*other));
        let stays = |other: &Region| is_in(other) && it.regions.get(other).is_some_and(|at| at.proof != Proof::Failed);
        earlier.find(|other| !stays(other))
    }
}
