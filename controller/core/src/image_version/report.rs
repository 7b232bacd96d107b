//! What a pass comes to: what was found out, the step, and when to look again.

use std::collections::{BTreeMap, BTreeSet};

use azimage_crds::{
    ConditionType, CopyStatus, GuestStatus, ImageVersionStatus, Provenance, RegionStatus, SourceCleanupState,
    SourceStatus, StepFailure, ValidationStatus,
};
use jiff::Timestamp;

use super::{
    Doubt, Read, Request, Step, StepKey, StepName, Subject,
    history::recorded,
    refusals::Refusals,
    stage::clone::attempt,
    wish::{Asks, Change},
    words::{Done, Words},
};
use crate::{Failure, Finding, Message, Progress, Truth, belonging::BelongingPart, temporary::TemporaryId};

/// What a pass does.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The one write to Azure, if any.
    pub step: Option<Step>,
    /// What was found out.
    pub report: Report,
    /// When to look again.
    pub requeue: Requeue,
}

impl Plan {
    /// For an object whose identity isn't known, though something has to be read: nothing is done.
    pub fn unidentified() -> Self {
        let progress = Failure::Unavailable("no identity is known".to_owned()).progress("read from Azure");
        Self { step: None, report: Report { progress, ..Report::default() }, requeue: Requeue::Retry }
    }

    /// Whether the step writes the regions of a version that exists, for which the wishes of targets count.
    pub fn writes_regions(&self) -> bool {
        let exists = self.report.resource_id.is_some();
        self.step.as_ref().is_some_and(|step| exists && matches!(step.request, Request::PutVersion(_)))
    }

    /// Whether the step includes the version in latest somewhere, for which the newest word of its image definition counts.
    pub fn includes(&self) -> bool {
        let request = self.step.as_ref().map(|step| &step.request);
        matches!(request, Some(Request::PutVersion(write)) if write.targets.iter().any(|at| !at.exclude_from_latest))
    }

    /// Whether the step can't be taken back, and so needs the newest word on what the version may be made from.
    pub fn rests_on_the_source(&self) -> bool {
        let creates = |step: &Step| step.name == StepName::Publish && self.report.resource_id.is_none();
        self.step.as_ref().is_some_and(|step| step.name == StepName::Seal || creates(step))
    }

    /// Whether nothing is left to be done, so that the next look may be at the list of the definition's versions.
    pub fn rests(&self) -> bool {
        self.step.is_none()
            && self.requeue == Requeue::Resync
            && matches!(self.report.progress, Progress::Settled { .. })
            && self.report.resource_id.is_some()
    }
}

/// When to look again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requeue {
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
    /// How far the disks of the copy go together whose moment is now; `None` leaves what was told.
    pub copy: Option<CopyStatus>,
    /// Whether the image definition's object allows the source.
    pub approved: Approved,
    /// From what the version was made; `None` leaves it as it was.
    pub provenance: Option<Provenance>,
    /// What the preparation of the guest told; what isn't given stays as it was.
    pub guest: Option<GuestStatus>,
    /// How it stands with the validation; `None` leaves it as it was.
    pub validation: Option<ValidationStatus>,
    /// Whether a validation is asked for, and its condition there; `None` leaves it as it was.
    pub validates: Option<bool>,
    /// In which regions the version is latest; `None` leaves it as it was.
    pub latest: Option<LatestReport>,
    /// Resource id of the version, once it was seen.
    pub resource_id: Option<String>,
    /// Size of the image.
    pub size_gib: Option<i64>,
    /// The stage at which the pass ended, if it came to one.
    pub stage: Option<&'static str>,
    /// The step that Azure is working on.
    pub running: Option<StepKey>,
    /// How long that may take, in seconds, if another time holds than for all steps of its name.
    pub limit_seconds: Option<u64>,
    /// What a person has to know when the object goes, as no status is left to say it.
    pub parting: Option<String>,
    /// Whose the version was that is taken over.
    pub adopted_from: Option<String>,
    /// Steps whose effect was seen.
    pub finished: BTreeSet<StepKey>,
    /// When Azure accepted the version's creation, if this process knows it.
    pub accepted: Option<Timestamp>,
    /// Why the last attempts at steps failed that Azure had accepted, as far as this pass was told.
    pub failures: BTreeMap<StepKey, StepFailure>,
    /// The step that Azure has just accepted: why an attempt before it failed is of no more interest.
    pub begun: Option<StepKey>,
    /// What this pass was told and may not believe at once.
    pub doubts: BTreeSet<Doubt>,
    /// What the step asks for, by whose wishes.
    pub asks: Asks,
    /// Which wishes Azure refuses; `None` leaves them as they were.
    pub refusals: Option<Refusals>,
    /// Changes that didn't last, and aren't written again for now.
    pub reverted: Vec<Change>,
    /// Temporary resources that are there, or are about to be made.
    pub temporary: BTreeSet<TemporaryId>,
    /// Until when temporary resources are kept that are kept for a while; `None` for those that aren't any more.
    pub expiries: BTreeMap<TemporaryId, Option<Timestamp>>,
    /// Temporary resources that are surely gone, or aren't the object's.
    pub gone: BTreeSet<TemporaryId>,
    /// Why temporary resources couldn't be deleted just now, in Azure's words.
    pub undeletable: BTreeMap<TemporaryId, String>,
    /// What belongs to the machine that is deleted, or became of it.
    pub belongings: Belongings,
    /// The object goes.
    pub leaves: bool,
    /// Nothing is missing but certainty about this: the next pass has to read that alone.
    pub confirming: Option<Read>,
}

/// Whether the image definition's object allows the source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Approved {
    /// This pass didn't look at it: what was told stays.
    #[default]
    Unseen,
    /// It does.
    Yes,
    /// It doesn't, and the work had gone too far to be stopped: why not.
    No(String),
}

/// What is told of latest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LatestReport {
    /// Whether it has a condition.
    pub told: bool,
    /// In how many regions the version is latest, for people.
    pub text: Option<String>,
    /// When it may become latest, while it soaks.
    pub soaks_until: Option<Timestamp>,
}

impl Default for Report {
    fn default() -> Self {
        Self {
            findings: BTreeMap::new(),
            progress: Progress::reconciling(Words::Begins.reason(), Words::Begins.to_string()),
            regions: None,
            source: None,
            copy: None,
            approved: Approved::default(),
            provenance: None,
            guest: None,
            validation: None,
            validates: None,
            latest: None,
            resource_id: None,
            size_gib: None,
            stage: None,
            running: None,
            limit_seconds: None,
            parting: None,
            adopted_from: None,
            finished: BTreeSet::new(),
            accepted: None,
            failures: BTreeMap::new(),
            begun: None,
            doubts: BTreeSet::new(),
            asks: Asks::default(),
            refusals: None,
            reverted: Vec::new(),
            temporary: BTreeSet::new(),
            expiries: BTreeMap::new(),
            gone: BTreeSet::new(),
            undeletable: BTreeMap::new(),
            belongings: Belongings::default(),
            leaves: false,
            confirming: None,
        }
    }
}

/// What was found out about what belongs to a machine that is deleted.
#[derive(Clone, Debug, PartialEq)]
pub enum Belongings {
    /// What it is: written down before the first of it is deleted.
    Found(Vec<Found>),
    /// What became of some of it.
    Became(BTreeMap<BelongingPart, Fate>),
}

impl Default for Belongings {
    fn default() -> Self {
        Self::Became(BTreeMap::new())
    }
}

/// The machine, or something that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Which part of the machine it is.
    pub part: BelongingPart,
    /// Its resource id.
    pub id: String,
    /// Azure's unique id of it.
    pub uid: String,
    /// Whether it is to be deleted.
    pub state: SourceCleanupState,
    /// Why it isn't.
    pub why: Option<String>,
}

/// What became of something that belonged to a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is surely gone.
    Deleted,
    /// It stays for good, and why.
    Kept(String),
    /// It couldn't be deleted just now, in Azure's words.
    Stuck(String),
}

/// What a stage comes to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outcome {
    /// Nothing is left of it to be done: the next stage is looked at.
    Done,
    /// The pass ends here, with a step or with a wait.
    Ends(Option<Step>, Requeue),
}

/// Why a pass can't be decided.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Stop {
    /// This has to be read first.
    Read(Read),
    /// Azure didn't tell what has to be known; the words complete "Could not …".
    Failed(Failure, &'static str),
}

impl Stop {
    /// Azure didn't tell something with a resource that it should have told.
    pub(super) fn untold(what: &str) -> Self {
        Self::Failed(Failure::Unavailable(format!("Azure didn't tell {what}")), "go on")
    }

    /// A stage was reached for which something is missing that an earlier one has seen.
    pub(super) fn unseen(what: &str) -> Self {
        Self::Failed(Failure::Unavailable(format!("Azure doesn't show {what}")), "go on")
    }
}

/// What a stage comes to, or why it can't tell.
pub(super) type Decision = Result<Outcome, Stop>;

/// How long something that is to be deleted may be busy until that is told, in seconds. Azure keeps an interface for 180 for a machine
/// that it failed to make (docs/azure-behaviour.md, section 18).
const BUSY_SECONDS: i64 = 600;

impl Report {
    pub(super) fn done(&mut self, message: &impl Message) {
        self.done_on(message.condition(), message);
    }

    /// The same, of a message that several conditions may say.
    pub(super) fn done_on(&mut self, condition: ConditionType, message: &impl Message) {
        self.findings.insert(condition, Finding::of(Truth::True, message));
    }

    /// Whether only a person can help.
    pub(super) fn is_stalled(&self) -> bool {
        matches!(self.progress, Progress::Stalled { .. })
    }

    /// A temporary resource couldn't be made or deleted, if that is what failed: the status keeps it, until when it isn't tried again, and
    /// until when what was made before stays. What is busy may be free again soon, so it is told only if it lasts.
    pub fn keep_failure(&mut self, step: &Step, failure: &Failure, status: &ImageVersionStatus, now: Timestamp) {
        let begun = recorded(status, &step.key()).map(|record| record.started_at.0);
        let lasts = begun.is_some_and(|begun| now.as_second() - begun.as_second() >= BUSY_SECONDS);
        if matches!(failure, Failure::Busy(_)) && !lasts {
            return;
        }
        if failure.is_permanent() && step.name.makes_a_part() && step.name != StepName::KeepDisk {
            attempt::tell_of_the_waiting(status, self);
        }
        if let Request::DeleteTemporary(id) = &step.request {
            self.undeletable.insert(id.clone(), failure.words().to_owned());
        }
        if let (Subject::Belonging(part), Belongings::Became(fates)) = (&step.subject, &mut self.belongings) {
            fates.insert(*part, Fate::Stuck(failure.words().to_owned()));
        }
    }

    pub(super) fn finished_if(&mut self, seen: bool, step: StepName) {
        if seen {
            self.finished.insert(step.into());
        }
    }

    /// Only a person can help.
    pub(super) fn stalled(&mut self, message: &impl Message) -> Decision {
        self.found(Truth::False, message);
        self.progress = Progress::stalled(message.reason(), message.to_string());
        ends(None, Requeue::Resync)
    }

    /// It settles by itself.
    pub(super) fn wait(&mut self, message: &impl Message) -> Decision {
        self.found(Truth::Unknown, message);
        self.progress = Progress::reconciling(message.reason(), message.to_string());
        ends(None, Requeue::Poll)
    }

    /// It failed, and may heal.
    pub(super) fn retry(&mut self, message: &impl Message) -> Decision {
        self.found(Truth::False, message);
        self.progress = Progress::retrying(message.reason(), message.to_string());
        ends(None, Requeue::Poll)
    }

    /// A step brings it on.
    pub(super) fn act(&mut self, message: &impl Message, step: Step) -> Decision {
        self.found(Truth::Unknown, message);
        self.progress = Progress::reconciling(message.reason(), message.to_string());
        ends(Some(step), Requeue::Poll)
    }

    /// A step is tried again, as what it is for failed.
    pub(super) fn act_again(&mut self, message: &impl Message, step: Step) -> Decision {
        self.found(Truth::False, message);
        self.progress = Progress::retrying(message.reason(), message.to_string());
        ends(Some(step), Requeue::Retry)
    }

    /// What was found out about the condition of a message.
    pub(super) fn found(&mut self, truth: Truth, message: &impl Message) {
        self.findings.insert(message.condition(), Finding::of(truth, message));
    }

    pub(super) fn not_needed(&mut self, condition: ConditionType) {
        self.done_on(condition, &Done::NotNeeded);
    }
}

/// The pass ends.
#[allow(clippy::unnecessary_wraps, reason = "it is the last word of a stage, which is a decision")]
pub(super) fn ends(step: Option<Step>, requeue: Requeue) -> Decision {
    Ok(Outcome::Ends(step, requeue))
}
