//! What the object of an image definition tells of latest. It writes nothing else: each version's own reconcile writes its flags.

use azimage_crds::{
    HistoryEntry, ImageDefinition, ImageDefinitionStatus, ImageUsers, ImageVersion, LatestStatus, LineState,
    LineVersion, OverrideStatus, RegionLatest, RegionVersion, ReplicationTarget,
};
use azimage_names::{ImageDefinitionId, ImageVersionId, Region, VersionNumber};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::Resource;

use super::{
    Candidate, Choice, Order, Passed, PinProblem, Rule, Unruled, Why,
    candidate::At,
    choose, followers,
    history::{Writer, history},
    overriding,
    words::{Is, Line, Pin},
};
use crate::{Finding, Message as _, Progress, Truth, condition::first_names};

/// How many versions a status shows.
const MOST_VERSIONS: usize = 64;

/// How many regions a status shows.
const MOST_REGIONS: usize = 128;

/// The most regions that a message names.
const MOST_NAMED: usize = 5;

/// What is told of latest.
#[derive(Clone, Debug, PartialEq)]
pub struct Latest {
    /// What is latest.
    pub latest: Option<LatestStatus>,
    /// Which version is latest in each region.
    pub regions: Vec<RegionVersion>,
    /// Whether a version that says nothing yet may be latest.
    pub unsure: bool,
    /// The versions.
    pub versions: Vec<LineVersion>,
    /// What became latest.
    pub history: Vec<HistoryEntry>,
    /// The override that counts.
    pub overriding: Option<OverrideStatus>,
    /// The condition.
    pub finding: Finding,
    /// What only a person can change.
    pub stalled: Option<Progress>,
}

/// What is told of latest, of an object that counts for its image definition. `stamped`: an admission policy says on the object who
/// changed `spec.latest`, and lets nobody else say so.
pub fn of_definition(
    object: &ImageDefinition,
    id: &ImageDefinitionId,
    versions: &[&ImageVersion],
    targets: &[&ReplicationTarget],
    stamped: bool,
    now: Timestamp,
) -> Latest {
    let before = object.status.clone().unwrap_or_default();
    let writer = Writer::of(object, stamped);
    let (overriding, entry) = overriding::record(object, &before, &writer, now);
    let overridden = overriding::counting(object, overriding.as_ref());
    let line = line(object, id, versions, targets).into_iter().map(|it| it.overridden(overridden));
    let line: Vec<Candidate> = line.collect();
    let rule = Rule::of(object);
    let current = current(&before);
    let choice = choose(&rule, &line, current, now);
    let latest = latest(id, &line, &choice, &before, now);
    let is_full = overriding.is_none() && overriding::wanted(object).is_some();
    let (finding, stalled) = told(&line, &choice, latest.as_ref(), Order::of(object), (is_full, before.users.as_ref()));
    Latest {
        versions: shown(&line, &rule, &choice, now),
        history: history(object, &before, latest.as_ref(), entry, &writer, now),
        overriding,
        regions: regions(&line, &choice, &before),
        unsure: line.iter().any(|it| it.silent && !it.going),
        latest,
        finding,
        stalled,
    }
}

/// What a status says to be latest.
pub(crate) fn current(status: &ImageDefinitionStatus) -> Option<VersionNumber> {
    VersionNumber::parse(&status.latest.as_ref()?.version).ok()
}

/// The versions of the image definition that have objects in the namespace, the newest first.
fn line(
    object: &ImageDefinition,
    id: &ImageDefinitionId,
    versions: &[&ImageVersion],
    targets: &[&ReplicationTarget],
) -> Vec<Candidate> {
    let namespace = &object.meta().namespace;
    let is_of_it = |version: &&&ImageVersion| {
        version.meta().namespace == *namespace
            && version.spec.definition.eq_ignore_ascii_case(id.name())
            && crate::image_version::id_of(version).is_some_and(|its| its.definition() == id)
    };
    let Some(any) = versions.iter().find(is_of_it) else { return Vec::new() };
    let mut line = Candidate::whole_line(any, versions, targets);
    line.sort_by_key(|it| std::cmp::Reverse(it.number));
    line
}

/// One that was latest and lost its status says nothing, and what isn't known changes nothing.
fn stays_unknown(line: &[Candidate], choice: &Choice, was: Option<VersionNumber>) -> bool {
    line.iter().any(|it| {
        let same = *choice == Choice::Version(it.number) || matches!(choice, Choice::AsItIs(_));
        it.is_lost(was) && !it.going && same
    })
}

/// Which version is latest in each region.
fn regions(line: &[Candidate], choice: &Choice, before: &ImageDefinitionStatus) -> Vec<RegionVersion> {
    if stays_unknown(line, choice, current(before)) {
        return before.regions.clone();
    }
    let of = |it: &Candidate| {
        let version = it.number.to_string();
        it.serves(line)
            .into_iter()
            .map(move |region| RegionVersion { name: region.to_string(), version: version.clone() })
    };
    let mut regions: Vec<RegionVersion> = line.iter().flat_map(of).collect();
    regions.sort_by(|one, other| one.name.cmp(&other.name));
    regions.truncate(MOST_REGIONS);
    regions
}

fn latest(
    id: &ImageDefinitionId,
    line: &[Candidate],
    choice: &Choice,
    before: &ImageDefinitionStatus,
    now: Timestamp,
) -> Option<LatestStatus> {
    let was = current(before);
    let find = |number: VersionNumber| line.iter().find(|it| it.number == number);
    if stays_unknown(line, choice, was) {
        return before.latest.clone();
    }
    let serves = |it: &Candidate| it.serves(line);
    let chosen = match choice {
        Choice::Version(number) => find(*number).filter(|it| !serves(it).is_empty()),
        Choice::AsItIs(_) | Choice::Nothing => None,
    };
    let former = was.and_then(find).filter(|it| !serves(it).is_empty());
    let any = line.iter().find(|it| !serves(it).is_empty());
    let it = chosen.or(former).or(any)?;
    let version = it.number.to_string();
    let since = before.latest.as_ref().filter(|latest| latest.version == version).map(|latest| latest.since.clone());
    Some(LatestStatus {
        resource_id: ImageVersionId::new(id.clone(), it.number).to_string(),
        version,
        since: since.unwrap_or(Time(now)),
        regions: serves(it).iter().map(ToString::to_string).take(MOST_REGIONS).collect(),
    })
}

fn shown(line: &[Candidate], rule: &Rule, choice: &Choice, now: Timestamp) -> Vec<LineVersion> {
    let soak = match rule {
        Rule::Newest { soak, .. } => *soak,
        Rule::None { .. } | Rule::Nothing { .. } | Rule::Pinned { .. } => std::time::Duration::ZERO,
    };
    let of = |it: &Candidate| {
        let until = it.soaks_until(soak).filter(|until| *until > now && !it.is_in_latest());
        let state = state(it, line, choice, until.is_some());
        LineVersion {
            version: it.number.to_string(),
            name: it.name.clone(),
            state,
            soaks_until: until.filter(|_| state == LineState::Soaking).map(Time),
        }
    };
    line.iter().take(MOST_VERSIONS).map(of).collect()
}

fn state(it: &Candidate, line: &[Candidate], choice: &Choice, soaks: bool) -> LineState {
    let has = |state: RegionLatest| it.regions.values().any(|at| at.latest == Some(state));
    let is_chosen = *choice == Choice::Version(it.number);
    if has(RegionLatest::Leaving) || has(RegionLatest::Kept) {
        return LineState::Leaving;
    }
    match it.passed {
        Passed::Failed => return LineState::Failed,
        Passed::NotYet => return LineState::NotValidated,
        Passed::At(_) | Passed::Overridden => {}
    }
    if has(RegionLatest::Included) {
        let serves = !it.serves(line).is_empty();
        return if is_chosen && !serves {
            LineState::Promoting
        } else if is_chosen || serves && matches!(choice, Choice::AsItIs(_)) {
            LineState::Latest
        } else {
            LineState::Superseded
        };
    }
    if !it.allowed || it.going {
        LineState::Excluded
    } else if is_chosen {
        LineState::Promoting
    } else if soaks {
        LineState::Soaking
    } else {
        LineState::Candidate
    }
}

/// The condition, and what only a person can change.
fn told(
    line: &[Candidate],
    choice: &Choice,
    latest: Option<&LatestStatus>,
    order: Order,
    (is_full, users): (bool, Option<&ImageUsers>),
) -> (Finding, Option<Progress>) {
    let is = latest.map(|latest| latest.version.clone());
    let (truth, words) = match choice {
        Choice::Version(number) => of_chosen(line, *number, order, users),
        Choice::Nothing if is.is_some() => (Truth::Unknown, Line::TakingOut),
        Choice::Nothing => (Truth::True, Line::None),
        Choice::AsItIs(why) => (
            match why {
                Why::PolicyNone => Truth::True,
                Why::AllSoak => Truth::Unknown,
                Why::Unruled(_) | Why::NothingPassed | Why::Pinned(..) => Truth::False,
            },
            match why {
                Why::PolicyNone | Why::Unruled(Unruled::NoObject) => Line::PolicyNone { is: Is::of(is) },
                Why::Unruled(Unruled::Suspended) => Line::Suspended { is: Is::of(is) },
                Why::Unruled(Unruled::Unreadable) => Line::Unreadable { is: Is::of(is) },
                Why::NothingPassed => Line::NothingPassed { is: Is::of(is) },
                Why::AllSoak => Line::AllSoak { is: Is::of(is) },
                Why::Pinned(number, problem) => {
                    Line::Unusable { number: *number, why: pin(*problem, is_full), is: Is::of(is) }
                }
            },
        ),
    };
    let stalled = matches!(words, Line::Unusable { .. } | Line::Unreadable { .. })
        .then(|| Progress::stalled(words.reason(), words.to_string()));
    (Finding::of(truth, &words), stalled)
}

fn pin(problem: PinProblem, is_full: bool) -> Pin {
    match problem {
        PinProblem::NotValidated | PinProblem::Failed if is_full => Pin::NoMoreOverrides,
        PinProblem::NoObject => Pin::NoObject,
        PinProblem::Going => Pin::Going,
        PinProblem::NotPublished => Pin::NotPublished,
        PinProblem::NotValidated => Pin::NotValidated,
        PinProblem::Failed => Pin::Failed,
        PinProblem::Never => Pin::Never,
    }
}

/// How it stands with the version that is chosen.
fn of_chosen(line: &[Candidate], number: VersionNumber, order: Order, users: Option<&ImageUsers>) -> (Truth, Line) {
    let newer: Vec<&Candidate> = line.iter().filter(|it| it.number > number).collect();
    let with = |state: RegionLatest| {
        newer.iter().find_map(|it| {
            let regions: Vec<&Region> =
                it.regions.iter().filter(|(_, at)| at.latest == Some(state)).map(|(region, _)| region).collect();
            (!regions.is_empty()).then_some((it.number, regions))
        })
    };
    if let Some((newer, regions)) = with(RegionLatest::Kept) {
        let following = followers::in_regions(users, &regions);
        return (Truth::False, Line::Kept { number, newer, regions: named(regions.into_iter()), following });
    }
    if let Some((newer, regions)) = with(RegionLatest::Leaving).or_else(|| with(RegionLatest::Included)) {
        let regions = named(regions.into_iter());
        return (Truth::Unknown, Line::Leaving { number, newer, regions });
    }
    let Some(chosen) = line.iter().find(|it| it.number == number) else {
        return (Truth::Unknown, Line::Promoting { number });
    };
    let serves = chosen.serves(line);
    let comes = |(region, at): &(&Region, &At)| {
        at.is_usable() && !chosen.is_included_at(region) && !chosen.barred.contains(*region)
    };
    let coming = chosen.regions.iter().filter(comes).map(|(region, _)| region);
    let waits_for = |region: &Region| order.waits_for(chosen, region, |other| chosen.is_included_at(other));
    let (later, due): (Vec<&Region>, Vec<&Region>) = coming.partition(|region| waits_for(region).is_some());
    if serves.is_empty() || !due.is_empty() {
        return (Truth::Unknown, Line::Promoting { number });
    }
    let regions = named(serves.iter());
    if let Some(first) = later.first().and_then(|region| waits_for(region)) {
        let (later, first) = (named(later.into_iter()), first.clone());
        return (Truth::Unknown, Line::InWaves { number, regions, later, first });
    }
    let latest = match chosen.passed {
        Passed::Overridden => Line::Overridden { number, regions },
        Passed::At(_) | Passed::NotYet | Passed::Failed => Line::Latest { number, regions },
    };
    (Truth::True, latest)
}

/// Regions in a message.
pub(crate) fn named<'a>(regions: impl Iterator<Item = &'a Region>) -> String {
    first_names(&regions.map(Region::as_str).collect::<Vec<_>>(), MOST_NAMED)
}

/// When the next soak of a status is over.
pub fn next_soak_end(status: &ImageDefinitionStatus, now: Timestamp) -> Option<Timestamp> {
    let ends = status.versions.iter().filter_map(|it| it.soaks_until.as_ref());
    ends.map(|until| until.0).filter(|until| *until > now).min()
}
