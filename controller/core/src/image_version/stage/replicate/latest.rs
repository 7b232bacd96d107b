//! In which regions the version is latest: it is written with all else of the version, and told in the condition `Promoted`.
//!
//! The flag of the whole version always keeps it out of latest, so a region without a flag of its own is out of it. A region that is
//! added is out, too, and gets in by a later write when its copy is complete.

use std::collections::{BTreeMap, BTreeSet};

use azimage_crds::{
    ConditionType, EVIDENCE_TAG, ImageVersionStatus, RegionLatest, VALIDATED_TAG, ValidationOutcome, ValidationStatus,
};
use azimage_names::{Region, VersionNumber};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::super::super::{
    RegionReplication, Validated,
    context::Cx,
    facts,
    report::{Decision, LatestReport, Report},
    stage::validate,
};
use crate::{
    Truth, evidence,
    owner::find_tag,
    promotion::{
        Candidate, Choice, Flag, Flags, Passed, Promotion, Proof, Rule, Unruled, Waits, Why, candidate::At, choose,
        named, passed, proven_by_tag, validated_at, words::Words,
    },
};

/// In which regions a version is latest, and in which it is to be.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in super::super::super) struct Latest {
    flags: BTreeMap<Region, Flag>,
    tag: Tag,
}

/// What becomes of the tag that says when the version passed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Tag {
    /// It stays as it is.
    #[default]
    Stays,
    /// It is written, with the digest of what is known of the version.
    Is(Timestamp, String),
    /// It is taken away, as the version failed since, or never passed.
    Goes,
}

/// The tags that a promotion writes.
const OF_A_PROMOTION: [&str; 2] = [VALIDATED_TAG, EVIDENCE_TAG];

/// What decides, as a whole.
struct Decided {
    latest: Latest,
    choice: Choice,
    own: Candidate,
    /// The first region of an earlier wave for which others wait.
    first: Option<Region>,
}

impl Latest {
    /// What the flags of a version are to be.
    pub(in super::super::super) fn of(
        validated: &Validated,
        status: &ImageVersionStatus,
        version: &facts::Version,
        now: Timestamp,
    ) -> Self {
        decided(validated, status, version, now).latest
    }

    /// Whether the version is to be included in latest in a region.
    pub(super) fn includes(&self, region: &Region) -> bool {
        self.flags.get(region).is_some_and(|flag| flag.include)
    }

    /// How it stands with a region, for the status.
    pub(super) fn state(&self, region: &Region) -> Option<RegionLatest> {
        self.flags.get(region)?.state
    }

    /// The tags with the one that says when the version passed.
    pub(super) fn tag(&self, tags: &mut BTreeMap<String, String>) {
        match &self.tag {
            Tag::Stays => {}
            Tag::Is(at, digest) => {
                tags.retain(|name, _| !name.eq_ignore_ascii_case(EVIDENCE_TAG));
                tags.insert(VALIDATED_TAG.to_owned(), at.to_string());
                tags.insert(EVIDENCE_TAG.to_owned(), digest.clone());
            }
            Tag::Goes => tags.retain(|name, _| !OF_A_PROMOTION.iter().any(|tag| name.eq_ignore_ascii_case(tag))),
        }
    }

    fn regions(&self, which: impl Fn(&Flag) -> bool) -> Vec<&Region> {
        self.flags.iter().filter(|(_, flag)| which(flag)).map(|(region, _)| region).collect()
    }
}

/// Whether the tag says that the version passed its validation, and the status was lost that said so: it isn't proven again.
pub(in super::super::super) fn is_proven(cx: &Cx<'_>, version: &facts::Version) -> bool {
    proven_at(cx, version).is_some()
}

fn proven_at(cx: &Cx<'_>, version: &facts::Version) -> Option<Timestamp> {
    proven_by_tag(cx.history.status, cx.validated.owns_tag(&version.tags), &version.tags)
}

/// The status says again what the tag says. That goes with the very status that says whose the version is: with that alone the tag
/// wouldn't count any more, and what is latest would be taken out.
pub(in super::super::super) fn recall(cx: &Cx<'_>, version: &facts::Version, report: &mut Report) {
    let recalled = proven_at(cx, version).map(|at| ValidationStatus {
        azure_time: None,
        outcome: ValidationOutcome::Passed,
        region: version.location.to_string(),
        started_at: Time(at),
        finished_at: Some(Time(at)),
        attempts: 1,
        again: false,
        machines: Vec::new(),
        regions: Vec::new(),
    });
    report.validation = recalled;
}

/// It isn't proven again.
pub(in super::super::super) fn restore(cx: &Cx<'_>, report: &mut Report) -> Decision {
    report.done(&validate::words::Words::Passed);
    validate::clear(cx, report)
}

/// Whether Azure includes a version in latest in one of its regions.
pub(in super::super::super) fn is_in(version: &facts::Version, target: &facts::TargetRegion) -> bool {
    !target.exclude_from_latest.unwrap_or(version.exclude_from_latest)
}

fn decided(validated: &Validated, status: &ImageVersionStatus, version: &facts::Version, now: Timestamp) -> Decided {
    let own = own(validated, status, version).overridden(validated.promotion.overridden);
    let now = clock(status, version, now);
    let Promotion { rule, current, others, order, .. } = &validated.promotion;
    let mut line = others.clone();
    line.push(own.clone());
    let choice = choose(rule, &line, *current, now);
    let included = version.targets.iter().filter(|target| is_in(version, target));
    let is_in: BTreeSet<Region> = included.map(|target| target.region.clone()).collect();
    let all = Flags { rule, choice: &choice, own: &own, others, order: *order, is_in: &is_in };
    let flags: BTreeMap<Region, Flag> =
        version.targets.iter().map(|target| (target.region.clone(), all.at(&target.region))).collect();
    let mut waiting = flags.iter().filter(|(_, flag)| flag.waits == Some(Waits::ForAnEarlierWave));
    let first = waiting.find_map(|(region, _)| all.waits_for(region)).cloned();
    let tag = match own.passed {
        Passed::At(_) if find_tag(&version.tags, VALIDATED_TAG).is_some() => Tag::Stays,
        Passed::At(at) if flags.values().any(|flag| flag.include) => {
            Tag::Is(at, evidence::digest_of(&validated.id, &validated.owner, status))
        }
        Passed::Failed | Passed::Overridden => Tag::Goes,
        Passed::At(_) | Passed::NotYet => Tag::Stays,
    };
    Decided { latest: Latest { flags, tag }, choice, own, first }
}

/// A clock of ours that jumps ends no soak and makes none longer: since the version passed as much time has gone by as by Azure's clock,
/// which is read with the version before a flag is written.
fn clock(status: &ImageVersionStatus, version: &facts::Version, now: Timestamp) -> Timestamp {
    let at_azure = || {
        let passed = status.validation.as_ref()?;
        let since = version.read_at?.duration_since(passed.azure_time.as_ref()?.0);
        passed.finished_at.as_ref()?.0.checked_add(since).ok()
    };
    at_azure().unwrap_or(now)
}

/// The version itself, as Azure shows it.
fn own(validated: &Validated, status: &ImageVersionStatus, version: &facts::Version) -> Candidate {
    let is_ours = validated.owns_tag(&version.tags);
    // A status that was lost says nothing of what was ours; the tag says that it was promoted.
    let is_lost = status.resource_id.is_none() && status.regions.is_empty();
    let was_promoted = is_ours && validated_at(&version.tags).is_some();
    let at = |target: &facts::TargetRegion| {
        let copy = version.replication.get(&target.region).map(|copy| &copy.state);
        let recorded = status.regions.iter().find(|known| known.name == target.region.as_str());
        let latest = match recorded {
            Some(recorded) => recorded.latest,
            None if is_lost && was_promoted && is_in(version, target) => Some(RegionLatest::Included),
            None => None,
        };
        let everywhere = validated.validation.as_ref().is_some_and(|spec| spec.everywhere);
        let proof = Proof::at(&target.region, everywhere, Some(version.location.as_str()), status.validation.as_ref());
        At { complete: copy == Some(&RegionReplication::Completed), proof, latest }
    };
    Candidate {
        number: validated.id.version(),
        name: validated.owner.name.clone(),
        passed: passed(status, is_ours, &version.tags),
        allowed: validated.promotion.allowed,
        going: validated.deleting,
        rests: false,
        published: is_ours,
        silent: false,
        regions: version.targets.iter().map(|target| (target.region.clone(), at(target))).collect(),
        barred: validated.promotion.barred.clone(),
        waves: validated.promotion.waves.clone(),
    }
}

/// Tells how it stands with latest.
pub(super) fn tell(cx: &Cx<'_>, version: &facts::Version, report: &mut Report) {
    let Decided { latest, choice, own, first } = decided(cx.validated, cx.history.status, version, cx.history.now);
    let promotion = &cx.validated.promotion;
    let told = promotion.rule.promotes() || !latest.regions(|flag| flag.state.is_some()).is_empty();
    let mut line = promotion.others.clone();
    let here = Candidate {
        regions: own
            .regions
            .iter()
            .map(|(region, at)| (region.clone(), At { latest: latest.state(region), ..*at }))
            .collect(),
        ..own
    };
    line.push(here.clone());
    let serves = here.serves(&line);
    let until = match (&promotion.rule, &choice) {
        (Rule::Newest { soak, .. }, choice) if *choice != Choice::Version(here.number) && here.may_be_latest(None) => {
            let now = clock(cx.history.status, version, cx.history.now);
            here.soaks_until(*soak).filter(|until| *until > now && !here.is_in_latest())
        }
        _ => None,
    };
    let shown = version.targets.len();
    let text = (!serves.is_empty()).then(|| format!("{}/{shown} regions", serves.len()));
    report.latest = Some(LatestReport { told, text, soaks_until: until });
    if told {
        let (truth, words) = words(&latest, &choice, &here, (&serves, first), until);
        report.found(truth, &words);
    } else {
        report.findings.remove(&ConditionType::Promoted);
    }
}

/// What is said of it.
fn words(
    latest: &Latest,
    choice: &Choice,
    own: &Candidate,
    (serves, first): (&[Region], Option<Region>),
    until: Option<Timestamp>,
) -> (Truth, Words) {
    let list = |regions: Vec<&Region>| named(regions.into_iter());
    let with = |state: RegionLatest| latest.regions(|flag| flag.state == Some(state));
    let (kept, leaving, entering) =
        (with(RegionLatest::Kept), with(RegionLatest::Leaving), with(RegionLatest::Entering));
    if !leaving.is_empty() {
        return (Truth::Unknown, Words::Leaving { regions: list(leaving) });
    }
    if !kept.is_empty() {
        let number = match choice {
            Choice::Version(number) => format!(": {number} isn't complete there"),
            Choice::AsItIs(_) | Choice::Nothing => String::new(),
        };
        return (Truth::False, Words::Kept { number, regions: list(kept) });
    }
    match own.passed {
        Passed::Failed => return (Truth::False, Words::Failed),
        Passed::NotYet => return (Truth::False, Words::NotValidated),
        Passed::At(_) | Passed::Overridden => {}
    }
    if !own.allowed {
        return (Truth::False, Words::Never);
    }
    if !entering.is_empty() {
        return (Truth::Unknown, Words::Promoting { regions: list(entering) });
    }
    match choice {
        Choice::Version(number) if *number == own.number => of_chosen(latest, own, serves, first),
        Choice::Version(number) if own.number < *number && serves.is_empty() => {
            (Truth::False, Words::Superseded { number: *number })
        }
        Choice::Version(number) if own.number < *number => {
            (Truth::False, Words::Serves { number: *number, regions: named(serves.iter()) })
        }
        Choice::Version(number) => match until {
            Some(until) => (Truth::Unknown, Words::Soaking { until }),
            None => (Truth::False, Words::AnotherIsPinned { number: *number }),
        },
        Choice::AsItIs(_) if !serves.is_empty() => (Truth::True, Words::StaysAsItIs { regions: named(serves.iter()) }),
        Choice::Nothing | Choice::AsItIs(Why::PolicyNone | Why::NothingPassed) => (Truth::False, Words::PolicyNone),
        Choice::AsItIs(Why::AllSoak) => match until {
            Some(until) => (Truth::Unknown, Words::Soaking { until }),
            None => (Truth::False, Words::PolicyNone),
        },
        Choice::AsItIs(Why::Unruled(why)) => (
            Truth::False,
            match why {
                Unruled::NoObject => Words::NoObject,
                Unruled::Suspended => Words::Suspended,
                Unruled::Unreadable => Words::Unreadable,
            },
        ),
        Choice::AsItIs(Why::Pinned(number, _)) => (Truth::False, Words::PinUnusable { number: *number }),
    }
}

fn of_chosen(latest: &Latest, own: &Candidate, serves: &[Region], first: Option<Region>) -> (Truth, Words) {
    let newer = |flag: &Flag| match flag.waits {
        Some(Waits::ForANewerOne(newer)) => Some(newer),
        _ => None,
    };
    let newest: Option<VersionNumber> = latest.flags.values().filter_map(newer).max();
    if let Some(newest) = newest {
        let regions = named(latest.regions(|flag| newer(flag) == Some(newest)).into_iter());
        return (Truth::Unknown, Words::WaitsForNewer { newer: newest, regions });
    }
    let failed = own.regions.iter().filter(|(_, at)| at.proof == Proof::Failed).map(|(region, _)| region);
    let failed: Vec<&Region> = failed.collect();
    if !failed.is_empty() {
        return (Truth::False, Words::FailedThere { regions: named(failed.into_iter()) });
    }
    if let Some(first) = first {
        let regions = named(latest.regions(|flag| flag.waits == Some(Waits::ForAnEarlierWave)).into_iter());
        return (Truth::Unknown, Words::WaitsForWave { regions, first });
    }
    if serves.is_empty() {
        return (Truth::Unknown, Words::Nowhere);
    }
    let regions = named(serves.iter());
    match own.passed {
        Passed::Overridden => (Truth::True, Words::Overridden { regions }),
        Passed::At(_) | Passed::NotYet | Passed::Failed => (Truth::True, Words::Latest { regions }),
    }
}
