//! The next step, or what is being waited for. Total: every combination of inputs yields one or the other.

use std::collections::{BTreeMap, BTreeSet};

use azimage_crds::{ConditionType, GuestStatus, ImageVersionStatus, Reason, RegionStatus, SourceStatus, StepStatus};
use azimage_deliberate_bugs::bug;
use azimage_names::Region;
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use super::{Absent, Observed, Read, Reading, Step, StepName, Validated, capture, deletion, published, regions};
use crate::{Failure, Finding, Progress, merge::merge};

/// What is known of earlier passes.
#[derive(Clone, Copy, Debug)]
pub struct Memory<'a> {
    /// The status as it was last written.
    pub status: &'a ImageVersionStatus,
    /// The step that this very process last carried out for the object, and what it found gone.
    pub process: ProcessMemory,
    /// The time of this pass.
    pub now: Timestamp,
}

/// What a process remembers of an object, and may forget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProcessMemory {
    /// The step last carried out with success, and when.
    pub executed: Option<(StepName, Timestamp)>,
    /// The step whose intent this process recorded, and has not tried to carry out yet.
    pub announced: Option<StepName>,
    /// When Azure itself accepted the version's creation. It is kept, for the status that says so may fail to be written.
    pub accepted: Option<Timestamp>,
    /// What the last passes found gone, and how many of them in a row.
    pub absent: Option<(Read, i32)>,
    /// How many of the last passes in a row didn't see the version, be it that it wasn't made yet.
    pub unseen: i32,
    /// How many of the last passes in a row missed a region in the version that a target had asked for and gave up.
    pub vanished: i32,
}

/// The record of a step in a status.
pub(super) fn recorded(status: &ImageVersionStatus, name: StepName) -> Option<&StepStatus> {
    let name: &str = name.into();
    status.steps.iter().find(|step| step.name == name)
}

impl Memory<'_> {
    /// The record of a step.
    pub fn step(&self, name: StepName) -> Option<&StepStatus> {
        recorded(self.status, name)
    }

    /// Whether a step was ever begun.
    pub fn begun(&self, name: StepName) -> bool {
        self.step(name).is_some()
    }

    /// Whether a step was begun and its effect not seen.
    pub fn unfinished(&self, name: StepName) -> bool {
        self.step(name).is_some_and(|step| step.finished_at.is_none())
    }

    /// Whether the version was made: it was seen in Azure, or Azure accepted its creation.
    pub fn was_published(&self) -> bool {
        (self.was_seen() || self.accepted().is_some()) && !bug!(RecreateMissingVersion)
    }

    /// Whether the version was once seen in Azure.
    fn was_seen(&self) -> bool {
        let seen =
            |step: &StepStatus| step.finished_at.is_some() && step.name.parse().is_ok_and(StepName::proves_existence);
        self.status.resource_id.is_some() || self.status.steps.iter().any(seen)
    }

    /// Whether nobody saw the version, and Azure accepted its creation so recently that it may not show it yet.
    pub(super) fn may_show_late(&self) -> bool {
        let accepted = || self.accepted().is_some_and(|at| self.is_fresh(at));
        !self.was_seen() && (accepted() || self.too_soon(StepName::Publish, StepName::Publish.grace_seconds()))
    }

    /// Whether nobody saw the version, and it was asked for so recently that it may turn up yet.
    pub(super) fn may_turn_up(&self) -> bool {
        let begun = self.step(StepName::Publish).is_some_and(|step| self.is_fresh(step.started_at.0));
        !self.was_seen() && begun || self.may_show_late()
    }

    fn is_fresh(&self, published: Timestamp) -> bool {
        self.within(published, StepName::Publish.grace_seconds())
    }

    /// When Azure accepted the version's creation, as this process remembers or an earlier one recorded.
    fn accepted(&self) -> Option<Timestamp> {
        let recorded = self.step(StepName::Publish).and_then(|step| step.accepted_at.as_ref());
        self.process.accepted.max(recorded.map(|at| at.0)).filter(|_| !bug!(RepeatBeforeSeen))
    }

    /// Whether this process carried a step out so recently that Azure may not show it yet.
    fn too_soon(&self, name: StepName, grace_seconds: i64) -> bool {
        self.process
            .executed
            .filter(|_| !bug!(RepeatBeforeSeen))
            .is_some_and(|(executed, at)| executed == name && self.within(at, grace_seconds))
    }

    /// A condition of the status.
    pub(super) fn condition(&self, kind: ConditionType) -> Option<&Condition> {
        self.status.conditions.iter().find(|condition| condition.type_ == kind.as_str())
    }

    /// Whether the status says that only a person can help.
    pub(super) fn stalled(&self) -> bool {
        self.condition(ConditionType::Stalled).is_some_and(|condition| condition.status == "True")
    }

    /// Whether it was less than so many seconds ago.
    pub(super) fn within(&self, at: Timestamp, seconds: i64) -> bool {
        self.now.as_second() - at.as_second() < seconds
    }
}

impl ProcessMemory {
    /// The intent of a step is about to be recorded.
    pub fn announces(&mut self, step: StepName) {
        self.announced = Some(step);
    }

    /// A step is about to be carried out: whatever comes of it, Azure may have got it.
    pub fn tries(&mut self) {
        self.announced = None;
    }

    /// A step was carried out with success; `proven`: the answer was surely Azure's.
    pub fn carried_out(&mut self, step: StepName, at: Timestamp, proven: bool) {
        self.executed = Some((step, at));
        if step == StepName::Publish && proven {
            self.accepted = Some(at);
        }
    }

    /// What to remember after a pass: a step whose effect shows needs no more patience.
    #[must_use]
    pub fn after(self, report: &Report, observed: &Observed) -> Self {
        let shows = |step| report.finished.contains(&step) || report.running == Some(step);
        let times = |what| self.absent.filter(|(before, _)| *before == what).map_or(0, |(_, times)| times);
        Self {
            executed: self.executed.filter(|(step, _)| !shows(*step)),
            announced: self.announced,
            accepted: self.accepted,
            absent: report.absent.map(|what| (what, times(what).saturating_add(1))),
            unseen: match observed.version {
                Reading::Missing(_) => self.unseen.saturating_add(1),
                _ => 0,
            },
            vanished: if report.vanished { self.vanished.saturating_add(1) } else { 0 },
        }
    }
}

/// What a pass does.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The one write to Azure, if any.
    pub step: Option<Step>,
    /// What was found out.
    pub report: Report,
    /// When to look again.
    pub wake: Wake,
}

impl Plan {
    /// Whether nothing is left to be done, so that the next look may be at the list of the definition's versions.
    pub fn rests(&self) -> bool {
        self.step.is_none()
            && self.wake == Wake::Resync
            && matches!(self.report.progress, Progress::Settled { .. })
            && self.report.resource_id.is_some()
    }
}

/// When to look again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// Something is under way.
    Poll,
    /// Something failed: later each time.
    Retry,
    /// Azure asks for a pause, or would: as soon as it is over. No failure, so not later each time.
    Throttled,
    /// Nothing is under way: only to see what others changed.
    Resync,
    /// The finalizer may go.
    Release,
    /// Not before the object changes.
    Never,
}

/// What was found out in a pass.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Conditions, but for those derived from `progress`.
    pub findings: BTreeMap<ConditionType, Finding>,
    /// How it stands as a whole.
    pub progress: Progress,
    /// Regions; `None` leaves them as they were.
    pub regions: Option<Vec<RegionStatus>>,
    /// Source facts; those not given stay as they were.
    pub source: Option<SourceStatus>,
    /// What the preparation of the guest told; what isn't given stays as it was.
    pub guest: Option<GuestStatus>,
    /// Resource id of the version, once it was seen.
    pub resource_id: Option<String>,
    /// Size of the image.
    pub size_gib: Option<i64>,
    /// The step that Azure is working on.
    pub running: Option<StepName>,
    /// How long that may take, in seconds, if another time holds than for all steps of its name.
    pub limit_seconds: Option<u64>,
    /// What a person has to know when the object goes, as no status is left to say it.
    pub parting: Option<String>,
    /// Steps whose effect was seen.
    pub finished: BTreeSet<StepName>,
    /// When Azure accepted the version's creation, if this process knows it.
    pub accepted: Option<Timestamp>,
    /// What this pass found gone, and could not go on without.
    pub absent: Option<Read>,
    /// A region that a target gave up isn't there any more, as this pass was told.
    pub vanished: bool,
    /// Nothing is missing but certainty that the version isn't there: the next pass has to read that alone.
    pub unsure: bool,
}

impl Default for Report {
    fn default() -> Self {
        Self {
            findings: BTreeMap::new(),
            progress: Progress::reconciling(Reason::Progressing, "Looking at the object and Azure"),
            regions: None,
            source: None,
            guest: None,
            resource_id: None,
            size_gib: None,
            running: None,
            limit_seconds: None,
            parting: None,
            finished: BTreeSet::new(),
            accepted: None,
            absent: None,
            vanished: false,
            unsure: false,
        }
    }
}

impl Report {
    pub(super) fn done(&mut self, condition: ConditionType, message: &str) {
        self.findings.insert(condition, Finding::yes(message));
    }

    pub(super) fn finished_if(&mut self, seen: bool, step: StepName) {
        if seen {
            self.finished.insert(step);
        }
    }

    pub(super) fn stalled(mut self, condition: ConditionType, reason: Reason, message: String) -> Plan {
        self.findings.insert(condition, Finding::no(reason, &message));
        self.progress = Progress::stalled(reason, message);
        Plan { step: None, report: self, wake: Wake::Resync }
    }

    pub(super) fn wait(mut self, condition: ConditionType, reason: Reason, message: String) -> Plan {
        self.findings.insert(condition, Finding::unknown(reason, &message));
        self.progress = Progress::reconciling(reason, message);
        Plan { step: None, report: self, wake: Wake::Poll }
    }

    pub(super) fn act(mut self, condition: ConditionType, reason: Reason, message: String, step: Step) -> Plan {
        self.findings.insert(condition, Finding::unknown(reason, &message));
        self.progress = Progress::reconciling(reason, message);
        Plan { step: Some(step), report: self, wake: Wake::Poll }
    }

    pub(super) fn failed(mut self, failure: &Failure, doing: &str) -> Plan {
        self.progress = failure.progress(doing);
        Plan { step: None, report: self, wake: failure.wake() }
    }

    pub(super) fn failed_unread(self, what: &str) -> Plan {
        self.failed(&Failure::Unavailable(format!("Azure didn't tell {what}")), "go on")
    }
}

/// Decides what to do.
pub fn plan(validated: &Validated, memory: &Memory<'_>, observed: &Observed) -> Plan {
    let mut plan = decide(validated, memory, observed);
    plan.report.accepted = memory.process.accepted;
    if plan.report.regions.is_none() && !validated.deleting {
        plan.report.regions = Some(carried(validated, memory));
    }
    // What this process has just done may not show yet: doing it again would be a second request for nothing.
    let grace = |name: StepName| match observed.version {
        // Only a version that doesn't exist yet is slow to show.
        Reading::Found(_) if name == StepName::Publish => StepName::Update.grace_seconds(),
        _ => name.grace_seconds(),
    };
    if plan.step.as_ref().map(Step::name).is_some_and(|name| memory.too_soon(name, grace(name))) {
        plan.step = None;
        plan.wake = Wake::Poll;
    }
    plan
}

fn decide(validated: &Validated, memory: &Memory<'_>, observed: &Observed) -> Plan {
    if validated.deleting {
        return deletion::plan(validated, memory, observed);
    }
    if validated.suspended {
        return Plan { step: None, report: Report::default(), wake: Wake::Never };
    }
    match &observed.version {
        Reading::Found(version) => published::plan(validated, memory, version),
        Reading::NotRead => match (observed.still_at_rest(), &observed.listed) {
            (Some(seen), _) => published::plan(validated, memory, seen),
            (None, Reading::Failed(failure)) => Report::default().failed(failure, "list the gallery image versions"),
            (None, _) => Report::default().failed_unread("the gallery image version"),
        },
        Reading::Failed(failure) => Report::default().failed(failure, "read the gallery image version"),
        Reading::Missing(_) if memory.may_show_late() => Report::default().wait(
            ConditionType::Published,
            Reason::Publishing,
            "Azure accepted the gallery image version and doesn't show it yet".to_owned(),
        ),
        Reading::Missing(_) if memory.was_published() => missing(validated, memory, observed),
        Reading::Missing(_) => memory.sure_before_the_first(capture::plan(validated, memory, observed)),
    }
}

/// A version that was there and isn't: never made again, for nobody knows who relies on its being gone.
fn missing(validated: &Validated, memory: &Memory<'_>, observed: &Observed) -> Plan {
    let mut report = Report { absent: Some(Read::Version), ..Report::default() };
    if let Reading::Failed(failure) = &observed.definition {
        return report.failed(failure, "read the image definition");
    }
    let (condition, reason) = (ConditionType::Published, Reason::VersionMissing);
    if !memory.believes_absent(Read::Version, condition, reason) && !bug!(BelieveOne404) {
        return report.doubted(reason, "the gallery image version any more");
    }
    let what = match observed.definition {
        Reading::Missing(Absent::Parent) => "The gallery was deleted",
        Reading::Missing(Absent::Resource) => "The image definition was deleted",
        _ => "The gallery image version was deleted",
    };
    let message = format!(
        "{what}, and not by this object. A version is never made again under the same number: delete this object, and make a new one under another version number"
    );
    report.regions = Some(Vec::new());
    report.findings.insert(
        ConditionType::Replicated,
        Finding::no(Reason::VersionMissing, format!("{} doesn't exist", validated.id)),
    );
    report.stalled(condition, reason, message)
}

/// The regions while the version wasn't read: those that stand in the status, and those that are wanted.
fn carried(validated: &Validated, memory: &Memory<'_>) -> Vec<RegionStatus> {
    let remembered = regions::remembered(memory.status);
    // Of a version that never was, Azure has no regions: a target that goes is let go at once.
    let published = memory.was_published();
    let known: BTreeSet<Region> = remembered.keys().filter(|_| published).cloned().collect();
    let home = memory.status.source.as_ref().and_then(|source| source.location.as_ref());
    let Some(home) = home.and_then(|home| Region::parse(home).ok()) else {
        return memory.status.regions.clone();
    };
    let merged = merge(&home, validated.publish.default_replicas, &validated.targets, &remembered, &known);
    if published { regions::carry(&merged, memory.status) } else { regions::report(&merged, None, memory.status) }
}
