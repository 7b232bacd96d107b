//! The source is one that the object of the image definition allows. That is asked in each pass until something was done that can't be taken
//! back; after that it is told alone, as half of the work would be worth less than all of it.

use super::super::{
    SourceSpec, StepName,
    context::{Cx, Presence},
    report::{Approved, Decision, Outcome, Report, Stop},
};
use crate::{
    approval::{Approval, Judged, words::NotApproved},
    promotion::validated_at,
};

pub(in super::super) fn decide(cx: &Cx<'_>, report: &mut Report) -> Decision {
    let objection = match &cx.validated.approval {
        Some(approval) => objection(cx, approval)?,
        None => None,
    };
    match objection {
        None => report.approved = Approved::Yes,
        Some(words) if is_past_return(cx) => report.approved = Approved::No(words.to_string()),
        Some(words) => return report.stalled(&words),
    }
    Ok(Outcome::Done)
}

/// Whether a guest is being sealed that nobody can have back as it was, or the version is being made. What is done to the copy of a
/// machine harms nobody.
fn is_past_return(cx: &Cx<'_>) -> bool {
    let is_in_place = cx.source().is_some_and(|source| source.clone.is_none());
    let sealed = is_in_place && [StepName::Seal, StepName::Generalize].into_iter().any(|step| cx.history.begun(step));
    sealed || cx.history.begun(StepName::Publish)
}

fn objection(cx: &Cx<'_>, approval: &Approval) -> Result<Option<NotApproved>, Stop> {
    Ok(match &cx.validated.source {
        SourceSpec::VirtualMachine { id, .. } => {
            let known = cx.history.status.source.as_ref();
            let is_cloned = cx.is_cloned()?;
            let machine = match cx.machine(id)?.or_stop("read the source virtual machine")? {
                Presence::Found(machine) => Some(machine),
                Presence::Missing(_) => None,
            };
            // Once there is a copy another machine may have the name of the one that it is of.
            let uid = known.filter(|_| is_cloned).and_then(|known| known.virtual_machine_uid.as_ref());
            let machine = machine.filter(|machine| uid.is_none_or(|uid| *uid == machine.uid));
            let image = match machine {
                Some(machine) => machine.image.as_ref(),
                None => known.and_then(|known| known.image_reference.as_ref()),
            };
            approval.objection(Judged::Machine { id, tags: machine.map(|machine| &machine.tags), image })
        }
        SourceSpec::ImageVersion { id } => {
            let tags = &cx.source_version_found()?.version.tags;
            let passed = cx.validated.source_passed.unwrap_or_else(|| validated_at(tags).is_some());
            approval.objection(Judged::Version { id, passed })
        }
        SourceSpec::ManagedImage { id } => approval.objection(Judged::ManagedImage { id: &id.to_string() }),
        SourceSpec::Disks { os_disk, data_disks } => {
            let mut all = std::iter::once(os_disk).chain(data_disks.values());
            all.find_map(|id| approval.objection(Judged::Disk { id: &id.to_string() }))
        }
    })
}
