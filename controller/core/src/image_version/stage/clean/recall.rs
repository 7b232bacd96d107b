//! What there may be of a copy that the status doesn't tell of: it was lost, or comes from an older backup. It is written down, and so
//! looked at and deleted in its turn; what never was is soon known to be gone.

use std::collections::BTreeSet;

use azimage_crds::{ConditionType, Reason};

use super::{
    super::super::{
        CloneSpec, StepKey, StepName,
        context::{Answer, Cx},
        facts,
        report::{Report, Stop},
    },
    words::Words,
};
use crate::{
    Failure, Truth,
    temporary::{DiskPlace, Part, TemporaryId},
};

/// Writes down what there may be beside the copy's machine, or of it, if the status doesn't know that a machine was made.
pub(in super::super) fn beside_a_machine(cx: &Cx<'_>, clone: &CloneSpec, report: &mut Report) -> Result<(), Stop> {
    if !knows_of_a_machine(cx, clone) {
        report.temporary.extend(all(cx, clone)?);
    }
    Ok(())
}

/// The same of a version that exists and is the object's, and so was made from a copy: once, before anything is said of what is left.
pub(in super::super::super) fn of_a_version(
    cx: &Cx<'_>,
    version: &facts::Version,
    report: &mut Report,
) -> Result<(), Stop> {
    let Some(clone) = cx.clone_spec().filter(|_| cx.validated.owns_tag(&version.tags)) else { return Ok(()) };
    if is_told(cx) || cx.history.status.adopted_from.is_some() || knows_of_a_machine(cx, clone) {
        return Ok(());
    }
    report.temporary.extend(all(cx, clone)?);
    report.found(Truth::Unknown, &Words::Recalling);
    Ok(())
}

/// The same of an object that goes, whose version goes with it. Whether anything was. One that retains its version and has nothing on
/// record goes without a look at Azure: nothing may hold it up, and what there is after all has an expiry.
pub(super) fn of_an_object_that_goes(cx: &Cx<'_>, clone: &CloneSpec, report: &mut Report) -> Result<bool, Stop> {
    let is_known = !cx.history.status.temporary.is_empty() || is_told(cx);
    if is_known || cx.validated.identity.is_none() || cx.history.begun_any(StepName::makes_a_part) {
        return Ok(false);
    }
    report.temporary.extend(all(cx, clone)?);
    report.found(Truth::Unknown, &Words::Recalling);
    Ok(true)
}

/// What is there of an earlier copy of which nothing is on record, as Azure shows it.
pub(in super::super) fn of_an_earlier_copy(cx: &Cx<'_>, clone: &CloneSpec) -> Result<Vec<TemporaryId>, Stop> {
    let mut found = Vec::new();
    for id in all(cx, clone)?.into_iter().filter(|id| !matches!(id, TemporaryId::Machine(_))) {
        match cx.temporary(&id)? {
            Answer::Found(part) if cx.validated.owns_tag(&part.tags) => found.push(id),
            Answer::Failed(failure) => return Err(Stop::Failed(failure.clone(), READING)),
            Answer::Found(_) | Answer::Missing(_) => {}
        }
    }
    Ok(found)
}

/// Completes "Could not …".
const READING: &str = "read what may be left of an earlier copy of the machine";

/// Whether the status knows that the copy's machine was made, or was about to be: all other parts were written down before.
fn knows_of_a_machine(cx: &Cx<'_>, clone: &CloneSpec) -> bool {
    cx.history.begun(StepKey::on_part(StepName::CreateMachine, Part::Machine))
        || super::known(cx, &TemporaryId::Machine(clone.machine.clone())).is_some()
}

/// Whether the status tells of what is left, or that nothing is: all that there may be was written down before.
fn is_told(cx: &Cx<'_>) -> bool {
    let later = [Reason::CleaningUp.as_str(), Reason::CleanUpFailed.as_str()];
    let told = cx.history.condition(ConditionType::CleanedUp);
    told.is_some_and(|told| told.status == "True" || later.contains(&told.reason.as_str()))
}

/// All parts that there may be: with the disks that the machine and its copy have, and those of a restore point.
fn all(cx: &Cx<'_>, clone: &CloneSpec) -> Result<BTreeSet<TemporaryId>, Stop> {
    let mut places = BTreeSet::from([DiskPlace::System]);
    let origin = cx.source().map(|source| source.origin);
    for machine in origin.into_iter().chain([&clone.machine]) {
        if let Some(machine) = unless_throttled(cx.machine(machine)?)? {
            places.extend(
                machine.disks.iter().filter(|disk| !disk.is_os_disk).filter_map(|disk| disk.lun).map(DiskPlace::Data),
            );
        }
    }
    let restore_points = clone.id(Part::RestorePoints)?;
    if let Some(found) = unless_throttled(cx.temporary(&restore_points)?)? {
        places.extend(found.restore_points.iter().flat_map(|point| point.disks.keys().copied()));
    }
    let of_disks = places.iter().flat_map(|place| [Part::Disk(*place), Part::Snapshot(*place)]);
    let parts = [Part::Machine, Part::Interface, Part::SecurityGroup, Part::RestorePoints].into_iter().chain(of_disks);
    parts.map(|part| clone.id(part)).collect()
}

/// What was found. A look that has to wait for its turn is made again; another one that fails tells of no disks.
fn unless_throttled<T>(answer: Answer<'_, T>) -> Result<Option<&T>, Stop> {
    match answer {
        Answer::Found(found) => Ok(Some(found)),
        Answer::Failed(failure @ Failure::Throttled) => Err(Stop::Failed(failure.clone(), READING)),
        Answer::Missing(_) | Answer::Failed(_) => Ok(None),
    }
}
