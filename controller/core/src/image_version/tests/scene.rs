//! What a pass sees, and what it comes to.

use std::time::Duration;

use azimage_crds::{ConditionType, ImageDefinition, ImageVersion, ImageVersionStatus, ReplicationTarget};
use jiff::Timestamp;
use serde_json::Value;

use super::{super::*, fixtures::*, told::*};
use crate::{Truth, lint};

/// What a pass sees.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub(super) object: ImageVersion,
    pub(super) targets: Vec<ReplicationTarget>,
    pub(super) definitions: Vec<ImageDefinition>,
    pub(super) versions: Vec<ImageVersion>,
    pub(super) status: ImageVersionStatus,
    pub(super) process: Memory,
    pub(super) observed: Observed,
}

/// The object as it is made, with nothing in Azure but what it needs.
pub(super) fn scene(change: &Value) -> Scene {
    Scene {
        object: object(change),
        targets: Vec::new(),
        definitions: Vec::new(),
        versions: Vec::new(),
        status: ImageVersionStatus { observed_generation: Some(GENERATION), ..ImageVersionStatus::default() },
        process: patient(),
        observed: Observed {
            version: Told::Missing(Absent::Resource),
            definition: Told::Found(definition()),
            virtual_machine: Told::Found(machine()),
            source_version: Told::Found(source_version()),
            seal: Told::Missing(Absent::Resource),
            console: Told::Found(facts::Console::Sealed),
            ..Observed::at_ease()
        },
    }
}

impl Scene {
    pub(super) fn machine(mut self, machine: facts::Machine) -> Self {
        self.observed.virtual_machine = Told::Found(machine);
        self
    }

    pub(super) fn definition(mut self, definition: facts::Definition) -> Self {
        self.observed.definition = Told::Found(definition);
        self
    }

    pub(super) fn seal(mut self, seal: facts::RunCommand) -> Self {
        self.observed.seal = Told::Found(seal);
        self
    }

    pub(super) fn console(mut self, console: facts::Console) -> Self {
        self.observed.console = Told::Found(console);
        self
    }

    /// The run command of the seal was removed so many seconds ago.
    pub(super) fn removed(mut self, ago: i64) -> Self {
        self.status.steps.push(step(StepName::ForgetSeal, 1, true, ago));
        self
    }

    pub(super) fn version(mut self, version: facts::Version) -> Self {
        self.observed.version = Told::Found(version);
        self
    }

    pub(super) fn observed(mut self, change: impl FnOnce(&mut Observed)) -> Self {
        change(&mut self.observed);
        self
    }

    pub(super) fn targets(self, targets: &[ReplicationTarget]) -> Self {
        Self { targets: targets.to_vec(), ..self }
    }

    pub(super) fn definitions(self, definitions: &[ImageDefinition]) -> Self {
        Self { definitions: definitions.to_vec(), ..self }
    }

    pub(super) fn versions(self, versions: &[ImageVersion]) -> Self {
        Self { versions: versions.to_vec(), ..self }
    }

    pub(super) fn status(self, status: ImageVersionStatus) -> Self {
        Self { status, ..self }
    }

    pub(super) fn process(self, process: Memory) -> Self {
        Self { process, ..self }
    }

    pub(super) fn validated(&self) -> Validated {
        let mut object = self.object.clone();
        object.status = Some(self.status.clone());
        let targets: Vec<_> = self.targets.iter().collect();
        let definitions: Vec<_> = self.definitions.iter().collect();
        let versions: Vec<_> = self.versions.iter().collect();
        let environment = Environment {
            cluster: "c1",
            own_identity_serves: true,
            account_serves: true,
            targets: &targets,
            versions: &versions,
            unreadable: &[],
            definitions: &definitions,
        };
        super::super::validate(&object, environment).unwrap()
    }

    pub(super) fn history(&self) -> History<'_> {
        History { status: &self.status, memory: &self.process, now: now(), resync: PACE.resync }
    }

    /// What the pass comes to, which reads one thing after the other.
    pub(super) fn plan(&self) -> Plan {
        self.pass().0
    }

    /// What the pass comes to, and what it has read for that. What the scene doesn't tell is missing in Azure.
    pub(super) fn pass(&self) -> (Plan, Facts) {
        let (validated, history) = (self.validated(), self.history());
        let mut facts = Facts::default();
        facts.at_rest.clone_from(&self.observed.seen);
        loop {
            match next(&validated, &history, &facts) {
                Next::Read(read) => self.observed.tell(&read, &mut facts),
                Next::Plan(plan) => return (*plan, facts),
            }
        }
    }

    /// What is remembered after the pass has decided.
    pub(super) fn decided(&self) -> Memory {
        let (plan, facts) = self.pass();
        self.process.clone().after(Event::Decided(&plan, Box::new(facts)), Duration::ZERO)
    }

    /// What has to be read next when all that the scene tells was read, if anything has.
    pub(super) fn next_read(&self) -> Option<Read> {
        let validated = self.validated();
        next_read(&validated, &self.history(), &self.observed.facts(&validated))
    }

    /// The status after the pass, checked as every status has to be.
    pub(super) fn next_status(&self) -> ImageVersionStatus {
        checked_status(&self.status, &self.plan().report)
    }

    /// What the pass comes to, in one line: step, Ready, the first condition that isn't true, and when to look again.
    pub(super) fn outcome(&self) -> String {
        let plan = self.plan();
        let status = self.next_status();
        let step = plan.step.as_ref().map_or_else(|| "-".to_owned(), |step| step.name.to_string());
        let ready = status.conditions.iter().find(|condition| condition.type_ == "Ready").unwrap();
        let open = DOMAIN
            .iter()
            .filter_map(|kind| plan.report.findings.get(kind).map(|finding| (kind, finding)))
            .find(|(_, finding)| finding.truth != Truth::True)
            .map_or_else(|| "-".to_owned(), |(kind, finding)| format!("{kind}={}", finding.reason));
        format!("{step} {}/{} {open} {:?}", ready.status, ready.reason, plan.requeue)
    }
}

/// A status, which has to pass the linter and to come out again from the same report.
pub(super) fn checked_status(previous: &ImageVersionStatus, report: &Report) -> ImageVersionStatus {
    let status = next_status(previous, report, GENERATION, None, now());
    let problems = lint::problems(GENERATION, status.observed_generation, &status.conditions);
    assert_eq!(problems, Vec::<String>::new(), "{report:#?}");
    let later = Timestamp::from_second(now().as_second() + 600).unwrap();
    let again = next_status(&status, report, GENERATION, None, later);
    assert_eq!(again, status, "a pass that finds the same must not write");
    status
}

pub(super) fn message(status: &ImageVersionStatus, kind: ConditionType) -> &str {
    &status.conditions.iter().find(|condition| condition.type_ == kind.as_str()).unwrap().message
}

/// What is the case, the scene, and what it comes to.
pub(super) type Row = (String, Scene, String);

pub(super) fn row(case: impl Into<String>, scene: Scene, expected: &str) -> Row {
    (case.into(), scene, expected.to_owned())
}

/// Checks all rows of a table before it fails.
pub(super) fn check(table: &[Row]) {
    let wrong: Vec<String> = table
        .iter()
        .filter_map(|(case, scene, expected)| {
            let found = scene.outcome();
            (found != *expected).then(|| format!("{case}\n  expected {expected}\n  found    {found}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What has to be read next, if anything has.
pub(super) fn next_read(validated: &Validated, history: &History<'_>, facts: &Facts) -> Option<Read> {
    match next(validated, history, facts) {
        Next::Read(read) => Some(read),
        Next::Plan(_) => None,
    }
}

/// What a pass comes to that has read all that it needs.
pub(super) fn plan(validated: &Validated, history: &History<'_>, facts: &Facts) -> Plan {
    match next(validated, history, facts) {
        Next::Read(read) => panic!("{read:?} has to be read first"),
        Next::Plan(plan) => *plan,
    }
}

/// The request on the machine of a step of this name.
pub(super) fn on_machine(step: Option<Step>, name: StepName) -> MachineRequest {
    match step {
        Some(Step { name: is, request: Request::PatchMachine(request), .. }) if is == name => request,
        step => panic!("{name} was expected, not {step:?}"),
    }
}
