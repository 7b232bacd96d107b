//! The controller, as far as it matters to the plan: a pass after the other over the model of Azure, with all that can
//! befall it.

use std::collections::BTreeMap;

use azimage_crds::{ImageVersion, ImageVersionStatus, ReplicationTarget};
use jiff::Timestamp;

use super::{super::*, azure::Azure, fixtures::*};
use crate::{Progress, lint};

/// Passes within which the longest way has to end.
const MOST_PASSES: usize = 160;

/// Seconds from one pass to the next.
const PACE: i64 = 30;

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
}

/// The controller, as far as it matters here: an intent is on record before its step, and the plan is made anew
/// before the step is carried out.
pub(super) struct Controller {
    pub(super) object: ImageVersion,
    pub(super) targets: Vec<ReplicationTarget>,
    pub(super) status: ImageVersionStatus,
    process: ProcessMemory,
    /// The intent of each step that this process carried out.
    used: BTreeMap<StepName, String>,
    now: Timestamp,
    intents: u32,
    pub(super) azure: Azure,
    pub(super) last: Option<Plan>,
    pub(super) carried_out: Vec<StepName>,
}

impl Controller {
    pub(super) fn new(object: ImageVersion, azure: Azure) -> Self {
        Self {
            object,
            targets: Vec::new(),
            status: ImageVersionStatus::default(),
            process: ProcessMemory::default(),
            used: BTreeMap::new(),
            now: now(),
            intents: 0,
            azure,
            last: None,
            carried_out: Vec::new(),
        }
    }

    fn plan(&mut self) -> Plan {
        let mut object = self.object.clone();
        object.status = Some(self.status.clone());
        let targets: Vec<_> = self.targets.iter().collect();
        let context = Context { cluster: "c1", own_identity_serves: true, targets: &targets, versions: &[] };
        let validated = super::super::validate(&object, context).unwrap();
        let memory = Memory { status: &self.status, process: self.process, now: self.now };
        let mut observed = Observed::default();
        let plan = loop {
            match next(&validated, &memory, &observed) {
                Next::Read(read) => self.azure.read(read, &mut observed),
                Next::Plan(plan) => break *plan,
            }
        };
        self.process = self.process.after(&plan.report, &observed);
        self.last = Some(plan.clone());
        plan
    }

    fn write(&mut self, plan: &Plan) {
        self.status = next_status(&self.status, &plan.report, GENERATION, None, self.now);
        let problems = lint::problems(GENERATION, self.status.observed_generation, &self.status.conditions);
        assert_eq!(problems, Vec::<String>::new());
    }

    fn forget(&mut self) {
        self.process = ProcessMemory::default();
        self.used.clear();
    }

    fn open_intent(&self, name: StepName) -> Option<String> {
        let record =
            self.status.steps.iter().find(|step| step.name == name.to_string() && step.finished_at.is_none())?;
        record.correlation_id.clone().filter(|id| Some(id) != self.used.get(&name))
    }

    pub(super) fn pass(&mut self, fate: Fate) {
        self.now = Timestamp::from_second(self.now.as_second() + PACE).unwrap();
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
        let mut plan = self.plan();
        if let Some(name) = plan.step.as_ref().map(Step::name)
            && self.open_intent(name).is_none()
        {
            self.write(&plan);
            self.intents += 1;
            record_intent(&mut self.status, name, &self.intents.to_string(), self.now, Some(self.now));
            self.process.announces(name);
            if fate == Fate::KilledBeforeStep {
                return self.forget();
            }
            plan = self.plan();
        }
        if let Some(step) = &plan.step {
            let Some(id) = self.open_intent(step.name()) else { return self.write(&plan) };
            self.used.insert(step.name(), id);
            self.process.tries();
            if fate == Fate::TurnedAway {
                return self.write(&plan);
            }
            self.azure.carry_out(step);
            self.carried_out.push(step.name());
            if fate == Fate::KilledAfterStep {
                return self.forget();
            }
            self.process.carried_out(step.name(), self.now, true);
            plan.report.accepted = self.process.accepted;
        }
        self.write(&plan);
    }

    fn over(&self) -> bool {
        self.last.as_ref().is_some_and(|plan| {
            matches!(plan.report.progress, Progress::Settled { .. } | Progress::Stalled { .. })
                || plan.wake == Wake::Release
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
