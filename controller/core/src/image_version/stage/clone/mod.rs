//! A copy of the machine is made, from a restore point of it or snapshots of its disks, and started behind a closed network: nothing is changed of the
//! machine itself.
//!
//! ```text
//! restore point, or snapshots ──▶ disks ──▶ security group that denies all ──▶ interface behind it ──▶ machine ──▶ its agent is ready
//! ```
//! Once the machine is there, nothing before it is looked at any more.

pub(in super::super) mod attempt;
mod consistency;
mod make;
mod restore_point;
mod started;
pub(in super::super) mod words;

use azimage_names::Region;
use words::{Failed, Words, Workspace};

use super::{
    super::{
        CloneSpec, Doubt, OsType, Read, Requeue, Scope, StepKey, StepName,
        context::{Answer, Cx, Presence},
        facts,
        report::{Decision, Outcome, Report, Stop, ends},
        words::{Done, NotShown},
    },
    clean::{
        clear::{self, Clearing, Of},
        recall,
    },
    preflight,
};
use crate::temporary::Part;
use make::Making;
pub(super) use make::is_closed;
use restore_point::Taken;
pub(super) use restore_point::is_needed as needs_restore_point;

/// Whether the copy exists, so that the machine itself matters no more; what ends the pass instead, if it existed and doesn't.
pub(super) fn is_made(cx: &Cx<'_>, report: &mut Report) -> Result<Option<Outcome>, Stop> {
    let Some(clone) = cx.clone_spec() else { return Ok(None) };
    match cx.machine(&clone.machine)?.or_stop("read the copy of the machine")? {
        Presence::Found(machine) if cx.validated.owns_tag(&machine.tags) => {
            report.source =
                Some(azimage_crds::SourceStatus { virtual_machine_uid: None, ..super::source::facts(machine) });
            report.done(&Done::MachineIsCloned);
            Ok(Some(Outcome::Done))
        }
        Presence::Missing(_) if was_made(cx) => vanished(cx, clone, report).map(Some),
        Presence::Found(_) | Presence::Missing(_) => Ok(None),
    }
}

/// Whether the copy was seen to be there.
fn was_made(cx: &Cx<'_>) -> bool {
    let record = cx.history.step(StepKey::on_part(StepName::CreateMachine, Part::Machine));
    record.is_some_and(|record| record.finished_at.is_some())
}

/// Whether a copy is being made, and the machine isn't the one of which: what both have in common would go together. The status keeps
/// which one it was until nothing is left of that copy.
pub(super) fn is_replaced(cx: &Cx<'_>, machine: &facts::Machine) -> bool {
    let known = cx.history.status.source.as_ref().and_then(|source| source.virtual_machine_uid.as_ref());
    let begun = cx.clone_spec().is_some() && !cx.history.status.temporary.is_empty();
    begun && known.is_some_and(|known| *known != machine.uid)
}

/// The copy was there, and Azure doesn't show it.
fn vanished(cx: &Cx<'_>, clone: &CloneSpec, report: &mut Report) -> Decision {
    let doubt = Doubt::Absent(Read::Machine(clone.machine.clone()));
    let believed = cx.history.believes(&doubt);
    report.doubts(doubt);
    if believed {
        return report.stalled(&Failed::Gone);
    }
    report.doubted(&NotShown::Machine { id: clone.machine.clone() })
}

/// The copy runs, and its agent is ready.
pub(in super::super) fn decide(cx: &Cx<'_>, report: &mut Report) -> Decision {
    let Some(clone) = cx.clone_spec() else { return Ok(Outcome::Done) };
    match cx.machine(&clone.machine)? {
        Answer::Found(machine) => started::decide(cx, clone, machine, report),
        Answer::Missing(_) => make(cx, clone, report),
        Answer::Failed(failure) => Err(Stop::Failed(failure.clone(), "read the copy of the machine")),
    }
}

/// The copy isn't there yet.
fn make(cx: &Cx<'_>, clone: &CloneSpec, report: &mut Report) -> Decision {
    let (source, machine) = cx.origin_machine()?;
    let Some(subnet) = clone.subnets.get(&machine.location) else {
        return report.stalled(&Workspace::NoSubnet { region: machine.location.clone() });
    };
    let begun = cx.history.begun_any(StepName::makes_a_part);
    if !begun {
        if machine.os_type == OsType::Windows && !clone.mask_units.is_empty() {
            return report.stalled(&Failed::UnitsOfWindows);
        }
        if let end @ Outcome::Ends(..) = preflight::before_clone(cx, clone, subnet, report)? {
            return Ok(end);
        }
        // What is being attached or detached may be in the snapshots or not.
        if machine.is_being_changed() {
            return report.wait(&Words::SourceChanging);
        }
        // What is made now may be of another moment, and of other disks.
        let left = recall::of_an_earlier_copy(cx, clone)?;
        if !left.is_empty() {
            report.temporary.extend(left);
            return anew(cx, &Words::Left, report);
        }
    }
    let mut making = Making { cx, clone, origin: source.origin, machine, subnet, restored: None };
    if restore_point::is_needed(cx, clone, machine) {
        match making.restore_point(report)? {
            Taken::Not(outcome) => return Ok(outcome),
            Taken::With(disks) => making.restored = Some(disks),
        }
    }
    for (part, words) in making.parts() {
        if let Some(outcome) = making.ensure(part, &words, report)? {
            return Ok(outcome);
        }
    }
    making.machine(report)
}

/// All that was made goes, and is made again.
fn anew(cx: &Cx<'_>, words: &Words, report: &mut Report) -> Decision {
    match clear::clear(cx, report, Of::Capture, |_| false)? {
        Clearing::Deletes(step) => report.act(words, step),
        Clearing::Waits | Clearing::Gone => {
            report.wait(words)?;
            ends(None, Requeue::Poll)
        }
    }
}

/// What the workspace lacks, as Azure says again and again.
pub(super) fn workspace_missing(
    cx: &Cx<'_>,
    scope: &Scope,
    region: &Region,
    list: Read,
    report: &mut Report,
) -> Decision {
    let doubt = Doubt::Absent(list);
    let believed = cx.history.believes(&doubt);
    report.doubts(doubt);
    if !believed {
        return report.wait(&Words::WorkspaceNotShown);
    }
    match scope {
        Scope::Subnet(subnet) => {
            report.stalled(&Workspace::SubnetMissing { subnet: subnet.clone(), region: region.clone() })
        }
        other => report.stalled(&Workspace::GroupMissing { group: other.to_string() }),
    }
}
