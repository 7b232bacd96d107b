//! What to do next for an object that is being deleted.

use azimage_crds::{Deletion, Reason};
use azimage_deliberate_bugs::bug;

use super::{
    Memory, Observed, Plan, Provisioning, Read, Reading, Report, SourceSpec, Step, StepName, Validated, Wake,
    absence::CONFIRMATIONS, tags,
};
use crate::{Failure, Progress};

pub(super) fn plan(validated: &Validated, memory: &Memory<'_>, observed: &Observed) -> Plan {
    let mut report = Report::default();
    if validated.deletion == Deletion::Retain {
        return report.let_go("The gallery image version is retained");
    }
    match &observed.version {
        Reading::NotRead => report.failed_unread("the gallery image version"),
        Reading::Failed(failure) => report.failed(failure, "read the gallery image version before deleting it"),
        Reading::Found(version) if !validated.owns_tag(&version.tags) && !bug!(DeleteForeignVersion) => {
            report.let_go("The gallery image version of that name isn't ours, so it is left alone")
        }
        Reading::Found(version) if version.provisioning == Provisioning::Deleting => {
            report.running = Some(StepName::Delete);
            report.deleting("Azure is deleting the gallery image version", Wake::Poll)
        }
        Reading::Found(version) if version.block_deletion && not_reached(version.end_of_life, memory) => {
            let message = "Azure doesn't delete the gallery image version before the end of its life (safetyProfile.blockDeletionBeforeEndOfLife): wait until then, turn that off in Azure, or set spec.deletionPolicy to Retain".to_owned();
            report.progress = Progress::stalled(Reason::DeletionBlocked, message);
            Plan { step: None, report, wake: Wake::Resync }
        }
        Reading::Found(_) => {
            report.progress = Progress::reconciling(Reason::Deleting, "Deleting the gallery image version");
            Plan { step: Some(Step::Delete(validated.id.clone())), report, wake: Wake::Poll }
        }
        Reading::Missing(_) => {
            if !bug!(BelieveOne404OnDeletion)
                && (memory.may_turn_up() || memory.found_absent(Read::Version) + 1 < confirmations(memory))
            {
                report.absent = Some(Read::Version);
                return report.deleting("Confirming that the gallery image version is gone", Wake::Poll);
            }
            release(validated, observed, report)
        }
    }
}

/// How many answers in a row have to say that the version is gone. What was never begun can't turn up late; where the
/// status was lost, nobody knows what was begun.
fn confirmations(memory: &Memory<'_>) -> i32 {
    let lost = memory.status.observed_generation.is_none_or(|generation| generation < 1);
    let possible =
        lost || memory.was_published() || memory.begun(StepName::Publish) || memory.found_absent(Read::Version) > 0;
    if possible { CONFIRMATIONS } else { 1 }
}

/// Nothing of ours is left but perhaps the claim on a machine that can still be used.
fn release(validated: &Validated, observed: &Observed, report: Report) -> Plan {
    let SourceSpec::VirtualMachine { id, .. } = &validated.source else {
        return report.let_go("The gallery image version is gone");
    };
    match &observed.virtual_machine {
        Reading::Found(machine) if validated.owns_tag(&machine.tags) && !machine.generalized => {
            match tags::release_request(id, machine) {
                Some(request) => {
                    let mut report = report;
                    report.progress = Progress::reconciling(Reason::Deleting, "Releasing the claim on the source");
                    Plan { step: Some(Step::ReleaseSource(request)), report, wake: Wake::Poll }
                }
                None => report.let_go("The source can't be released, as it has no etag"),
            }
        }
        // A look that has to wait for its turn is no failure.
        Reading::Failed(failure @ Failure::Throttled) => report.failed(failure, "read the source virtual machine"),
        // A claim of an object that is gone holds no more, so failing to release it must not hold up the deletion.
        _ => report.let_go("The gallery image version is gone"),
    }
}

fn not_reached(end_of_life: Option<jiff::Timestamp>, memory: &Memory<'_>) -> bool {
    end_of_life.is_some_and(|end| end > memory.now)
}

impl Report {
    fn let_go(mut self, message: &str) -> Plan {
        self.progress = Progress::reconciling(Reason::Deleting, message);
        Plan { step: None, report: self, wake: Wake::Release }
    }

    fn deleting(mut self, message: &str, wake: Wake) -> Plan {
        self.progress = Progress::reconciling(Reason::Deleting, message);
        Plan { step: None, report: self, wake }
    }
}
