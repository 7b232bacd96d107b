//! The seam of decisions: changes the input or the output of the controller's own decisions.

use std::sync::Arc;

use azimage::decisions::{Decide, Decisions};
use azimage_core::{
    image_version::{
        Action, Doubt, Environment, Facts, History, Memory, Next, Plan, Read, Report, State, Validated, Violation,
    },
    replication_target,
};
use azimage_crds::{Deletion, ImageVersion, ImageVersionStatus, ReplicationTarget};
use jiff::Timestamp;
use kube::Resource;

use super::{Address, Bug, desired, memory, observations, plans, protocol, statuses};

/// More 404s in a row than the controller needs to believe them.
pub(super) const ENOUGH: u32 = 1000;

/// The controller's own decisions with a bug around them.
pub(super) fn of(bug: Bug, address: Address) -> Decisions {
    Decisions::for_tests(Arc::new(Sabotaged { bug, address, own: Decisions::default() }))
}

struct Sabotaged {
    bug: Bug,
    address: Address,
    own: Decisions,
}

impl Sabotaged {
    /// Whether one 404 counts as many.
    fn believes_one_404(&self, doubt: &Doubt, validated: &Validated) -> bool {
        let Doubt::Absent(what) = doubt else { return false };
        let is_version = matches!(what, Read::Version(id) if *id == validated.id);
        match self.bug {
            Bug::BelieveOne404 => is_version && !validated.deleting,
            Bug::BelieveOne404OnDeletion => is_version && validated.deleting,
            Bug::AskOnOne404 => !is_version,
            Bug::BelieveOne404OfPart => matches!(what, Read::Temporary(_)),
            _ => false,
        }
    }
}

impl Decide for Sabotaged {
    fn validate(&self, object: &ImageVersion, environment: Environment<'_>) -> Result<Validated, Violation> {
        let mut object = object.clone();
        match self.bug {
            Bug::IgnoreSuspend => object.spec.suspend = false,
            Bug::IgnoreDeletionPolicy => object.spec.deletion_policy = Deletion::Delete,
            _ => {}
        }
        self.own.validate(&object, environment)
    }

    fn next(&self, validated: &Validated, history: &History<'_>, facts: &Facts) -> Next {
        let desired = desired::changed(self.bug, validated, facts);
        let read = observations::changed(self.bug, validated, facts);
        let (mut status, mut process) = memory::changed(self.bug, history);
        if self.bug == Bug::IgnoreUniqueIds {
            memory::take_unique_ids(status.to_mut(), &read);
        }
        let decide = |process: &Memory| {
            self.own.next(&desired, &History { status: &status, memory: process, ..*history }, &read)
        };
        let mut next = decide(&process);
        if let Next::Plan(plan) = &next
            && let Some(doubt) = plan.report.doubts.iter().find(|doubt| self.believes_one_404(doubt, validated))
        {
            process.doubts.insert(doubt.clone(), ENOUGH);
            next = decide(&process);
        }
        match next {
            Next::Plan(mut plan) => {
                plans::change(self.bug, validated, history, facts, &mut plan);
                Next::Plan(plan)
            }
            read @ Next::Read(_) => read,
        }
    }

    fn needs_fresh_targets(&self, plan: &Plan) -> bool {
        self.bug != Bug::StaleTargets && self.own.needs_fresh_targets(plan)
    }

    fn act(&self, validated: &Validated, plan: &Plan, state: State<'_>) -> Action {
        protocol::act(self.bug, &self.own, validated, plan, state)
    }

    fn next_status(
        &self,
        previous: &ImageVersionStatus,
        report: &Report,
        generation: i64,
        handled: Option<&String>,
        now: Timestamp,
    ) -> ImageVersionStatus {
        let mut status = self.own.next_status(previous, report, generation, handled, now);
        statuses::change(self.bug, &self.address, &mut status);
        status
    }

    fn target(
        &self,
        target: &ReplicationTarget,
        versions: &[&ImageVersion],
        siblings: &[&ReplicationTarget],
        now: Timestamp,
    ) -> replication_target::Plan {
        let plan = self.own.target(target, versions, siblings, now);
        let early = self.bug == Bug::LetTargetGoEarly && target.meta().deletion_timestamp.is_some();
        replication_target::Plan { release: plan.release || early, ..plan }
    }
}
