//! All disks of a machine as they are at one moment: a crash-consistent restore point, in a collection of its own.

use std::collections::BTreeMap;

use azimage_crds::Consistency;
use azimage_names::{DiskRestorePointId, RestorePointId};

use super::{
    super::super::{
        CloneSpec, Doubt, Provisioning, Read, Request, Step, StepKey, StepName,
        context::{Cx, Presence},
        facts,
        report::{Decision, Outcome, Report, Stop},
        words::Detail,
    },
    anew, consistency,
    make::Making,
    words::{Failed, Words},
};
use crate::{
    failure::late::is_incurable,
    temporary::{DiskPlace, Part, RESTORE_POINT, TemporaryId},
};

/// How often a restore point is asked for that Azure fails to make: it makes three of a machine in an hour (Azure documentation,
/// "Overview of Virtual Machine restore points").
const MOST_ATTEMPTS: i32 = 3;

/// How it stands with the restore point.
pub(super) enum Taken<'a> {
    /// It isn't there.
    Not(Outcome),
    /// It has these disks.
    With(&'a BTreeMap<DiskPlace, DiskRestorePointId>),
}

/// Whether the copy is made from a restore point. A copy that was begun goes on as it was begun.
pub(in super::super) fn is_needed(cx: &Cx<'_>, clone: &CloneSpec, machine: &facts::Machine) -> bool {
    let begun = |part: Part| cx.history.begun(StepKey::on_part(StepName::that_makes(part), part));
    let several = machine.disks.len() > 1 && clone.consistency == Consistency::AcrossDisks;
    begun(Part::RestorePoints) || several && !begun(Part::Snapshot(DiskPlace::System))
}

impl<'a> Making<'a> {
    /// The restore point of the machine, in its collection.
    pub(super) fn restore_point(&self, report: &mut Report) -> Result<Taken<'a>, Stop> {
        let collection = self.restore_points()?;
        let id = TemporaryId::RestorePoints(collection.clone());
        if let Some(outcome) = self.is_lost(&id, report)? {
            return Ok(Taken::Not(outcome));
        }
        if let Some(outcome) = self.ensure(Part::RestorePoints, &Words::RestorePoint, report)? {
            return Ok(Taken::Not(outcome));
        }
        let found = match self.cx.temporary(&id)?.or_stop("read the restore point of the machine")? {
            Presence::Found(found) => found,
            Presence::Missing(_) => return Err(Stop::unseen("the collection of the restore point")),
        };
        let key = StepKey::on_part(StepName::CreateRestorePoint, Part::RestorePoints);
        let Some(point) = found.restore_points.iter().find(|point| point.is_of_a_copy()) else {
            let point = RestorePointId::new(collection, RESTORE_POINT)
                .map_err(|_| Stop::untold("a name that a restore point can have"))?;
            let step = Step::on_part(key.name, Part::RestorePoints, Request::PutRestorePoint(point));
            report.copy = Some(consistency::of(self.clone, self.machine));
            let again = self.is_of_an_earlier_copy(&key);
            let act = if again { Report::act_again } else { Report::act };
            return act(report, &Words::RestorePoint, step).map(Taken::Not);
        };
        match &point.provisioning {
            Provisioning::Failed | Provisioning::Canceled => self.failed(key, report).map(Taken::Not),
            Provisioning::Succeeded if point.disks.is_empty() => {
                Err(Stop::untold("what the restore point holds of each disk"))
            }
            Provisioning::Succeeded => {
                report.finished.insert(key);
                Ok(Taken::With(&point.disks))
            }
            _ => {
                report.running = Some(key);
                report.wait(&Words::RestorePoint).map(Taken::Not)
            }
        }
    }

    /// What ends the pass because somebody deleted the restore point while disks were made from it: those of another one would be
    /// of another moment, so all are made anew.
    fn is_lost(&self, id: &TemporaryId, report: &mut Report) -> Result<Option<Outcome>, Stop> {
        let uid = &self.cx.validated.owner.uid;
        let known = self.cx.history.status.temporary.iter();
        let mut parts = known.filter_map(|known| known.resource_id.parse::<TemporaryId>().ok()?.part(uid));
        if !parts.any(|part| matches!(part, Part::Disk(_))) {
            return Ok(None);
        }
        match self.cx.temporary(id)?.or_stop("read the restore point of the machine")? {
            Presence::Found(found) if found.restore_points.iter().any(facts::RestorePoint::is_of_a_copy) => Ok(None),
            Presence::Found(_) => anew(self.cx, &Words::RestorePointLost, report).map(Some),
            Presence::Missing(_) => {
                let doubt = Doubt::Absent(Read::of_temporary(id));
                let believed = self.cx.history.believes(&doubt);
                report.doubts(doubt);
                let outcome = if believed {
                    anew(self.cx, &Words::RestorePointLost, report)
                } else {
                    report.wait(&Words::RestorePoint)
                };
                outcome.map(Some)
            }
        }
    }

    /// Azure failed to make it. It can't be written again, so it goes with its collection, and both are made anew.
    fn failed(&self, key: StepKey, report: &mut Report) -> Decision {
        let attempts = self.cx.history.step(key.clone()).map_or(1, |record| record.attempts);
        let failure = self.cx.why_failed(key, report)?;
        let is_over = attempts >= MOST_ATTEMPTS || failure.as_ref().is_some_and(is_incurable);
        let detail = Detail::of(failure, None);
        if is_over {
            return report.stalled(&Failed::RestorePoint { detail });
        }
        anew(self.cx, &Words::RestorePointFailed { detail }, report)
    }
}
