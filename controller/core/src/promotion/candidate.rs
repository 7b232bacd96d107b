//! A version, as far as it matters for what is latest.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use azimage_crds::{
    ConditionType, ImageVersion, LatestInRegion, MayBeLatest, Reason, RegionLatest, RegionState, RegionStatus,
    ReplicationTarget,
};
use azimage_names::{Region, VersionNumber};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{Resource, ResourceExt};

use super::{proof::Proof, wave::Waves};
use crate::{image_version::stalled_as_it_is, selector};

/// A version of an image definition.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, and any of them may come with any other")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its number.
    pub number: VersionNumber,
    /// The name of its object.
    pub name: String,
    /// Whether it passed its validation.
    pub passed: Passed,
    /// Whether its object lets it become latest.
    pub allowed: bool,
    /// Its object is being deleted.
    pub going: bool,
    /// Nobody works on it: it is suspended, or waits for a person.
    pub rests: bool,
    /// It was seen in Azure as its object's own.
    pub published: bool,
    /// Its object says nothing: it is new, or its status was lost.
    pub silent: bool,
    /// How it stands with its regions.
    pub regions: BTreeMap<Region, At>,
    /// The regions from which replication targets that select it keep latest out.
    pub barred: BTreeSet<Region>,
    /// The waves in which replication targets that select it want it.
    pub waves: Waves,
}

/// Whether a version passed its validation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passed {
    /// It did, then.
    At(Timestamp),
    /// Not yet, or nobody asks for it.
    NotYet,
    /// It failed.
    Failed,
    /// It didn't, and an override that stands in the history says that it counts as passed.
    Overridden,
}

impl Passed {
    /// Whether it did, or counts as if it had.
    pub fn is_passed(self) -> bool {
        matches!(self, Self::At(_) | Self::Overridden)
    }
}

/// How it stands with a version in a region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct At {
    /// Its copy there is complete.
    pub complete: bool,
    /// Whether it proved itself there, as far as that is asked for.
    pub proof: Proof,
    /// How it stands with latest there, by its own object's word.
    pub latest: Option<RegionLatest>,
}

impl At {
    fn of(region: &RegionStatus, proof: Proof) -> Self {
        Self { complete: region.state == RegionState::Completed, proof, latest: region.latest }
    }

    /// Whether the version may get into latest there, as far as its copy is concerned.
    pub fn is_usable(self) -> bool {
        self.complete && self.proof == Proof::Given
    }
}

/// Reasons that say that the version which an object had made is gone, or isn't its own any more.
const LOST: [Reason; 3] = [Reason::VersionMissing, Reason::VersionExists, Reason::VersionDiffers];

/// Whether the object says that its version is gone from Azure, or somebody else's.
fn is_lost(object: &ImageVersion) -> bool {
    let conditions = object.status.iter().flat_map(|status| &status.conditions);
    let mut stalled = conditions.filter(|it| it.type_ == ConditionType::Stalled.as_str() && it.status == "True");
    stalled.any(|it| LOST.iter().any(|lost| it.reason == lost.as_str()))
}

impl Candidate {
    /// What its object says; none if its number can't be understood.
    pub fn of(object: &ImageVersion, targets: &[&ReplicationTarget]) -> Option<Self> {
        let status = object.status.as_ref();
        let at = |told: &RegionStatus| {
            let region = Region::parse(&told.name).ok()?;
            let proof = Proof::of(object, &region);
            Some((region, At::of(told, proof)))
        };
        let regions: BTreeMap<Region, At> = status.iter().flat_map(|status| &status.regions).filter_map(at).collect();
        // Of one whose status lost that it passed its own reconcile knows by its tag, and includes no other.
        let included = regions.values().any(|at| at.latest == Some(RegionLatest::Included));
        let passed = match status.and_then(|status| status.validation.as_ref()) {
            Some(validation) => Passed::of(validation),
            None if included => Passed::At(Timestamp::UNIX_EPOCH),
            None => Passed::NotYet,
        };
        Some(Self {
            number: VersionNumber::parse(&object.spec.version).ok()?,
            name: object.name_any(),
            passed,
            allowed: object.spec.latest == MayBeLatest::Allowed,
            going: object.meta().deletion_timestamp.is_some(),
            rests: rests(object),
            published: status.is_some_and(|status| status.resource_id.is_some()) && !is_lost(object),
            silent: status.and_then(|status| status.observed_generation).is_none_or(|seen| seen < 1),
            regions,
            barred: barred(object, targets),
            waves: Waves::of(object, targets),
        })
    }

    /// The versions of the same image definition, of all objects of a namespace, one for each number.
    pub fn line(object: &ImageVersion, all: &[&ImageVersion], targets: &[&ReplicationTarget]) -> Vec<Self> {
        let uid = object.meta().uid.as_ref();
        let others = all.iter().copied().filter(|it| it.meta().uid.as_ref() != uid);
        let others: Vec<&ImageVersion> = others.collect();
        Self::whole_line(object, &others, targets)
    }

    /// The same with the object itself, if it is among them.
    pub(super) fn whole_line(
        object: &ImageVersion,
        all: &[&ImageVersion],
        targets: &[&ReplicationTarget],
    ) -> Vec<Self> {
        // Each version goes through them: most change nothing.
        let in_waves = targets.iter().any(|it| it.spec.wave > 0);
        let concerning: Vec<&ReplicationTarget> =
            targets.iter().copied().filter(|it| in_waves || it.spec.latest == LatestInRegion::Excluded).collect();
        let others = all.iter().filter(|it| is_of_the_same_line(it, object));
        let mut line = BTreeMap::new();
        for other in others.filter_map(|it| Self::of(it, &concerning)) {
            let number = other.number;
            let known: Option<&Self> = line.get(&number);
            // Of two objects for one version one has it, and the other is in conflict.
            if known.is_none_or(|known| (other.published, !other.going) > (known.published, !known.going)) {
                line.insert(number, other);
            }
        }
        line.into_values().collect()
    }

    /// Whether it may be latest at all. One that was, and whose object says nothing now, may still be.
    pub fn may_be_latest(&self, current: Option<VersionNumber>) -> bool {
        let known = self.passed.is_passed() && self.published;
        self.allowed && !self.going && (known || self.is_lost(current))
    }

    /// Whether it was latest and its object has lost its status.
    pub fn is_lost(&self, current: Option<VersionNumber>) -> bool {
        self.silent && current == Some(self.number)
    }

    /// Whether it is included in latest somewhere, and may stay so. Then no clock takes it out again.
    pub fn is_in_latest(&self) -> bool {
        let stays = |region: &Region, at: &At| at.proof != Proof::Failed && !self.barred.contains(region);
        self.regions.iter().any(|(region, at)| at.latest == Some(RegionLatest::Included) && stays(region, at))
    }

    /// Whether it is latest in a region, as it is to be.
    pub(super) fn is_included_at(&self, region: &Region) -> bool {
        self.latest_at(region) == Some(RegionLatest::Included)
    }

    /// How it stands with latest in a region.
    pub(super) fn latest_at(&self, region: &Region) -> Option<RegionLatest> {
        self.regions.get(region)?.latest
    }

    /// When its soak is over, if it passed.
    pub fn soaks_until(&self, soak: Duration) -> Option<Timestamp> {
        let Passed::At(at) = self.passed else { return None };
        let seconds = i64::try_from(soak.as_secs()).unwrap_or(i64::MAX);
        Some(at.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX))
    }

    pub(super) fn has_soaked(&self, soak: Duration, now: Timestamp) -> bool {
        self.soaks_until(soak).is_some_and(|until| until <= now)
    }

    /// The regions in which it is latest: it is included, and no newer one is. What leaves is there until Azure says otherwise, and what
    /// enters isn't before.
    pub fn serves(&self, line: &[Self]) -> Vec<Region> {
        let is_in = |it: &Self, region: &Region| it.latest_at(region).is_some_and(|it| it != RegionLatest::Entering);
        let newer = |region: &Region| line.iter().any(|it| it.number > self.number && is_in(it, region));
        self.regions.keys().filter(|region| is_in(self, region) && !newer(region)).cloned().collect()
    }
}

/// What a version waits for a person for while its flags are written all the same.
const WRITES_ON: [Reason; 7] = [
    Reason::ReplicationFailed,
    Reason::RegionRefused,
    Reason::RegionUnknown,
    Reason::ChangeReverted,
    Reason::ValidationFailed,
    Reason::ValidationImpossible,
    Reason::WorkspaceNotReady,
];

/// Whether nobody writes the flags of a version.
fn rests(object: &ImageVersion) -> bool {
    let writes_on = |stall: &Condition| WRITES_ON.iter().any(|reason| reason.as_str() == stall.reason);
    object.spec.suspend || stalled_as_it_is(object).is_some_and(|stall| !writes_on(stall))
}

/// Whether a target selects a version.
pub(super) fn asks_for(target: &ReplicationTarget, object: &ImageVersion) -> bool {
    target.meta().deletion_timestamp.is_none()
        && target.meta().namespace == object.meta().namespace
        && selector::selects(&target.spec, &object.name_any(), object.labels())
}

/// The regions from which targets keep latest out, of those that select a version.
pub(crate) fn barred(object: &ImageVersion, targets: &[&ReplicationTarget]) -> BTreeSet<Region> {
    let bars = targets.iter().filter(|it| it.spec.latest == LatestInRegion::Excluded && asks_for(it, object));
    bars.filter_map(|it| Region::parse(&it.spec.region).ok()).collect()
}

/// Whether two objects are for versions of one image definition. Azure tells names apart without regard to case.
fn is_of_the_same_line(one: &ImageVersion, other: &ImageVersion) -> bool {
    let (a, b) = (&one.spec, &other.spec);
    a.definition.eq_ignore_ascii_case(&b.definition)
        && a.gallery.name.eq_ignore_ascii_case(&b.gallery.name)
        && a.gallery.resource_group.eq_ignore_ascii_case(&b.gallery.resource_group)
        && a.gallery.subscription_id.eq_ignore_ascii_case(&b.gallery.subscription_id)
        && one.meta().namespace == other.meta().namespace
}

/// What the versions of one image definition have in common.
pub fn group_of(object: &ImageVersion) -> String {
    let spec = &object.spec;
    let gallery = &spec.gallery;
    format!("{}/{}/{}/{}", gallery.subscription_id, gallery.resource_group, gallery.name, spec.definition)
        .to_lowercase()
}

/// Whether it matters to a version what becomes of others of its image definition: it passed, or is latest somewhere, or is to be.
pub fn concerns_latest(object: &ImageVersion) -> bool {
    let Some(status) = &object.status else { return false };
    let passed = status.validation.as_ref().is_some_and(|it| Passed::of(it).is_passed());
    // One whose validation doesn't count may wait for another one to go out.
    let promoting =
        |it: &Condition| it.type_ == ConditionType::Promoted.as_str() && it.reason == Reason::Promoting.as_str();
    passed || status.regions.iter().any(|region| region.latest.is_some()) || status.conditions.iter().any(promoting)
}

/// What of a version matters to others of its image definition, and to the definition's object.
pub fn concern_of_version(object: &ImageVersion) -> impl std::hash::Hash {
    let status = object.status.as_ref();
    let validation = status.and_then(|status| status.validation.as_ref());
    let outcome = validation.map(|it| (it.outcome, it.finished_at.as_ref().map(|at| at.0)));
    let regions: Vec<_> = status
        .iter()
        .filter(|_| concerns_latest(object))
        .flat_map(|status| &status.regions)
        .map(|told| {
            let proof = Region::parse(&told.name).map(|region| Proof::of(object, &region)).ok();
            (told.name.clone(), told.state == RegionState::Completed, proof, told.latest)
        })
        .collect();
    let meta = object.meta();
    let going = meta.deletion_timestamp.is_some();
    let published = status.is_some_and(|status| status.resource_id.is_some());
    let rests = rests(object);
    (meta.uid.clone(), object.spec.latest, going, rests, published, outcome, regions)
}
