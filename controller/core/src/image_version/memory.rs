//! What a process remembers of an image version between passes, and how a pass changes it. All of it may be lost.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use azimage_crds::{ConditionType, ImageVersionStatus, Reason};
use azimage_names::{ImageVersionId, Obstacle};
use jiff::Timestamp;

use super::{
    Doubt, Facts, OperationOf, Plan, Question, Report, Requeue, StepKey, StepName, Validated, facts,
    refusals::Refusals,
    reverts::Reverts,
    wish::{Asks, may_be_of_a_wish},
};
use crate::{Failure, Pace, Progress, temporary::Part};

/// How long an object may wait for its turn before its status says so.
const PATIENCE: Duration = Duration::from_secs(300);

/// What is remembered of one object. Times are the process's own, since its start, if they aren't said to be others: they
/// never jump.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memory {
    /// The steps that Azure accepted, the last attempt at each. What Azure turned away was no attempt.
    pub executed: BTreeMap<StepKey, Executed>,
    /// The step whose intent this process recorded last.
    pub announced: Option<Intent>,
    /// What the last passes were told and didn't believe, and how many of them in a row.
    pub doubts: BTreeMap<Doubt, u32>,
    /// What a pass that had to stop midway has read.
    pub facts: Facts,
    /// The version as it was last read by itself, while nothing is left to be done.
    at_rest: Option<AtRest>,
    /// The last failure of a step, shown until the step succeeds or isn't wanted any more.
    failure: Option<(StepKey, Failure)>,
    /// Failures in a row.
    failures: u32,
    /// How often in a row Azure said of a step that a state is in the way, whatever else failed in between.
    not_allowed: u32,
    /// How often Azure refused the machine of this attempt at a copy for want of capacity or quota.
    no_capacity: u32,
    /// How long Azure, or the budget, asked to wait after the last failure.
    retry_after: Option<Duration>,
    /// Since when no pass has come to its end, because each had to wait for its turn.
    deferred_since: Option<Duration>,
    /// What the last pass, and those before it, waited for, and since when.
    waiting: Option<(Progress, Duration)>,
    /// Which wishes Azure refuses, once this process has looked at them.
    pub(super) refusals: Option<Refusals>,
    /// Which changes were written of late.
    pub(super) reverts: Reverts,
    /// What the step of the last pass asks for.
    asks: Asks,
    /// The time of the last pass.
    pub(super) uptime: Duration,
}

/// A step that Azure accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executed {
    /// Under which correlation id: another try of the step is another attempt.
    pub id: String,
    /// When, by the wall clock.
    pub at: Timestamp,
    /// When it, or an attempt before it, was accepted by an answer that was surely Azure's.
    pub proven_at: Option<Timestamp>,
    /// Its effect was seen, or isn't waited for any more.
    pub shows: bool,
    /// Azure told where its operation can be followed, and this process knows it.
    pub followed: bool,
}

/// A step whose intent stands in the status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// The step.
    pub key: StepKey,
    /// Under which correlation id.
    pub id: String,
    /// This process has tried to carry it out: whatever came of it, Azure may have got it.
    pub tried: bool,
}

/// A version at rest.
#[derive(Clone, Debug, PartialEq)]
struct AtRest {
    /// With whose rights it was read.
    principal: String,
    id: ImageVersionId,
    version: Arc<facts::Version>,
}

/// What became of a pass, in the order in which it happens.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<'a> {
    /// It has decided, on these facts.
    Decided(&'a Plan, Box<Facts>),
    /// It found nothing to do but to wait.
    Waited(&'a Report, Requeue),
    /// It had to wait for its turn.
    Deferred(Option<Duration>),
    /// It only wrote to the object itself, and another one follows at once.
    Prepared,
    /// It records the intent of a step under this correlation id.
    Announces(StepKey, &'a str),
    /// It has to pause before another attempt.
    Pauses,
    /// It is about to carry out what it announced: whatever comes of it, Azure may have got it.
    Tries,
    /// Azure accepted a step.
    Accepted {
        /// The step.
        step: StepKey,
        /// Under which correlation id.
        id: &'a str,
        /// Whether the answer was surely Azure's.
        proven: bool,
        /// Whether it told where the operation can be followed.
        followed: bool,
        /// When, by the wall clock.
        at: Timestamp,
    },
    /// Azure didn't accept a step.
    Failed {
        /// The step.
        step: StepKey,
        /// Why.
        failure: Failure,
        /// How long Azure asks to wait.
        retry_after: Option<Duration>,
    },
}

impl Memory {
    /// Takes out what is still good of the facts, for a pass that begins now and asks this.
    pub fn take_facts(&mut self, question: Question, validated: &Validated, now: Duration) -> Facts {
        let same = |rest: &&AtRest| {
            // Whoever asks for a reconcile gets a read, not what a list said some time ago.
            rest.id == validated.id && question.principal.as_ref() == Some(&rest.principal) && !validated.requested
        };
        self.uptime = now;
        let at_rest = self.at_rest.as_ref().filter(same).map(|rest| rest.version.clone());
        let mut facts = std::mem::take(&mut self.facts).resumed(question, now);
        facts.at_rest = at_rest;
        facts
    }

    /// What is remembered after this became of a pass.
    #[must_use]
    pub fn after(self, event: Event<'_>, now: Duration) -> Self {
        match event {
            Event::Decided(plan, facts) => self.decided(plan, *facts),
            Event::Waited(report, requeue) => {
                let progress = &report.progress;
                let same = self.waiting.filter(|(before, _)| before == progress);
                let facts = report.confirming.as_ref().map(|read| {
                    let mut facts = self.facts.for_another_pass();
                    facts.forget(read);
                    facts
                });
                let (mut refusals, mut reverts) = (self.refusals, self.reverts);
                if let Some(refusals) = &mut refusals {
                    refusals.answered();
                }
                reverts.answered();
                Self {
                    refusals,
                    reverts,
                    facts: facts.unwrap_or_default(),
                    failure: None,
                    failures: if requeue == Requeue::Retry { self.failures.saturating_add(1) } else { 0 },
                    not_allowed: if requeue == Requeue::Retry { self.not_allowed } else { 0 },
                    retry_after: None,
                    deferred_since: None,
                    waiting: same.or_else(|| Some((progress.clone(), now))),
                    ..self
                }
            }
            Event::Deferred(retry_after) => Self {
                facts: self.facts.for_another_pass(),
                retry_after,
                deferred_since: self.deferred_since.or(Some(now)),
                ..self
            },
            Event::Prepared => Self { facts: self.facts.for_another_pass(), ..self },
            Event::Announces(key, id) => self.announces(key, id),
            Event::Pauses => Self { facts: self.facts.for_another_pass(), deferred_since: None, waiting: None, ..self },
            Event::Tries => {
                let announced = self.announced.map(|intent| Intent { tried: true, ..intent });
                Self { facts: self.facts.for_another_pass(), announced, waiting: None, ..self }
            }
            Event::Accepted { step, id, proven, followed, at } => {
                let mut next = self;
                if let Some(refusals) = &mut next.refusals {
                    refusals.granted(&next.asks, now);
                }
                next.reverts.written(&next.asks, now);
                // What was to be had for one machine counts anew for the other.
                if step.name == StepName::CreateValidationMachine {
                    next.no_capacity = 0;
                }
                let before = next.executed.get(&step).and_then(|before| before.proven_at);
                let proven_at = proven.then_some(at).or(before);
                let executed = Executed { id: id.to_owned(), at, proven_at, shows: false, followed };
                next.executed.insert(step, executed);
                Self {
                    facts: Facts::default(),
                    failure: None,
                    failures: 0,
                    not_allowed: 0,
                    retry_after: None,
                    deferred_since: None,
                    ..next
                }
            }
            Event::Failed { failure, .. } if self.narrows(&failure).is_some() => {
                let why = self.narrows(&failure).unwrap_or_default().to_owned();
                let mut refusals = self.refusals.unwrap_or_default();
                refusals.refused(&self.asks, &why, now);
                Self {
                    facts: Facts::default(),
                    refusals: Some(refusals),
                    failure: None,
                    failures: 0,
                    retry_after: None,
                    deferred_since: None,
                    ..self
                }
            }
            Event::Failed { step, failure, retry_after } => {
                let of_size = u32::from(failure.is_for_want_of_capacity(step.name));
                let is_of_state = matches!(failure, Failure::NotAllowed(_));
                let not_allowed = if is_of_state { self.not_allowed.saturating_add(1) } else { self.not_allowed };
                Self {
                    facts: Facts::default(),
                    failures: self.failures.saturating_add(1),
                    not_allowed,
                    no_capacity: self.no_capacity.saturating_add(of_size),
                    deferred_since: None,
                    retry_after,
                    failure: Some((step, failure.after(not_allowed))),
                    ..self
                }
            }
        }
    }

    /// A step is about to be carried out.
    fn announces(self, key: StepKey, id: &str) -> Self {
        let mut next = Self { facts: self.facts.for_another_pass(), deferred_since: None, waiting: None, ..self };
        for (executed, attempt) in &mut next.executed {
            attempt.shows |= key.name.begins_anew().contains(&executed.name);
        }
        // Another attempt at a copy tries all sizes again.
        let group = Part::ValidationSecurityGroup;
        let begins = matches!(key.name, StepName::CreateSnapshot | StepName::CreateRestorePointCollection);
        if begins || key == StepKey::on_part(StepName::CreateValidationNetwork, group) {
            next.no_capacity = 0;
        }
        next.announced = Some(Intent { key, id: id.to_owned(), tried: false });
        next
    }

    /// A pass that had to wait for its turn has learnt nothing but the facts.
    fn decided(self, plan: &Plan, facts: Facts) -> Self {
        if plan.requeue == Requeue::Throttled {
            return Self { facts, ..self };
        }
        let report = &plan.report;
        let mut next = self;
        for (key, executed) in &mut next.executed {
            executed.shows |= report.finished.contains(key) || report.running.as_ref() == Some(key);
        }
        if let Some(refusals) = &report.refusals {
            next.refusals = Some(refusals.clone());
        }
        for change in &report.reverted {
            next.reverts.believe(change, next.uptime);
        }
        next.asks = report.asks.clone();
        // What a pass goes on from counts once, however many passes do.
        let is_told_again = |doubt: &Doubt| match doubt {
            Doubt::Absent(what) => facts.is_fresh(what),
            Doubt::NoVersion | Doubt::NoRegion(_) => true,
        };
        let again = |doubt: &Doubt| u32::from(is_told_again(doubt));
        let times = |doubt: &Doubt| next.doubts.get(doubt).map_or(1, |times| times.saturating_add(again(doubt)));
        let doubts = report.doubts.iter().map(|doubt| (doubt.clone(), times(doubt))).collect();
        Self { doubts, at_rest: plan.rests().then(|| AtRest::of(&facts)).flatten(), facts, ..next }
    }

    /// Azure's words, if they may be about single wishes, to which the refusal is narrowed down: a policy may close one region,
    /// and a quota may be used up there.
    fn narrows<'a>(&self, failure: &'a Failure) -> Option<&'a str> {
        let (Failure::Refused(why) | Failure::Forbidden { by: Obstacle::Policy | Obstacle::Quota, why }) = failure
        else {
            return None;
        };
        (!self.asks.wishes.is_empty() && may_be_of_a_wish(why)).then_some(why)
    }

    /// The status that keeps which wishes Azure refuses, after a failure that is of single wishes; none after another one.
    pub fn with_refusals(&self, failure: &Failure, status: &ImageVersionStatus) -> Option<ImageVersionStatus> {
        let refusals = self.refusals.as_ref().filter(|_| self.narrows(failure).is_some())?;
        Some(ImageVersionStatus { refusals: refusals.kept(), ..status.clone() })
    }

    /// When Azure itself accepted a step that is about one thing alone. It is kept, for the status that says so may fail to
    /// be written.
    pub fn accepted_at(&self, name: StepName) -> Option<Timestamp> {
        self.executed.get(&name.into()).and_then(|executed| executed.proven_at)
    }

    /// When the step was carried out, if its effect wasn't seen since.
    pub(super) fn not_shown_since(&self, key: &StepKey) -> Option<Timestamp> {
        self.executed.get(key).filter(|executed| !executed.shows).map(|executed| executed.at)
    }

    /// Whether Azure accepted the step under this correlation id.
    pub(super) fn was_accepted(&self, key: &StepKey, id: &str) -> bool {
        self.executed.get(key).is_some_and(|executed| executed.id == id)
    }

    /// The operation of the last attempt at a step that this process carried out, if it knows where that is read.
    pub(super) fn operation(&self, key: &StepKey) -> Option<OperationOf> {
        let executed = self.executed.get(key).filter(|executed| executed.followed)?;
        Some(OperationOf { step: key.clone(), id: executed.id.clone() })
    }

    /// Whether another process recorded and sent what is known under this correlation id.
    pub(super) fn knows_nothing_of(&self, key: &StepKey, id: &str) -> bool {
        !self.has_recorded(id) && !self.was_accepted(key, id)
    }

    /// Whether this very process recorded the correlation id, and none since.
    pub(super) fn has_recorded(&self, id: &str) -> bool {
        self.announced.as_ref().is_some_and(|intent| intent.id == id)
    }

    /// Whether this very process recorded the correlation id, and hasn't tried the step yet.
    pub(super) fn is_untried(&self, id: &str) -> bool {
        self.announced.as_ref().is_some_and(|intent| intent.id == id && !intent.tried)
    }

    /// When to look again after a step that was tried.
    pub fn requeue_after_step(&self) -> Requeue {
        match &self.failure {
            // It holds up nothing else: the status keeps that it failed, and until when it isn't tried again.
            Some((key, _)) if key.name.cleans_up() => Requeue::Poll,
            Some((key, failure)) => failure.requeue_of(key.name),
            None => Requeue::Poll,
        }
    }

    /// How often Azure refused the machine of this attempt at a copy for want of capacity or quota.
    pub(super) fn capacity_refusals(&self) -> u32 {
        self.no_capacity
    }

    /// The failure of a step, if it was the last one that was tried.
    pub(super) fn failure_of(&self, key: &StepKey) -> Option<&Failure> {
        self.failure.as_ref().filter(|(failed, _)| failed == key).map(|(_, failure)| failure)
    }

    /// The failure of the step that is still wanted is shown instead of the hope to do it.
    pub fn overlay(&self, report: &mut Report, step: &StepKey) {
        if let Some((failed, failure)) = &self.failure
            && failed == step
        {
            // It holds up nothing but the object's own end: else the condition `CleanedUp` tells of it.
            if step.name.cleans_up() && !report.leaves {
                return;
            }
            report.progress = failure.progress_of(step.name);
        }
    }

    /// With whose rights the version was read by itself, and which it is, while nothing is left to be done.
    pub fn at_rest(&self) -> Option<(&str, &ImageVersionId)> {
        self.at_rest.as_ref().map(|rest| (rest.principal.as_str(), &rest.id))
    }

    /// How long to wait before the object is looked at again, without what makes it differ from others'.
    pub fn requeue_after(&self, requeue: Requeue, pace: &Pace, now: Duration) -> Duration {
        let waited = self.waiting.as_ref().map_or(Duration::ZERO, |(_, since)| now.saturating_sub(*since));
        match requeue {
            Requeue::Poll => pace.poll(waited),
            Requeue::Retry => pace.retry(self.failures).max(self.retry_after.unwrap_or_default()),
            Requeue::Throttled => self.retry_after.unwrap_or(pace.poll),
            Requeue::Resync | Requeue::Release | Requeue::Never => pace.resync,
        }
    }

    /// Whether an object of this generation has to say that it waits for its turn. That costs writes, so it is said once:
    /// of an object that doesn't say yet how it stands, or that has waited for long. What is Ready stays so.
    pub fn should_report_throttling(
        &self,
        status: &ImageVersionStatus,
        generation: Option<i64>,
        now: Duration,
    ) -> bool {
        if status.observed_generation != generation {
            return true;
        }
        let waited = self.deferred_since.map_or(Duration::ZERO, |since| now.saturating_sub(since));
        let ready = status.conditions.iter().find(|condition| condition.type_ == ConditionType::Ready.as_str());
        ready.is_none_or(|ready| {
            let said = ready.reason == Reason::Throttled.as_str();
            ready.status != "True" && !said && waited >= PATIENCE
        })
    }
}

impl AtRest {
    /// What to compare the next list with: the version as it was last read by itself.
    fn of(facts: &Facts) -> Option<Self> {
        let question = facts.question();
        let id = question.id.clone()?;
        let read = facts.versions.found(&id).map(|version| Arc::new(version.clone()));
        Some(Self { principal: question.principal.clone()?, version: read.or_else(|| facts.at_rest.clone())?, id })
    }
}
