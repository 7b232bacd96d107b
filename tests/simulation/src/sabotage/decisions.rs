//! The seam of decisions: changes the input or the output of the controller's own decisions.

use std::sync::Arc;

use azimage::decisions::{Decide, Decisions};
use azimage_core::{
    image_version::{
        Action, Context, Memory, Next, Observed, Plan, ProcessMemory, Read, Report, State, Validated, Violation,
    },
    replication_target,
};
use azimage_crds::{Deletion, ImageVersion, ImageVersionStatus, ReplicationTarget};
use jiff::Timestamp;
use kube::Resource;

use super::{Address, Bug, desired, memory, observations, plans, protocol, statuses};

/// More 404s in a row than the controller needs to believe them.
pub(super) const ENOUGH: i32 = 1000;

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
    fn believes_one_404(&self, what: Read, deleting: bool) -> bool {
        match self.bug {
            Bug::BelieveOne404 => what == Read::Version && !deleting,
            Bug::BelieveOne404OnDeletion => what == Read::Version && deleting,
            Bug::AskOnOne404 => what != Read::Version,
            _ => false,
        }
    }
}

impl Decide for Sabotaged {
    fn validate(&self, object: &ImageVersion, context: Context<'_>) -> Result<Validated, Violation> {
        let mut object = object.clone();
        match self.bug {
            Bug::IgnoreSuspend => object.spec.suspend = false,
            Bug::IgnoreDeletionPolicy => object.spec.deletion_policy = Deletion::Delete,
            _ => {}
        }
        self.own.validate(&object, context)
    }

    fn next(&self, validated: &Validated, memory: &Memory<'_>, observed: &Observed) -> Next {
        let desired = desired::changed(self.bug, validated, observed);
        let read = observations::changed(self.bug, validated, observed);
        let (status, process) = memory::changed(self.bug, memory);
        let decide = |process: ProcessMemory| {
            self.own.next(&desired, &Memory { status: &status, process, now: memory.now }, &read)
        };
        let mut next = decide(process);
        if let Next::Plan(plan) = &next
            && let Some(what) = plan.report.absent.filter(|what| self.believes_one_404(*what, validated.deleting))
        {
            next = decide(ProcessMemory { absent: Some((what, ENOUGH)), ..process });
        }
        match next {
            Next::Plan(mut plan) => {
                plans::change(self.bug, memory, observed, &mut plan);
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
