//! Which version of an image definition is to be latest. The reconcile of the definition's object asks for its status, and that
//! of each version for its flags: both by the same function, [`choose`].
//!
//! What isn't known changes nothing: where no object says what is to be latest, or what it says can't be, all stays as it is.

pub(crate) mod candidate;
mod definition;
mod followers;
mod given;
mod history;
mod overriding;
mod proof;
mod rule;
#[cfg(test)]
mod tests;
mod wave;
pub(crate) mod words;

use std::collections::{BTreeMap, BTreeSet};

use azimage_crds::{ImageVersionStatus, RegionLatest, VALIDATED_TAG, ValidationOutcome};
use azimage_names::{Region, VersionNumber};
use jiff::Timestamp;

use crate::owner::{Owner, find_tag};
pub use candidate::{Candidate, Passed, concern_of_version, concerns_latest, group_of};
pub(crate) use definition::named;
pub use definition::{Latest, next_soak_end, of_definition};
pub use given::Promotion;
pub use proof::Proof;
pub use rule::{Rule, Unruled, concern_of_definition};
pub use wave::{Order, Waves};

/// Which version is to be latest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// This one.
    Version(VersionNumber),
    /// No version is promoted, and what is latest stays so.
    AsItIs(Why),
    /// None, and what is latest is taken out.
    Nothing,
}

/// Why no version is promoted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// No object says what is to be latest.
    Unruled(Unruled),
    /// The policy is to promote none.
    PolicyNone,
    /// None has passed its validation that may be latest.
    NothingPassed,
    /// Those that passed haven't waited for long enough.
    AllSoak,
    /// The version that is pinned can't be latest.
    Pinned(VersionNumber, PinProblem),
}

/// Why a version that is pinned can't be latest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinProblem {
    /// No object of the namespace stands for it.
    NoObject,
    /// Its object is being deleted.
    Going,
    /// It isn't there, or not its object's own.
    NotPublished,
    /// It hasn't passed its validation.
    NotValidated,
    /// It failed its validation.
    Failed,
    /// Its object says that it never is latest.
    Never,
}

/// Which version is to be latest, of all that have objects in the namespace of the definition's object. `current` is what its
/// status says to be latest.
pub fn choose(rule: &Rule, candidates: &[Candidate], current: Option<VersionNumber>, now: Timestamp) -> Choice {
    match rule {
        Rule::None { why } => Choice::AsItIs(Why::Unruled(*why)),
        Rule::Nothing { empty: azimage_crds::EmptyRegions::Keep } => Choice::AsItIs(Why::PolicyNone),
        Rule::Nothing { empty: azimage_crds::EmptyRegions::Allow } => Choice::Nothing,
        Rule::Pinned { number, .. } => match pin_problem(*number, candidates, current) {
            None => Choice::Version(*number),
            Some(problem) => Choice::AsItIs(Why::Pinned(*number, problem)),
        },
        Rule::Newest { soak, .. } => {
            let usable = || candidates.iter().filter(|it| it.may_be_latest(current));
            let ready = usable().filter(|it| it.is_in_latest() || it.is_lost(current) || it.has_soaked(*soak, now));
            match ready.map(|it| it.number).max() {
                Some(number) => Choice::Version(number),
                None if usable().next().is_some() => Choice::AsItIs(Why::AllSoak),
                None => Choice::AsItIs(Why::NothingPassed),
            }
        }
    }
}

fn pin_problem(number: VersionNumber, candidates: &[Candidate], current: Option<VersionNumber>) -> Option<PinProblem> {
    let Some(pinned) = candidates.iter().find(|it| it.number == number) else { return Some(PinProblem::NoObject) };
    if pinned.may_be_latest(current) {
        return None;
    }
    Some(if pinned.going {
        PinProblem::Going
    } else if !pinned.allowed {
        PinProblem::Never
    } else if pinned.passed == Passed::Failed {
        PinProblem::Failed
    } else if !pinned.published {
        PinProblem::NotPublished
    } else {
        PinProblem::NotValidated
    })
}

/// Whether a version passed its validation, as its own object and its own tags say. A failure that stands in the status counts more than
/// the tag; the tag is what is left where the status was lost.
pub fn passed(status: &ImageVersionStatus, is_ours: bool, tags: &BTreeMap<String, String>) -> Passed {
    match &status.validation {
        Some(validation) => Passed::of(validation),
        None => proven_by_tag(status, is_ours, tags).map_or(Passed::NotYet, Passed::At),
    }
}

/// When the version passed, as its tag says and nothing else: where the status was lost that said so, or was that of another object from
/// which the version was taken over. Whoever may write tags alone makes no version proven whose status isn't lost, nor one that no object of
/// azimage had.
pub(crate) fn proven_by_tag(
    status: &ImageVersionStatus,
    is_ours: bool,
    tags: &BTreeMap<String, String>,
) -> Option<Timestamp> {
    let is_lost = status.validation.is_none() && status.resource_id.is_none();
    let was_ours = status.adopted_from.as_ref().is_none_or(|former| former.parse::<Owner>().is_ok());
    validated_at(tags).filter(|_| is_ours && is_lost && was_ours)
}

/// When a version passed its validation, as its tag says.
pub fn validated_at(tags: &BTreeMap<String, String>) -> Option<Timestamp> {
    find_tag(tags, VALIDATED_TAG)?.parse().ok()
}

impl Passed {
    fn of(validation: &azimage_crds::ValidationStatus) -> Self {
        match validation.outcome {
            ValidationOutcome::Passed => {
                let at = validation.finished_at.as_ref().unwrap_or(&validation.started_at);
                Self::At(at.0)
            }
            ValidationOutcome::Failed => Self::Failed,
            ValidationOutcome::Running | ValidationOutcome::Impossible => Self::NotYet,
        }
    }
}

/// What a region comes to for one version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flag {
    /// Whether the version is to be included in latest there.
    pub include: bool,
    /// How it stands there, for the status.
    pub state: Option<RegionLatest>,
    /// What keeps the version that is chosen from being included there now.
    pub waits: Option<Waits>,
}

/// What keeps the version that is chosen from being included in a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Waits {
    /// Its copy there isn't complete.
    ForTheCopy,
    /// It hasn't proved itself there.
    ForTheProof,
    /// It isn't latest yet in all regions of earlier waves.
    ForAnEarlierWave,
    /// A newer version has to be taken out there first.
    ForANewerOne(VersionNumber),
    /// A replication target keeps latest out of the region.
    Barred,
}

/// What a version's own reconcile decides its flags by.
#[derive(Clone, Copy, Debug)]
pub struct Flags<'a> {
    /// What the definition's object says.
    pub rule: &'a Rule,
    /// Which version is chosen.
    pub choice: &'a Choice,
    /// The version itself.
    pub own: &'a Candidate,
    /// The others of its definition.
    pub others: &'a [Candidate],
    /// In which order its regions get it.
    pub order: Order,
    /// The regions in which Azure includes it now.
    pub is_in: &'a BTreeSet<Region>,
}

impl Flags<'_> {
    /// The flag of a region.
    ///
    /// Only a version that passed is ever included, whatever else is so: nothing else here needs to be up to date for that.
    pub fn at(&self, region: &Region) -> Flag {
        let is_in = self.is_in.contains(region);
        let here = self.own.regions.get(region).copied().unwrap_or_default();
        // What somebody else included was never recorded as ours.
        let ours = [RegionLatest::Entering, RegionLatest::Included, RegionLatest::Kept];
        let stays = is_in && here.latest.is_some_and(|latest| ours.contains(&latest));
        let out = Flag { include: false, state: is_in.then_some(RegionLatest::Leaving), waits: None };
        let state = if is_in { RegionLatest::Included } else { RegionLatest::Entering };
        let included = Flag { include: true, state: Some(state), waits: None };
        let (own, is_chosen) = (self.own, self.choice == &Choice::Version(self.own.number));
        if !own.passed.is_passed() {
            return out;
        }
        if own.barred.contains(region) {
            return Flag { waits: is_chosen.then_some(Waits::Barred), ..out };
        }
        if here.proof == Proof::Failed {
            return Flag { waits: is_chosen.then_some(Waits::ForTheProof), ..out };
        }
        if own.allowed {
            match self.choice {
                // What was latest before it was to be proven there stays so, until it is known to be bad.
                Choice::Version(chosen) if *chosen == own.number && is_in && (stays || here.proof == Proof::Given) => {
                    return included;
                }
                Choice::Version(chosen) if *chosen == own.number => return self.chosen(region, here, out, included),
                Choice::Version(chosen) if own.number < *chosen && stays => return included,
                Choice::AsItIs(_) if stays => return included,
                _ => {}
            }
        }
        let keeps = stays && self.rule.keeps_empty_regions() && !self.is_served_by_another(region);
        if keeps { Flag { state: Some(RegionLatest::Kept), ..included } } else { out }
    }

    fn chosen(&self, region: &Region, here: candidate::At, out: Flag, included: Flag) -> Flag {
        if !here.complete {
            return Flag { waits: Some(Waits::ForTheCopy), ..out };
        }
        if here.proof != Proof::Given {
            return Flag { waits: Some(Waits::ForTheProof), ..out };
        }
        if self.waits_for(region).is_some() {
            return Flag { waits: Some(Waits::ForAnEarlierWave), ..out };
        }
        // A bad version goes first. One that nobody works on any more never would.
        let newer = self.others.iter().filter(|it| it.number > self.own.number && !it.going && !it.rests);
        match newer.filter(|it| it.latest_at(region).is_some()).map(|it| it.number).max() {
            Some(newer) => Flag { waits: Some(Waits::ForANewerOne(newer)), ..out },
            None => included,
        }
    }

    /// The region of an earlier wave for which the version waits in this one.
    pub fn waits_for(&self, region: &Region) -> Option<&Region> {
        self.order.waits_for(self.own, region, |other| self.is_in.contains(other))
    }

    /// Whether the region has another version that is latest there, or is about to be, once this one is out.
    fn is_served_by_another(&self, region: &Region) -> bool {
        let failed = |it: &Candidate| it.regions.get(region).is_some_and(|at| at.proof == Proof::Failed);
        let is_good = |it: &Candidate| it.passed.is_passed() && !failed(it);
        let may_be = |it: &&Candidate| it.allowed && !it.going && is_good(it) && !it.barred.contains(region);
        self.others.iter().filter(may_be).any(|it| {
            let is_in = it.is_included_at(region);
            match self.choice {
                Choice::Version(chosen) if it.number == *chosen => {
                    let comes = it.regions.get(region).is_some_and(|at| at.is_usable());
                    let waits = || self.order.waits_for(it, region, |other| it.is_included_at(other)).is_some();
                    is_in || comes && !it.rests && !waits()
                }
                Choice::Version(chosen) => is_in && it.number < *chosen,
                Choice::AsItIs(_) | Choice::Nothing => is_in,
            }
        })
    }
}
