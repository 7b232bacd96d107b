//! The controller without its I/O: a pass after the other, by the very protocol, over the model of Azure, with all that can
//! befall it.

use std::time::Duration;

use azimage_crds::{ImageVersion, ImageVersionStatus, ReplicationTarget};
use azimage_names::Obstacle;
use jiff::Timestamp;

use super::{super::*, azure::Azure, fixtures::*};
use crate::{Failure, Progress, lint};

/// Passes within which the longest way has to end.
const MOST_PASSES: usize = 160;

/// Seconds from one pass to the next.
const SECONDS: u32 = 30;

/// What befalls a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Nothing.
    Fine,
    /// The process ends before the pass, and forgets.
    Restart,
    /// The process ends after it has recorded its intent, before it carries it out.
    KilledBeforeStep,
    /// The process ends after the step, before it writes anything down.
    KilledAfterStep,
    /// Somebody empties the status.
    StatusLost,
    /// Azure turns the step away.
    TurnedAway,
    /// Nothing in Azure gets on.
    Slow,
    /// Azure answers one read, and asks for a pause at the next one.
    OneRead,
    /// Azure asks for a pause at the step.
    StepThrottled,
}

/// The controller without its I/O.
#[derive(Clone)]
pub(super) struct Controller {
    pub(super) object: ImageVersion,
    pub(super) others: Vec<ImageVersion>,
    pub(super) targets: Vec<ReplicationTarget>,
    pub(super) status: ImageVersionStatus,
    has_finalizer: bool,
    remembered: Memory,
    pub(super) now: Timestamp,
    passes: u32,
    intents: u32,
    pub(super) azure: Azure,
    pub(super) last: Option<Plan>,
    pub(super) carried_out: Vec<StepName>,
    /// Why Azure refuses steps of a name, if it does.
    pub(super) refuses: Option<(StepName, Failure)>,
}

impl Controller {
    pub(super) fn new(object: ImageVersion, azure: Azure) -> Self {
        Self {
            object,
            targets: Vec::new(),
            others: Vec::new(),
            status: ImageVersionStatus::default(),
            has_finalizer: false,
            remembered: Memory::default(),
            now: now(),
            passes: 0,
            intents: 0,
            azure,
            last: None,
            carried_out: Vec::new(),
            refuses: None,
        }
    }

    pub(super) fn validated(&self) -> Validated {
        let mut object = self.object.clone();
        object.status = Some(self.status.clone());
        let targets: Vec<_> = self.targets.iter().collect();
        let versions: Vec<_> = self.others.iter().collect();
        let environment = Environment {
            cluster: "c1",
            own_identity_serves: true,
            account_serves: true,
            targets: &targets,
            versions: &versions,
            unreadable: &[],
            definitions: &[],
        };
        super::super::validate(&object, environment).unwrap()
    }

    fn question(&self) -> Question {
        Question {
            id: Some(version_id()),
            principal: Some("p".to_owned()),
            generation: self.object.metadata.generation,
            deleting: self.object.metadata.deletion_timestamp.is_some(),
            requested: None,
        }
    }

    fn plan(&mut self, validated: &Validated, fate: Fate) -> Plan {
        let (question, uptime) = (self.question(), self.uptime());
        let mut facts = self.remembered.take_facts(question, validated, uptime);
        let history = History { status: &self.status, memory: &self.remembered, now: self.now, resync: PACE.resync };
        let mut reads = 0_usize;
        let plan = loop {
            let read = match next(validated, &history, &facts) {
                Next::Read(read) => read,
                Next::Plan(plan) => break *plan,
            };
            facts.forget(&read);
            // Kubernetes has no part in Azure's budget.
            let is_of_azure = !matches!(read, Read::Namespace(_));
            assert!(validated.identity.is_some() || !is_of_azure, "{read:?} without an identity");
            if fate == Fate::OneRead && reads > 0 && is_of_azure {
                super::told::throttled(&read, &mut facts);
            } else {
                self.azure.read(&read, &mut facts);
            }
            reads += usize::from(is_of_azure);
        };
        self.remember(Event::Decided(&plan, Box::new(facts)));
        self.last = Some(plan.clone());
        plan
    }

    fn uptime(&self) -> Duration {
        Duration::from_secs(u64::from(self.passes * SECONDS))
    }

    fn write(&mut self, report: &Report) {
        let handled = crate::requested::requested(&self.object);
        self.status = next_status(&self.status, report, GENERATION, handled.as_ref(), self.now);
        let problems = lint::problems(GENERATION, self.status.observed_generation, &self.status.conditions);
        assert_eq!(problems, Vec::<String>::new());
    }

    fn remember(&mut self, event: Event<'_>) {
        let uptime = self.uptime();
        self.remembered = std::mem::take(&mut self.remembered).after(event, uptime);
    }

    fn forget(&mut self) {
        self.remembered = Memory::default();
    }

    /// Nobody looks for so many hours.
    pub(super) fn sleep(&mut self, hours: i64) {
        self.now = Timestamp::from_second(self.now.as_second() + hours * 3600).unwrap();
    }

    /// What a wake-up does, up to where it waits.
    pub(super) fn pass(&mut self, fate: Fate) {
        self.passes += 1;
        self.now = Timestamp::from_second(self.now.as_second() + i64::from(SECONDS)).unwrap();
        self.azure.now = self.now;
        if fate != Fate::Slow {
            self.azure.tick();
        }
        match fate {
            Fate::Restart => self.forget(),
            Fate::StatusLost => {
                // Finalizer and spec stay; all else that was written down is gone.
                self.status = ImageVersionStatus::default();
            }
            _ => {}
        }
        while self.act(fate) {}
    }

    /// One pass of a wake-up; whether another one follows at once.
    fn act(&mut self, fate: Fate) -> bool {
        let validated = self.validated();
        let Plan { step, mut report, requeue } = self.plan(&validated, fate);
        let plan = Plan { step, report: report.clone(), requeue };
        let state = State {
            status: &self.status,
            remembered: &self.remembered,
            has_finalizer: self.has_finalizer,
            pace: &PACE,
            now: self.now,
            azure_now: None,
        };
        match act(&validated, &plan, state) {
            Action::Wait(requeue) => {
                self.remember(Event::Waited(&report, requeue));
                self.write(&report);
            }
            Action::AddFinalizer => {
                self.has_finalizer = true;
                self.remember(Event::Prepared);
                return true;
            }
            Action::Announce(step) => {
                self.remembered.overlay(&mut report, &step);
                self.write(&report);
                self.intents += 1;
                let id = self.intents.to_string();
                record_intent(&mut self.status, &step, &id, self.now, Some(self.now));
                self.remember(Event::Announces(step, &id));
                if fate != Fate::KilledBeforeStep {
                    return true;
                }
                self.forget();
            }
            Action::Pause(step) => {
                self.remembered.overlay(&mut report, &step);
                self.remember(Event::Pauses);
                self.write(&report);
            }
            Action::Execute(announced) => self.carry_out(&announced, report, fate),
            Action::Defer => self.defer(&report),
            Action::Release | Action::Suspended => {}
        }
        false
    }

    fn carry_out(&mut self, announced: &Announced, mut report: Report, fate: Fate) {
        let (step, id) = (announced.step().key(), announced.correlation_id());
        self.remember(Event::Tries);
        if fate == Fate::StepThrottled {
            report.progress = Failure::Throttled.progress(step.name.doing());
            return self.defer(&report);
        }
        if let Some(why) = self.azure.refusal(announced.step()) {
            let of_size = matches!(step.name, StepName::CreateMachine | StepName::CreateValidationMachine);
            let failure =
                if of_size { Failure::Forbidden { by: Obstacle::Capacity, why } } else { Failure::Refused(why) };
            self.remember(Event::Failed { step: step.clone(), failure: failure.clone(), retry_after: None });
            if let Some(narrowed) = self.remembered.with_refusals(&failure, &self.status) {
                self.status = narrowed;
                return;
            }
        } else if let Some((_, failure)) = self.refuses.clone().filter(|(name, _)| *name == step.name) {
            report.keep_failure(announced.step(), &failure, &self.status, self.now);
            self.remember(Event::Failed { step: step.clone(), failure, retry_after: None });
        } else if fate == Fate::TurnedAway {
            let failure = Failure::Unavailable("turned away".to_owned());
            self.remember(Event::Failed { step: step.clone(), failure, retry_after: None });
        } else {
            self.azure.carry_out(announced.step());
            self.carried_out.push(step.name);
            if fate == Fate::KilledAfterStep {
                return self.forget();
            }
            report.begun = Some(step.clone());
            self.remember(Event::Accepted { step: step.clone(), id, proven: true, followed: true, at: self.now });
        }
        report.accepted = self.remembered.accepted_at(StepName::Publish);
        self.remembered.overlay(&mut report, &step);
        self.write(&report);
    }

    fn defer(&mut self, report: &Report) {
        let uptime = self.uptime();
        let says = self.remembered.should_report_throttling(&self.status, Some(GENERATION), uptime);
        self.remember(Event::Deferred(None));
        if says {
            self.write(report);
        }
    }

    fn over(&self) -> bool {
        self.last.as_ref().is_some_and(|plan| {
            matches!(plan.report.progress, Progress::Settled { .. } | Progress::Stalled { .. })
                || matches!(plan.requeue, Requeue::Release | Requeue::Resync)
        })
    }

    pub(super) fn run(&mut self, fates: &[Fate]) {
        for fate in fates {
            self.pass(*fate);
        }
        self.last = None;
        for _ in 0..MOST_PASSES {
            if self.over() {
                return;
            }
            self.pass(Fate::Fine);
        }
        panic!("no end after {MOST_PASSES} passes: {:#?} {:?}", self.last, self.carried_out);
    }

    pub(super) fn progress(&self) -> &Progress {
        &self.last.as_ref().unwrap().report.progress
    }

    pub(super) fn regions(&self) -> Vec<&str> {
        let version = self.azure.version.as_ref().unwrap();
        let mut regions: Vec<&str> = version.targets.iter().map(|target| target.region.as_str()).collect();
        regions.sort_unstable();
        regions
    }
}
